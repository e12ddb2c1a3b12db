//! The four steps of the link page.

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use linkspan_engine::identity::is_identity_state;
use linkspan_engine::link::{Callback, CallbackProblem, Departure, LinkProblem, Progress};
use linkspan_model::product::Integration;
use linkspan_model::secret::Secret;
use minijinja::context;
use serde::Deserialize;

use super::words;
use crate::App;
use crate::params::Params;

/// Characters of the OAuth state that name its cookie, so that several links can be under way in one browser.
const STATE_NAME_LENGTH: usize = 16;

/// The link token in a path. What is not even text is no token that was given out, and has the same page.
pub(crate) struct LinkToken(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for LinkToken {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(path.map(|Path(token)| token).unwrap_or_default()))
    }
}

/// What the link page lets the customer choose.
fn what(integration: Integration) -> &'static str {
    match integration {
        Integration::Jira => "projects, issues and comments",
        Integration::JiraServiceManagement => "service projects, requests and replies",
        Integration::Confluence => "spaces, pages and blog posts",
    }
}

/// The first page: who asks for what.
pub(crate) async fn page(State(app): State<App>, LinkToken(token): LinkToken) -> Response {
    let vendor = &app.engine.vendor().name;
    let offer = match app.engine.link_offer(&Secret::new(token.clone())).await {
        Ok(offer) => offer,
        Err(problem) => return app.pages.problem(vendor, &problem, None),
    };
    let integrations: Vec<_> = offer
        .integrations
        .iter()
        .map(|integration| {
            context! { slug => integration.slug(), name => integration.display_name(), what => what(*integration) }
        })
        .collect();
    let mut permissions: Vec<String> =
        offer.scopes.iter().map(|scope| words::of_scope(scope).unwrap_or_else(|| scope.clone())).collect();
    permissions.sort_unstable();
    permissions.dedup();
    app.pages.render(
        StatusCode::OK,
        "link/start.html",
        context! {
            vendor => vendor,
            organization => offer.organization,
            token => token,
            integrations => integrations,
            permissions => permissions,
        },
    )
}

/// What the first page's form sends.
#[derive(Deserialize)]
pub(crate) struct StartForm {
    integration: String,
}

/// Sends the customer to Atlassian.
pub(crate) async fn start(
    State(app): State<App>,
    LinkToken(token): LinkToken,
    jar: CookieJar,
    form: Result<Form<StartForm>, FormRejection>,
) -> Response {
    let vendor = &app.engine.vendor().name;
    let Some(integration) = form.ok().and_then(|Form(form)| form.integration.parse::<Integration>().ok())
    else {
        return see_other(&format!("/link/{token}"));
    };
    match app.engine.start_link(&Secret::new(token.clone()), integration).await {
        Ok(Departure { authorize_url, state, browser }) => {
            let secure = app.engine.vendor().public_url.scheme() == "https";
            let value = format!("{token}.{}", browser.expose());
            let cookie = Cookie::build((cookie_name(&state), value))
                .path("/")
                .http_only(true)
                .secure(secure)
                // The callback is a navigation that Atlassian's page starts.
                .same_site(SameSite::Lax);
            (jar.add(cookie), see_other(authorize_url.as_str())).into_response()
        }
        Err(problem) => app.pages.problem(vendor, &problem, Some(&token)),
    }
}

/// Takes in Atlassian's answer.
pub(crate) async fn callback(State(app): State<App>, jar: CookieJar, params: Params) -> Response {
    let vendor = &app.engine.vendor().name;
    let state = Secret::new(params.text("state").unwrap_or_default());
    if is_identity_state(&state) {
        return crate::identify::answer(&app, jar, state, &params).await;
    }
    let name = cookie_name(&state);
    let cookie = jar.get(&name).map(|cookie| cookie.value().to_owned());
    let (token, browser) = cookie.as_deref().and_then(|value| value.split_once('.')).unzip();
    let progress = app
        .engine
        .answer_link(Callback {
            state,
            code: params.text("code").map(Secret::new),
            error: params.text("error").map(str::to_owned),
            browser: browser.map(Secret::new),
        })
        .await;
    match progress {
        // The cookie stays: a site may still have to be chosen.
        Ok(progress) => show(&app, progress, token.unwrap_or_default(), &name),
        Err(problem) => {
            let gone = Cookie::build((name, "")).path("/");
            (jar.remove(gone), app.pages.problem(vendor, &problem, token)).into_response()
        }
    }
}

/// What the page of sites sends.
#[derive(Deserialize)]
pub(crate) struct SiteForm {
    cloud_id: String,
    /// Names the cookie that proves the browser.
    form_token: String,
}

/// Connects the site that the customer chose.
pub(crate) async fn choose_site(
    State(app): State<App>,
    LinkToken(token): LinkToken,
    jar: CookieJar,
    form: Result<Form<SiteForm>, FormRejection>,
) -> Response {
    let vendor = &app.engine.vendor().name;
    let Ok(Form(form)) = form else { return see_other(&format!("/link/{token}")) };
    let cookie = jar.get(&form.form_token).map(|cookie| cookie.value().to_owned());
    let browser = cookie
        .as_deref()
        .and_then(|value| value.split_once('.'))
        .filter(|(known, _)| *known == token)
        .map(|(_, browser)| Secret::new(browser));
    match app.engine.choose_site(&Secret::new(token.clone()), browser.as_ref(), &form.cloud_id).await {
        Ok(progress) => show(&app, progress, &token, &form.form_token),
        Err(problem @ LinkProblem::Callback(CallbackProblem::OtherBrowser)) => {
            app.pages.problem(vendor, &problem, None)
        }
        Err(problem) => app.pages.problem(vendor, &problem, Some(&token)),
    }
}

fn show(app: &App, progress: Progress, token: &str, cookie_name: &str) -> Response {
    let vendor = &app.engine.vendor().name;
    match progress {
        Progress::ChooseSite { integration, organization, sites } => {
            let sites: Vec<_> = sites
                .into_iter()
                .map(|site| context! { cloud_id => site.cloud_id, name => site.name, url => site.url })
                .collect();
            app.pages.render(
                StatusCode::OK,
                "link/sites.html",
                context! {
                    vendor => vendor,
                    organization => organization,
                    token => token,
                    form_token => cookie_name,
                    integration => integration.display_name(),
                    sites => sites,
                },
            )
        }
        Progress::Linked(linked) => app.pages.render(
            StatusCode::OK,
            "link/done.html",
            context! {
                vendor => vendor,
                site => linked.site_name,
                relinked => linked.relinked,
                person => linked.person,
                another_person => linked.another_person,
                integration => linked.integration.display_name(),
                public_token => linked.public_token.expose(),
            },
        ),
    }
}

pub(crate) fn cookie_name(state: &Secret) -> String {
    let name: String =
        state.expose().chars().filter(char::is_ascii_alphanumeric).take(STATE_NAME_LENGTH).collect();
    format!("linkspan_{name}")
}

/// A redirect after which the browser uses GET.
pub(crate) fn see_other(target: &str) -> Response {
    (
        StatusCode::SEE_OTHER,
        [(header::LOCATION, target.to_owned()), (header::CACHE_CONTROL, "no-store".to_owned())],
    )
        .into_response()
}
