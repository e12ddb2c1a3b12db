//! The strings behind the scenes: everything under `/_sandbox/` (described in `docs/sandbox.md`).

mod act;
mod attachments;
mod data;
mod mutate;
mod pictures;
mod settings;
mod tokens;
mod webhooks;

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub use settings::{ExpiredAccessToken, Limits, Settings, SpaceRoleMode, TokenSettings};

use crate::apps;
use crate::faults::Fault;
use crate::gateway::{AppState, ServedOperation, bearer_token};

/// Everything under `/_sandbox`: the control plane behind its token, the console and the pictures in the open.
pub(crate) fn router(state: &AppState, operations: Vec<ServedOperation>) -> Router<AppState> {
    let operations: Arc<[ServedOperation]> = operations.into();
    let control = Router::new()
        .route("/_sandbox/info", get(info))
        .route("/_sandbox/token", post(tokens::issue))
        .route("/_sandbox/revoke", post(tokens::revoke))
        .route("/_sandbox/clock", get(show_clock).post(move_clock))
        .route("/_sandbox/faults", get(list_faults).post(add_faults).delete(clear_faults))
        .route("/_sandbox/settings", get(show_settings).post(change_settings))
        .route("/_sandbox/stats", get(show_stats).delete(reset_stats))
        .route("/_sandbox/reports", get(show_reports))
        .route("/_sandbox/webhooks", get(webhooks::show).post(webhooks::expire))
        .route("/_sandbox/operations", get(move || async move { Json(operations.to_vec()) }))
        .route("/_sandbox/act", post(act::act))
        .route("/_sandbox/install", post(tokens::install))
        .route("/_sandbox/accounts", post(data::change_account))
        .route("/_sandbox/attachments", post(attachments::attach))
        .route("/_sandbox/mutate", post(mutate::mutate))
        .route("/_sandbox/oracle/visible", get(data::visible))
        .route("/_sandbox/oracle/counts", get(data::counts))
        .route_layer(middleware::from_fn_with_state(state.clone(), require_control_token));
    control.merge(apps::console_router()).merge(pictures::router()).fallback(unknown)
}

async fn require_control_token(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if bearer_token(request.headers()) != Some(state.control_token()) {
        return refused(StatusCode::UNAUTHORIZED, "send the control token as `Authorization: Bearer …`");
    }
    next.run(request).await
}

async fn unknown() -> Response {
    refused(StatusCode::NOT_FOUND, "there is no such control endpoint; see docs/sandbox.md")
}

async fn info(State(state): State<AppState>) -> Response {
    Json(state.info()).into_response()
}

async fn show_clock(State(state): State<AppState>) -> Response {
    Json(json!({ "now": state.now() })).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockMove {
    advance_seconds: Option<i64>,
    set: Option<Timestamp>,
}

async fn move_clock(State(state): State<AppState>, body: Bytes) -> Response {
    let clock = state.world().clock();
    match parsed(&body) {
        Ok(ClockMove { advance_seconds: Some(seconds), set: None }) => {
            clock.advance(seconds.saturating_mul(1000))
        }
        Ok(ClockMove { advance_seconds: None, set: Some(time) }) => clock.set(time.as_millisecond()),
        Ok(_) => return refused(StatusCode::BAD_REQUEST, "give either `advance_seconds` or `set`"),
        Err(response) => return response,
    };
    show_clock(State(state)).await
}

async fn list_faults(State(state): State<AppState>) -> Response {
    let faults = state.faults().list().to_vec();
    Json(json!({ "faults": faults })).into_response()
}

/// One fault, `{"faults": […]}`, or a bare list.
#[derive(Deserialize)]
#[serde(untagged)]
enum NewFaults {
    List(Vec<Value>),
    Wrapped { faults: Vec<Value> },
    One(Value),
}

async fn add_faults(State(state): State<AppState>, body: Bytes) -> Response {
    let faults = match parsed(&body) {
        Ok(NewFaults::List(faults) | NewFaults::Wrapped { faults }) => faults,
        Ok(NewFaults::One(fault)) => vec![fault],
        Err(response) => return response,
    };
    // Parsed one by one, so that the reason names the member and not the shape around it.
    let faults: Result<Vec<Fault>, _> = faults.into_iter().map(serde_json::from_value).collect();
    let outcome = match faults {
        Ok(faults) => state.faults().add(faults).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match outcome {
        Ok(()) => list_faults(State(state)).await,
        Err(reason) => refused(StatusCode::BAD_REQUEST, &reason),
    }
}

async fn clear_faults(State(state): State<AppState>) -> StatusCode {
    state.faults().clear();
    StatusCode::NO_CONTENT
}

async fn show_settings(State(state): State<AppState>) -> Response {
    let settings = state.settings().clone();
    Json(settings).into_response()
}

async fn change_settings(State(state): State<AppState>, body: Bytes) -> Response {
    let changes: Value = match parsed(&body) {
        Ok(changes) => changes,
        Err(response) => return response,
    };
    let outcome = state.settings().changed(changes);
    match outcome {
        Ok(settings) => {
            *state.settings_mut() = settings;
            show_settings(State(state)).await
        }
        Err(error) => refused(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

async fn show_stats(State(state): State<AppState>) -> Response {
    let report = state.meter().stats.report().clone();
    Json(report).into_response()
}

async fn reset_stats(State(state): State<AppState>) -> StatusCode {
    state.meter().stats.reset();
    StatusCode::NO_CONTENT
}

async fn show_reports(State(state): State<AppState>) -> Response {
    let (accounts, calls) = {
        let reports = state.reported_accounts();
        (reports.reported(), reports.calls().clone())
    };
    Json(json!({ "accounts": accounts, "calls": calls })).into_response()
}

/// Runs what walks the whole site on a thread where it does not hold up other requests.
async fn off_the_runtime(work: impl FnOnce() -> Response + Send + 'static) -> Response {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| refused(StatusCode::INTERNAL_SERVER_ERROR, "the sandbox met a defect of its own"))
}

/// The body as JSON, whatever its content type says, or a 400 that names the place.
#[expect(clippy::result_large_err, reason = "the error is the answer itself")]
fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Response> {
    serde_json::from_slice(body).map_err(|error| refused(StatusCode::BAD_REQUEST, &error.to_string()))
}

fn refused(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "error": message }))).into_response()
}
