//! Reading changed accounts again, in every source that names them; until that works, what is held of them is blank
//! (hazard G3).

use std::collections::HashMap;
use std::sync::Arc;

use jiff::SignedDuration;
use linkspan_atlassian::calls::{confluence, jira};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{
    ConfluenceContext, Converted, JiraContext, confluence_user_page, jira_user_page,
};
use linkspan_model::ids::RecordId;
use linkspan_model::product::Product;
use linkspan_model::record::Body;
use linkspan_store::{Batch, Redaction, ReportState, Source, StoredRecord};

use super::lease::Lease;
use super::rewrite::{ACCOUNTS_PER_WALK, Subject};
use crate::engine::Inner;
use crate::error::EngineError;
use crate::progress::RunMeter;
use crate::upstream::SourceClient;

/// When a reading that failed is tried again.
const RETRY_AFTER: SignedDuration = SignedDuration::from_mins(30);

impl Inner {
    /// Reads accounts again that Atlassian said had changed; how many are good again.
    pub(super) async fn refresh_updated(self: &Arc<Self>, lease: &Lease) -> Result<u64, EngineError> {
        let (app, began) = (lease.app(), self.clock.now());
        let pending =
            self.store.pending_accounts(app, ReportState::Updated, began, ACCOUNTS_PER_WALK).await?;
        if pending.is_empty() {
            return Ok(0);
        }
        // What was blanked once stays blank; only the reading is tried again.
        let is_blank = pending.iter().all(|it| it.was_tried);
        let accounts: Vec<String> = pending.into_iter().map(|it| it.account_id).collect();
        let mut is_whole = true;
        for source in self.sources_naming(accounts.iter().map(String::as_str)).await? {
            lease.renew().await?;
            is_whole &= self.refresh_in(lease, &source, &accounts, began, is_blank).await?;
        }
        self.store.forget_rewritten().await?;
        for account_id in &accounts {
            if is_whole {
                self.store.set_report_state(app, account_id, ReportState::Active, None).await?;
            } else {
                let retry_at = Some(self.clock.now() + RETRY_AFTER);
                self.store.set_report_state(app, account_id, ReportState::Updated, retry_at).await?;
            }
        }
        tracing::info!(app.id = %app, accounts = accounts.len(), is_whole, "changed accounts were read again");
        Ok(if is_whole { accounts.len() as u64 } else { 0 })
    }

    /// Reads accounts again in one source, and makes what is derived from them follow. `false` when upstream could not be
    /// asked: they are blank then.
    async fn refresh_in(
        self: &Arc<Self>,
        lease: &Lease,
        source: &Source,
        accounts: &[String],
        began: jiff::Timestamp,
        is_blank: bool,
    ) -> Result<bool, EngineError> {
        self.start_over(source.id);
        let answer = match self.read_accounts(source, accounts).await {
            Ok(answer) => Some(answer),
            Err(error @ (EngineError::Store(_) | EngineError::Stopped)) => return Err(error),
            Err(error) => {
                tracing::warn!(source.id = %source.id, %error, "changed accounts cannot be read; they stay blank until they can");
                None
            }
        };
        let is_answered = answer.is_some();
        if !is_answered && is_blank {
            return Ok(false);
        }
        let fresh = answer.unwrap_or_default();
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
        for account_id in accounts {
            self.store.account_refreshed(source.id, account_id, began).await?;
        }
        Ok(is_answered)
    }

    /// What upstream says about accounts now.
    async fn read_accounts(
        self: &Arc<Self>,
        source: &Source,
        accounts: &[String],
    ) -> Result<Converted, EngineError> {
        let client = SourceClient::new(
            Arc::clone(self),
            Arc::new(source.clone()),
            Arc::new(RunMeter::default()),
            self.stop.child_token(),
        );
        read_people(&client, source, accounts).await
    }
}

/// Reads accounts by id in one answer or a few; those that upstream does not show are left out.
pub(crate) async fn read_people(
    client: &SourceClient,
    source: &Source,
    accounts: &[String],
) -> Result<Converted, EngineError> {
    let params = accounts.iter().fold(Params::new(), |params, id| params.query("accountId", id.as_str()));
    let call = match source.product {
        Product::Jira => &jira::USER_BULK,
        Product::Confluence => &confluence::USER_BULK,
    };
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
