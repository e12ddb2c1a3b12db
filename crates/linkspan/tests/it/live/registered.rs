//! What is registered at Jira, and what that brings.

use std::collections::BTreeSet;

use linkspan_sandbox::Options;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Told, text_of};
use crate::link::tiny_world;

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_a_comment_a_new_issue_and_a_deletion_arrive_without_any_reading() {
    let told = Told::start(tiny_world()).await;
    let issues = told.issues().await;
    let (edited, deleted) = (&issues[0], &issues[1]);
    told.rename(edited, "Told of at once").await;
    told.until("the edit", async || told.ticket(edited).await.unwrap()["name"] == "Told of at once").await;

    let text = json!({ "type": "doc", "version": 1, "content": [
        { "type": "paragraph", "content": [{ "type": "text", "text": "A word in time" }] },
    ] });
    let path = format!("/rest/api/3/issue/{edited}/comment");
    let (status, comment) = told.jira(Method::POST, &path, &json!({ "body": text })).await;
    assert_eq!(status, 201, "{comment}");
    let of_comment = format!("/api/ticketing/v1/comments?remote_id={}", text_of(&comment["id"]));
    let has_comment = async || {
        told.linking.get(&of_comment, Some(&told.jira)).await.1["results"][0]["body"]
            .as_str()
            .is_some_and(|body| body.contains("A word in time"))
    };
    told.until("the comment", has_comment).await;

    let (status, _) =
        told.jira(Method::DELETE, &format!("{path}/{}", text_of(&comment["id"])), &Value::Null).await;
    assert_eq!(status, 204);
    told.until("the comment goes", async || !has_comment().await).await;

    // Like one that is there and is no sub-task.
    let mut like = Value::Null;
    for issue in &issues {
        let path = format!("/rest/api/3/issue/{issue}?fields=project,issuetype");
        let (_, found) = told.jira(Method::GET, &path, &Value::Null).await;
        if found["fields"]["issuetype"]["subtask"] == false {
            like = found["fields"].clone();
            break;
        }
    }
    let fields = json!({ "fields": {
        "project": { "id": like["project"]["id"] }, "issuetype": { "id": like["issuetype"]["id"] },
        "summary": "Brand new",
    } });
    let (status, made) = told.jira(Method::POST, "/rest/api/3/issue", &fields).await;
    assert_eq!(status, 201, "{made}");
    let id = text_of(&made["id"]);
    told.until("the new issue", async || told.ticket(&id).await.is_some()).await;

    let (status, _) = told
        .jira(Method::DELETE, &format!("/rest/api/3/issue/{deleted}?deleteSubtasks=true"), &Value::Null)
        .await;
    assert_eq!(status, 204);
    let is_gone = async || told.ticket(deleted).await.unwrap()["remote_was_deleted"] == true;
    told.until("the deletion", is_gone).await;
    let state = told.live().await;
    assert_eq!((&state["missed"], &state["waiting"]), (&json!(0), &json!(0)), "{state}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_what_the_search_does_not_know_yet_arrives_by_its_id() {
    let told = Told::start(tiny_world()).await;
    told.linking.upstream.control.post("settings", &json!({ "index_lag_ms": 3_600_000 })).await;
    let issues = told.issues().await;
    for issue in &issues {
        told.rename(issue, &format!("Ahead of the index {issue}")).await;
    }
    told.until("all of them", async || {
        let tickets = told.tickets().await;
        tickets.iter().all(|ticket| ticket["name"].as_str().unwrap().starts_with("Ahead of the index"))
    })
    .await;
    assert_eq!(told.issues().await.len(), issues.len(), "none was taken for deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn w2_twenty_restarts_leave_the_two_registrations_as_they_are() {
    let told = Told::start(tiny_world()).await;
    let ids = async |told: &Told| -> BTreeSet<u64> {
        let listed = told.webhooks().await;
        listed["webhooks"].as_array().unwrap().iter().map(|hook| hook["id"].as_u64().unwrap()).collect()
    };
    let first = ids(&told).await;
    assert_eq!(first.len(), 2);
    let Told { mut linking, jira } = told;
    let rounds = if std::env::var_os("LINKSPAN_LONG").is_some() { 20 } else { 4 };
    for _ in 0..rounds {
        linking = linking.restarted();
    }
    let told = Told { linking, jira };
    told.until("it is live again", async || told.live().await["state"] == "live").await;
    assert_eq!(ids(&told).await, first);
    // Unlinking takes them back.
    let path = "/api/ticketing/v1/delete-account";
    assert_eq!(told.linking.api(Method::POST, path, Some(&told.jira), None).await.0, 200);
    assert!(ids(&told).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn w5_shuffled_repeated_and_dropped_deliveries_end_in_the_state_that_upstream_is_in() {
    let world = Options { issues: 60, ..tiny_world() };
    let told = Told::with(world, &["--sync-every", "2"]).await;
    let unruly = json!({ "webhooks": { "drop": 0.3, "duplicate": 0.5, "duplicates": 5, "shuffle_ms": 400 } });
    told.linking.upstream.control.post("settings", &unruly).await;
    let kinds = ["edits", "comments", "creates", "deletes", "moves"];
    for round in 0..6 {
        let mutate = json!({ "seed": round, "count": 20, "kinds": kinds });
        told.linking.upstream.control.post("mutate", &mutate).await;
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    }
    // What was deleted while its delivery was dropped is the census's to find: here, nothing that exists may be missing or old.
    let expected = told.oracle().await;
    let admin_sees = async || {
        let mut ours = told.issues().await;
        ours.sort();
        expected.iter().all(|id| ours.binary_search(id).is_ok())
    };
    told.until("all that exists is stored", admin_sees).await;
    for id in &expected {
        let path = format!("/rest/api/3/issue/{id}?fields=summary,updated");
        let theirs = told.jira(Method::GET, &path, &Value::Null).await.1["fields"]["summary"].clone();
        told.until("every version is the newest", async || {
            told.ticket(id).await.is_some_and(|ticket| ticket["name"] == theirs)
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w7_what_no_delivery_told_is_read_and_counted() {
    let told = Told::with(tiny_world(), &["--sync-every", "1"]).await;
    told.linking.upstream.control.post("settings", &json!({ "webhooks": { "drop": 1.0 } })).await;
    let issue = told.issues().await[0].clone();
    told.rename(&issue, "Told to nobody").await;
    told.until("the silence is noticed", async || told.live().await["missed"] == 1).await;
    assert_eq!(told.ticket(&issue).await.unwrap()["name"], "Told to nobody", "and the change is read");
    let live = told.live().await;
    assert_eq!(
        (&live["state"], live["missed_at"].is_string()),
        (&json!("live"), true),
        "a delivery may be late"
    );
    told.linking.upstream.control.post("settings", &json!({ "webhooks": { "drop": 0.0 } })).await;
    told.rename(&issue, "Told again").await;
    told.until("it is told again", async || {
        let live = told.live().await;
        live["delivered_at"].as_str() > live["missed_at"].as_str()
    })
    .await;
}
