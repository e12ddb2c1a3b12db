//! What a token opens and whose it is: `/oauth/token/accessible-resources` and `/me` (`atlassian-platform.md` 1.8, 1.9).

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::grants::Grant;
use crate::apps::scopes::{Api, READ_ME};
use crate::gateway::errors::gateway_error;
use crate::gateway::{AppState, bearer_token, is_accessible};

/// The grant behind the request's bearer token, or the gateway's 401.
#[expect(clippy::result_large_err, reason = "the error is the answer itself, built once per refused request")]
pub(super) fn grant_of(state: &AppState, headers: &HeaderMap) -> Result<Grant, Response> {
    let token = bearer_token(headers).ok_or_else(unauthorized)?;
    let now = state.now();
    state.grants().authenticate(token, now).cloned().map_err(|_| unauthorized())
}

/// A bare array; a site appears once per product whose scopes were granted and which the account may use.
pub(crate) async fn accessible_resources(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let grant = match grant_of(&state, &headers) {
        Ok(grant) => grant,
        Err(refused) => return refused,
    };
    let Some(account) = state.world().directory().by_account_id(&grant.account_id) else {
        return unauthorized();
    };
    let mut entries: Vec<Value> = Vec::new();
    let installed = grant.cloud_ids.iter().filter(|cloud_id| state.is_installed(&grant.client_id, cloud_id));
    for site in installed.filter_map(|cloud_id| state.world().site(cloud_id)) {
        for api in [Api::Jira, Api::Confluence] {
            let scopes: Vec<&String> =
                grant.scopes.iter().filter(|scope| Api::of_scope(scope) == Some(api)).collect();
            if scopes.is_empty() || !is_accessible(site, account, api) {
                continue;
            }
            entries.push(json!({
                "id": site.cloud_id(),
                "name": site.name(),
                "url": site.url(),
                "scopes": scopes,
                "avatarUrl": format!("{}/_sandbox/site-avatar.svg", state.origin()),
            }));
        }
    }
    Json(entries).into_response()
}

/// The profile of the account behind the token; needs `read:me`.
pub(crate) async fn me(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let grant = match grant_of(&state, &headers) {
        Ok(grant) => grant,
        Err(refused) => return refused,
    };
    if !grant.scopes.iter().any(|scope| scope == READ_ME) {
        return gateway_error(StatusCode::UNAUTHORIZED, "Unauthorized; scope does not match");
    }
    let Some(account) = state.world().directory().by_account_id(&grant.account_id) else {
        return unauthorized();
    };
    Json(json!({
        "account_type": account.account_type.as_str(),
        "account_id": account.account_id,
        "email": account.email(),
        "name": account.display_name(),
        "picture": format!("{}/_sandbox/avatar/{}.svg", state.origin(), account.avatar),
        "account_status": if account.is_active() { "active" } else { "inactive" },
        "nickname": account.display_name().split_whitespace().next().unwrap_or_default(),
        "zoneinfo": account.time_zone,
        "locale": account.locale.replace('_', "-"),
        "extended_profile": {},
    }))
    .into_response()
}

fn unauthorized() -> Response {
    gateway_error(StatusCode::UNAUTHORIZED, "Unauthorized")
}
