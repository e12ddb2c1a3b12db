//! What goes on behind the backs of readers whose token still lives, and what is left of it when it fails.

use std::time::Duration;

use jiff::Timestamp;
use linkspan_store::{AccountFilter, GrantState};
use serde_json::json;

use super::{Linked, MINUTE};

/// The token is to be replaced, and lives for two minutes more: less than a lease lasts.
const LAST_MINUTES: i32 = 58;

impl Linked {
    /// When the stored pair was issued.
    async fn issued_at(&self) -> Timestamp {
        self.privacy.store.grants().await.unwrap().remove(0).refreshed_at
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l2_a_token_call_that_hangs_holds_nobody_up_whose_token_still_lives() {
    let linked = Linked::start().await;
    let (_store, other) = linked.privacy.another().await;
    linked.pass(MINUTE * LAST_MINUTES).await;
    let (before, issued_at) = (linked.token_calls().await, linked.issued_at().await);
    linked.token_fault(json!({ "kind": "latency", "milliseconds": 10_000 })).await;
    for _ in 0..5 {
        linked.ask(&linked.privacy.engine).await.unwrap();
        // This process holds no token yet: it finds the living one in the database.
        linked.ask(&other).await.unwrap();
    }
    assert_eq!(linked.issued_at().await, issued_at, "the answer is still to come");
    // Those whose token is over wait for the call that is under way.
    linked.pass(MINUTE * 2).await;
    linked.ask(&linked.privacy.engine).await.unwrap();
    linked.ask(&other).await.unwrap();
    assert!(linked.issued_at().await > issued_at);
    assert_eq!(linked.token_calls().await - before, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn l4_no_refusal_is_asked_for_by_every_reader_and_none_stops_a_living_token() {
    let linked = Linked::start().await;
    for (status, error) in [(400, "invalid_request"), (401, "access_denied"), (503, "")] {
        linked.pass(MINUTE * LAST_MINUTES).await;
        let before = linked.token_calls().await;
        let body = json!({ "error": error });
        linked.token_fault(json!({ "kind": "status", "status": status, "body": body })).await;
        for _ in 0..20 {
            linked.ask(&linked.privacy.engine).await.unwrap_or_else(|it| panic!("{status}: {it}"));
        }
        linked.pass(MINUTE * 2).await;
        for _ in 0..20 {
            assert!(linked.ask(&linked.privacy.engine).await.is_err(), "{status}");
        }
        let calls = linked.token_calls().await - before;
        assert!(calls <= 2, "{status}: {calls} token calls");
        assert_eq!(linked.state().await, GrantState::Healthy, "{status}");
        linked.privacy.clear_faults().await;
        linked.pass(MINUTE * 2).await;
        linked.ask(&linked.privacy.engine).await.unwrap_or_else(|it| panic!("after {status}: {it}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l5_a_call_that_refuses_every_token_does_not_replace_one_after_another() {
    let linked = Linked::start().await;
    let before = linked.token_calls().await;
    linked.privacy.fault(json!({ "kind": "unauthorized", "path": "/rest/api/3/issue/*/votes" })).await;
    for calls in 1..=2 {
        for _ in 0..20 {
            assert!(linked.ask(&linked.privacy.engine).await.is_err());
        }
        assert_eq!(linked.token_calls().await - before, calls, "one in a minute");
        linked.pass(MINUTE * 2).await;
    }
    assert_eq!(linked.state().await, GrantState::Healthy);
    linked.privacy.clear_faults().await;
    linked.ask(&linked.privacy.engine).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn g4_a_refresh_that_ends_after_an_unlink_leaves_no_key() {
    let linked = Linked::start().await;
    let store = &linked.privacy.store;
    let account = store.list_linked_accounts(&AccountFilter::default(), None, 1).await.unwrap().remove(0);
    linked.pass(MINUTE * 61).await;
    linked.token_fault(json!({ "kind": "latency", "milliseconds": 1_500, "count": 1 })).await;
    let before = linked.token_calls().await;
    let refreshing = async { linked.ask(&linked.privacy.engine).await };
    let unlinking = async {
        // Once the token call is under way.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = linked.privacy.engine.clock().now();
        store.unlink(account.id, uuid::Uuid::nil(), now).await.unwrap().unwrap();
    };
    let (asked, ()) = tokio::join!(refreshing, unlinking);
    assert!(asked.is_err());
    assert_eq!(linked.token_calls().await - before, 1);
    assert!(store.grants().await.unwrap().is_empty());
    assert!(store.data_keys(None, 10).await.unwrap().is_empty());
}
