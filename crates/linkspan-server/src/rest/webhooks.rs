//! Webhook endpoints.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use linkspan_engine::webhooks::{
    EndpointChange, EndpointSettings, SecretExpiry, WebhookEndpoint as Endpoint, WebhookFormat,
};
use linkspan_model::ids::{LinkedAccountId, WebhookEndpointId};
use linkspan_model::product::Integration;
use uuid::Uuid;

use super::webhook_deliveries::shown as delivery_shown;
use crate::App;
use crate::extract::{Segment, Vendor};
use crate::problem::ApiError;
use crate::wire::Time;
use crate::wire::webhooks::{
    WebhookDelivery, WebhookEndpoint, WebhookEndpointCreated, WebhookEndpointList, WebhookEndpointPatch,
    WebhookEndpointRequest, WebhookSecretRotated, WebhookSecretRotation,
};

/// A body, or what is wrong with it.
pub(super) fn body<T>(body: Result<Json<T>, JsonRejection>) -> Result<T, ApiError> {
    body.map(|Json(body)| body).map_err(|rejection| ApiError::bad_request(rejection.body_text()))
}

pub(super) fn endpoint_id(text: &str) -> Result<WebhookEndpointId, ApiError> {
    text.parse().map_err(|_| ApiError::not_found())
}

fn integrations(words: Option<Vec<String>>) -> Result<Option<Vec<Integration>>, ApiError> {
    let parse = |word: &String| {
        word.parse().map_err(|error| ApiError::bad_request(format!("`integrations`: {error}")))
    };
    words.map(|words| words.iter().map(parse).collect()).transpose()
}

fn accounts(ids: Option<Vec<Uuid>>) -> Option<Vec<LinkedAccountId>> {
    ids.map(|ids| ids.into_iter().map(LinkedAccountId).collect())
}

fn shown(endpoint: Endpoint) -> WebhookEndpoint {
    let settings = endpoint.settings;
    WebhookEndpoint {
        id: endpoint.id.0,
        url: settings.url,
        description: settings.description,
        events: settings.events,
        linked_accounts: settings.accounts.map(|ids| ids.into_iter().map(|id| id.0).collect()),
        integrations: settings.integrations.map(|all| all.iter().map(ToString::to_string).collect()),
        format: settings.format.as_str().to_owned(),
        disabled: endpoint.disabled.is_some(),
        disabled_reason: endpoint.disabled.map(|(reason, _)| reason.as_str().to_owned()),
        disabled_at: endpoint.disabled.map(|(_, at)| Time(at)),
        failing_since: endpoint.failing_since.map(Time),
        created_at: Time(endpoint.created_at),
        modified_at: Time(endpoint.modified_at),
    }
}

/// Makes a webhook endpoint. It is told what happens from now on; its secret is shown only in this answer.
#[utoipa::path(
    post,
    path = "/webhook-endpoints",
    operation_id = "webhook_endpoints_create",
    tag = "webhooks",
    request_body = WebhookEndpointRequest,
    responses(
        (status = 201, description = "The endpoint, with its secret", body = WebhookEndpointCreated),
        (status = 400, description = "A setting is wrong, or there are too many endpoints", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn create_webhook_endpoint(
    State(app): State<App>,
    _: Vendor,
    request: Result<Json<WebhookEndpointRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<WebhookEndpointCreated>), ApiError> {
    let request = body(request)?;
    let format = match &request.format {
        Some(word) => word.parse().map_err(|error| ApiError::bad_request(format!("`format`: {error}")))?,
        None => WebhookFormat::Linkspan,
    };
    let settings = EndpointSettings {
        url: request.url,
        description: request.description,
        events: request.events.unwrap_or_else(|| vec!["*".to_owned()]),
        accounts: accounts(request.linked_accounts),
        integrations: integrations(request.integrations)?,
        format,
    };
    let created = app.engine.create_webhook_endpoint(settings, request.disabled).await?;
    let created = WebhookEndpointCreated {
        endpoint: shown(created.endpoint),
        secret: created.secret.expose().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(created)))
}

/// Lists the webhook endpoints.
#[utoipa::path(
    get,
    path = "/webhook-endpoints",
    operation_id = "webhook_endpoints_list",
    tag = "webhooks",
    responses(
        (status = 200, description = "Every endpoint, oldest first", body = WebhookEndpointList),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn list_webhook_endpoints(
    State(app): State<App>,
    _: Vendor,
) -> Result<Json<WebhookEndpointList>, ApiError> {
    let results = app.engine.webhook_endpoints().await?.into_iter().map(shown).collect();
    Ok(Json(WebhookEndpointList { results }))
}

/// Describes a webhook endpoint.
#[utoipa::path(
    get,
    path = "/webhook-endpoints/{id}",
    operation_id = "webhook_endpoints_retrieve",
    tag = "webhooks",
    params(("id" = Uuid, Path, description = "The endpoint")),
    responses(
        (status = 200, description = "The endpoint", body = WebhookEndpoint),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such endpoint", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn retrieve_webhook_endpoint(
    State(app): State<App>,
    _: Vendor,
    Segment(id): Segment,
) -> Result<Json<WebhookEndpoint>, ApiError> {
    Ok(Json(shown(app.engine.webhook_endpoint(endpoint_id(&id)?).await?)))
}

/// Changes a webhook endpoint. What is left out stays; the format cannot change.
#[utoipa::path(
    patch,
    path = "/webhook-endpoints/{id}",
    operation_id = "webhook_endpoints_partial_update",
    tag = "webhooks",
    params(("id" = Uuid, Path, description = "The endpoint")),
    request_body = WebhookEndpointPatch,
    responses(
        (status = 200, description = "The endpoint as it is now", body = WebhookEndpoint),
        (status = 400, description = "A setting is wrong", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such endpoint", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn update_webhook_endpoint(
    State(app): State<App>,
    _: Vendor,
    Segment(id): Segment,
    patch: Result<Json<WebhookEndpointPatch>, JsonRejection>,
) -> Result<Json<WebhookEndpoint>, ApiError> {
    let patch = body(patch)?;
    let change = EndpointChange {
        url: patch.url,
        description: patch.description,
        events: patch.events,
        accounts: patch.linked_accounts.map(accounts),
        integrations: patch.integrations.map(integrations).transpose()?,
        disabled: patch.disabled,
    };
    Ok(Json(shown(app.engine.update_webhook_endpoint(endpoint_id(&id)?, change).await?)))
}

/// Deletes a webhook endpoint with all that is on its way to it.
#[utoipa::path(
    delete,
    path = "/webhook-endpoints/{id}",
    operation_id = "webhook_endpoints_destroy",
    tag = "webhooks",
    params(("id" = Uuid, Path, description = "The endpoint")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such endpoint", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn delete_webhook_endpoint(
    State(app): State<App>,
    _: Vendor,
    Segment(id): Segment,
) -> Result<StatusCode, ApiError> {
    app.engine.delete_webhook_endpoint(endpoint_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a webhook endpoint a new secret. The former one signs beside it for a day.
#[utoipa::path(
    post,
    path = "/webhook-endpoints/{id}/rotate-secret",
    operation_id = "webhook_endpoints_rotate_secret",
    tag = "webhooks",
    params(("id" = Uuid, Path, description = "The endpoint")),
    request_body = Option<WebhookSecretRotation>,
    responses(
        (status = 200, description = "The new secret", body = WebhookSecretRotated),
        (status = 400, description = "Too many secrets sign already", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such endpoint", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn rotate_webhook_secret(
    State(app): State<App>,
    _: Vendor,
    Segment(id): Segment,
    bytes: axum::body::Bytes,
) -> Result<Json<WebhookSecretRotated>, ApiError> {
    let rotation: WebhookSecretRotation = if bytes.is_empty() {
        WebhookSecretRotation::default()
    } else {
        serde_json::from_slice(&bytes)
            .map_err(|error| ApiError::bad_request(format!("The body cannot be read: {error}")))?
    };
    let expiry = if rotation.expire_former_now { SecretExpiry::Now } else { SecretExpiry::AfterOverlap };
    let secret = app.engine.rotate_webhook_secret(endpoint_id(&id)?, expiry).await?;
    Ok(Json(WebhookSecretRotated { secret: secret.expose().to_owned() }))
}

/// Sends a test event to a webhook endpoint.
#[utoipa::path(
    post,
    path = "/webhook-endpoints/{id}/test",
    operation_id = "webhook_endpoints_test",
    tag = "webhooks",
    params(("id" = Uuid, Path, description = "The endpoint")),
    responses(
        (status = 202, description = "The delivery that is on its way", body = WebhookDelivery),
        (status = 400, description = "The endpoint is disabled", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such endpoint", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn test_webhook_endpoint(
    State(app): State<App>,
    _: Vendor,
    Segment(id): Segment,
) -> Result<(StatusCode, Json<WebhookDelivery>), ApiError> {
    let delivery = app.engine.test_webhook_endpoint(endpoint_id(&id)?).await?;
    Ok((StatusCode::ACCEPTED, Json(delivery_shown(delivery))))
}

/// Starts a disabled webhook endpoint again. What it missed can be replayed.
#[utoipa::path(
    post,
    path = "/webhook-endpoints/{id}/enable",
    operation_id = "webhook_endpoints_enable",
    tag = "webhooks",
    params(("id" = Uuid, Path, description = "The endpoint")),
    responses(
        (status = 200, description = "The endpoint as it is now", body = WebhookEndpoint),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such endpoint", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn enable_webhook_endpoint(
    State(app): State<App>,
    _: Vendor,
    Segment(id): Segment,
) -> Result<Json<WebhookEndpoint>, ApiError> {
    Ok(Json(shown(app.engine.enable_webhook_endpoint(endpoint_id(&id)?).await?)))
}
