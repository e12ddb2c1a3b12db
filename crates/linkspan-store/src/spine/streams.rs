//! Streams: how far each kind of thing has been read.

use jiff::Timestamp;
use linkspan_model::ids::SourceId;

use crate::Store;
use crate::error::StoreError;

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
}

impl Store {
    /// The streams of a source, ordered by name.
    pub async fn get_streams(&self, source: SourceId) -> Result<Vec<StreamState>, StoreError> {
        let _ = source;
        unimplemented!()
    }

    /// One stream of a source.
    pub async fn get_stream(
        &self,
        source: SourceId,
        stream: &str,
    ) -> Result<Option<StreamState>, StoreError> {
        let _ = (source, stream);
        unimplemented!()
    }

    /// Stores how a stream is going, and where to go on unless `state` is `None`, which leaves that as it is.
    ///
    /// # Errors
    /// [`StoreError::SourceGone`] when the source does not exist or is being erased.
    pub async fn put_stream_state(&self, source: SourceId, stream: &StreamState) -> Result<(), StoreError> {
        let _ = (source, stream);
        unimplemented!()
    }

    /// Forgets where a stream stands, so that it begins anew.
    pub async fn reset_stream(&self, source: SourceId, stream: &str) -> Result<(), StoreError> {
        let _ = (source, stream);
        unimplemented!()
    }
}
