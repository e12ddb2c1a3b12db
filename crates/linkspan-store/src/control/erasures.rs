//! Receipts of erasures, which are the list of accounts that must not come back.

use jiff::Timestamp;
use linkspan_model::ids::AppId;
use linkspan_vault::Digest;

use crate::Store;
use crate::db::{Db, Query, Row, Tx, args, statements};
use crate::error::StoreError;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT no, app_id, account, told_at, finished_at, people, raws, texts, group_members, access_rules, contacts
                FROM erasures ",
            $rest
        )
    };
}

statements! {
    // A number that another writer takes at the same moment is no number to take: see `begin_erasure`.
    BEGIN = "INSERT INTO erasures (no, app_id, account, told_at, people, raws, texts, group_members, access_rules, contacts)
        SELECT COALESCE(MAX(no), 0) + 1, $1, $2, $3, 0, 0, 0, 0, 0, 0 FROM erasures WHERE TRUE ON CONFLICT DO NOTHING";
    ONE = select!("WHERE app_id = $1 AND account = $2");
    LATEST = "SELECT COALESCE(MAX(no), 0) FROM erasures";
    SINCE = "SELECT no, account FROM erasures WHERE no > $1 ORDER BY no LIMIT $2";
    ADD = "UPDATE erasures SET people = people + $2, raws = raws + $3, texts = texts + $4,
            group_members = group_members + $5, access_rules = access_rules + $6, contacts = contacts + $7
        WHERE no = $1";
    FINISH = "UPDATE erasures SET finished_at = $2 WHERE no = $1 AND finished_at IS NULL";
    BLANK_ACCOUNTS = "UPDATE linked_accounts SET email_address = '' WHERE LOWER(email_address) = LOWER($1)";
    BLANK_LINKS = "UPDATE links SET email_address = '' WHERE LOWER(email_address) = LOWER($1)";
}

/// Tries to take a number beside other writers.
const BEGIN_TRIES: u32 = 100;
/// Erasures read at a time.
const PAGE: i64 = 1_000;

/// What an erasure touched: rows, by where they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// People of whom only the bare id was kept.
    pub people: u64,
    /// Upstream JSON out of which something was taken.
    pub raws: u64,
    /// Records whose texts were made anew without a name.
    pub texts: u64,
    /// Memberships in groups that were ended.
    pub group_members: u64,
    /// Access rules that no longer name the account.
    pub access_rules: u64,
    /// Customers' contact addresses that were the account's own and were emptied.
    pub contacts: u64,
}

/// The receipt of an erasure. It says nothing about whom it is, but to who holds the account id and the server's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Counts up with every erasure.
    pub no: i64,
    /// The app to which Atlassian said that the account was closed.
    pub app: AppId,
    /// A keyed digest of the account id.
    pub account: Digest,
    /// When Atlassian said so.
    pub told_at: Timestamp,
    /// When everything was erased; `None` while it goes on.
    pub finished_at: Option<Timestamp>,
    /// What was touched so far.
    pub touched: Touched,
}

impl Store {
    /// Begins the erasure of an account, or finds the one that was begun before. From here on no batch is accepted from a
    /// writer who does not know of it.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when other processes took every number for themselves.
    pub async fn begin_erasure(
        &self,
        app: AppId,
        account: &Digest,
        told_at: Timestamp,
    ) -> Result<Erasure, StoreError> {
        for _ in 0..BEGIN_TRIES {
            self.db.write(BEGIN, args![app, account, told_at]).await?;
            if let Some(row) = self.db.first(ONE, args![app, account]).await? {
                return read(&row);
            }
        }
        Err(StoreError::Busy)
    }

    /// Digests of accounts that were erased after the erasure `no` (0: all), in order.
    pub async fn erased_since(&self, no: i64) -> Result<Vec<(i64, Digest)>, StoreError> {
        let mut erased: Vec<(i64, Digest)> = Vec::new();
        loop {
            let after = erased.last().map_or(no, |(no, _)| *no);
            let rows = self.db.all(SINCE, args![after, PAGE]).await?;
            if rows.is_empty() {
                return Ok(erased);
            }
            for row in rows {
                erased.push((row.int(0)?, row.digest(1)?));
            }
        }
    }

    /// Receipts, newest first, before the receipt `before`; of one account only where its digest is given.
    pub async fn erasures(
        &self,
        account: Option<&Digest>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Erasure>, StoreError> {
        let mut query = Query::new(select!("WHERE no < "));
        query.bind(before.unwrap_or(i64::MAX));
        if let Some(account) = account {
            query.push(" AND account = ").bind(account);
        }
        query.push(" ORDER BY no DESC LIMIT ").bind(i64::from(limit));
        let (sql, args) = query.finish();
        self.db.all(sql, args).await?.iter().map(read).collect()
    }

    /// Notes that everything of the account was erased.
    pub async fn finish_erasure(&self, no: i64, now: Timestamp) -> Result<(), StoreError> {
        self.db.write(FINISH, args![no, now]).await?;
        Ok(())
    }

    /// Empties contact addresses of customers, and of links, that are exactly this address; adds their number to the
    /// receipt `no`.
    pub async fn erase_contacts(&self, email: &str, no: i64) -> Result<u64, StoreError> {
        let mut tx = self.db.begin().await?;
        let mut contacts = tx.execute(BLANK_ACCOUNTS, args![email]).await?;
        contacts += tx.execute(BLANK_LINKS, args![email]).await?;
        add(&mut tx, &[(no, Touched { contacts, ..Touched::default() })]).await?;
        tx.commit().await?;
        Ok(contacts)
    }

    /// Leaves nothing of what was rewritten in the database's own log (SQLite).
    pub async fn forget_rewritten(&self) -> Result<(), StoreError> {
        self.db.forget_erased().await
    }

    /// Leaves nothing of what was erased in the database's file. Erased rows are overwritten as they go, but SQLite may
    /// leave an older copy of a row in a page that was split. So the file is searched for `traces`, and written anew if
    /// one is found, or if none is given because nobody knows any more what to search for. Whether it was written anew.
    ///
    /// PostgreSQL keeps the former version of a row until `VACUUM`, which runs by itself, frees its place, and until
    /// another row is written there; only `VACUUM FULL` leaves nothing at once. That, the server's log and its backups
    /// are its operator's (`docs/personal-data.md`).
    ///
    /// # Errors
    /// When the database or its file fails.
    pub async fn scrub(&self, traces: &[String]) -> Result<bool, StoreError> {
        match &*self.db {
            Db::Sqlite(pools) => pools.scrub(traces).await,
            Db::Postgres(_) => Ok(false),
        }
    }
}

/// The number of the latest erasure, as this transaction sees it.
pub(crate) async fn latest(tx: &mut Tx) -> Result<i64, StoreError> {
    let row = tx.first(LATEST, args![]).await?;
    row.ok_or_else(|| StoreError::corrupt("a maximum has no row"))?.int(0)
}

/// Adds to receipts what was touched.
pub(crate) async fn add(tx: &mut Tx, touched: &[(i64, Touched)]) -> Result<(), StoreError> {
    for (no, touched) in touched {
        let Touched { people, raws, texts, group_members, access_rules, contacts } = *touched;
        let counts = [people, raws, texts, group_members, access_rules, contacts];
        let mut args = args![*no];
        args.extend(counts.map(|count| i64::try_from(count).unwrap_or(i64::MAX).into()));
        tx.execute(ADD, args).await?;
    }
    Ok(())
}

fn read(row: &Row) -> Result<Erasure, StoreError> {
    let count = |index| Ok::<u64, StoreError>(row.int(index)?.cast_unsigned());
    Ok(Erasure {
        no: row.int(0)?,
        app: AppId(row.uuid(1)?),
        account: row.digest(2)?,
        told_at: row.time(3)?,
        finished_at: row.optional_time(4)?,
        touched: Touched {
            people: count(5)?,
            raws: count(6)?,
            texts: count(7)?,
            group_members: count(8)?,
            access_rules: count(9)?,
            contacts: count(10)?,
        },
    })
}
