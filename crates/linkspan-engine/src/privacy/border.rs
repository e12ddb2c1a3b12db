//! The border: upstream's answers lose what they say about erased accounts before anything looks at them, and what is to
//! be stored is looked at once more, for pages that were under way when an account was erased.
//!
//! While nothing was ever erased this costs nothing. Afterwards every answer is searched for account ids, and of each id
//! met for the first time the digest is taken; what follows is one look into a table.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use linkspan_atlassian::personal::{account_of_row, accounts_in, is_account_id, redact};
use linkspan_model::access::{AccessRule, Clause, Principal};
use linkspan_model::ids::SourceId;
use linkspan_model::record::{Access, NewRaw, NewRecord};
use linkspan_model::secret::Secret;
use linkspan_store::{Batch, BatchOutcome, StoreError};
use linkspan_vault::Digest;

use crate::engine::Inner;
use crate::error::EngineError;

/// The purpose that goes into the digest of an erased account's id.
const ERASED_PURPOSE: &str = "erased-account";
/// Account ids whose digests are remembered; of more, all are taken anew.
const MAX_CHECKED: usize = 200_000;
/// Tries to write a batch while others erase.
const WRITE_TRIES: u32 = 5;

/// The erased accounts that this process knows of.
#[derive(Default)]
pub(crate) struct ErasedAccounts(Mutex<Arc<Known>>);

/// What was known at one moment.
#[derive(Default)]
struct Known {
    /// The latest erasure among them.
    latest: i64,
    /// Digests of account ids, with the number of the first erasure of each.
    digests: HashMap<Digest, i64>,
    /// Account ids that were looked up, and what was found.
    checked: Mutex<HashMap<String, Option<i64>>>,
}

impl ErasedAccounts {
    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Inner {
    /// The digest under which an erased account is remembered.
    pub(crate) fn erased_digest(&self, account_id: &str) -> Digest {
        self.digest_key.digest(ERASED_PURPOSE, &Secret::new(account_id))
    }

    /// Learns of erasures since the last time, also those of other processes.
    pub(crate) async fn renew_erased(&self) -> Result<(), EngineError> {
        let before = self.erased.known();
        let since = self.store.erased_since(before.latest).await?;
        let Some((latest, _)) = since.last() else { return Ok(()) };
        let mut digests = before.digests.clone();
        let latest = *latest;
        for (no, digest) in since {
            digests.entry(digest).or_insert(no);
        }
        let mut known = self.erased.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.latest < latest {
            *known = Arc::new(Known { latest, digests, checked: Mutex::default() });
        }
        Ok(())
    }

    /// Whether an account was erased, as far as this process knows.
    pub(crate) fn is_erased(&self, account_id: &str) -> bool {
        self.is_known_erased(&self.erased.known(), account_id)
    }

    fn is_known_erased(&self, known: &Known, account_id: &str) -> bool {
        self.erasure_of(known, account_id).is_some()
    }

    /// The number of the erasure of an account.
    fn erasure_of(&self, known: &Known, account_id: &str) -> Option<i64> {
        if known.digests.is_empty() {
            return None;
        }
        let mut checked = known.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = checked.get(account_id) {
            return *found;
        }
        if checked.len() >= MAX_CHECKED {
            checked.clear();
        }
        let found = known.digests.get(&self.erased_digest(account_id)).copied();
        checked.insert(account_id.to_owned(), found);
        found
    }

    /// The latest erasure that this process knows of.
    pub(crate) fn latest_erasure(&self) -> i64 {
        self.erased.known().latest
    }

    fn erased_in<'j>(&self, known: &Known, json: &'j str) -> Vec<&'j str> {
        if known.digests.is_empty() {
            return Vec::new();
        }
        accounts_in(json).into_iter().filter(|id| self.is_known_erased(known, id)).collect()
    }

    /// An answer of upstream without what it says about erased accounts.
    pub(crate) fn admit(&self, body: Bytes) -> Bytes {
        let known = self.erased.known();
        if known.digests.is_empty() {
            return body;
        }
        // What is no text is reported by whoever reads it.
        let Ok(text) = std::str::from_utf8(&body) else { return body };
        let erased = self.erased_in(&known, text);
        match redact(text, &erased) {
            Some(redacted) => redacted.json.into(),
            None => body,
        }
    }

    /// Writes a batch that was fetched at `fetched_at` or later: with the accounts it names, and without erased ones.
    /// `knew` is the latest erasure that was known when whatever it was made with began to be gathered.
    ///
    /// # Errors
    /// [`EngineError::Outdated`] when the batch names an account that was erased later than that, or says more about an
    /// erased account than its id: it may hold what was erased, and is to be made anew.
    pub(crate) async fn write_guarded(
        &self,
        source: SourceId,
        mut batch: Batch,
        fetched_at: Timestamp,
        knew: i64,
    ) -> Result<BatchOutcome, EngineError> {
        drop_malformed(&mut batch);
        batch.accounts = accounts_of(&batch);
        batch.fetched_at = Some(fetched_at);
        for _ in 0..WRITE_TRIES {
            let known = self.erased.known();
            self.guard(&known, &mut batch, knew)?;
            batch.erasures_known = known.latest;
            match self.store.write_batch(source, &batch, self.clock.now()).await {
                Err(StoreError::ErasuresMoved) => self.renew_erased().await?,
                result => {
                    let outcome = result?;
                    // The one place where records change, so followers of the feed are woken here.
                    if outcome.has_changes() {
                        self.feed_grew();
                    }
                    return Ok(outcome);
                }
            }
        }
        Err(StoreError::Busy.into())
    }

    /// Takes erased accounts out of what is derived: their people, and their names in rules.
    fn guard(&self, known: &Known, batch: &mut Batch, knew: i64) -> Result<(), EngineError> {
        if known.digests.is_empty() || !batch.accounts.iter().any(|id| self.is_known_erased(known, id)) {
            self.guard_access(known, batch);
            return Ok(());
        }
        // Texts may have been made with names that were learnt before.
        if batch.accounts.iter().any(|id| self.erasure_of(known, id).is_some_and(|no| no > knew)) {
            return Err(EngineError::Outdated);
        }
        batch.redacted.clear();
        for (place, raw) in batch.raws.iter().enumerate() {
            let erased = self.erased_in(known, &raw.json);
            if redact(&raw.json, &erased).is_some() {
                return Err(EngineError::Outdated);
            }
            if !erased.is_empty() {
                batch.redacted.insert(place);
            }
        }
        let stays =
            |record: &NewRecord| !account_of(record).is_some_and(|id| self.is_known_erased(known, id));
        batch.records.retain(stays);
        batch.people.retain(stays);
        self.guard_access(known, batch);
        Ok(())
    }

    fn guard_access(&self, known: &Known, batch: &mut Batch) {
        if known.digests.is_empty() {
            return;
        }
        let is_erased = |principal: &Principal| matches!(principal, Principal::Account(id) if self.is_known_erased(known, id));
        for record in &mut batch.records {
            let Access::Rule(rule) = &mut record.access else { continue };
            if rule.clauses().iter().any(|clause| clause.any_of.iter().any(is_erased)) {
                *rule = AccessRule::new(rule.clauses().iter().map(|clause| {
                    let others = clause.any_of.iter().filter(|other| !is_erased(other)).cloned();
                    Clause::new(clause.gate.clone(), others)
                }));
            }
        }
    }
}

/// The account that a record is about, if it is a person's.
fn account_of(record: &NewRecord) -> Option<&str> {
    record.remote_id.as_deref().filter(|_| record.body.model().is_of_people())
}

/// Accounts whose id is `unknown`, or no id at all, are not stored (`atlassian-platform.md` 3).
fn drop_malformed(batch: &mut Batch) {
    let stays = |record: &NewRecord| account_of(record).is_none_or(is_account_id);
    batch.records.retain(stays);
    batch.people.retain(stays);
    let is_sound = |raw: &NewRaw| account_of_row(raw.kind, &raw.remote_id).is_none_or(is_account_id);
    batch.raws.retain(|raw| raw.problem.is_some() || is_sound(raw));
}

/// The accounts that anything in a batch names.
fn accounts_of(batch: &Batch) -> BTreeSet<String> {
    let people = batch.records.iter().chain(&batch.people).filter_map(account_of);
    let named = batch.raws.iter().flat_map(|raw| accounts_in(&raw.json));
    people.chain(named).map(str::to_owned).collect()
}
