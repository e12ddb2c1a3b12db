//! Grants stay alive: one token call at a time, whatever goes wrong on the way to it; sources that are turned away heal.

mod background;
mod processes;

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use linkspan_engine::read::{RawProblem, RawQuery};
use linkspan_engine::{Engine, ReachLoss};
use linkspan_model::ids::SourceId;
use linkspan_model::product::Integration;
use linkspan_model::record::Model;
use linkspan_store::GrantState;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::personal_data::Privacy;
use crate::support::small_world;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);
const TOKEN: &str = "/oauth/token";

/// A linked and read Jira source with an issue of it.
struct Linked {
    privacy: Privacy,
    source: SourceId,
    issue: String,
}

impl Linked {
    async fn start() -> Self {
        let privacy = Privacy::start(small_world()).await;
        privacy.link("acme", "it@acme.example", Integration::Jira).await;
        privacy.read_all().await;
        let source = privacy.store.sources().await.unwrap()[0].id;
        let issue = privacy.store.list_raws(source, "jira.issue", None, 1).await.unwrap().remove(0).remote_id;
        Self { privacy, source, issue }
    }

    /// Asks upstream for something, as somebody who waits does.
    async fn ask(&self, engine: &Engine) -> Result<(), RawProblem> {
        ask(engine, self.source, &self.issue).await
    }

    async fn token_calls(&self) -> u64 {
        self.privacy.upstream.control.get("stats").await["token_calls"].as_u64().unwrap()
    }

    async fn state(&self) -> GrantState {
        self.privacy.store.grants().await.unwrap().remove(0).state
    }

    async fn pass(&self, time: SignedDuration) {
        self.privacy.pass(time).await;
    }

    async fn token_fault(&self, mut fault: Value) {
        fault["path"] = json!(TOKEN);
        self.privacy.fault(fault).await;
    }
}

async fn ask(engine: &Engine, source: SourceId, issue: &str) -> Result<(), RawProblem> {
    let query = RawQuery { owner: Some(issue.to_owned()), limit: 1, ..RawQuery::default() };
    engine.raws(source, "jira.vote", &query).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn l1_two_processes_with_fifty_tasks_each_make_one_token_call_at_expiry() {
    let linked = Linked::start().await;
    let (_store, other) = linked.privacy.another().await;
    linked.pass(MINUTE * 61).await;
    let before = linked.token_calls().await;
    linked.token_fault(json!({ "kind": "latency", "milliseconds": 1_500 })).await;
    let mut asks = JoinSet::new();
    for engine in (0..50).flat_map(|_| [linked.privacy.engine.clone(), other.clone()]) {
        let (source, issue) = (linked.source, linked.issue.clone());
        asks.spawn(async move { ask(&engine, source, &issue).await });
    }
    for answer in asks.join_all().await {
        answer.unwrap();
    }
    assert_eq!(linked.token_calls().await - before, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn l1_a_process_killed_between_reply_and_commit_is_recovered_from_inside_the_reuse_window() {
    let mut linked = Linked::start().await;
    linked.pass(MINUTE * 61).await;
    let before = linked.token_calls().await;
    // The token is replaced upstream, and nobody hears of it.
    linked.token_fault(json!({ "kind": "lost_reply" })).await;
    assert!(matches!(linked.ask(&linked.privacy.engine).await, Err(RawProblem::Grant(_))));
    assert!(linked.token_calls().await > before);
    linked.privacy.restart().await;
    linked.privacy.clear_faults().await;
    linked.pass(MINUTE * 3).await;
    linked.ask(&linked.privacy.engine).await.unwrap();
    assert_eq!(linked.state().await, GrantState::Healthy);
    // The pair that is stored is the one that goes on living.
    linked.pass(MINUTE * 90).await;
    linked.ask(&linked.privacy.engine).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn l2_a_thousand_readers_at_expiry_cost_one_token_call_and_see_no_error() {
    let linked = Arc::new(Linked::start().await);
    linked.pass(MINUTE * 61).await;
    let before = linked.token_calls().await;
    linked.token_fault(json!({ "kind": "latency", "milliseconds": 500 })).await;
    let mut asks = JoinSet::new();
    for _ in 0..1_000 {
        let linked = Arc::clone(&linked);
        asks.spawn(async move { linked.ask(&linked.privacy.engine).await });
    }
    for answer in asks.join_all().await {
        answer.unwrap();
    }
    assert_eq!(linked.token_calls().await - before, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn l3_a_consent_during_a_refresh_survives_it() {
    let linked = Linked::start().await;
    linked.pass(MINUTE * 61).await;
    // Only the refresh is slow; the code of the new consent is exchanged meanwhile.
    linked.token_fault(json!({ "kind": "latency", "milliseconds": 1_500, "count": 1 })).await;
    let refreshing = async {
        let _ = linked.ask(&linked.privacy.engine).await;
    };
    let consenting = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        linked.privacy.link("acme", "it@acme.example", Integration::Jira).await;
    };
    tokio::join!(refreshing, consenting);
    assert_eq!(linked.state().await, GrantState::Healthy);
    for minutes in [1, 61, 61] {
        linked.pass(MINUTE * minutes).await;
        linked.ask(&linked.privacy.engine).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l4_only_a_refused_refresh_token_ends_a_link() {
    let linked = Linked::start().await;
    let status = |status: u16, body: Value| json!({ "kind": "status", "status": status, "body": body });
    let harmless = [
        status(400, json!({ "error": "invalid_request" })),
        status(401, json!({ "error": "access_denied", "error_description": "Unauthorized" })),
        status(403, json!({ "message": "blocked by a firewall" })),
        status(403, json!("<html>no JSON</html>")),
        status(404, json!({})),
        status(408, json!({})),
        json!({ "kind": "rate_limit", "reason": "jira-burst-based" }),
        status(500, json!({ "error": "invalid_grant" })),
        status(502, json!("bad gateway")),
        status(503, json!({})),
        status(504, json!({})),
        status(200, json!("<html>maintenance</html>")),
        status(200, json!({ "refresh_token": "without an access token" })),
        json!({ "kind": "no_reply" }),
        json!({ "kind": "cut_body" }),
    ];
    for fault in harmless {
        linked.pass(MINUTE * 61).await;
        linked.token_fault(fault.clone()).await;
        assert!(linked.ask(&linked.privacy.engine).await.is_err(), "{fault}");
        assert_eq!(linked.state().await, GrantState::Healthy, "{fault}");
        linked.privacy.clear_faults().await;
        linked.pass(MINUTE * 2).await;
        linked.ask(&linked.privacy.engine).await.unwrap_or_else(|error| panic!("after {fault}: {error}"));
    }
    // An answer without a new refresh token leaves the old one in force.
    linked.pass(MINUTE * 61).await;
    linked.token_fault(json!({ "kind": "no_refresh_token", "count": 1 })).await;
    linked.ask(&linked.privacy.engine).await.unwrap();
    linked.pass(MINUTE * 61).await;
    linked.ask(&linked.privacy.engine).await.unwrap();
    for word in ["invalid_grant", "unauthorized_client"] {
        linked.pass(MINUTE * 61).await;
        let before = linked.token_calls().await;
        linked.token_fault(status(403, json!({ "error": word }))).await;
        for _ in 0..3 {
            assert!(linked.ask(&linked.privacy.engine).await.is_err());
        }
        assert!(matches!(linked.state().await, GrantState::NeedsRelink { .. }), "{word}");
        assert!(linked.token_calls().await - before <= 1, "a dead grant is not asked again");
        linked.privacy.clear_faults().await;
        linked.privacy.link("acme", "it@acme.example", Integration::Jira).await;
        linked.ask(&linked.privacy.engine).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l4_two_hours_of_outage_leave_every_link_healthy_and_the_endpoint_in_peace() {
    let linked = Linked::start().await;
    linked.token_fault(json!({ "kind": "status", "status": 503 })).await;
    let before = linked.token_calls().await;
    let mut answered = 0;
    for minute in 0..120 {
        linked.pass(MINUTE).await;
        for _ in 0..5 {
            answered += u32::from(linked.ask(&linked.privacy.engine).await.is_ok());
        }
        assert_eq!(linked.state().await, GrantState::Healthy, "minute {minute}");
    }
    // The token that was there is used as long as it lives.
    assert!((55 * 5..=60 * 5).contains(&answered), "{answered}");
    assert!(linked.token_calls().await - before <= 70, "at most about one call a minute");
    linked.privacy.clear_faults().await;
    linked.pass(MINUTE * 2).await;
    linked.ask(&linked.privacy.engine).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn l5_a_thousand_things_that_are_really_absent_cost_no_token_call() {
    let linked = Linked::start().await;
    let before = linked.token_calls().await;
    linked
        .privacy
        .fault(json!({ "kind": "status", "status": 404, "path": "/rest/api/3/issue/*/votes" }))
        .await;
    for _ in 0..1_000 {
        assert!(linked.ask(&linked.privacy.engine).await.is_err());
    }
    assert_eq!(linked.token_calls().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn l5_a_token_that_another_process_replaced_is_recognised_behind_an_ordinary_refusal() {
    let linked = Linked::start().await;
    linked
        .privacy
        .upstream
        .control
        .post("settings", &json!({ "tokens": { "expired_access_token": "looks_ordinary" } }))
        .await;
    linked.pass(MINUTE * 10).await;
    linked.ask(&linked.privacy.engine).await.unwrap();
    // Another process meets a refused token, and replaces the pair.
    let (_store, other) = linked.privacy.another().await;
    linked.privacy.fault(json!({ "kind": "unauthorized", "count": 1 })).await;
    linked.ask(&other).await.unwrap();
    let before = linked.token_calls().await;
    linked.pass(MINUTE * 11).await;
    linked.ask(&linked.privacy.engine).await.unwrap();
    assert_eq!(linked.token_calls().await, before, "the pair that is stored is used");
}

#[tokio::test(flavor = "multi_thread")]
async fn l6_a_grant_that_nobody_uses_outlives_its_idle_limit() {
    let linked = Linked::start().await;
    let mut renewed = 0;
    // Fifteen weeks: a refresh token that rests for ninety days is dead.
    for _ in 0..105 {
        linked.pass(DAY).await;
        renewed += linked.privacy.engine.exercise_grants().await.unwrap().renewed;
    }
    assert!((12..=15).contains(&renewed), "{renewed}");
    linked.ask(&linked.privacy.engine).await.unwrap();
    let grant = linked.privacy.store.grants().await.unwrap().remove(0).id;
    assert!(!linked.privacy.engine.reconsent_is_advisable(grant).await.unwrap());
    for _ in 0..47 {
        linked.pass(DAY * 5).await;
        linked.privacy.engine.exercise_grants().await.unwrap();
    }
    assert!(linked.privacy.engine.reconsent_is_advisable(grant).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn l13_an_uninstalled_app_marks_its_source_late_loses_nothing_and_heals_by_itself() {
    let linked = Linked::start().await;
    let engine = &linked.privacy.engine;
    let tickets = linked.privacy.store.count_records(linked.source, Model::Ticket, false).await.unwrap();
    // It has been seen passing: one answer proves nothing.
    linked.privacy.fault(json!({ "kind": "not_installed", "count": 1 })).await;
    let _ = linked.ask(engine).await;
    linked.pass(MINUTE * 30).await;
    assert_eq!(engine.source_reach(linked.source).await.unwrap(), None);
    linked.ask(engine).await.unwrap();
    linked.privacy.fault(json!({ "kind": "not_installed" })).await;
    for _ in 0..3 {
        assert_eq!(engine.source_reach(linked.source).await.unwrap(), None);
        assert!(engine.sync_source(linked.source).await.is_err());
        linked.pass(MINUTE * 8).await;
    }
    let reach = engine.source_reach(linked.source).await.unwrap().expect("it is marked now");
    assert_eq!(reach.loss, ReachLoss::Uninstalled);
    assert!(reach.reason.contains("not installed"), "{}", reach.reason);
    // From here on a run is one call.
    let requests = async || linked.privacy.upstream.control.get("stats").await["requests"].as_u64().unwrap();
    let before = requests().await;
    assert!(engine.sync_source(linked.source).await.is_err());
    assert_eq!(requests().await - before, 1);
    let kept = linked.privacy.store.count_records(linked.source, Model::Ticket, false).await.unwrap();
    assert_eq!(kept, tickets);
    linked.privacy.clear_faults().await;
    assert!(engine.sync_source(linked.source).await.unwrap().failed.is_empty());
    assert_eq!(engine.source_reach(linked.source).await.unwrap(), None);
}
