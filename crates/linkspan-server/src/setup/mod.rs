//! The set-up pages: the walk through the developer console, step by step, with what can be checked of each. They work
//! without JavaScript; a small script only copies texts.

mod choice;
mod handlers;
mod steps;
mod visitor;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use minijinja::{Value, context};

pub(crate) use self::handlers::{enter, leave, link, page, remove_app, save_app, show_entry};
pub(crate) use self::visitor::Visitor;
use crate::App;

/// As for every page of this server; besides, forms lead nowhere else, and nobody may frame the pages.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action \
                      'self'; frame-ancestors 'none'";

/// A page of the vendor's.
pub(crate) fn render(app: &App, status: StatusCode, template: &str, values: Value) -> Response {
    let mut response = app.pages.render(status, template, values);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

/// What the forms of a visitor carry, so that no other page can send them.
pub(crate) fn form_token(app: &App, visitor: &Visitor) -> String {
    app.engine.setup_form_token(&visitor.0).expose().to_owned()
}

/// A page that only says something.
fn said(app: &App, status: StatusCode, heading: &str, what: &str, next: &str, code: &str) -> Response {
    let values = context! {
        heading => heading, what => what, next => next, retry_path => Option::<&str>::None, code => code,
    };
    render(app, status, "link/problem.html", values)
}

/// The style sheet of the set-up pages, beside that of all pages.
pub(crate) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../../static/setup.css"))
        .into_response()
}

/// The script that copies texts.
pub(crate) async fn script() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("../../static/setup.js"))
        .into_response()
}
