//! The operations, by family.

mod attachments;
mod catalogue;
mod comment_writes;
mod comments;
mod issue_writes;
mod issues;
mod jql_tools;
mod link_writes;
mod people;
mod permissions;
mod projects;
mod search;
mod security;
mod site;
mod worklog_writes;
mod worklogs;

pub(super) use attachments::signed_address;

use std::sync::Arc;

use axum::{
    Extension, Router,
    routing::{get, put},
};
use http::StatusCode;

use super::{
    agile, jsm,
    refusal::{Answer, Refusal},
    search::Snapshots,
};
use crate::gateway::AppState;

/// All Jira APIs, with paths as on the site.
pub fn router() -> Router<AppState> {
    Router::new()
        .nest("/rest/api/3", platform())
        .nest("/rest/api/2", platform())
        .nest("/rest/agile/1.0", agile::routes().route("/issue/{issue}", get(issues::get_issue)))
        .nest("/rest/servicedeskapi", jsm::routes())
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
        .merge(issue_writes::routes())
        .merge(link_writes::routes())
        // Paths that are both read and written.
        .route("/issue/{issue}", get(issues::get_issue).put(issue_writes::edit).delete(issue_writes::delete))
        .route("/issue/{issue}/assignee", put(issue_writes::assign))
        .route("/issue/{issue}/transitions", get(issues::transitions).post(issue_writes::transition))
        .route(
            "/issue/{issue}/watchers",
            get(issues::watchers).post(link_writes::watch).delete(link_writes::unwatch),
        )
        .route("/issue/{issue}/votes", get(issues::votes))
        .route("/issue/{issue}/remotelink", get(issues::remote_links))
        .route("/issue/{issue}/properties", get(issues::properties))
        .route(
            "/issue/{issue}/properties/{key}",
            get(issues::property).put(issue_writes::set_property).delete(issue_writes::delete_property),
        )
        .route("/issue/{issue}/comment", get(comments::of_issue).post(comment_writes::add))
        .route(
            "/issue/{issue}/comment/{comment}",
            get(comments::one).put(comment_writes::edit).delete(comment_writes::delete),
        )
        .route("/issue/{issue}/worklog", get(worklogs::of_issue).post(worklog_writes::add))
        .route(
            "/issue/{issue}/worklog/{worklog}",
            get(worklogs::one).put(worklog_writes::edit).delete(worklog_writes::delete),
        )
        .route("/issueLink/{link}", get(issues::get_issue_link).delete(link_writes::unlink))
        .route("/attachment/{id}", get(attachments::metadata).delete(link_writes::delete_attachment))
}

/// What Jira has and this sandbox does not, or neither has.
async fn unknown() -> Answer {
    Err(Refusal::new(StatusCode::NOT_FOUND, "The requested resource does not exist."))
}
