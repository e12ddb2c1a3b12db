//! Who may see what. Records point at interned rules; content is in other tables (hazard P8).

use std::collections::HashMap;

use linkspan_model::access::{AccessRule, RuleKey};
use linkspan_model::ids::{RecordId, SourceId};

use crate::Store;
use crate::db::{Arg, Row, Tx, args, bulks, statements};
use crate::error::StoreError;

statements! {
    RULES = "SELECT key, rule FROM access_rules WHERE source_id = $1 ORDER BY key";
}

bulks! {
    OF_RECORDS = "SELECT a.guarded, a.rule, r.id FROM records r
        JOIN record_access a ON a.source_id = r.source_id AND a.no = r.no
        WHERE r.source_id = $1 AND r.id IN (", "?", ")";
    UPSERT = "INSERT INTO record_access (source_id, no, guarded, rule) VALUES ", "($1, ?, ?, ?)",
        " ON CONFLICT (source_id, no) DO UPDATE SET guarded = excluded.guarded, rule = excluded.rule";
    INTERN = "INSERT INTO access_rules (source_id, key, rule) VALUES ", "($1, ?, ?)",
        " ON CONFLICT (source_id, key) DO NOTHING";
}

/// What guards a stored record. A record without an entry is guarded like one whose access is unknown: nobody may see it
/// (hazard P7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StoredAccess {
    /// The rule with this key.
    Rule(RuleKey),
    /// Unknown: nobody may see it.
    Unknown,
    /// Not guarded by itself.
    Unguarded,
}

impl Store {
    /// What guards these records. Every id is answered; those without an entry are [`StoredAccess::Unknown`].
    pub async fn record_access(
        &self,
        source: SourceId,
        records: &[RecordId],
    ) -> Result<HashMap<RecordId, StoredAccess>, StoreError> {
        let mut answers: HashMap<_, _> = records.iter().map(|&id| (id, StoredAccess::Unknown)).collect();
        let ids = records.iter().copied().map(Arg::from).collect();
        for (sql, args) in OF_RECORDS.lookup(self.db.dialect(), args![source], ids) {
            for row in self.db.all(sql, args).await? {
                if let Some(access) = read(&row, 0)? {
                    answers.insert(RecordId(row.uuid(2)?), access);
                }
            }
        }
        Ok(answers)
    }

    /// All rules of a source.
    pub async fn access_rules(&self, source: SourceId) -> Result<Vec<(RuleKey, AccessRule)>, StoreError> {
        let rows = self.db.all(RULES, args![source]).await?;
        rows.iter()
            .map(|row| {
                let rule = serde_json::from_str(&row.text(1)?).map_err(StoreError::corrupt)?;
                Ok((RuleKey(row.uuid(0)?), rule))
            })
            .collect()
    }
}

/// What guards the record with a number.
pub(crate) struct Guard {
    pub(crate) no: i64,
    pub(crate) access: StoredAccess,
    /// The record has no entry yet.
    pub(crate) is_new: bool,
}

/// Writes what guards records, and the rules they point at.
pub(crate) async fn write(
    tx: &mut Tx,
    source: SourceId,
    rules: &HashMap<RuleKey, &AccessRule>,
    guards: &[Guard],
) -> Result<(), StoreError> {
    let shared = args![source];
    let mut needed: Vec<RuleKey> = guards
        .iter()
        .filter_map(|guard| match guard.access {
            StoredAccess::Rule(key) => Some(key),
            StoredAccess::Unknown | StoredAccess::Unguarded => None,
        })
        .collect();
    needed.sort_unstable();
    needed.dedup();
    let mut interned = Vec::with_capacity(needed.len() * 2);
    for key in needed {
        if let Some(rule) = rules.get(&key) {
            interned.extend(args![key, serde_json::to_string(rule).map_err(StoreError::corrupt)?]);
        }
    }
    tx.run(INTERN.rows(tx.dialect(), shared.clone(), interned)).await?;
    let (mut new, mut changed) = (Vec::with_capacity(guards.len() * 3), Vec::new());
    for guard in guards {
        let (guarded, key) = match guard.access {
            StoredAccess::Rule(key) => (true, Some(key)),
            StoredAccess::Unknown => (true, None),
            StoredAccess::Unguarded => (false, None),
        };
        let rows = if guard.is_new { &mut new } else { &mut changed };
        rows.extend([guard.no.into(), guarded.into(), key.into()]);
    }
    tx.run(UPSERT.new_rows(tx.dialect(), shared.clone(), new)).await?;
    tx.run(UPSERT.rows(tx.dialect(), shared, changed)).await
}

/// Reads `guarded` and `rule`, the columns at `index` and behind it; `None` where an outer join found no entry.
pub(crate) fn read(row: &Row, index: usize) -> Result<Option<StoredAccess>, StoreError> {
    Ok(match (row.optional_bool(index)?, row.optional_uuid(index + 1)?) {
        (None, _) => None,
        (Some(false), _) => Some(StoredAccess::Unguarded),
        (Some(true), None) => Some(StoredAccess::Unknown),
        (Some(true), Some(key)) => Some(StoredAccess::Rule(RuleKey(key))),
    })
}
