//! The vendor's OAuth apps, by integration.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use linkspan_engine::{AppCard, NewApp};
use linkspan_model::product::AppPurpose;

use crate::App;
use crate::extract::{Segment, Vendor};
use crate::problem::ApiError;
use crate::wire::apps::{OAuthApp, OAuthAppList, OAuthAppRequest};

/// Lists the OAuth apps that are registered.
#[utoipa::path(
    get,
    path = "/apps",
    operation_id = "apps_list",
    tag = "setup",
    responses(
        (status = 200, description = "Every app with what it serves", body = OAuthAppList),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn list_apps(State(app): State<App>, _: Vendor) -> Result<Json<OAuthAppList>, ApiError> {
    Ok(Json(OAuthAppList { results: app.engine.app_cards().await?.into_iter().map(shown).collect() }))
}

/// Describes the OAuth app that serves an integration by itself.
#[utoipa::path(
    get,
    path = "/apps/{integration}",
    operation_id = "apps_retrieve",
    tag = "setup",
    params(("integration" = String, Path, description = "`all`, the slug of an integration, or `identity`")),
    responses(
        (status = 200, description = "The app", body = OAuthApp),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "The integration has no app of its own", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn retrieve_app(
    State(app): State<App>,
    _: Vendor,
    Segment(integration): Segment,
) -> Result<Json<OAuthApp>, ApiError> {
    one(&app, purpose(&integration)?).await
}

/// Registers the OAuth app that serves an integration from now on, or replaces what is known of it.
#[utoipa::path(
    put,
    path = "/apps/{integration}",
    operation_id = "apps_update",
    tag = "setup",
    params(("integration" = String, Path, description = "`all`, the slug of an integration, or `identity`")),
    request_body = OAuthAppRequest,
    responses(
        (status = 200, description = "The app as it is registered now", body = OAuthApp),
        (status = 400, description = "The body is wrong", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such integration", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn register_app(
    State(app): State<App>,
    _: Vendor,
    Segment(integration): Segment,
    body: Result<Json<OAuthAppRequest>, JsonRejection>,
) -> Result<Json<OAuthApp>, ApiError> {
    let purpose = purpose(&integration)?;
    let Json(body) = body.map_err(|rejection| ApiError::bad_request(rejection.body_text()))?;
    let new = NewApp {
        client_id: body.client_id,
        client_secret: body.client_secret,
        redirect_uri: body.redirect_uri.unwrap_or_else(|| app.engine.callback_url()),
        name: purpose.display_name().to_owned(),
        scopes: body.scopes.unwrap_or_else(|| app.engine.usual_scopes(purpose)),
    };
    app.engine.assign_app(purpose, new).await?;
    one(&app, purpose).await
}

/// Removes the OAuth app of an integration: the app for all takes its place. Customers who linked through it stay linked.
#[utoipa::path(
    delete,
    path = "/apps/{integration}",
    operation_id = "apps_destroy",
    tag = "setup",
    params(("integration" = String, Path, description = "`all`, the slug of an integration, or `identity`")),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "The integration has no app of its own", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn remove_app(
    State(app): State<App>,
    _: Vendor,
    Segment(integration): Segment,
) -> Result<StatusCode, ApiError> {
    if app.engine.unassign_app(purpose(&integration)?).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found())
    }
}

fn purpose(word: &str) -> Result<AppPurpose, ApiError> {
    word.parse().map_err(|_| ApiError::not_found())
}

async fn one(app: &App, purpose: AppPurpose) -> Result<Json<OAuthApp>, ApiError> {
    let cards = app.engine.app_cards().await?;
    let card = cards.into_iter().find(|card| card.purpose == purpose).ok_or_else(ApiError::not_found)?;
    Ok(Json(shown(card)))
}

fn shown(card: AppCard) -> OAuthApp {
    OAuthApp {
        integration: card.purpose.as_str().to_owned(),
        client_id: card.client_id,
        client_secret_last_four: card.secret_last_four,
        redirect_uri: card.redirect_uri,
        scopes: card.scopes,
    }
}
