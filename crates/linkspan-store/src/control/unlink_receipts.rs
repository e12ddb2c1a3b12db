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
    ERASED = "UPDATE unlink_receipts SET erased_at = $2, erased = $3 WHERE source_id = $1 AND erased_at IS NULL
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
    /// How many rows were erased, by table.
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

    /// Notes on the open receipts of a source that everything read through it was erased.
    pub async fn note_erased(
        &self,
        source: SourceId,
        erased: &BTreeMap<String, u64>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let text = serde_json::to_string(erased).map_err(StoreError::corrupt)?;
        self.db.write(ERASED, args![source, now, text]).await?;
        Ok(())
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

fn read(row: &Row) -> Result<UnlinkReceipt, StoreError> {
    let erased = row.optional_text(8)?;
    Ok(UnlinkReceipt {
        id: row.uuid(0)?,
        account: LinkedAccountId(row.uuid(1)?),
        integration: row.word(2)?,
        source: SourceId(row.uuid(3)?),
        unlinked_at: row.time(4)?,
        grant_destroyed: row.bool(5)?,
        source_shared: row.bool(6)?,
        erased_at: row.optional_time(7)?,
        erased: match erased {
            Some(text) => serde_json::from_str(&text).map_err(StoreError::corrupt)?,
            None => BTreeMap::new(),
        },
    })
}
