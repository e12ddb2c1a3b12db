//! Reading records.

use std::collections::HashMap;

use jiff::Timestamp;
use linkspan_model::absence::Absence;
use linkspan_model::ids::{RecordId, SourceId};
use linkspan_model::record::{Body, Model};

use crate::Store;
use crate::db::{Arg, Query, Row, args, bulks, statements};
use crate::error::StoreError;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, model, remote_id, parent, container, remote_created_at, remote_updated_at, created_at, modified_at,
                deleted, body, absence FROM records ",
            $rest
        )
    };
}

statements! {
    ONE = select!("WHERE source_id = $1 AND id = $2 AND model = $3");
    // What changed upstream since a moment was stored here since then, give or take the clocks; the index goes by that.
    CHANGED = "SELECT remote_id, remote_updated_at FROM records WHERE source_id = $1 AND model = $2 AND modified_at >= $3
        AND deleted = FALSE AND remote_updated_at >= $4 AND remote_updated_at < $5 ORDER BY remote_updated_at LIMIT $6";
    COUNT = "SELECT COUNT(*) FROM records WHERE source_id = $1 AND model = $2";
    COUNT_LIVE = "SELECT COUNT(*) FROM records WHERE source_id = $1 AND model = $2 AND deleted = FALSE";
}

bulks! {
    VERSIONS = "SELECT id, remote_updated_at FROM records WHERE source_id = $1 AND deleted = FALSE AND id IN (", "?", ")";
    MANY = select!("WHERE source_id = $1 AND id IN ("), "?", ")";
}

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
    /// It is gone; the body is what it last was.
    pub deleted: bool,
    /// Why upstream does not list it; `None` while it does.
    pub absence: Option<Absence>,
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

    /// Whether upstream deleted it, for good or into its trash; not so where access to it was lost.
    pub fn is_deleted_upstream(&self) -> bool {
        self.deleted && self.absence.is_none_or(Absence::is_deletion)
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
    /// The e-mail address in its body, without regard to case. Costs a look at every record of the model.
    pub email_address: Option<&'a str>,
    /// Any of the projects or spaces it lies in; an empty list matches nothing.
    pub containers: Option<&'a [RecordId]>,
    /// Tombstones too.
    pub include_deleted: bool,
}

/// How far upstream's clock may be ahead of ours.
const CLOCKS_DIFFER: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);

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
        let mut query = Query::new(select!("WHERE source_id = "));
        query.bind(source).push(" AND model = ").bind(model.as_str());
        filter.apply(&mut query, source, model);
        // The later of the two lower bounds alone, so that the index is entered where the page begins.
        match (after, filter.modified_after) {
            (Some(after), bound) if bound.is_none_or(|bound| after.modified_at > bound) => {
                query
                    .push(" AND (modified_at, id) > (")
                    .bind(after.modified_at)
                    .push(", ")
                    .bind(after.id)
                    .push(")");
            }
            (_, Some(bound)) => {
                query.push(" AND modified_at > ").bind(bound);
            }
            (_, None) => {}
        }
        query.push(" ORDER BY modified_at, id LIMIT ").bind(i64::from(limit));
        let (sql, args) = query.finish();
        self.db.all(sql, args).await?.iter().map(read).collect()
    }

    /// Records that meet the filter and come before `before` in the order of [`Store::list_records`], nearest first: for
    /// paging backwards.
    pub async fn list_records_before(
        &self,
        source: SourceId,
        model: Model,
        filter: &ListFilter<'_>,
        before: RecordPosition,
        limit: u32,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let mut query = Query::new(select!("WHERE source_id = "));
        query.bind(source).push(" AND model = ").bind(model.as_str());
        filter.apply(&mut query, source, model);
        if let Some(bound) = filter.modified_after {
            query.push(" AND modified_at > ").bind(bound);
        }
        query
            .push(" AND (modified_at, id) < (")
            .bind(before.modified_at)
            .push(", ")
            .bind(before.id)
            .push(")");
        query.push(" ORDER BY modified_at DESC, id DESC LIMIT ").bind(i64::from(limit));
        let (sql, args) = query.finish();
        self.db.all(sql, args).await?.iter().map(read).collect()
    }

    /// A record, tombstone or not.
    pub async fn get_record(
        &self,
        source: SourceId,
        model: Model,
        id: RecordId,
    ) -> Result<Option<StoredRecord>, StoreError> {
        self.db.first(ONE, args![source, id, model.as_str()]).await?.map(|row| read(&row)).transpose()
    }

    /// Those of `ids` that exist, of whatever model, tombstones too, each once, in the order of their ids.
    pub async fn get_records(
        &self,
        source: SourceId,
        ids: &[RecordId],
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let mut records: Vec<StoredRecord> = Vec::with_capacity(ids.len());
        let ids = ids.iter().copied().map(Arg::from).collect();
        for (sql, args) in MANY.lookup(self.db.dialect(), args![source], ids) {
            for row in self.db.all(sql, args).await? {
                records.push(read(&row)?);
            }
        }
        records.sort_unstable_by_key(|record| record.id);
        // An id asked for twice may have been answered twice.
        records.dedup_by_key(|record| record.id);
        Ok(records)
    }

    /// When those of `ids` that exist were last changed upstream, by id; tombstones are left out.
    pub async fn versions_of(
        &self,
        source: SourceId,
        ids: &[RecordId],
    ) -> Result<HashMap<RecordId, Option<Timestamp>>, StoreError> {
        let mut versions = HashMap::with_capacity(ids.len());
        let ids = ids.iter().copied().map(Arg::from).collect();
        for (sql, args) in VERSIONS.lookup(self.db.dialect(), args![source], ids) {
            for row in self.db.all(sql, args).await? {
                versions.insert(RecordId(row.uuid(0)?), row.optional_time(1)?);
            }
        }
        Ok(versions)
    }

    /// The live records of a model that were last changed upstream at `from` or later, and before `to` if that is given: upstream's
    /// ids with when that was, the first of them in that order.
    pub async fn changed(
        &self,
        source: SourceId,
        model: Model,
        (from, to): (Timestamp, Option<Timestamp>),
        limit: u32,
    ) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let stored_since = from.checked_sub(CLOCKS_DIFFER).unwrap_or(Timestamp::MIN);
        let to = to.unwrap_or(Timestamp::MAX);
        let args = args![source, model.as_str(), stored_since, from, to, i64::from(limit)];
        let rows = self.db.all(CHANGED, args).await?;
        rows.iter().map(|row| Ok((row.optional_text(0)?.unwrap_or_default(), row.time(1)?))).collect()
    }

    /// How many records of a model there are.
    pub async fn count_records(
        &self,
        source: SourceId,
        model: Model,
        include_deleted: bool,
    ) -> Result<u64, StoreError> {
        let text = if include_deleted { COUNT } else { COUNT_LIVE };
        let row = self.db.first(text, args![source, model.as_str()]).await?;
        Ok(row.ok_or_else(|| StoreError::corrupt("a count has no row"))?.int(0)?.cast_unsigned())
    }
}

impl ListFilter<'_> {
    /// Adds all conditions but `modified_after`, which the page's position may imply.
    fn apply(&self, query: &mut Query, source: SourceId, model: Model) {
        let times = [
            (" AND created_at > ", self.created_after),
            (" AND created_at < ", self.created_before),
            (" AND modified_at < ", self.modified_before),
            (" AND remote_created_at > ", self.remote_created_after),
            (" AND remote_created_at < ", self.remote_created_before),
            (" AND remote_updated_at > ", self.remote_updated_after),
            (" AND remote_updated_at < ", self.remote_updated_before),
        ];
        for (condition, bound) in times {
            if let Some(bound) = bound {
                query.push(condition).bind(bound);
            }
        }
        if !self.include_deleted {
            query.push(" AND deleted = FALSE");
        }
        if let Some(remote_id) = self.remote_id {
            query.push(" AND id = ").bind(RecordId::of(source, model, remote_id));
            query.push(" AND remote_id = ").bind(remote_id);
        }
        if let Some(parent) = self.parent {
            query.push(" AND parent = ").bind(parent);
        }
        if let Some(address) = self.email_address {
            query.push(" AND LOWER(body) LIKE LOWER(").bind(containing_address(address)).push(") ESCAPE '!'");
        }
        if let Some(containers) = self.containers {
            query.push(" AND container IN ").bind_list(containers.iter().copied());
        }
    }
}

/// The pattern of a body with this address. Inside of texts quotation marks are escaped, so that only the member itself
/// looks like this.
fn containing_address(address: &str) -> String {
    let member = format!("\"email_address\":{}", serde_json::Value::from(address));
    let escaped = member.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%")
}

fn read(row: &Row) -> Result<StoredRecord, StoreError> {
    Ok(StoredRecord {
        id: RecordId(row.uuid(0)?),
        model: row.word(1)?,
        remote_id: row.optional_text(2)?,
        parent: row.optional_uuid(3)?.map(RecordId),
        container: row.optional_uuid(4)?.map(RecordId),
        remote_created_at: row.optional_time(5)?,
        remote_updated_at: row.optional_time(6)?,
        created_at: row.time(7)?,
        modified_at: row.time(8)?,
        deleted: row.bool(9)?,
        body: row.text(10)?,
        absence: row.optional_word(11)?,
    })
}
