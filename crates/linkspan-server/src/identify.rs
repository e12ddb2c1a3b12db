//! The pages on which people prove who they are. They work without JavaScript.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use linkspan_engine::identity::{IdentityDeparture, IdentityProblem};
use linkspan_engine::link::{Callback, CallbackProblem};
use linkspan_model::secret::Secret;
use minijinja::context;

use crate::App;
use crate::link::{LinkToken, cookie_name, see_other};
use crate::params::Params;

/// The first page: who asks for what.
pub(crate) async fn page(State(app): State<App>, LinkToken(token): LinkToken) -> Response {
    match app.engine.identity_offer(&Secret::new(token.as_str())).await {
        Ok(()) => app.pages.render(
            StatusCode::OK,
            "identify/pages.html",
            context! { vendor => &app.engine.vendor().name, token => token },
        ),
        Err(problem) => told(&app, &problem, None),
    }
}

/// Sends the person to Atlassian.
pub(crate) async fn start(State(app): State<App>, LinkToken(token): LinkToken, jar: CookieJar) -> Response {
    match app.engine.start_identity(&Secret::new(token.as_str())).await {
        Ok(IdentityDeparture { authorize_url, state, browser }) => {
            let value = format!("{token}.{}", browser.expose());
            let cookie = Cookie::build((cookie_name(&state), value))
                .path("/")
                .http_only(true)
                .secure(app.engine.vendor().public_url.scheme() == "https")
                // The callback is a navigation that Atlassian's page starts.
                .same_site(SameSite::Lax);
            (jar.add(cookie), see_other(authorize_url.as_str())).into_response()
        }
        Err(problem) => told(&app, &problem, Some(&token)),
    }
}

/// Takes in Atlassian's answer. All apps share one callback; the state tells what it is about.
pub(crate) async fn answer(app: &App, jar: CookieJar, state: Secret, params: &Params) -> Response {
    let name = cookie_name(&state);
    let cookie = jar.get(&name).map(|cookie| cookie.value().to_owned());
    let (token, browser) = cookie.as_deref().and_then(|value| value.split_once('.')).unzip();
    let answer = app
        .engine
        .answer_identity(Callback {
            state,
            code: params.text("code").map(Secret::new),
            error: params.text("error").map(str::to_owned),
            browser: browser.map(Secret::new),
        })
        .await;
    let page = match answer {
        // Who has to consent again is told so before going on.
        Ok(proven) => match proven.redirect.filter(|_| proven.consent_again.is_empty()) {
            Some(redirect) => see_other(redirect.as_str()),
            None => app.pages.render(
                StatusCode::OK,
                "identify/pages.html",
                context! {
                    vendor => &app.engine.vendor().name,
                    done => true,
                    email => proven.identity.email,
                    consent_again => proven.consent_again,
                },
            ),
        },
        Err(problem) => told(app, &problem, token),
    };
    let gone = Cookie::build((name, "")).path("/");
    (jar.remove(gone), page).into_response()
}

/// The page of a problem: what happened and what to do next.
#[expect(clippy::too_many_lines, reason = "a table of texts with one entry for each problem")]
fn told(app: &App, problem: &IdentityProblem, token: Option<&str>) -> Response {
    use {CallbackProblem as C, IdentityProblem as P};
    if let P::Callback(C::Internal(error)) = problem {
        tracing::error!(%error, "an identity could not be proven");
    }
    let vendor = &app.engine.vendor().name;
    let new = format!("Ask {vendor} for a new address.");
    let again = "You can try again.".to_owned();
    let their_part = format!("Tell {vendor}; there is nothing that you can do.");
    let (status, may_retry, heading, what, next) = match problem {
        P::UnknownToken => (
            StatusCode::NOT_FOUND,
            false,
            "This address is not known",
            "It may have been cut or mistyped.".to_owned(),
            new,
        ),
        P::TokenExpired => (
            StatusCode::GONE,
            false,
            "This address has expired",
            "It works for a limited time only.".to_owned(),
            new,
        ),
        P::TokenUsed => (
            StatusCode::GONE,
            false,
            "This address was used already",
            "Each works once. If you used it yourself, all is well.".to_owned(),
            new,
        ),
        P::Callback(C::UnknownState) => (
            StatusCode::BAD_REQUEST,
            false,
            "This answer was not expected",
            "Atlassian's answer does not belong to anything that is under way, or it was used before."
                .to_owned(),
            "Open the address you were given once more.".to_owned(),
        ),
        P::Callback(C::OtherBrowser) => (
            StatusCode::BAD_REQUEST,
            false,
            "This was begun in another browser",
            "To keep others from passing as you, it ends in the browser in which it began.".to_owned(),
            "Go on in that browser, or open the address you were given in this one.".to_owned(),
        ),
        P::Callback(C::StateExpired) => (
            StatusCode::GONE,
            true,
            "That took too long",
            "Atlassian's answer came after a quarter of an hour.".to_owned(),
            again,
        ),
        P::Callback(C::Declined) => {
            (StatusCode::OK, true, "You did not agree", format!("{vendor} was told nothing."), again)
        }
        P::Callback(C::AtlassianError(error)) => (
            StatusCode::BAD_GATEWAY,
            true,
            "Atlassian did not agree",
            format!("It answered: {error}."),
            again,
        ),
        P::Callback(C::CodeRefused) => (
            StatusCode::BAD_GATEWAY,
            true,
            "Atlassian did not accept the answer",
            "Its answer is good for some minutes and once only.".to_owned(),
            again,
        ),
        P::MissingScope => (
            StatusCode::BAD_GATEWAY,
            false,
            "A permission is missing",
            format!("{vendor}'s app at Atlassian may not ask for accounts (read:me)."),
            their_part,
        ),
        P::NoAccount => (
            StatusCode::BAD_GATEWAY,
            true,
            "Atlassian named no account",
            "Its answer holds no account that can be trusted.".to_owned(),
            again,
        ),
        P::Callback(C::AppRefused | C::NoApp) => (
            StatusCode::BAD_GATEWAY,
            false,
            "This is not set up right",
            format!("Atlassian does not accept {vendor}'s own credentials."),
            their_part,
        ),
        P::Callback(C::Unavailable(_)) => (
            StatusCode::SERVICE_UNAVAILABLE,
            true,
            "Atlassian does not answer",
            "It is not available at the moment.".to_owned(),
            "Try again in some minutes.".to_owned(),
        ),
        P::Callback(C::Internal(_)) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            true,
            "Something went wrong here",
            "It is not your fault.".to_owned(),
            again,
        ),
    };
    let retry_path = token.filter(|_| may_retry).map(|token| format!("/identify/{token}"));
    app.pages.render(
        status,
        "link/problem.html",
        context! { heading => heading, what => what, next => next, retry_path => retry_path, code => problem.code() },
    )
}
