//! Where Jira delivers what changed. Nothing here waits for anything but the database.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use linkspan_engine::live::{DeliveryHeaders, DeliveryProblem, Taken};
use tokio::sync::Semaphore;

use crate::App;
use crate::extract::Segment;
use crate::problem::ApiError;

/// The largest delivery: upstream drops larger ones itself (`atlassian-platform.md` 4.7).
pub(crate) const BODY_CAP: usize = 25 << 20;
/// Deliveries held in memory at a time, in [`UNIT`]s.
const IN_MEMORY: usize = 2_048;
/// What one permit stands for, in bytes.
const UNIT: usize = 64 << 10;

/// How long a delivery may take to come: upstream sends it at once.
const BODY_TIME: Duration = Duration::from_secs(10);

/// The room for deliveries that are being read.
#[derive(Clone)]
pub(crate) struct DeliveryRoom(Arc<Semaphore>);

impl DeliveryRoom {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(IN_MEMORY)))
    }
}

/// Takes a delivery in. Answers 200 once nothing of it can be lost; a status at which upstream sends it again where that helps.
pub(crate) async fn take(
    State(app): State<App>,
    Segment(id): Segment,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let authorization = text(header::AUTHORIZATION.as_str());
    // Before anything is held for it: whoever cannot prove where it comes from takes no room.
    if let Err(problem) = app.engine.check_delivery(&id, authorization).await {
        return Err(refusal(problem));
    }
    let length = text("content-length").and_then(|text| text.parse::<usize>().ok()).unwrap_or(BODY_CAP);
    if length > BODY_CAP {
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "A delivery has 25 MB at most."));
    }
    let units = u32::try_from(length / UNIT + 1).unwrap_or(u32::MAX);
    let _room = app.deliveries.0.try_acquire_many(units).map_err(|_| overloaded())?;
    let body = tokio::time::timeout(BODY_TIME, to_bytes(body, length))
        .await
        .map_err(|_| ApiError::new(StatusCode::REQUEST_TIMEOUT, "The body did not come in time."))?
        .map_err(|_| ApiError::bad_request("The body is longer than it was told to be, or broke off."))?;
    let told = DeliveryHeaders { authorization, identifier: text("x-atlassian-webhook-identifier") };
    match app.engine.take_delivery(&id, told, &body).await {
        Ok(Taken::Enqueued | Taken::Repeated | Taken::NotForUs) => Ok(StatusCode::OK.into_response()),
        Err(problem) => Err(refusal(problem)),
    }
}

fn refusal(problem: DeliveryProblem) -> ApiError {
    match problem {
        DeliveryProblem::UnknownApp => ApiError::not_found(),
        DeliveryProblem::Unproved(_) | DeliveryProblem::Refused(_) => {
            ApiError::unauthorized(format!("{problem}."))
        }
        DeliveryProblem::Malformed => ApiError::bad_request(format!("{problem}.")),
        DeliveryProblem::Overloaded => overloaded(),
        DeliveryProblem::Engine(error) => error.into(),
    }
}

fn overloaded() -> ApiError {
    ApiError::unavailable("Too many deliveries wait; send it again.")
}
