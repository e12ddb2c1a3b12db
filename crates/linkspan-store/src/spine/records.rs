//! Reading records.

use jiff::Timestamp;
use linkspan_model::ids::{RecordId, SourceId};
use linkspan_model::record::{Body, Model};

use crate::Store;
use crate::error::StoreError;

/// A stored record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// Its id.
    pub id: RecordId,
    /// Its model.
    pub model: Model,
    /// Upstream's immutable id.
    pub remote_id: Option<String>,
    /// The record it belongs to.
    pub parent: Option<RecordId>,
    /// The project or space it lies in.
    pub container: Option<RecordId>,
    /// When upstream says it was created.
    pub remote_created_at: Option<Timestamp>,
    /// When upstream says it was last changed.
    pub remote_updated_at: Option<Timestamp>,
    /// When it was first stored here.
    pub created_at: Timestamp,
    /// When its content last changed here.
    pub modified_at: Timestamp,
    /// It is gone upstream; the body is what it last was.
    pub deleted: bool,
    /// The instance as JSON; see [`Body::from_json`].
    pub body: String,
}

impl StoredRecord {
    /// The instance.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the stored JSON is not an instance of the model.
    pub fn instance(&self) -> Result<Body, StoreError> {
        Body::from_json(self.model, &self.body)
            .map_err(|error| StoreError::corrupt(format!("{} {}: {error}", self.model, self.id)))
    }

    /// The record's place in the order of [`Store::list_records`].
    pub fn position(&self) -> RecordPosition {
        RecordPosition { modified_at: self.modified_at, id: self.id }
    }
}

/// A place in the order in which records are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordPosition {
    /// When the record last changed here.
    pub modified_at: Timestamp,
    /// The record.
    pub id: RecordId,
}

/// Which records to list. Conditions left out hold for all. Bounds are exclusive.
#[derive(Clone, Debug, Default)]
pub struct ListFilter<'a> {
    /// First stored later than this.
    pub created_after: Option<Timestamp>,
    /// First stored earlier than this.
    pub created_before: Option<Timestamp>,
    /// Last changed later than this.
    pub modified_after: Option<Timestamp>,
    /// Last changed earlier than this.
    pub modified_before: Option<Timestamp>,
    /// Upstream created it later than this.
    pub remote_created_after: Option<Timestamp>,
    /// Upstream created it earlier than this.
    pub remote_created_before: Option<Timestamp>,
    /// Upstream changed it later than this.
    pub remote_updated_after: Option<Timestamp>,
    /// Upstream changed it earlier than this.
    pub remote_updated_before: Option<Timestamp>,
    /// Upstream's id of it. Found by the id computed from it ([`RecordId::of`]), so it costs one look-up.
    pub remote_id: Option<&'a str>,
    /// The record it belongs to.
    pub parent: Option<RecordId>,
    /// Any of the projects or spaces it lies in; an empty list matches nothing.
    pub containers: Option<&'a [RecordId]>,
    /// Tombstones too.
    pub include_deleted: bool,
}

impl Store {
    /// Records of a model that meet the filter, in the order of [`RecordPosition`], behind `after`. Paging until a page
    /// comes back short yields every record that existed at the start at least once, however many are written meanwhile:
    /// a record that changes moves to the end.
    pub async fn list_records(
        &self,
        source: SourceId,
        model: Model,
        filter: &ListFilter<'_>,
        after: Option<RecordPosition>,
        limit: u32,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let _ = (source, model, filter, after, limit);
        unimplemented!()
    }

    /// A record, tombstone or not.
    pub async fn get_record(
        &self,
        source: SourceId,
        model: Model,
        id: RecordId,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let _ = (source, model, id);
        unimplemented!()
    }

    /// Those of `ids` that exist, of whatever model, tombstones too, in no particular order.
    pub async fn get_records(
        &self,
        source: SourceId,
        ids: &[RecordId],
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let _ = (source, ids);
        unimplemented!()
    }

    /// How many records of a model there are.
    pub async fn count_records(
        &self,
        source: SourceId,
        model: Model,
        include_deleted: bool,
    ) -> Result<u64, StoreError> {
        let _ = (source, model, include_deleted);
        unimplemented!()
    }
}
