//! The operations, by family.

mod jql_tools;
mod search;

use std::sync::Arc;

use axum::{Extension, Router};

use super::search::Snapshots;
use crate::gateway::AppState;

/// All Jira APIs, with paths as on the site.
pub fn router() -> Router<AppState> {
    let platform = || Router::new().merge(search::routes());
    Router::new()
        .nest("/rest/api/3", platform())
        .nest("/rest/api/2", platform())
        .nest("/rest/api/latest", platform())
        .layer(Extension(Arc::new(Snapshots::default())))
}
