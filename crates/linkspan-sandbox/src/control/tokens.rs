//! Tokens without a browser, and the end of grants.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::{parsed, refused};
use crate::gateway::AppState;
use crate::oauth::{Consent, Issued};

/// `POST /_sandbox/token`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenOrder {
    account_id: String,
    /// Absent: every scope of the app, and `offline_access`.
    #[serde(default, deserialize_with = "words_or_list")]
    scopes: Option<Vec<String>>,
    /// Absent: every site.
    #[serde(default)]
    cloud_ids: Option<Vec<String>>,
    /// Absent: the pre-registered app.
    #[serde(default)]
    client_id: Option<String>,
    /// Act exactly as the consent screen: widen and re-scope the grant that the account already gave the app.
    #[serde(default)]
    consent: bool,
}

/// A list, or one text with spaces.
fn words_or_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Scopes {
        Words(String),
        List(Vec<String>),
    }
    Ok(Option::<Scopes>::deserialize(deserializer)?.map(|scopes| match scopes {
        Scopes::Words(text) => text.split_whitespace().map(str::to_owned).collect(),
        Scopes::List(list) => list,
    }))
}

/// A token pair. Unless `consent` is set it belongs to a grant of its own, so that a tester's token never narrows the
/// grant of the product under test.
pub(super) async fn issue(State(state): State<AppState>, body: Bytes) -> Response {
    let order: TokenOrder = match parsed(&body) {
        Ok(order) => order,
        Err(response) => return response,
    };
    match ordered(&state, order) {
        Ok(issued) => Json(json!({
            "access_token": issued.access_token,
            "refresh_token": issued.refresh_token,
            "expires_in": 3600,
            "token_type": "Bearer",
            "scope": issued.scope,
        }))
        .into_response(),
        Err(reason) => refused(StatusCode::BAD_REQUEST, &reason),
    }
}

fn ordered(state: &AppState, order: TokenOrder) -> Result<Issued, String> {
    let client_id = order.client_id.unwrap_or_else(|| state.default_client_id());
    let app = state
        .registry()
        .get(&client_id)
        .cloned()
        .ok_or_else(|| format!("no app has the client id `{client_id}`"))?;
    if !state.is_active(&order.account_id) {
        return Err(format!("`{}` is not an active account", order.account_id));
    }
    let every_site = || state.world().sites().iter().map(|site| site.cloud_id().to_owned()).collect();
    let cloud_ids: Vec<String> = order.cloud_ids.unwrap_or_else(every_site);
    if let Some(cloud_id) = cloud_ids.iter().find(|cloud_id| state.world().site(cloud_id).is_none()) {
        return Err(format!("no site has the cloud id `{cloud_id}`"));
    }
    let scopes = order.scopes.unwrap_or_else(|| app.every_scope());
    if let Some(scope) = app.first_missing_scope(&scopes) {
        return Err(format!("the scope `{scope}` was not added to the app"));
    }
    let consent = Consent { client_id, account_id: order.account_id, cloud_ids, scopes, kind: app.kind };
    let now = state.now();
    let mut grants = state.grants();
    let grant = if order.consent { grants.consent(consent) } else { grants.consent_apart(consent) };
    grants.issue(grant, now).ok_or_else(|| "the grant could not be used".to_owned())
}

/// `POST /_sandbox/revoke`: which grants end; every member narrows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revocation {
    account_id: Option<String>,
    client_id: Option<String>,
    cloud_id: Option<String>,
    /// Only end the access tokens, as if their hour were over.
    #[serde(default)]
    access_tokens_only: bool,
}

pub(super) async fn revoke(State(state): State<AppState>, body: Bytes) -> Response {
    let order: Revocation = match parsed(&body) {
        Ok(order) => order,
        Err(response) => return response,
    };
    let matches = |grant: &crate::oauth::Grant| {
        order.account_id.as_ref().is_none_or(|account_id| *account_id == grant.account_id)
            && order.client_id.as_ref().is_none_or(|client_id| *client_id == grant.client_id)
            && order.cloud_id.as_ref().is_none_or(|cloud_id| grant.cloud_ids.contains(cloud_id))
    };
    let now = state.now();
    let ended = if order.access_tokens_only {
        state.grants().expire_access_tokens(now, matches)
    } else {
        state.grants().revoke(matches)
    };
    Json(json!({ "ended": ended })).into_response()
}

/// `POST /_sandbox/install`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Installation {
    /// Absent: the pre-registered app.
    client_id: Option<String>,
    /// Absent: the first site.
    cloud_id: Option<String>,
    installed: bool,
}

/// What an administrator of a site does to an app: without it, every product call is refused there and the site leaves the
/// accessible resources; with it again, the grants that were not revoked work again.
pub(super) async fn install(State(state): State<AppState>, body: Bytes) -> Response {
    let order: Installation = match parsed(&body) {
        Ok(order) => order,
        Err(response) => return response,
    };
    let client_id = order.client_id.unwrap_or_else(|| state.default_client_id());
    if state.registry().get(&client_id).is_none() {
        return refused(StatusCode::NOT_FOUND, "no app has this client id");
    }
    let cloud_id = order.cloud_id.unwrap_or_else(|| state.world().main_site().cloud_id().to_owned());
    if state.world().site(&cloud_id).is_none() {
        return refused(StatusCode::NOT_FOUND, "no site has this cloud id");
    }
    state.set_installed(client_id.clone(), cloud_id.clone(), order.installed);
    Json(json!({ "client_id": client_id, "cloud_id": cloud_id, "installed": order.installed }))
        .into_response()
}
