//! Request bodies: JSON with a JSON content type, or a precise refusal.

use axum::{
    Json as AxumJson,
    body::Bytes,
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::refusal::Refusal;

/// The body of a write or of a POST read.
#[derive(Debug)]
pub(crate) struct JsonBody(pub(crate) Value);

/// A body that was not taken.
#[derive(Debug)]
pub(crate) enum BodyRefusal {
    /// 415 as `application/problem+json`.
    MediaType(String),
    /// Everything else.
    Other(Refusal),
}

impl IntoResponse for BodyRefusal {
    fn into_response(self) -> Response {
        let path = match self {
            Self::MediaType(path) => path,
            Self::Other(refusal) => return refusal.into_response(),
        };
        let problem = json!({
            "type": "about:blank",
            "title": "Unsupported Media Type",
            "status": 415,
            "detail": "Content-Type is not supported. Use application/json.",
            "instance": path,
        });
        let mut response = (StatusCode::UNSUPPORTED_MEDIA_TYPE, AxumJson(problem)).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = BodyRefusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let kind =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_json = kind.split(';').next().is_some_and(|kind| {
            let kind = kind.trim().to_ascii_lowercase();
            kind == "application/json" || kind.ends_with("+json")
        });
        if !is_json {
            return Err(BodyRefusal::MediaType(request.uri().path().to_owned()));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|_| {
            BodyRefusal::Other(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "The request body is too large."))
        })?;
        let value = serde_json::from_slice(&bytes).map_err(|_| {
            BodyRefusal::Other(Refusal::bad_request(
                "There was an error parsing JSON. Check that your request body is valid.",
            ))
        })?;
        Ok(Self(value))
    }
}

impl JsonBody {
    /// The body as the operation's own type; unknown members and wrong types are refused where the type says so.
    pub(crate) fn read<T: DeserializeOwned>(self) -> Result<T, Refusal> {
        serde_json::from_value(self.0).map_err(|_| Refusal::payload())
    }
}
