//! From the feed to deliveries. One change is one event for each account that sees the record, and one delivery for each
//! endpoint that asked for it.

use std::collections::HashMap;

use linkspan_model::change::Change;
use linkspan_model::event::EventKind;
use linkspan_model::ids::{EventId, LinkedAccountId, RecordId, SourceId, WebhookEndpointId};
use linkspan_model::product::Integration;
use linkspan_model::record::Model;
use linkspan_store::{
    AccountFilter, Event, FeedEntry, LinkedAccount, NewDelivery, StoredRecord, WebhookEndpoint, WebhookFormat,
};
use uuid::Uuid;

use super::KnownProjects;
use super::names::{self, EventName};
use crate::accounts::AccountScope;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::read::as_seen;

/// Entries of the feed that are turned into deliveries in one transaction.
const PAGE: u32 = 200;
/// Such pages before deliveries have their turn: a first reading fills the feed for hours.
const PAGES_IN_A_LOOK: usize = 10;
/// Linked accounts of one source that are told. More than any vendor's customer has integrations.
const ACCOUNTS_PER_SOURCE: u32 = 1_000;
/// How long the service projects of a source are remembered.
const PROJECTS_FRESH: jiff::SignedDuration = jiff::SignedDuration::from_secs(10);

/// What an account is told.
struct Occurrence {
    position: i64,
    name: EventName,
    account: Option<LinkedAccountId>,
    integration: Option<Integration>,
    source: Option<SourceId>,
    subject: Option<(Model, RecordId)>,
    /// The endpoint of whose end is told.
    disabled_endpoint: Option<WebhookEndpointId>,
    at: jiff::Timestamp,
}

impl Occurrence {
    /// What has to stay in order: what happens to one record, and what happens to one account, as that account sees it.
    fn lane(&self) -> Uuid {
        let account = self.account.map_or(Uuid::nil(), |account| account.0);
        self.subject.map_or(account, |(_, record)| Uuid::new_v5(&account, record.0.as_bytes()))
    }

    fn is_for(&self, endpoint: &WebhookEndpoint) -> bool {
        let settings = &endpoint.settings;
        if self.position <= endpoint.starts_after || !names::is_wanted(&settings.events, &self.name) {
            return false;
        }
        if settings.format == WebhookFormat::Merge && self.name.merge.is_none() {
            return false;
        }
        // It would be the last to need the news.
        if self.disabled_endpoint == Some(endpoint.id) {
            return false;
        }
        // What is about no account concerns everybody.
        self.account.is_none_or(|account| {
            let is_listed = settings.accounts.as_ref().is_none_or(|accounts| accounts.contains(&account));
            let is_of_kind = match (&settings.integrations, self.integration) {
                (Some(wanted), Some(integration)) => wanted.contains(&integration),
                (Some(_), None) => false,
                (None, _) => true,
            };
            is_listed && is_of_kind
        })
    }

    fn to(&self, endpoint: &WebhookEndpoint) -> NewDelivery {
        let name = match endpoint.settings.format {
            WebhookFormat::Linkspan => &self.name.linkspan,
            WebhookFormat::Merge => self.name.merge.as_ref().unwrap_or(&self.name.linkspan),
        };
        NewDelivery {
            endpoint: endpoint.id,
            event_id: EventId::of(self.position, self.account),
            position: self.position,
            event: name.clone(),
            account: self.account,
            source: self.source,
            model: self.subject.map(|(model, _)| model),
            record: self.subject.map(|(_, record)| record),
            lane: self.lane(),
            missed: endpoint.disabled.is_some(),
            happened_at: self.at,
        }
    }
}

/// What is known of the sources of a page.
#[derive(Default)]
struct Known {
    accounts: HashMap<SourceId, Vec<AccountScope>>,
    records: HashMap<(SourceId, RecordId), StoredRecord>,
}

impl Engine {
    /// Turns what is new in the feed into deliveries; whether there is more than one look takes.
    pub(super) async fn fan_out(&self) -> Result<bool, EngineError> {
        for _ in 0..PAGES_IN_A_LOOK {
            if self.inner.stop.is_cancelled() || !self.fan_out_page().await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Turns the next page of the feed into deliveries; whether there may be more.
    async fn fan_out_page(&self) -> Result<bool, EngineError> {
        let store = &self.inner.store;
        let from = store.webhook_cursor().await?;
        // Before the endpoints are read: one that is made meanwhile begins behind what is skipped here.
        let present = store.feed_position().await?;
        let feed = store.read_feed(None, from, PAGE).await?;
        if feed.entries.is_empty() {
            return Ok(false);
        }
        let endpoints = store.webhook_endpoints().await?;
        if endpoints.is_empty() {
            return Ok(store.fan_out(from, present.max(from), &[], self.inner.clock.now()).await?);
        }
        let mut known = Known::default();
        self.learn(&feed.entries, &mut known).await?;
        let mut deliveries = Vec::new();
        for entry in &feed.entries {
            for occurrence in self.occurrences(entry, &known).await? {
                let wanting = endpoints.iter().filter(|endpoint| occurrence.is_for(endpoint));
                deliveries.extend(wanting.map(|endpoint| occurrence.to(endpoint)));
            }
        }
        // Another process may have been quicker; then it did this page, and the next look begins behind it.
        store.fan_out(from, feed.next, &deliveries, self.inner.clock.now()).await?;
        Ok(true)
    }

    /// Learns who reads the sources of a page, and of those of which somebody sees a part only, what the records are.
    async fn learn(&self, entries: &[FeedEntry], known: &mut Known) -> Result<(), EngineError> {
        let mut records: HashMap<SourceId, Vec<RecordId>> = HashMap::new();
        for entry in entries {
            let source = match entry {
                FeedEntry::Change(change) => {
                    records.entry(change.source).or_default().push(change.record);
                    Some(change.source)
                }
                FeedEntry::Event(event) => event.source.filter(|_| event.account.is_none()),
            };
            let Some(source) = source.filter(|source| !known.accounts.contains_key(source)) else { continue };
            known.accounts.insert(source, self.scopes_of_source(source).await?);
        }
        for (source, ids) in records {
            if known.accounts[&source].iter().any(|scope| scope.containers.is_some()) {
                for record in self.inner.store.get_records(source, &ids).await? {
                    known.records.insert((source, record.id), record);
                }
            }
        }
        Ok(())
    }

    async fn scopes_of_source(&self, source: SourceId) -> Result<Vec<AccountScope>, EngineError> {
        let filter = AccountFilter { source: Some(source), ..AccountFilter::default() };
        let mut scopes = Vec::new();
        for account in self.inner.store.list_linked_accounts(&filter, None, ACCOUNTS_PER_SOURCE).await? {
            // As it is now: what is not told for want of a project that was made a moment ago is never told.
            scopes.extend(self.scope_of(account).await?);
        }
        Ok(scopes)
    }

    /// The scope of an account, with service projects that may be some seconds old.
    pub(super) async fn remembered_scope(
        &self,
        account: LinkedAccount,
    ) -> Result<Option<AccountScope>, EngineError> {
        if account.integration != Integration::JiraServiceManagement {
            return self.scope_of(account).await;
        }
        let (source, now) = (account.source, self.inner.clock.now());
        let known = &self.inner.known_projects;
        if let Some(projects) = known.fresh(source, now) {
            return self.scope_within(account, projects).await;
        }
        let scope = self.scope_of(account).await?;
        if let Some(projects) = scope.as_ref().and_then(|scope| scope.containers.clone()) {
            known.learn(source, now, projects);
        }
        Ok(scope)
    }

    async fn occurrences(&self, entry: &FeedEntry, known: &Known) -> Result<Vec<Occurrence>, EngineError> {
        match entry {
            FeedEntry::Change(change) => Ok(of_change(change, known)),
            FeedEntry::Event(event) => self.of_event(event, known).await,
        }
    }

    async fn of_event(&self, event: &Event, known: &Known) -> Result<Vec<Occurrence>, EngineError> {
        let occurrence = |account: Option<LinkedAccountId>, integration| Occurrence {
            position: event.seq,
            name: names::of_event(event.kind),
            account,
            integration,
            source: event.source,
            subject: None,
            disabled_endpoint: event.details["webhook_endpoint"]["id"]
                .as_str()
                .and_then(|id| id.parse().ok()),
            at: event.at,
        };
        Ok(match (event.account, event.source) {
            (Some(account), _) if event.kind == EventKind::LinkedAccountDeleted => {
                let integration = event.details["integration"].as_str().and_then(|word| word.parse().ok());
                vec![occurrence(Some(account), integration)]
            }
            (Some(account), _) => match self.inner.store.linked_account(account).await? {
                Some(account) => vec![occurrence(Some(account.id), Some(account.integration))],
                None => Vec::new(),
            },
            (None, Some(source)) => known
                .accounts
                .get(&source)
                .into_iter()
                .flatten()
                .map(|scope| occurrence(Some(scope.account.id), Some(scope.account.integration)))
                .collect(),
            (None, None) => vec![occurrence(None, None)],
        })
    }
}

fn of_change(change: &Change, known: &Known) -> Vec<Occurrence> {
    let record = known.records.get(&(change.source, change.record));
    let scopes = known.accounts.get(&change.source).into_iter().flatten();
    let seen = scopes.filter_map(|scope| Some((scope, as_seen(scope, change.clone(), record)?)));
    seen.filter_map(|(scope, change)| {
        let integration = scope.account.integration;
        Some(Occurrence {
            position: change.seq,
            name: names::of_change(integration.category(), change.model, change.kind)?,
            account: Some(scope.account.id),
            integration: Some(integration),
            source: Some(change.source),
            subject: Some((change.model, change.record)),
            disabled_endpoint: None,
            at: change.at,
        })
    })
    .collect()
}

impl KnownProjects {
    fn fresh(&self, source: SourceId, now: jiff::Timestamp) -> Option<std::sync::Arc<[RecordId]>> {
        let known = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (at, projects) = known.get(&source)?;
        (now < *at + PROJECTS_FRESH).then(|| std::sync::Arc::clone(projects))
    }

    fn learn(&self, source: SourceId, now: jiff::Timestamp, projects: std::sync::Arc<[RecordId]>) {
        let mut known = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.retain(|_, (at, _)| now < *at + PROJECTS_FRESH);
        known.insert(source, (now, projects));
    }
}
