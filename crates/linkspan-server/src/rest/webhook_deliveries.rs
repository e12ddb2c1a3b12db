//! What was sent to webhook endpoints, and sending it again.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use linkspan_engine::webhooks::{Attempt, Delivery, DeliveryFilter, ReplayRange};
use linkspan_model::ids::DeliveryId;
use uuid::Uuid;

use super::webhooks::{body, endpoint_id};
use crate::App;
use crate::extract::{Segment, Vendor};
use crate::params::Params;
use crate::problem::ApiError;
use crate::wire::Time;
use crate::wire::page::Page;
use crate::wire::webhooks::{
    WebhookAttempt, WebhookDelivery, WebhookDeliveryDetails, WebhookReplay, WebhookReplayRequest,
};

pub(super) fn shown(delivery: Delivery) -> WebhookDelivery {
    WebhookDelivery {
        id: delivery.id.0,
        webhook_endpoint_id: delivery.endpoint.0,
        event_id: delivery.event_id.0,
        event: delivery.event,
        position: delivery.position.to_string(),
        linked_account_id: delivery.account.map(|account| account.0),
        record_id: delivery.record.map(|record| record.0),
        state: delivery.state.as_str().to_owned(),
        attempts: delivery.attempts,
        due_at: delivery.due_at.map(Time),
        reason: delivery.reason,
        happened_at: Time(delivery.happened_at),
        created_at: Time(delivery.created_at),
        finished_at: delivery.finished_at.map(Time),
    }
}

fn attempt_shown(attempt: Attempt) -> WebhookAttempt {
    WebhookAttempt {
        no: attempt.no,
        at: Time(attempt.at),
        duration_ms: attempt.duration_ms,
        outcome: attempt.outcome,
        status: attempt.status,
        error: attempt.error,
        response: attempt.response,
    }
}

fn delivery_id(text: &str) -> Result<DeliveryId, ApiError> {
    text.parse().map_err(|_| ApiError::not_found())
}

fn cursor(last: &Delivery) -> String {
    let mut bytes = last.position.to_be_bytes().to_vec();
    bytes.extend(last.id.0.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read_cursor(text: &str) -> Result<(i64, DeliveryId), ApiError> {
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (position, id) = bytes.split_at_checked(8)?;
        Some((i64::from_be_bytes(position.try_into().ok()?), DeliveryId(Uuid::from_slice(id).ok()?)))
    };
    read().ok_or_else(|| ApiError::bad_request("`cursor` is not one that this server gave out."))
}

/// Lists deliveries to a webhook endpoint, newest first. They are kept for 14 days.
#[utoipa::path(
    get,
    path = "/webhook-endpoints/{id}/deliveries",
    operation_id = "webhook_endpoints_deliveries_list",
    tag = "webhooks",
    params(
        ("id" = Uuid, Path, description = "The endpoint"),
        ("state" = Option<String>, Query, description = "`pending`, `delivered`, `failed`, `missed` or `dropped`"),
        ("event" = Option<String>, Query, description = "Only of this event, by its name in the endpoint's format"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("page_size" = Option<i64>, Query, description = "Deliveries in a page: 1 to 100, default 30"),
    ),
    responses(
        (status = 200, description = "A page", body = Page<WebhookDelivery>),
        (status = 400, description = "A parameter is wrong", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such endpoint", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn list_webhook_deliveries(
    State(app): State<App>,
    _: Vendor,
    Segment(id): Segment,
    params: Params,
) -> Result<Json<Page<WebhookDelivery>>, ApiError> {
    let state = params
        .text("state")
        .map(str::parse)
        .transpose()
        .map_err(|error| ApiError::bad_request(format!("`state`: {error}")))?;
    let filter = DeliveryFilter { state, event: params.text("event").map(str::to_owned) };
    let before = params.text("cursor").map(read_cursor).transpose()?;
    let page_size = params.page_size()?;
    // One more than asked for tells whether there is more.
    let limit = u32::try_from(page_size + 1).unwrap_or(u32::MAX);
    let mut deliveries = app.engine.webhook_deliveries(endpoint_id(&id)?, &filter, before, limit).await?;
    let has_more = deliveries.len() > page_size;
    deliveries.truncate(page_size);
    let next = deliveries.last().filter(|_| has_more).map(cursor);
    Ok(Json(Page { next, previous: None, results: deliveries.into_iter().map(shown).collect() }))
}

/// Describes a delivery, with its attempts and what the endpoint answered.
#[utoipa::path(
    get,
    path = "/webhook-deliveries/{id}",
    operation_id = "webhook_deliveries_retrieve",
    tag = "webhooks",
    params(("id" = Uuid, Path, description = "The delivery")),
    responses(
        (status = 200, description = "The delivery", body = WebhookDeliveryDetails),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such delivery", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn retrieve_webhook_delivery(
    State(app): State<App>,
    _: Vendor,
    Segment(id): Segment,
) -> Result<Json<WebhookDeliveryDetails>, ApiError> {
    let (delivery, attempts) = app.engine.webhook_delivery(delivery_id(&id)?).await?;
    Ok(Json(WebhookDeliveryDetails {
        delivery: shown(delivery),
        attempt_log: attempts.into_iter().map(attempt_shown).collect(),
    }))
}

/// Sends a delivery again, under the same event id.
#[utoipa::path(
    post,
    path = "/webhook-deliveries/{id}/replay",
    operation_id = "webhook_deliveries_replay",
    tag = "webhooks",
    params(("id" = Uuid, Path, description = "The delivery")),
    responses(
        (status = 202, description = "The delivery that is on its way", body = WebhookDelivery),
        (status = 400, description = "The endpoint is disabled", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such delivery", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn replay_webhook_delivery(
    State(app): State<App>,
    _: Vendor,
    Segment(id): Segment,
) -> Result<(StatusCode, Json<WebhookDelivery>), ApiError> {
    let delivery = app.engine.replay_webhook_delivery(delivery_id(&id)?).await?;
    Ok((StatusCode::ACCEPTED, Json(shown(delivery))))
}

/// Sends a range of what an endpoint got, or missed, again: under the same event ids, in the order of the feed.
#[utoipa::path(
    post,
    path = "/webhook-endpoints/{id}/replay",
    operation_id = "webhook_endpoints_replay",
    tag = "webhooks",
    params(("id" = Uuid, Path, description = "The endpoint")),
    request_body = WebhookReplayRequest,
    responses(
        (status = 202, description = "How many are on their way", body = WebhookReplay),
        (status = 400, description = "The range is none, or the endpoint is disabled", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such endpoint", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn replay_webhook_endpoint(
    State(app): State<App>,
    _: Vendor,
    Segment(id): Segment,
    request: Result<Json<WebhookReplayRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<WebhookReplay>), ApiError> {
    let request = body(request)?;
    if request.after.is_none() && request.since.is_none() {
        return Err(ApiError::bad_request("Give `after` (a position) or `since` (a time)."));
    }
    let after = request.after.as_deref().map(str::parse).transpose().map_err(|_| {
        ApiError::bad_request("`after` takes a `position`, as deliveries and bodies have it.")
    })?;
    let range = ReplayRange { after, since: request.since, until: request.until };
    let replayed = app.engine.replay_webhook_deliveries(endpoint_id(&id)?, range).await?;
    Ok((StatusCode::ACCEPTED, Json(WebhookReplay { replayed })))
}
