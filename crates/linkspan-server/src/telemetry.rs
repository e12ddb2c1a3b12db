//! Health, metrics, and a span with an id around every request.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::App;
use crate::params::Params;

/// Requests answered, by method, route and status.
const REQUESTS: &str = "linkspan_http_requests_total";
/// How long answers took, in seconds, by route.
const DURATION: &str = "linkspan_http_request_duration_seconds";
/// The header with the id of a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What this server answers to a nonce, in the doctor's sense.
const PROOF: HeaderName = HeaderName::from_static("x-linkspan-proof");

/// The process runs. A `nonce` is answered with a proof that only this server and who shares its keys can make.
pub(crate) async fn healthz(State(app): State<App>, params: Params) -> Response {
    let mut response = "ok".into_response();
    let proof = params.text("nonce").and_then(|nonce| app.engine.proof_of(nonce));
    if let Some(proof) = proof.and_then(|proof| HeaderValue::try_from(proof).ok()) {
        response.headers_mut().insert(PROOF, proof);
    }
    response
}

/// The process can answer: its database does.
pub(crate) async fn readyz(State(app): State<App>) -> Response {
    match app.engine.ping().await {
        Ok(()) => "ready".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer").into_response()
        }
    }
}

/// Metrics in Prometheus' text form.
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    // Gauges of what changes with every call are set when they are looked at.
    if let Err(error) = app.engine.gauge_quota().await {
        tracing::warn!(%error, "the gauges of quotas are stale");
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render())
        .into_response()
}

/// Gives every request an id and a span, and counts it. Paths are logged as route templates: what stands in their place may
/// be a token.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let started = std::time::Instant::now();
    let method = request.method().as_str().to_owned();
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    // OK here: a request id is no secret and nothing depends on it.
    #[expect(clippy::disallowed_methods, reason = "an id for the log needs no passed-in randomness")]
    let id = Uuid::now_v7();
    let span = tracing::info_span!("http", request.id = %id, method, route, status = tracing::field::Empty);
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    span.record("status", status);
    span.in_scope(|| {
        tracing::debug!(
            duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "answered"
        );
    });
    metrics::counter!(REQUESTS, "method" => method, "route" => route.clone(), "status" => status.to_string())
        .increment(1);
    metrics::histogram!(DURATION, "route" => route).record(started.elapsed().as_secs_f64());
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}
