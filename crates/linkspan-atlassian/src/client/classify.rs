//! From a refusal to a [`CallError`] (`atlassian-platform.md` 1.12, `atlassian-endpoints.md` section 1).

use jiff::Timestamp;
use linkspan_model::product::Product;
use serde_json::Value;

use crate::calls::{Call, Method};
use crate::error::{CallError, ThrottleReason, bounded};
use crate::limit::LimitHeaders;

/// The most bytes of a refusal's body that are read.
const EXCERPT_CAP: usize = 16 << 10;

/// What stands for the reason of a throttle that states none.
const NO_REASON: &str = "no reason was given";

/// The most messages kept of one refusal.
const MESSAGES: usize = 4;

/// What was asked, as far as a refusal's meaning depends on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    /// Calls about the account have none.
    pub(crate) product: Option<Product>,
}

impl From<&'static Call> for Asked {
    fn from(call: &'static Call) -> Self {
        Self { name: call.name, method: call.method, product: Some(call.product) }
    }
}

/// Reads a refusal. A body that breaks off changes nothing: the status has been said.
pub(super) async fn refusal(
    asked: Asked,
    mut response: reqwest::Response,
    limits: LimitHeaders,
    now: Timestamp,
) -> CallError {
    let status = response.status().as_u16();
    let mut excerpt = Vec::new();
    while let Ok(Some(piece)) = response.chunk().await {
        let room = EXCERPT_CAP - excerpt.len();
        excerpt.extend_from_slice(&piece[..piece.len().min(room)]);
        if excerpt.len() == EXCERPT_CAP {
            break;
        }
    }
    classify(asked, status, limits, &excerpt, now)
}

/// Reads a refusal of the host to which upstream sent the reader for a file. The token never went there, and none of
/// upstream's limits is counted there: that it takes the signed address no more, or no more readers, says something of this
/// address alone. Another one may do.
pub(super) async fn refusal_of_file_host(
    asked: Asked,
    response: reqwest::Response,
    limits: LimitHeaders,
    now: Timestamp,
) -> CallError {
    let status = response.status().as_u16();
    if matches!(status, 401 | 403 | 429) {
        return CallError::Unavailable { call: asked.name, status, retry_after: limits.advice(now) };
    }
    refusal(asked, response, limits, now).await
}

/// What a refusal means.
pub(super) fn classify(
    asked: Asked,
    status: u16,
    limits: LimitHeaders,
    body: &[u8],
    now: Timestamp,
) -> CallError {
    let Asked { name, method, product } = asked;
    let retry_after = limits.advice(now);
    if status == 429 {
        // The gateway's own refusals carry a mark (`atlassian-platform.md` 5.6). What says nothing may come from anything
        // in between, and must not stop everything for everybody.
        let reason = limits.reason.unwrap_or_else(|| ThrottleReason::Unknown(NO_REASON.to_owned()));
        return CallError::Throttled { call: name, product, reason, retry_after };
    }
    let messages = messages_of(body);
    let says = |words: &str| messages.iter().any(|message| message.to_ascii_lowercase().contains(words));
    match status {
        401 if says("scope does not match") => CallError::ScopeMissing { call: name },
        401 => CallError::TokenRejected { call: name },
        403 if says("app is not installed") => CallError::NotInstalled { call: name },
        403 if says("not permitted to use confluence") => {
            CallError::ProductAccessLost { call: name, product: Product::Confluence }
        }
        403 => CallError::Forbidden { call: name, messages },
        404 => CallError::NotFound { call: name },
        410 => CallError::Gone { call: name, messages },
        400 | 415 | 422 => CallError::BadRequest { call: name, messages },
        409 if method != Method::Get => CallError::Conflict { call: name, messages },
        409 | 413 | 504 => CallError::TooLarge { call: name, status },
        408 | 500..=599 => CallError::Unavailable { call: name, status, retry_after },
        _ => CallError::Unexpected { call: name, status, messages },
    }
}

/// The messages of an error body in any of the known envelopes: gateway and Confluence v1 `{message}`, Jira
/// `{errorMessages[], errors{}}`, Confluence v2 `{errors:[{title,detail}]}`, JSM `{errorMessage}`, problem documents
/// `{title,detail}`.
fn messages_of(body: &[u8]) -> Vec<String> {
    let Ok(Value::Object(body)) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    let mut messages: Vec<String> = Vec::new();
    let mut keep = |text: Option<&str>| {
        if let Some(text) = text.filter(|text| !text.trim().is_empty())
            && messages.len() < MESSAGES
        {
            messages.push(bounded(text));
        }
    };
    for member in ["message", "errorMessage", "title", "detail", "error_description"] {
        keep(body.get(member).and_then(Value::as_str));
    }
    for message in body.get("errorMessages").and_then(Value::as_array).into_iter().flatten() {
        keep(message.as_str());
    }
    match body.get("errors") {
        Some(Value::Object(fields)) => {
            for (field, message) in fields {
                keep(message.as_str().map(|text| format!("{field}: {text}")).as_deref());
            }
        }
        Some(Value::Array(errors)) => {
            for error in errors {
                keep(
                    error
                        .get("detail")
                        .and_then(Value::as_str)
                        .or_else(|| error.get("title").and_then(Value::as_str)),
                );
            }
        }
        _ => {}
    }
    messages
}
