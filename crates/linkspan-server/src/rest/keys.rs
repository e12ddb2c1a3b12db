//! API keys.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use linkspan_engine::{EngineError, IssuedKey};

use crate::App;
use crate::extract::Vendor;
use crate::problem::ApiError;
use crate::wire::account::{KeyRequest, RemoteKey};

/// The longest name of a key.
const NAME_CAP: usize = 100;

fn name(body: Result<Json<KeyRequest>, JsonRejection>) -> Result<String, ApiError> {
    let Json(body) = body.map_err(|rejection| ApiError::bad_request(rejection.body_text()))?;
    let name = body.name.trim();
    if name.is_empty() || name.len() > NAME_CAP {
        return Err(ApiError::bad_request(format!("`name` takes 1 to {NAME_CAP} characters.")));
    }
    Ok(name.to_owned())
}

fn shown(key: &IssuedKey) -> Json<RemoteKey> {
    Json(RemoteKey { name: key.name.clone(), key: key.key.expose().to_owned() })
}

/// Makes another API key.
#[utoipa::path(
    post,
    path = "/generate-key",
    operation_id = "generate_key_create",
    tag = "keys",
    request_body = KeyRequest,
    responses(
        (status = 200, description = "The key, shown only now", body = RemoteKey),
        (status = 400, description = "The body is wrong", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn generate_key(
    State(app): State<App>,
    _: Vendor,
    body: Result<Json<KeyRequest>, JsonRejection>,
) -> Result<Json<RemoteKey>, ApiError> {
    Ok(shown(&app.engine.create_api_key(&name(body)?).await?))
}

/// Replaces the API keys of a name; the old ones stop working at once.
#[utoipa::path(
    post,
    path = "/regenerate-key",
    operation_id = "regenerate_key_create",
    tag = "keys",
    request_body = KeyRequest,
    responses(
        (status = 200, description = "The key, shown only now", body = RemoteKey),
        (status = 400, description = "The body is wrong, or there is no such key", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn regenerate_key(
    State(app): State<App>,
    _: Vendor,
    body: Result<Json<KeyRequest>, JsonRejection>,
) -> Result<Json<RemoteKey>, ApiError> {
    match app.engine.regenerate_api_key(&name(body)?).await {
        Ok(key) => Ok(shown(&key)),
        Err(EngineError::NotFound) => Err(ApiError::bad_request("No API key has this `name`.")),
        Err(error) => Err(error.into()),
    }
}
