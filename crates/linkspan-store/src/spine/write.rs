use crate::Store;
use crate::error::StoreError;
use crate::spine::batch::{Batch, BatchOutcome};
use jiff::Timestamp;
use linkspan_model::ids::SourceId;

impl Store {
    /// Writes a batch in one transaction: all of it or nothing. Content that is stored already, by its hash, is not
    /// written and makes no feed entry; access is compared and written apart from content, so that neither can touch the
    /// other (hazard P8).
    ///
    /// `created_at` is when a record was first stored here; `modified_at` when its content last changed here. Every batch
    /// that changes records gets a `modified_at` of its own, later than every earlier one of the source, so that paging
    /// by (`modified_at`, id) never misses a change.
    ///
    /// # Errors
    /// [`StoreError::SourceGone`] when the source does not exist or is being erased; [`StoreError::BatchTooLarge`].
    pub async fn write_batch(
        &self,
        source: SourceId,
        batch: &Batch,
        now: Timestamp,
    ) -> Result<BatchOutcome, StoreError> {
        let _ = (source, batch, now);
        unimplemented!()
    }
}
