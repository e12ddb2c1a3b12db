//! Jira Service Management from the simulator to the API: customers and their organizations, and what is read of service
//! desks. The engine and the server run inside the test, on a clock that the test moves.

mod customers;
mod listed;
mod on_demand;
mod removed;
mod views;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::calls::{Feature, ScopeFamily, smallest_scopes};
use linkspan_atlassian::client::{ClientLimits, Endpoints, Upstream as Atlassian};
use linkspan_engine::link::{Callback, LinkRequest, Progress};
use linkspan_engine::read::EndUser;
use linkspan_engine::sync::SyncReport;
use linkspan_engine::{AccountScope, Engine, Settings, Vendor};
use linkspan_model::clock::Clock;
use linkspan_model::entropy::Entropy;
use linkspan_model::ids::{AppId, SourceId};
use linkspan_model::product::{AppPurpose, Category, Integration, Product};
use linkspan_model::secret::Secret;
use linkspan_sandbox::Options;
use linkspan_store::{DatabaseUrl, Store};
use linkspan_vault::KeyRing;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::link::customer::Customer;
use crate::link::failures::state_of;
use crate::support::{Upstream, http};

/// Longer than any list stays fresh.
const LATER: SignedDuration = SignedDuration::from_hours(7);

/// A site with a service desk and enough requests to have some of everything.
fn desks() -> Options {
    Options { projects: 6, issues: 420, spaces: 10, pages: 120, users: 12, sites: 1, ..Options::default() }
}

/// The simulator, the engine and the server, in one process.
struct Site {
    upstream: Upstream,
    engine: Engine,
    clock: Clock,
    app: AppId,
    base_url: String,
    key: Secret,
    /// What the administrator may do in the simulator, in place of a person in the browser.
    hands: String,
    _data: TempDir,
    _serving: tokio::task::JoinSet<std::io::Result<()>>,
}

/// A linked account, as its vendor holds it.
struct Linked {
    token: Secret,
    scope: AccountScope,
}

impl Site {
    async fn start(world: Options) -> Self {
        let wanted = smallest_scopes(&[Product::Jira], &Feature::usual(), ScopeFamily::Classic);
        Self::with_scopes(world, wanted.set().iter().map(str::to_owned).collect()).await
    }

    /// With an app that asks for these scopes alone.
    async fn with_scopes(world: Options, scopes: Vec<String>) -> Self {
        let upstream = Upstream::start(world).await;
        let data = tempfile::tempdir().unwrap();
        let clock = Clock::at("2026-05-04T10:00:00Z".parse::<Timestamp>().unwrap());
        let entropy = Entropy::seeded(9);
        let endpoints = Endpoints::single_origin(&Url::parse(upstream.text("/origin")).unwrap()).unwrap();
        let atlassian = Atlassian::new(endpoints, ClientLimits::default(), clock.clone()).unwrap();
        let store = Store::open(&DatabaseUrl::sqlite(data.path().join("linkspan.db"))).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let settings = Settings {
            vendor: Vendor { name: "Acme Tools".to_owned(), public_url: Url::parse(&base_url).unwrap() },
            sync_every: std::time::Duration::from_hours(1),
            index_lag: linkspan_engine::sync::INDEX_LAG,
            parallel_lists: 4,
            features: Feature::usual(),
            census: linkspan_engine::CensusSettings::default(),
            custom_content_types: Vec::new(),
            identity_redirects: Vec::new(),
            webhook_networks: Vec::new(),
            points_quota: linkspan_engine::quota::PointsQuota::UntilTold,
            files: linkspan_engine::files::FileSettings::default(),
        };
        let ring = KeyRing::generate(&entropy);
        let engine = Engine::open(store, atlassian, ring, clock.clone(), entropy, settings).await.unwrap();
        let secret = Secret::new(upstream.text("/client_secret"));
        let (client_id, redirect_uri) = (upstream.text("/client_id"), upstream.text("/redirect_uri"));
        let app = linkspan_engine::NewApp {
            client_id: client_id.to_owned(),
            client_secret: Some(secret),
            redirect_uri: redirect_uri.to_owned(),
            name: "Acme".to_owned(),
            scopes,
        };
        let app = engine.assign_app(AppPurpose::All, app).await.unwrap();
        let key = engine.create_api_key("test").await.unwrap().key;
        let stop = CancellationToken::new();
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let mut serving = tokio::task::JoinSet::new();
        serving.spawn(linkspan_server::serve(listener, engine.clone(), metrics, stop));
        let order = json!({ "account_id": upstream.text("/users/0/account_id") });
        let hands = upstream.control.post("token", &order).await["access_token"].as_str().unwrap().to_owned();
        Self { upstream, engine, clock, app, base_url, key, hands, _data: data, _serving: serving }
    }

    /// A source that is read through a grant of this person's; all scopes unless some are given.
    async fn adopt(&self, person: usize, scopes: Option<&str>) -> SourceId {
        let account = self.upstream.text(&format!("/users/{person}/account_id"));
        let mut order = json!({ "account_id": account });
        if let Some(scopes) = scopes {
            order["scopes"] = json!(format!("offline_access {scopes}"));
        }
        let issued = self.upstream.control.post("token", &order).await;
        let token = Secret::new(issued["refresh_token"].as_str().unwrap());
        let cloud_id = self.upstream.text("/sites/0/cloud_id");
        self.engine.adopt_grant(self.app, Some(&token), cloud_id, Product::Jira).await.unwrap()
    }

    /// Links the customer's site as its administrator.
    async fn link(&self, integration: Integration) -> Linked {
        let request = LinkRequest {
            end_user: EndUser {
                origin_id: "acme".to_owned(),
                organization_name: "Acme".to_owned(),
                email_address: "it@acme.example".to_owned(),
            },
            categories: vec![Category::Ticketing],
            integration: Some(integration),
            expires_in: std::time::Duration::from_mins(30),
        };
        let token = self.engine.create_link_token(request).await.unwrap();
        let departure = self.engine.start_link(&token, integration).await.unwrap();
        let choice = [
            ("account_id", self.upstream.text("/users/0/account_id")),
            ("cloud_id", self.upstream.text("/sites/0/cloud_id")),
            ("decision", "accept"),
        ];
        let answer = Customer::new().consent(departure.authorize_url.as_str(), &choice).await;
        let callback = Url::parse(&answer.location.unwrap()).unwrap();
        let code = callback.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let callback = Callback {
            state: Secret::new(state_of(callback.as_str())),
            code: Some(Secret::new(code)),
            error: None,
            browser: Some(departure.browser.clone()),
        };
        let Progress::Linked(linked) = self.engine.answer_link(callback).await.unwrap() else {
            panic!("there is one site")
        };
        let exchanged = self.engine.exchange_public_token(&linked.public_token).await.unwrap().unwrap();
        let scope = self.engine.account_scope(&exchanged.account_token).await.unwrap().unwrap();
        Linked { token: exchanged.account_token, scope }
    }

    /// Links a service desk account and reads the site.
    async fn linked_and_read(&self) -> Linked {
        let linked = self.link(Integration::JiraServiceManagement).await;
        self.read(linked.scope.source().id).await;
        linked
    }

    async fn read(&self, source: SourceId) -> SyncReport {
        let report = self.engine.sync_source(source).await.unwrap();
        assert_eq!(report.failed, [], "every stream comes to its end");
        report
    }

    /// Reads the source again when everything has grown old.
    async fn read_later(&self, source: SourceId) {
        self.clock.advance(LATER);
        self.read(source).await;
    }

    /// Status and JSON of a read of the API.
    async fn get(&self, path: &str, linked: Option<&Linked>) -> (u16, Value) {
        let mut request = http().get(format!("{}{path}", self.base_url)).bearer_auth(self.key.expose());
        if let Some(linked) = linked {
            request = request.header("X-Account-Token", linked.token.expose());
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Every record of a list.
    async fn all(&self, path: &str, linked: Option<&Linked>) -> Vec<Value> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let (mut records, mut cursor) = (Vec::new(), String::new());
        loop {
            let (status, page) = self.get(&format!("{path}{joint}page_size=100{cursor}"), linked).await;
            assert_eq!(status, 200, "{path}: {page}");
            records.extend(page["results"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return records,
            }
        }
    }

    /// Every record of a ticketing list, by its upstream id.
    async fn records(&self, list: &str, linked: &Linked) -> BTreeMap<String, Value> {
        let records = self.all(&format!("/api/ticketing/v1/{list}"), Some(linked)).await;
        records.into_iter().map(|record| (text(&record["remote_id"]), record)).collect()
    }

    /// What is kept of a kind, by its upstream id.
    async fn raws(&self, source: SourceId, kind: &str) -> BTreeMap<String, Value> {
        let raws = self.all(&format!("/v1/sources/{source}/raw/{kind}"), None).await;
        raws.into_iter().map(|raw| (text(&raw["remote_id"]), raw["data"].clone())).collect()
    }

    /// The id of the custom field of this type.
    async fn field(&self, custom_type: &str) -> String {
        let (_, fields) = self.upstream("GET", "/rest/api/3/field", None).await;
        let is_it = |field: &&Value| field["schema"]["custom"] == custom_type;
        text(&fields.as_array().unwrap().iter().find(is_it).unwrap()["id"])
    }

    /// How the reading of a kind went.
    async fn kind(&self, source: SourceId, kind: &str) -> Value {
        let (_, kinds) = self.get(&format!("/v1/sources/{source}/raw"), None).await;
        let rows = kinds["results"].as_array().unwrap();
        rows.iter().find(|row| row["kind"] == kind).unwrap_or_else(|| panic!("no {kind}")).clone()
    }

    /// Status and body of a call that the administrator makes in the simulator.
    async fn upstream(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let origin = self.upstream.text("/origin");
        let url = format!("{origin}/ex/jira/{}{path}", self.upstream.text("/sites/0/cloud_id"));
        let request = http().request(method.parse().unwrap(), url).bearer_auth(&self.hands);
        let request = request.header("X-ExperimentalApi", "opt-in");
        let request = body.iter().fold(request, reqwest::RequestBuilder::json);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
    }

    /// One answer of Jira Service Management's.
    async fn desk_answer(&self, path: &str) -> Value {
        let (status, body) = self.upstream("GET", &format!("/rest/servicedeskapi{path}"), None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// All entries of a list of Jira Service Management's.
    async fn desk_list(&self, path: &str) -> Vec<Value> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut all = Vec::new();
        loop {
            let page = self.desk_answer(&format!("{path}{joint}start={}&limit=100", all.len())).await;
            all.extend(page["values"].as_array().unwrap().iter().cloned());
            if page["isLastPage"] != false {
                return all;
            }
        }
    }

    /// All entries of a list that goes on by links.
    async fn desk_list_by_link(&self, path: &str) -> Vec<Value> {
        let (mut all, mut next) = (Vec::new(), path.to_owned());
        loop {
            let page = self.desk_answer(&next).await;
            all.extend(page["values"].as_array().unwrap().iter().cloned());
            match page["_links"]["next"].as_str().and_then(|link| link.split_once("/rest/servicedeskapi")) {
                Some((_, rest)) => rest.clone_into(&mut next),
                None => return all,
            }
        }
    }

    /// Changes something in Jira Service Management.
    async fn desk_change(&self, method: &str, path: &str, body: Option<Value>) {
        let (status, answer) = self.upstream(method, &format!("/rest/servicedeskapi{path}"), body).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
    }

    async fn fault(&self, fault: Value) {
        self.upstream.control.post("faults", &fault).await;
    }
}

/// The type of the field that names the organizations of a request.
const ORGANIZATIONS: &str = "com.atlassian.servicedesk:sd-customer-organizations";
/// The type of the field that names the request type.
const REQUEST_TYPE: &str = "com.atlassian.servicedesk:vp-origin";

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// The members of this name, in order.
fn texts(values: &[Value], member: &str) -> Vec<String> {
    let mut texts: Vec<String> = values.iter().map(|value| text(&value[member])).collect();
    texts.sort_unstable();
    texts
}
