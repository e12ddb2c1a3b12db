//! Files that cannot be read: the issue is synced all the same, and the reason stands beside the attachment.

use serde_json::{Value, json};

use super::{Customer, attach, server};

/// Where Jira's media host serves files, as faults name it.
const MEDIA: &str = "/media/attachment/*";
/// Where content is asked for.
const CONTENT: &str = "/rest/api/3/attachment/content/{id}";

/// A file that cannot be read, asked for once.
async fn refused(fault: Value, server_flags: &[&str], status: u16, reason: &str) {
    let linking = server(server_flags).await;
    let (issue, remote_id) = attach(&linking, 0, "a.txt", 2_000_000).await;
    if !fault.is_null() {
        linking.fault(fault).await;
    }
    let customer = Customer::of(linking).await;
    let record = customer.attachment(&remote_id).await;
    let id = record["id"].as_str().unwrap();
    let answer = customer.download(id, &[]).await;
    assert_eq!((answer.status, answer.detail()), (status, reason.to_owned()));
    the_issue_is_synced(&customer, &issue, id).await;
    let content = customer.content(id).await;
    assert_eq!((&content["state"], &content["reason"]), (&"failed".into(), &reason.into()), "{content}");
    assert_eq!((&content["tries"], &content["sha256"]), (&1.into(), &Value::Null));
    assert_eq!(customer.copies(), (Vec::new(), 0));
    if reason.contains("bytes") {
        return;
    }
    // Once upstream has come to its senses, so has the attachment.
    customer.linking.clear_faults().await;
    assert_eq!(customer.download(id, &[]).await.body.len(), 2_000_000);
    let content = customer.content(id).await;
    assert_eq!((&content["state"], &content["reason"]), (&"stored".into(), &Value::Null), "{content}");
}

/// The issue is here with its attachment, and its sync has nothing to complain of.
async fn the_issue_is_synced(customer: &Customer, issue: &str, attachment: &str) {
    customer.linking.settled(&customer.account).await;
    let path = format!("/api/ticketing/v1/tickets?remote_id={issue}");
    let tickets = customer.linking.first_records(&path, &customer.account).await;
    assert!(tickets[0]["attachments"].as_array().unwrap().contains(&attachment.into()), "{}", tickets[0]);
}

#[tokio::test]
async fn s21_a_file_that_upstream_no_longer_has() {
    let fault = json!({ "kind": "status", "status": 404, "path": CONTENT });
    let reason = "Atlassian no longer has this file, or does not show it to the linked account. The next sync removes the \
                  attachment if it was deleted.";
    refused(fault, &[], 404, reason).await;
}

#[tokio::test]
async fn s21_a_file_whose_token_is_refused_again_and_again() {
    let fault = json!({ "kind": "unauthorized", "path": CONTENT });
    let reason = "Atlassian did not give the file: it refuses the access token although that is fresh; if this lasts, ask \
                  the customer to link again. Try again later.";
    refused(fault, &[], 502, reason).await;
}

#[tokio::test]
async fn s21_a_file_for_which_the_grant_has_no_scope() {
    let fault = json!({ "kind": "scope_mismatch", "path": CONTENT });
    let reason = "The grant lacks a scope for files: add `read:jira-work` or `read:attachment:jira` to the app, and ask the \
                  customer to link again.";
    refused(fault, &[], 403, reason).await;
}

#[tokio::test]
async fn s21_a_file_that_the_account_may_not_read() {
    let body = json!({ "errorMessages": ["You do not have permission to view this attachment."] });
    let fault = json!({ "kind": "status", "status": 403, "path": CONTENT, "body": body });
    let reason = "Atlassian does not let the linked account read this file: You do not have permission to view this attachment.";
    refused(fault, &[], 403, reason).await;
}

#[tokio::test]
async fn s21_a_file_behind_a_redirect_to_a_dead_host() {
    let location = "https://dead.invalid/file";
    let fault = json!({ "kind": "status", "status": 302, "location": location, "path": CONTENT });
    let reason = "Atlassian did not give the file: no connection. Try again later.";
    refused(fault, &[], 502, reason).await;
}

#[tokio::test]
async fn s21_a_file_beyond_the_cap() {
    let reason = "The file is larger than the 1999999 bytes that are read; the server's --attachment-max-bytes raises that.";
    refused(Value::Null, &["--attachment-max-bytes", "1999999"], 413, reason).await;
}

#[tokio::test]
async fn r2_a_limit_that_is_used_up_is_told_with_the_time_to_come_back() {
    let linking = server(&[]).await;
    let (_, remote_id) = attach(&linking, 0, "a.txt", 1_000).await;
    let customer = Customer::of(linking).await;
    let record = customer.attachment(&remote_id).await;
    customer.linking.settled(&customer.account).await;
    let fault = json!({ "kind": "rate_limit", "reason": "jira-quota-global-based", "retry_after": "1800", "path": CONTENT });
    customer.linking.fault(fault).await;
    // The refusal's own advice, and afterwards the turn of the hour where that is later.
    for (asked, longest) in [(1, 1_800), (2, 3_600)] {
        let answer = customer.download(record["id"].as_str().unwrap(), &[]).await;
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!(answer.status == 503 && (1_700..=longest).contains(&wait), "{wait}");
        assert!(answer.detail().starts_with("Atlassian allows no further reads"), "{}", answer.detail());
        assert_eq!(customer.reads().await, 1, "while the gate is closed nothing is sent ({asked})");
    }
}

#[tokio::test]
async fn s21_a_broken_transfer_is_gone_on_with() {
    let linking = server(&[]).await;
    let (_, remote_id) = attach(&linking, 0, "a.txt", 2_000_000).await;
    let customer = Customer::of(linking).await;
    let record = customer.attachment(&remote_id).await;
    let id = record["id"].as_str().unwrap();
    // Breaks off three times, each time further on.
    customer
        .linking
        .fault(json!({ "kind": "cut_body", "path": MEDIA, "after_bytes": 300_001, "count": 3 }))
        .await;
    let file = customer.download(id, &[]).await;
    assert!(file.status == 200 && file.is_whole);
    assert_eq!(file.body, customer.original(&remote_id).await);
    assert_eq!(customer.content(id).await["state"], "stored");
    // Three times broken off, gone on with three times, and once asked for by the test itself.
    assert_eq!(customer.reads().await, 1 + 3 + 1);
}

#[tokio::test]
async fn s21_a_transfer_that_breaks_off_for_good_is_visibly_broken_and_leaves_no_copy() {
    let linking = server(&[]).await;
    let (issue, remote_id) = attach(&linking, 0, "a.txt", 2_000_000).await;
    let customer = Customer::of(linking).await;
    let record = customer.attachment(&remote_id).await;
    let id = record["id"].as_str().unwrap();
    customer.linking.fault(json!({ "kind": "cut_body", "path": MEDIA, "after_bytes": 1_000 })).await;
    let file = customer.download(id, &[]).await;
    assert!(file.status == 200 && !file.is_whole && file.body.len() < 2_000_000);
    let content = customer.becomes(id, "failed").await;
    assert_eq!(
        content["reason"],
        "Atlassian did not give the file: the transfer broke off again and again. Try again later."
    );
    assert!(customer.reads().await <= 10, "the tries are bounded");
    assert_eq!(customer.copies(), (Vec::new(), 0));
    the_issue_is_synced(&customer, &issue, id).await;
}

/// A file whose host breaks off once and then sends all of it again, whatever part is asked for.
async fn begun_anew(again: impl FnOnce(&[u8]) -> String) -> (Customer, String, super::Answer, Vec<u8>) {
    let linking = server(&["--attachments", "pass-through"]).await;
    let (_, remote_id) = attach(&linking, 0, "a.txt", 50_000).await;
    let customer = Customer::of(linking).await;
    let record = customer.attachment(&remote_id).await;
    let id = record["id"].as_str().unwrap().to_owned();
    let original = customer.original(&remote_id).await;
    let anew = json!({ "kind": "status", "status": 200, "path": MEDIA, "skip": 1, "count": 1, "body": again(&original) });
    customer.linking.fault(anew).await;
    customer
        .linking
        .fault(json!({ "kind": "cut_body", "path": MEDIA, "after_bytes": 20_000, "count": 1 }))
        .await;
    let file = customer.download(&id, &[]).await;
    (customer, id, file, original)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn s21_a_host_that_knows_no_ranges_sends_the_file_again_and_nothing_comes_twice() {
    let (customer, id, file, original) = begun_anew(text).await;
    assert!(file.status == 200 && file.is_whole);
    assert_eq!(file.body, original);
    assert_eq!(customer.content(&id).await["size"], 50_000);
}

#[tokio::test]
async fn s21_a_file_that_is_another_one_after_a_break_is_not_put_together_from_both() {
    let changed = |original: &[u8]| text(original).replacen(char::is_alphanumeric, "?", 1);
    let (customer, id, file, _) = begun_anew(changed).await;
    assert!(file.status == 200 && !file.is_whole);
    let content = customer.becomes(&id, "failed").await;
    assert_eq!(
        content["reason"],
        "Atlassian did not give the file: the file changed while it was being read. Try again later."
    );
}
