//! Rewriting what is stored so that it says less about somebody: compare-and-set row by row, because the source may be
//! read meanwhile. What was rewritten since it was looked at is left as it is: it came through the border at which erased
//! accounts are taken out.

use jiff::Timestamp;
use linkspan_model::absence::Absence;
use linkspan_model::access::{AccessRule, Clause, Principal, RuleKey};
use linkspan_model::change::ChangeKind;
use linkspan_model::ids::{RecordId, SourceId};
use linkspan_model::record::Body;

use super::changes::Entry;
use super::raws::{self, StoredRaw};
use super::records::StoredRecord;
use super::write::{TICK, require_active};
use super::{access, changes, plan};
use crate::Store;
use crate::control::erasures::{self, Touched};
use crate::db::{Tx, args, statements};
use crate::error::StoreError;

statements! {
    ALL_RAWS = "SELECT kind, remote_id, path, record, problem, stored_at, body, redacted FROM raws
        WHERE source_id = $1 AND (remote_id, kind) > ($2, $3) ORDER BY remote_id, kind LIMIT $4";
    REWRITE_RAW = "UPDATE raws SET hash = $5, body = $6, stored_at = $7, redacted = $8
        WHERE source_id = $1 AND kind = $2 AND remote_id = $3 AND hash = $4";
    REWRITE_RECORD = "UPDATE records SET hash = $4, body = $5, modified_at = $6, deleted = $7,
            absence = CASE WHEN $7 = FALSE THEN absence ELSE COALESCE(absence, 'removed') END,
            absent_since = CASE WHEN $7 = FALSE THEN absent_since ELSE COALESCE(absent_since, $6) END
        WHERE source_id = $1 AND id = $2 AND hash = $3";
    LEAVE_GROUPS = "DELETE FROM group_members WHERE source_id = $1 AND account_id = $2";
    MOVE_TO_RULE = "UPDATE record_access SET rule = $3 WHERE source_id = $1 AND rule = $2";
    DROP_RULE = "DELETE FROM access_rules WHERE source_id = $1 AND key = $2";
    INTERN_RULE = "INSERT INTO access_rules (source_id, key, rule) VALUES ($1, $2, $3)
        ON CONFLICT (source_id, key) DO NOTHING";
}

/// What is to be rewritten in one transaction.
#[derive(Clone, Debug, Default)]
pub struct Redaction {
    /// Upstream JSON as it was found, and the text that takes its place.
    pub raws: Vec<(StoredRaw, String)>,
    /// Records as they were found, and the instances that take their place. Access and tombstones stay.
    pub records: Vec<(StoredRecord, Body)>,
    /// Users and contacts of whom nothing but the bare id is kept: the instance becomes empty, and a tombstone.
    pub people: Vec<StoredRecord>,
    /// Whether what is rewritten names an account that was erased; else one that was only refreshed.
    pub is_erasure: bool,
    /// What is to be added to receipts, by their numbers, in the same transaction.
    pub touched: Vec<(i64, Touched)>,
}

impl Store {
    /// Waits until every write to the source that began before this call is over.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn settle_writes(&self, source: SourceId) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.lock_source(source).await?;
        tx.commit().await
    }

    /// All upstream JSON of a source in the order of upstream ids and kinds, behind `after` (upstream id, kind).
    pub async fn list_all_raws(
        &self,
        source: SourceId,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<StoredRaw>, StoreError> {
        let (remote_id, kind) = after.unwrap_or_default();
        let rows = self.db.all(ALL_RAWS, args![source, remote_id, kind, i64::from(limit)]).await?;
        rows.iter().map(raws::read).collect()
    }

    /// Rewrites rows that still are as they were found, in one transaction, with entries in the change feed. The number
    /// of rows rewritten.
    ///
    /// # Errors
    /// [`StoreError::SourceGone`] when the source does not exist or is being erased.
    pub async fn redact(
        &self,
        source: SourceId,
        redaction: &Redaction,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut tx = self.db.begin().await?;
        tx.lock_source(source).await?;
        require_active(&mut tx, source).await?;
        let mut rewritten = 0;
        let mut encoder = raws::Encoder::default();
        for (found, json) in &redaction.raws {
            let old = plan::hash_of_raw(&found.json, &found.path, found.record, found.problem.as_deref());
            let new = plan::hash_of_raw(json, &found.path, found.record, found.problem.as_deref());
            let is_redacted = redaction.is_erasure || found.redacted;
            let body = encoder.encode(json);
            let args = args![source, &found.kind, &found.remote_id, old, new, body, now, is_redacted];
            rewritten += tx.execute(REWRITE_RAW, args).await?;
        }
        let mut stamp = None;
        let mut entries = Vec::new();
        let texts = redaction.records.iter().map(|(found, body)| (found, body.to_json(), found.deleted));
        let people = redaction.people.iter().filter_map(|found| {
            let bare = Body::bare_person(found.model)?;
            Some((found, bare.to_json(), true))
        });
        for (found, json, is_deleted) in texts.chain(people) {
            if found.body == json && found.deleted == is_deleted {
                continue;
            }
            let stamp = match stamp {
                Some(stamp) => stamp,
                None => *stamp.insert(tick(&mut tx, source, now).await?),
            };
            let args = args![
                source,
                found.id,
                found.hash_with(&found.body),
                found.hash_with(&json),
                json,
                stamp,
                is_deleted
            ];
            if tx.execute(REWRITE_RECORD, args).await? > 0 {
                rewritten += 1;
                let kind = if is_deleted { ChangeKind::Removed } else { ChangeKind::Updated };
                // Whoever follows the feed has no copy of what was gone already, or of what does not change for them.
                if !found.deleted {
                    let absence = is_deleted.then_some(Absence::Removed);
                    entries.push(Entry { id: found.id, model: found.model, kind, absence, left: None });
                }
            }
        }
        changes::append(&mut tx, source, &entries, stamp.unwrap_or_default()).await?;
        erasures::add(&mut tx, &redaction.touched).await?;
        tx.commit().await?;
        Ok(rewritten)
    }

    /// Takes an account out of groups and out of rules that let it in, and adds to the receipt `no` how many there were.
    /// A rule that let in nobody else becomes a closed gate; records keep being guarded.
    ///
    /// # Errors
    /// [`StoreError::SourceGone`] when the source does not exist or is being erased.
    pub async fn erase_from_access(
        &self,
        source: SourceId,
        account_id: &str,
        no: i64,
    ) -> Result<Touched, StoreError> {
        let mut tx = self.db.begin().await?;
        tx.lock_source(source).await?;
        require_active(&mut tx, source).await?;
        let group_members = tx.execute(LEAVE_GROUPS, args![source, account_id]).await?;
        let mut access_rules = 0;
        let principal = Principal::Account(account_id.to_owned());
        for row in tx.all(access::RULES, args![source]).await? {
            let (key, text) = (RuleKey(row.uuid(0)?), row.text(1)?);
            // Most rules name no account; they need not be read.
            if !text.contains(account_id) {
                continue;
            }
            let rule: AccessRule = serde_json::from_str(&text).map_err(StoreError::corrupt)?;
            let Some(narrowed) = without(&rule, &principal) else { continue };
            let text = serde_json::to_string(&narrowed).map_err(StoreError::corrupt)?;
            tx.execute(INTERN_RULE, args![source, narrowed.key(), text]).await?;
            tx.execute(MOVE_TO_RULE, args![source, key, narrowed.key()]).await?;
            tx.execute(DROP_RULE, args![source, key]).await?;
            access_rules += 1;
        }
        let touched = Touched { group_members, access_rules, ..Touched::default() };
        erasures::add(&mut tx, &[(no, touched)]).await?;
        tx.commit().await?;
        Ok(touched)
    }
}

/// The rule without a principal; `None` when it does not name it.
fn without(rule: &AccessRule, principal: &Principal) -> Option<AccessRule> {
    if !rule.clauses().iter().any(|clause| clause.any_of.contains(principal)) {
        return None;
    }
    Some(AccessRule::new(rule.clauses().iter().map(|clause| {
        let others = clause.any_of.iter().filter(|other| *other != principal).cloned();
        Clause::new(clause.gate.clone(), others)
    })))
}

async fn tick(tx: &mut Tx, source: SourceId, now: Timestamp) -> Result<i64, StoreError> {
    let row = tx.first(TICK, args![source, now]).await?;
    row.ok_or(StoreError::SourceGone(source))?.int(0)
}

impl StoredRecord {
    /// The hash under which the record is stored with this body.
    fn hash_with(&self, json: &str) -> [u8; 16] {
        plan::hash_of_record(
            self.remote_id.as_deref(),
            self.parent,
            self.container,
            self.remote_created_at,
            self.remote_updated_at,
            json,
        )
    }

    /// Whether this is about the account `account_id` of a source, as a user or as a contact.
    pub fn is_account(&self, source: SourceId, account_id: &str) -> bool {
        self.model.is_of_people() && self.id == RecordId::of(source, self.model, account_id)
    }
}
