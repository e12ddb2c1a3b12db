//! A small HTTP server that takes deliveries, and the app that registered its address.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::task::JoinHandle;

use crate::support::{Lab, answer};

/// Scopes of an app with webhooks.
pub(super) const SCOPES: &str = "read:jira-work manage:jira-webhook offline_access";
/// Longer than any test may wait.
const PATIENCE: Duration = Duration::from_mins(1);

/// One delivery as it came in.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl Received {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(super) fn event(&self) -> &str {
        self.body["webhookEvent"].as_str().unwrap()
    }

    /// Header and claims of the signature, once it was checked.
    pub(super) fn verified(&self, secret: &str) -> (Value, Value) {
        let token = self.header("authorization").unwrap().strip_prefix("Bearer ").unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(signed.as_bytes());
        mac.verify_slice(&BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let read =
            |part: &str| serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        (read(header), read(claims))
    }
}

#[derive(Clone, Default)]
struct Shared {
    received: Arc<Mutex<Vec<Received>>>,
    /// Statuses of the next answers; then 200.
    answers: Arc<Mutex<VecDeque<u16>>>,
}

/// A running receiver.
pub(super) struct Receiver {
    pub(super) url: String,
    shared: Shared,
    server: JoinHandle<()>,
}

impl Receiver {
    pub(super) async fn start() -> Self {
        let shared = Shared::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?tenant=1", listener.local_addr().unwrap());
        let router = Router::new().fallback(take).with_state(shared.clone());
        #[expect(clippy::disallowed_methods, reason = "ends with the test")]
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, shared, server }
    }

    /// Takes no more connections.
    pub(super) fn stop(&self) {
        self.server.abort();
    }

    /// What came in so far.
    pub(super) fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }

    pub(super) fn events(&self) -> Vec<String> {
        self.received().iter().map(|received| received.event().to_owned()).collect()
    }

    /// Answers the next deliveries with these statuses.
    pub(super) fn answer_with(&self, statuses: &[u16]) {
        self.shared.answers.lock().unwrap().extend(statuses);
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn take(
    State(shared): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    assert_eq!(method, Method::POST);
    let body = serde_json::from_str(&body).unwrap();
    shared.received.lock().unwrap().push(Received { uri, headers, body });
    let status = shared.answers.lock().unwrap().pop_front().unwrap_or(200);
    StatusCode::from_u16(status).unwrap()
}

/// A sandbox, a receiver, and an app that acts for the administrator.
pub(super) struct Wired {
    pub(super) lab: Lab,
    pub(super) receiver: Receiver,
    pub(super) token: String,
}

impl Wired {
    pub(super) async fn start() -> Self {
        let lab = Lab::start().await;
        let token = lab.token(lab.admin(), SCOPES).await;
        Self { lab, receiver: Receiver::start().await, token }
    }

    /// Registers webhooks as the administrator and returns their ids.
    pub(super) async fn register(&self, hooks: Value) -> Vec<u64> {
        self.register_as(&self.token, hooks).await
    }

    pub(super) async fn register_as(&self, token: &str, hooks: Value) -> Vec<u64> {
        let (status, made) = self
            .jira(token, Method::POST, "webhook", json!({ "url": self.receiver.url, "webhooks": hooks }))
            .await;
        assert_eq!(status, 200, "{made}");
        let results = made["webhookRegistrationResult"].as_array().unwrap().clone();
        results.iter().map(|it| it["createdWebhookId"].as_u64().unwrap_or_else(|| panic!("{it}"))).collect()
    }

    pub(super) async fn jira(&self, token: &str, method: Method, path: &str, body: Value) -> (u16, Value) {
        let address = self.lab.url(&format!("/ex/jira/{}/rest/api/3/{path}", self.lab.site(0)));
        let request = self.lab.http.request(method, address).bearer_auth(token);
        answer(request.json(&body).send().await.unwrap()).await
    }

    /// Sends a change through the site host, as the administrator.
    pub(super) async fn change(&self, method: Method, path: &str, body: Value) -> Value {
        let admin = self.lab.administrator();
        let response = admin.call(method, &format!("/rest/api/2/{path}"), Some(&body)).await;
        let (status, body) = answer(response).await;
        assert!(status < 300, "{path}: {status} {body}");
        body
    }

    /// The id of some issue that the administrator sees, in the first project.
    pub(super) async fn issue(&self) -> String {
        self.issues(1).await.remove(0)
    }

    pub(super) async fn issues(&self, count: usize) -> Vec<String> {
        let admin = self.lab.administrator();
        let query = json!({ "jql": "project is not empty order by id", "maxResults": count });
        let page = admin.post("/rest/api/3/search/jql", query).await.1;
        page["issues"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
    }

    /// What the control plane tells of deliveries.
    pub(super) async fn report(&self) -> Value {
        self.lab.control("GET", "webhooks", Value::Null).await
    }

    pub(super) async fn totals(&self) -> Value {
        self.lab.control("GET", "webhooks?deliveries=0", Value::Null).await["totals"].clone()
    }

    /// Waits until a total has a value.
    pub(super) async fn until(&self, total: &str, value: u64) -> Value {
        let reached = async {
            loop {
                let report = self.report().await;
                if report["totals"][total] == value {
                    break report;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        if let Ok(report) = tokio::time::timeout(PATIENCE, reached).await {
            return report;
        }
        panic!("`{total}` never came to {value}: {}", self.totals().await)
    }
}

/// A webhook for these events of every issue.
pub(super) fn hook(events: &[&str]) -> Value {
    json!({ "events": events, "jqlFilter": "status = Done OR status != Done" })
}
