//! Reading changed accounts again, in every source that names them; until that works, what is held of them is blank
//! (hazard G3).
//!
//! Upstream is asked before anything is touched: a source is disturbed when something in it is to be rewritten, which is
//! once with what was read, and once before if that has to be waited for.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::calls::{Call, confluence, jira, missing_scopes};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{
    ConfluenceContext, Converted, JiraContext, confluence_user_page, jira_user_page,
};
use linkspan_atlassian::error::CallError;
use linkspan_model::ids::RecordId;
use linkspan_model::product::Product;
use linkspan_model::record::Body;
use linkspan_store::{Batch, PendingAccount, Redaction, ReportState, Source, StoredRecord};

use super::lease::Lease;
use super::rewrite::{ACCOUNTS_PER_WALK, Subject};
use crate::engine::Inner;
use crate::error::EngineError;
use crate::progress::RunMeter;
use crate::quota::Lane;
use crate::upstream::SourceClient;

/// When a reading that failed is tried again.
const RETRY_AFTER: SignedDuration = SignedDuration::from_mins(30);

/// What upstream says about changed accounts.
enum Answer {
    /// This, in one source.
    Read(Box<Converted>),
    /// Nothing, and it never will with this grant: what is held of them is to be blank, until a sync meets them again.
    Never,
    /// Nothing at the moment.
    NotNow,
}

impl Inner {
    /// Reads accounts again that Atlassian said had changed; of how many nothing old is held any more.
    pub(super) async fn refresh_updated(self: &Arc<Self>, lease: &Lease) -> Result<u64, EngineError> {
        let (app, began) = (lease.app(), self.clock.now());
        let pending =
            self.store.pending_accounts(app, ReportState::Updated, began, ACCOUNTS_PER_WALK).await?;
        if pending.is_empty() {
            return Ok(0);
        }
        for account in &pending {
            // Only the person can prove it anew.
            let told_at = account.told_at.unwrap_or(began);
            self.store.blank_identities_of(&account.account_id, told_at, began).await?;
        }
        let mut unread: BTreeSet<&str> = BTreeSet::new();
        for source in self.sources_naming(pending.iter().map(|it| it.account_id.as_str())).await? {
            lease.renew().await?;
            let old = self.old_in(&source, &pending).await?;
            if !old.is_empty() && !self.refresh_in(lease, &source, &old, began).await? {
                unread.extend(old.iter().map(|it| it.account_id.as_str()));
            }
        }
        self.store.forget_rewritten().await?;
        for PendingAccount { account_id, .. } in &pending {
            let is_unread = unread.contains(account_id.as_str());
            let state = if is_unread { ReportState::Updated } else { ReportState::Active };
            let retry_at = is_unread.then(|| self.clock.now() + RETRY_AFTER);
            self.store.set_report_state(app, account_id, state, retry_at).await?;
        }
        tracing::info!(app.id = %app, accounts = pending.len(), unread = unread.len(), "changed accounts were read again");
        Ok((pending.len() - unread.len()) as u64)
    }

    /// The accounts about which a source holds something older than the word that they changed. Where they were refreshed
    /// since, another source is what they wait for.
    async fn old_in<'p>(
        &self,
        source: &Source,
        pending: &'p [PendingAccount],
    ) -> Result<Vec<&'p PendingAccount>, EngineError> {
        let mut old = Vec::new();
        for account in pending {
            let fetched_at = self.store.account_fetched_at(source.id, &account.account_id).await?;
            let is_old = |fetched_at| account.told_at.is_none_or(|told_at| fetched_at < told_at);
            if fetched_at.is_some_and(is_old) {
                old.push(account);
            }
        }
        Ok(old)
    }

    /// Reads accounts again in one source, and makes what is derived from them follow. `false` when upstream could not be
    /// asked: they are blank then, and a further try that fails leaves the source alone.
    async fn refresh_in(
        self: &Arc<Self>,
        lease: &Lease,
        source: &Source,
        accounts: &[&PendingAccount],
        began: Timestamp,
    ) -> Result<bool, EngineError> {
        let ids = |accounts: &[&PendingAccount]| -> Vec<String> {
            accounts.iter().map(|it| it.account_id.clone()).collect()
        };
        let all = ids(accounts);
        let answer = self.ask_for(source, &all).await?;
        let is_settled = !matches!(answer, Answer::NotNow);
        if let Answer::Read(fresh) = answer {
            self.follow(lease, source, &all, *fresh, began).await?;
        } else {
            // What was blanked once stays blank; only the reading is tried again.
            let untried: Vec<&PendingAccount> = accounts.iter().copied().filter(|it| !it.was_tried).collect();
            if !untried.is_empty() {
                self.follow(lease, source, &ids(&untried), Converted::default(), began).await?;
            }
        }
        if is_settled {
            for account_id in &all {
                self.store.account_refreshed(source.id, account_id, began).await?;
            }
        }
        Ok(is_settled)
    }

    /// Makes what is held of accounts, and what is derived from it, follow what was read of them; who was not read becomes
    /// blank.
    async fn follow(
        self: &Arc<Self>,
        lease: &Lease,
        source: &Source,
        accounts: &[String],
        fresh: Converted,
        began: Timestamp,
    ) -> Result<(), EngineError> {
        self.start_over(source.id);
        let ids: Vec<RecordId> =
            accounts.iter().flat_map(|account| RecordId::of_person(source.id, account)).collect();
        let stored = self.store.get_records(source.id, &ids).await?;
        let read: HashMap<String, Body> = fresh
            .records
            .iter()
            .filter_map(|record| Some((record.remote_id.clone()?, record.body.clone())))
            .collect();
        // Who is not in the answer cannot be seen through this source any more: what is held of them is old. A member of
        // the site who is a customer of its service desks too is answered once, and stored twice.
        let mut rewritten: Vec<(StoredRecord, Body)> = Vec::new();
        for person in stored.iter().filter(|person| !person.deleted) {
            let Some(account_id) = &person.remote_id else { continue };
            let now = match read.get(account_id) {
                Some(now) if now.model() == person.model => continue,
                Some(now) => Some(now.clone()),
                None => Body::bare_person(person.model),
            };
            if let Some(now) = now {
                rewritten.push((person.clone(), person.instance()?.with_person(&now)));
            }
        }
        let redaction = Redaction { records: rewritten, ..Redaction::default() };
        self.store.redact(source.id, &redaction, self.clock.now()).await?;

        let mut batch = Batch { raws: fresh.raws, records: fresh.records, ..Batch::default() };
        for record in &mut batch.records {
            let Some(person) = stored.iter().find(|person| person.id == record.id) else { continue };
            record.body = person.instance()?.with_person(&record.body);
        }
        self.write_guarded(source.id, batch, began, self.latest_erasure()).await?;
        let subjects: Vec<Subject> = accounts
            .iter()
            .map(|account_id| Subject {
                account_id: account_id.clone(),
                receipt: None,
                is_fresh: read.contains_key(account_id),
            })
            .collect();
        self.rewrite_source(lease, source, &subjects).await?;
        Ok(())
    }

    /// What upstream says about accounts now.
    async fn ask_for(self: &Arc<Self>, source: &Source, accounts: &[String]) -> Result<Answer, EngineError> {
        if missing_scopes(people_call(source), &self.scopes_of(source).await?).is_some() {
            return Ok(Answer::Never);
        }
        let client = SourceClient::new(
            Arc::clone(self),
            Arc::new(source.clone()),
            Lane::Upkeep,
            Arc::new(RunMeter::default()),
            self.stop.child_token(),
        );
        match read_people(&client, source, accounts).await {
            Ok(fresh) => Ok(Answer::Read(Box::new(fresh))),
            Err(error @ (EngineError::Store(_) | EngineError::Stopped)) => Err(error),
            Err(EngineError::Call(error @ CallError::ScopeMissing { .. })) => {
                tracing::warn!(source.id = %source.id, %error, "changed accounts may not be read; they are blank until a sync meets them");
                Ok(Answer::Never)
            }
            Err(error) => {
                tracing::warn!(source.id = %source.id, %error, "changed accounts cannot be read; they stay blank until they can");
                Ok(Answer::NotNow)
            }
        }
    }
}

/// The call that reads people by their ids.
fn people_call(source: &Source) -> &'static Call {
    match source.product {
        Product::Jira => &jira::USER_BULK,
        Product::Confluence => &confluence::USER_BULK,
    }
}

/// Reads accounts by id in one answer or a few; those that upstream does not show are left out.
pub(crate) async fn read_people(
    client: &SourceClient,
    source: &Source,
    accounts: &[String],
) -> Result<Converted, EngineError> {
    let params = accounts.iter().fold(Params::new(), |params, id| params.query("accountId", id.as_str()));
    let call = people_call(source);
    let per_page = u32::try_from(accounts.len()).ok().filter(|_| source.product == Product::Jira);
    let mut pager = client.pager(call, params, per_page);
    let mut read = Converted::default();
    while let Some(page) = client.next(call, &mut pager).await? {
        let json = String::from_utf8_lossy(&page.reply.body);
        let site = source.site_url.clone();
        read.absorb(match source.product {
            Product::Jira => jira_user_page(&json, &JiraContext::new(source.id, site))?,
            Product::Confluence => confluence_user_page(&json, &ConfluenceContext::new(source.id, site))?,
        });
    }
    Ok(read)
}
