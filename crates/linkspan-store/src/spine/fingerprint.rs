//! Fingerprints: whether two stores hold the same of a source.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use linkspan_model::ids::SourceId;
use linkspan_vault::content_hash;

use super::{access, raws};
use crate::Store;
use crate::db::{Row, args, statements};
use crate::error::StoreError;

/// Rows read at a time.
const PAGE: i64 = 500;

statements! {
    RECORDS = "SELECT id, model, remote_id, parent, container, remote_created_at, remote_updated_at, deleted, body
        FROM records WHERE source_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    RAWS = "SELECT kind, remote_id, path, record, problem, stored_at, body, redacted FROM raws
        WHERE source_id = $1 AND (remote_id, kind) > ($2, $3) ORDER BY remote_id, kind LIMIT $4";
    ACCESS = "SELECT a.guarded, a.rule, r.id FROM records r
        LEFT JOIN record_access a ON a.source_id = r.source_id AND a.no = r.no
        WHERE r.source_id = $1 AND r.id > $2 ORDER BY r.id LIMIT $3";
    MEMBERS = "SELECT group_id, account_id FROM group_members
        WHERE source_id = $1 AND (group_id, account_id) > ($2, $3) ORDER BY group_id, account_id LIMIT $4";
}

/// A hash over everything stored of a source, whenever and however often it was written: records with their tombstones,
/// raws, access, group members. Local times, feed positions and stream states do not enter. Equal on both engines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The parts, ordered by name: one per model, per raw kind, and one each for access and group members.
    pub parts: Vec<FingerprintPart>,
}

/// The fingerprint of one kind of thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FingerprintPart {
    /// What it covers, such as `record.ticket` or `raw.jira.issue`.
    pub name: String,
    /// How many rows.
    pub rows: u64,
    /// A hash over them, in hex.
    pub hash: String,
}

impl Store {
    /// The fingerprint of a source. Reads everything, in bounded memory.
    pub async fn fingerprint(&self, source: SourceId) -> Result<Fingerprint, StoreError> {
        let mut parts = Parts::default();
        self.records_into(source, &mut parts).await?;
        self.raws_into(source, &mut parts).await?;
        self.access_into(source, &mut parts).await?;
        self.members_into(source, &mut parts).await?;
        Ok(parts.finish())
    }

    async fn records_into(&self, source: SourceId, parts: &mut Parts) -> Result<(), StoreError> {
        let mut after: Vec<u8> = Vec::new();
        loop {
            let rows = self.db.all(RECORDS, args![source, after.clone(), PAGE]).await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = last.bytes(0)?;
            for row in &rows {
                let columns = [
                    row.bytes(0)?,
                    text(row, 2)?,
                    row.optional_bytes(3)?.unwrap_or_default(),
                    row.optional_bytes(4)?.unwrap_or_default(),
                    time(row, 5)?,
                    time(row, 6)?,
                    vec![u8::from(row.bool(7)?)],
                    row.text(8)?.into_bytes(),
                ];
                parts.add(&format!("record.{}", row.text(1)?), &columns);
            }
        }
    }

    async fn raws_into(&self, source: SourceId, parts: &mut Parts) -> Result<(), StoreError> {
        let (mut remote_id, mut kind) = (String::new(), String::new());
        loop {
            let rows = self.db.all(RAWS, args![source, &remote_id, &kind, PAGE]).await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            (kind, remote_id) = (last.text(0)?, last.text(1)?);
            for row in &rows {
                let raw = raws::read(row)?;
                let columns = [
                    raw.remote_id.into_bytes(),
                    raw.path.into_bytes(),
                    raw.record.map_or_else(Vec::new, |id| id.0.as_bytes().to_vec()),
                    raw.problem.unwrap_or_default().into_bytes(),
                    raw.json.into_bytes(),
                ];
                parts.add(&format!("raw.{}", raw.kind), &columns);
            }
        }
    }

    async fn access_into(&self, source: SourceId, parts: &mut Parts) -> Result<(), StoreError> {
        let mut after: Vec<u8> = Vec::new();
        loop {
            let rows = self.db.all(ACCESS, args![source, after.clone(), PAGE]).await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = last.bytes(2)?;
            for row in &rows {
                // A rule's key is a digest of the rule, so the rule itself need not be read.
                let access = format!("{:?}", access::read(row, 0)?);
                parts.add("access", &[row.bytes(2)?, access.into_bytes()]);
            }
        }
    }

    async fn members_into(&self, source: SourceId, parts: &mut Parts) -> Result<(), StoreError> {
        let (mut group, mut account) = (String::new(), String::new());
        loop {
            let rows = self.db.all(MEMBERS, args![source, &group, &account, PAGE]).await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            (group, account) = (last.text(0)?, last.text(1)?);
            for row in &rows {
                parts.add("members", &[row.text(0)?.into_bytes(), row.text(1)?.into_bytes()]);
            }
        }
    }
}

/// Per name, how many rows were added and the hash chained over them.
#[derive(Default)]
struct Parts(BTreeMap<String, (u64, [u8; 16])>);

impl Parts {
    fn add(&mut self, name: &str, columns: &[Vec<u8>]) {
        if !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), (0, [0; 16]));
        }
        if let Some((rows, hash)) = self.0.get_mut(name) {
            let before = *hash;
            *rows += 1;
            *hash = content_hash(std::iter::once(before.as_slice()).chain(columns.iter().map(Vec::as_slice)));
        }
    }

    fn finish(self) -> Fingerprint {
        let parts = self.0.into_iter().map(|(name, (rows, hash))| {
            let hash = hash.iter().fold(String::with_capacity(32), |mut hex, byte| {
                // Writing to a string cannot fail.
                let _ = write!(hex, "{byte:02x}");
                hex
            });
            FingerprintPart { name, rows, hash }
        });
        Fingerprint { parts: parts.collect() }
    }
}

fn text(row: &Row, index: usize) -> Result<Vec<u8>, StoreError> {
    Ok(row.optional_text(index)?.unwrap_or_default().into_bytes())
}

fn time(row: &Row, index: usize) -> Result<Vec<u8>, StoreError> {
    Ok(row.optional_int(index)?.map_or_else(Vec::new, |millis| millis.to_le_bytes().to_vec()))
}
