//! Streams: how far each kind of thing has been read.

use jiff::Timestamp;
use linkspan_model::ids::SourceId;

use super::batch::Checkpoint;
use super::write::require_active;
use crate::Store;
use crate::db::{Arg, Row, args, statements};
use crate::error::StoreError;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT stream, state, phase, items_done, items_expected, started_at, finished_at, last_error,
                last_success_at, fresh_as_of FROM streams ",
            $rest
        )
    };
}

statements! {
    ALL = select!("WHERE source_id = $1 ORDER BY stream");
    ONE = select!("WHERE source_id = $1 AND stream = $2");
    PUT = "INSERT INTO streams (source_id, stream, state, phase, items_done, items_expected, started_at, finished_at,
            last_error, last_success_at, fresh_as_of)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (source_id, stream) DO UPDATE SET state = COALESCE(excluded.state, streams.state),
            phase = excluded.phase, items_done = excluded.items_done, items_expected = excluded.items_expected,
            started_at = excluded.started_at, finished_at = excluded.finished_at, last_error = excluded.last_error,
            last_success_at = excluded.last_success_at, fresh_as_of = excluded.fresh_as_of";
    CHECKPOINT = "INSERT INTO streams (source_id, stream, state, phase, items_done, items_expected)
        VALUES ($1, $2, $3, COALESCE($4, ''), COALESCE($5, 0), $6)
        ON CONFLICT (source_id, stream) DO UPDATE SET state = excluded.state, phase = COALESCE($4, streams.phase),
            items_done = COALESCE($5, streams.items_done), items_expected = COALESCE($6, streams.items_expected)";
    REWIND = "UPDATE streams SET state = NULL WHERE source_id = $1 AND stream = $2";
    RESET = "DELETE FROM streams WHERE source_id = $1 AND stream = $2";
}

/// Where a stream stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamState {
    /// The stream.
    pub stream: String,
    /// Where to go on, as JSON of the engine's own making; `None` before the first checkpoint.
    pub state: Option<String>,
    /// How it is going.
    pub progress: StreamProgress,
}

/// How a stream is going.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamProgress {
    /// What it is doing now, in a word of the engine's.
    pub phase: String,
    /// Items read so far in this pass.
    pub items_done: i64,
    /// Items expected in this pass.
    pub items_expected: Option<i64>,
    /// When this pass began.
    pub started_at: Option<Timestamp>,
    /// When the latest pass ended, well or not.
    pub finished_at: Option<Timestamp>,
    /// Why the latest pass failed; `None` when it did not.
    pub last_error: Option<String>,
    /// When a pass last ended well.
    pub last_success_at: Option<Timestamp>,
    /// When that pass began: what upstream had then is here. `None` while nothing is known to be.
    pub fresh_as_of: Option<Timestamp>,
}

impl Store {
    /// The streams of a source, ordered by name.
    pub async fn get_streams(&self, source: SourceId) -> Result<Vec<StreamState>, StoreError> {
        self.db.all(ALL, args![source]).await?.iter().map(read).collect()
    }

    /// One stream of a source.
    pub async fn get_stream(
        &self,
        source: SourceId,
        stream: &str,
    ) -> Result<Option<StreamState>, StoreError> {
        self.db.first(ONE, args![source, stream]).await?.map(|row| read(&row)).transpose()
    }

    /// Stores how a stream is going, and where to go on unless `state` is `None`, which leaves that as it is.
    ///
    /// # Errors
    /// [`StoreError::SourceGone`] when the source does not exist or is being erased.
    pub async fn put_stream_state(&self, source: SourceId, stream: &StreamState) -> Result<(), StoreError> {
        let progress = &stream.progress;
        let args = args![
            source,
            &stream.stream,
            stream.state.as_deref(),
            &progress.phase,
            progress.items_done,
            progress.items_expected,
            progress.started_at,
            progress.finished_at,
            progress.last_error.as_deref(),
            progress.last_success_at,
            progress.fresh_as_of,
        ];
        let mut tx = self.db.begin().await?;
        tx.lock_source(source).await?;
        require_active(&mut tx, source).await?;
        tx.execute(PUT, args).await?;
        tx.commit().await
    }

    /// Lets a stream begin anew, and keeps how it went so far.
    pub async fn rewind_stream(&self, source: SourceId, stream: &str) -> Result<(), StoreError> {
        self.db.write(REWIND, args![source, stream]).await?;
        Ok(())
    }

    /// Forgets where a stream stands, so that it begins anew.
    pub async fn reset_stream(&self, source: SourceId, stream: &str) -> Result<(), StoreError> {
        self.db.write(RESET, args![source, stream]).await?;
        Ok(())
    }
}

pub(crate) fn checkpoint_args(source: SourceId, checkpoint: &Checkpoint) -> Vec<Arg> {
    args![
        source,
        &checkpoint.stream,
        &checkpoint.state,
        checkpoint.phase.as_deref(),
        checkpoint.items_done,
        checkpoint.items_expected,
    ]
}

fn read(row: &Row) -> Result<StreamState, StoreError> {
    Ok(StreamState {
        stream: row.text(0)?,
        state: row.optional_text(1)?,
        progress: StreamProgress {
            phase: row.text(2)?,
            items_done: row.int(3)?,
            items_expected: row.optional_int(4)?,
            started_at: row.optional_time(5)?,
            finished_at: row.optional_time(6)?,
            last_error: row.optional_text(7)?,
            last_success_at: row.optional_time(8)?,
            fresh_as_of: row.optional_time(9)?,
        },
    })
}
