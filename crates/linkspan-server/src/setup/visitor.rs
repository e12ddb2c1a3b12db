//! Who may see the set-up pages and the dashboard: the holder of a session.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use linkspan_model::secret::Secret;
use minijinja::context;

use super::render;
use crate::App;
use crate::problem::ApiError;

/// The cookie that holds the session.
const COOKIE: &str = "linkspan_setup";
/// The pages that get it: the dashboard lies at the root.
const PATH: &str = "/";
/// What the form of the entry page says to come to the dashboard.
pub(super) const TO_DASHBOARD: &str = "dashboard";

/// A session of the vendor's pages that has not ended.
pub(crate) struct Visitor(pub(super) Secret);

impl FromRequestParts<App> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let jar = CookieJar::from_headers(&parts.headers);
        if let Some(cookie) = jar.get(COOKIE) {
            let session = Secret::new(cookie.value());
            match app.engine.is_setup_session(&session).await {
                Ok(true) => return Ok(Self(session)),
                Ok(false) => {}
                Err(error) => return Err(ApiError::from(error).into_response()),
            }
        }
        Err(render(
            app,
            StatusCode::UNAUTHORIZED,
            "setup/enter.html",
            context! {
                vendor => &app.engine.vendor().name,
                to => (parts.uri.path() == "/").then_some(TO_DASHBOARD),
            },
        ))
    }
}

/// The cookie of a session.
pub(super) fn cookie(app: &App, session: &Secret) -> Cookie<'static> {
    Cookie::build((COOKIE, session.expose().to_owned()))
        .path(PATH)
        .http_only(true)
        .secure(app.engine.vendor().public_url.scheme() == "https")
        .same_site(SameSite::Strict)
        .build()
}

/// The cookie that ends a session in the browser.
pub(super) fn no_cookie() -> Cookie<'static> {
    Cookie::build((COOKIE, "")).path(PATH).build()
}

/// Browsers say when a form is posted from another site's page.
pub(super) fn is_cross_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site")
}

/// Whether a form was made for this session, and sent by one of its pages.
pub(super) fn is_own_form(app: &App, visitor: &Visitor, headers: &HeaderMap, form_token: &str) -> bool {
    !is_cross_site(headers) && app.engine.is_setup_form(&visitor.0, &Secret::new(form_token))
}
