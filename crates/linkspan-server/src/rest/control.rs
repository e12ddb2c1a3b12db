//! Pausing, resuming and reading sources anew.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use linkspan_engine::control::{ControlChange, SourceControl};
use linkspan_model::ids::SourceId;

use super::status::rows;
use crate::App;
use crate::extract::{Account, Segment, Vendor};
use crate::problem::ApiError;
use crate::wire::Time;
use crate::wire::account::SyncStatus;
use crate::wire::control::{ResyncRequest, SourceControlRequest, SourceControlRow};

/// Shows what is wanted of the reading of a source.
#[utoipa::path(
    get,
    path = "/sources/{id}/control",
    operation_id = "sources_control_retrieve",
    tag = "sources",
    params(("id" = uuid::Uuid, Path, description = "The source")),
    responses(
        (status = 200, description = "What is wanted", body = SourceControlRow),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such source", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn retrieve_control(
    State(app): State<App>,
    _: Vendor,
    Segment(id): Segment,
) -> Result<Json<SourceControlRow>, ApiError> {
    Ok(Json(row(app.engine.source_control(source(&id)?).await?)))
}

/// Pauses or resumes a source, and says how often and with what weight it is read. A source that is paused stops at its next
/// safe point and goes on from there; what upstream tells meanwhile is kept.
#[utoipa::path(
    patch,
    path = "/sources/{id}/control",
    operation_id = "sources_control_update",
    tag = "sources",
    params(("id" = uuid::Uuid, Path, description = "The source")),
    request_body = SourceControlRequest,
    responses(
        (status = 200, description = "What is wanted now", body = SourceControlRow),
        (status = 400, description = "The body is wrong", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such source", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn update_control(
    State(app): State<App>,
    _: Vendor,
    Segment(id): Segment,
    body: Result<Json<SourceControlRequest>, JsonRejection>,
) -> Result<Json<SourceControlRow>, ApiError> {
    let Json(body) = body.map_err(|rejection| ApiError::bad_request(rejection.body_text()))?;
    let change = ControlChange {
        paused: body.paused,
        weight: body.priority,
        sync_every: body.sync_every_seconds,
        schedules: body.schedules,
    };
    Ok(Json(row(app.engine.control_source(source(&id)?, &change).await?)))
}

/// Reads a source for changes without waiting for its time.
#[utoipa::path(
    post,
    path = "/sources/{id}/sync",
    operation_id = "sources_sync",
    tag = "sources",
    params(("id" = uuid::Uuid, Path, description = "The source")),
    responses(
        (status = 202, description = "It is read as soon as there is a place, and one that is paused once it is resumed"),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such source", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn sync_now(
    State(app): State<App>,
    _: Vendor,
    Segment(id): Segment,
) -> Result<StatusCode, ApiError> {
    app.engine.read_soon(source(&id)?).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Reads a source anew, or one stream of it. What is the same as what is stored makes no change; ids stay.
#[utoipa::path(
    post,
    path = "/sources/{id}/resync",
    operation_id = "sources_resync",
    tag = "sources",
    params(("id" = uuid::Uuid, Path, description = "The source")),
    request_body = ResyncRequest,
    responses(
        (status = 202, description = "It is read anew as soon as there is a place, and one that is paused once it is resumed"),
        (status = 400, description = "The body is wrong", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such source, or no such stream of it", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn resync(
    State(app): State<App>,
    _: Vendor,
    Segment(id): Segment,
    body: Result<Json<ResyncRequest>, JsonRejection>,
) -> Result<StatusCode, ApiError> {
    let Json(body) = body.map_err(|rejection| ApiError::bad_request(rejection.body_text()))?;
    app.engine.read_anew(source(&id)?, body.stream.as_deref()).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Reads everything of the linked account's source anew; gives how fresh each model is.
#[utoipa::path(
    post,
    path = "/sync-status/resync",
    operation_id = "sync_status_resync",
    tag = "accounts",
    params(("X-Account-Token" = String, Header, description = "Token of the linked account")),
    responses(
        (status = 200, description = "The statuses", body = Vec<SyncStatus>),
        (status = 401, description = "Key or account token is wrong", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn resync_account(
    State(app): State<App>,
    Account(scope): Account,
) -> Result<Json<Vec<SyncStatus>>, ApiError> {
    app.engine.read_anew(scope.source().id, None).await?;
    Ok(Json(rows(&app, &scope).await?))
}

fn source(text: &str) -> Result<SourceId, ApiError> {
    text.parse().map_err(|_| ApiError::not_found())
}

fn row(control: SourceControl) -> SourceControlRow {
    SourceControlRow {
        paused: control.paused_at.is_some(),
        paused_at: control.paused_at.map(Time),
        priority: control.weight,
        sync_every_seconds: control.sync_every,
        schedules: control.schedules,
    }
}
