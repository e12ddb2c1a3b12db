//! Events: what happened besides changes of records. They share the position space of the change feed.

use std::fmt;
use std::str::FromStr;

use crate::product::UnknownWord;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventKind {
    /// A customer linked an integration for the first time.
    LinkedAccountCreated,
    /// The grant behind an account died: the customer must link again. Said once per death.
    LinkedAccountRelinkNeeded,
    /// An account whose grant had died can be read again.
    LinkedAccountRestored,
    /// An account was unlinked: its keys and data are gone.
    LinkedAccountDeleted,
    /// The first reading of a source began.
    SyncStarted,
    /// The first reading of a source ended, or a later one that changed something.
    SyncCompleted,
    /// A source is not read to its end any more. Said once until it recovers.
    SyncStalled,
    /// What upstream has and what is held here differ.
    LedgerDrift,
    /// A grant opens less than it did.
    ReachReduced,
    /// A webhook endpoint was disabled because nothing could be delivered to it.
    WebhookEndpointDisabled,
}

impl EventKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::LinkedAccountCreated,
        Self::LinkedAccountRelinkNeeded,
        Self::LinkedAccountRestored,
        Self::LinkedAccountDeleted,
        Self::SyncStarted,
        Self::SyncCompleted,
        Self::SyncStalled,
        Self::LedgerDrift,
        Self::ReachReduced,
        Self::WebhookEndpointDisabled,
    ];

    /// The word in storage and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LinkedAccountCreated => "linked_account.created",
            Self::LinkedAccountRelinkNeeded => "linked_account.relink_needed",
            Self::LinkedAccountRestored => "linked_account.restored",
            Self::LinkedAccountDeleted => "linked_account.deleted",
            Self::SyncStarted => "sync.started",
            Self::SyncCompleted => "sync.completed",
            Self::SyncStalled => "sync.stalled",
            Self::LedgerDrift => "ledger.drift",
            Self::ReachReduced => "reach.reduced",
            Self::WebhookEndpointDisabled => "webhook_endpoint.disabled",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for EventKind {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| UnknownWord {
            what: "event",
            word: text.to_owned(),
            known: "linked_account.created, linked_account.relink_needed, linked_account.restored, \
                    linked_account.deleted, sync.started, sync.completed, sync.stalled, ledger.drift, reach.reduced, \
                    webhook_endpoint.disabled",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_back_from_its_word() {
        for kind in EventKind::ALL {
            assert_eq!(kind.as_str().parse::<EventKind>().unwrap(), kind);
        }
        assert!("linked_account".parse::<EventKind>().is_err());
    }
}
