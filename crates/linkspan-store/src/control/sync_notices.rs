//! What was said about the reading of a source, so that each thing is said once.

use jiff::Timestamp;
use linkspan_model::event::EventKind;
use linkspan_model::ids::SourceId;
use serde_json::{Value, json};

use crate::Store;
use crate::db::{args, statements};
use crate::error::StoreError;
use crate::spine::events::{self, NewEvent};
use crate::spine::write::require_active;

statements! {
    ENTER = "INSERT INTO sync_notices (source_id) VALUES ($1) ON CONFLICT (source_id) DO NOTHING";
    STARTED = "UPDATE sync_notices SET started_at = $2 WHERE source_id = $1 AND started_at IS NULL";
    FIRST_COMPLETED = "UPDATE sync_notices SET completed_at = $2 WHERE source_id = $1 AND completed_at IS NULL";
    READ_ALREADY = "SELECT completed_at FROM sync_notices WHERE source_id = $1 AND completed_at IS NOT NULL";
    STALLED = "UPDATE sync_notices SET stalled_at = $2 WHERE source_id = $1 AND stalled_at IS NULL";
    RECOVERED = "UPDATE sync_notices SET stalled_at = NULL WHERE source_id = $1 AND stalled_at IS NOT NULL";
}

/// A turn in the reading of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyncNotice {
    /// A reading began.
    Started,
    /// A reading came to its end.
    Completed {
        /// Changes of records that it wrote.
        changed: u64,
        /// The streams that could not be read to their end.
        failed: Vec<String>,
    },
    /// The source is not read to its end any more.
    Stalled {
        /// Why, in words of our own.
        reason: String,
        /// The streams that do not end well.
        streams: Vec<String>,
    },
}

impl Store {
    /// Notes a turn in the reading of a source, and adds the event that it makes, if any: the first beginning; the first
    /// end, and every later one that changed something; that the source stalls, once until a reading ends without a
    /// failure. Whether there is an event.
    ///
    /// # Errors
    /// [`StoreError::SourceGone`] when the source does not exist or is being erased.
    pub async fn note_sync(
        &self,
        source: SourceId,
        notice: &SyncNotice,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        tx.lock_source(source).await?;
        require_active(&mut tx, source).await?;
        tx.execute(ENTER, args![source]).await?;
        let event = match notice {
            SyncNotice::Started => {
                let is_first = tx.execute(STARTED, args![source, now]).await? > 0;
                is_first.then(|| (EventKind::SyncStarted, json!({ "is_initial": true })))
            }
            SyncNotice::Completed { changed, failed } => {
                let is_first = tx.execute(FIRST_COMPLETED, args![source, now]).await? > 0;
                if failed.is_empty() {
                    tx.execute(RECOVERED, args![source]).await?;
                }
                (is_first || *changed > 0).then(|| {
                    let details =
                        json!({ "is_initial": is_first, "changed": changed, "failed_streams": failed });
                    (EventKind::SyncCompleted, details)
                })
            }
            SyncNotice::Stalled { reason, streams } => {
                let is_new = tx.execute(STALLED, args![source, now]).await? > 0;
                is_new.then(|| (EventKind::SyncStalled, json!({ "reason": reason, "streams": streams })))
            }
        };
        if let Some((kind, details)) = &event {
            events::append(&mut tx, &[of_source(*kind, source, details.clone())], now).await?;
        }
        tx.commit().await?;
        Ok(event.is_some())
    }
}

/// An event that concerns every account of a source.
fn of_source(kind: EventKind, source: SourceId, details: Value) -> NewEvent {
    NewEvent { kind, source: Some(source), account: None, details }
}
