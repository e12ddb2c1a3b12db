//! Erasing a source.

use linkspan_model::ids::SourceId;

use crate::Store;
use crate::error::StoreError;

impl Store {
    /// Erases everything stored of a source, and the source itself, in bounded steps; the number of rows erased. The
    /// source takes no more writes from the first step on. Safe to repeat after a crash.
    pub async fn delete_source(&self, source: SourceId) -> Result<u64, StoreError> {
        let _ = source;
        unimplemented!()
    }
}
