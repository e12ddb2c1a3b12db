//! What ends by the clock: the engine as the server uses it, on a clock that the test moves.

use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::calls::Feature;
use linkspan_atlassian::client::{ClientLimits, Endpoints, Upstream as Atlassian};
use linkspan_engine::link::{
    Callback, CallbackProblem, Departure, LinkProblem, LinkRequest, Linked, Progress,
};
use linkspan_engine::read::EndUser;
use linkspan_engine::{Engine, NewApp, Settings, Vendor};
use linkspan_model::clock::Clock;
use linkspan_model::entropy::Entropy;
use linkspan_model::product::{AppPurpose, Category, Integration};
use linkspan_model::secret::Secret;
use linkspan_store::{DatabaseUrl, Store};
use linkspan_vault::KeyRing;
use tempfile::TempDir;
use url::Url;

use super::failures::state_of;
use super::{Customer, VENDOR, tiny_world};
use crate::support::Upstream;

/// How long the customer may take at Atlassian.
const STATE_LIFE: SignedDuration = SignedDuration::from_mins(15);
/// The link tokens of these tests.
const LINK_LIFE: SignedDuration = SignedDuration::from_mins(30);
const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// An engine that links but reads nothing, and its clock.
struct Clocked {
    upstream: Upstream,
    engine: Engine,
    clock: Clock,
    _data: TempDir,
}

impl Clocked {
    async fn start() -> Self {
        let upstream = Upstream::start(tiny_world()).await;
        let data = tempfile::tempdir().unwrap();
        let clock = Clock::at("2026-05-04T10:00:00Z".parse::<Timestamp>().unwrap());
        let entropy = Entropy::seeded(9);
        let endpoints = Endpoints::single_origin(&Url::parse(upstream.text("/origin")).unwrap()).unwrap();
        let atlassian = Atlassian::new(endpoints, ClientLimits::default(), clock.clone()).unwrap();
        let store = Store::open(&DatabaseUrl::sqlite(data.path().join("linkspan.db"))).await.unwrap();
        let settings = Settings {
            vendor: Vendor {
                name: VENDOR.to_owned(),
                public_url: Url::parse("http://127.0.0.1:8080").unwrap(),
            },
            sync_every: std::time::Duration::from_hours(1),
            index_lag: linkspan_engine::sync::INDEX_LAG,
            parallel_lists: 1,
            features: Feature::usual(),
            census: linkspan_engine::CensusSettings::default(),
            custom_content_types: Vec::new(),
            files: linkspan_engine::files::FileSettings::default(),
            identity_redirects: Vec::new(),
            webhook_networks: Vec::new(),
            points_quota: linkspan_engine::quota::PointsQuota::UntilTold,
        };
        let ring = KeyRing::generate(&entropy);
        let engine = Engine::open(store, atlassian, ring, clock.clone(), entropy, settings).await.unwrap();
        let scopes = ["offline_access", "read:me", "read:jira-work", "read:jira-user"].map(str::to_owned);
        let secret = Secret::new(upstream.text("/client_secret"));
        let redirect_uri = upstream.text("/redirect_uri");
        let client_id = upstream.text("/client_id");
        let app = NewApp {
            client_id: client_id.to_owned(),
            client_secret: Some(secret),
            redirect_uri: redirect_uri.to_owned(),
            name: VENDOR.to_owned(),
            scopes: scopes.to_vec(),
        };
        engine.assign_app(AppPurpose::All, app).await.unwrap();
        Self { upstream, engine, clock, _data: data }
    }

    async fn link_token(&self) -> Secret {
        let request = LinkRequest {
            end_user: EndUser {
                origin_id: "acme".to_owned(),
                organization_name: "Acme".to_owned(),
                email_address: "it@acme.example".to_owned(),
            },
            categories: vec![Category::Ticketing],
            integration: None,
            expires_in: LINK_LIFE.unsigned_abs(),
        };
        self.engine.create_link_token(request).await.unwrap()
    }

    async fn start_link(&self, token: &Secret) -> Departure {
        self.engine.start_link(token, Integration::Jira).await.unwrap()
    }

    /// The administrator agrees.
    async fn consent(&self, departure: &Departure) -> Callback {
        let choice = [
            ("account_id", self.upstream.text("/users/0/account_id")),
            ("cloud_id", self.upstream.text("/sites/0/cloud_id")),
            ("decision", "accept"),
        ];
        let answer = Customer::new().consent(departure.authorize_url.as_str(), &choice).await;
        let callback = Url::parse(&answer.location.unwrap()).unwrap();
        let code = callback.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        Callback {
            state: Secret::new(state_of(callback.as_str())),
            code: Some(Secret::new(code)),
            error: None,
            browser: Some(departure.browser.clone()),
        }
    }

    async fn linked(&self, callback: Callback) -> Linked {
        match self.engine.answer_link(callback).await.unwrap() {
            Progress::Linked(linked) => linked,
            Progress::ChooseSite { .. } => panic!("there is one site"),
        }
    }
}

#[tokio::test]
async fn l9_a_state_is_good_for_a_quarter_of_an_hour_and_no_longer() {
    let clocked = Clocked::start().await;
    let token = clocked.link_token().await;
    let late = clocked.consent(&clocked.start_link(&token).await).await;
    clocked.clock.advance(STATE_LIFE);
    let problem = clocked.engine.answer_link(late).await.unwrap_err();
    assert!(matches!(problem, LinkProblem::Callback(CallbackProblem::StateExpired)), "{problem}");
    assert_eq!(problem.code(), "state_expired");

    // The link itself still lives, and the next attempt is in time.
    let in_time = clocked.consent(&clocked.start_link(&token).await).await;
    clocked.clock.advance(STATE_LIFE - SECOND);
    clocked.linked(in_time).await;
}

#[tokio::test]
async fn l9_a_link_token_that_has_expired_takes_no_further_step() {
    let clocked = Clocked::start().await;
    let token = clocked.link_token().await;
    clocked.clock.advance(LINK_LIFE - SECOND);
    clocked.engine.link_offer(&token).await.unwrap();
    let departure = clocked.start_link(&token).await;
    let callback = clocked.consent(&departure).await;
    clocked.clock.advance(SECOND);
    for problem in [
        clocked.engine.link_offer(&token).await.unwrap_err(),
        clocked.engine.start_link(&token, Integration::Jira).await.unwrap_err(),
        clocked.engine.choose_site(&token, Some(&departure.browser), "x").await.unwrap_err(),
    ] {
        assert!(matches!(problem, LinkProblem::LinkExpired), "{problem}");
        assert_eq!(problem.code(), "link_expired");
    }
    // The state of a link never outlives the link.
    let problem = clocked.engine.answer_link(callback).await.unwrap_err();
    assert!(matches!(problem, LinkProblem::Callback(CallbackProblem::StateExpired)), "{problem}");
}

#[tokio::test]
async fn a_public_token_is_good_for_a_day() {
    let clocked = Clocked::start().await;
    let token = clocked.link_token().await;
    let linked = clocked.linked(clocked.consent(&clocked.start_link(&token).await).await).await;
    clocked.clock.advance(SignedDuration::from_hours(24) - SECOND);
    let exchanged = clocked.engine.exchange_public_token(&linked.public_token).await.unwrap();
    assert_eq!(exchanged.unwrap().account.id, linked.account);
    clocked.clock.advance(SECOND);
    assert!(clocked.engine.exchange_public_token(&linked.public_token).await.unwrap().is_none());
}
