//! What can stop a customer on the way through the link page.

use linkspan_model::product::Integration;

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
    /// The callback's state was never given out, or was used before (hazard L9).
    #[error("unknown or used state")]
    UnknownState,
    /// The callback came to another browser than the one that started (hazard L9).
    #[error("the link was started in another browser")]
    OtherBrowser,
    /// The callback came too late.
    #[error("the consent took too long")]
    StateExpired,
    /// The customer said no at Atlassian.
    #[error("consent was declined")]
    Declined,
    /// Atlassian sent the customer back with another error.
    #[error("Atlassian answered with `{0}`")]
    AtlassianError(String),
    /// Atlassian refused the code of the callback.
    #[error("Atlassian refused the code")]
    CodeRefused,
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

impl LinkProblem {
    /// A stable word for it: part of the contract with the page that embeds the link page.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownLink => "unknown_link",
            Self::LinkExpired => "link_expired",
            Self::LinkUsed => "link_used",
            Self::NotOffered(_) => "not_offered",
            Self::UnknownState => "unknown_state",
            Self::OtherBrowser => "other_browser",
            Self::StateExpired => "state_expired",
            Self::Declined => "declined",
            Self::AtlassianError(_) => "atlassian_error",
            Self::CodeRefused => "code_refused",
            Self::NoRefreshToken => "no_refresh_token",
            Self::NoSite(_) => "no_site",
            Self::SiteNotCovered => "site_not_covered",
            Self::OtherSiteLinked { .. } => "other_site_linked",
            Self::MissingScopes(_) => "missing_scopes",
            Self::AppRefused => "app_refused",
            Self::NoApp => "no_app",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }
}

impl From<linkspan_store::StoreError> for LinkProblem {
    fn from(error: linkspan_store::StoreError) -> Self {
        Self::Internal(error.into())
    }
}
