//! Personal data as Atlassian and the people concerned meet it: reports on a moved clock, erasure, refreshing.

mod customers;
mod erased;
mod identities;
mod refreshed;
mod reported;
mod scan;

use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::calls::{Feature, ScopeFamily, smallest_scopes};
use linkspan_atlassian::client::{ClientLimits, Endpoints, Upstream as Atlassian};
use linkspan_engine::link::{Callback, LinkRequest, Linked, Progress};
use linkspan_engine::read::EndUser;
use linkspan_engine::{CensusSettings, Engine, PersonalDataStatus, ReportTurn, Settings, Vendor};
use linkspan_model::clock::Clock;
use linkspan_model::entropy::Entropy;
use linkspan_model::ids::SourceId;
use linkspan_model::product::{AppPurpose, Category, Integration, Product};
use linkspan_model::secret::Secret;
use linkspan_sandbox::Options;
use linkspan_store::{DatabaseUrl, Store};
use linkspan_vault::KeyRing;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use crate::link::{Customer, state_of};
use crate::support::Upstream;

/// A week and a bit: everybody is reported.
const CYCLE_OF_HOURS: u32 = 7 * 24 + 2;
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What an app is consented to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    /// Everything that is read, by wide scopes where there are any.
    Classic,
    /// The same by narrow scopes.
    Granular,
    /// Confluence's content by search alone.
    BySearch,
}

impl Consent {
    pub(crate) const ALL: [Self; 3] = [Self::Classic, Self::Granular, Self::BySearch];

    fn scopes(self) -> Vec<String> {
        let wanted = [Feature::reading(), vec![Feature::Webhooks]].concat();
        let family = if self == Self::Granular { ScopeFamily::Granular } else { ScopeFamily::Classic };
        let list = smallest_scopes(&[Product::Jira, Product::Confluence], &wanted, family);
        let lists = ["read:page:confluence", "read:comment:confluence", "read:attachment:confluence"];
        let is_wanted = |scope: &&str| self != Self::BySearch || !lists.contains(scope);
        list.set().iter().filter(is_wanted).map(str::to_owned).collect()
    }
}

/// A vendor's engine on a clock that the test moves, in front of a sandbox that moves along.
pub(crate) struct Privacy {
    pub(crate) upstream: Upstream,
    pub(crate) store: Store,
    pub(crate) engine: Engine,
    clock: Clock,
    ring: KeyRing,
    data: TempDir,
    /// When the census is taken, from the next restart on.
    pub(crate) census: CensusSettings,
    consent: Consent,
    limits: ClientLimits,
}

impl Privacy {
    pub(crate) async fn start(world: Options) -> Self {
        Self::start_with(world, Consent::Classic, ClientLimits::default()).await
    }

    /// One whose app has this consent, and whose calls have these bounds.
    pub(crate) async fn start_with(world: Options, consent: Consent, limits: ClientLimits) -> Self {
        let upstream = Upstream::start(world).await;
        let data = tempfile::tempdir().unwrap();
        let now = upstream.control.get("clock").await["now"].as_str().unwrap().parse::<Timestamp>().unwrap();
        let clock = Clock::at(now);
        let ring = KeyRing::generate(&Entropy::seeded(9));
        let census = CensusSettings::default();
        let entropy = Entropy::seeded(7);
        let (store, engine) = open(&upstream, &data, &clock, &ring, census, entropy, limits.clone()).await;
        let privacy = Self { upstream, store, engine, clock, ring, data, census, consent, limits };
        privacy.register("report:personal-data").await;
        privacy
    }

    /// Registers the app with the scopes of a sync and these.
    async fn register(&self, more: &str) {
        let mut scopes = self.consent.scopes();
        scopes.extend(more.split_whitespace().map(str::to_owned));
        let secret = Secret::new(self.upstream.text("/client_secret"));
        let (client_id, callback) = (self.upstream.text("/client_id"), self.upstream.text("/redirect_uri"));
        let app = linkspan_engine::NewApp {
            client_id: client_id.to_owned(),
            client_secret: Some(secret),
            redirect_uri: callback.to_owned(),
            name: "Acme Tools".to_owned(),
            scopes,
        };
        self.engine.assign_app(AppPurpose::All, app).await.unwrap();
    }

    /// What is left of a server after a kill: another process over the same data.
    pub(crate) async fn restart(&mut self) {
        self.store.close().await;
        (self.store, self.engine) = self.open(Entropy::seeded(7)).await;
    }

    /// Another process over the same data.
    pub(crate) async fn another(&self) -> (Store, Engine) {
        self.open(Entropy::seeded(8)).await
    }

    async fn open(&self, entropy: Entropy) -> (Store, Engine) {
        let (census, limits) = (self.census, self.limits.clone());
        open(&self.upstream, &self.data, &self.clock, &self.ring, census, entropy, limits).await
    }

    /// Begins with an empty database, as if nothing had been linked.
    pub(crate) async fn forget_everything(&mut self) {
        self.store.close().await;
        self.data = tempfile::tempdir().unwrap();
        (self.store, self.engine) = self.open(Entropy::seeded(7)).await;
        self.register("report:personal-data").await;
    }

    /// Links a customer as the administrator.
    pub(crate) async fn link(&self, customer: &str, email: &str, integration: Integration) -> Linked {
        self.link_as(0, customer, email, integration).await
    }

    /// The same, with the consent of one of the site's people.
    pub(crate) async fn link_as(
        &self,
        person: usize,
        customer: &str,
        email: &str,
        integration: Integration,
    ) -> Linked {
        let request = LinkRequest {
            end_user: EndUser {
                origin_id: customer.to_owned(),
                organization_name: customer.to_owned(),
                email_address: email.to_owned(),
            },
            categories: vec![Category::Ticketing, Category::KnowledgeBase],
            integration: None,
            expires_in: std::time::Duration::from_mins(30),
        };
        let token = self.engine.create_link_token(request).await.unwrap();
        let departure = self.engine.start_link(&token, integration).await.unwrap();
        let choice = [
            ("account_id", self.upstream.text(&format!("/users/{person}/account_id"))),
            ("cloud_id", self.upstream.text("/sites/0/cloud_id")),
            ("decision", "accept"),
        ];
        let answer = Customer::new().consent(departure.authorize_url.as_str(), &choice).await;
        let callback = Url::parse(&answer.location.expect("a redirect to the callback")).unwrap();
        let code = callback.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let callback = Callback {
            state: Secret::new(state_of(callback.as_str())),
            code: Some(Secret::new(code)),
            error: None,
            browser: Some(departure.browser.clone()),
        };
        match self.engine.answer_link(callback).await.unwrap() {
            Progress::Linked(linked) => linked,
            Progress::ChooseSite { .. } => panic!("there is one site"),
        }
    }

    /// Links Jira and Confluence and reads both.
    pub(crate) async fn linked_and_read(&self) -> Vec<SourceId> {
        self.link("acme", "it@acme.example", Integration::Jira).await;
        self.link("acme", "it@acme.example", Integration::Confluence).await;
        self.read_all().await;
        self.store.sources().await.unwrap().into_iter().map(|source| source.id).collect()
    }

    pub(crate) async fn read_all(&self) {
        for source in self.store.sources().await.unwrap() {
            let report = self.engine.sync_source(source.id).await.unwrap();
            assert!(report.failed.is_empty(), "{:?}", report.failed);
        }
    }

    /// Moves the clocks of both sides.
    pub(crate) async fn pass(&self, time: SignedDuration) {
        self.upstream.control.post("clock", &json!({ "advance_seconds": time.as_secs() })).await;
        self.clock.advance(time);
    }

    async fn tend(&self) -> ReportTurn {
        self.engine.tend_personal_data().await.unwrap()
    }

    /// Lets hours pass, tending in each; what that came to.
    async fn hours(&self, hours: u32) -> ReportTurn {
        let mut total = ReportTurn::default();
        for _ in 0..hours {
            self.pass(HOUR).await;
            total += self.tend().await;
        }
        total
    }

    async fn status(&self) -> PersonalDataStatus {
        self.engine.personal_data_status().await.unwrap().remove(0)
    }

    /// What the sandbox was told, by account.
    async fn reports(&self) -> serde_json::Map<String, Value> {
        self.upstream.control.get("reports").await["accounts"].as_object().unwrap().clone()
    }

    pub(crate) async fn fault(&self, fault: Value) {
        self.upstream.control.post("faults", &fault).await;
    }

    pub(crate) async fn clear_faults(&self) {
        let url = format!("{}/_sandbox/faults", self.upstream.text("/origin"));
        let clear = crate::support::http().delete(url).bearer_auth(self.upstream.text("/control_token"));
        assert!(clear.send().await.unwrap().status().is_success());
    }

    async fn say(&self, account_id: &str, status: &str) {
        self.upstream.control.post("accounts", &json!({ "account_id": account_id, "status": status })).await;
    }
}

async fn open(
    upstream: &Upstream,
    data: &TempDir,
    clock: &Clock,
    ring: &KeyRing,
    census: CensusSettings,
    entropy: Entropy,
    limits: ClientLimits,
) -> (Store, Engine) {
    let endpoints = Endpoints::single_origin(&Url::parse(upstream.text("/origin")).unwrap()).unwrap();
    let atlassian = Atlassian::new(endpoints, limits, clock.clone()).unwrap();
    let store = Store::open(&DatabaseUrl::sqlite(data.path().join("linkspan.db"))).await.unwrap();
    let settings = Settings {
        vendor: Vendor {
            name: "Acme Tools".to_owned(),
            public_url: Url::parse("http://127.0.0.1:8080").unwrap(),
        },
        sync_every: std::time::Duration::from_hours(1),
        index_lag: linkspan_engine::sync::INDEX_LAG,
        parallel_lists: 4,
        features: Feature::usual(),
        custom_content_types: Vec::new(),
        identity_redirects: Vec::new(),
        webhook_networks: vec!["127.0.0.1/32".parse().unwrap()],
        census,
        points_quota: linkspan_engine::quota::PointsQuota::UntilTold,
        files: linkspan_engine::files::FileSettings::default(),
    };
    let engine =
        Engine::open(store.clone(), atlassian, ring.clone(), clock.clone(), entropy, settings).await.unwrap();
    (store, engine)
}
