//! What a batch asks to be stored, made ready outside the transaction: repetitions settled, bodies serialised, hashes
//! taken.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use linkspan_model::access::{AccessRule, RuleKey};
use linkspan_model::ids::RecordId;
use linkspan_model::record::{Access, Model, NewRaw, NewRecord};
use linkspan_vault::content_hash;

use super::access::StoredAccess;
use super::batch::{Batch, MAX_ROWS};
use super::raws;
use crate::error::StoreError;

/// A batch ready to be written.
pub(crate) struct Plan<'a> {
    pub(crate) raws: Vec<PlannedRaw<'a>>,
    /// Records and people, each id once.
    pub(crate) records: Vec<PlannedRecord<'a>>,
    /// The rules the records point at, each once.
    pub(crate) rules: HashMap<RuleKey, &'a AccessRule>,
}

/// A record with its stored form.
pub(crate) struct PlannedRecord<'a> {
    pub(crate) record: &'a NewRecord,
    pub(crate) model: Model,
    pub(crate) json: String,
    pub(crate) hash: [u8; 16],
    pub(crate) access: StoredAccess,
    /// Stored only where the id is unknown.
    pub(crate) only_if_unknown: bool,
}

/// A raw with its hash and stored form.
pub(crate) struct PlannedRaw<'a> {
    pub(crate) raw: &'a NewRaw,
    pub(crate) hash: [u8; 16],
    /// Made here rather than when it is known to be needed: inside the transaction it would keep other writers waiting.
    pub(crate) stored: Vec<u8>,
    /// Not known to have the upstream id of its record.
    pub(crate) loose: bool,
    /// Names an erased account.
    pub(crate) redacted: bool,
}

impl<'a> Plan<'a> {
    pub(crate) fn of(batch: &'a Batch) -> Result<Self, StoreError> {
        let rows = batch.raws.len() + batch.records.len() + batch.people.len();
        if rows > MAX_ROWS {
            return Err(StoreError::BatchTooLarge { rows, max: MAX_ROWS });
        }
        let mut keys: HashMap<&AccessRule, RuleKey> = HashMap::new();
        let mut seen: HashSet<RecordId> = HashSet::with_capacity(batch.records.len() + batch.people.len());
        let mut records = Vec::with_capacity(batch.records.len() + batch.people.len());
        // Backwards, because the last one counts; people last, because records count before them.
        let in_order = batch.records.iter().rev().map(|record| (record, false));
        for (record, only_if_unknown) in
            in_order.chain(batch.people.iter().rev().map(|person| (person, true)))
        {
            if seen.insert(record.id) {
                let access = stored_access(&record.access, &mut keys);
                records.push(PlannedRecord::of(record, access, only_if_unknown));
            }
        }
        records.reverse();
        Ok(Self {
            raws: plan_raws(&batch.raws, &batch.redacted, &records),
            records,
            rules: keys.into_iter().map(|(rule, key)| (key, rule)).collect(),
        })
    }
}

impl<'a> PlannedRecord<'a> {
    fn of(record: &'a NewRecord, access: StoredAccess, only_if_unknown: bool) -> Self {
        let json = record.body.to_json();
        let hash = hash_of_record(
            record.remote_id.as_deref(),
            record.parent,
            record.container,
            record.remote_created_at,
            record.remote_updated_at,
            &json,
        );
        Self { record, model: record.body.model(), json, hash, access, only_if_unknown }
    }
}

fn stored_access<'a>(access: &'a Access, keys: &mut HashMap<&'a AccessRule, RuleKey>) -> StoredAccess {
    match access {
        Access::Rule(rule) => StoredAccess::Rule(*keys.entry(rule).or_insert_with(|| rule.key())),
        Access::Unknown => StoredAccess::Unknown,
        Access::Unguarded => StoredAccess::Unguarded,
    }
}

fn plan_raws<'a>(
    received: &'a [NewRaw],
    redacted: &HashSet<usize>,
    records: &[PlannedRecord<'_>],
) -> Vec<PlannedRaw<'a>> {
    let remote_ids: HashMap<RecordId, Option<&str>> =
        records.iter().map(|planned| (planned.record.id, planned.record.remote_id.as_deref())).collect();
    let is_loose = |raw: &NewRaw| {
        raw.record.is_some_and(|id| remote_ids.get(&id).copied().flatten() != Some(raw.remote_id.as_str()))
    };
    let mut seen: HashSet<(&str, &str)> = HashSet::with_capacity(received.len());
    let mut encoder = raws::Encoder::default();
    let mut planned: Vec<PlannedRaw<'_>> = received
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, raw)| seen.insert((raw.kind, &raw.remote_id)))
        .map(|(place, raw)| PlannedRaw {
            raw,
            hash: hash_of_raw(&raw.json, &raw.path, raw.record, raw.problem.as_deref()),
            redacted: redacted.contains(&place),
            stored: encoder.encode(&raw.json),
            loose: is_loose(raw),
        })
        .collect();
    planned.reverse();
    planned
}

/// The hash of a record's content: by it an unchanged record is recognised.
pub(super) fn hash_of_record(
    remote_id: Option<&str>,
    parent: Option<RecordId>,
    container: Option<RecordId>,
    remote_created_at: Option<Timestamp>,
    remote_updated_at: Option<Timestamp>,
    json: &str,
) -> [u8; 16] {
    let optional_id = |id: Option<RecordId>| id.map_or([0; 16], |id| *id.0.as_bytes());
    let optional_time =
        |time: Option<Timestamp>| time.map_or(i64::MIN, Timestamp::as_millisecond).to_le_bytes();
    content_hash([
        remote_id.unwrap_or_default().as_bytes(),
        &optional_id(parent),
        &optional_id(container),
        &optional_time(remote_created_at),
        &optional_time(remote_updated_at),
        json.as_bytes(),
    ])
}

/// The hash of upstream JSON and of what is kept beside it.
pub(super) fn hash_of_raw(
    json: &str,
    path: &str,
    record: Option<RecordId>,
    problem: Option<&str>,
) -> [u8; 16] {
    content_hash([
        json.as_bytes(),
        path.as_bytes(),
        record.map_or([0; 16], |id| *id.0.as_bytes()).as_slice(),
        problem.unwrap_or_default().as_bytes(),
    ])
}
