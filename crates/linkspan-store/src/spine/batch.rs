//! What one transaction of the spine takes and tells.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;
use linkspan_model::absence::Absence;
use linkspan_model::ids::RecordId;
use linkspan_model::record::{Model, NewRaw, NewRecord};

/// Most rows (records, people, raws) in one batch.
pub(crate) const MAX_ROWS: usize = 50_000;

/// Everything that one page of upstream data means, written in one transaction by
/// [`Store::write_batch`](crate::Store::write_batch).
///
/// An id may occur more than once: the last one counts.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Upstream JSON.
    pub raws: Vec<NewRaw>,
    /// Records that replace what is stored under their ids, with what guards them.
    pub records: Vec<NewRecord>,
    /// People seen in passing (authors, assignees): stored only where the id is unknown, never over anything.
    pub people: Vec<NewRecord>,
    /// Complete listings of children: children that are not listed were removed upstream.
    pub child_sets: Vec<ChildSet>,
    /// Records known to be absent upstream, and why. Comments, attachments and worklogs go with the record they belong to;
    /// what is archived stays with them.
    pub removed: Vec<Removal>,
    /// Archived records that upstream lists again, as they are stored.
    pub unarchived: Vec<RecordId>,
    /// How far the stream has come when this batch is stored.
    pub checkpoint: Option<Checkpoint>,
    /// The accounts that anything in this batch names: they are to be reported to Atlassian from now on.
    pub accounts: BTreeSet<String>,
    /// When what this batch says about them was fetched, or earlier; `None`: when it is stored.
    pub fetched_at: Option<Timestamp>,
    /// The places of those raws that name an erased account, and do without what upstream said about it.
    pub redacted: HashSet<usize>,
    /// The latest erasure that the writer knows of ([`Store::erased_since`](crate::Store::erased_since)). A batch made
    /// without knowing of one is refused: it could bring back what was erased.
    pub erasures_known: i64,
}

/// A record that is absent upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Its model.
    pub model: Model,
    /// The record.
    pub id: RecordId,
    /// Why.
    pub absence: Absence,
}

impl From<(Model, RecordId)> for Removal {
    /// Upstream no longer has it.
    fn from((model, id): (Model, RecordId)) -> Self {
        Self { model, id, absence: Absence::Removed }
    }
}

/// The complete children of a record, of one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildSet {
    /// Whose children.
    pub parent: RecordId,
    /// Of which model.
    pub model: Model,
    /// The ids that exist upstream; stored children with other ids become tombstones.
    pub keep: Vec<RecordId>,
}

/// A stream's progress, stored with the data it speaks of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// The stream.
    pub stream: String,
    /// Where to go on, as JSON of the engine's own making.
    pub state: String,
    /// What the stream is doing now, in a word of the engine's; `None` leaves it.
    pub phase: Option<String>,
    /// Items read so far in this pass; `None` leaves it.
    pub items_done: Option<i64>,
    /// Items expected in this pass; `None` leaves it.
    pub items_expected: Option<i64>,
}

/// What a batch changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchOutcome {
    /// Per model. Models that did not occur are left out.
    pub models: BTreeMap<Model, ModelCounts>,
    /// Raws that were new or different.
    pub raws_written: u64,
    /// Raws that were stored already, byte for byte.
    pub raws_unchanged: u64,
}

/// What a batch changed in one model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelCounts {
    /// Seen for the first time, or back after a removal.
    pub created: u64,
    /// Content changed, or it was archived or taken out of the archive.
    pub updated: u64,
    /// Content was stored already.
    pub unchanged: u64,
    /// Became a tombstone, or one of another kind.
    pub removed: u64,
    /// Who may see it changed; counted besides `updated` or `unchanged`, not for created records.
    pub access_changed: u64,
}

impl BatchOutcome {
    /// How many entries of the change feed it made.
    pub fn changes(&self) -> u64 {
        let total = self.total();
        total.created + total.updated + total.removed + total.access_changed
    }

    /// Whether it added anything to the change feed.
    pub fn has_changes(&self) -> bool {
        self.changes() > 0
    }

    /// All models together.
    pub fn total(&self) -> ModelCounts {
        let mut total = ModelCounts::default();
        for counts in self.models.values() {
            total.created += counts.created;
            total.updated += counts.updated;
            total.unchanged += counts.unchanged;
            total.removed += counts.removed;
            total.access_changed += counts.access_changed;
        }
        total
    }
}
