//! Confluence Cloud: REST API v2, what is left of v1, and CQL search.
//!
//! Both generations read through [`view`], which shows what the caller may see and nothing else, and write their answers
//! through [`json`] without an intermediate tree. What a request costs is reported with each answer; `atlassian-platform.md`
//! 5.2 puts pages, blog posts, spaces and attachments on the price list as core objects and users, groups and permission
//! rows as identity objects. It is silent on comments, labels, versions and search hits: comments, labels, versions and
//! restrictions cost the base point alone, and a search hit costs what the thing it finds costs.

mod answer;
mod body;
mod body_input;
pub mod cql;
mod edit;
mod index;
mod json;
mod links;
mod paging;
mod parameters;
mod search;
mod time;
mod v1;
mod v2;
mod view;
mod wiki;

use axum::body::{Body, to_bytes};
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};

use self::answer::Refusal;
pub(crate) use self::paging::FIRST_PAGE;
use crate::gateway::AppState;

/// Largest request body: an uploaded file with its envelope.
const MAXIMUM_BODY: usize = 32 * 1024 * 1024;

/// The routes of Confluence, with paths as on the site host: `/wiki/api/v2/…` and `/wiki/rest/api/…`.
pub fn router() -> Router<AppState> {
    Router::new()
        .nest("/wiki/api/v2", v2::router())
        .nest("/wiki/rest/api", v1::router())
        .nest("/wiki", v1::media_router())
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn(with_whole_body))
        .layer(Extension(index::Indexes::default()))
}

/// Reads a request's body whole before anything is answered: an answer that overtakes the body costs the client its
/// connection.
async fn with_whole_body(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match to_bytes(body, MAXIMUM_BODY).await {
        Ok(bytes) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(_) if parts.uri.path().starts_with("/wiki/rest/") => Refusal::too_large().into_v1(),
        Err(_) => Refusal::too_large().into_response(),
    }
}
