//! `/_sandbox/webhooks`: what apps registered, and what was delivered to them.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{parsed, refused};
use crate::gateway::AppState;

/// The most deliveries that are shown.
const MOST_SHOWN: usize = 1000;
/// How long an answer waits for changes that were not looked at yet, in all and at a time.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(2);

/// How much is shown.
#[derive(Deserialize)]
pub(super) struct Shown {
    /// How many of the newest deliveries; absent: as many as can be shown.
    deliveries: Option<usize>,
}

/// Registrations, totals, and the newest deliveries: of all changes made before the request.
pub(super) async fn show(State(state): State<AppState>, Query(shown): Query<Shown>) -> Response {
    // Bounded: what takes longer is told as it is by then.
    let _ = tokio::time::timeout(PATIENCE, looked_at(&state)).await;
    let now = state.now().as_millisecond();
    let hooks: Vec<Value> = state
        .webhooks()
        .alive(now)
        .map(|hook| {
            let subscription = &hook.subscription;
            json!({
                "id": hook.id,
                "client_id": hook.owner.client_id,
                "account_id": state.world().directory().get(hook.owner.account).account_id,
                "cloud_id": hook.owner.cloud_id,
                "url": subscription.url,
                "events": subscription.events,
                "jql_filter": subscription.jql_filter,
                "field_ids_filter": subscription.fields,
                "issue_property_keys_filter": subscription.properties,
                "expires": Timestamp::from_millisecond(hook.expires).unwrap_or(Timestamp::MAX),
            })
        })
        .collect();
    let unseen: u64 = state.world().sites().iter().map(|site| site.read().outbox().dropped()).sum();
    let (totals, deliveries) = {
        let deliveries = state.deliveries();
        let most = shown.deliveries.unwrap_or(MOST_SHOWN).min(MOST_SHOWN);
        let newest: Vec<_> = deliveries.newest().rev().take(most).cloned().collect();
        (deliveries.totals(), newest)
    };
    Json(json!({
        "webhooks": hooks,
        "totals": totals,
        "changes_dropped": unseen,
        "deliveries": deliveries,
    }))
    .into_response()
}

async fn looked_at(state: &AppState) {
    let outboxes: Vec<_> = state.world().sites().iter().map(|site| site.read().outbox().clone()).collect();
    while outboxes.iter().any(|outbox| !outbox.is_empty()) || state.deliveries().is_planning() {
        tokio::time::sleep(PAUSE).await;
    }
}

/// `POST /_sandbox/webhooks`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    expire: Which,
}

/// `true` for all, or ids.
#[derive(Deserialize)]
#[serde(untagged)]
enum Which {
    All(bool),
    Named(Vec<u64>),
}

/// Ends registrations as if their thirty days were over.
pub(super) async fn expire(State(state): State<AppState>, body: Bytes) -> Response {
    let ids = match parsed(&body) {
        Ok(Order { expire: Which::All(true) }) => None,
        Ok(Order { expire: Which::Named(ids) }) => Some(ids),
        Ok(Order { expire: Which::All(false) }) => {
            return refused(StatusCode::BAD_REQUEST, "`expire` is `true` or a list of ids");
        }
        Err(response) => return response,
    };
    let now = state.now().as_millisecond();
    let ended = state.webhooks().expire(ids.as_deref(), now);
    Json(json!({ "ended": ended })).into_response()
}
