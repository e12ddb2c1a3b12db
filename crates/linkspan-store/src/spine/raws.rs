//! Upstream JSON, kept byte for byte.

use jiff::Timestamp;
use linkspan_model::ids::{RecordId, SourceId};

use crate::Store;
use crate::error::StoreError;

/// A stored piece of upstream JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRaw {
    /// What kind of thing it is, such as `jira.issue`.
    pub kind: String,
    /// Upstream's immutable id within the kind.
    pub remote_id: String,
    /// The API path from which one would read it alone.
    pub path: String,
    /// The JSON text exactly as received.
    pub json: String,
    /// The record made from it.
    pub record: Option<RecordId>,
    /// Why no record, or only part of one, could be made from it.
    pub problem: Option<String>,
    /// When this version of it was stored here.
    pub stored_at: Timestamp,
}

impl Store {
    /// One piece of upstream JSON.
    pub async fn get_raw(
        &self,
        source: SourceId,
        kind: &str,
        remote_id: &str,
    ) -> Result<Option<StoredRaw>, StoreError> {
        let _ = (source, kind, remote_id);
        unimplemented!()
    }

    /// The upstream JSON from which these records were made, ordered by record, kind and upstream id.
    pub async fn get_raws_for(
        &self,
        source: SourceId,
        records: &[RecordId],
    ) -> Result<Vec<StoredRaw>, StoreError> {
        let _ = (source, records);
        unimplemented!()
    }

    /// Upstream JSON of one kind in the order of upstream ids (as text), behind `after`.
    pub async fn list_raws(
        &self,
        source: SourceId,
        kind: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<StoredRaw>, StoreError> {
        let _ = (source, kind, after, limit);
        unimplemented!()
    }

    /// How many pieces of a kind are stored: all, and those with a problem.
    pub async fn count_raws(&self, source: SourceId, kind: &str) -> Result<(u64, u64), StoreError> {
        let _ = (source, kind);
        unimplemented!()
    }
}
