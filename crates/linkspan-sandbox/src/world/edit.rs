//! What all changes share.

use super::ids::{AccountIndex, Millis};

/// When and by whom something is changed.
#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    /// World time.
    pub at: Millis,
    /// Who.
    pub by: AccountIndex,
}

/// Why a change cannot be made. Rights are not checked here: callers ask `access` first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The thing to be changed does not exist.
    #[error("{0} does not exist")]
    Missing(&'static str),
    /// A value that is named does not exist, or may not be used there.
    #[error("{0} cannot be used here")]
    Unusable(&'static str),
    /// The change would break a rule.
    #[error("{0}")]
    Refused(&'static str),
    /// The version the caller expects is not the next one.
    #[error("the present version is {present}, so the next is {next}", next = present + 1)]
    Conflict {
        /// Number of the present version.
        present: u32,
    },
}
