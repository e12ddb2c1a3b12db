//! Answers and refusals of both Confluence API generations.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use super::json::JsonWriter;
use crate::gateway::{Charge, charged};

/// What a handler returns.
pub(super) type Answer = Result<Response, Refusal>;

/// Why a request is not answered. Handlers of both generations raise it; [`Refusal::into_v1`] and the plain conversion
/// (v2) dress it in the error body of their generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    /// Absent or not visible: both look the same (`atlassian-platform.md` 1.12).
    pub(super) fn not_found() -> Self {
        Self { status: StatusCode::NOT_FOUND, code: "NOT_FOUND", message: String::new() }
    }

    /// A parameter of the wrong type or outside its range.
    pub(super) fn wrong_type(value: &str, parameter: &str, expected: &str) -> Self {
        let message = format!(
            "Provided value {{{value}}} for '{parameter}' is not the correct type. Expected type is {expected}"
        );
        Self { status: StatusCode::BAD_REQUEST, code: "INVALID_REQUEST_PARAMETER", message }
    }

    /// A request that cannot be understood or carried out.
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "BAD_REQUEST", message: message.into() }
    }

    /// The caller may see the thing but not do this to it.
    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self { status: StatusCode::FORBIDDEN, code: "FORBIDDEN", message: message.into() }
    }

    /// Somebody else was faster, or the new version number does not follow the current one.
    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self { status: StatusCode::CONFLICT, code: "CONFLICT", message: message.into() }
    }

    /// A request body of the wrong media type.
    pub(super) fn unsupported_media_type() -> Self {
        Self {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            code: "UNSUPPORTED_MEDIA_TYPE",
            message: "Unsupported Media Type".to_owned(),
        }
    }

    /// A request body above the bound.
    pub(super) fn too_large() -> Self {
        Self {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            code: "PAYLOAD_TOO_LARGE",
            message: "the request body is too large".to_owned(),
        }
    }

    /// The path exists, but not for this method.
    pub(super) fn method_not_allowed() -> Self {
        Self {
            status: StatusCode::METHOD_NOT_ALLOWED,
            code: "METHOD_NOT_ALLOWED",
            message: "Method Not Allowed".to_owned(),
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// The v1 error body: `{"statusCode":…,"data":{…},"message":"…"}`; messages carry the exception's class name.
    pub(super) fn into_v1(self) -> Response {
        let exception = match self.status {
            StatusCode::NOT_FOUND => "NotFoundException",
            StatusCode::FORBIDDEN => "PermissionException",
            StatusCode::CONFLICT => "ConflictException",
            _ => "BadRequestException",
        };
        let message = if self.message.is_empty() {
            "No content found or the user does not have permission to view it"
        } else {
            &self.message
        };
        v1_error(
            self.status,
            self.status != StatusCode::NOT_FOUND && self.status != StatusCode::FORBIDDEN,
            &format!("com.atlassian.confluence.api.service.exceptions.{exception}: {message}"),
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut json = JsonWriter::default();
        json.object(|json| {
            json.key("errors").array(|json| {
                json.object(|json| {
                    json.key("status").integer(i64::from(self.status.as_u16()));
                    json.key("code").string(self.code);
                    let title = if self.message.is_empty() { "Not Found" } else { &self.message };
                    json.key("title").string(title);
                    json.key("detail").null();
                });
            });
        });
        with_status(self.status, json)
    }
}

/// A v1 error body.
fn v1_error(status: StatusCode, authorized: bool, message: &str) -> Response {
    let mut json = JsonWriter::default();
    json.object(|json| {
        json.key("statusCode").integer(i64::from(status.as_u16()));
        json.key("data").object(|json| {
            json.key("authorized").boolean(authorized);
            json.key("valid").boolean(true);
            json.key("allowedInReadOnlyMode").boolean(true);
            json.key("errors").array(|_| ());
            json.key("successful").boolean(false);
        });
        json.key("message").string(message);
    });
    with_status(status, json)
}

/// The answer of endpoints removed from the OAuth gateway, word for word (`atlassian-platform.md` 1.12).
pub(super) fn gone() -> Response {
    let body = r#"{"statusCode":410,"data":{"authorized":true,"valid":true,"errors":[],"successful":true},"message":"com.atlassian.confluence.api.service.exceptions.pagesmodes.GoneException: This deprecated endpoint has been removed."}"#;
    (StatusCode::GONE, [(header::CONTENT_TYPE, JSON)], body).into_response()
}

/// The answer to an account without the product (`atlassian-platform.md` 1.11), word for word.
pub(super) fn product_not_permitted() -> Response {
    let body = r#"{"message":"Current user not permitted to use Confluence","statusCode":403}"#;
    (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, JSON)], body).into_response()
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A finished document with the price of what it holds.
pub(super) fn ok(json: JsonWriter, charge: Charge) -> Response {
    charged(with_status(StatusCode::OK, json), charge)
}

/// A finished document as the answer to a write.
pub(super) fn written(status: StatusCode, json: JsonWriter) -> Response {
    charged(with_status(status, json), Charge::WRITE)
}

/// A write that has nothing to return.
pub(super) fn no_content() -> Response {
    charged(StatusCode::NO_CONTENT, Charge::WRITE)
}

fn with_status(status: StatusCode, json: JsonWriter) -> Response {
    (status, [(header::CONTENT_TYPE, JSON)], json.into_bytes()).into_response()
}
