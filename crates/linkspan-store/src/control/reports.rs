//! What an app owes to Atlassian: which accounts it reports when, and what became of them.

use std::time::Duration;

use jiff::Timestamp;
use linkspan_model::ids::AppId;
use linkspan_model::product::UnknownWord;
use uuid::Uuid;

use crate::Store;
use crate::db::{Arg, Row, args, bulks, statements};
use crate::error::StoreError;

/// Accounts named in what an app reads: `n` names one.
macro_rules! in_sources {
    ($columns:literal, $app:literal, $condition:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM source_accounts n JOIN sources s ON s.id = n.source_id AND s.state = 'active'
                JOIN grants g ON g.id = s.grant_id WHERE g.app_id = ",
            $app,
            $condition
        )
    };
}

/// Accounts of people who proved who they are and whom an app reports: `n` names one.
macro_rules! in_identities {
    ($columns:literal, $app:literal, $condition:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM identities n JOIN identity_reporters p ON p.app_id = n.app_id WHERE p.reporter_id = ",
            $app,
            $condition
        )
    };
}

/// Due accounts with the time of their oldest piece.
macro_rules! due {
    ($condition:literal) => {
        concat!(
            "SELECT account_id, fetched_at FROM (SELECT r.account_id, r.due_at, (SELECT MIN(m.fetched_at) FROM (",
            in_sources!("n.fetched_at", "r.app_id", " AND n.account_id = r.account_id"),
            " UNION ALL ",
            in_identities!("n.fetched_at", "r.app_id", " AND n.account_id = r.account_id"),
            ") m) AS fetched_at FROM account_reports r WHERE r.app_id = $1 AND ",
            $condition,
            ") d WHERE fetched_at IS NOT NULL ORDER BY due_at, account_id LIMIT $3"
        )
    };
}

statements! {
    UNENROLLED = concat!(
        in_sources!("n.account_id", "$1", " AND NOT EXISTS
            (SELECT 1 FROM account_reports r WHERE r.app_id = $1 AND r.account_id = n.account_id)"),
        " UNION ",
        in_identities!("n.account_id", "$1", " AND NOT EXISTS
            (SELECT 1 FROM account_reports r WHERE r.app_id = $1 AND r.account_id = n.account_id)"),
        " ORDER BY account_id LIMIT $2"
    );
    DROP_UNKNOWN = concat!(
        "DELETE FROM account_reports AS r WHERE r.state <> 'closed' AND NOT EXISTS (",
        in_sources!("1", "r.app_id", " AND n.account_id = r.account_id"),
        ") AND NOT EXISTS (",
        in_identities!("1", "r.app_id", " AND n.account_id = r.account_id"),
        ")"
    );
    REPORTERS = "SELECT DISTINCT i.app_id, p.reporter_id FROM identities i
        LEFT JOIN identity_reporters p ON p.app_id = i.app_id ORDER BY i.app_id";
    SET_REPORTER = "INSERT INTO identity_reporters (app_id, reporter_id) VALUES ($1, $2)
        ON CONFLICT (app_id) DO UPDATE SET reporter_id = excluded.reporter_id";
    DUE = due!("r.due_at <= $2");
    NEVER_REPORTED = due!("r.due_at > $2 AND r.reported_at IS NULL");
    CYCLE = "SELECT cycle_seconds, last_report_at, not_before, failures, problem FROM report_cycles WHERE app_id = $1";
    ENSURE_CYCLE = "INSERT INTO report_cycles (app_id, cycle_seconds, failures) VALUES ($1, $2, 0)
        ON CONFLICT (app_id) DO NOTHING";
    TRY_LOCK = "UPDATE report_cycles SET lock_owner = $2, locked_until = $4
        WHERE app_id = $1 AND (lock_owner IS NULL OR lock_owner = $2 OR locked_until <= $3)";
    UNLOCK = "UPDATE report_cycles SET lock_owner = NULL, locked_until = NULL WHERE app_id = $1 AND lock_owner = $2";
    REPORTED = "UPDATE report_cycles SET cycle_seconds = $2, last_report_at = $3, not_before = NULL, failures = 0,
            problem = NULL WHERE app_id = $1";
    FAILED = "UPDATE report_cycles SET not_before = $2, failures = failures + 1, problem = $3 WHERE app_id = $1";
    // Nobody is reported before the new cycle is over ($2: with what is put on top of it), and nobody later than it allows.
    REPLAN = "UPDATE account_reports SET due_at = CASE
            WHEN reported_at IS NOT NULL THEN reported_at + $2
            WHEN due_at > known_since + $3 THEN known_since + $3
            ELSE due_at END
        WHERE app_id = $1 AND due_at IS NOT NULL";
    PENDING = "SELECT account_id, reported_at, retry_at FROM account_reports
        WHERE app_id = $1 AND state = $2 AND (retry_at IS NULL OR retry_at <= $3) ORDER BY account_id LIMIT $4";
    SET_STATE = "UPDATE account_reports SET state = $3, retry_at = $4 WHERE app_id = $1 AND account_id = $2";
    FORGET_DUE = "UPDATE account_reports SET due_at = NULL WHERE app_id = $1 AND account_id = $2";
    COUNTS = "SELECT COUNT(CASE WHEN state IN ('active', 'updated') THEN 1 END),
            COUNT(CASE WHEN due_at > $2 AND reported_at IS NOT NULL THEN 1 END),
            COUNT(CASE WHEN due_at <= $2 THEN 1 END),
            COUNT(CASE WHEN due_at <= $3 THEN 1 END),
            COUNT(CASE WHEN state = 'closed' THEN 1 END),
            COUNT(CASE WHEN state = 'updated' THEN 1 END),
            MIN(due_at)
        FROM account_reports WHERE app_id = $1";
}

bulks! {
    ENROL = "INSERT INTO account_reports (app_id, known_since, account_id, state, due_at) VALUES ", "($1, $2, ?, ?, ?)",
        " ON CONFLICT (app_id, account_id) DO NOTHING";
    MARK_REPORTED = "UPDATE account_reports SET reported_at = $2, due_at = $3
        WHERE app_id = $1 AND account_id IN (", "?", ")";
    MARK_CLOSED = "UPDATE account_reports SET state = 'closed', due_at = NULL, retry_at = NULL
        WHERE app_id = $1 AND account_id IN (", "?", ")";
    MARK_UPDATED = "UPDATE account_reports SET state = 'updated', retry_at = NULL
        WHERE app_id = $1 AND account_id IN (", "?", ")";
}

/// What is known of an account by reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReportState {
    /// As far as known, what is held of it is good.
    Active,
    /// It changed: what is held is to be fetched again.
    Updated,
    /// It was closed: what is held is to be erased.
    Closed,
    /// It was closed, and what was held is erased. Never reported again.
    Erased,
}

impl ReportState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Updated => "updated",
            Self::Closed => "closed",
            Self::Erased => "erased",
        }
    }
}

impl std::str::FromStr for ReportState {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        [Self::Active, Self::Updated, Self::Closed, Self::Erased]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| UnknownWord {
                what: "state of a report",
                word: text.to_owned(),
                known: "active, updated, closed, erased",
            })
    }
}

/// How the reporting of an app stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportCycle {
    /// How often each account is to be reported.
    pub cycle: Duration,
    /// When the latest report was answered.
    pub last_report_at: Option<Timestamp>,
    /// No report before this moment: upstream asked for patience, or the last ones failed.
    pub not_before: Option<Timestamp>,
    /// Reports that failed since the latest one that was answered.
    pub failures: u32,
    /// Why the latest one failed, for people.
    pub problem: Option<String>,
}

/// An account to be reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueAccount {
    /// The account id.
    pub account_id: String,
    /// When the oldest piece about it was fetched.
    pub fetched_at: Timestamp,
}

/// An account that is to be reported from now on, or never.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// The account id.
    pub account_id: String,
    /// When it is first due; `None`: it was erased before and is never reported.
    pub due_at: Option<Timestamp>,
}

/// An account about which something is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingAccount {
    /// The account id.
    pub account_id: String,
    /// When it was last reported, which is when Atlassian said so.
    pub told_at: Option<Timestamp>,
    /// It was tried before.
    pub was_tried: bool,
}

/// An answered report, to be made durable.
#[derive(Clone, Debug)]
pub struct AnsweredReport<'a> {
    /// When it was sent.
    pub reported_at: Timestamp,
    /// When these accounts are due again: a cycle after the report, and a margin.
    pub due_at: Timestamp,
    /// The cycle from now on.
    pub cycle: Duration,
    /// All accounts of the report.
    pub accounts: &'a [String],
    /// Those that were closed.
    pub closed: &'a [String],
    /// Those that changed.
    pub updated: &'a [String],
}

/// How many accounts of an app stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportCounts {
    /// Accounts that are reported.
    pub known: u64,
    /// Of these, reported in their present cycle.
    pub reported: u64,
    /// Accounts whose time has come.
    pub due: u64,
    /// Accounts whose time came longer ago than is right.
    pub overdue: u64,
    /// Closed accounts that are not erased yet.
    pub to_erase: u64,
    /// Changed accounts that were not fetched again yet.
    pub to_refresh: u64,
    /// When the next account is due, or the first of those that are.
    pub next_due_at: Option<Timestamp>,
}

impl Store {
    /// The apps to which people consented who proved who they are, each with the app that reports them, if one was set.
    pub async fn identity_reporters(&self) -> Result<Vec<(AppId, Option<AppId>)>, StoreError> {
        let rows = self.db.all(REPORTERS, args![]).await?;
        rows.iter().map(|row| Ok((AppId(row.uuid(0)?), row.optional_uuid(1)?.map(AppId)))).collect()
    }

    /// Sets the app that reports the people who consented to `app`.
    pub async fn set_identity_reporter(&self, app: AppId, reporter: AppId) -> Result<(), StoreError> {
        self.db.write(SET_REPORTER, args![app, reporter]).await?;
        Ok(())
    }

    /// Accounts named in what the app reads, and those of people whom it reports, that are not enrolled for reports yet,
    /// ordered.
    pub async fn unenrolled_accounts(&self, app: AppId, limit: u32) -> Result<Vec<String>, StoreError> {
        let rows = self.db.all(UNENROLLED, args![app, i64::from(limit)]).await?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// Enrols accounts; those that are enrolled already stay as they are.
    pub async fn enrol_accounts(
        &self,
        app: AppId,
        accounts: &[Enrolment],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut values: Vec<Arg> = Vec::with_capacity(accounts.len() * 3);
        for Enrolment { account_id, due_at } in accounts {
            let state = if due_at.is_some() { ReportState::Active } else { ReportState::Erased };
            values.extend([account_id.into(), state.as_str().into(), (*due_at).into()]);
        }
        let mut tx = self.db.begin().await?;
        tx.run(ENROL.rows(tx.dialect(), args![app, now], values)).await?;
        tx.commit().await
    }

    /// Drops accounts that nothing names any more, but for those that are still to be erased: their receipt is owed. The
    /// number dropped.
    pub async fn drop_unknown_accounts(&self) -> Result<u64, StoreError> {
        self.db.write(DROP_UNKNOWN, args![]).await
    }

    /// At most `limit` accounts that are due, longest due first. A batch that is not full is filled with accounts that
    /// were never reported, who may be reported at any time; when nobody is due, there is no batch.
    pub async fn due_accounts(
        &self,
        app: AppId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueAccount>, StoreError> {
        let read = |row: &Row| {
            Ok::<_, StoreError>(DueAccount { account_id: row.text(0)?, fetched_at: row.time(1)? })
        };
        let rows = self.db.all(DUE, args![app, now, i64::from(limit)]).await?;
        let mut due: Vec<DueAccount> = rows.iter().map(read).collect::<Result<_, _>>()?;
        let room = (limit as usize).saturating_sub(due.len());
        if !due.is_empty() && room > 0 {
            let rows =
                self.db.all(NEVER_REPORTED, args![app, now, i64::try_from(room).unwrap_or(i64::MAX)]).await?;
            for row in &rows {
                due.push(read(row)?);
            }
        }
        Ok(due)
    }

    /// How the reporting of an app stands; `default_cycle` becomes its cycle if there is nothing yet.
    pub async fn report_cycle(&self, app: AppId, default_cycle: Duration) -> Result<ReportCycle, StoreError> {
        self.db.write(ENSURE_CYCLE, args![app, seconds(default_cycle)]).await?;
        let row = self.db.first(CYCLE, args![app]).await?;
        let row = row.ok_or_else(|| StoreError::corrupt("a cycle vanished"))?;
        Ok(ReportCycle {
            cycle: Duration::from_secs(row.int(0)?.cast_unsigned()),
            last_report_at: row.optional_time(1)?,
            not_before: row.optional_time(2)?,
            failures: u32::try_from(row.int(3)?).unwrap_or(u32::MAX),
            problem: row.optional_text(4)?,
        })
    }

    /// Takes or renews the lease under which `owner` alone reports for an app, until `until`. `false` while another
    /// owner's lease lasts.
    pub async fn try_lock_reports(
        &self,
        app: AppId,
        owner: Uuid,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.db.write(TRY_LOCK, args![app, owner, now, until]).await? > 0)
    }

    /// Gives the lease back; without effect when it is another owner's by now.
    pub async fn unlock_reports(&self, app: AppId, owner: Uuid) -> Result<(), StoreError> {
        self.db.write(UNLOCK, args![app, owner]).await?;
        Ok(())
    }

    /// Makes an answered report durable, in one transaction. A cycle of another length than before moves the times at
    /// which all accounts of the app are due: each as long after its own report as those of this one, margin included.
    pub async fn commit_report(&self, app: AppId, answered: &AnsweredReport<'_>) -> Result<(), StoreError> {
        let ids = |accounts: &[String]| accounts.iter().map(Arg::from).collect::<Vec<_>>();
        let mut tx = self.db.begin().await?;
        let before = tx.first(CYCLE, args![app]).await?.map(|row| row.int(0)).transpose()?;
        let cycle = seconds(answered.cycle);
        tx.execute(REPORTED, args![app, cycle, answered.reported_at]).await?;
        if before.is_some_and(|before| before != cycle) {
            let again_after = answered.due_at.as_millisecond() - answered.reported_at.as_millisecond();
            tx.execute(REPLAN, args![app, again_after, cycle.saturating_mul(1_000)]).await?;
        }
        let dialect = tx.dialect();
        let shared = args![app, answered.reported_at, answered.due_at];
        tx.run(MARK_REPORTED.lookup(dialect, shared, ids(answered.accounts))).await?;
        tx.run(MARK_CLOSED.lookup(dialect, args![app], ids(answered.closed))).await?;
        tx.run(MARK_UPDATED.lookup(dialect, args![app], ids(answered.updated))).await?;
        tx.commit().await
    }

    /// Notes that a report failed: why, and until when none is to be sent.
    pub async fn report_failed(
        &self,
        app: AppId,
        problem: &str,
        not_before: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        self.db.write(FAILED, args![app, not_before, problem]).await?;
        Ok(())
    }

    /// Accounts in a state that asks for something, unless it is to be tried again only later, ordered.
    pub async fn pending_accounts(
        &self,
        app: AppId,
        state: ReportState,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<PendingAccount>, StoreError> {
        let rows = self.db.all(PENDING, args![app, state.as_str(), now, i64::from(limit)]).await?;
        let read = |row: &Row| {
            Ok(PendingAccount {
                account_id: row.text(0)?,
                told_at: row.optional_time(1)?,
                was_tried: row.optional_int(2)?.is_some(),
            })
        };
        rows.iter().map(read).collect()
    }

    /// Moves an account to a state; `retry_at`: what the state asks for is not to be tried before.
    pub async fn set_report_state(
        &self,
        app: AppId,
        account_id: &str,
        state: ReportState,
        retry_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(SET_STATE, args![app, account_id, state.as_str(), retry_at]).await?;
        if state == ReportState::Erased {
            tx.execute(FORGET_DUE, args![app, account_id]).await?;
        }
        tx.commit().await
    }

    /// How many accounts of an app stand where. Accounts due since before `overdue_since` are overdue.
    pub async fn report_counts(
        &self,
        app: AppId,
        now: Timestamp,
        overdue_since: Timestamp,
    ) -> Result<ReportCounts, StoreError> {
        let row = self.db.first(COUNTS, args![app, now, overdue_since]).await?;
        let row = row.ok_or_else(|| StoreError::corrupt("a count has no row"))?;
        let count = |index| Ok::<u64, StoreError>(row.int(index)?.cast_unsigned());
        Ok(ReportCounts {
            known: count(0)?,
            reported: count(1)?,
            due: count(2)?,
            overdue: count(3)?,
            to_erase: count(4)?,
            to_refresh: count(5)?,
            next_due_at: row.optional_time(6)?,
        })
    }
}

fn seconds(cycle: Duration) -> i64 {
    i64::try_from(cycle.as_secs()).unwrap_or(i64::MAX)
}
