//! Receipts of unlinking: what is left of a linked account. Nothing in them says anything about a person or a site.

use std::collections::BTreeMap;

use jiff::Timestamp;
use linkspan_model::ids::{LinkedAccountId, SourceId};
use linkspan_model::product::Integration;
use uuid::Uuid;

use crate::Store;
use crate::db::{Query, Row, Tx, args, statements};
use crate::error::StoreError;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, account_id, integration, source_id, unlinked_at, grant_destroyed, source_shared, erased_at, erased
                FROM unlink_receipts ",
            $rest
        )
    };
}

statements! {
    INSERT = "INSERT INTO unlink_receipts (id, account_id, integration, source_id, unlinked_at, grant_destroyed,
            source_shared)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    ONE = select!("WHERE id = $1");
    OPEN = "SELECT id, erased FROM unlink_receipts WHERE source_id = $1 AND erased_at IS NULL AND source_shared = FALSE";
    COUNT = "UPDATE unlink_receipts SET erased = $2 WHERE id = $1";
    CLOSE = "UPDATE unlink_receipts SET erased_at = $2 WHERE source_id = $1 AND erased_at IS NULL
        AND source_shared = FALSE";
}

/// What is left of a linked account that was unlinked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnlinkReceipt {
    /// Its id.
    pub id: Uuid,
    /// The account that was unlinked.
    pub account: LinkedAccountId,
    /// What had been linked.
    pub integration: Integration,
    /// The source that it read.
    pub source: SourceId,
    /// When it was unlinked and its key destroyed.
    pub unlinked_at: Timestamp,
    /// The grant went too, with the key that opened its tokens.
    pub grant_destroyed: bool,
    /// Another account reads the same source, which therefore stays.
    pub source_shared: bool,
    /// When everything read through the source was erased; `None` while that goes on, or where the source stays.
    pub erased_at: Option<Timestamp>,
    /// How many rows were erased so far, by table.
    pub erased: BTreeMap<String, u64>,
}

impl Store {
    /// A receipt.
    pub async fn unlink_receipt(&self, id: Uuid) -> Result<Option<UnlinkReceipt>, StoreError> {
        self.db.first(ONE, args![id]).await?.map(|row| read(&row)).transpose()
    }

    /// Receipts, of one account or of all, oldest first, behind the position `after`.
    pub async fn unlink_receipts(
        &self,
        account: Option<LinkedAccountId>,
        after: Option<(Timestamp, Uuid)>,
        limit: u32,
    ) -> Result<Vec<UnlinkReceipt>, StoreError> {
        let mut query = Query::new(select!("WHERE 1 = 1"));
        if let Some(account) = account {
            query.push(" AND account_id = ").bind(account);
        }
        if let Some((at, id)) = after {
            query.push(" AND (unlinked_at, id) > (").bind(at).push(", ").bind(id).push(")");
        }
        query.push(" ORDER BY unlinked_at, id LIMIT ").bind(i64::from(limit));
        let (sql, args) = query.finish();
        self.db.all(sql, args).await?.iter().map(read).collect()
    }
}

pub(crate) async fn insert(tx: &mut Tx, receipt: &UnlinkReceipt) -> Result<(), StoreError> {
    let args = args![
        receipt.id,
        receipt.account,
        receipt.integration.slug(),
        receipt.source,
        receipt.unlinked_at,
        receipt.grant_destroyed,
        receipt.source_shared,
    ];
    tx.execute(INSERT, args).await?;
    Ok(())
}

/// Adds rows that this transaction erases to the open receipts of their source.
pub(crate) async fn add_erased(
    tx: &mut Tx,
    source: SourceId,
    table: &str,
    rows: u64,
) -> Result<(), StoreError> {
    for receipt in tx.all(OPEN, args![source]).await? {
        let mut erased = counts(receipt.optional_text(1)?)?;
        *erased.entry(table.to_owned()).or_default() += rows;
        let text = serde_json::to_string(&erased).map_err(StoreError::corrupt)?;
        tx.execute(COUNT, args![receipt.uuid(0)?, text]).await?;
    }
    Ok(())
}

/// Says on the open receipts of a source that nothing is left of it.
pub(crate) async fn close(tx: &mut Tx, source: SourceId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(CLOSE, args![source, now]).await?;
    Ok(())
}

fn counts(text: Option<String>) -> Result<BTreeMap<String, u64>, StoreError> {
    text.map_or_else(|| Ok(BTreeMap::new()), |text| serde_json::from_str(&text).map_err(StoreError::corrupt))
}

fn read(row: &Row) -> Result<UnlinkReceipt, StoreError> {
    Ok(UnlinkReceipt {
        id: row.uuid(0)?,
        account: LinkedAccountId(row.uuid(1)?),
        integration: row.word(2)?,
        source: SourceId(row.uuid(3)?),
        unlinked_at: row.time(4)?,
        grant_destroyed: row.bool(5)?,
        source_shared: row.bool(6)?,
        erased_at: row.optional_time(7)?,
        erased: counts(row.optional_text(8)?)?,
    })
}
