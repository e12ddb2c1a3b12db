//! `POST /oauth/token` (`atlassian-platform.md` 1.4, 1.5).

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::grants::{ACCESS_LIFE, Issued, TokenRules};
use crate::faults::{FaultKind, Struck};
use crate::gateway::AppState;

/// How a dead refresh token is answered: Atlassian's text and the measured answers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshErrors {
    /// 403 `invalid_grant`, as documented.
    Documented,
    /// 403 `unauthorized_client`, as measured in 2026.
    Measured,
}

/// Trades a code or a refresh token for a token pair; takes JSON and form bodies alike.
pub(crate) async fn token(
    State(state): State<AppState>,
    struck: Option<axum::Extension<Struck>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(request) = TokenRequest::parse(&headers, &body) else {
        return refusal(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "The request body is neither JSON nor a form.",
        );
    };
    let known_secret = request.text("client_id").and_then(|client_id| {
        let registry = state.registry();
        registry.get(client_id).map(|app| app.client_secret.clone())
    });
    let (Some(client_id), Some(secret)) = (request.text("client_id"), known_secret) else {
        return wrong_secret();
    };
    if request.text("client_secret") != Some(&secret) {
        return wrong_secret();
    }
    let no_refresh_token =
        struck.is_some_and(|axum::Extension(struck)| struck.has(FaultKind::NoRefreshToken));
    match request.text("grant_type") {
        Some("authorization_code") => exchange(&state, &request, client_id, no_refresh_token),
        Some("refresh_token") => refresh(&state, &request, client_id, no_refresh_token),
        Some(other) => refusal(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            &format!("Unsupported grant type: {other}"),
        ),
        None => missing("grant_type"),
    }
}

fn exchange(state: &AppState, request: &TokenRequest, client_id: &str, no_refresh_token: bool) -> Response {
    let Some(code) = request.text("code") else { return missing("code") };
    let Some(redirect_uri) = request.text("redirect_uri") else { return missing("redirect_uri") };
    let now = state.now();
    let issued = state.grants().exchange(code, client_id, redirect_uri, now);
    match issued {
        Some(issued) if no_refresh_token => success(Issued { refresh_token: None, ..issued }),
        Some(issued) => success(issued),
        // Not `invalid_grant`: verified live by an integrator. Atlassian does not document the status.
        None => refusal(StatusCode::BAD_REQUEST, "invalid_request", "authorization_code is invalid"),
    }
}

fn refresh(state: &AppState, request: &TokenRequest, client_id: &str, no_refresh_token: bool) -> Response {
    let Some(token) = request.text("refresh_token") else { return missing("refresh_token") };
    let (rules, dialect) = {
        let settings = state.settings();
        let rules = TokenRules {
            omit_refresh_token: settings.tokens.rules.omit_refresh_token || no_refresh_token,
            ..settings.tokens.rules
        };
        (rules, settings.tokens.refresh_errors)
    };
    let now = state.now();
    let issued = {
        let mut grants = state.grants();
        // A deactivated or closed account ends its grants (`atlassian-platform.md` 1.11).
        let is_active =
            grants.behind_refresh_token(token).is_some_and(|grant| state.is_active(&grant.account_id));
        if is_active { grants.refresh(token, client_id, rules, now) } else { None }
    };
    match (issued, dialect) {
        (Some(issued), _) => success(issued),
        (None, RefreshErrors::Documented) => {
            refusal(StatusCode::FORBIDDEN, "invalid_grant", "Unknown or invalid refresh token.")
        }
        (None, RefreshErrors::Measured) => {
            refusal(StatusCode::FORBIDDEN, "unauthorized_client", "refresh_token is invalid")
        }
    }
}

fn success(issued: Issued) -> Response {
    let mut body = json!({
        "access_token": issued.access_token,
        "expires_in": ACCESS_LIFE.as_secs(),
        "token_type": "Bearer",
        "scope": issued.scope,
    });
    if let Some(refresh_token) = issued.refresh_token {
        body["refresh_token"] = Value::String(refresh_token);
    }
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// 401 with the same `error` as a person who declines; unknown client ids look like wrong secrets.
fn wrong_secret() -> Response {
    refusal(StatusCode::UNAUTHORIZED, "access_denied", "Unauthorized")
}

fn missing(parameter: &str) -> Response {
    refusal(StatusCode::BAD_REQUEST, "invalid_request", &format!("Missing required parameter: {parameter}"))
}

fn refusal(status: StatusCode, error: &str, description: &str) -> Response {
    (status, Json(json!({ "error": error, "error_description": description }))).into_response()
}

/// The members of the request, whatever its encoding.
#[derive(Deserialize)]
struct TokenRequest(Map<String, Value>);

impl TokenRequest {
    fn parse(headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let content_type =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if content_type.starts_with("application/x-www-form-urlencoded") {
            let members = form_urlencoded::parse(body)
                .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())));
            return Some(Self(members.collect()));
        }
        serde_json::from_slice(body).ok()
    }

    fn text(&self, member: &str) -> Option<&str> {
        self.0.get(member)?.as_str().filter(|text| !text.is_empty())
    }
}
