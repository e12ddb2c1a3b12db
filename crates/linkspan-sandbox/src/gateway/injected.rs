//! Carrying out the faults that struck a request.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, stream};
use http::{HeaderValue, StatusCode, header};

use super::credentials::{expired_token, not_installed, scope_mismatch, unauthorized};
use super::errors::{confluence_v1_error, jira_error};
use super::{AppState, Dropped, paging};
use crate::faults::{Fault, FaultKind, Struck};
use crate::meter::headers::Refusal;

/// Bodies larger than this are not cut but lost: no product answer comes near it.
const MAX_CUT_BODY: usize = 64 * 1024 * 1024;
/// Between the part that is sent and the end of the connection, so that the part leaves before the connection closes.
const CUT_DELAY: Duration = Duration::from_millis(20);
/// The quota named in injected quota refusals when none is set: Atlassian's default pool.
const DEFAULT_QUOTA: u64 = 65_000;

/// The wait before anything happens: the sandbox's own latency and that of the faults.
pub(super) fn latency(state: &AppState, struck: &Struck) -> Duration {
    let injected =
        struck.iter().filter(|fault| fault.kind == FaultKind::Latency).filter_map(|fault| fault.milliseconds);
    Duration::from_millis(state.settings().latency_ms.saturating_add(injected.sum()))
}

/// The answer that replaces the request, by the first fault that gives one.
pub(super) fn replacement(
    state: &AppState,
    struck: &Struck,
    path: &str,
) -> Option<Result<Response, Dropped>> {
    struck.iter().find_map(|fault| {
        let answer = match fault.kind {
            FaultKind::Status => status(fault),
            FaultKind::RateLimit => rate_limit(state, fault),
            FaultKind::Gone if path.starts_with("/wiki/") => gone_from_confluence(),
            FaultKind::Gone => jira_error(StatusCode::GONE, "The requested API has been removed."),
            FaultKind::Unauthorized => unauthorized(),
            FaultKind::ScopeMismatch => scope_mismatch(),
            FaultKind::ExpiredToken => expired_token(state, path),
            FaultKind::NotInstalled => not_installed(),
            FaultKind::ExpirePageTokens => paging::expired(path),
            FaultKind::NoReply => return Some(Err(Dropped)),
            FaultKind::Latency
            | FaultKind::RevokeGrant
            | FaultKind::CutBody
            | FaultKind::StallBody
            | FaultKind::RepeatPageToken
            | FaultKind::ShortPage
            | FaultKind::LostReply
            | FaultKind::NoRefreshToken => return None,
        };
        Some(Ok(answer))
    })
}

/// What becomes of the answer after the request was carried out.
pub(super) async fn afterwards(struck: &Struck, response: Response) -> Result<Response, Dropped> {
    if struck.has(FaultKind::LostReply) {
        return Err(Dropped);
    }
    if let Some(fault) = struck.first(FaultKind::CutBody) {
        return cut(response, fault.after_bytes).await;
    }
    if let Some(fault) = struck.first(FaultKind::StallBody) {
        return stall(response, fault).await;
    }
    Ok(response)
}

/// The same answer, with a silence in its body.
async fn stall(response: Response, fault: &Fault) -> Result<Response, Dropped> {
    let (mut head, body) = response.into_parts();
    let mut rest = axum::body::to_bytes(body, MAX_CUT_BODY).await.map_err(|_| Dropped)?;
    head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(rest.len()));
    let first = rest.split_to(fault.after_bytes.unwrap_or(rest.len() / 2).min(rest.len()));
    let silence = Duration::from_millis(fault.milliseconds.unwrap_or_default());
    let later = async move {
        tokio::time::sleep(silence).await;
        Ok::<Bytes, std::io::Error>(rest)
    };
    let pieces = stream::once(async { Ok(first) }).chain(stream::once(later));
    Ok(Response::from_parts(head, Body::from_stream(pieces)))
}

/// The same head, announcing the whole length, and a body that breaks off.
async fn cut(response: Response, after_bytes: Option<usize>) -> Result<Response, Dropped> {
    let (mut head, body) = response.into_parts();
    let whole = axum::body::to_bytes(body, MAX_CUT_BODY).await.map_err(|_| Dropped)?;
    let kept = whole.slice(..after_bytes.unwrap_or(whole.len() / 2).min(whole.len()));
    head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let break_off = async {
        tokio::time::sleep(CUT_DELAY).await;
        Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    };
    let pieces = stream::once(async { Ok(kept) }).chain(stream::once(break_off));
    Ok(Response::from_parts(head, Body::from_stream(pieces)))
}

fn status(fault: &Fault) -> Response {
    let status = fault
        .status
        .and_then(|status| StatusCode::from_u16(status).ok())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match &fault.body {
        Some(serde_json::Value::String(text)) => (status, text.clone()).into_response(),
        Some(json) => (status, Json(json)).into_response(),
        None => status.into_response(),
    };
    set_retry_after(&mut response, fault);
    if let Some(value) = fault.location.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

fn rate_limit(state: &AppState, fault: &Fault) -> Response {
    let reason = fault.reason.as_deref().unwrap_or_default();
    let quota = match state.settings().limits.points_quota {
        0 => DEFAULT_QUOTA,
        quota => quota,
    };
    let refusal = match reason {
        "gateway" => Refusal::Gateway,
        "jira-burst-based" => Refusal::Burst { rate: 100 },
        "jira-per-issue-on-write" => Refusal::IssueWrites { wait: 2 },
        reason if reason.contains("-quota-") => Refusal::Quota { reason, quota },
        reason => Refusal::Other(reason),
    };
    let mut response = refusal.answer(state.now());
    set_retry_after(&mut response, fault);
    response
}

fn set_retry_after(response: &mut Response, fault: &Fault) {
    if let Some(value) = fault.retry_after.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
}

/// The body seen on the OAuth path since the removal of version 1 (`atlassian-platform.md` 1.12).
fn gone_from_confluence() -> Response {
    confluence_v1_error(
        StatusCode::GONE,
        "com.atlassian.confluence.api.service.exceptions.pagesmodes.GoneException: This deprecated endpoint has been removed.",
    )
}
