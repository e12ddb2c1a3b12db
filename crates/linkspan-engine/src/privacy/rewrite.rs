//! Going through everything stored of a source, and rewriting what says more about some accounts than it may.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use linkspan_atlassian::personal::{is_profile, mentioned_accounts, redact};
use linkspan_model::ids::RecordId;
use linkspan_store::{Redaction, Source, StoredRaw, StoredRecord, Touched};

use super::lease::Lease;
use super::texts::{texts_of, with_texts};
use crate::engine::Inner;
use crate::error::EngineError;

/// Raw rows looked at in one step.
const RAWS_PER_STEP: u32 = 200;
/// Accounts that one walk is for.
pub(super) const ACCOUNTS_PER_WALK: u32 = 50;

/// An account that stored data says too much about.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    /// The account id.
    pub(super) account_id: String,
    /// The receipt of its erasure; `None`: its data is old and not to be erased.
    pub(super) receipt: Option<i64>,
    /// Its own raw row is not to be touched: it was read anew.
    pub(super) is_fresh: bool,
}

/// What one step found.
#[derive(Default)]
struct Step {
    redaction: Redaction,
    taken: BTreeSet<String>,
}

impl Inner {
    /// Takes what is said about the subjects out of all upstream JSON of a source, and makes the texts anew that mention
    /// them. Safe to repeat: what was taken out already is not found again. Gives the names that were taken out.
    pub(super) async fn rewrite_source(
        self: &Arc<Self>,
        lease: &Lease,
        source: &Source,
        subjects: &[Subject],
    ) -> Result<BTreeSet<String>, EngineError> {
        let mut taken = BTreeSet::new();
        let mut after: Option<(String, String)> = None;
        loop {
            lease.renew().await?;
            let place = after.as_ref().map(|(remote_id, kind)| (remote_id.as_str(), kind.as_str()));
            let raws = self.store.list_all_raws(source.id, place, RAWS_PER_STEP).await?;
            let Some(last) = raws.last() else { return Ok(taken) };
            after = Some((last.remote_id.clone(), last.kind.clone()));
            let concerned: Vec<StoredRaw> = raws
                .into_iter()
                .filter(|raw| subjects.iter().any(|subject| raw.json.contains(&subject.account_id)))
                .collect();
            if concerned.is_empty() {
                continue;
            }
            let step = self.rewrite_step(source, subjects, concerned).await?;
            taken.extend(step.taken);
            self.store.redact(source.id, &step.redaction, self.clock.now()).await?;
        }
    }

    async fn rewrite_step(
        self: &Arc<Self>,
        source: &Source,
        subjects: &[Subject],
        raws: Vec<StoredRaw>,
    ) -> Result<Step, EngineError> {
        let mentioned: BTreeSet<&str> = raws.iter().flat_map(|raw| mentioned_accounts(&raw.json)).collect();
        let names = self.names_of(source, &mentioned).await?;
        let ids: Vec<RecordId> = raws.iter().filter_map(|raw| raw.record).collect();
        let records = self.store.get_records(source.id, &ids).await?;
        let (source, subjects) = (source.clone(), subjects.to_vec());
        // Off the threads that serve requests.
        tokio::task::spawn_blocking(move || plan(&source, &subjects, raws, records, &names))
            .await
            .map_err(|error| EngineError::Invalid(format!("stored texts could not be made anew: {error}")))?
    }

    /// The names of accounts that are stored in a source, by account id. Accounts without a name are left out.
    pub(crate) async fn names_of(
        &self,
        source: &Source,
        accounts: &BTreeSet<&str>,
    ) -> Result<HashMap<String, String>, EngineError> {
        let ids: Vec<RecordId> =
            accounts.iter().flat_map(|account| RecordId::of_person(source.id, account)).collect();
        let mut names = HashMap::new();
        if ids.is_empty() {
            return Ok(names);
        }
        for person in self.store.get_records(source.id, &ids).await? {
            if let (false, Some(account), (Some(name), _)) =
                (person.deleted, &person.remote_id, person.instance()?.name_and_email())
            {
                names.insert(account.clone(), name.to_owned());
            }
        }
        Ok(names)
    }
}

/// What is to be rewritten of these rows.
fn plan(
    source: &Source,
    subjects: &[Subject],
    raws: Vec<StoredRaw>,
    records: Vec<StoredRecord>,
    names: &HashMap<String, String>,
) -> Result<Step, EngineError> {
    let mut records: HashMap<RecordId, StoredRecord> =
        records.into_iter().map(|record| (record.id, record)).collect();
    let mut step = Step::default();
    step.redaction.is_erasure = subjects.iter().any(|subject| subject.receipt.is_some());
    let mut touched: HashMap<i64, Touched> = HashMap::new();
    for raw in raws {
        let concerned: Vec<&Subject> =
            subjects.iter().filter(|subject| is_concerned(subject, &raw)).collect();
        let accounts: Vec<&str> = concerned.iter().map(|subject| subject.account_id.as_str()).collect();
        let redacted = redact(&raw.json, &accounts);
        let json = redacted.as_ref().map_or(raw.json.as_str(), |redacted| &redacted.json);
        let mut receipts: HashSet<i64> = HashSet::new();
        for record in texts_of(source, &raw, json, names)? {
            let Some(stored) = records.remove(&record.id) else { continue };
            let before = stored.instance()?;
            let after = with_texts(before.clone(), record.body);
            if after != before {
                receipts.extend(concerned.iter().filter_map(|subject| subject.receipt));
                step.redaction.records.push((stored, after));
            }
        }
        for receipt in receipts {
            touched.entry(receipt).or_default().texts += 1;
        }
        if let Some(redacted) = redacted {
            let subjects = redacted.touched.iter().filter_map(|place| concerned.get(*place));
            for receipt in subjects.filter_map(|subject| subject.receipt) {
                touched.entry(receipt).or_default().raws += 1;
            }
            step.taken.extend(redacted.taken);
            step.redaction.raws.push((raw, redacted.json));
        }
    }
    step.redaction.touched = touched.into_iter().collect();
    Ok(step)
}

/// Whether a raw row says something about the subject that is to be taken out.
fn is_concerned(subject: &Subject, raw: &StoredRaw) -> bool {
    let is_own = is_profile(&raw.kind) && raw.remote_id == subject.account_id;
    raw.json.contains(&subject.account_id) && !(subject.is_fresh && is_own)
}
