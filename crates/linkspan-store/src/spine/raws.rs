//! Upstream JSON, kept byte for byte.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use linkspan_model::ids::{RecordId, SourceId};

use super::batch::BatchOutcome;
use super::plan::PlannedRaw;
use super::write::require_active;
use crate::Store;
use crate::db::{Arg, Row, Tx, args, bulks, statements};
use crate::error::StoreError;

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT kind, remote_id, path, record, problem, stored_at, body, redacted FROM raws ", $rest)
    };
}

statements! {
    ONE = select!("WHERE source_id = $1 AND kind = $2 AND remote_id = $3");
    // Walks the primary key from `remote_id` on and skips other kinds in the index.
    PAGE = select!("WHERE source_id = $1 AND kind = $2 AND remote_id > $3 AND remote_id < $4 AND stored_at >= $5
        AND (problem IS NOT NULL OR $6 = FALSE) ORDER BY remote_id LIMIT $7");
    // The same over the index of kinds that are few.
    LISTED_PAGE = select!("WHERE source_id = $1 AND listed = TRUE AND kind = $2 AND remote_id > $3 AND remote_id < $4
        AND stored_at >= $5 AND (problem IS NOT NULL OR $6 = FALSE) ORDER BY remote_id LIMIT $7");
    LISTED_IDS = "SELECT remote_id FROM raws WHERE source_id = $1 AND listed = TRUE AND kind = $2 AND remote_id > $3
        AND remote_id < $4 ORDER BY remote_id LIMIT $5";
    LISTED_KINDS = "SELECT kind, COUNT(*), MAX(stored_at) FROM raws WHERE source_id = $1 AND listed = TRUE
        GROUP BY kind ORDER BY kind";
    COUNT = "SELECT COUNT(*), COUNT(problem) FROM raws WHERE source_id = $1 AND kind = $2";
}

bulks! {
    // Of any kind: ids of different kinds are rarely the same, and one look-up is quicker than one for each kind.
    STORED = "SELECT kind, remote_id, hash FROM raws WHERE source_id = $1 AND remote_id IN (", "?", ")";
    // Most raws have the upstream id of the record made from them; the others are in an index of their own. A cross join
    // is never reordered by SQLite, which would begin with all raws of the source.
    SHARING_ID = "SELECT w.kind, w.remote_id, w.path, w.record, w.problem, w.stored_at, w.body, w.redacted
        FROM records r
        CROSS JOIN raws w
        WHERE w.source_id = r.source_id AND w.remote_id = r.remote_id AND w.record = r.id AND w.loose = FALSE
            AND r.source_id = $1 AND r.id IN (", "?", ")";
    LOOSE = select!("WHERE source_id = $1 AND loose = TRUE AND record IN ("), "?", ")";
    UPSERT = "INSERT INTO raws (source_id, stored_at, kind, remote_id, hash, record, loose, listed, redacted, path, problem, body)
        VALUES ", "($1, $2, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        " ON CONFLICT (source_id, remote_id, kind) DO UPDATE SET stored_at = excluded.stored_at, hash = excluded.hash,
            record = excluded.record, loose = excluded.loose, listed = excluded.listed, redacted = excluded.redacted, path = excluded.path,
            problem = excluded.problem, body = excluded.body";
    REMOVE = "DELETE FROM raws WHERE source_id = $1 AND listed = TRUE AND kind = $2 AND remote_id IN (", "?", ")";
}

/// Kinds of which a site may have millions: they are found by record, or in the order of upstream ids. All others are
/// listed by kind.
const BULK_KINDS: [&str; 10] = [
    "jira.issue",
    "jira.comment",
    "jira.worklog",
    "jira.attachment",
    "jira.changelog",
    "confluence.page",
    "confluence.blogpost",
    "confluence.comment",
    "confluence.attachment",
    "confluence.version",
];
/// Ids looked through at a time.
const IDS_PER_READ: i64 = 1_000;
/// Above every upstream id, in the order of bytes.
const HIGHEST: &str = "\u{10ffff}";

/// Which raws of a kind are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawFilter {
    /// Only those of this owner, whose upstream id leads theirs: `10000` for `10000/3`.
    pub owner: Option<String>,
    /// Only those stored since.
    pub stored_since: Option<Timestamp>,
    /// Only those of which no record, or only part of one, could be made.
    pub problems_only: bool,
}

impl RawFilter {
    /// The upstream ids between which those of the owner lie, both ends left out.
    fn bounds(&self, after: Option<&str>) -> (String, String) {
        let after = after.unwrap_or_default();
        match &self.owner {
            // `0` is what comes behind `/`.
            Some(owner) => (after.to_owned().max(format!("{owner}/")), format!("{owner}0")),
            None => (after.to_owned(), HIGHEST.to_owned()),
        }
    }
}

/// How many raws of a kind there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawKind {
    /// The kind.
    pub kind: String,
    /// How many.
    pub count: u64,
    /// When the newest was stored.
    pub newest: Timestamp,
}

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
    /// It names an account that was erased, and does without what upstream said about it.
    pub redacted: bool,
}

impl Store {
    /// One piece of upstream JSON.
    pub async fn get_raw(
        &self,
        source: SourceId,
        kind: &str,
        remote_id: &str,
    ) -> Result<Option<StoredRaw>, StoreError> {
        self.db.first(ONE, args![source, kind, remote_id]).await?.map(|row| read(&row)).transpose()
    }

    /// The upstream JSON from which these records were made, ordered by record, kind and upstream id.
    pub async fn get_raws_for(
        &self,
        source: SourceId,
        records: &[RecordId],
    ) -> Result<Vec<StoredRaw>, StoreError> {
        let mut raws: Vec<StoredRaw> = Vec::with_capacity(records.len());
        let ids: Vec<Arg> = records.iter().copied().map(Arg::from).collect();
        let (dialect, shared) = (self.db.dialect(), args![source]);
        let sharing = SHARING_ID.lookup(dialect, shared.clone(), ids.clone());
        for (sql, args) in sharing.chain(LOOSE.lookup(dialect, shared, ids)) {
            for row in self.db.all(sql, args).await? {
                raws.push(read(&row)?);
            }
        }
        raws.sort_unstable_by(|a, b| {
            (a.record, &a.kind, &a.remote_id).cmp(&(b.record, &b.kind, &b.remote_id))
        });
        // A record asked for twice may have been answered twice.
        raws.dedup_by(|a, b| a.kind == b.kind && a.remote_id == b.remote_id);
        Ok(raws)
    }

    /// Upstream JSON of one kind in the order of upstream ids (as text), behind `after`.
    pub async fn list_raws(
        &self,
        source: SourceId,
        kind: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<StoredRaw>, StoreError> {
        self.find_raws(source, kind, &RawFilter::default(), after, limit).await
    }

    /// Upstream JSON of one kind that meets the filter, in the order of upstream ids (as text), behind `after`.
    pub async fn find_raws(
        &self,
        source: SourceId,
        kind: &str,
        filter: &RawFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<StoredRaw>, StoreError> {
        let (low, high) = filter.bounds(after);
        let since = filter.stored_since.unwrap_or(Timestamp::UNIX_EPOCH);
        let args = args![source, kind, low, high, since, filter.problems_only, i64::from(limit)];
        let statement = if BULK_KINDS.contains(&kind) { PAGE } else { LISTED_PAGE };
        self.db.all(statement, args).await?.iter().map(read).collect()
    }

    /// The kinds that are few, with how many there are of each.
    pub async fn raw_kinds(&self, source: SourceId) -> Result<Vec<RawKind>, StoreError> {
        let rows = self.db.all(LISTED_KINDS, args![source]).await?;
        let kind = |row: &Row| {
            Ok(RawKind { kind: row.text(0)?, count: row.int(1)?.cast_unsigned(), newest: row.time(2)? })
        };
        rows.iter().map(kind).collect()
    }

    /// Removes the raws of a kind (of one owner, where one is given) that a whole listing did not show any more; gives
    /// their ids. Not for kinds that become records: those are removed by their parents.
    pub async fn settle_raws(
        &self,
        source: SourceId,
        kind: &str,
        owner: Option<&str>,
        seen: &HashSet<String>,
    ) -> Result<Vec<String>, StoreError> {
        let filter = RawFilter { owner: owner.map(str::to_owned), ..RawFilter::default() };
        let mut gone = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let (low, high) = filter.bounds(after.as_deref());
            let rows = self.db.all(LISTED_IDS, args![source, kind, low, high, IDS_PER_READ]).await?;
            let ids = rows.iter().map(|row| row.text(0)).collect::<Result<Vec<_>, _>>()?;
            let Some(last) = ids.last() else { break };
            after = Some(last.clone());
            gone.extend(ids.into_iter().filter(|id| !seen.contains(id)));
        }
        self.forget_raws(source, kind, &gone).await?;
        Ok(gone)
    }

    /// Removes raws of a kind by their ids. Not for kinds that become records: those are removed by their parents.
    ///
    /// # Errors
    /// [`StoreError::SourceGone`] when the source does not exist or is being erased.
    pub async fn forget_raws(&self, source: SourceId, kind: &str, ids: &[String]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let values: Vec<Arg> = ids.iter().map(Arg::from).collect();
        let mut tx = self.db.begin().await?;
        tx.lock_source(source).await?;
        require_active(&mut tx, source).await?;
        tx.run(REMOVE.lookup(tx.dialect(), args![source, kind], values)).await?;
        tx.commit().await
    }

    /// How many pieces of a kind are stored: all, and those with a problem.
    pub async fn count_raws(&self, source: SourceId, kind: &str) -> Result<(u64, u64), StoreError> {
        let row = self.db.first(COUNT, args![source, kind]).await?;
        let row = row.ok_or_else(|| StoreError::corrupt("a count has no row"))?;
        Ok((row.int(0)?.cast_unsigned(), row.int(1)?.cast_unsigned()))
    }
}

/// Writes the raws that are new or different.
pub(crate) async fn write(
    tx: &mut Tx,
    source: SourceId,
    raws: &mut [PlannedRaw<'_>],
    now: Timestamp,
    outcome: &mut BatchOutcome,
) -> Result<(), StoreError> {
    let remote_ids = raws.iter().map(|planned| Arg::from(&planned.raw.remote_id)).collect();
    let mut stored: HashMap<String, Vec<(String, [u8; 16])>> = HashMap::new();
    for (sql, args) in STORED.lookup(tx.dialect(), args![source], remote_ids) {
        for row in tx.all(sql, args).await? {
            stored.entry(row.text(1)?).or_default().push((row.text(0)?, row.array(2)?));
        }
    }
    let (mut new, mut changed) = (Vec::with_capacity(raws.len() * 10), Vec::new());
    for PlannedRaw { raw, hash, stored: form, loose, redacted } in raws {
        let of_id = stored.get(&raw.remote_id).map_or(&[][..], Vec::as_slice);
        let known = of_id.iter().find(|(kind, _)| kind == raw.kind).map(|(_, hash)| hash);
        if known == Some(&*hash) {
            outcome.raws_unchanged += 1;
            continue;
        }
        outcome.raws_written += 1;
        let values = if known.is_none() { &mut new } else { &mut changed };
        values.extend([
            raw.kind.into(),
            raw.remote_id.as_str().into(),
            (*hash).into(),
            raw.record.into(),
            (*loose).into(),
            (!BULK_KINDS.contains(&raw.kind)).into(),
            (*redacted).into(),
            raw.path.as_str().into(),
            raw.problem.as_deref().into(),
            std::mem::take(form).into(),
        ]);
    }
    tx.run(UPSERT.new_rows(tx.dialect(), args![source, now], new)).await?;
    tx.run(UPSERT.rows(tx.dialect(), args![source, now], changed)).await
}

pub(crate) fn read(row: &Row) -> Result<StoredRaw, StoreError> {
    Ok(StoredRaw {
        kind: row.text(0)?,
        remote_id: row.text(1)?,
        path: row.text(2)?,
        record: row.optional_uuid(3)?.map(RecordId),
        problem: row.optional_text(4)?,
        stored_at: row.time(5)?,
        json: decode(&row.bytes(6)?)?,
        redacted: row.bool(7)?,
    })
}

/// The JSON as it is.
const PLAIN: u8 = 0;
/// An LZ4 block, led by the JSON's length.
const LZ4: u8 = 1;
/// Shorter texts are not worth the step.
const COMPRESS_FROM: usize = 256;

/// Makes the stored form of raws: a byte that names the encoding, then the JSON in it.
#[derive(Default)]
pub(super) struct Encoder {
    /// Room for the longest text so far.
    room: Vec<u8>,
    table: lz4_flex::block::CompressTable,
}

impl Encoder {
    pub(super) fn encode(&mut self, json: &str) -> Vec<u8> {
        if json.len() >= COMPRESS_FROM
            && let Ok(length) = u32::try_from(json.len())
        {
            let most = 5 + lz4_flex::block::get_maximum_output_size(json.len());
            if self.room.len() < most {
                self.room.resize(most, 0);
            }
            self.room[0] = LZ4;
            self.room[1..5].copy_from_slice(&length.to_le_bytes());
            let block = &mut self.room[5..];
            if let Ok(compressed) =
                lz4_flex::block::compress_into_with_table(json.as_bytes(), block, &mut self.table)
                && compressed < json.len()
            {
                return self.room[..5 + compressed].to_vec();
            }
        }
        let mut stored = Vec::with_capacity(1 + json.len());
        stored.push(PLAIN);
        stored.extend_from_slice(json.as_bytes());
        stored
    }
}

fn decode(stored: &[u8]) -> Result<String, StoreError> {
    let json = match stored.split_first() {
        Some((&PLAIN, json)) => json.to_vec(),
        Some((&LZ4, rest)) => decompress(rest)?,
        _ => return Err(StoreError::corrupt("a raw's encoding is unknown")),
    };
    String::from_utf8(json).map_err(StoreError::corrupt)
}

fn decompress(stored: &[u8]) -> Result<Vec<u8>, StoreError> {
    let (length, block) =
        stored.split_first_chunk::<4>().ok_or_else(|| StoreError::corrupt("a raw is cut short"))?;
    let length = u32::from_le_bytes(*length) as usize;
    // An LZ4 block grows 255-fold at most: a length that was tampered with must not size the buffer.
    if length > block.len().saturating_mul(255) {
        return Err(StoreError::corrupt("a raw's length is false"));
    }
    lz4_flex::block::decompress(block, length).map_err(StoreError::corrupt)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn raws_come_back_byte_for_byte(texts in prop::collection::vec((".{0,2000}", 1_usize..60), 1..4)) {
            // One encoder: nothing of one text may show in the next.
            let mut encoder = Encoder::default();
            for (text, times) in texts {
                let json = text.repeat(times);
                prop_assert_eq!(decode(&encoder.encode(&json)).unwrap(), json);
            }
        }

        #[test]
        fn an_altered_raw_is_an_error_not_a_panic(stored in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&stored);
        }
    }
}
