//! What the vendor says about reading: pause, resume, anew, unlink.

use linkspan_sandbox::Options;
use reqwest::Method;
use serde_json::{Value, json};

use super::Told;
use crate::link::tiny_world;
use crate::support::shape;

async fn source(told: &Told) -> String {
    told.linking.get("/v1/sources", None).await.1["results"][0]["id"].as_str().unwrap().to_owned()
}

async fn control(told: &Told, body: Value) -> (u16, Value) {
    let path = format!("/v1/sources/{}/control", source(told).await);
    told.linking.api(Method::PATCH, &path, None, Some(&body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_source_keeps_what_it_is_told_until_it_is_resumed() {
    let told = Told::start(tiny_world()).await;
    let issue = told.issues().await[0].clone();
    let (status, paused) = control(&told, json!({ "paused": true })).await;
    assert_eq!((status, &paused["paused"]), (200, &json!(true)));
    told.rename(&issue, "While it was paused").await;
    told.until("it is kept", async || told.live().await["waiting"] == 1).await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_ne!(told.ticket(&issue).await.unwrap()["name"], "While it was paused");
    let statuses = told.linking.get("/api/ticketing/v1/sync-status", Some(&told.jira)).await.1;
    assert_eq!(statuses["results"][0]["status"], "PAUSED");
    assert_eq!(control(&told, json!({ "paused": false })).await.1["paused"], false);
    told.until("it is read", async || told.ticket(&issue).await.unwrap()["name"] == "While it was paused")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wanted_of_a_source_is_kept_and_checked() {
    let told = Told::start(tiny_world()).await;
    let wanted =
        json!({ "priority": 7, "sync_every_seconds": 30, "schedules": { "customers": 3600, "access": 600 } });
    let (status, made) = control(&told, wanted).await;
    assert_eq!(status, 200, "{made}");
    insta::assert_json_snapshot!("control_of_a_source", made);
    let changed = json!({ "sync_every_seconds": null, "schedules": { "customers": null } });
    let changed = control(&told, changed).await.1;
    assert_eq!((&changed["priority"], &changed["sync_every_seconds"]), (&json!(7), &json!(null)));
    assert_eq!(changed["schedules"], json!({ "access": 600 }));
    for wrong in [
        json!({ "priority": 0 }),
        json!({ "priority": 101 }),
        json!({ "sync_every_seconds": 1 }),
        json!({ "schedules": { "custommers": 60 } }),
        json!({ "pause": true }),
    ] {
        assert_eq!(control(&told, wrong.clone()).await.0, 400, "{wrong}");
    }
    let nobody = "/v1/sources/00000000-0000-0000-0000-000000000001/control";
    assert_eq!(told.linking.get(nobody, None).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_read_anew_costs_its_points_and_changes_nothing() {
    let world = Options { issues: 40, ..tiny_world() };
    let told = Told::start(world).await;
    let end = told.linking.get("/v1/changes?after=now", None).await.1["next"].clone();
    let before = told.points().await;
    let path = format!("/v1/sources/{}/resync", source(&told).await);
    let resync = async |body: Value| told.linking.api(Method::POST, &path, None, Some(&body)).await.0;
    assert_eq!(resync(json!({ "stream": "issues" })).await, 202);
    told.until("all issues were read again", async || told.points().await >= before + 40).await;
    told.linking.settled(&told.jira).await;
    let after = end.as_str().unwrap();
    let changes = told.linking.get(&format!("/v1/changes?after={after}&models=ticket,comment"), None).await.1;
    assert_eq!(changes["results"], json!([]), "what is the same makes no change");
    assert_eq!(resync(json!({ "stream": "nothing" })).await, 404);
    let path = "/api/ticketing/v1/sync-status/resync";
    let (status, rows) = told.linking.api(Method::POST, path, Some(&told.jira), None).await;
    assert_eq!(status, 200);
    assert!(
        rows.as_array().is_some_and(|rows| rows.iter().any(|row| row["model_name"] == "Ticket")),
        "{rows}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn g4_unlinking_gives_a_receipt_on_which_the_erasure_is_noted() {
    let told = Told::start(tiny_world()).await;
    let path = format!("/v1/linked-accounts/{}", told.jira.id);
    let (status, receipt) = told.linking.api(Method::DELETE, &path, None, None).await;
    assert_eq!(status, 200, "{receipt}");
    let path = format!("/v1/unlink-receipts/{}", receipt["id"].as_str().unwrap());
    let of_account = format!("/v1/unlink-receipts?linked_account={}", told.jira.id);
    let began = std::time::Instant::now();
    let noted = loop {
        let receipt = told.linking.get(&path, None).await.1;
        if !receipt["erased_at"].is_null() {
            break receipt;
        }
        assert!(began.elapsed() < super::PATIENCE, "{receipt}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    insta::assert_json_snapshot!("receipt_of_unlinking", shape(&noted), { ".erased" => "rows by table" });
    assert!(noted["erased"]["records"].as_u64().unwrap() > 12);
    assert_eq!(told.linking.get(&of_account, None).await.1["results"], json!([noted]));
    // The feed tells of it, and has nothing of the source any more.
    let feed = told.linking.get("/v1/changes?limit=1000", None).await.1;
    let kinds: Vec<&str> =
        feed["results"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["linked_account.deleted"]);
    assert_eq!(
        told.linking
            .api(Method::DELETE, &format!("/v1/linked-accounts/{}", told.jira.id), None, None)
            .await
            .0,
        404
    );
}
