//! The change feed.

use linkspan_model::change::Change;
use linkspan_model::ids::SourceId;

use crate::Store;
use crate::error::StoreError;

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
        let _ = (source, after, limit);
        unimplemented!()
    }
}
