//! The census and the ledger, end to end: an engine on a moved clock in front of a sandbox that changes by itself.

mod api;
mod attached;
mod doubts;
mod drift;
mod histories;
mod reach;
mod states;

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use linkspan_atlassian::client::ClientLimits;
use linkspan_model::absence::Absence;
use linkspan_model::ids::{RecordId, SourceId};
use linkspan_model::product::Product;
use linkspan_model::record::Model;
use linkspan_sandbox::Options;
use linkspan_sandbox::world::{SiteState, Stamp};
use linkspan_store::{ContainerState, LedgerRow, ListFilter, StoredRecord};

use crate::personal_data::{Consent, Privacy};
use crate::support::small_world;

/// More than the shorter interval of the census.
const INTERVAL: SignedDuration = SignedDuration::from_mins(61);

/// A linked site that was read once.
struct Mirror {
    privacy: Privacy,
    jira: SourceId,
    confluence: SourceId,
}

impl Mirror {
    async fn of(world: Options) -> Self {
        Self::with(world, Consent::Classic).await
    }

    /// One whose app has this consent.
    async fn with(world: Options, consent: Consent) -> Self {
        let privacy = Privacy::start_with(world, consent, ClientLimits::default()).await;
        privacy.linked_and_read().await;
        let sources = privacy.store.sources().await.unwrap();
        let of = |product| sources.iter().find(|source| source.product == product).unwrap().id;
        let mirror = Self { jira: of(Product::Jira), confluence: of(Product::Confluence), privacy };
        mirror.interval().await;
        mirror.is_clean().await;
        mirror
    }

    async fn small() -> Self {
        Self::of(small_world()).await
    }

    /// Changes the site, as its administrator.
    fn act<T>(&self, change: impl FnOnce(&mut SiteState, Stamp) -> T) -> T {
        let world = self.privacy.upstream.handle.state().world();
        let mut site = world.main_site().write();
        let by = site.account_by_id(self.admin()).unwrap().index;
        change(&mut site, Stamp { at: world.clock().now_ms(), by })
    }

    fn admin(&self) -> &str {
        self.privacy.upstream.text("/users/0/account_id")
    }

    /// Lets the shorter interval pass, and reads.
    async fn interval(&self) {
        self.privacy.pass(INTERVAL).await;
        self.privacy.read_all().await;
    }

    /// Reads, whatever a source says of it.
    async fn read_anyway(&self) {
        for source in [self.jira, self.confluence] {
            self.privacy.engine.sync_source(source).await.unwrap();
        }
    }

    async fn stored(&self, source: SourceId, model: Model, remote_id: impl ToString) -> StoredRecord {
        let id = RecordId::of(source, model, &remote_id.to_string());
        self.privacy.store.get_record(source, model, id).await.unwrap().unwrap()
    }

    async fn issue(&self, id: impl ToString) -> StoredRecord {
        self.stored(self.jira, Model::Ticket, id).await
    }

    async fn page(&self, id: impl ToString) -> StoredRecord {
        self.stored(self.confluence, Model::Article, id).await
    }

    /// How an issue stands: out of lists or not, and why.
    async fn issue_state(&self, id: impl ToString) -> (bool, Option<Absence>) {
        let record = self.issue(id).await;
        (record.deleted, record.absence)
    }

    async fn page_state(&self, id: impl ToString) -> (bool, Option<Absence>) {
        let record = self.page(id).await;
        (record.deleted, record.absence)
    }

    async fn listed(&self, source: SourceId, model: Model, filter: &ListFilter<'_>) -> Vec<StoredRecord> {
        let page = self.privacy.store.list_records(source, model, filter, None, 10_000).await.unwrap();
        assert!(page.len() < 10_000);
        page
    }

    /// How many tombstones there are.
    async fn tombstones(&self, source: SourceId, model: Model) -> usize {
        let filter = ListFilter { include_deleted: true, ..ListFilter::default() };
        self.listed(source, model, &filter).await.iter().filter(|record| record.deleted).count()
    }

    async fn ledger(&self, source: SourceId) -> BTreeMap<String, LedgerRow> {
        let rows = self.privacy.store.ledger(source, None, None, 1_000).await.unwrap();
        rows.into_iter().map(|row| (row.remote_id.clone(), row)).collect()
    }

    /// The row of what hangs on articles.
    async fn attached(&self, model: Model) -> Option<LedgerRow> {
        let container = LedgerRow::of_site(self.confluence, model).container;
        self.privacy.store.ledger_row(self.confluence, container, model).await.unwrap()
    }

    async fn row(&self, source: SourceId, container: impl ToString) -> LedgerRow {
        self.ledger(source).await.remove(&container.to_string()).unwrap()
    }

    async fn walk(&self, source: SourceId) {
        let now = self.privacy.engine.clock().now();
        assert!(self.privacy.store.request_census(source, None, now).await.unwrap() > 0);
        self.privacy.read_all().await;
    }

    /// The ledger is clean, and what is stored is what the sandbox's own permission code says the account sees.
    async fn is_clean(&self) {
        for source in [self.jira, self.confluence] {
            for row in self.ledger(source).await.values() {
                if row.state == ContainerState::Listed {
                    assert_eq!(row.upstream, row.stored, "{row:?}");
                    assert_eq!((row.suspected_at, &row.walk), (None, &None), "{row:?}");
                    assert!(row.fresh_at.is_some(), "{row:?}");
                }
            }
        }
        let seen =
            self.privacy.upstream.control.get(&format!("oracle/visible?account_id={}", self.admin())).await;
        for (source, model, name) in
            [(self.jira, Model::Ticket, "issues"), (self.confluence, Model::Article, "pages")]
        {
            let expected: BTreeSet<String> =
                seen[name].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
            let here: BTreeSet<String> = self
                .listed(source, model, &ListFilter::default())
                .await
                .into_iter()
                .filter(|record| record.absence.is_none())
                .filter_map(|record| record.remote_id)
                .collect();
            let archived: BTreeSet<String> = self
                .ledger(source)
                .await
                .into_values()
                .filter(|row| row.state == ContainerState::Archived)
                .map(|row| row.remote_id)
                .collect();
            // Articles of an archived space tell nothing of it themselves.
            let missing: Vec<_> = expected.difference(&here).collect();
            for id in &missing {
                let record = RecordId::of(source, model, id);
                let stored = self.privacy.store.record_states(source, &[record]).await.unwrap();
                println!("{name} {id} is not here: {stored:?}");
            }
            assert!(missing.is_empty(), "not here: {missing:?}");
            if archived.is_empty() || model == Model::Ticket {
                let surplus: Vec<_> = here.difference(&expected).collect();
                assert!(surplus.is_empty(), "not upstream: {surplus:?}");
            }
        }
    }
}

/// Issues of a project that anybody in it sees, ascending.
fn plain_issues(
    site: &SiteState,
    project: linkspan_sandbox::world::ProjectId,
) -> Vec<linkspan_sandbox::world::IssueId> {
    let plain = |id: &linkspan_sandbox::world::IssueId| {
        site.issue_head(*id).is_some_and(|head| {
            !head.archived
                && site.effective_security(&head).is_none()
                && head.restricted_to.is_empty()
                && head.parent.is_none()
        })
    };
    site.issue_ids_in(project).filter(plain).collect()
}
