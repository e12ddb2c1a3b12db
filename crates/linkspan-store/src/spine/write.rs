//! The one way into the spine: a batch in a transaction (invariant 1).

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use linkspan_model::absence::Absence;
use linkspan_model::change::ChangeKind;
use linkspan_model::ids::{RecordId, SourceId};
use linkspan_model::record::Model;

use super::access::{Guard, StoredAccess};
use super::batch::{Batch, BatchOutcome, ChildSet};
use super::changes::Entry;
use super::plan::{Plan, PlannedRecord};
use super::{access, changes, named_accounts, raws, streams};
use crate::Store;
use crate::control::erasures;
use crate::db::{Arg, Tx, args, bulks, statements};
use crate::error::StoreError;

statements! {
    SOURCE_IS_ACTIVE = "SELECT 1 FROM sources WHERE id = $1 AND state = 'active'";
    TICK = "UPDATE sources SET clock = CASE WHEN clock >= $2 THEN clock + 1 ELSE $2 END WHERE id = $1 RETURNING clock";
    TAKE_NUMBERS = "UPDATE sources SET last_no = last_no + $2 WHERE id = $1 RETURNING last_no - $2 + 1";
}

bulks! {
    STORED = "SELECT r.id, r.hash, r.deleted, a.guarded, a.rule, r.no, r.absence, r.container FROM records r
        LEFT JOIN record_access a ON a.source_id = r.source_id AND a.no = r.no
        WHERE r.source_id = $1 AND r.id IN (", "?", ")";
    UPSERT = "INSERT INTO records (source_id, deleted, created_at, modified_at, id, no, model, hash, remote_id, parent,
            container, remote_created_at, remote_updated_at, body, absence, absent_since) VALUES ",
        "($1, FALSE, $2, $2, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        " ON CONFLICT (source_id, id) DO UPDATE SET deleted = FALSE, modified_at = excluded.modified_at,
            hash = excluded.hash, remote_id = excluded.remote_id, parent = excluded.parent,
            container = excluded.container, remote_created_at = excluded.remote_created_at,
            remote_updated_at = excluded.remote_updated_at, body = excluded.body,
            absence = excluded.absence, absent_since = CASE WHEN excluded.absence IS NULL THEN NULL
                ELSE COALESCE(records.absent_since, excluded.absent_since) END";
    CHILDREN = "SELECT id, parent, model FROM records
        WHERE source_id = $1 AND deleted = FALSE AND parent IN (", "?", ")";
}

impl Store {
    /// Writes a batch in one transaction: all of it or nothing. Content that is stored already, by its hash, is not
    /// written and makes no feed entry; access is compared and written apart from content, so that neither can touch the
    /// other (hazard P8).
    ///
    /// `created_at` is when a record was first stored here; `modified_at` when its content last changed here. Every batch
    /// that changes records gets a `modified_at` of its own, later than every earlier one of the source, so that paging
    /// by (`modified_at`, id) never misses a change.
    ///
    /// # Errors
    /// [`StoreError::SourceGone`] when the source does not exist or is being erased; [`StoreError::BatchTooLarge`];
    /// [`StoreError::ErasuresMoved`] when an account was erased of which the writer does not know.
    pub async fn write_batch(
        &self,
        source: SourceId,
        batch: &Batch,
        now: Timestamp,
    ) -> Result<BatchOutcome, StoreError> {
        let mut plan = Plan::of(batch)?;
        let mut writer = Writer::begin(self, source, now).await?;
        if erasures::latest(&mut writer.tx).await? > batch.erasures_known {
            return Err(StoreError::ErasuresMoved);
        }
        let fetched_at = batch.fetched_at.unwrap_or(now);
        named_accounts::write(&mut writer.tx, source, &batch.accounts, fetched_at).await?;
        raws::write(&mut writer.tx, source, &mut plan.raws, now, &mut writer.outcome).await?;
        let children = writer.children_of(batch.child_sets.iter().map(|set| set.parent)).await?;
        writer.write_records(&mut plan).await?;
        let unlisted = unlisted_children(&batch.child_sets, &children, &plan.records);
        writer.make_absent(unlisted, &batch.removed).await?;
        writer.unarchive(&batch.unarchived).await?;
        if let Some(checkpoint) = &batch.checkpoint {
            writer.tx.execute(streams::CHECKPOINT, streams::checkpoint_args(source, checkpoint)).await?;
        }
        writer.finish().await
    }
}

/// Fails unless the source takes writes. On PostgreSQL, [`Tx::lock_source`] first makes the answer last.
pub(crate) async fn require_active(tx: &mut Tx, source: SourceId) -> Result<(), StoreError> {
    match tx.first(SOURCE_IS_ACTIVE, args![source]).await? {
        Some(_) => Ok(()),
        None => Err(StoreError::SourceGone(source)),
    }
}

/// A batch that is being written.
pub(super) struct Writer {
    pub(super) tx: Tx,
    pub(super) source: SourceId,
    now: Timestamp,
    /// The `modified_at` of this batch, once anything in it changed a record.
    stamp: Option<i64>,
    pub(super) changes: Vec<Entry>,
    pub(super) outcome: BatchOutcome,
}

/// A live child: its id, and what it is a child of.
type Children = HashMap<(RecordId, Model), Vec<RecordId>>;

/// Content to be written, with the number of its record.
struct Content<'p, 'b> {
    no: i64,
    is_new: bool,
    absence: Option<Absence>,
    planned: &'p mut PlannedRecord<'b>,
}

struct Stored {
    hash: [u8; 16],
    deleted: bool,
    absence: Option<Absence>,
    access: Option<StoredAccess>,
    no: i64,
    container: Option<RecordId>,
}

impl Writer {
    async fn begin(store: &Store, source: SourceId, now: Timestamp) -> Result<Self, StoreError> {
        let mut tx = store.db.begin().await?;
        tx.lock_source(source).await?;
        require_active(&mut tx, source).await?;
        Ok(Self { tx, source, now, stamp: None, changes: Vec::new(), outcome: BatchOutcome::default() })
    }

    async fn write_records(&mut self, plan: &mut Plan<'_>) -> Result<(), StoreError> {
        let stored = self.stored(&plan.records).await?;
        let new = plan.records.iter().filter(|planned| !stored.contains_key(&planned.record.id)).count();
        let mut next_no = self.take_numbers(new).await?;
        let mut content = Vec::new();
        let mut guards = Vec::new();
        for planned in &mut plan.records {
            let id = planned.record.id;
            let counts = self.outcome.models.entry(planned.model).or_default();
            let known = stored.get(&id);
            if known.is_some() && planned.only_if_unknown {
                continue;
            }
            let absence = absence_of(planned, known);
            let change = match known {
                None => Some(ChangeKind::Created),
                Some(stored) if stored.deleted => Some(ChangeKind::Created),
                Some(stored) if stored.hash != planned.hash || stored.absence != absence => {
                    Some(ChangeKind::Updated)
                }
                Some(_) => None,
            };
            match change {
                Some(ChangeKind::Created) => counts.created += 1,
                Some(_) => counts.updated += 1,
                None => counts.unchanged += 1,
            }
            let no = known.map_or(next_no, |stored| stored.no);
            if known.is_none() {
                next_no += 1;
            }
            if let Some(kind) = change {
                let former =
                    known.filter(|_| kind == ChangeKind::Updated).and_then(|stored| stored.container);
                let left = former.filter(|former| planned.record.container != Some(*former));
                self.changes.push(Entry { id, model: planned.model, kind, absence, left });
            }
            if known.and_then(|stored| stored.access) != Some(planned.access) {
                let is_new = known.is_none_or(|stored| stored.access.is_none());
                guards.push(Guard { no, access: planned.access, is_new });
                if change != Some(ChangeKind::Created) {
                    counts.access_changed += 1;
                    self.changes.push(Entry {
                        id,
                        model: planned.model,
                        kind: ChangeKind::Access,
                        absence: None,
                        left: None,
                    });
                }
            }
            if change.is_some() {
                content.push(Content { no, is_new: known.is_none(), absence, planned });
            }
        }
        self.write_content(content).await?;
        access::write(&mut self.tx, self.source, &plan.rules, &guards).await
    }

    async fn stored(
        &mut self,
        records: &[PlannedRecord<'_>],
    ) -> Result<HashMap<RecordId, Stored>, StoreError> {
        let ids = records.iter().map(|planned| Arg::from(planned.record.id)).collect();
        let mut stored = HashMap::with_capacity(records.len());
        for (sql, args) in STORED.lookup(self.tx.dialect(), args![self.source], ids) {
            for row in self.tx.all(sql, args).await? {
                let access = access::read(&row, 3)?;
                let no = row.int(5)?;
                let absence = row.optional_word(6)?;
                let container = row.optional_uuid(7)?.map(RecordId);
                let entry =
                    Stored { hash: row.array(1)?, deleted: row.bool(2)?, absence, access, no, container };
                stored.insert(RecordId(row.uuid(0)?), entry);
            }
        }
        Ok(stored)
    }

    /// Takes `count` fresh numbers for records; gives the first.
    async fn take_numbers(&mut self, count: usize) -> Result<i64, StoreError> {
        if count == 0 {
            return Ok(0);
        }
        #[expect(clippy::cast_possible_wrap, reason = "a batch is bounded")]
        let row = self.tx.first(TAKE_NUMBERS, args![self.source, count as i64]).await?;
        row.ok_or(StoreError::SourceGone(self.source))?.int(0)
    }

    /// Writes the content of records and takes their JSON.
    async fn write_content(&mut self, mut records: Vec<Content<'_, '_>>) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        // In the order of lists, so that the rows of a page lie side by side.
        records.sort_unstable_by_key(|content| content.planned.record.id);
        let stamp = self.stamp().await?;
        let shared = args![self.source, stamp];
        let (mut new, mut changed) = (Vec::with_capacity(records.len() * 12), Vec::new());
        for Content { no, is_new, absence, planned } in records {
            let record = planned.record;
            let rows = if is_new { &mut new } else { &mut changed };
            rows.extend([
                record.id.into(),
                no.into(),
                planned.model.as_str().into(),
                planned.hash.into(),
                record.remote_id.as_deref().into(),
                record.parent.into(),
                record.container.into(),
                record.remote_created_at.into(),
                record.remote_updated_at.into(),
                std::mem::take(&mut planned.json).into(),
                absence.into(),
                absence.map(|_| stamp).into(),
            ]);
        }
        self.tx.run(UPSERT.new_rows(self.tx.dialect(), shared.clone(), new)).await?;
        self.tx.run(UPSERT.rows(self.tx.dialect(), shared, changed)).await
    }

    /// The live children of these records.
    async fn children_of(&mut self, parents: impl Iterator<Item = RecordId>) -> Result<Children, StoreError> {
        let parents: HashSet<RecordId> = parents.collect();
        let parents = parents.into_iter().map(Arg::from).collect();
        let mut children = Children::new();
        for (sql, args) in CHILDREN.lookup(self.tx.dialect(), args![self.source], parents) {
            for row in self.tx.all(sql, args).await? {
                let key = (RecordId(row.uuid(1)?), row.word(2)?);
                children.entry(key).or_default().push(RecordId(row.uuid(0)?));
            }
        }
        Ok(children)
    }

    /// The `modified_at` of this batch: now, or just behind the source's latest if the clock has not moved on.
    pub(super) async fn stamp(&mut self) -> Result<i64, StoreError> {
        if let Some(stamp) = self.stamp {
            return Ok(stamp);
        }
        let row = self.tx.first(TICK, args![self.source, self.now]).await?;
        let stamp = row.ok_or(StoreError::SourceGone(self.source))?.int(0)?;
        self.stamp = Some(stamp);
        Ok(stamp)
    }

    async fn finish(mut self) -> Result<BatchOutcome, StoreError> {
        let at = self.stamp.unwrap_or_else(|| self.now.as_millisecond());
        changes::append(&mut self.tx, self.source, &self.changes, at).await?;
        self.tx.commit().await?;
        self.outcome.models.retain(|_, counts| *counts != super::batch::ModelCounts::default());
        Ok(self.outcome)
    }
}

/// Whether a record is archived when this batch is stored. Where the instance does not tell, the mark stands until the
/// content changes: what is archived cannot be changed.
fn absence_of(planned: &PlannedRecord<'_>, known: Option<&Stored>) -> Option<Absence> {
    let stands =
        || known.is_some_and(|known| known.absence == Some(Absence::Archived) && known.hash == planned.hash);
    let is_archived = planned.record.body.is_archived().unwrap_or_else(stands);
    is_archived.then_some(Absence::Archived)
}

/// Children that their parent's complete listing does not name, whether stored before or by this batch.
fn unlisted_children(
    sets: &[ChildSet],
    stored: &Children,
    written: &[PlannedRecord<'_>],
) -> HashSet<RecordId> {
    if sets.is_empty() {
        return HashSet::new();
    }
    let kept: HashMap<(RecordId, Model), HashSet<RecordId>> =
        sets.iter().map(|set| ((set.parent, set.model), set.keep.iter().copied().collect())).collect();
    let is_unlisted =
        |key: &(RecordId, Model), id: &RecordId| kept.get(key).is_some_and(|keep| !keep.contains(id));
    let mut unlisted = HashSet::new();
    for (key, ids) in stored {
        unlisted.extend(ids.iter().copied().filter(|id| is_unlisted(key, id)));
    }
    for planned in written {
        if let Some(parent) = planned.record.parent
            && is_unlisted(&(parent, planned.model), &planned.record.id)
        {
            unlisted.insert(planned.record.id);
        }
    }
    // A child that this batch moves to another parent is no longer this parent's to list.
    for planned in written {
        if planned
            .record
            .parent
            .is_none_or(|parent| !is_unlisted(&(parent, planned.model), &planned.record.id))
        {
            unlisted.remove(&planned.record.id);
        }
    }
    unlisted
}
