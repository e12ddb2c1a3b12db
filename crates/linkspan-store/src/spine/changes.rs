//! The change feed.

use linkspan_model::absence::Absence;
use linkspan_model::change::{Change, ChangeKind};
use linkspan_model::ids::{RecordId, SourceId};
use linkspan_model::record::Model;

use crate::Store;
use crate::db::{Row, Tx, args, bulks, statements};
use crate::error::StoreError;

statements! {
    OF_ALL = "SELECT seq, source_id, model, record_id, kind, at, absence, left_container FROM changes
        WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3";
    OF_SOURCE = "SELECT seq, source_id, model, record_id, kind, at, absence, left_container FROM changes
        WHERE source_id = $4 AND seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3";
    ONE = "SELECT seq, source_id, model, record_id, kind, at, absence, left_container FROM changes
        WHERE source_id = $1 AND seq = $2";
}

bulks! {
    APPEND = "INSERT INTO changes (source_id, at, seq, model, record_id, kind, absence, left_container) VALUES ",
        "($1, $2, ?, ?, ?, ?, ?, ?)", "";
}

/// A stretch of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedPage {
    /// The entries, in order.
    pub changes: Vec<Change>,
    /// Where to go on: every entry up to here was seen. Moves on even over stretches without entries of the source.
    pub next: i64,
}

impl Store {
    /// At most `limit` entries behind the position `after` (0 is the beginning), of one source or of all. An entry is
    /// given only when no entry before it can still appear, so a reader that goes on from
    /// [`FeedPage::next`] never misses one.
    pub async fn read_changes(
        &self,
        source: Option<SourceId>,
        after: i64,
        limit: u32,
    ) -> Result<FeedPage, StoreError> {
        // Taken before the entries are read: what it covers is visible to every later statement.
        let horizon = self.db.feed_horizon().await?;
        let mut args = args![after, horizon, i64::from(limit)];
        let rows = match source {
            None => self.db.all(OF_ALL, args).await?,
            Some(source) => {
                args.push(source.into());
                self.db.all(OF_SOURCE, args).await?
            }
        };
        let changes: Vec<Change> = rows.iter().map(read).collect::<Result<_, _>>()?;
        let next = match changes.last() {
            Some(last) if changes.len() >= limit as usize => last.seq,
            _ => horizon.max(after),
        };
        Ok(FeedPage { changes, next })
    }

    /// The change at a position of a source.
    pub async fn change(&self, source: SourceId, seq: i64) -> Result<Option<Change>, StoreError> {
        self.db.first(ONE, args![source, seq]).await?.map(|row| read(&row)).transpose()
    }
}

/// An entry to be appended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) id: RecordId,
    pub(crate) model: Model,
    pub(crate) kind: ChangeKind,
    pub(crate) absence: Option<Absence>,
    pub(crate) left: Option<RecordId>,
}

/// Appends entries, in this order.
pub(crate) async fn append(
    tx: &mut Tx,
    source: SourceId,
    entries: &[Entry],
    at: i64,
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let first = tx.next_feed_positions(entries.len()).await?;
    let mut rows = Vec::with_capacity(entries.len() * 6);
    for (seq, Entry { id, model, kind, absence, left }) in (first..).zip(entries) {
        rows.extend([
            seq.into(),
            model.as_str().into(),
            (*id).into(),
            kind.as_str().into(),
            (*absence).into(),
            (*left).into(),
        ]);
    }
    tx.run(APPEND.rows(tx.dialect(), args![source, at], rows)).await
}

pub(crate) fn read(row: &Row) -> Result<Change, StoreError> {
    let kind = match &*row.text(4)? {
        "created" => ChangeKind::Created,
        "updated" => ChangeKind::Updated,
        "removed" => ChangeKind::Removed,
        "access" => ChangeKind::Access,
        other => return Err(StoreError::corrupt(format!("unknown kind of change `{other}`"))),
    };
    Ok(Change {
        seq: row.int(0)?,
        source: SourceId(row.uuid(1)?),
        model: row.word(2)?,
        record: RecordId(row.uuid(3)?),
        kind,
        at: row.time(5)?,
        absence: row.optional_word(6)?,
        left: row.optional_uuid(7)?.map(RecordId),
    })
}
