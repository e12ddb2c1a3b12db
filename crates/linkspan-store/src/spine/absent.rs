//! Records that upstream does not list any more: how they become absent, and how what was kept of them is let go.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use linkspan_model::absence::Absence;
use linkspan_model::change::ChangeKind;
use linkspan_model::ids::{RecordId, SourceId};
use linkspan_model::record::Model;

use super::access::{Guard, StoredAccess};
use super::batch::Removal;
use super::changes::Entry;
use super::write::{TICK, Writer, require_active};
use super::{access, changes, plan};
use crate::Store;
use crate::db::{Arg, args, bulks, statements};
use crate::error::StoreError;

statements! {
    KEPT_TOO_LONG = "SELECT id, model, remote_id, parent, container, remote_created_at, remote_updated_at FROM records
        WHERE source_id = $1 AND absence = 'lost_access' AND absent_since < $2 ORDER BY absent_since, id LIMIT $3";
    LET_GO = "UPDATE records SET absence = 'removed', absent_since = $3, modified_at = $3, hash = $4, body = $5
        WHERE source_id = $1 AND id = $2 AND absence = 'lost_access'";
    // Histories and restrictions belong to no record.
    FORGET_HISTORY = "DELETE FROM raws WHERE source_id = $1 AND kind = 'jira.changelog' AND path = $2";
    FORGET_VERSIONS = "DELETE FROM raws WHERE source_id = $1 AND kind = 'confluence.version' AND remote_id > $2
        AND remote_id < $3";
    FORGET_RAW = "DELETE FROM raws WHERE source_id = $1 AND kind = $2 AND remote_id = $3";
}

bulks! {
    // What was removed for good stays so until it is written anew.
    MAKE_GONE = "UPDATE records SET deleted = TRUE, absence = $3, absent_since = $2, modified_at = $2
        WHERE source_id = $1 AND (absence IS NULL OR (absence <> 'removed' AND absence <> $3)) AND id IN (", "?",
        ") RETURNING id, model, no";
    ARCHIVE = "UPDATE records SET absence = 'archived', absent_since = $2, modified_at = $2
        WHERE source_id = $1 AND deleted = FALSE AND absence IS NULL AND id IN (", "?", ") RETURNING id, model, no";
    UNARCHIVE = "UPDATE records SET absence = NULL, absent_since = NULL, modified_at = $2
        WHERE source_id = $1 AND deleted = FALSE AND absence = 'archived' AND id IN (", "?", ") RETURNING id, model, no";
    CHILDREN = "SELECT id, parent, model FROM records
        WHERE source_id = $1 AND (absence IS NULL OR absence <> 'removed') AND parent IN (", "?", ")";
}

/// Models whose records cannot outlive the record they belong to.
const DEPENDENT: [Model; 3] = [Model::Comment, Model::Attachment, Model::Worklog];

/// Records whose content is let go in one transaction.
pub const LET_GO_PER_STEP: u32 = 200;

impl Writer {
    /// Makes records absent: those of `unlisted` that live become removed, those of `removals` what they say; what cannot
    /// outlive a record goes as it does. Nobody passes what guards a record that is gone: who might see it now is not known.
    pub(super) async fn make_absent(
        &mut self,
        unlisted: HashSet<RecordId>,
        removals: &[Removal],
    ) -> Result<(), StoreError> {
        let mut wanted: HashMap<RecordId, Absence> =
            unlisted.into_iter().map(|id| (id, Absence::Removed)).collect();
        wanted.extend(removals.iter().map(|removal| (removal.id, removal.absence)));
        if wanted.is_empty() {
            return Ok(());
        }
        let gone: Vec<Arg> =
            wanted.iter().filter(|(_, absence)| absence.is_gone()).map(|(id, _)| Arg::from(*id)).collect();
        let mut following = Vec::new();
        for (sql, args) in CHILDREN.lookup(self.tx.dialect(), args![self.source], gone) {
            for row in self.tx.all(sql, args).await? {
                let model: Model = row.word(2)?;
                if DEPENDENT.contains(&model) {
                    following.push((RecordId(row.uuid(0)?), RecordId(row.uuid(1)?)));
                }
            }
        }
        for (child, parent) in following {
            if let Some(absence) = wanted.get(&parent).copied() {
                wanted.entry(child).or_insert(absence);
            }
        }
        // Ordered, so that the feed does not depend on how a map happens to be laid out.
        let mut by_absence: BTreeMap<Absence, Vec<RecordId>> = BTreeMap::new();
        for (id, absence) in wanted {
            by_absence.entry(absence).or_default().push(id);
        }
        for (absence, mut ids) in by_absence {
            ids.sort_unstable();
            self.make_all(absence, ids).await?;
        }
        Ok(())
    }

    async fn make_all(&mut self, absence: Absence, ids: Vec<RecordId>) -> Result<(), StoreError> {
        let stamp = self.stamp().await?;
        let ids = ids.into_iter().map(Arg::from).collect();
        let (statement, shared, kind) = if absence.is_gone() {
            (&MAKE_GONE, args![self.source, stamp, absence.as_str()], ChangeKind::Removed)
        } else {
            (&ARCHIVE, args![self.source, stamp], ChangeKind::Updated)
        };
        let mut guards = Vec::new();
        for (sql, args) in statement.lookup(self.tx.dialect(), shared, ids) {
            for row in self.tx.all(sql, args).await? {
                let (id, model) = (RecordId(row.uuid(0)?), row.word(1)?);
                let counts = self.outcome.models.entry(model).or_default();
                if kind == ChangeKind::Removed {
                    counts.removed += 1;
                } else {
                    counts.updated += 1;
                }
                if absence.is_gone() {
                    guards.push(Guard { no: row.int(2)?, access: StoredAccess::Unknown, is_new: false });
                }
                self.changes.push(Entry { id, model, kind, absence: Some(absence), left: None });
            }
        }
        access::write(&mut self.tx, self.source, &HashMap::new(), &guards).await
    }

    /// Takes the mark of the archive off records.
    pub(super) async fn unarchive(&mut self, ids: &[RecordId]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let stamp = self.stamp().await?;
        let ids = ids.iter().copied().map(Arg::from).collect();
        for (sql, args) in UNARCHIVE.lookup(self.tx.dialect(), args![self.source, stamp], ids) {
            for row in self.tx.all(sql, args).await? {
                let (id, model) = (RecordId(row.uuid(0)?), row.word(1)?);
                self.outcome.models.entry(model).or_default().updated += 1;
                self.changes.push(Entry { id, model, kind: ChangeKind::Updated, absence: None, left: None });
            }
        }
        Ok(())
    }
}

impl Store {
    /// Lets go of records to which access was lost before `before`: their content and the upstream JSON are erased, and
    /// they become removed, with their histories. At most [`LET_GO_PER_STEP`] at a time; how many there were.
    ///
    /// # Errors
    /// [`StoreError::SourceGone`] when the source does not exist or is being erased.
    pub async fn let_go_of_lost(
        &self,
        source: SourceId,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let rows = self.db.all(KEPT_TOO_LONG, args![source, before, i64::from(LET_GO_PER_STEP)]).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let ids =
            rows.iter().map(|row| Ok(RecordId(row.uuid(0)?))).collect::<Result<Vec<_>, StoreError>>()?;
        let kept = self.get_raws_for(source, &ids).await?;
        let mut tx = self.db.begin().await?;
        tx.lock_source(source).await?;
        require_active(&mut tx, source).await?;
        let stamp = tx.first(TICK, args![source, now]).await?;
        let stamp = stamp.ok_or(StoreError::SourceGone(source))?.int(0)?;
        let (mut entries, mut let_go) = (Vec::with_capacity(rows.len()), HashSet::new());
        for (row, id) in rows.iter().zip(&ids) {
            let model: Model = row.word(1)?;
            let hash = plan::hash_of_record(
                row.optional_text(2)?.as_deref(),
                row.optional_uuid(3)?.map(RecordId),
                row.optional_uuid(4)?.map(RecordId),
                row.optional_time(5)?,
                row.optional_time(6)?,
                EMPTY_BODY,
            );
            // It may have come back meanwhile.
            if tx.execute(LET_GO, args![source, *id, stamp, hash, EMPTY_BODY]).await? == 0 {
                continue;
            }
            let_go.insert(*id);
            if let Some(remote_id) = row.optional_text(2)? {
                match model {
                    Model::Ticket => {
                        let path = format!("/rest/api/3/issue/{remote_id}/changelog");
                        tx.execute(FORGET_HISTORY, args![source, path]).await?;
                    }
                    Model::Article => {
                        let (first, last) = (format!("{remote_id}/"), format!("{remote_id}0"));
                        tx.execute(FORGET_VERSIONS, args![source, first, last]).await?;
                        tx.execute(FORGET_RAW, args![source, "confluence.restriction", remote_id]).await?;
                    }
                    _ => {}
                }
            }
            entries.push(Entry {
                id: *id,
                model,
                kind: ChangeKind::Removed,
                absence: Some(Absence::Removed),
                left: None,
            });
        }
        for raw in kept.iter().filter(|raw| raw.record.is_some_and(|record| let_go.contains(&record))) {
            tx.execute(FORGET_RAW, args![source, &raw.kind, &raw.remote_id]).await?;
        }
        changes::append(&mut tx, source, &entries, stamp).await?;
        tx.commit().await?;
        self.db.forget_erased().await?;
        Ok(ids.len())
    }
}

/// An instance of any model that says nothing: absent members are left out of the stored form.
const EMPTY_BODY: &str = "{}";
