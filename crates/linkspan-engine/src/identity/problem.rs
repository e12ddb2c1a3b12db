//! What can stop a person on the way.

use crate::callback::CallbackProblem;
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
    /// The consent does not let the account be asked for.
    #[error("missing scope: read:me")]
    MissingScope,
    /// Atlassian told no account id that can be trusted.
    #[error("Atlassian told no account")]
    NoAccount,
    /// The callback led to nothing.
    #[error(transparent)]
    Callback(#[from] CallbackProblem),
}

impl IdentityProblem {
    /// A stable word for it: part of the contract with pages and programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownToken => "unknown_link",
            Self::TokenExpired => "link_expired",
            Self::TokenUsed => "link_used",
            Self::MissingScope => "missing_scopes",
            Self::NoAccount => "no_account",
            Self::Callback(problem) => problem.code(),
        }
    }
}

impl From<linkspan_store::StoreError> for IdentityProblem {
    fn from(error: linkspan_store::StoreError) -> Self {
        Self::Callback(error.into())
    }
}

impl From<EngineError> for IdentityProblem {
    fn from(error: EngineError) -> Self {
        Self::Callback(error.into())
    }
}
