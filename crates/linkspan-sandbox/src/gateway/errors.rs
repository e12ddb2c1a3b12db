//! The error bodies of each product and of the gateway (`atlassian-platform.md` 1.12, `atlassian-endpoints.md` 1).

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Map, Value, json};

/// Jira platform and Agile: `{"errorMessages":[…],"errors":{}}`.
pub fn jira_error(status: StatusCode, message: impl Into<String>) -> Response {
    jira_errors(status, vec![message.into()], Map::new())
}

/// Jira platform and Agile, about one field: `{"errorMessages":[],"errors":{"field":"…"}}`.
pub fn jira_field_error(status: StatusCode, field: &str, message: impl Into<String>) -> Response {
    let mut errors = Map::new();
    errors.insert(field.to_owned(), Value::String(message.into()));
    jira_errors(status, Vec::new(), errors)
}

/// Jira platform and Agile, both members given.
pub fn jira_errors(status: StatusCode, messages: Vec<String>, errors: Map<String, Value>) -> Response {
    let mut body = Map::new();
    body.insert("errorMessages".to_owned(), Value::from(messages));
    body.insert("errors".to_owned(), Value::Object(errors));
    (status, Json(body)).into_response()
}

/// Confluence v2: `{"errors":[{"status":404,"code":"NOT_FOUND","title":"Not Found","detail":null}]}`.
///
/// The code is the status's name in upper snake case (`NOT_FOUND`, `BAD_REQUEST` …).
pub fn confluence_v2_error(status: StatusCode, title: &str, detail: Option<&str>) -> Response {
    let code = status.canonical_reason().unwrap_or("ERROR").to_uppercase().replace([' ', '-'], "_");
    let error = json!({ "status": status.as_u16(), "code": code, "title": title, "detail": detail });
    (status, Json(json!({ "errors": [error] }))).into_response()
}

/// Confluence v1: `{"statusCode":404,"data":{…},"message":"…"}`; the data says that the caller was authorised.
pub fn confluence_v1_error(status: StatusCode, message: &str) -> Response {
    let data = json!({ "authorized": status != StatusCode::FORBIDDEN, "valid": true, "errors": [], "successful": status == StatusCode::GONE });
    (status, Json(json!({ "statusCode": status.as_u16(), "data": data, "message": message }))).into_response()
}

/// Jira Service Management: `{"errorMessage":"…","i18nErrorMessage":{"i18nKey":"…","parameters":[]}}`.
pub fn jsm_error(status: StatusCode, key: &str, message: &str) -> Response {
    let i18n = json!({ "i18nKey": key, "parameters": [] });
    (status, Json(json!({ "errorMessage": message, "i18nErrorMessage": i18n }))).into_response()
}

/// The gateway itself: `{"code":401,"message":"Unauthorized; scope does not match"}`.
pub fn gateway_error(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "code": status.as_u16(), "message": message }))).into_response()
}
