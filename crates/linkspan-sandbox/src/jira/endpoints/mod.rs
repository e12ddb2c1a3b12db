//! The operations, by family.

mod attachments;
mod catalogue;
mod comments;
mod issues;
mod jql_tools;
mod people;
mod permissions;
mod projects;
mod search;
mod security;
mod site;
mod worklogs;

use std::sync::Arc;

use axum::{Extension, Router, routing::get};
use http::StatusCode;

use super::{
    refusal::{Answer, Refusal},
    search::Snapshots,
};
use crate::gateway::AppState;

/// All Jira APIs, with paths as on the site.
pub fn router() -> Router<AppState> {
    Router::new()
        .nest("/rest/api/3", platform())
        .nest("/rest/api/2", platform())
        .merge(attachments::media_routes())
        .fallback(unknown)
        .layer(Extension(Arc::new(Snapshots::default())))
}

/// The platform: versions 2 and 3 have the same operations and differ in the form of rich text only.
fn platform() -> Router<AppState> {
    Router::new()
        .merge(search::routes())
        .merge(issues::routes())
        .merge(comments::routes())
        .merge(worklogs::routes())
        .merge(attachments::routes())
        .merge(projects::routes())
        .merge(people::routes())
        .merge(permissions::routes())
        .merge(security::routes())
        .merge(catalogue::routes())
        .merge(site::routes())
        // Reads that share their path with writes.
        .route("/issue/{issue}", get(issues::get_issue))
        .route("/issue/{issue}/transitions", get(issues::transitions))
        .route("/issue/{issue}/watchers", get(issues::watchers))
        .route("/issue/{issue}/votes", get(issues::votes))
        .route("/issue/{issue}/remotelink", get(issues::remote_links))
        .route("/issue/{issue}/properties", get(issues::properties))
        .route("/issue/{issue}/comment", get(comments::of_issue))
        .route("/issue/{issue}/comment/{comment}", get(comments::one))
        .route("/issue/{issue}/worklog", get(worklogs::of_issue))
        .route("/issue/{issue}/worklog/{worklog}", get(worklogs::one))
        .route("/issueLink/{link}", get(issues::get_issue_link))
        .route("/attachment/{id}", get(attachments::metadata))
}

/// What Jira has and this sandbox does not, or neither has.
async fn unknown() -> Answer {
    Err(Refusal::new(StatusCode::NOT_FOUND, "The requested resource does not exist."))
}
