//! The text of an article behind its signed URL.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use linkspan_model::ids::LinkedAccountId;
use linkspan_model::ids::RecordId;

use crate::App;
use crate::params::Params;
use crate::problem::ApiError;

/// Serves an article's HTML to whoever holds the signed URL. It is shown as a document of its own origin-less kind, so
/// that nothing in it could reach this server's pages.
pub(crate) async fn article_content(
    State(app): State<App>,
    Path((account, article)): Path<(String, String)>,
    params: Params,
) -> Result<Response, ApiError> {
    let (Ok(account), Ok(article)) = (account.parse::<LinkedAccountId>(), article.parse::<RecordId>()) else {
        return Err(ApiError::not_found());
    };
    let expires =
        params.text("expires").and_then(|text| text.parse().ok()).ok_or_else(ApiError::not_found)?;
    let signature = params.text("signature").ok_or_else(ApiError::not_found)?;
    let content = app.engine.article_content(account, article, expires, signature).await?;
    let content = content.ok_or_else(ApiError::not_found)?;
    let mut response = content.html.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; img-src https:; sandbox"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=300"));
    Ok(response)
}
