//! `/authorize`: the consent screen and its answer (`atlassian-platform.md` 1.1 to 1.3).

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use url::Url;

use super::consent_page::{self, Stop};
use super::grants::Consent;
use crate::apps::App;
use crate::gateway::AppState;
use crate::world::{Account, Site};

/// The parameters of an authorize request, as sent by the app and carried through the consent form.
#[derive(Clone, Debug)]
pub(super) struct AuthorizeRequest {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    /// In the order asked, without repetition.
    pub(super) scopes: Vec<String>,
    pub(super) state: Option<String>,
    pub(super) audience: String,
    pub(super) response_type: String,
}

/// `GET /authorize`: asks for account and site.
pub(crate) async fn show(State(state): State<AppState>, RawQuery(query): RawQuery) -> Response {
    let parameters = parse(query.unwrap_or_default().as_bytes());
    match checked(&state, &parameters) {
        Ok((request, app)) => consent_page::consent(&state, &request, &app).into_response(),
        Err(stop) => stop.page().into_response(),
    }
}

/// `POST /authorize`: the consent form. Accepting and declining both return to the app; everything else stays here.
pub(crate) async fn answer(State(state): State<AppState>, body: Bytes) -> Response {
    let form = parse(&body);
    match decide(&state, &form) {
        Ok(callback) => (StatusCode::FOUND, [(header::LOCATION, callback)]).into_response(),
        Err(stop) => stop.page().into_response(),
    }
}

fn decide(state: &AppState, form: &HashMap<String, String>) -> Result<String, Stop> {
    let (request, app) = checked(state, form)?;
    if form.get("decision").map(String::as_str) != Some("accept") {
        return Ok(declined(&request));
    }
    let account = chosen_account(state, form)?;
    if !app.is_usable_by(&account.account_id) {
        return Err(Stop::NotShared { app: app.name });
    }
    let site = chosen_site(state, form, account)?;
    if is_blocked(state, site, account, &app) {
        return Err(Stop::BlockedByAdmin { app: app.name, site: site.name().to_owned() });
    }
    let consent = Consent {
        client_id: app.client_id,
        account_id: account.account_id.clone(),
        cloud_ids: vec![site.cloud_id().to_owned()],
        scopes: request.scopes.clone(),
        kind: app.kind,
    };
    let now = state.now();
    let mut grants = state.grants();
    let grant = grants.consent(consent);
    let code = grants.issue_code(grant, &request.redirect_uri, now);
    Ok(callback(&request, &[("code", &code)]))
}

/// The request and its app, or the reason why no consent screen is shown.
fn checked(state: &AppState, parameters: &HashMap<String, String>) -> Result<(AuthorizeRequest, App), Stop> {
    let get = |name: &str| parameters.get(name).cloned().unwrap_or_default();
    let request = AuthorizeRequest {
        client_id: get("client_id"),
        redirect_uri: get("redirect_uri"),
        scopes: distinct_words(&get("scope")),
        state: parameters.get("state").cloned(),
        audience: get("audience"),
        response_type: get("response_type"),
    };
    let app = state.registry().get(&request.client_id).cloned().ok_or(Stop::UnknownClient)?;
    // Compared letter by letter: `localhost` and `127.0.0.1` are different callbacks.
    if app.callback_url.as_deref() != Some(&request.redirect_uri) {
        return Err(Stop::UnknownCallback { app: app.name });
    }
    if request.response_type != "code" {
        return Err(Stop::Malformed { reason: "response_type must be `code`" });
    }
    if request.audience != "api.atlassian.com" {
        return Err(Stop::Malformed { reason: "audience must be `api.atlassian.com`" });
    }
    if request.scopes.is_empty() {
        return Err(Stop::Malformed { reason: "scope names no scope" });
    }
    if let Some(scope) = app.first_missing_scope(&request.scopes) {
        return Err(Stop::ScopeNotAdded { scope: scope.to_owned(), app: app.name });
    }
    Ok((request, app))
}

/// The account chosen in the list, or the one whose e-mail address was typed.
fn chosen_account<'a>(state: &'a AppState, form: &HashMap<String, String>) -> Result<&'a Account, Stop> {
    let directory = state.world().directory();
    let typed = form.get("email").map(|email| email.trim()).filter(|email| !email.is_empty());
    let account = match typed {
        Some(email) => directory.by_email(email),
        None => form.get("account_id").and_then(|account_id| directory.by_account_id(account_id)),
    };
    account.filter(|account| account.is_active()).ok_or(Stop::UnknownAccount)
}

fn chosen_site<'a>(
    state: &'a AppState,
    form: &HashMap<String, String>,
    account: &Account,
) -> Result<&'a Site, Stop> {
    let site = form.get("cloud_id").and_then(|cloud_id| state.world().site(cloud_id)).ok_or(Stop::NoSite)?;
    let present = site.read().is_present(account.index);
    if present { Ok(site) } else { Err(Stop::NotOnSite { site: site.name().to_owned() }) }
}

/// "Block user apps" stops people, not administrators; once one of them installed the app, people may use it again.
fn is_blocked(state: &AppState, site: &Site, account: &Account, app: &App) -> bool {
    if !state.settings().blocked_sites.iter().any(|blocked| blocked == site.cloud_id())
        || site.read().is_admin(account.index)
    {
        return false;
    }
    let directory = state.world().directory();
    let grants = state.grants();
    let installers = grants.granting(&app.client_id, site.cloud_id());
    let content = site.read();
    !installers
        .filter_map(|account_id| directory.by_account_id(account_id))
        .any(|installer| content.is_admin(installer.index))
}

fn declined(request: &AuthorizeRequest) -> String {
    callback(
        request,
        &[("error", "access_denied"), ("error_description", "User did not authorize the request")],
    )
}

/// The callback with the answer and the state appended to whatever query it already has.
fn callback(request: &AuthorizeRequest, answer: &[(&str, &str)]) -> String {
    let Ok(mut address) = Url::parse(&request.redirect_uri) else { return request.redirect_uri.clone() };
    address
        .query_pairs_mut()
        .extend_pairs(answer)
        .extend_pairs(request.state.iter().map(|state| ("state", state)));
    address.into()
}

/// The last of repeated parameters counts.
fn parse(query: &[u8]) -> HashMap<String, String> {
    form_urlencoded::parse(query).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

fn distinct_words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words
}
