//! How sources learn of changes: what is registered upstream for them, and whether deliveries come.

use jiff::Timestamp;
use linkspan_model::ids::{AppId, GrantId, SourceId};

use super::write::require_active;
use crate::Store;
use crate::db::{Row, args, statements};
use crate::error::StoreError;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT source_id, registered, expires_at, problem, failures, checked_at, check_at, delivered_at, deliveries,
                missed_at, missed FROM live_sources ",
            $rest
        )
    };
}

statements! {
    ONE = select!("WHERE source_id = $1");
    IS_READ_BY = "SELECT 1 FROM sources WHERE id = $1 AND grant_id = $2";
    PUT = "INSERT INTO live_sources (source_id, registered, expires_at, problem, failures, checked_at, check_at, deliveries,
            missed)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0)
        ON CONFLICT (source_id) DO UPDATE SET registered = excluded.registered, expires_at = excluded.expires_at,
            problem = excluded.problem, failures = excluded.failures, checked_at = excluded.checked_at,
            check_at = excluded.check_at";
    DUE = "SELECT s.id FROM sources s LEFT JOIN live_sources l ON l.source_id = s.id
        WHERE s.state = 'active' AND s.product = 'jira' AND (l.check_at IS NULL OR l.check_at <= $1)
        ORDER BY COALESCE(l.check_at, 0), s.id LIMIT $2";
    HURRY = "UPDATE live_sources SET check_at = $2 WHERE source_id = $1 AND check_at > $2";
    HURRY_OF_APP = "UPDATE live_sources SET check_at = $2 WHERE check_at > $2 AND source_id IN
        (SELECT s.id FROM sources s JOIN grants g ON g.id = s.grant_id WHERE g.app_id = $1)";
    MISSED = "UPDATE live_sources SET missed = missed + $3, missed_at =
            CASE WHEN delivered_at >= $4 OR missed_at > COALESCE(delivered_at, 0) THEN missed_at ELSE $2 END
        WHERE source_id = $1";
}

/// How a source learns of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSource {
    /// The source.
    pub source: SourceId,
    /// What is registered upstream, as JSON of the engine's own making.
    pub registered: String,
    /// When the first of the registrations ends; `None` when there are none.
    pub expires_at: Option<Timestamp>,
    /// Why upstream does not tell of changes, in words; `None` when it does.
    pub problem: Option<String>,
    /// How often in a row registering failed.
    pub failures: i64,
    /// When the registrations were last compared with upstream's list.
    pub checked_at: Option<Timestamp>,
    /// When they are to be compared again.
    pub check_at: Timestamp,
    /// When a delivery last came.
    pub delivered_at: Option<Timestamp>,
    /// How many came.
    pub deliveries: i64,
    /// When a reading found what no delivery had told, for the first time since the latest delivery.
    pub missed_at: Option<Timestamp>,
    /// How much it found in all.
    pub missed: i64,
}

/// How the registrations of a source stand after they were looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveCheck {
    /// What is registered upstream, as JSON of the engine's own making.
    pub registered: String,
    /// When the first of the registrations ends.
    pub expires_at: Option<Timestamp>,
    /// Why upstream does not tell of changes, in words.
    pub problem: Option<String>,
    /// How often in a row it failed.
    pub failures: i64,
    /// When to look again.
    pub check_at: Timestamp,
}

impl Store {
    /// How a source learns of changes; `None` before that was looked at.
    pub async fn live_source(&self, source: SourceId) -> Result<Option<LiveSource>, StoreError> {
        self.db.first(ONE, args![source]).await?.map(|row| read(&row)).transpose()
    }

    /// Records how the registrations of a source stand that were looked at with a grant; nothing once another one reads it.
    ///
    /// # Errors
    /// [`StoreError::SourceGone`] when the source does not exist or is being erased.
    pub async fn put_live_check(
        &self,
        source: SourceId,
        grant: GrantId,
        check: &LiveCheck,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.lock_source(source).await?;
        require_active(&mut tx, source).await?;
        if tx.first(IS_READ_BY, args![source, grant]).await?.is_none() {
            return Ok(());
        }
        let problem = check.problem.as_deref();
        let args =
            args![source, &check.registered, check.expires_at, problem, check.failures, now, check.check_at];
        tx.execute(PUT, args).await?;
        tx.commit().await
    }

    /// Jira sources whose registrations are to be looked at.
    pub async fn due_live_checks(&self, now: Timestamp, limit: u32) -> Result<Vec<SourceId>, StoreError> {
        let rows = self.db.all(DUE, args![now, i64::from(limit)]).await?;
        rows.iter().map(|row| Ok(SourceId(row.uuid(0)?))).collect()
    }

    /// Has the registrations of a source looked at by `at`, if not sooner.
    pub async fn hurry_live_check(&self, source: SourceId, at: Timestamp) -> Result<(), StoreError> {
        self.db.write(HURRY, args![source, at]).await?;
        Ok(())
    }

    /// Has the registrations of all sources that are read through an app looked at by `at`, if not sooner.
    pub async fn hurry_live_checks_of(&self, app: AppId, at: Timestamp) -> Result<(), StoreError> {
        self.db.write(HURRY_OF_APP, args![app, at]).await?;
        Ok(())
    }

    /// Notes that a reading found changes since a moment of which no delivery had told. Where one came since then, others do
    /// too: what was found may have been told, and wait to be looked at.
    pub async fn note_missed_deliveries(
        &self,
        source: SourceId,
        count: u64,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.db.write(MISSED, args![source, now, count, since]).await?;
        Ok(())
    }
}

fn read(row: &Row) -> Result<LiveSource, StoreError> {
    Ok(LiveSource {
        source: SourceId(row.uuid(0)?),
        registered: row.text(1)?,
        expires_at: row.optional_time(2)?,
        problem: row.optional_text(3)?,
        failures: row.int(4)?,
        checked_at: row.optional_time(5)?,
        check_at: row.time(6)?,
        delivered_at: row.optional_time(7)?,
        deliveries: row.int(8)?,
        missed_at: row.optional_time(9)?,
        missed: row.int(10)?,
    })
}
