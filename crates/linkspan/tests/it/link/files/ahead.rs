//! Content that is read before anybody asks for it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Customer, PATIENCE, attach, server, sha256};

const EAGER: [&str; 2] = ["--attachments", "eager"];
/// Where Jira's media host serves files, as faults name it.
const MEDIA: &str = "/media/attachment/*";

impl Customer {
    /// The ids of all attachments, once the first reading is complete.
    async fn all_attachments(&self) -> Vec<String> {
        self.linking.settled(&self.account).await;
        let path = "/api/ticketing/v1/attachments?page_size=100";
        let records = self.linking.first_records(path, &self.account).await;
        records.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
    }

    async fn states(&self, ids: &[String]) -> Vec<Value> {
        let mut states = Vec::new();
        for id in ids {
            states.push(self.content(id).await);
        }
        states
    }

    async fn how_many(&self, ids: &[String], state: &str) -> usize {
        self.states(ids).await.iter().filter(|content| content["state"] == state).count()
    }
}

#[tokio::test]
async fn s21_every_file_is_read_ahead_once_and_one_that_fails_stops_none() {
    let linking = server(&EAGER).await;
    let mut made = Vec::new();
    for index in 0..6 {
        made.push(attach(&linking, index, &format!("{index}.txt"), 50_000 + index as u64).await);
    }
    let (issue, broken) = made[2].clone();
    let path = format!("/rest/api/3/attachment/content/{broken}");
    linking.fault(json!({ "kind": "status", "status": 404, "path": path })).await;
    let customer = Customer::of(linking).await;
    let ids = customer.all_attachments().await;
    let failed = customer.attachment(&broken).await;
    let failed = failed["id"].as_str().unwrap();
    for id in ids.iter().filter(|id| *id != failed) {
        customer.becomes(id, "stored").await;
    }
    let content = customer.becomes(failed, "failed").await;
    assert!(
        content["reason"].as_str().unwrap().starts_with("Atlassian no longer has this file"),
        "{content}"
    );
    assert!(content["next_try_at"].is_string() && content["tries"] == 1, "it is tried again: {content}");
    let path = format!("/api/ticketing/v1/tickets?remote_id={issue}");
    let tickets = customer.linking.first_records(&path, &customer.account).await;
    assert!(tickets[0]["attachments"].as_array().unwrap().contains(&failed.into()));

    let reads = customer.reads().await;
    assert_eq!(reads, ids.len() as u64, "each was asked for once");
    let (copies, half) = customer.copies();
    let hashes: BTreeSet<String> = customer
        .states(&ids)
        .await
        .iter()
        .filter_map(|content| content["sha256"].as_str().map(str::to_owned))
        .collect();
    assert_eq!((BTreeSet::from_iter(copies), half), (hashes, 0));
    // A reader gets the copy, and a few more looks of the follower ask for nothing again.
    let file = customer.download(&ids[0], &[]).await;
    assert_eq!(customer.content(&ids[0]).await["sha256"], sha256(&file.body).as_str());
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(customer.reads().await, reads);
}

#[tokio::test]
async fn s16_reading_ahead_survives_a_kill_in_the_middle_and_reads_nothing_twice() {
    let linking = server(&EAGER).await;
    for index in 0..12 {
        attach(&linking, index % 8, &format!("{index}.txt"), 50_000 + index as u64).await;
    }
    linking.fault(json!({ "kind": "latency", "path": MEDIA, "milliseconds": 300 })).await;
    let customer = Customer::of(linking).await;
    let ids = customer.all_attachments().await;
    let began = Instant::now();
    let stored = loop {
        let stored = customer.how_many(&ids, "stored").await;
        if stored >= 3 {
            break stored;
        }
        assert!(began.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(stored < ids.len(), "the kill comes in the middle");
    let Customer { linking, account, category } = customer;
    let customer = Customer { linking: linking.restarted(), account, category };
    for id in &ids {
        customer.becomes(id, "stored").await;
    }
    // At most the two that were on their way when the process ended are asked for once more.
    let reads = customer.reads().await;
    assert!(
        (ids.len() as u64..=ids.len() as u64 + 2).contains(&reads),
        "{reads} reads of {} files",
        ids.len()
    );
    let (copies, half) = customer.copies();
    assert!(copies.len() >= 12 && half == 0, "nothing half-written is left: {copies:?} {half}");
}

#[tokio::test]
async fn s21_reading_ahead_never_holds_up_the_issues() {
    let linking = server(&EAGER).await;
    attach(&linking, 0, "slow.txt", 50_000).await;
    // Longer than everything else in this test takes.
    linking.fault(json!({ "kind": "latency", "path": MEDIA, "milliseconds": 20_000 })).await;
    let customer = Customer::of(linking).await;
    let began = Instant::now();
    let ids = customer.all_attachments().await;
    // The next readings go on while files are on their way: a change of an issue arrives.
    let (_, later) = attach(&customer.linking, 1, "later.txt", 1_000).await;
    customer.attachment(&later).await;
    assert!(began.elapsed() < Duration::from_secs(20), "issues waited for files");
    assert_eq!(customer.how_many(&ids, "stored").await, 0);
}

#[tokio::test]
async fn s21_a_source_without_the_scope_rests_instead_of_asking_for_every_file() {
    let linking = server(&EAGER).await;
    for index in 0..6 {
        attach(&linking, index, &format!("{index}.txt"), 1_000).await;
    }
    linking.fault(json!({ "kind": "scope_mismatch", "path": "/rest/api/3/attachment/content/{id}" })).await;
    let customer = Customer::of(linking).await;
    let ids = customer.all_attachments().await;
    let began = Instant::now();
    loop {
        let states = customer.states(&ids).await;
        if states.iter().any(|content| content["reason"].is_string()) {
            let reason = states.iter().find_map(|content| content["reason"].as_str()).unwrap();
            assert!(reason.starts_with("The grant lacks a scope for files"), "{reason}");
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{states:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(customer.how_many(&ids, "pending").await, ids.len(), "none is given up");
    assert!(customer.reads().await <= 2, "those that were on their way, and no more");
}

#[tokio::test]
async fn g4_a_copy_goes_with_its_attachment() {
    let linking = server(&EAGER).await;
    let (issue, remote_id) = attach(&linking, 0, "gone.txt", 77_777).await;
    let customer = Customer::of(linking).await;
    let record = customer.attachment(&remote_id).await;
    let id = record["id"].as_str().unwrap();
    let content = customer.becomes(id, "stored").await;
    let hash = content["sha256"].as_str().unwrap();
    assert!(customer.copies().0.iter().any(|copy| copy == hash));
    customer.delete_upstream(&remote_id).await;
    let began = Instant::now();
    while customer.copies().0.iter().any(|copy| copy == hash) {
        assert!(began.elapsed() < PATIENCE, "the copy of {remote_id} of {issue} stays");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(customer.download(id, &[]).await.status, 404);
}

impl Customer {
    /// Deletes an attachment as a person would.
    async fn delete_upstream(&self, remote_id: &str) {
        let upstream = &self.linking.upstream;
        let order =
            json!({ "account_id": self.linking.person(0), "scopes": ["write:jira-work", "read:jira-work"] });
        let token = upstream.control.post("token", &order).await;
        let url = format!(
            "{}/ex/jira/{}/rest/api/3/attachment/{remote_id}",
            upstream.text("/origin"),
            self.linking.site(0)
        );
        let request = crate::support::http().delete(url).bearer_auth(token["access_token"].as_str().unwrap());
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 204, "{}", response.text().await.unwrap());
    }
}
