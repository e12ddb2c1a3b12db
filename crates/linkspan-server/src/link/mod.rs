//! The hosted link pages. They work without JavaScript; a small script only tells the page that opened them.

mod consent;
mod handlers;
mod words;

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use linkspan_engine::link::{CallbackProblem, LinkProblem};
use minijinja::{Environment, Value, context};

pub(crate) use self::consent::{consent_again, consent_page};
pub(crate) use self::handlers::{LinkToken, callback, choose_site, cookie_name, page, see_other, start};

const TEMPLATES: [(&str, &str); 12] = [
    ("setup/layout.html", include_str!("../../templates/setup/layout.html")),
    ("setup/parts.html", include_str!("../../templates/setup/parts.html")),
    ("setup/enter.html", include_str!("../../templates/setup/enter.html")),
    ("dashboard.html", include_str!("../../templates/dashboard.html")),
    ("setup/walk.html", include_str!("../../templates/setup/walk.html")),
    ("identify/pages.html", include_str!("../../templates/identify/pages.html")),
    ("link/layout.html", include_str!("../../templates/link/layout.html")),
    ("link/consent.html", include_str!("../../templates/link/consent.html")),
    ("link/start.html", include_str!("../../templates/link/start.html")),
    ("link/sites.html", include_str!("../../templates/link/sites.html")),
    ("link/done.html", include_str!("../../templates/link/done.html")),
    ("link/problem.html", include_str!("../../templates/link/problem.html")),
];

/// The templates of the link pages.
#[derive(Clone)]
pub(crate) struct Pages(Arc<Environment<'static>>);

impl Pages {
    pub(crate) fn new() -> Self {
        let mut environment = Environment::new();
        for (name, text) in TEMPLATES {
            // OK because the templates are part of the program and every test of a page parses them.
            #[expect(clippy::expect_used, reason = "the templates are constants that tests render")]
            environment.add_template(name, text).expect("a template is well-formed");
        }
        Self(Arc::new(environment))
    }

    /// A page with the headers that every page of this server has.
    pub(crate) fn render(&self, status: StatusCode, template: &str, values: Value) -> Response {
        let text = self.0.get_template(template).and_then(|template| template.render(values));
        let mut response = match text {
            Ok(text) => (status, Html(text)).into_response(),
            Err(error) => {
                tracing::error!(template, %error, "a page could not be rendered");
                (StatusCode::INTERNAL_SERVER_ERROR, "This page could not be shown.").into_response()
            }
        };
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(
                "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'",
            ),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }

    /// The page of a problem: what happened and what to do next.
    fn problem(&self, vendor: &str, problem: &LinkProblem, link_token: Option<&str>) -> Response {
        if let LinkProblem::Callback(CallbackProblem::Internal(error)) = problem {
            tracing::error!(%error, "linking failed");
        }
        let words = words::of(problem, vendor);
        let retry = link_token.filter(|_| words.may_retry).map(|token| format!("/link/{token}"));
        self.render(
            words.status,
            "link/problem.html",
            context! {
                heading => words.heading,
                what => words.what,
                next => words.next,
                retry_path => retry,
                code => problem.code(),
            },
        )
    }
}

/// The style sheet of the pages.
pub(crate) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../../static/link.css"))
        .into_response()
}

/// The script that tells the page that opened a link page how it ended.
pub(crate) async fn script() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("../../static/link.js"))
        .into_response()
}
