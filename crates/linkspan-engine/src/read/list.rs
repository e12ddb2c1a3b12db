//! Lists of records, single records, and the upstream JSON behind them.

use std::collections::HashMap;

use jiff::Timestamp;
use linkspan_model::absence::Absence;
use linkspan_model::change::{Change, ChangeKind};
use linkspan_model::ids::RecordId;
use linkspan_model::record::Model;
use linkspan_store::{ListFilter, RecordPosition, StoredRecord};

use super::cursor::{Cursor, Direction, ListKey};
use crate::accounts::AccountScope;
use crate::engine::Engine;
use crate::error::EngineError;

/// Which records to list. Conditions left out hold for all; bounds are exclusive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordFilter {
    /// First stored here later than this.
    pub created_after: Option<Timestamp>,
    /// First stored here earlier than this.
    pub created_before: Option<Timestamp>,
    /// Last changed here later than this.
    pub modified_after: Option<Timestamp>,
    /// Last changed here earlier than this.
    pub modified_before: Option<Timestamp>,
    /// Created upstream later than this.
    pub remote_created_after: Option<Timestamp>,
    /// Created upstream earlier than this.
    pub remote_created_before: Option<Timestamp>,
    /// Changed upstream later than this.
    pub remote_updated_after: Option<Timestamp>,
    /// Changed upstream earlier than this.
    pub remote_updated_before: Option<Timestamp>,
    /// Upstream's id.
    pub remote_id: Option<String>,
    /// The record they belong to.
    pub parent: Option<RecordId>,
    /// The e-mail address of a user or contact, without regard to case.
    pub email_address: Option<String>,
    /// The projects or spaces they lie in, any of these.
    pub containers: Option<Vec<RecordId>>,
    /// Deleted ones too.
    pub include_deleted: bool,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// The records.
    pub records: Vec<StoredRecord>,
    /// The cursor of the next page; `None` at the end.
    pub next: Option<String>,
    /// The cursor of the page before; `None` on the first page.
    pub previous: Option<String>,
}

/// A piece of upstream JSON from which a record was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteDatum {
    /// The API path from which one would read it.
    pub path: String,
    /// The JSON text as received.
    pub json: String,
}

impl Engine {
    /// One page of the account's records of a model, oldest change first. Following `next` to the end yields every
    /// record that was there at the start; one that changes meanwhile moves to the end and comes again.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] for a cursor of another list.
    pub async fn list_records(
        &self,
        scope: &AccountScope,
        model: Model,
        filter: &RecordFilter,
        cursor: Option<&str>,
        page_size: usize,
    ) -> Result<Page, EngineError> {
        let list = list_key(scope, model, filter);
        let cursor = cursor.map(|text| Cursor::decode(text, list)).transpose()?;
        if !scope.offers(model) {
            return Ok(Page { records: Vec::new(), next: None, previous: None });
        }
        let containers = visible_containers(scope, model, filter);
        let store_filter = ListFilter {
            created_after: filter.created_after,
            created_before: filter.created_before,
            modified_after: filter.modified_after,
            modified_before: filter.modified_before,
            remote_created_after: filter.remote_created_after,
            remote_created_before: filter.remote_created_before,
            remote_updated_after: filter.remote_updated_after,
            remote_updated_before: filter.remote_updated_before,
            remote_id: filter.remote_id.as_deref(),
            parent: filter.parent,
            email_address: filter.email_address.as_deref(),
            containers: containers.as_deref(),
            include_deleted: filter.include_deleted,
        };
        let store = &self.inner.store;
        let source = scope.source.id;
        let direction = cursor.map_or(Direction::Forward, |cursor| cursor.direction);
        let position = cursor.map(|cursor| cursor.position);
        // One more than asked for tells whether there is more.
        let limit = u32::try_from(page_size + 1).unwrap_or(u32::MAX);
        let mut records = match (direction, position) {
            (Direction::Backward, Some(before)) => {
                store.list_records_before(source, model, &store_filter, before, limit).await?
            }
            (_, after) => store.list_records(source, model, &store_filter, after, limit).await?,
        };
        let has_more = records.len() > page_size;
        records.truncate(page_size);
        for record in records.iter_mut().filter(|record| is_hidden(record)) {
            EMPTY_BODY.clone_into(&mut record.body);
        }
        if direction == Direction::Backward {
            records.reverse();
        }
        let (is_first, is_last) = match direction {
            Direction::Forward => (position.is_none(), !has_more),
            Direction::Backward => (!has_more, false),
        };
        let place = |record: Option<&StoredRecord>, direction| {
            record
                .map(StoredRecord::position)
                .map(|position: RecordPosition| Cursor { direction, position }.encode(list))
        };
        Ok(Page {
            next: if is_last { None } else { place(records.last(), Direction::Forward) },
            previous: if is_first { None } else { place(records.first(), Direction::Backward) },
            records,
        })
    }

    /// One record of the account, deleted or not; `None` when it is not the account's, or upstream hides it by now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn get_record(
        &self,
        scope: &AccountScope,
        model: Model,
        id: RecordId,
    ) -> Result<Option<StoredRecord>, EngineError> {
        let record = self.inner.store.get_record(scope.source.id, model, id).await?;
        Ok(record.filter(|record| is_visible(scope, record) && !is_hidden(record)))
    }

    /// Those of `ids` that are the account's, by id: for expanding relations.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn get_records(
        &self,
        scope: &AccountScope,
        ids: &[RecordId],
    ) -> Result<HashMap<RecordId, StoredRecord>, EngineError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let records = self.inner.store.get_records(scope.source.id, ids).await?;
        Ok(records
            .into_iter()
            .filter(|record| is_visible(scope, record) && !is_hidden(record))
            .map(|record| (record.id, record))
            .collect())
    }

    /// The upstream JSON behind records of the account.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remote_data(
        &self,
        scope: &AccountScope,
        records: &[StoredRecord],
    ) -> Result<HashMap<RecordId, Vec<RemoteDatum>>, EngineError> {
        let ids: Vec<RecordId> = records
            .iter()
            .filter(|record| is_visible(scope, record) && !is_hidden(record))
            .map(|record| record.id)
            .collect();
        let mut data: HashMap<RecordId, Vec<RemoteDatum>> = HashMap::new();
        if ids.is_empty() {
            return Ok(data);
        }
        for raw in self.inner.store.get_raws_for(scope.source.id, &ids).await? {
            if let Some(record) = raw.record {
                data.entry(record).or_default().push(RemoteDatum { path: raw.path, json: raw.json });
            }
        }
        Ok(data)
    }

    /// How many records of a model the source of an account holds, deleted ones left out.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn count_records(&self, scope: &AccountScope, model: Model) -> Result<u64, EngineError> {
        Ok(self.inner.store.count_records(scope.source.id, model, false).await?)
    }
}

/// Whether records of the model lie in projects or spaces, so that a view of some projects leaves others out.
pub(crate) fn lies_in_containers(model: Model) -> bool {
    match model {
        Model::Ticket
        | Model::Comment
        | Model::Attachment
        | Model::Worklog
        | Model::Collection
        | Model::Article
        | Model::Container => true,
        Model::Role | Model::Tag | Model::User | Model::Group | Model::Account | Model::Contact => false,
    }
}

/// What is shown of an instance that is hidden: nothing.
const EMPTY_BODY: &str = "{}";

/// Whether access to a record was lost: then it is in lists of deleted data alone, without what it said.
fn is_hidden(record: &StoredRecord) -> bool {
    record.absence == Some(Absence::LostAccess)
}

pub(crate) fn is_visible(scope: &AccountScope, record: &StoredRecord) -> bool {
    if !scope.offers(record.model) {
        return false;
    }
    let Some(containers) = &scope.containers else { return true };
    !lies_in_containers(record.model)
        || record.container.is_some_and(|container| containers.contains(&container))
}

/// A change as an account sees it, by the record as it is now: who sees some projects only is told of what leaves them that it
/// went, and of what comes into them that it came. `None` for a change that does not concern the account.
pub(crate) fn as_seen(scope: &AccountScope, change: Change, record: Option<&StoredRecord>) -> Option<Change> {
    if !scope.offers(change.model) {
        return None;
    }
    let Some(containers) = scope.containers.as_ref().filter(|_| lies_in_containers(change.model)) else {
        return Some(change);
    };
    let had_it = change.left.map(|left| containers.contains(&left));
    match (record.is_some_and(|record| is_visible(scope, record)), had_it) {
        (true, Some(false)) => Some(Change { kind: ChangeKind::Created, ..change }),
        (true, _) => Some(change),
        (false, Some(true)) => {
            Some(Change { kind: ChangeKind::Removed, absence: Some(Absence::LostAccess), ..change })
        }
        (false, _) => None,
    }
}

/// The containers to list from: what the caller asked for, within what the account's integration shows.
fn visible_containers(scope: &AccountScope, model: Model, filter: &RecordFilter) -> Option<Vec<RecordId>> {
    let shown = scope.containers.as_deref().filter(|_| lies_in_containers(model));
    match (shown, &filter.containers) {
        (None, asked) => asked.clone(),
        (Some(shown), None) => Some(shown.to_vec()),
        (Some(shown), Some(asked)) => Some(asked.iter().copied().filter(|id| shown.contains(id)).collect()),
    }
}

fn list_key(scope: &AccountScope, model: Model, filter: &RecordFilter) -> ListKey {
    let filter = format!("{filter:?}");
    ListKey::of(&[scope.account.id.0.as_bytes(), model.as_str().as_bytes(), filter.as_bytes()])
}
