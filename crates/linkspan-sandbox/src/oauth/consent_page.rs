//! The consent screen, and the pages that stop a consent without a redirect (`atlassian-platform.md` 1.2).

use std::fmt::Write as _;

use http::StatusCode;

use super::authorize::AuthorizeRequest;
use crate::apps::scopes::{OFFLINE_ACCESS, in_plain_words};
use crate::apps::{App, Distribution, Html, escape, page};
use crate::gateway::AppState;

/// A reason why the person cannot continue; none of them returns to the app.
#[derive(Debug)]
pub(super) enum Stop {
    UnknownClient,
    UnknownCallback { app: String },
    Malformed { reason: &'static str },
    ScopeNotAdded { app: String, scope: String },
    NotShared { app: String },
    BlockedByAdmin { app: String, site: String },
    UnknownAccount,
    NoSite,
    NotOnSite { site: String },
}

impl Stop {
    pub(super) fn page(self) -> Html {
        let bad = StatusCode::BAD_REQUEST;
        match self {
            Self::UnknownClient => stop(bad, "Unknown app", "No app is registered under this client_id."),
            Self::UnknownCallback { app } => {
                let text =
                    format!("The redirect_uri of this request is not the callback URL configured for {app}.");
                stop(bad, "The callback does not match", &text)
            }
            Self::Malformed { reason } => stop(bad, "The request is malformed", &format!("{reason}.")),
            Self::ScopeNotAdded { app, scope } => {
                let text = format!(
                    "{app} asks for the scope {scope}, which was not added to it in the developer console."
                );
                stop(bad, "The app asks for too much", &text)
            }
            Self::NotShared { app } => {
                let text = format!("{app} is not shared: only its owner can install and use it.");
                stop(StatusCode::FORBIDDEN, "You cannot use this app", &text)
            }
            Self::BlockedByAdmin { app, site } => {
                let text = format!(
                    "An admin of {site} does not let its people install apps such as {app}. Go back and choose another site, or ask the admin to authorise the app."
                );
                stop(StatusCode::FORBIDDEN, "App is blocked by an admin", &text)
            }
            Self::UnknownAccount => stop(
                bad,
                "No such account",
                "No active account has this address. Go back and choose another one.",
            ),
            Self::NoSite => stop(bad, "No site chosen", "Go back and choose the site that the app may use."),
            Self::NotOnSite { site } => stop(
                StatusCode::FORBIDDEN,
                "You do not belong to this site",
                &format!("This account has no access to {site}. Go back and choose another site."),
            ),
        }
    }
}

fn stop(status: StatusCode, title: &str, text: &str) -> Html {
    page(status, title, &format!("<p>{}</p>\n", escape(text)))
}

/// The screen that asks for account and site and says what the app will be able to do.
pub(super) fn consent(state: &AppState, request: &AuthorizeRequest, app: &App) -> Html {
    let mut body = String::new();
    // Writing to a String cannot fail.
    let _ = write!(
        body,
        "<p><strong>{}</strong> asks to use your Atlassian account.</p>\n{}",
        escape(&app.name),
        distribution_note(app)
    );
    body.push_str("<form method=\"post\" action=\"/authorize\">\n");
    body.push_str(&carried_parameters(request));
    body.push_str(&account_chooser(state));
    body.push_str(&site_picker(state));
    body.push_str(&scope_list(&request.scopes));
    body.push_str(
        "<button class=\"act\" type=\"submit\" name=\"decision\" value=\"accept\">Accept</button>\n\
         <button type=\"submit\" name=\"decision\" value=\"decline\" formnovalidate>Decline</button>\n</form>\n",
    );
    page(StatusCode::OK, &format!("Authorise {}", app.name), &body)
}

fn distribution_note(app: &App) -> String {
    match &app.distribution {
        Distribution::NotSharing => {
            "<p class=\"soft\">This app is not shared: only its owner can use it.</p>\n".to_owned()
        }
        Distribution::Sharing { vendor_name, privacy_policy, .. } => {
            let warning = if app.reviewed {
                ""
            } else {
                "<p class=\"warn\" role=\"note\">Atlassian has not reviewed this app. Continue only if you trust its vendor.</p>\n"
            };
            let vendor = escape(vendor_name);
            let policy = escape(privacy_policy);
            format!(
                "<p class=\"soft\">Offered by {vendor} (<a href=\"{policy}\" rel=\"noreferrer\">privacy policy</a>)</p>\n{warning}"
            )
        }
    }
}

fn carried_parameters(request: &AuthorizeRequest) -> String {
    let scope = request.scopes.join(" ");
    let mut fields = vec![
        ("audience", request.audience.as_str()),
        ("client_id", &request.client_id),
        ("scope", &scope),
        ("redirect_uri", &request.redirect_uri),
        ("response_type", &request.response_type),
    ];
    if let Some(state) = &request.state {
        fields.push(("state", state));
    }
    let hidden = |(name, value): (&str, &str)| {
        format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">\n", escape(value))
    };
    fields.into_iter().map(hidden).collect()
}

fn account_chooser(state: &AppState) -> String {
    let mut html = String::from("<fieldset>\n<legend>Your account</legend>\n");
    for (position, account) in state.representative_accounts().into_iter().enumerate() {
        let (id, name, email) =
            (escape(&account.account_id), escape(account.display_name()), escape(account.email()));
        let checked = if position == 0 { " checked" } else { "" };
        let _ = writeln!(
            html,
            "<label><input type=\"radio\" name=\"account_id\" value=\"{id}\"{checked}> {name} <small>{email}</small></label>"
        );
    }
    html.push_str("<label>Another account, by its address <input type=\"email\" name=\"email\" autocomplete=\"off\"></label>\n</fieldset>\n");
    html
}

/// A single site is chosen already; among several, none is: the person has to.
fn site_picker(state: &AppState) -> String {
    let sites = state.world().sites();
    let checked = if sites.len() == 1 { " checked" } else { "" };
    let mut html = String::from("<fieldset>\n<legend>Use the app on</legend>\n");
    for site in sites {
        let (id, name, url) = (escape(site.cloud_id()), escape(site.name()), escape(site.url()));
        let _ = writeln!(
            html,
            "<label><input type=\"radio\" name=\"cloud_id\" value=\"{id}\" required{checked}> {name} <small>{url}</small></label>"
        );
    }
    html.push_str("</fieldset>\n");
    html
}

fn scope_list(scopes: &[String]) -> String {
    let mut html = String::from("<h2>It will be able to</h2>\n<ul class=\"scopes\">\n");
    let offline_last = scopes
        .iter()
        .filter(|scope| *scope != OFFLINE_ACCESS)
        .chain(scopes.iter().filter(|scope| *scope == OFFLINE_ACCESS));
    for scope in offline_last {
        let _ = writeln!(
            html,
            "<li>{} <small class=\"soft code\">{}</small></li>",
            escape(&in_plain_words(scope)),
            escape(scope)
        );
    }
    html.push_str("</ul>\n<p class=\"soft\">Never more than you can do yourself.</p>\n");
    html
}
