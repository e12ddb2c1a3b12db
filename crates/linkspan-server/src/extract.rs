//! Who is calling: holding one of these values is the permission.

use axum::extract::{FromRequestParts, Path};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use linkspan_engine::{AccountScope, EngineError};
use linkspan_model::product::Category;
use linkspan_model::secret::Secret;

use crate::App;
use crate::problem::ApiError;

/// The header that names the linked account.
const ACCOUNT_TOKEN: &str = "X-Account-Token";

/// The one variable part of a path. What cannot be read as text names nothing that exists.
pub(crate) struct Segment(pub(crate) String);

impl FromRequestParts<App> for Segment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let path = Path::<String>::from_request_parts(parts, app).await;
        path.map(|Path(text)| Self(text)).map_err(|_| ApiError::not_found())
    }
}

/// The caller holds this key of this server.
pub(crate) struct Vendor(Secret);

impl Vendor {
    /// Whether the key is still one: what stays open for long asks again.
    pub(crate) async fn is_one(&self, app: &App) -> bool {
        matches!(app.engine.key_holder(&self.0).await, Ok(Some(_)))
    }
}

impl FromRequestParts<App> for Vendor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let key = bearer(&parts.headers)
            .ok_or_else(|| ApiError::unauthorized("Send your API key as `Authorization: Bearer KEY`."))?;
        match app.engine.key_holder(&key).await.map_err(ApiError::from)? {
            Some(_) => Ok(Self(key)),
            None => Err(ApiError::unauthorized("The API key is unknown or revoked.")),
        }
    }
}

/// The caller holds a key of this server and the token of a linked account.
pub(crate) struct Account(pub(crate) AccountScope);

impl FromRequestParts<App> for Account {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        Vendor::from_request_parts(parts, app).await?;
        let token = parts
            .headers
            .get(ACCOUNT_TOKEN)
            .and_then(|value| value.to_str().ok())
            .map(|text| Secret::new(text.trim()))
            .ok_or_else(|| {
                ApiError::unauthorized("Send the linked account's token as `X-Account-Token: TOKEN`.")
            })?;
        let scope = app.engine.account_scope(&token).await.map_err(ApiError::from)?;
        scope.map(Self).ok_or_else(|| ApiError::unauthorized("The account token is unknown."))
    }
}

impl Account {
    /// The scope, if the account's records are served under this category.
    pub(crate) fn within(self, category: Category) -> Result<AccountScope, ApiError> {
        let integration = self.0.account().integration;
        if integration.category() == category {
            Ok(self.0)
        } else {
            Err(ApiError::unauthorized(format!(
                "The account token belongs to {}, whose records are served under /{}/v1.",
                integration.display_name(),
                integration.category()
            )))
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(token.trim()))
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Invalid(detail) => Self::bad_request(detail),
            EngineError::NotFound => Self::not_found(),
            EngineError::Grant(error) => Self::of_grant(&error, error.to_string()),
            error if error.is_transient() => {
                tracing::warn!(%error, "busy");
                Self::unavailable("Busy for a moment; try again.")
            }
            error => {
                tracing::error!(%error, "a request failed");
                Self::internal()
            }
        }
    }
}
