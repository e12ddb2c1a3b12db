//! Erasing closed accounts: everywhere, in steps that may be repeated, with a receipt that holds nothing of them
//! (hazard G2).

use std::collections::BTreeSet;
use std::sync::Arc;

use linkspan_model::ids::{RecordId, SourceId};
use linkspan_model::record::Body;
use linkspan_store::{
    Erasure, IdentityFilter, Redaction, ReportState, Source, SourceState, StoredRecord, Touched,
};

use super::lease::Lease;
use super::rewrite::{ACCOUNTS_PER_WALK, Subject};
use crate::engine::Inner;
use crate::error::EngineError;

/// A closed account.
struct Closed {
    account_id: String,
    erasure: Erasure,
}

impl Inner {
    /// Erases accounts that Atlassian said were closed; how many.
    pub(super) async fn erase_closed(self: &Arc<Self>, lease: &Lease) -> Result<u64, EngineError> {
        let (app, now) = (lease.app(), self.clock.now());
        let pending = self.store.pending_accounts(app, ReportState::Closed, now, ACCOUNTS_PER_WALK).await?;
        if pending.is_empty() {
            return Ok(0);
        }
        let mut closed = Vec::with_capacity(pending.len());
        for account in pending {
            let digest = self.erased_digest(&account.account_id);
            let erasure = self.store.begin_erasure(app, &digest, account.told_at.unwrap_or(now)).await?;
            closed.push(Closed { account_id: account.account_id, erasure });
        }
        // From here on nothing brings them back, and what was begun before is waited for below.
        self.renew_erased().await?;
        let sources = self.sources_naming(closed.iter().map(|it| it.account_id.as_str())).await?;
        let mut traces = BTreeSet::new();
        let people = self.people_of(&closed, &sources, &mut traces).await?;
        for (source, people) in sources.iter().zip(people) {
            self.erase_from_source(lease, source, &closed, people, &mut traces).await?;
        }
        for Closed { account_id, erasure } in &closed {
            // Who proved to be this account is known by it no longer.
            traces.extend(self.proven_email_of(account_id, erasure.no).await?);
            self.store.erase_identities_of(account_id).await?;
        }
        // An erasure that was interrupted no longer knows what it took out; then the file is written anew in any case.
        let is_resumed = closed.iter().any(|it| it.erasure.touched != Touched::default());
        if is_resumed || !traces.is_empty() {
            lease.renew().await?;
            let traces: Vec<String> = if is_resumed { Vec::new() } else { traces.into_iter().collect() };
            self.store.scrub(&traces).await?;
        }
        for Closed { account_id, erasure } in &closed {
            self.store.finish_erasure(erasure.no, self.clock.now()).await?;
            self.store.set_report_state(app, account_id, ReportState::Erased, None).await?;
            tracing::info!(app.id = %app, erasure.no, "a closed account was erased");
        }
        Ok(closed.len() as u64)
    }

    /// The sources in which any of the accounts is named, whichever app reads them. Those that are being removed erase
    /// themselves.
    pub(super) async fn sources_naming(
        &self,
        accounts: impl Iterator<Item = &str>,
    ) -> Result<Vec<Source>, EngineError> {
        let mut ids: BTreeSet<SourceId> = BTreeSet::new();
        for account in accounts {
            ids.extend(self.store.sources_naming(account).await?);
        }
        let mut sources = Vec::with_capacity(ids.len());
        for id in ids {
            sources.extend(self.store.source(id).await?.filter(|it| it.state == SourceState::Active));
        }
        Ok(sources)
    }

    /// What is stored of the accounts themselves, for each source. Their e-mail addresses are looked for among customers'
    /// contacts before they are gone, and they are the traces to be searched for at the end.
    async fn people_of(
        &self,
        closed: &[Closed],
        sources: &[Source],
        traces: &mut BTreeSet<String>,
    ) -> Result<Vec<Vec<StoredRecord>>, EngineError> {
        let mut all = Vec::with_capacity(sources.len());
        for source in sources {
            let ids: Vec<RecordId> =
                closed.iter().flat_map(|it| RecordId::of_person(source.id, &it.account_id)).collect();
            let people = self.store.get_records(source.id, &ids).await?;
            for person in &people {
                let instance = person.instance()?;
                let (name, email) = instance.name_and_email();
                if let (Some(email), Some(closed)) = (email, closed_of(person, source, closed)) {
                    self.store.erase_contacts(email, closed.erasure.no).await?;
                }
                traces.extend(name.into_iter().chain(email).map(str::to_owned));
            }
            all.push(people);
        }
        Ok(all)
    }

    /// The e-mail address that was proven for an account, after it was looked for among customers' contacts. All
    /// identities of an account bear the same.
    async fn proven_email_of(&self, account_id: &str, no: i64) -> Result<Option<String>, EngineError> {
        let filter = IdentityFilter { account_id: Some(account_id.to_owned()), ..IdentityFilter::default() };
        let identity = self.store.identities(&filter, None, 1).await?.pop();
        let email = identity.and_then(|identity| identity.email);
        if let Some(email) = &email {
            self.store.erase_contacts(email, no).await?;
        }
        Ok(email)
    }

    async fn erase_from_source(
        self: &Arc<Self>,
        lease: &Lease,
        source: &Source,
        closed: &[Closed],
        people: Vec<StoredRecord>,
        traces: &mut BTreeSet<String>,
    ) -> Result<(), EngineError> {
        self.start_over(source.id);
        self.store.settle_writes(source.id).await?;
        let is_bare = |person: &StoredRecord| {
            person.deleted
                && Body::bare_person(person.model).is_some_and(|bare| bare.to_json() == person.body)
        };
        let people: Vec<StoredRecord> = people.into_iter().filter(|person| !is_bare(person)).collect();
        let touched = people
            .iter()
            .filter_map(|person| closed_of(person, source, closed))
            .map(|it| (it.erasure.no, Touched { people: 1, ..Touched::default() }))
            .collect();
        let redaction = Redaction { people, is_erasure: true, touched, ..Redaction::default() };
        self.store.redact(source.id, &redaction, self.clock.now()).await?;
        for Closed { account_id, erasure } in closed {
            lease.renew().await?;
            self.store.erase_from_access(source.id, account_id, erasure.no).await?;
        }
        let subjects: Vec<Subject> = closed
            .iter()
            .map(|it| Subject {
                account_id: it.account_id.clone(),
                receipt: Some(it.erasure.no),
                is_fresh: false,
            })
            .collect();
        traces.extend(self.rewrite_source(lease, source, &subjects).await?);
        Ok(())
    }
}

/// Whose record this is.
fn closed_of<'c>(person: &StoredRecord, source: &Source, closed: &'c [Closed]) -> Option<&'c Closed> {
    closed.iter().find(|it| person.is_account(source.id, &it.account_id))
}
