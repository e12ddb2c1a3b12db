//! Two servers over one PostgreSQL database, as behind a load balancer.

use linkspan_store::testing::fresh_postgres_text;
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::link::{Linking, tiny_world};
use crate::support::http;

/// People who ask each of the servers for something at once.
const TASKS: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn l1_two_servers_with_fifty_requests_each_make_one_slow_token_call_at_expiry() {
    let seconds = if std::env::var_os("LINKSPAN_LONG").is_some() { 30 } else { 3 };
    let Some(database) = fresh_postgres_text("two_servers_at_expiry").await.unwrap() else { return };
    let linking = Linking::with(tiny_world(), &["--sync-every", "3600", "--database", &database]).await;
    let jira = linking.link("acme", "jira").await;
    linking.settled(&jira).await;
    let files = tempfile::tempdir().unwrap();
    let other = linking.another(files.path());
    let (_, sources) = linking.get("/v1/sources", None).await;
    let source = sources["results"][0]["id"].as_str().unwrap().to_owned();
    let (_, issues) = linking.get(&format!("/v1/sources/{source}/raw/jira.issue?page_size=1"), None).await;
    let issue = issues["results"][0]["remote_id"].as_str().unwrap();
    let votes = format!("/v1/sources/{source}/raw/jira.vote?parent={issue}");
    assert_eq!(linking.get(&votes, None).await.0, 200);

    let control = &linking.upstream.control;
    let token_calls = async || control.get("stats").await["token_calls"].as_u64().unwrap();
    let before = token_calls().await;
    control.post("clock", &json!({ "advance_seconds": 2 * 3_600 })).await;
    let slow = json!({ "kind": "latency", "milliseconds": seconds * 1_000, "path": "/oauth/token" });
    linking.fault(slow).await;
    let mut asks = JoinSet::new();
    for base in (0..TASKS).flat_map(|_| [linking.base_url(), other.text("/base_url")]) {
        let ask = http().request(Method::GET, format!("{base}{votes}")).bearer_auth(&linking.api_key);
        asks.spawn(async move {
            let answer = ask.send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        });
    }
    for (status, answer) in asks.join_all().await {
        assert_eq!(status, 200, "{answer}");
    }
    assert_eq!(token_calls().await - before, 1);
}
