//! Everything in which the two engines differ, besides what migrations mark.

use linkspan_model::ids::SourceId;

#[cfg(test)]
use super::write_ahead;
use super::{Db, Tx, args};
use crate::error::StoreError;

/// The engine a text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite = 0,
    Postgres = 1,
}

// Positions in the change feed.
//
// SQLite has one writer at a time, so a counter makes positions in the order of commits.
//
// PostgreSQL has many. A sequence would hand out numbers that become visible out of order, and no reader could tell a
// gap from a late commit. Instead a position is the writing transaction's id times 2^20 plus the entry's ordinal in the
// transaction. All transactions below `pg_snapshot_xmin` are over, so a reader that stops there misses nothing; order by
// position is order by transaction id. Within a source that is the order of commits too: writers of a source exclude
// each other with an advisory lock, which is taken before the transaction has an id. (Transaction ids have 64 bits
// here and do not wrap.) A dump restored into another cluster meets smaller ids; `feed.position` is added to make up for
// it.

const NEXT_POSITIONS_SQLITE: &str = "UPDATE feed SET position = position + $1 RETURNING position - $1 + 1";
const NEXT_POSITIONS_POSTGRES: &str =
    "SELECT (pg_current_xact_id()::text::bigint + position) * 1048576 + 1 FROM feed";
const HORIZON_SQLITE: &str = "SELECT position FROM feed";
const HORIZON_POSTGRES: &str =
    "SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::bigint + position) * 1048576 FROM feed";
const REPAIR_FEED_POSITION: &str = "UPDATE feed SET position = latest.id - latest.next + 1
    FROM (SELECT GREATEST((SELECT COALESCE(MAX(seq), 0) FROM changes), (SELECT COALESCE(MAX(seq), 0) FROM events))
        / 1048576 AS id, pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next) latest
    WHERE latest.id >= latest.next + feed.position";

/// Most entries of the feed that one transaction may add.
pub(crate) const MAX_CHANGES: usize = (1 << 20) - 1;

/// Waits for whoever writes to the source, until the transaction ends. An advisory lock takes no transaction id.
const LOCK_SOURCE: &str = "SELECT 1 FROM (SELECT pg_advisory_xact_lock($1)) AS locked";
/// Waits for other processes that migrate. The number is arbitrary and ours.
const LOCK_MIGRATIONS: &str = "SELECT 1 FROM (SELECT pg_advisory_xact_lock(7237954691)) AS locked";

/// Waits for others who prove who they are. The number is arbitrary and ours.
const LOCK_IDENTITIES: &str = "SELECT 1 FROM (SELECT pg_advisory_xact_lock(7237954692)) AS locked";

/// Statements for SQLite alone, for the test that prepares each.
#[cfg(test)]
pub(crate) const SQLITE_STATEMENTS: &[(&str, &str)] = &[
    ("NEXT_POSITIONS_SQLITE", NEXT_POSITIONS_SQLITE),
    ("HORIZON_SQLITE", HORIZON_SQLITE),
    ("MOVE_LOG", write_ahead::MOVE_LOG),
    ("TRUNCATE_LOG", write_ahead::TRUNCATE_LOG),
];

/// Statements for PostgreSQL alone, for the test that prepares each.
#[cfg(test)]
pub(crate) const POSTGRES_STATEMENTS: &[(&str, &str)] = &[
    ("NEXT_POSITIONS_POSTGRES", NEXT_POSITIONS_POSTGRES),
    ("HORIZON_POSTGRES", HORIZON_POSTGRES),
    ("REPAIR_FEED_POSITION", REPAIR_FEED_POSITION),
    ("LOCK_SOURCE", LOCK_SOURCE),
    ("LOCK_MIGRATIONS", LOCK_MIGRATIONS),
    ("LOCK_IDENTITIES", LOCK_IDENTITIES),
];

impl Tx {
    /// Makes this transaction the only writer of a source until it ends. To be called before the transaction writes
    /// anything. On SQLite it is the only writer anyhow.
    pub(crate) async fn lock_source(&mut self, source: SourceId) -> Result<(), StoreError> {
        if self.dialect() == Dialect::Postgres {
            let (high, _) = source.0.as_u64_pair();
            self.first(LOCK_SOURCE, args![high.cast_signed()]).await?;
        }
        Ok(())
    }

    /// Makes this transaction the only one that migrates.
    pub(crate) async fn lock_migrations(&mut self) -> Result<(), StoreError> {
        if self.dialect() == Dialect::Postgres {
            self.first(LOCK_MIGRATIONS, args![]).await?;
        }
        Ok(())
    }

    /// Makes this transaction the only one that records what people prove. On SQLite it is the only writer anyhow.
    pub(crate) async fn lock_identities(&mut self) -> Result<(), StoreError> {
        if self.dialect() == Dialect::Postgres {
            self.first(LOCK_IDENTITIES, args![]).await?;
        }
        Ok(())
    }

    /// The first of `count` positions in the feed that belong to this transaction. To be called once in a transaction.
    pub(crate) async fn next_feed_positions(&mut self, count: usize) -> Result<i64, StoreError> {
        if count > MAX_CHANGES {
            return Err(StoreError::BatchTooLarge { rows: count, max: MAX_CHANGES });
        }
        let row = match self.dialect() {
            #[expect(clippy::cast_possible_wrap, reason = "bounded above")]
            Dialect::Sqlite => self.first(NEXT_POSITIONS_SQLITE, args![count as i64]).await?,
            Dialect::Postgres => self.first(NEXT_POSITIONS_POSTGRES, args![]).await?,
        };
        row.ok_or_else(|| StoreError::corrupt("the feed has no position"))?.int(0)
    }

    /// After a restore into another cluster, lifts new positions above the restored ones.
    pub(crate) async fn repair_feed_position(&mut self) -> Result<(), StoreError> {
        if self.dialect() == Dialect::Postgres {
            self.execute(REPAIR_FEED_POSITION, args![]).await?;
        }
        Ok(())
    }
}

impl Db {
    /// The position up to which the feed is complete: no entry at or below it can still appear.
    pub(crate) async fn feed_horizon(&self) -> Result<i64, StoreError> {
        let text = match self.dialect() {
            Dialect::Sqlite => HORIZON_SQLITE,
            Dialect::Postgres => HORIZON_POSTGRES,
        };
        let row = self.first(text, args![]).await?;
        row.ok_or_else(|| StoreError::corrupt("the feed has no position"))?.int(0)
    }

    /// Leaves nothing of erased rows in the database's own log. (Deleted rows are overwritten in the file itself, see
    /// `sqlite.rs`; PostgreSQL's vacuum and log recycling are the server's to configure.)
    pub(crate) async fn forget_erased(&self) -> Result<(), StoreError> {
        if let Self::Sqlite(pools) = self {
            pools.log.truncate().await?;
        }
        Ok(())
    }
}
