//! Files of pages, by the same way.

use serde_json::json;

use super::{Customer, Linking, answer, server, sha256};
use crate::support::http;

/// Attaches a file to the first page that the administrator sees.
async fn attach_to_page(linking: &Linking, name: &str, size: u64) -> String {
    let seen =
        linking.upstream.control.get(&format!("oracle/visible?account_id={}", linking.person(0))).await;
    let page = seen["pages"][0].as_str().map_or_else(|| seen["pages"][0].to_string(), str::to_owned);
    let order = json!({ "page": page, "filename": name, "size": size });
    let made = linking.upstream.control.post("attachments", &order).await;
    made["id"].as_str().unwrap().to_owned()
}

async fn customer(more: &[&str], size: u64) -> (Customer, String) {
    let linking = server(more).await;
    let remote_id = attach_to_page(&linking, "plan.bin", size).await;
    let account = linking.link("acme", "confluence").await;
    (Customer { linking, account, category: "knowledgebase" }, remote_id)
}

#[tokio::test]
async fn s21_a_file_of_a_page_passes_through_breaks_off_and_is_kept() {
    let (customer, remote_id) = customer(&[], 1_000_003).await;
    let record = customer.attachment(&remote_id).await;
    let id = record["id"].as_str().unwrap();
    let fault = json!({ "kind": "cut_body", "path": "/wiki/media/*", "after_bytes": 400_000, "count": 1 });
    customer.linking.fault(fault).await;
    let file = customer.download(id, &[]).await;
    assert!(file.status == 200 && file.is_whole);
    assert_eq!((file.body.len(), file.header("content-type")), (1_000_003, "application/octet-stream"));
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"plan.bin\"");
    assert_eq!(customer.content(id).await["sha256"], sha256(&file.body).as_str());
    let reads = customer.reads().await;
    assert_eq!(reads, 2, "once, and once more where it broke off");
    let signed = answer(http().get(record["attachment_url"].as_str().unwrap())).await;
    assert_eq!((signed.status, signed.body == file.body), (200, true));
    let part = customer.download(id, &[("Range", "bytes=999999-")]).await;
    assert_eq!((part.status, part.body.as_slice()), (206, &file.body[999_999..]));
    assert_eq!(customer.reads().await, reads);
}

#[tokio::test]
async fn s21_a_file_of_a_page_that_cannot_be_read_leaves_the_page_synced() {
    let (customer, remote_id) = customer(&[], 1_000).await;
    let record = customer.attachment(&remote_id).await;
    let id = record["id"].as_str().unwrap();
    let path = "/wiki/rest/api/content/{id}/child/attachment/{attachmentId}/download";
    customer.linking.fault(json!({ "kind": "scope_mismatch", "path": path })).await;
    let refused = customer.download(id, &[]).await;
    let reason = "The grant lacks a scope for files: add `readonly:content.attachment:confluence` or \
                  `read:attachment:confluence` to the app, and ask the customer to link again.";
    assert_eq!((refused.status, refused.detail().as_str()), (403, reason));
    let content = customer.content(id).await;
    assert_eq!((&content["state"], &content["reason"]), (&"failed".into(), &reason.into()));
    customer.linking.settled(&customer.account).await;
}

#[tokio::test]
async fn files_of_pages_are_read_ahead() {
    let (customer, remote_id) = customer(&["--attachments", "eager"], 200_000).await;
    let record = customer.attachment(&remote_id).await;
    let content = customer.becomes(record["id"].as_str().unwrap(), "stored").await;
    assert_eq!(content["size"], 200_000);
}
