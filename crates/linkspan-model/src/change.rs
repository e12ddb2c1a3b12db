//! The change feed: the one ordered account of what happened to records.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::absence::Absence;
use crate::ids::{RecordId, SourceId};
use crate::record::Model;

/// What happened to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was seen for the first time, or came back after it was gone.
    Created,
    /// Its content changed.
    Updated,
    /// It is gone; [`Change::absence`] tells why.
    Removed,
    /// Who may see it changed; its content did not.
    Access,
}

impl ChangeKind {
    /// The word in storage and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Removed => "removed",
            Self::Access => "access",
        }
    }
}

/// One entry of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Position in the feed: grows, with gaps.
    pub seq: i64,
    /// The source it happened in.
    pub source: SourceId,
    /// The kind of record.
    pub model: Model,
    /// The record.
    pub record: RecordId,
    /// What happened.
    pub kind: ChangeKind,
    /// Why the record is absent from then on: of a removal, and of an update by which it was archived.
    pub absence: Option<Absence>,
    /// The project or space in which the record lay before, of an update that moved it.
    pub left: Option<RecordId>,
    /// When it was stored here.
    pub at: Timestamp,
}
