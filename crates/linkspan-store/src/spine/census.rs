//! What a census needs of the store: the ids that a walk has met so far, what is stored of a container, and which records
//! whole walks did not meet.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use linkspan_model::absence::Absence;
use linkspan_model::ids::{RecordId, SourceId};
use linkspan_model::record::Model;

use super::ledger::{self, LedgerRow};
use super::write::require_active;
use crate::Store;
use crate::db::{Arg, Row, args, bulks, statements};
use crate::error::StoreError;

statements! {
    PUT_PAGE = "INSERT INTO census_pages (source_id, container, model, page, ids) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (source_id, container, model, page) DO UPDATE SET ids = excluded.ids";
    PAGES = "SELECT page, ids FROM census_pages WHERE source_id = $1 AND container = $2 AND model = $3 AND page > $4
        ORDER BY page LIMIT $5";
    DROP_PAGES = "DELETE FROM census_pages WHERE source_id = $1 AND container = $2 AND model = $3";
    // The condition on `parent` is that of the index.
    CONTAINED = "SELECT id, remote_id, absence, remote_updated_at FROM records WHERE source_id = $1 AND container = $2
        AND model = $3 AND parent IS NULL AND deleted = FALSE AND id > $4 ORDER BY id LIMIT $5";
    COUNT = "SELECT COUNT(*), COUNT(absence) FROM records WHERE source_id = $1 AND container = $2 AND model = $3
        AND parent IS NULL AND deleted = FALSE";
    // What hangs on a record that is out of sight comes and goes with it.
    ATTACHED = "SELECT held.id, held.remote_id, host.absence, held.remote_updated_at FROM records held
        LEFT JOIN records host ON host.source_id = held.source_id AND host.id = held.parent
        WHERE held.source_id = $1 AND held.model = $2 AND held.deleted = FALSE
            AND (host.id IS NULL OR host.deleted = FALSE)
            AND held.id > $3 ORDER BY held.id LIMIT $4";
    COUNT_ATTACHED = "SELECT COUNT(*) FROM records held
        JOIN records host ON host.source_id = held.source_id AND host.id = held.parent
        WHERE held.source_id = $1 AND held.model = $2 AND held.deleted = FALSE AND host.deleted = FALSE
            AND host.absence IS NULL";
    SUSPECTS = "SELECT record_id, since FROM suspects WHERE source_id = $1 AND container = $2 ORDER BY record_id";
    CLEAR_SUSPECTS = "DELETE FROM suspects WHERE source_id = $1 AND container = $2";
}

bulks! {
    STATES = "SELECT id, container, deleted, absence, remote_updated_at, parent, absent_since FROM records WHERE source_id = $1 AND id IN (", "?",
        ")";
    PUT_SUSPECTS = "INSERT INTO suspects (source_id, container, since, record_id) VALUES ", "($1, $2, $3, ?)",
        " ON CONFLICT (source_id, container, record_id) DO NOTHING";
}

/// Pages read at a time.
const PAGES_PER_READ: i64 = 64;
/// Bytes of an id.
const ID_BYTES: usize = 8;

/// A live record that lies in a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contained {
    /// The record.
    pub id: RecordId,
    /// Upstream's id of it.
    pub remote_id: String,
    /// Whether it is archived.
    pub is_archived: bool,
    /// When upstream says it was last changed.
    pub remote_updated_at: Option<Timestamp>,
}

/// Where a stored record lies and how it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordState {
    /// The project or space it lies in.
    pub container: Option<RecordId>,
    /// The record that it hangs on.
    pub parent: Option<RecordId>,
    /// It is gone.
    pub deleted: bool,
    /// Why upstream does not list it.
    pub absence: Option<Absence>,
    /// When upstream says it was last changed.
    pub remote_updated_at: Option<Timestamp>,
    /// Since when it is absent.
    pub absent_since: Option<Timestamp>,
}

impl Store {
    /// How those of these records stand that are stored, without their content.
    pub async fn record_states(
        &self,
        source: SourceId,
        ids: &[RecordId],
    ) -> Result<HashMap<RecordId, RecordState>, StoreError> {
        let mut states = HashMap::with_capacity(ids.len());
        let ids = ids.iter().copied().map(Arg::from).collect();
        for (sql, args) in STATES.lookup(self.db.dialect(), args![source], ids) {
            for row in self.db.all(sql, args).await? {
                let state = RecordState {
                    container: row.optional_uuid(1)?.map(RecordId),
                    deleted: row.bool(2)?,
                    absence: row.optional_word(3)?,
                    remote_updated_at: row.optional_time(4)?,
                    parent: row.optional_uuid(5)?.map(RecordId),
                    absent_since: row.optional_time(6)?,
                };
                states.insert(RecordId(row.uuid(0)?), state);
            }
        }
        Ok(states)
    }

    /// Keeps a page of ids that a walk has met, with the row that says where it stands, in one transaction.
    ///
    /// # Errors
    /// [`StoreError::SourceGone`] when the source does not exist or is being erased.
    pub async fn put_census_page(
        &self,
        source: SourceId,
        row: &LedgerRow,
        page: u64,
        ids: &[u64],
    ) -> Result<(), StoreError> {
        let bytes: Vec<u8> = ids.iter().flat_map(|id| id.to_be_bytes()).collect();
        let mut tx = self.db.begin().await?;
        tx.lock_source(source).await?;
        require_active(&mut tx, source).await?;
        let args = args![source, row.container, row.model.as_str(), page.cast_signed(), bytes];
        tx.execute(PUT_PAGE, args).await?;
        ledger::put(&mut tx, source, row).await?;
        tx.commit().await
    }

    /// All ids that the walk under way has met, ascending, each once: eight bytes an id.
    pub async fn census_ids(
        &self,
        source: SourceId,
        container: RecordId,
        model: Model,
    ) -> Result<Vec<u64>, StoreError> {
        let mut ids = Vec::new();
        let mut after = -1_i64;
        loop {
            let rows =
                self.db.all(PAGES, args![source, container, model.as_str(), after, PAGES_PER_READ]).await?;
            let Some(last) = rows.last() else { break };
            after = last.int(0)?;
            for row in &rows {
                let bytes = row.bytes(1)?;
                let (chunks, rest) = bytes.as_chunks::<ID_BYTES>();
                if !rest.is_empty() {
                    return Err(StoreError::corrupt("a page of ids is cut short"));
                }
                ids.extend(chunks.iter().map(|chunk| u64::from_be_bytes(*chunk)));
            }
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// Drops the pages of a walk.
    pub async fn drop_census_pages(
        &self,
        source: SourceId,
        container: RecordId,
        model: Model,
    ) -> Result<(), StoreError> {
        self.db.write(DROP_PAGES, args![source, container, model.as_str()]).await.map(drop)
    }

    /// Live records of a model that lie in a container and belong to no other record, in the order of their ids behind
    /// `after`. Records that upstream has no id for are left out.
    pub async fn contained(
        &self,
        source: SourceId,
        container: RecordId,
        model: Model,
        after: Option<RecordId>,
        limit: u32,
    ) -> Result<Vec<Contained>, StoreError> {
        let args = args![source, container, model.as_str(), behind(after), i64::from(limit)];
        self.db.all(CONTAINED, args).await?.iter().map(read_contained).collect()
    }

    /// Live records of a model that hang on others of a source that are alive, or on none that is stored, in the order of their
    /// ids behind `after`. What hangs on something archived is archived with it.
    pub async fn attached(
        &self,
        source: SourceId,
        model: Model,
        after: Option<RecordId>,
        limit: u32,
    ) -> Result<Vec<Contained>, StoreError> {
        let args = args![source, model.as_str(), behind(after), i64::from(limit)];
        self.db.all(ATTACHED, args).await?.iter().map(read_contained).collect()
    }

    /// How many [`Store::attached`] there are that are not archived.
    pub async fn count_attached(&self, source: SourceId, model: Model) -> Result<u64, StoreError> {
        let row = self.db.first(COUNT_ATTACHED, args![source, model.as_str()]).await?;
        Ok(row.ok_or_else(|| StoreError::corrupt("a count has no row"))?.int(0)?.cast_unsigned())
    }

    /// How many live records of a model lie in a container: those that are not archived, and those that are.
    pub async fn count_contained(
        &self,
        source: SourceId,
        container: RecordId,
        model: Model,
    ) -> Result<(u64, u64), StoreError> {
        let row = self.db.first(COUNT, args![source, container, model.as_str()]).await?;
        let row = row.ok_or_else(|| StoreError::corrupt("a count has no row"))?;
        let (all, archived) = (row.int(0)?.cast_unsigned(), row.int(1)?.cast_unsigned());
        Ok((all - archived, archived))
    }

    /// Records of a container that whole walks did not meet, ascending, each with the moment of the first such walk.
    pub async fn suspects(
        &self,
        source: SourceId,
        container: RecordId,
    ) -> Result<Vec<(RecordId, Timestamp)>, StoreError> {
        let rows = self.db.all(SUSPECTS, args![source, container]).await?;
        rows.iter().map(|row| Ok((RecordId(row.uuid(0)?), row.time(1)?))).collect()
    }

    /// Keeps which records of a container whole walks did not meet, since when, in place of all that were kept before.
    ///
    /// # Errors
    /// [`StoreError::SourceGone`] when the source does not exist or is being erased.
    pub async fn replace_suspects(
        &self,
        source: SourceId,
        container: RecordId,
        suspects: &[(RecordId, Timestamp)],
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.lock_source(source).await?;
        require_active(&mut tx, source).await?;
        tx.execute(CLEAR_SUSPECTS, args![source, container]).await?;
        let mut by_moment: BTreeMap<i64, Vec<Arg>> = BTreeMap::new();
        for (id, since) in suspects {
            by_moment.entry(since.as_millisecond()).or_default().push((*id).into());
        }
        for (since, ids) in by_moment {
            tx.run(PUT_SUSPECTS.rows(tx.dialect(), args![source, container, since], ids)).await?;
        }
        tx.commit().await
    }
}

/// A bound that every id lies behind, or that of `after`.
fn behind(after: Option<RecordId>) -> Vec<u8> {
    after.map_or_else(Vec::new, |id| id.0.as_bytes().to_vec())
}

fn read_contained(row: &Row) -> Result<Contained, StoreError> {
    Ok(Contained {
        id: RecordId(row.uuid(0)?),
        remote_id: row.optional_text(1)?.unwrap_or_default(),
        is_archived: row.optional_word::<Absence>(2)? == Some(Absence::Archived),
        remote_updated_at: row.optional_time(3)?,
    })
}
