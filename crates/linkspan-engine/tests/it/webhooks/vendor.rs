//! A vendor's engine on a moved clock, with customers that are linked by hand.

use std::sync::{Arc, Once};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::client::{ClientLimits, Endpoints, Upstream};
use linkspan_engine::webhooks::{
    Delivery, DeliveryFilter, DeliveryTurn, EndpointSettings, EventPresenter, WebhookFormat,
};
use linkspan_engine::{AccountScope, AccountSummary, Engine, EngineError, Settings, Vendor as VendorCard};
use linkspan_model::clock::Clock;
use linkspan_model::entropy::Entropy;
use linkspan_model::event::EventKind;
use linkspan_model::ids::{AppId, GrantId, LinkId, LinkedAccountId, RecordId, SourceId, WebhookEndpointId};
use linkspan_model::models::{Collection, Ticket};
use linkspan_model::product::{Category, Integration, Product};
use linkspan_model::record::{Access, Body, Model, NewRecord};
use linkspan_model::secret::Secret;
use linkspan_store::testing::fresh_sqlite;
use linkspan_store::{
    Batch, Completion, EndUser, NewEvent, NewLink, NewSource, NewTokens, Store, StoredRecord,
};
use linkspan_vault::{DataKey, DigestKey, KeyRing, SealContext};
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

/// Shows little, so that a test sees what it is about.
pub(super) struct Plain;

impl EventPresenter for Plain {
    fn record<'a>(
        &'a self,
        _: &'a Engine,
        _: &'a AccountScope,
        record: StoredRecord,
    ) -> BoxFuture<'a, Result<Option<Value>, EngineError>> {
        async move {
            let name = match record.instance()? {
                Body::Ticket(ticket) => ticket.name,
                _ => String::new(),
            };
            Ok(Some(json!({ "id": record.id, "name": name, "remote_was_deleted": record.deleted })))
        }
        .boxed()
    }

    fn account(&self, _: &Engine, account: &AccountSummary) -> Value {
        json!({ "id": account.account.id, "integration_slug": account.account.integration.slug() })
    }

    fn sync_status<'a>(
        &'a self,
        _: &'a Engine,
        _: &'a AccountScope,
    ) -> BoxFuture<'a, Result<Value, EngineError>> {
        async { Ok(json!({})) }.boxed()
    }
}

pub(super) struct Vendor {
    pub(super) store: Store,
    pub(super) engine: Engine,
    pub(super) clock: Clock,
    ring: KeyRing,
    _data: TempDir,
}

impl Vendor {
    /// Says something about a source, as the engine does.
    pub(super) async fn tell(&self, kind: EventKind, source: SourceId, details: Value) {
        let event = NewEvent { kind, source: Some(source), account: None, details };
        self.store.append_event(&event, self.now()).await.unwrap();
    }

    /// One whose webhooks may go to this machine.
    pub(super) async fn start() -> Self {
        Self::with_networks(&["127.0.0.1/32"]).await
    }

    pub(super) async fn with_networks(networks: &[&str]) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let (store, data) = fresh_sqlite().await.unwrap();
        let clock = Clock::at("2026-11-02T08:00:00Z".parse().unwrap());
        let ring = KeyRing::generate(&Entropy::seeded(9));
        let engine = open(&store, &clock, &ring, networks).await;
        Self { store, engine, clock, ring, _data: data }
    }

    /// Another process over the same data.
    pub(super) async fn another_process(&self) -> Engine {
        self.another_process_with(&["127.0.0.1/32"]).await
    }

    pub(super) async fn another_process_with(&self, networks: &[&str]) -> Engine {
        open(&self.store, &self.clock, &self.ring, networks).await
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) async fn tend(&self) -> DeliveryTurn {
        self.engine.tend_webhooks(Arc::new(Plain)).await.unwrap()
    }

    /// Lets time pass in steps, tending after each.
    pub(super) async fn pass(&self, total: SignedDuration, step: SignedDuration) {
        let end = self.now() + total;
        while self.now() < end {
            self.clock.advance(step);
            self.tend().await;
        }
    }

    /// An endpoint that is told everything; its id and secret.
    pub(super) async fn endpoint(&self, url: &str) -> (WebhookEndpointId, String) {
        self.endpoint_of(url, &["*"], WebhookFormat::Linkspan).await
    }

    pub(super) async fn endpoint_of(
        &self,
        url: &str,
        events: &[&str],
        format: WebhookFormat,
    ) -> (WebhookEndpointId, String) {
        let settings = EndpointSettings {
            url: url.to_owned(),
            description: String::new(),
            events: events.iter().map(|&event| event.to_owned()).collect(),
            accounts: None,
            integrations: None,
            format,
        };
        let created = self.engine.create_webhook_endpoint(settings, false).await.unwrap();
        (created.endpoint.id, created.secret.expose().to_owned())
    }

    pub(super) async fn deliveries(&self, endpoint: WebhookEndpointId) -> Vec<Delivery> {
        let filter = DeliveryFilter::default();
        self.engine.webhook_deliveries(endpoint, &filter, None, 1_000).await.unwrap()
    }

    /// Links a customer's Jira by hand.
    pub(super) async fn link(&self, customer: &str) -> (LinkedAccountId, SourceId) {
        self.link_as(customer, customer, Integration::Jira).await
    }

    /// Links an integration of a customer over the Atlassian account `person`.
    pub(super) async fn link_as(
        &self,
        customer: &str,
        person: &str,
        integration: Integration,
    ) -> (LinkedAccountId, SourceId) {
        let (entropy, now) = (Entropy::system(), self.now());
        let app = AppId::of_client("client");
        let grant = GrantId::of(app, person);
        let digests = DigestKey::generate(&entropy);
        let digest = |text: &str| digests.digest("test", &Secret::new(text));
        let later = now + SignedDuration::from_hours(1);
        let link = NewLink {
            id: LinkId(entropy.uuid()),
            token: digest("link"),
            app,
            integration: None,
            categories: vec![Category::Ticketing],
            end_user: EndUser {
                origin_id: customer.to_owned(),
                organization_name: format!("{customer} Ltd"),
                email_address: format!("it@{customer}.example"),
            },
            expires_at: later,
        };
        self.store.create_link(&link, now).await.unwrap();
        let (state, browser) = (digest("state"), digest("browser"));
        self.store.start_link(link.id, integration, app, &state, &browser, now, later).await.unwrap();
        self.store.answer_link(&state, Some(&browser), now).await.unwrap();
        let account = LinkedAccountId(entropy.uuid());
        let data_key = DataKey::generate(&entropy);
        let context = SealContext::new("linked_accounts", account.0.as_bytes(), "token");
        let sealed = data_key.seal(context, b"lsa_token", &entropy);
        let tokens = NewTokens { tokens: sealed.clone(), access_expires_at: later, scopes: vec![] };
        self.store.put_grant(grant, app, person, &tokens, now).await.unwrap();
        self.store.consent_link(link.id, grant, now).await.unwrap();
        let source = SourceId::of(grant, "cloud-1", Product::Jira);
        let completion = Completion {
            source: NewSource {
                id: source,
                grant,
                cloud_id: "cloud-1".to_owned(),
                product: Product::Jira,
                site_name: "Site".to_owned(),
                site_url: "https://site.example".to_owned(),
                scopes: vec![],
            },
            integration,
            account,
            token_digest: digest("account"),
            token_sealed: sealed,
            data_key: self.ring.wrap(account.0.as_bytes(), &data_key, &entropy),
            public_token: digest("public"),
            public_token_expires_at: later,
        };
        let completed = self.store.complete_link(link.id, &completion, now).await.unwrap().unwrap();
        (completed.account.id, source)
    }

    /// Stores a ticket under this name.
    pub(super) async fn ticket(&self, source: SourceId, number: u32, name: &str) -> RecordId {
        self.ticket_in(source, number, name, None).await
    }

    pub(super) async fn ticket_in(
        &self,
        source: SourceId,
        number: u32,
        name: &str,
        project: Option<RecordId>,
    ) -> RecordId {
        let body = Body::Ticket(Box::new(Ticket { name: name.to_owned(), ..Ticket::default() }));
        self.record(source, Model::Ticket, number, body, project).await
    }

    pub(super) async fn project(&self, source: SourceId, number: u32, kind: &str) -> RecordId {
        let body =
            Body::Collection(Collection { project_type: Some(kind.to_owned()), ..Collection::default() });
        self.record(source, Model::Collection, number, body, None).await
    }

    async fn record(
        &self,
        source: SourceId,
        model: Model,
        number: u32,
        body: Body,
        container: Option<RecordId>,
    ) -> RecordId {
        let id = RecordId::of(source, model, &number.to_string());
        let record = NewRecord {
            id,
            remote_id: Some(number.to_string()),
            parent: None,
            container,
            remote_created_at: None,
            remote_updated_at: None,
            body,
            access: Access::Unguarded,
        };
        let batch = Batch { records: vec![record], ..Batch::default() };
        self.store.write_batch(source, &batch, self.now()).await.unwrap();
        id
    }

    pub(super) async fn remove(&self, source: SourceId, record: RecordId) {
        let batch = Batch { removed: vec![(Model::Ticket, record).into()], ..Batch::default() };
        self.store.write_batch(source, &batch, self.now()).await.unwrap();
    }
}

async fn open(store: &Store, clock: &Clock, ring: &KeyRing, networks: &[&str]) -> Engine {
    let nowhere = Endpoints::single_origin(&Url::parse("http://127.0.0.1:9").unwrap()).unwrap();
    let upstream = Upstream::new(nowhere, ClientLimits::default(), clock.clone()).unwrap();
    let settings = Settings {
        vendor: VendorCard {
            name: "Acme Tools".to_owned(),
            public_url: Url::parse("http://127.0.0.1:8080").unwrap(),
        },
        sync_every: Duration::from_hours(1),
        index_lag: linkspan_engine::sync::INDEX_LAG,
        census: linkspan_engine::CensusSettings::default(),
        points_quota: linkspan_engine::quota::PointsQuota::UntilTold,
        parallel_lists: 1,
        features: Vec::new(),
        custom_content_types: Vec::new(),
        files: linkspan_engine::files::FileSettings::default(),
        identity_redirects: Vec::new(),
        webhook_networks: networks.iter().map(|network| network.parse().unwrap()).collect(),
    };
    let entropy = Entropy::seeded(7);
    Engine::open(store.clone(), upstream, ring.clone(), clock.clone(), entropy, settings).await.unwrap()
}
