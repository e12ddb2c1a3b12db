//! What can stop a customer on the way through the link page.

use linkspan_model::product::Integration;

use crate::callback::CallbackProblem;
use crate::error::EngineError;

/// Why linking did not come about. Each has a page of its own that says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum LinkProblem {
    /// The link token was never given out.
    #[error("unknown link")]
    UnknownLink,
    /// The link token's time is over.
    #[error("the link has expired")]
    LinkExpired,
    /// The link was completed before; link tokens are for one use.
    #[error("the link was used already")]
    LinkUsed,
    /// The link does not offer what was chosen.
    #[error("this link does not offer {0}")]
    NotOffered(Integration),
    /// The tokens came without a refresh token, so the link would die within the hour (hazard L6).
    #[error("the grant has no refresh token")]
    NoRefreshToken,
    /// The consent covers no site that has the product.
    #[error("no site with {0}")]
    NoSite(Integration),
    /// The chosen site is not, or no longer, covered by the consent (hazard L7).
    #[error("the chosen site is not covered")]
    SiteNotCovered,
    /// The customer had linked another site; linking again must not mix two sites' data (hazard L8).
    #[error("another site is linked: {linked}")]
    OtherSiteLinked {
        /// The name of the site that is linked.
        linked: String,
    },
    /// The consent lacks scopes without which nothing can be read (hazard L12).
    #[error("missing scopes: {}", .0.join(" "))]
    MissingScopes(Vec<String>),
    /// The callback led to nothing.
    #[error(transparent)]
    Callback(#[from] CallbackProblem),
}

impl LinkProblem {
    /// A stable word for it: part of the contract with the page that embeds the link page.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownLink => "unknown_link",
            Self::LinkExpired => "link_expired",
            Self::LinkUsed => "link_used",
            Self::NotOffered(_) => "not_offered",
            Self::NoRefreshToken => "no_refresh_token",
            Self::NoSite(_) => "no_site",
            Self::SiteNotCovered => "site_not_covered",
            Self::OtherSiteLinked { .. } => "other_site_linked",
            Self::MissingScopes(_) => "missing_scopes",
            Self::Callback(problem) => problem.code(),
        }
    }
}

impl From<linkspan_store::StoreError> for LinkProblem {
    fn from(error: linkspan_store::StoreError) -> Self {
        Self::Callback(error.into())
    }
}

impl From<EngineError> for LinkProblem {
    fn from(error: EngineError) -> Self {
        Self::Callback(error.into())
    }
}
