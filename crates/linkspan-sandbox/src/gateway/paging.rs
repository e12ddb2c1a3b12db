//! Faults of paging: what part of a list a request asks for, and pages that mislead whoever follows them.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use super::errors::{confluence_v1_error, confluence_v2_error, jira_error};
use crate::confluence::FIRST_PAGE;
use crate::faults::{Asked, FaultKind, Struck};
use crate::query::QueryPairs;

/// Bodies larger than this are not looked into, and answers larger than this are left alone.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// Where the paths of Confluence's first API generation begin.
const V1: &str = "/wiki/rest/";

/// The most things a page may hold, as an extension of a product request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageCap(pub(crate) usize);

impl PageCap {
    /// The cap that struck a request.
    pub(super) fn of(struck: &Struck) -> Option<Self> {
        struck.first(FaultKind::ShortPage).and_then(|fault| fault.items).map(Self)
    }
}

/// What part of a list the request asks for. The request comes back as it was.
pub(super) async fn asked(request: Request) -> (Request, Asked) {
    let query = QueryPairs::parse(request.uri().query().unwrap_or_default());
    let of_query = |names: &[&str]| {
        query.iter().find(|(name, value)| names.contains(name) && !value.is_empty()).map(|it| it.1.to_owned())
    };
    let mut asked = Asked {
        token: of_query(&["nextPageToken", "cursor"]),
        items: of_query(&["maxResults", "limit"]).and_then(|text| text.parse().ok()),
    };
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let fits = length.and_then(|text| text.parse::<usize>().ok()).is_some_and(|length| length <= MAX_BODY);
    if request.method() != Method::POST || !fits {
        return (request, asked);
    }
    let (parts, body) = request.into_parts();
    // The length was announced, so that reading fails only if the connection does.
    let bytes = to_bytes(body, MAX_BODY).await.unwrap_or_default();
    if let Ok(Value::Object(members)) = serde_json::from_slice(&bytes) {
        let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
        asked.token = text("nextPageToken").filter(|token| !token.is_empty());
        let ids = members.values().filter_map(Value::as_array).map(|ids| ids.len() as u64).max();
        let size = members.get("maxResults").and_then(Value::as_u64);
        asked.items = size.max(ids).or(asked.items);
    }
    (Request::from_parts(parts, Body::from(bytes)), asked)
}

/// The refusal of a page token that is too old.
pub(super) fn expired(path: &str) -> Response {
    if path.starts_with(V1) {
        return confluence_v1_error(
            StatusCode::BAD_REQUEST,
            "com.atlassian.confluence.api.service.exceptions.BadRequestException: the cursor has expired",
        );
    }
    if path.starts_with("/wiki/") {
        return confluence_v2_error(StatusCode::BAD_REQUEST, "INVALID_REQUEST_PARAMETER", None);
    }
    jira_error(StatusCode::BAD_REQUEST, "The provided nextPageToken is invalid or has expired.")
}

/// The answer with what the struck faults do to its page. `target` is path and query as the site host knows them.
pub(super) async fn misled(
    struck: &Struck,
    asked: Option<&Asked>,
    target: &str,
    response: Response,
) -> Response {
    let repeated =
        asked.and_then(|asked| asked.token.as_deref()).filter(|_| struck.has(FaultKind::RepeatPageToken));
    let emptied = target.starts_with("/wiki/") && PageCap::of(struck).is_some_and(|cap| cap.0 == 0);
    if !response.status().is_success() || (repeated.is_none() && !emptied) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_BODY).await else {
        return Response::from_parts(head, Body::empty());
    };
    let Ok(Value::Object(mut page)) = serde_json::from_slice(&bytes) else {
        return Response::from_parts(head, Body::from(bytes));
    };
    if emptied {
        if !page.contains_key("results") {
            return Response::from_parts(head, Body::from(bytes));
        }
        page.insert("results".to_owned(), json!([]));
    }
    if let Some(Value::Object(links)) = page.get_mut("_links") {
        let next = with_cursor(target, repeated.is_none());
        // Links of version 1 are relative to a base that ends in `/wiki`.
        let next = next.strip_prefix("/wiki").filter(|_| next.starts_with(V1)).unwrap_or(&next);
        if let Ok(link) = HeaderValue::from_str(&format!("<{next}>; rel=\"next\"")) {
            head.headers.insert(header::LINK, link);
        }
        links.insert("next".to_owned(), json!(next));
    } else if let Some(token) = repeated {
        page.insert("nextPageToken".to_owned(), json!(token));
        page.insert("isLast".to_owned(), json!(false));
    }
    let bytes = Bytes::from(Value::Object(page).to_string());
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(bytes))
}

/// The request itself as the next page; a first page is given the cursor of its beginning.
fn with_cursor(target: &str, may_be_first: bool) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = QueryPairs::parse(query);
    if may_be_first && !pairs.iter().any(|(name, _)| name == "cursor") {
        return format!("{path}?{}", pairs.with(&[("cursor", FIRST_PAGE)]));
    }
    target.to_owned()
}
