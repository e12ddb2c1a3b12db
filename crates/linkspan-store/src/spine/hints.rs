//! Hints: things that a delivery of upstream's says to look at again. They say nothing of what is there; who looks reads it.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use linkspan_model::ids::{AppId, SourceId};

use super::write::require_active;
use crate::Store;
use crate::db::{Row, args, bulks, statements};
use crate::error::StoreError;

statements! {
    SEE = "INSERT INTO seen_deliveries (app_id, digest, seen_at) VALUES ($1, $2, $3)
        ON CONFLICT (app_id, digest) DO NOTHING";
    FORGET_SEEN = "DELETE FROM seen_deliveries WHERE (app_id, digest) IN
        (SELECT app_id, digest FROM seen_deliveries WHERE seen_at < $1 LIMIT $2)";
    DUE = "SELECT remote_id, gone, stamp, hinted_at, tries FROM hints
        WHERE source_id = $1 AND kind = $2 AND due_at <= $3 ORDER BY due_at, remote_id LIMIT $4";
    SOURCES = "SELECT DISTINCT h.source_id FROM hints h JOIN sources s ON s.id = h.source_id
        WHERE h.due_at <= $1 AND s.state = 'active'";
    PENDING = "SELECT COUNT(*), MIN(hinted_at) FROM hints WHERE source_id = $1";
    POSTPONE = "UPDATE hints SET due_at = $5, tries = tries + 1
        WHERE source_id = $1 AND kind = $2 AND remote_id = $3 AND stamp = $4";
    SETTLE = "DELETE FROM hints WHERE source_id = $1 AND kind = $2 AND remote_id = $3 AND stamp = $4";
    DELIVERED = "UPDATE live_sources SET delivered_at = $2, deliveries = deliveries + $3 WHERE source_id = $1";
}

bulks! {
    ACTIVE = "SELECT id FROM sources WHERE state = 'active' AND id IN (", "?", ")";
    HINT = "INSERT INTO hints (hinted_at, due_at, tries, source_id, kind, remote_id, gone, stamp) VALUES ",
        "($1, $1, 0, ?, ?, ?, ?, ?)",
        " ON CONFLICT (source_id, kind, remote_id) DO UPDATE SET gone = hints.gone OR excluded.gone, stamp = hints.stamp + 1,
            due_at = CASE WHEN excluded.due_at < hints.due_at THEN excluded.due_at ELSE hints.due_at END, tries = 0";
    // What waits already keeps its place: it was tried as often as it was.
    HINT_LATER = "INSERT INTO hints (hinted_at, due_at, tries, source_id, kind, remote_id, gone, stamp) VALUES ",
        "($1, $2, 0, ?, ?, ?, ?, ?)", " ON CONFLICT (source_id, kind, remote_id) DO NOTHING";
}

/// What a delivery points at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hint {
    /// The source that reads it.
    pub source: SourceId,
    /// The raw kind, such as `jira.issue`.
    pub kind: &'static str,
    /// Its upstream id.
    pub remote_id: String,
    /// The delivery says that it was deleted.
    pub gone: bool,
}

/// A delivery of upstream's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundDelivery {
    /// The app to which it was made.
    pub app: AppId,
    /// A hash of site and identifier; `None` for one that came without.
    pub digest: Option<[u8; 16]>,
    /// What it points at; of all sources that have to look.
    pub hints: Vec<Hint>,
}

/// A hint that waits to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredHint {
    /// Its upstream id.
    pub remote_id: String,
    /// A delivery says that it was deleted.
    pub gone: bool,
    /// Names what has come so far: see [`Store::settle_hints`].
    pub stamp: i64,
    /// When a delivery first pointed at it.
    pub hinted_at: Timestamp,
    /// How often looking failed.
    pub tries: i64,
}

impl Store {
    /// Takes in deliveries in one transaction: when this returns, nothing of them can be lost. Whether each is new; those that
    /// are not hint at nothing again, and a source that is being erased is given no hints.
    pub async fn take_deliveries(
        &self,
        deliveries: &[InboundDelivery],
        now: Timestamp,
    ) -> Result<Vec<bool>, StoreError> {
        let mut tx = self.db.begin().await?;
        let mut is_new = vec![false; deliveries.len()];
        // What one of several says was deleted is looked for: whether it is there is told by its id, whatever came last.
        let mut hints: HashMap<(SourceId, &str, &str), bool> = HashMap::new();
        let mut by_source: BTreeMap<SourceId, i64> = BTreeMap::new();
        // In one order, so that writers of the same rows never wait for one another in a circle.
        let mut in_order: Vec<(&InboundDelivery, &mut bool)> = deliveries.iter().zip(&mut is_new).collect();
        in_order.sort_by_key(|(delivery, _)| (delivery.app, delivery.digest));
        for (delivery, is_new) in in_order {
            *is_new = match delivery.digest {
                Some(digest) => tx.execute(SEE, args![delivery.app, digest, now]).await? > 0,
                None => true,
            };
            if !*is_new {
                continue;
            }
            let mut told: Vec<SourceId> = Vec::new();
            for hint in &delivery.hints {
                *hints.entry((hint.source, hint.kind, hint.remote_id.as_str())).or_default() |= hint.gone;
                if !told.contains(&hint.source) {
                    told.push(hint.source);
                    *by_source.entry(hint.source).or_default() += 1;
                }
            }
        }
        let mut rows = Vec::with_capacity(hints.len() * 5);
        let asked = by_source.keys().flat_map(|source| args![*source]).collect();
        let mut active = HashSet::new();
        for (sql, args) in ACTIVE.lookup(tx.dialect(), args![], asked) {
            for row in tx.all(sql, args).await? {
                active.insert(SourceId(row.uuid(0)?));
            }
        }
        let mut hints: Vec<_> =
            hints.into_iter().filter(|((source, ..), _)| active.contains(source)).collect();
        hints.sort_unstable_by_key(|(key, _)| *key);
        for ((source, kind, remote_id), gone) in hints {
            rows.extend(args![source, kind, remote_id, gone, 1_i64]);
        }
        tx.run(HINT.rows(tx.dialect(), args![now], rows)).await?;
        for (source, count) in by_source {
            tx.execute(DELIVERED, args![source, now, count]).await?;
        }
        tx.commit().await?;
        Ok(is_new)
    }

    /// Has things of a source looked at again at `due`, unless they are to be looked at anyway.
    pub async fn hint_later(
        &self,
        source: SourceId,
        kind: &'static str,
        remote_ids: &[String],
        now: Timestamp,
        due: Timestamp,
    ) -> Result<(), StoreError> {
        let mut remote_ids: Vec<&str> = remote_ids.iter().map(String::as_str).collect();
        remote_ids.sort_unstable();
        remote_ids.dedup();
        let rows = remote_ids.into_iter().flat_map(|id| args![source, kind, id, false, 1_i64]).collect();
        let mut tx = self.db.begin().await?;
        tx.lock_source(source).await?;
        require_active(&mut tx, source).await?;
        tx.run(HINT_LATER.rows(tx.dialect(), args![now, due], rows)).await?;
        tx.commit().await
    }

    /// Forgets deliveries that were taken in before a moment, a bounded number of them; how many.
    pub async fn forget_inbound_deliveries(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.db.write(FORGET_SEEN, args![before, i64::from(limit)]).await
    }

    /// Sources with hints that are due.
    pub async fn sources_with_hints(&self, now: Timestamp) -> Result<Vec<SourceId>, StoreError> {
        let rows = self.db.all(SOURCES, args![now]).await?;
        rows.iter().map(|row| Ok(SourceId(row.uuid(0)?))).collect()
    }

    /// Hints of a kind that are due, the longest due first.
    pub async fn due_hints(
        &self,
        source: SourceId,
        kind: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<StoredHint>, StoreError> {
        let rows = self.db.all(DUE, args![source, kind, now, i64::from(limit)]).await?;
        rows.iter().map(read).collect()
    }

    /// How many hints of a source wait, and since when the oldest does.
    pub async fn pending_hints(&self, source: SourceId) -> Result<(u64, Option<Timestamp>), StoreError> {
        let row = self.db.first(PENDING, args![source]).await?;
        let row = row.ok_or_else(|| StoreError::corrupt("a count has no row"))?;
        Ok((row.int(0)?.cast_unsigned(), row.optional_time(1)?))
    }

    /// Takes away hints that were looked at: those that nothing has pointed at since they were read.
    pub async fn settle_hints(
        &self,
        source: SourceId,
        kind: &str,
        looked_at: &[StoredHint],
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        for hint in in_order(looked_at) {
            tx.execute(SETTLE, args![source, kind, &hint.remote_id, hint.stamp]).await?;
        }
        tx.commit().await
    }

    /// Lets hints wait until a moment, because looking failed.
    pub async fn postpone_hints(
        &self,
        source: SourceId,
        kind: &str,
        failed: &[StoredHint],
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        for hint in in_order(failed) {
            tx.execute(POSTPONE, args![source, kind, &hint.remote_id, hint.stamp, until]).await?;
        }
        tx.commit().await
    }
}

/// Hints in the order in which deliveries are taken in, so that writers of the same rows never wait for one another in a circle.
fn in_order(hints: &[StoredHint]) -> Vec<&StoredHint> {
    let mut hints: Vec<&StoredHint> = hints.iter().collect();
    hints.sort_unstable_by(|one, other| one.remote_id.cmp(&other.remote_id));
    hints
}

fn read(row: &Row) -> Result<StoredHint, StoreError> {
    Ok(StoredHint {
        remote_id: row.text(0)?,
        gone: row.bool(1)?,
        stamp: row.int(2)?,
        hinted_at: row.time(3)?,
        tries: row.int(4)?,
    })
}
