//! What can go wrong in a use case.

use linkspan_atlassian::error::CallError;
use linkspan_store::StoreError;
use linkspan_vault::VaultError;

use crate::tokens::GrantError;

/// Why a use case could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A sealed value could not be opened.
    #[error("{0}; was the server started with another master key than the data was written with?")]
    Vault(#[from] VaultError),
    /// Upstream gave no usable answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The grant gives no access token.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// The caller's input cannot be used; the text says what is wrong and what to do.
    #[error("{0}")]
    Invalid(String),
    /// There is no such thing, or it is not the caller's.
    #[error("not found")]
    NotFound,
    /// What has to be read first is not read yet; it is tried again.
    #[error("the first reading has not come so far yet")]
    NotReady,
    /// The work was told to stop; it goes on from its checkpoint next time.
    #[error("stopped")]
    Stopped,
    /// Too many calls wait for their turn already.
    #[error("too many calls to Atlassian wait for their turn; try again later")]
    Crowded,
    /// What was to be stored was fetched before an account in it was erased; it is fetched again next time.
    #[error("an account was erased while a page that names it was on its way: the page is read again")]
    Outdated,
    /// Another process took over the work.
    #[error("another process took over")]
    LeaseLost,
    /// An answer of upstream cannot be used as a whole.
    #[error(transparent)]
    Page(#[from] linkspan_atlassian::convert::PageProblem),
    /// A stored record cannot be read.
    #[error("a stored {model} cannot be read: {why}")]
    Unreadable {
        /// Its model.
        model: &'static str,
        /// What the reader said.
        why: String,
    },
}

impl EngineError {
    /// Whether the same call may succeed when it is made again after a moment.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Grant(error) => matches!(error, GrantError::Unavailable(_)),
            Self::Outdated | Self::Crowded => true,
            _ => false,
        }
    }
}
