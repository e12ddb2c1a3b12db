//! What can stop a person on the way.

use crate::error::EngineError;

/// Why a person did not prove who they are. Each has a page of its own that says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum IdentityProblem {
    /// The token was never given out.
    #[error("unknown identity token")]
    UnknownToken,
    /// The token's time is over.
    #[error("the identity token has expired")]
    TokenExpired,
    /// The token was used before.
    #[error("the identity token was used already")]
    TokenUsed,
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
    /// The consent does not let the account be asked for.
    #[error("missing scope: read:me")]
    MissingScope,
    /// Atlassian told no account id that can be trusted.
    #[error("Atlassian told no account")]
    NoAccount,
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

impl IdentityProblem {
    /// A stable word for it: part of the contract with pages and programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownToken => "unknown_link",
            Self::TokenExpired => "link_expired",
            Self::TokenUsed => "link_used",
            Self::UnknownState => "unknown_state",
            Self::OtherBrowser => "other_browser",
            Self::StateExpired => "state_expired",
            Self::Declined => "declined",
            Self::AtlassianError(_) => "atlassian_error",
            Self::CodeRefused => "code_refused",
            Self::MissingScope => "missing_scopes",
            Self::NoAccount => "no_account",
            Self::AppRefused => "app_refused",
            Self::NoApp => "no_app",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }
}

impl From<linkspan_store::StoreError> for IdentityProblem {
    fn from(error: linkspan_store::StoreError) -> Self {
        Self::Internal(error.into())
    }
}
