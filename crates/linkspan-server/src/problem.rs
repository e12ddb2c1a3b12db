//! Errors in the wire's shape: a status and `{"detail": "…"}` (`merge-wire.md` 3.5).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use linkspan_engine::GrantError;
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
    /// How large the file is whose part was asked for.
    content_range: Option<HeaderValue>,
}

impl ApiError {
    /// Any status, with what is wrong and what to do.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), retry_after_seconds: None, content_range: None }
    }

    /// 400: the request is wrong; `detail` names the part and the remedy.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 401: the key or the account token is missing, unknown or revoked.
    pub(crate) fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }

    /// 404: absent, or not the caller's; the two are not told apart.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found.")
    }

    /// 405: the path does not take this method.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "This path does not take this method.")
    }

    /// 503: busy for a moment.
    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self { retry_after_seconds: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
    }

    /// Why a grant gives no access token: 503 where that may pass by itself, 403 where somebody has to mend it.
    pub(crate) fn of_grant(error: &GrantError, detail: String) -> Self {
        tracing::warn!(%error, "a grant gives no access token");
        match error {
            GrantError::Unavailable(_) => Self::unavailable(detail),
            GrantError::NeedsRelink(_) | GrantError::Gone | GrantError::AppRefused => {
                Self::new(StatusCode::FORBIDDEN, detail)
            }
        }
    }

    /// 500: our fault; the caller learns no more than that, the log has the rest.
    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something went wrong here; the log has the details under this request's id.",
        )
    }

    /// Why a file is not served; `retry_after_seconds` where coming back can help.
    pub(crate) fn of_file(status: StatusCode, detail: String, retry_after_seconds: Option<u64>) -> Self {
        Self { retry_after_seconds, ..Self::new(status, detail) }
    }

    /// 416: the file has no such part; `content_range` says how large it is.
    pub(crate) fn range_not_satisfiable(content_range: HeaderValue) -> Self {
        let detail = "The file has no such part; Content-Range says how large it is.";
        Self { content_range: Some(content_range), ..Self::new(StatusCode::RANGE_NOT_SATISFIABLE, detail) }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(ProblemBody { detail: self.detail })).into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(range) = self.content_range {
            response.headers_mut().insert(header::CONTENT_RANGE, range);
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
