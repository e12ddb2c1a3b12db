//! Errors in the wire's shape: a status and `{"detail": "…"}` (`merge-wire.md` 3.5).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemBody {
    /// What is wrong and what to do about it.
    pub detail: String,
}

/// An answer other than success.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    detail: String,
    retry_after_seconds: Option<u64>,
}

impl ApiError {
    /// 400: the request is wrong; `detail` names the part and the remedy.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, detail: detail.into(), retry_after_seconds: None }
    }

    /// Another status, with what is wrong and what to do.
    pub(crate) fn of(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), retry_after_seconds: None }
    }

    /// 401: the key or the account token is missing, unknown or revoked.
    pub(crate) fn unauthorized(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, detail: detail.into(), retry_after_seconds: None }
    }

    /// 404: absent, or not the caller's; the two are not told apart.
    pub(crate) fn not_found() -> Self {
        Self { status: StatusCode::NOT_FOUND, detail: "Not found.".to_owned(), retry_after_seconds: None }
    }

    /// 405: the path does not take this method.
    pub(crate) fn method_not_allowed() -> Self {
        let detail = "This path does not take this method.".to_owned();
        Self { status: StatusCode::METHOD_NOT_ALLOWED, detail, retry_after_seconds: None }
    }

    /// 503: busy for a moment.
    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, detail: detail.into(), retry_after_seconds: Some(1) }
    }

    /// 500: our fault; the caller learns no more than that, the log has the rest.
    pub(crate) fn internal() -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            detail: "Something went wrong here; the log has the details under this request's id.".to_owned(),
            retry_after_seconds: None,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(ProblemBody { detail: self.detail })).into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
