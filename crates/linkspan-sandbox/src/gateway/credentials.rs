//! Who calls: bearer tokens on the gateway, e-mail and API token on the site host, or nobody there.

use std::sync::Arc;

use axum::Json;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, StatusCode, header};
use serde_json::json;

use super::destination::{Door, ProductFamily};
use super::errors::{confluence_v2_error, gateway_error};
use super::operations::Operation;
use super::{AppState, Auth, Bearer, Caller, SiteIndex};
use crate::apps::scopes::Api;
use crate::control::ExpiredAccessToken;
use crate::oauth::TokenFault;
use crate::world::{Account, Site};

/// The product request whose caller is sought.
#[derive(Clone, Copy)]
pub(super) struct Addressed<'a> {
    pub(super) site_index: usize,
    pub(super) site: &'a Site,
    pub(super) family: ProductFamily,
    pub(super) door: Door,
    pub(super) path: &'a str,
    pub(super) operation: Option<&'static Operation>,
}

/// The token of an `Authorization: Bearer …` header, whatever the scheme's case.
pub(crate) fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    scheme(headers, "bearer")
}

fn scheme<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let (scheme, rest) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case(wanted).then(|| rest.trim())
}

/// The caller, or the answer that refuses them.
#[expect(clippy::result_large_err, reason = "the error is the answer itself, built once per refused request")]
pub(super) fn caller(
    state: &AppState,
    addressed: Addressed<'_>,
    headers: &HeaderMap,
) -> Result<Caller, Response> {
    match addressed.door {
        Door::Gateway => app_caller(state, addressed, headers),
        Door::SiteHost => site_host_caller(state, addressed, headers),
    }
}

/// Token, site, product, scope: in this order.
#[expect(clippy::result_large_err, reason = "the error is the answer itself, built once per refused request")]
fn app_caller(state: &AppState, addressed: Addressed<'_>, headers: &HeaderMap) -> Result<Caller, Response> {
    let token = bearer_token(headers).ok_or_else(unauthorized)?;
    let now = state.now();
    let grant = match state.grants().authenticate(token, now) {
        Ok(grant) => grant.clone(),
        Err(TokenFault::Expired) => return Err(expired_token(state, addressed.path)),
        Err(TokenFault::Unknown | TokenFault::Revoked) => return Err(unauthorized()),
    };
    let account = state
        .world()
        .directory()
        .by_account_id(&grant.account_id)
        .filter(|account| account.is_active())
        .ok_or_else(unauthorized)?;
    let covers_site = grant.cloud_ids.iter().any(|cloud_id| cloud_id == addressed.site.cloud_id());
    let api = match addressed.family {
        ProductFamily::Jira => Api::Jira,
        ProductFamily::Confluence => Api::Confluence,
    };
    let covers_product = grant.scopes.iter().any(|scope| Api::of_scope(scope) == Some(api));
    let installed = state.is_installed(&grant.client_id, addressed.site.cloud_id());
    if !covers_site || !covers_product || !installed {
        return Err(not_installed());
    }
    if addressed.operation.is_some_and(|operation| !operation.allows(&grant.scopes)) {
        return Err(scope_mismatch());
    }
    let bearer = Bearer { client_id: grant.client_id, grant: grant.id, scopes: grant.scopes };
    Ok(Caller {
        site: SiteIndex(addressed.site_index),
        account: Some(account.index),
        auth: Auth::Bearer(Arc::new(bearer)),
    })
}

#[expect(clippy::result_large_err, reason = "the error is the answer itself, built once per refused request")]
fn site_host_caller(
    state: &AppState,
    addressed: Addressed<'_>,
    headers: &HeaderMap,
) -> Result<Caller, Response> {
    let site = SiteIndex(addressed.site_index);
    // The real media host is another host, to which clients do not forward credentials; here a redirect stays on one origin,
    // so that they do. Media addresses are signed and need none.
    if addressed.path.starts_with("/media/") || addressed.path.starts_with("/wiki/media/") {
        return Ok(Caller { site, account: None, auth: Auth::Anonymous });
    }
    if let Some(account) = basic_account(state, addressed.site, headers) {
        return Ok(Caller { site, account: Some(account.index), auth: Auth::Basic });
    }
    // A bearer token works through the gateway only; credentials that fail are not an anonymous visit.
    let refused = headers.contains_key(header::AUTHORIZATION);
    let wants_account = addressed.family == ProductFamily::Jira
        && addressed.operation.is_some_and(|operation| !operation.anonymous);
    if refused || wants_account {
        return Err(must_be_authenticated());
    }
    Ok(Caller { site, account: None, auth: Auth::Anonymous })
}

fn basic_account<'a>(state: &'a AppState, site: &Site, headers: &HeaderMap) -> Option<&'a Account> {
    let decoded = BASE64_STANDARD.decode(scheme(headers, "basic")?).ok()?;
    let (email, api_token) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    let account = state.world().directory().by_email(email)?;
    let knows_token = !account.api_token.is_empty() && account.api_token == api_token;
    (knows_token && account.is_active() && site.read().is_present(account.index)).then_some(account)
}

/// 401: no token, an unknown or a revoked one.
pub(super) fn unauthorized() -> Response {
    gateway_error(StatusCode::UNAUTHORIZED, "Unauthorized")
}

/// 401: the token lacks a scope; refreshing cannot help.
pub(super) fn scope_mismatch() -> Response {
    gateway_error(StatusCode::UNAUTHORIZED, "Unauthorized; scope does not match")
}

/// 403: the token's grant does not cover this site, or this product of it.
pub(super) fn not_installed() -> Response {
    gateway_error(StatusCode::FORBIDDEN, "The app is not installed on this instance")
}

/// The answer to an expired token, in the dialect of the settings.
pub(super) fn expired_token(state: &AppState, path: &str) -> Response {
    let is_version_2 = path.starts_with("/wiki/api/v2/") || path.starts_with("/rest/api/2/");
    match state.settings().tokens.expired_access_token {
        ExpiredAccessToken::Unauthorized => unauthorized(),
        ExpiredAccessToken::LooksOrdinary if is_version_2 => {
            confluence_v2_error(StatusCode::NOT_FOUND, "Not Found", None)
        }
        ExpiredAccessToken::LooksOrdinary => gateway_error(StatusCode::FORBIDDEN, "Forbidden"),
    }
}

/// 401 of the site host.
fn must_be_authenticated() -> Response {
    let body =
        json!({ "message": "Client must be authenticated to access this resource.", "status-code": 401 });
    (StatusCode::UNAUTHORIZED, [("x-seraph-loginreason", "AUTHENTICATED_FAILED")], Json(body)).into_response()
}
