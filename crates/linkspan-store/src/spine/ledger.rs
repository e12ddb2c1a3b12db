//! The ledger: for each project or space how many upstream has, how many are here, when that was compared, and what came of
//! it (hazard S23). What hangs on other records, and is listed for a whole site alone, has one row for its model.

use std::collections::BTreeMap;

use jiff::Timestamp;
use linkspan_model::ids::{RecordId, SourceId};
use linkspan_model::product::UnknownWord;
use linkspan_model::record::Model;

use super::write::require_active;
use crate::Store;
use crate::db::{Arg, Query, Row, Tx, args, statements};
use crate::error::StoreError;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT container, model, remote_id, state, upstream, stored, looked_at, walked_at, fresh_at, requested_at,
                found, repaired, outcome, suspected_at, walk, difference FROM ledger ",
            $rest
        )
    };
}

macro_rules! totals {
    ($which:literal) => {
        concat!(
            "SELECT COUNT(*), CAST(SUM(upstream) AS BIGINT), CAST(SUM(stored) AS BIGINT), MIN(fresh_at), MAX(looked_at),
                MAX(walked_at), COUNT(suspected_at), COUNT(walk), COUNT(requested_at), COUNT(fresh_at),
                MIN(CASE WHEN state <> 'listed' OR suspected_at IS NOT NULL OR upstream > stored
                    OR upstream - stored <> COALESCE(difference, 0) THEN fresh_at END)
            FROM ledger WHERE state IN ('listed', 'unreachable') AND ",
            $which
        )
    };
}

statements! {
    ONE = select!("WHERE source_id = $1 AND container = $2 AND model = $3");
    PUT = "INSERT INTO ledger (source_id, container, model, remote_id, state, upstream, stored, looked_at, walked_at,
            fresh_at, found, repaired, outcome, suspected_at, walk, difference)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        ON CONFLICT (source_id, container, model) DO UPDATE SET remote_id = excluded.remote_id, state = excluded.state,
            upstream = excluded.upstream, stored = excluded.stored, looked_at = excluded.looked_at,
            walked_at = excluded.walked_at, fresh_at = excluded.fresh_at, found = excluded.found,
            repaired = excluded.repaired, outcome = excluded.outcome, suspected_at = excluded.suspected_at,
            walk = excluded.walk, difference = excluded.difference";
    ANSWERED = "UPDATE ledger SET requested_at = NULL
        WHERE source_id = $1 AND container = $2 AND model = $3 AND requested_at <= $4";
    // Of an archived project nothing is listed: what is gone of it is looked for by id.
    REQUEST = "UPDATE ledger SET requested_at = $3 WHERE source_id = $1 AND container = $2
        AND state IN ('listed', 'unreachable', 'archived')";
    REQUEST_ALL = "UPDATE ledger SET requested_at = $2 WHERE source_id = $1 AND model IN ('ticket', 'article')
        AND state IN ('listed', 'unreachable', 'archived')";
    REQUEST_OF_SITE = "UPDATE ledger SET requested_at = $2 WHERE source_id = $1
        AND model NOT IN ('ticket', 'article')";
    TOTALS = totals!("model IN ('ticket', 'article') AND source_id = $1");
}

/// How a project or space stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ContainerState {
    /// Upstream lists it.
    Listed,
    /// It is archived.
    Archived,
    /// It lies in upstream's trash.
    Trashed,
    /// Upstream does not list it any more, and does not tell why: the account behind the grant may have lost its access.
    LostAccess,
    /// Upstream no longer has it.
    Removed,
    /// Upstream does not list it, nor many others: what that means is left open until the reach is back or accepted.
    Unreachable,
}

impl ContainerState {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Listed, Self::Archived, Self::Trashed, Self::LostAccess, Self::Removed, Self::Unreachable];

    /// The word in storage and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Archived => "archived",
            Self::Trashed => "trashed",
            Self::LostAccess => "lost_access",
            Self::Removed => "removed",
            Self::Unreachable => "unreachable",
        }
    }
}

impl std::str::FromStr for ContainerState {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| UnknownWord {
            what: "state of a container",
            word: text.to_owned(),
            known: "listed, archived, trashed, lost_access, removed, unreachable",
        })
    }
}

/// Counts by kind of drift.
pub type DriftCounts = BTreeMap<String, u64>;

/// What is known of one model in one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// The record of the project or space.
    pub container: RecordId,
    /// The model that is counted.
    pub model: Model,
    /// Upstream's id of the container.
    pub remote_id: String,
    /// How the container stands.
    pub state: ContainerState,
    /// How many upstream had when it was last asked.
    pub upstream: Option<u64>,
    /// How many were here then.
    pub stored: Option<u64>,
    /// What the latest whole walk left between the two: what upstream counts is approximate.
    pub difference: Option<i64>,
    /// When counts were last compared.
    pub looked_at: Option<Timestamp>,
    /// When ids were last compared.
    pub walked_at: Option<Timestamp>,
    /// Everything that upstream had at this moment is here.
    pub fresh_at: Option<Timestamp>,
    /// When somebody asked for a walk that did not take place yet. Set by [`Store::request_census`] alone.
    pub requested_at: Option<Timestamp>,
    /// What the latest walk found.
    pub found: DriftCounts,
    /// What all walks together repaired.
    pub repaired: DriftCounts,
    /// How the latest look or walk ended, in words.
    pub outcome: Option<String>,
    /// Since when a second walk is wanted before anything is removed.
    pub suspected_at: Option<Timestamp>,
    /// The walk that is under way, as JSON of the engine's own making.
    pub walk: Option<String>,
}

impl LedgerRow {
    /// What hangs on other records all over a site.
    pub fn of_site(source: SourceId, model: Model) -> Self {
        // No record has an empty id upstream.
        Self::new(RecordId::of(source, model, ""), model, String::new())
    }

    /// A container that was just met.
    pub fn new(container: RecordId, model: Model, remote_id: String) -> Self {
        Self {
            container,
            model,
            remote_id,
            state: ContainerState::Listed,
            upstream: None,
            stored: None,
            difference: None,
            looked_at: None,
            walked_at: None,
            fresh_at: None,
            requested_at: None,
            found: DriftCounts::new(),
            repaired: DriftCounts::new(),
            outcome: None,
            suspected_at: None,
            walk: None,
        }
    }
}

/// The ledger of a source in a few numbers. Containers that are archived or gone are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerTotals {
    /// Containers.
    pub containers: u64,
    /// How many upstream had when it was last asked, where it was.
    pub upstream: u64,
    /// How many were here then.
    pub stored: u64,
    /// The oldest moment up to which a container is complete; `None` while one of them was never compared.
    pub fresh_at: Option<Timestamp>,
    /// The latest comparison of counts, and the latest one of ids.
    pub looked_at: Option<Timestamp>,
    /// See `looked_at`.
    pub walked_at: Option<Timestamp>,
    /// Containers that wait for a second walk.
    pub suspected: u64,
    /// Containers whose walk is under way.
    pub walking: u64,
    /// Containers whose walk was asked for.
    pub requested: u64,
    /// The oldest moment up to which one is complete of those in doubt: something of it is missing, or may be.
    pub doubted_fresh_at: Option<Timestamp>,
}

impl Store {
    /// The row of one container.
    pub async fn ledger_row(
        &self,
        source: SourceId,
        container: RecordId,
        model: Model,
    ) -> Result<Option<LedgerRow>, StoreError> {
        self.db.first(ONE, args![source, container, model.as_str()]).await?.map(|row| read(&row)).transpose()
    }

    /// Rows of a source's containers in their order, behind `after`; only those of `containers` where they are given.
    pub async fn ledger(
        &self,
        source: SourceId,
        containers: Option<&[RecordId]>,
        after: Option<RecordId>,
        limit: u32,
    ) -> Result<Vec<LedgerRow>, StoreError> {
        let mut query = Query::new(select!("WHERE model IN ('ticket', 'article') AND source_id = "));
        query.bind(source);
        if let Some(after) = after {
            query.push(" AND container > ").bind(after);
        }
        if let Some(containers) = containers {
            query.push(" AND container IN ").bind_list(containers.iter().copied());
        }
        query.push(" ORDER BY container, model LIMIT ").bind(i64::from(limit));
        let (sql, args) = query.finish();
        self.db.all(sql, args).await?.iter().map(read).collect()
    }

    /// A source's ledger in a few numbers; only that of `containers` where they are given.
    pub async fn ledger_totals(
        &self,
        source: SourceId,
        containers: Option<&[RecordId]>,
    ) -> Result<LedgerTotals, StoreError> {
        let row = match containers {
            None => self.db.first(TOTALS, args![source]).await?,
            Some(containers) => {
                let mut query = Query::new(totals!("source_id = "));
                query.bind(source).push(" AND container IN ").bind_list(containers.iter().copied());
                let (sql, args) = query.finish();
                self.db.first(sql, args).await?
            }
        };
        let row = row.ok_or_else(|| StoreError::corrupt("a count has no row"))?;
        let count = |index| Ok::<_, StoreError>(row.optional_int(index)?.unwrap_or_default().cast_unsigned());
        let containers = count(0)?;
        Ok(LedgerTotals {
            containers,
            upstream: count(1)?,
            stored: count(2)?,
            fresh_at: row.optional_time(3)?.filter(|_| count(9).is_ok_and(|fresh| fresh == containers)),
            looked_at: row.optional_time(4)?,
            walked_at: row.optional_time(5)?,
            suspected: count(6)?,
            walking: count(7)?,
            requested: count(8)?,
            doubted_fresh_at: row.optional_time(10)?,
        })
    }

    /// Stores the row of a container, all but whether a walk is asked for. What was asked for until `answered` is done.
    ///
    /// # Errors
    /// [`StoreError::SourceGone`] when the source does not exist or is being erased.
    pub async fn put_ledger_row(
        &self,
        source: SourceId,
        row: &LedgerRow,
        answered: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.lock_source(source).await?;
        require_active(&mut tx, source).await?;
        put(&mut tx, source, row).await?;
        if let Some(answered) = answered {
            tx.execute(ANSWERED, args![source, row.container, row.model.as_str(), answered]).await?;
        }
        tx.commit().await
    }

    /// Asks for a walk over a container, or over all of a source and what hangs on it; over how many containers.
    pub async fn request_census(
        &self,
        source: SourceId,
        container: Option<RecordId>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        if let Some(container) = container {
            return self.db.write(REQUEST, args![source, container, now]).await;
        }
        self.db.write(REQUEST_OF_SITE, args![source, now]).await?;
        self.db.write(REQUEST_ALL, args![source, now]).await
    }
}

/// Writes a row within a transaction.
pub(super) async fn put(tx: &mut Tx, source: SourceId, row: &LedgerRow) -> Result<(), StoreError> {
    let count = |count: Option<u64>| count.map(u64::cast_signed);
    let json = |counts: &DriftCounts| serde_json::to_string(counts).map_err(StoreError::corrupt);
    let args: Vec<Arg> = args![
        source,
        row.container,
        row.model.as_str(),
        &row.remote_id,
        row.state.as_str(),
        count(row.upstream),
        count(row.stored),
        row.looked_at,
        row.walked_at,
        row.fresh_at,
        json(&row.found)?,
        json(&row.repaired)?,
        row.outcome.as_deref(),
        row.suspected_at,
        row.walk.as_deref(),
        row.difference,
    ];
    tx.execute(PUT, args).await.map(drop)
}

fn read(row: &Row) -> Result<LedgerRow, StoreError> {
    let count = |index| Ok::<_, StoreError>(row.optional_int(index)?.map(i64::cast_unsigned));
    let counts = |index| serde_json::from_str(&row.text(index)?).map_err(StoreError::corrupt);
    Ok(LedgerRow {
        container: RecordId(row.uuid(0)?),
        model: row.word(1)?,
        remote_id: row.text(2)?,
        state: row.word(3)?,
        upstream: count(4)?,
        stored: count(5)?,
        looked_at: row.optional_time(6)?,
        walked_at: row.optional_time(7)?,
        fresh_at: row.optional_time(8)?,
        requested_at: row.optional_time(9)?,
        found: counts(10)?,
        repaired: counts(11)?,
        outcome: row.optional_text(12)?,
        suspected_at: row.optional_time(13)?,
        walk: row.optional_text(14)?,
        difference: row.optional_int(15)?,
    })
}
