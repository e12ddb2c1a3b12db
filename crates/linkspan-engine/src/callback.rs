//! What every consent ends with, whatever it is for: Atlassian's callback, and what can go wrong with it.

use linkspan_atlassian::error::CallError;
use linkspan_atlassian::oauth::TokenError;
use linkspan_model::secret::Secret;
use linkspan_store::{App, StoreError};
use url::Url;

use crate::error::EngineError;

/// A callback as it arrived.
#[derive(Debug)]
pub struct Callback {
    /// The OAuth state.
    pub state: Secret,
    /// The authorisation code.
    pub code: Option<Secret>,
    /// The error instead of a code.
    pub error: Option<String>,
    /// The secret from the browser's cookie.
    pub browser: Option<Secret>,
}

/// Why a callback led to nothing. Each has a page of its own that says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum CallbackProblem {
    /// The callback's state was never given out, or was used before (hazard L9).
    #[error("unknown or used state")]
    UnknownState,
    /// The callback came to another browser than the one that started (hazard L9).
    #[error("it was started in another browser")]
    OtherBrowser,
    /// The callback came too late.
    #[error("the consent took too long")]
    StateExpired,
    /// The person said no at Atlassian.
    #[error("consent was declined")]
    Declined,
    /// Atlassian sent the person back with another error.
    #[error("Atlassian answered with `{0}`")]
    AtlassianError(String),
    /// Atlassian refused the code of the callback.
    #[error("Atlassian refused the code")]
    CodeRefused,
    /// Atlassian refused the vendor's own client id and secret.
    #[error("the app's client id or secret was refused")]
    AppRefused,
    /// No app is registered on this server.
    #[error("no app is registered")]
    NoApp,
    /// Atlassian does not answer at the moment.
    #[error("Atlassian is unavailable: {0}")]
    Unavailable(String),
    /// Something failed here.
    #[error(transparent)]
    Internal(#[from] EngineError),
}

impl CallbackProblem {
    /// A stable word for it: part of the contract with pages and programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownState => "unknown_state",
            Self::OtherBrowser => "other_browser",
            Self::StateExpired => "state_expired",
            Self::Declined => "declined",
            Self::AtlassianError(_) => "atlassian_error",
            Self::CodeRefused => "code_refused",
            Self::AppRefused => "app_refused",
            Self::NoApp => "no_app",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// What a callback without a code says.
    pub(crate) fn without_code(error: Option<&str>) -> Self {
        match error {
            Some("access_denied") => Self::Declined,
            other => Self::AtlassianError(
                other.unwrap_or("neither a code nor an error").chars().take(100).collect(),
            ),
        }
    }
}

impl From<StoreError> for CallbackProblem {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

/// Why a code gave no tokens.
impl From<TokenError> for CallbackProblem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::CodeRefused { .. } | TokenError::GrantDead { .. } => Self::CodeRefused,
            TokenError::ClientRefused => Self::AppRefused,
            TokenError::RequestRefused { description } => Self::Internal(EngineError::Invalid(format!(
                "Atlassian refused the token request: {description}"
            ))),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// Why Atlassian did not answer what is asked right after a consent.
impl From<CallError> for CallbackProblem {
    fn from(error: CallError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// Where Atlassian sends people back to.
///
/// # Errors
/// When what is registered is no URL.
pub(crate) fn callback_url(app: &App) -> Result<Url, CallbackProblem> {
    Url::parse(&app.redirect_uri)
        .map_err(|error| EngineError::Invalid(format!("the app's callback URL is no URL: {error}")).into())
}
