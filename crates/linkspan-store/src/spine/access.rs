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

/// Writes what guards the records with these numbers, and the rules they point at.
pub(crate) async fn write(
    tx: &mut Tx,
    source: SourceId,
    rules: &HashMap<RuleKey, &AccessRule>,
    guards: &[(i64, StoredAccess)],
) -> Result<(), StoreError> {
    let shared = args![source];
    let mut needed: Vec<RuleKey> = guards
        .iter()
        .filter_map(|(_, access)| match access {
            StoredAccess::Rule(key) => Some(*key),
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
    for (sql, args) in INTERN.insert(tx.dialect(), shared.clone(), interned) {
        tx.execute(sql, args).await?;
    }
    let mut rows = Vec::with_capacity(guards.len() * 3);
    for &(no, access) in guards {
        rows.extend(match access {
            StoredAccess::Rule(key) => [no.into(), true.into(), key.into()],
            StoredAccess::Unknown => [no.into(), true.into(), None::<RuleKey>.into()],
            StoredAccess::Unguarded => [no.into(), false.into(), None::<RuleKey>.into()],
        });
    }
    for (sql, args) in UPSERT.insert(tx.dialect(), shared, rows) {
        tx.execute(sql, args).await?;
    }
    Ok(())
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
