//! Events beside the change feed, and both read as one.

use jiff::Timestamp;
use linkspan_model::change::Change;
use linkspan_model::event::EventKind;
use linkspan_model::ids::{LinkedAccountId, SourceId};

use super::changes;
use crate::Store;
use crate::db::{Row, Tx, args, statements};
use crate::error::StoreError;

statements! {
    INSERT = "INSERT INTO events (seq, kind, source_id, account_id, details, at) VALUES ($1, $2, $3, $4, $5, $6)";
    OF_ALL = "SELECT seq, kind, source_id, account_id, details, at FROM events
        WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3";
    OF_SOURCE = "SELECT seq, kind, source_id, account_id, details, at FROM events
        WHERE source_id = $4 AND seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3";
    ONE = "SELECT seq, kind, source_id, account_id, details, at FROM events WHERE seq = $1";
    FORGET_ACCOUNT = "DELETE FROM events WHERE account_id = $1";
    FORGET_OLD = "DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE at < $1 ORDER BY at LIMIT 500)";
}

/// Something that happened besides a change of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// What happened.
    pub kind: EventKind,
    /// The source it is about; without an account, it concerns every account of the source.
    pub source: Option<SourceId>,
    /// The account it is about.
    pub account: Option<LinkedAccountId>,
    /// Figures and words of our own, as a JSON object. Nothing out of a record belongs here: events outlive records.
    pub details: serde_json::Value,
}

/// An event with its place in the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Position in the feed, which changes and events share.
    pub seq: i64,
    /// What happened.
    pub kind: EventKind,
    /// The source it is about; without an account, it concerns every account of the source.
    pub source: Option<SourceId>,
    /// The account it is about.
    pub account: Option<LinkedAccountId>,
    /// Figures and words of our own, as a JSON object.
    pub details: serde_json::Value,
    /// When it happened.
    pub at: Timestamp,
}

/// An entry of the feed of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedEntry {
    /// A record changed.
    Change(Change),
    /// Something else happened.
    Event(Event),
}

impl FeedEntry {
    /// Position in the feed.
    pub fn seq(&self) -> i64 {
        match self {
            Self::Change(change) => change.seq,
            Self::Event(event) => event.seq,
        }
    }
}

/// A stretch of the feed of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// The entries, in order.
    pub entries: Vec<FeedEntry>,
    /// Where to go on: every entry up to here was seen.
    pub next: i64,
}

impl Store {
    /// At most `limit` changes and events behind the position `after`, of one source or of all, in the one order that both
    /// share. As with [`Store::read_changes`], a reader that goes on from [`Feed::next`] never misses an entry.
    pub async fn read_feed(
        &self,
        source: Option<SourceId>,
        after: i64,
        limit: u32,
    ) -> Result<Feed, StoreError> {
        // Taken before the entries are read: what it covers is visible to every later statement.
        let horizon = self.db.feed_horizon().await?;
        let args = args![after, horizon, i64::from(limit)];
        let mut entries: Vec<FeedEntry> = Vec::new();
        let (of_changes, of_events, args) = match source {
            None => (changes::OF_ALL, OF_ALL, args),
            Some(source) => (changes::OF_SOURCE, OF_SOURCE, args.into_iter().chain(args![source]).collect()),
        };
        for row in self.db.all(of_changes, args.clone()).await? {
            entries.push(FeedEntry::Change(changes::read(&row)?));
        }
        for row in self.db.all(of_events, args).await? {
            entries.push(FeedEntry::Event(read(&row)?));
        }
        entries.sort_unstable_by_key(FeedEntry::seq);
        let is_full = entries.len() >= limit as usize;
        entries.truncate(limit as usize);
        let next = match entries.last() {
            Some(last) if is_full => last.seq(),
            _ => horizon.max(after),
        };
        Ok(Feed { entries, next })
    }

    /// The position of the present: every later entry of the feed has a higher one.
    pub async fn feed_position(&self) -> Result<i64, StoreError> {
        self.db.feed_horizon().await
    }

    /// The event at a position.
    pub async fn event(&self, seq: i64) -> Result<Option<Event>, StoreError> {
        self.db.first(ONE, args![seq]).await?.map(|row| read(&row)).transpose()
    }

    /// Adds one event to the feed. What belongs to a change of the tables is added in that change's own transaction
    /// instead.
    pub async fn append_event(&self, event: &NewEvent, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        append(&mut tx, std::slice::from_ref(event), now).await?;
        tx.commit().await
    }

    /// Forgets events from before `before`, in bounded steps; how many.
    pub async fn forget_events(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut total = 0;
        loop {
            let deleted = self.db.write(FORGET_OLD, args![before]).await?;
            if deleted == 0 {
                return Ok(total);
            }
            total += deleted;
        }
    }
}

/// Appends events, in this order. A transaction takes positions once, so not beside [`changes::append`].
pub(crate) async fn append(tx: &mut Tx, events: &[NewEvent], now: Timestamp) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let first = tx.next_feed_positions(events.len()).await?;
    for (seq, event) in (first..).zip(events) {
        let details = event.details.to_string();
        let args = args![seq, event.kind.as_str(), event.source, event.account, details, now];
        tx.execute(INSERT, args).await?;
    }
    Ok(())
}

fn read(row: &Row) -> Result<Event, StoreError> {
    Ok(Event {
        seq: row.int(0)?,
        kind: row.word(1)?,
        source: row.optional_uuid(2)?.map(SourceId),
        account: row.optional_uuid(3)?.map(LinkedAccountId),
        details: serde_json::from_str(&row.text(4)?).map_err(StoreError::corrupt)?,
        at: row.time(5)?,
    })
}
