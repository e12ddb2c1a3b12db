//! Which accounts are named in what is stored of a source, and since when something about them is held.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use linkspan_model::ids::SourceId;

use crate::Store;
use crate::db::{Arg, Tx, args, bulks, statements};
use crate::error::StoreError;

statements! {
    SOURCES = "SELECT source_id FROM source_accounts WHERE account_id = $1 ORDER BY source_id";
    FETCHED = "SELECT fetched_at FROM source_accounts WHERE source_id = $1 AND account_id = $2";
    REFRESH = "UPDATE source_accounts SET fetched_at = $3 WHERE source_id = $1 AND account_id = $2";
}

bulks! {
    STORED = "SELECT account_id, fetched_at FROM source_accounts WHERE source_id = $1 AND account_id IN (", "?", ")";
    UPSERT = "INSERT INTO source_accounts (source_id, fetched_at, account_id) VALUES ", "($1, $2, ?)",
        " ON CONFLICT (source_id, account_id) DO UPDATE SET fetched_at = excluded.fetched_at";
}

impl Store {
    /// The sources in which an account is named.
    pub async fn sources_naming(&self, account_id: &str) -> Result<Vec<SourceId>, StoreError> {
        let rows = self.db.all(SOURCES, args![account_id]).await?;
        rows.iter().map(|row| Ok(SourceId(row.uuid(0)?))).collect()
    }

    /// When the oldest piece about an account in a source was fetched; `None` when nothing there names it.
    pub async fn account_fetched_at(
        &self,
        source: SourceId,
        account_id: &str,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.db.first(FETCHED, args![source, account_id]).await?.map(|row| row.time(0)).transpose()
    }

    /// Notes that everything about the account in the source was fetched at this moment or later.
    pub async fn account_refreshed(
        &self,
        source: SourceId,
        account_id: &str,
        fetched_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.db.write(REFRESH, args![source, account_id, fetched_at]).await?;
        Ok(())
    }
}

/// Notes accounts that what is being stored names. The oldest time of fetching counts.
pub(crate) async fn write(
    tx: &mut Tx,
    source: SourceId,
    accounts: &BTreeSet<String>,
    fetched_at: Timestamp,
) -> Result<(), StoreError> {
    if accounts.is_empty() {
        return Ok(());
    }
    let ids = accounts.iter().map(Arg::from).collect();
    let mut stored: HashMap<String, Timestamp> = HashMap::with_capacity(accounts.len());
    for (sql, args) in STORED.lookup(tx.dialect(), args![source], ids) {
        for row in tx.all(sql, args).await? {
            stored.insert(row.text(0)?, row.time(1)?);
        }
    }
    let news = accounts.iter().filter(|id| stored.get(*id).is_none_or(|oldest| *oldest > fetched_at));
    let news = news.map(Arg::from).collect();
    tx.run(UPSERT.rows(tx.dialect(), args![source, fetched_at], news)).await
}
