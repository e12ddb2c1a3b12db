//! Refusals of the Jira platform: a status and the body `{"errorMessages":[…],"errors":{…}}`.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Map, Value};

use crate::gateway::errors::jira_errors;

/// Why a request is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Status of the answer.
    pub(crate) status: StatusCode,
    /// `errorMessages`
    pub(crate) messages: Vec<String>,
    /// `errors`: field and sentence.
    pub(crate) errors: Vec<(String, String)>,
}

/// What a handler returns.
pub(crate) type Answer = Result<Response, Refusal>;

impl Refusal {
    /// A refusal with one sentence.
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, messages: vec![message.into()], errors: Vec::new() }
    }

    /// 400 with one sentence.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 400 about fields.
    pub(crate) fn fields(errors: Vec<(String, String)>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, messages: Vec::new(), errors }
    }

    /// 400 about one field.
    pub(crate) fn field(field: &str, message: impl Into<String>) -> Self {
        Self::fields(vec![(field.to_owned(), message.into())])
    }

    /// 400: the body is JSON but not what the operation takes.
    pub(crate) fn payload() -> Self {
        Self::bad_request("Invalid request payload. Refer to the REST API documentation and try again.")
    }

    /// 401: the operation needs somebody.
    pub(crate) fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Client must be authenticated to access this resource.")
    }

    /// 403: only administrators.
    pub(crate) fn not_admin() -> Self {
        Self::new(StatusCode::FORBIDDEN, "You do not have permission to perform this operation.")
    }

    /// 403 with one sentence.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    /// 404 with one sentence.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// 404 for an issue that is absent or invisible: the two answer alike.
    pub(crate) fn no_issue() -> Self {
        Self::not_found("Issue does not exist or you do not have permission to see it.")
    }

    /// 404 for a project that is absent or invisible.
    pub(crate) fn no_project(id_or_key: &str) -> Self {
        let kind = if id_or_key.bytes().all(|byte| byte.is_ascii_digit()) { "id" } else { "key" };
        Self::not_found(format!("No project could be found with {kind} '{id_or_key}'."))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let errors: Map<String, Value> =
            self.errors.into_iter().map(|(field, message)| (field, Value::String(message))).collect();
        jira_errors(self.status, self.messages, errors)
    }
}
