//! The console's pages under `/_sandbox/console`: plain forms, one per screen of the real one.

use std::fmt::Write as _;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode};

use super::registry::{App, Distribution, PersonalData, RegistryError};
use super::scopes::{Api, in_plain_words, is_granular};
use super::{escape, page};
use crate::gateway::AppState;
use crate::oauth::GrantKind;

const ROOT: &str = "/_sandbox/console";

/// The console. Whoever reaches the sandbox may use it: it guards nothing but made-up data.
pub fn router() -> Router<AppState> {
    Router::new()
        .route(ROOT, get(list).post(create))
        .route(&format!("{ROOT}/{{client_id}}"), get(show))
        .route(&format!("{ROOT}/{{client_id}}/{{screen}}"), post(change))
        .route(
            &format!("{ROOT}/{{client_id}}/permissions/{{api}}"),
            get(permissions).post(change_permissions),
        )
}

async fn list(State(state): State<AppState>) -> Response {
    let mut body = String::from("<h2>Your apps</h2>\n<ul>\n");
    // Writing to a String cannot fail.
    for app in state.registry().iter() {
        let _ = writeln!(
            body,
            "<li><a href=\"{ROOT}/{}\">{}</a></li>",
            escape(&app.client_id),
            escape(&app.name)
        );
    }
    body.push_str("</ul>\n<h2>Create an OAuth 2.0 integration</h2>\n<form method=\"post\">\n");
    body.push_str("<label>Name <input type=\"text\" name=\"name\" required maxlength=\"500\"></label>\n");
    body.push_str("<fieldset><legend>Owner</legend>\n");
    for (position, account) in state.representative_accounts().into_iter().enumerate() {
        let checked = if position == 0 { " checked" } else { "" };
        let (id, name) = (escape(&account.account_id), escape(account.display_name()));
        let _ = writeln!(
            body,
            "<label><input type=\"radio\" name=\"owner\" value=\"{id}\"{checked}> {name}</label>"
        );
    }
    body.push_str(
        "</fieldset>\n<fieldset><legend>Access type</legend>\n\
         <label><input type=\"radio\" name=\"access\" value=\"account\" checked> Account level: consents add up</label>\n\
         <label><input type=\"radio\" name=\"access\" value=\"resource\"> Resource level: tokens stay on the site picked</label>\n\
         </fieldset>\n<button class=\"act\" type=\"submit\">Create</button>\n</form>\n",
    );
    page(StatusCode::OK, "Developer console", &body).into_response()
}

async fn create(State(state): State<AppState>, headers: HeaderMap, body: Bytes) -> Response {
    if is_cross_site(&headers) {
        return refused(StatusCode::FORBIDDEN, "This form belongs to another site.");
    }
    let form = Form::parse(&body);
    let owner = form.text("owner");
    if !state.is_active(owner) {
        return refused(StatusCode::BAD_REQUEST, "The owner is not an active account.");
    }
    let kind =
        if form.text("access") == "resource" { GrantKind::ResourceLevel } else { GrantKind::AccountLevel };
    let (client_id, secret) = state.new_client();
    match state.registry().create(form.text("name"), owner, kind, client_id.clone(), secret) {
        Ok(()) => Redirect::to(&format!("{ROOT}/{client_id}")).into_response(),
        Err(error) => refused_by_registry(&error),
    }
}

async fn show(State(state): State<AppState>, Path(client_id): Path<String>) -> Response {
    let Some(app) = state.registry().get(&client_id).cloned() else {
        return refused_by_registry(&RegistryError::UnknownApp);
    };
    let mut body = format!("<p><a href=\"{ROOT}\">All apps</a></p>\n");
    body.push_str(&distribution_form(&app));
    body.push_str(&permissions_table(&app));
    let callback = escape(app.callback_url.as_deref().unwrap_or_default());
    let (id, secret, name) = (escape(&app.client_id), escape(&app.client_secret), escape(&app.name));
    let base = format!("{ROOT}/{id}");
    let _ = write!(
        body,
        "<h2>Authorization</h2>\n<form method=\"post\" action=\"{base}/authorization\">\n\
         <label>Callback URL <input type=\"url\" name=\"callback\" required value=\"{callback}\"></label>\n\
         <button type=\"submit\">Save</button>\n</form>\n\
         <h2>Settings</h2>\n<table>\n<tr><th scope=\"row\">Client ID</th><td class=\"code\">{id}</td></tr>\n\
         <tr><th scope=\"row\">Secret</th><td class=\"code\">{secret}</td></tr>\n</table>\n\
         <form method=\"post\" action=\"{base}/secret\"><button type=\"submit\">Replace the secret</button></form>\n\
         <form method=\"post\" action=\"{base}/settings\">\n\
         <label>Name <input type=\"text\" name=\"name\" required maxlength=\"500\" value=\"{name}\"></label>\n\
         <button type=\"submit\">Save</button>\n</form>\n"
    );
    page(StatusCode::OK, &app.name, &body).into_response()
}

fn distribution_form(app: &App) -> String {
    let (status, vendor, policy, stores) = match &app.distribution {
        Distribution::NotSharing => ("Not sharing", "", "", false),
        Distribution::Sharing { vendor_name, privacy_policy, stores_personal_data } => {
            ("Sharing", vendor_name.as_str(), privacy_policy.as_str(), *stores_personal_data)
        }
    };
    let id = escape(&app.client_id);
    let (vendor, policy) = (escape(vendor), escape(policy));
    let (yes, no) = if stores { (" checked", "") } else { ("", " checked") };
    format!(
        "<h2>Distribution: {status}</h2>\n<form method=\"post\" action=\"{ROOT}/{id}/distribution\">\n\
         <label>Vendor name <input type=\"text\" name=\"vendor_name\" maxlength=\"500\" value=\"{vendor}\"></label>\n\
         <label>Privacy policy <input type=\"url\" name=\"privacy_policy\" value=\"{policy}\"></label>\n\
         <fieldset><legend>Does the app store personal data?</legend>\n\
         <label><input type=\"radio\" name=\"personal_data\" value=\"no\"{no}> No</label>\n\
         <label><input type=\"radio\" name=\"personal_data\" value=\"yes\"{yes}> Yes</label>\n\
         <label><input type=\"checkbox\" name=\"reporting\" value=\"yes\"{yes}> The app implements the personal data reporting API</label>\n\
         </fieldset>\n<button type=\"submit\" name=\"sharing\" value=\"on\">Share</button>\n\
         <button type=\"submit\" name=\"sharing\" value=\"off\">Stop sharing</button>\n</form>\n"
    )
}

fn permissions_table(app: &App) -> String {
    let mut html = String::from(
        "<h2>Permissions</h2>\n<table>\n<tr><th scope=\"col\">API</th><th scope=\"col\">Scopes added</th><th></th></tr>\n",
    );
    for api in Api::ALL {
        let (id, slug, title, added) =
            (escape(&app.client_id), api.slug(), api.title(), app.scopes_of(api).count());
        let link = format!(
            "<a href=\"{ROOT}/{id}/permissions/{slug}\">Edit scopes<span class=\"soft\"> of {title}</span></a>"
        );
        let _ = writeln!(html, "<tr><td>{title}</td><td>{added}</td><td>{link}</td></tr>");
    }
    html.push_str("</table>\n");
    html
}

async fn permissions(
    State(state): State<AppState>,
    Path((client_id, api)): Path<(String, String)>,
) -> Response {
    let (Some(app), Some(api)) = (state.registry().get(&client_id).cloned(), Api::from_slug(&api)) else {
        return refused_by_registry(&RegistryError::UnknownApp);
    };
    let id = escape(&app.client_id);
    let mut body = format!("<p><a href=\"{ROOT}/{id}\">Back to the app</a></p>\n<form method=\"post\">\n");
    for (title, granular) in [("Classic scopes", false), ("Granular scopes", true)] {
        let mut scopes = api.scopes().filter(|scope| is_granular(scope) == granular).peekable();
        if scopes.peek().is_none() {
            continue;
        }
        let _ = writeln!(body, "<fieldset><legend>{title}</legend>\n<div class=\"columns\">");
        for scope in scopes {
            let checked = if app.scopes.contains(scope) { " checked" } else { "" };
            let words = escape(&in_plain_words(scope));
            let _ = writeln!(
                body,
                "<label><input type=\"checkbox\" name=\"scope\" value=\"{scope}\"{checked}> <span class=\"code\">{scope}</span> <small>{words}</small></label>"
            );
        }
        body.push_str("</div>\n</fieldset>\n");
    }
    body.push_str("<button class=\"act\" type=\"submit\">Save</button>\n</form>\n");
    page(StatusCode::OK, &format!("{}: {}", app.name, api.title()), &body).into_response()
}

async fn change_permissions(
    State(state): State<AppState>,
    Path((client_id, api)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if is_cross_site(&headers) {
        return refused(StatusCode::FORBIDDEN, "This form belongs to another site.");
    }
    let Some(api) = Api::from_slug(&api) else {
        return refused(StatusCode::NOT_FOUND, "There is no such API.");
    };
    let scopes = Form::parse(&body).all("scope");
    let outcome = state.registry().set_scopes(&client_id, api, scopes);
    after_change(&client_id, outcome)
}

async fn change(
    State(state): State<AppState>,
    Path((client_id, screen)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if is_cross_site(&headers) {
        return refused(StatusCode::FORBIDDEN, "This form belongs to another site.");
    }
    let form = Form::parse(&body);
    let fresh_secret = (screen == "secret").then(|| state.new_client().1);
    let mut registry = state.registry();
    let outcome = match (screen.as_str(), fresh_secret) {
        ("secret", Some(secret)) => registry.rotate_secret(&client_id, secret),
        ("settings", _) => registry.rename(&client_id, form.text("name")),
        ("authorization", _) => registry.set_callback(&client_id, form.text("callback")),
        ("distribution", _) if form.text("sharing") == "off" => registry.stop_sharing(&client_id),
        ("distribution", _) => {
            let personal_data = match (form.text("personal_data"), form.text("reporting")) {
                ("yes", "yes") => PersonalData::StoredAndReported,
                ("yes", _) => PersonalData::StoredUnconfirmed,
                _ => PersonalData::NotStored,
            };
            registry.share(&client_id, form.text("vendor_name"), form.text("privacy_policy"), personal_data)
        }
        _ => return refused(StatusCode::NOT_FOUND, "There is no such screen."),
    };
    drop(registry);
    after_change(&client_id, outcome)
}

fn after_change(client_id: &str, outcome: Result<(), RegistryError>) -> Response {
    match outcome {
        // The registry knows this id, so it is one that the sandbox made: letters and digits.
        Ok(()) => Redirect::to(&format!("{ROOT}/{client_id}")).into_response(),
        Err(error) => refused_by_registry(&error),
    }
}

fn refused_by_registry(error: &RegistryError) -> Response {
    let status =
        if *error == RegistryError::UnknownApp { StatusCode::NOT_FOUND } else { StatusCode::BAD_REQUEST };
    refused(status, &format!("{error}."))
}

fn refused(status: StatusCode, text: &str) -> Response {
    page(
        status,
        "That did not work",
        &format!("<p>{}</p>\n<p><a href=\"{ROOT}\">All apps</a></p>\n", escape(text)),
    )
    .into_response()
}

/// Browsers say when a form is posted from another site's page.
fn is_cross_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site")
}

struct Form(Vec<(String, String)>);

impl Form {
    fn parse(body: &[u8]) -> Self {
        Self(
            form_urlencoded::parse(body)
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    /// The field's text; absent reads as empty.
    fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(field, _)| field == name).map(|(_, value)| value.clone()).collect()
    }
}
