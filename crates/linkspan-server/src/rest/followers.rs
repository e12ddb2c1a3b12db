//! Followers: programs whose place in the change feed is kept here.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use linkspan_engine::feed::{FollowFrom, Follower};
use linkspan_model::ids::LinkedAccountId;

use super::changes::{models, position};
use crate::App;
use crate::extract::{Segment, Vendor};
use crate::problem::ApiError;
use crate::wire::Time;
use crate::wire::changes::{Acknowledgement, FollowerList, FollowerRequest, FollowerRow};

/// Lists the followers of the change feed.
#[utoipa::path(
    get,
    path = "/followers",
    operation_id = "followers_list",
    tag = "changes",
    responses(
        (status = 200, description = "Every follower, by name", body = FollowerList),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn list_followers(
    State(app): State<App>,
    _: Vendor,
) -> Result<Json<FollowerList>, ApiError> {
    let end = app.engine.feed_horizon().await?;
    let results = app.engine.followers().await?.into_iter().map(|follower| row(follower, end)).collect();
    Ok(Json(FollowerList { results }))
}

/// Shows a follower and how far it has come.
#[utoipa::path(
    get,
    path = "/followers/{name}",
    operation_id = "followers_retrieve",
    tag = "changes",
    params(("name" = String, Path, description = "The follower")),
    responses(
        (status = 200, description = "The follower", body = FollowerRow),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such follower", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn retrieve_follower(
    State(app): State<App>,
    _: Vendor,
    Segment(name): Segment,
) -> Result<Json<FollowerRow>, ApiError> {
    let follower = app.engine.follower(&name).await?.ok_or_else(ApiError::not_found)?;
    shown(&app, follower).await
}

/// Makes a follower, changes what it sees, or puts it elsewhere in the feed.
#[utoipa::path(
    put,
    path = "/followers/{name}",
    operation_id = "followers_update",
    tag = "changes",
    params(("name" = String, Path, description = "1 to 64 letters, digits, `-`, `_` and `.`")),
    request_body = FollowerRequest,
    responses(
        (status = 200, description = "The follower as it is now", body = FollowerRow),
        (status = 400, description = "The body is wrong, or there are too many", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn put_follower(
    State(app): State<App>,
    _: Vendor,
    Segment(name): Segment,
    body: Result<Json<FollowerRequest>, JsonRejection>,
) -> Result<Json<FollowerRow>, ApiError> {
    let Json(body) = body.map_err(|rejection| ApiError::bad_request(rejection.body_text()))?;
    let from = match body.from.as_deref() {
        None => FollowFrom::Here,
        Some("beginning") => FollowFrom::Beginning,
        Some("now") => FollowFrom::Now,
        Some(text) => FollowFrom::Position(position("from", text)?),
    };
    let account = body.linked_account_id.map(LinkedAccountId);
    let follower = app.engine.put_follower(&name, account, models(&body.models)?, from).await?;
    shown(&app, follower).await
}

/// Notes that a follower has dealt with everything up to a position. A position that it has passed already changes nothing.
#[utoipa::path(
    post,
    path = "/followers/{name}/acknowledge",
    operation_id = "followers_acknowledge",
    tag = "changes",
    params(("name" = String, Path, description = "The follower")),
    request_body = Acknowledgement,
    responses(
        (status = 200, description = "The follower as it is now", body = FollowerRow),
        (status = 400, description = "The position is none that the feed has reached", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such follower", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn acknowledge_changes(
    State(app): State<App>,
    _: Vendor,
    Segment(name): Segment,
    body: Result<Json<Acknowledgement>, JsonRejection>,
) -> Result<Json<FollowerRow>, ApiError> {
    let Json(body) = body.map_err(|rejection| ApiError::bad_request(rejection.body_text()))?;
    let position = position("position", &body.position)?;
    let follower = app.engine.acknowledge_changes(&name, position).await?;
    shown(&app, follower).await
}

/// Forgets a follower.
#[utoipa::path(
    delete,
    path = "/followers/{name}",
    operation_id = "followers_destroy",
    tag = "changes",
    params(("name" = String, Path, description = "The follower")),
    responses(
        (status = 204, description = "Forgotten"),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such follower", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn delete_follower(
    State(app): State<App>,
    _: Vendor,
    Segment(name): Segment,
) -> Result<StatusCode, ApiError> {
    if app.engine.delete_follower(&name).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found())
    }
}

async fn shown(app: &App, follower: Follower) -> Result<Json<FollowerRow>, ApiError> {
    Ok(Json(row(follower, app.engine.feed_horizon().await?)))
}

fn row(follower: Follower, end: i64) -> FollowerRow {
    FollowerRow {
        name: follower.name,
        linked_account_id: follower.account,
        models: follower.models.iter().map(ToString::to_string).collect(),
        position: follower.position.to_string(),
        end: end.to_string(),
        created_at: Time(follower.created_at),
        acknowledged_at: follower.acknowledged_at.map(Time),
    }
}
