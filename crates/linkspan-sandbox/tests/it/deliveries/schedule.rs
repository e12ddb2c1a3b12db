//! When deliveries are made, how often, and which are lost.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use super::receiver::{Wired, hook};

async fn wired() -> (Wired, String) {
    let wired = Wired::start().await;
    wired.register(json!([hook(&["jira:issue_updated"])])).await;
    let issue = wired.issue().await;
    (wired, issue)
}

async fn rename(wired: &Wired, issue: &str, summary: &str) {
    wired.change(Method::PUT, &format!("issue/{issue}"), json!({ "fields": { "summary": summary } })).await;
}

async fn set(wired: &Wired, webhooks: Value) {
    wired.lab.control("POST", "settings", json!({ "webhooks": webhooks })).await;
}

#[tokio::test]
async fn w5_a_refused_delivery_is_tried_five_times_more_five_to_fifteen_minutes_apart() {
    let attempts_of = |report: &Value| {
        // The oldest is listed last.
        let oldest = report["deliveries"].as_array().unwrap().last().unwrap();
        oldest["attempts"].as_array().unwrap().len()
    };
    let (wired, issue) = wired().await;
    wired.receiver.answer_with(&[500, 408, 200, 409, 425, 200, 429, 503]);
    rename(&wired, &issue, "new").await;
    let mut seen = wired.until("pending", 1).await;
    for retry in 1..=5_u64 {
        // The first attempt must have failed before the clock moves, or nothing is waiting for it.
        while attempts_of(&seen) < usize::try_from(retry).unwrap() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            seen = wired.report().await;
        }
        wired.lab.advance(5 * 60 - 5).await;
        assert_eq!(wired.totals().await["retries"], retry - 1, "never before five minutes");
        wired.lab.advance(10 * 60 + 5).await;
        seen = wired.until("retries", retry).await;
        // A host that fails for half an hour gets no further attempts: a success in between keeps it well.
        if retry % 2 == 1 && retry < 5 {
            let labels = json!({ "fields": { "labels": [format!("well-{retry}")] } });
            wired.change(Method::PUT, &format!("issue/{issue}"), labels).await;
            wired.until("delivered", retry.div_ceil(2)).await;
        }
    }
    let received = wired.receiver.received();
    let identifiers: BTreeSet<_> =
        received.iter().filter_map(|it| it.header("x-atlassian-webhook-identifier")).collect();
    assert_eq!(identifiers.len(), 3);
    let retries: Vec<_> = received.iter().filter_map(|it| it.header("x-atlassian-webhook-retry")).collect();
    assert_eq!(retries, ["1", "2", "3", "4", "5"]);
    wired.until("failed", 1).await;
}

#[tokio::test]
async fn w5_other_refusals_lose_the_event() {
    for status in [400, 401, 404, 410, 302] {
        let (wired, issue) = wired().await;
        wired.receiver.answer_with(&[status]);
        rename(&wired, &issue, "new").await;
        let report = wired.until("failed", 1).await;
        assert_eq!(report["deliveries"][0]["attempts"][0]["status"], status);
        assert_eq!(report["deliveries"][0]["outcome"], "failed");
        wired.lab.advance(3600).await;
        assert_eq!(wired.totals().await["retries"], 0);
    }
}

#[tokio::test]
async fn w5_a_delivery_that_finds_nobody_is_tried_again() {
    let (wired, issue) = wired().await;
    wired.receiver.stop();
    rename(&wired, &issue, "new").await;
    let mut report = wired.until("pending", 1).await;
    while report["deliveries"][0]["attempts"].as_array().unwrap().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        report = wired.report().await;
    }
    let attempt = &report["deliveries"][0]["attempts"][0];
    assert_eq!((&attempt["status"], &attempt["error"]), (&Value::Null, &json!("no connection")));
    wired.lab.advance(15 * 60).await;
    wired.until("retries", 1).await;
}

#[tokio::test]
async fn changes_of_one_issue_arrive_in_their_order() {
    let (wired, _) = wired().await;
    let order = json!({ "seed": 11, "count": 400, "kinds": ["edit_issue", "label"] });
    wired.lab.control("POST", "mutate", order).await;
    wired.until("pending", 0).await;
    let mut newest = std::collections::BTreeMap::new();
    for received in wired.receiver.received() {
        let issue = received.body["issue"]["id"].as_str().unwrap().to_owned();
        let change = received.body["changelog"]["id"].as_str().unwrap().parse::<u64>().unwrap();
        assert!(newest.insert(issue, change).is_none_or(|before| before < change));
    }
}

#[tokio::test]
async fn w5_a_host_that_fails_for_half_an_hour_gets_one_attempt() {
    let (wired, issue) = wired().await;
    wired.receiver.answer_with(&[503; 20]);
    rename(&wired, &issue, "one").await;
    for retry in 0..4 {
        while wired.report().await["deliveries"][0]["attempts"].as_array().unwrap().len() <= retry
            && wired.totals().await["failed"] == 0
        {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        wired.lab.advance(15 * 60).await;
    }
    wired.until("failed", 1).await;
    assert_eq!(wired.totals().await["retries"], 2, "the third attempt came after half an hour");
    rename(&wired, &issue, "two").await;
    let report = wired.until("failed", 2).await;
    assert_eq!(report["deliveries"][0]["attempts"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn w2_copies_bear_one_identifier() {
    let (wired, issue) = wired().await;
    set(&wired, json!({ "duplicate": 1.0, "duplicates": 3 })).await;
    rename(&wired, &issue, "new").await;
    wired.until("delivered", 4).await;
    let received = wired.receiver.received();
    let identifiers: BTreeSet<_> =
        received.iter().map(|it| it.header("x-atlassian-webhook-identifier").unwrap()).collect();
    assert_eq!(identifiers.len(), 1);
    assert!(received.iter().all(|it| it.body == received[0].body));
}

#[tokio::test]
async fn drops_are_counted_and_nothing_is_made_when_deliveries_are_off() {
    let (wired, issue) = wired().await;
    set(&wired, json!({ "drop": 1.0 })).await;
    rename(&wired, &issue, "one").await;
    let report = wired.until("dropped", 1).await;
    assert_eq!(report["deliveries"][0]["outcome"], "dropped");
    set(&wired, json!({ "drop": 0.0, "deliver": false })).await;
    rename(&wired, &issue, "two").await;
    assert_eq!(wired.totals().await["made"], 1);
    set(&wired, json!({ "deliver": true })).await;
    rename(&wired, &issue, "three").await;
    wired.until("delivered", 1).await;
    assert_eq!(wired.receiver.events().len(), 1);
}

#[tokio::test]
async fn delays_pass_on_the_sandboxs_clock_and_deliveries_overtake_each_other() {
    let (wired, issue) = wired().await;
    set(&wired, json!({ "primary_delay_ms": 30_000, "shuffle_ms": 600_000 })).await;
    for number in 0..10 {
        rename(&wired, &issue, &format!("number {number}")).await;
    }
    assert_eq!(wired.totals().await["pending"], 10);
    for _ in 0..64 {
        wired.lab.advance(10).await;
        // One at a time: what came to be due within ten seconds is delivered before the clock moves on.
        wired.report().await;
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
    wired.until("delivered", 10).await;
    let summaries: Vec<String> = wired
        .receiver
        .received()
        .iter()
        .map(|it| it.body["issue"]["fields"]["summary"].as_str().unwrap().to_owned())
        .collect();
    assert!(!summaries.is_sorted(), "{summaries:?}");
    set(&wired, json!({ "primary_delay_ms": 0, "shuffle_ms": 0, "late": 1.0, "late_ms": 5_000_000 })).await;
    rename(&wired, &issue, "late").await;
    assert_eq!(wired.totals().await["pending"], 1);
    wired.lab.advance(5_000).await;
    wired.until("delivered", 11).await;
}

#[tokio::test]
async fn a_chance_beyond_one_is_refused() {
    let wired = Wired::start().await;
    let request = wired.lab.post("/_sandbox/settings").bearer_auth(&wired.lab.info.control_token);
    let response = request.json(&json!({ "webhooks": { "drop": 1.5 } })).send().await.unwrap();
    assert_eq!(response.status(), 400);
}

#[tokio::test]
async fn w8_a_burst_of_five_thousand_changes_is_delivered_whole() {
    let wired = Wired::start().await;
    wired.register(json!([hook(&["jira:issue_updated", "jira:issue_created"])])).await;
    let order =
        json!({ "seed": 5, "count": 5000, "kinds": ["edit_issue", "label", "assign", "create_issue"] });
    let made = wired.lab.control("POST", "mutate", order).await;
    assert_eq!(made["count"], 5000);
    let report = wired.until("pending", 0).await;
    assert_eq!(report["totals"]["delivered"], report["totals"]["made"]);
    assert_eq!((&report["totals"]["dropped"], &report["changes_dropped"]), (&json!(0), &json!(0)));
    let received = wired.receiver.received();
    let identifiers: BTreeSet<_> =
        received.iter().map(|it| it.header("x-atlassian-webhook-identifier").unwrap()).collect();
    assert_eq!(identifiers.len(), received.len());
    assert!(received.len() > 4000, "the administrator sees nearly all: {}", received.len());
}
