//! Absence: why a record that was read is not in upstream's lists any more (hazard S13). The states look alike from
//! outside and mean different things to whoever holds a copy, so they are told apart and each can be left again.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::product::UnknownWord;

/// Why upstream does not list a record any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// Upstream no longer has it.
    Removed,
    /// It lies in upstream's trash, from which it can be restored.
    Trashed,
    /// It is archived. What was read of it stays, is served and is searched: an archive is there to be read.
    Archived,
    /// Upstream may well have it, but does not show it to the account behind the grant any more. Nobody gets to see it
    /// here; what was read of it is kept for a while, in case access comes back.
    LostAccess,
}

impl Absence {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Removed, Self::Trashed, Self::Archived, Self::LostAccess];

    /// The word in storage and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Trashed => "trashed",
            Self::Archived => "archived",
            Self::LostAccess => "lost_access",
        }
    }

    /// Whether such a record is out of lists unless deleted data is asked for. What is archived stays in.
    pub fn is_gone(self) -> bool {
        self != Self::Archived
    }

    /// Whether upstream deleted the record, for good or into its trash: what the wire calls `remote_was_deleted`.
    pub fn is_deletion(self) -> bool {
        matches!(self, Self::Removed | Self::Trashed)
    }
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Absence {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|absence| absence.as_str() == text).ok_or_else(|| UnknownWord {
            what: "absence",
            word: text.to_owned(),
            known: "removed, trashed, archived, lost_access",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s13_every_state_has_a_word_of_its_own() {
        for absence in Absence::ALL {
            assert_eq!(absence.as_str().parse::<Absence>().ok(), Some(absence));
        }
        assert!("gone".parse::<Absence>().is_err());
    }

    #[test]
    fn s13_only_what_upstream_deleted_is_called_deleted() {
        let deletions: Vec<_> = Absence::ALL.into_iter().filter(|absence| absence.is_deletion()).collect();
        assert_eq!(deletions, [Absence::Removed, Absence::Trashed]);
        assert!(!Absence::Archived.is_gone() && Absence::LostAccess.is_gone());
    }
}
