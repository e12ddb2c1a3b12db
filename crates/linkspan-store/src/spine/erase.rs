//! Erasing a source.

use std::collections::BTreeMap;

use jiff::Timestamp;
use linkspan_model::ids::SourceId;

use crate::Store;
use crate::control::unlink_receipts;
use crate::db::{args, statements};
use crate::error::StoreError;

/// Rows erased in one step.
const STEP: i64 = 1_000;

statements! {
    IN_USE = "SELECT 1 FROM linked_accounts WHERE source_id = $1 LIMIT 1";
    RETIRE = "UPDATE sources SET state = 'removing' WHERE id = $1";
    IS_REMOVING = "SELECT 1 FROM sources WHERE id = $1 AND state = 'removing'";
    LATE_HINTS = "DELETE FROM hints WHERE source_id = $1";
    DELETE = "DELETE FROM sources WHERE id = $1 AND state = 'removing'";
    RECORDS = "DELETE FROM records WHERE source_id = $1
        AND id IN (SELECT id FROM records WHERE source_id = $1 LIMIT $2)";
    RAWS = "DELETE FROM raws WHERE source_id = $1
        AND (remote_id, kind) IN (SELECT remote_id, kind FROM raws WHERE source_id = $1 LIMIT $2)";
    RECORD_ACCESS = "DELETE FROM record_access WHERE source_id = $1
        AND no IN (SELECT no FROM record_access WHERE source_id = $1 LIMIT $2)";
    ACCESS_RULES = "DELETE FROM access_rules WHERE source_id = $1
        AND key IN (SELECT key FROM access_rules WHERE source_id = $1 LIMIT $2)";
    GROUP_MEMBERS = "DELETE FROM group_members WHERE source_id = $1 AND (group_id, account_id) IN
        (SELECT group_id, account_id FROM group_members WHERE source_id = $1 LIMIT $2)";
    STREAMS = "DELETE FROM streams WHERE source_id = $1
        AND stream IN (SELECT stream FROM streams WHERE source_id = $1 LIMIT $2)";
    FILES = "DELETE FROM files WHERE source_id = $1
        AND record_id IN (SELECT record_id FROM files WHERE source_id = $1 LIMIT $2)";
    SOURCE_ACCOUNTS = "DELETE FROM source_accounts WHERE source_id = $1
        AND account_id IN (SELECT account_id FROM source_accounts WHERE source_id = $1 LIMIT $2)";
    HINTS = "DELETE FROM hints WHERE source_id = $1
        AND (kind, remote_id) IN (SELECT kind, remote_id FROM hints WHERE source_id = $1 LIMIT $2)";
    LIVE_SOURCES = "DELETE FROM live_sources WHERE source_id = $1
        AND source_id IN (SELECT source_id FROM live_sources WHERE source_id = $1 LIMIT $2)";
    EVENTS = "DELETE FROM events WHERE source_id = $1
        AND seq IN (SELECT seq FROM events WHERE source_id = $1 LIMIT $2)";
    SYNC_NOTICES = "DELETE FROM sync_notices WHERE source_id = $1
        AND source_id IN (SELECT source_id FROM sync_notices WHERE source_id = $1 LIMIT $2)";
    LEDGER = "DELETE FROM ledger WHERE source_id = $1
        AND (container, model) IN (SELECT container, model FROM ledger WHERE source_id = $1 LIMIT $2)";
    CENSUS_PAGES = "DELETE FROM census_pages WHERE source_id = $1 AND (container, model, page) IN
        (SELECT container, model, page FROM census_pages WHERE source_id = $1 LIMIT $2)";
    SUSPECTS = "DELETE FROM suspects WHERE source_id = $1 AND (container, record_id) IN
        (SELECT container, record_id FROM suspects WHERE source_id = $1 LIMIT $2)";
    // One row; the bound is there for all statements alike.
    REACHES = "DELETE FROM reaches WHERE source_id = $1 AND $2 > 0";
    SOURCE_CONTROLS = "DELETE FROM source_controls WHERE source_id = $1
        AND source_id IN (SELECT source_id FROM source_controls WHERE source_id = $1 LIMIT $2)";
    CHANGES = "DELETE FROM changes WHERE source_id = $1
        AND seq IN (SELECT seq FROM changes WHERE source_id = $1 LIMIT $2)";
}

/// Every table that holds rows of sources.
pub(crate) const TABLES: [(&str, &str); 18] = [
    ("records", RECORDS),
    ("raws", RAWS),
    ("record_access", RECORD_ACCESS),
    ("access_rules", ACCESS_RULES),
    ("group_members", GROUP_MEMBERS),
    ("streams", STREAMS),
    ("files", FILES),
    ("source_accounts", SOURCE_ACCOUNTS),
    ("hints", HINTS),
    ("live_sources", LIVE_SOURCES),
    ("events", EVENTS),
    ("sync_notices", SYNC_NOTICES),
    ("ledger", LEDGER),
    ("census_pages", CENSUS_PAGES),
    ("suspects", SUSPECTS),
    ("reaches", REACHES),
    ("source_controls", SOURCE_CONTROLS),
    ("changes", CHANGES),
];

impl Store {
    /// Erases everything stored of a source, in bounded steps; the number of rows erased, by table, which is added to its open
    /// receipts with every step. The source takes no more writes from the first step on. Safe to repeat after a crash, which
    /// leaves the source in [`SourceState::Removing`](crate::SourceState::Removing), as this does: what is kept of it elsewhere
    /// is erased next, and then [`Store::forget_source`] ends it.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while a linked account uses the source: see [`Store::unlink`].
    pub async fn erase_source(&self, source: SourceId) -> Result<BTreeMap<String, u64>, StoreError> {
        let mut tx = self.db.begin().await?;
        // Waits for a write that is under way; none can begin afterwards.
        tx.lock_source(source).await?;
        if tx.first(IN_USE, args![source]).await?.is_some() {
            return Err(StoreError::InUse("a linked account uses the source"));
        }
        tx.execute(RETIRE, args![source]).await?;
        tx.commit().await?;

        let mut erased: BTreeMap<String, u64> = BTreeMap::new();
        for (table, statement) in TABLES {
            loop {
                let mut tx = self.db.begin().await?;
                tx.lock_source(source).await?;
                // Another process may have ended it, and the customer linked anew since.
                if tx.first(IS_REMOVING, args![source]).await?.is_none() {
                    return Ok(erased);
                }
                let rows = tx.execute(statement, args![source, STEP]).await?;
                if rows == 0 {
                    break;
                }
                unlink_receipts::add_erased(&mut tx, source, table, rows).await?;
                tx.commit().await?;
                *erased.entry(table.to_owned()).or_default() += rows;
            }
        }
        self.drop_unknown_accounts().await?;
        self.db.forget_erased().await?;
        Ok(erased)
    }

    /// Ends the erasure of a source of which nothing is left, and says so on its receipts; whether it was there. Safe to repeat.
    pub async fn forget_source(&self, source: SourceId, now: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        tx.lock_source(source).await?;
        // A delivery that was being taken in while the source went.
        tx.execute(LATE_HINTS, args![source]).await?;
        let rows = tx.execute(DELETE, args![source]).await?;
        if rows > 0 {
            unlink_receipts::add_erased(&mut tx, source, "sources", rows).await?;
        }
        unlink_receipts::close(&mut tx, source, now).await?;
        tx.commit().await?;
        self.db.forget_erased().await?;
        Ok(rows > 0)
    }
}
