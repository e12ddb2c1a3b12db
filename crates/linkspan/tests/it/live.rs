//! Live changes from end to end: the real server, told by the sandbox as Jira tells.

mod clocked;
mod control;
mod intake;
mod killed;
mod memory;
mod neighbours;
mod registered;
mod speed;

use std::time::{Duration, Instant};

use linkspan_sandbox::Options;
use reqwest::Method;
use serde_json::{Value, json};

use crate::link::{Linked, Linking};
use crate::support::http;

/// Longest wait for something that comes by itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that reads by itself only once in an hour: what it learns sooner it was told.
pub(crate) struct Told {
    pub(crate) linking: Linking,
    pub(crate) jira: Linked,
}

impl Told {
    pub(crate) async fn start(world: Options) -> Self {
        Self::with(world, &["--sync-every", "3600"]).await
    }

    pub(crate) async fn with(world: Options, more: &[&str]) -> Self {
        let linking = Linking::with(world, more).await;
        let jira = linking.link("acme", "jira").await;
        linking.settled(&jira).await;
        let told = Self { linking, jira };
        told.until("changes are told", async || told.live().await["state"] == "live").await;
        told
    }

    /// Waits until something holds.
    pub(crate) async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let began = Instant::now();
        while !holds().await {
            assert!(began.elapsed() < PATIENCE, "{what}: not in time; {}", self.live().await);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// How the one source learns of changes.
    pub(crate) async fn live(&self) -> Value {
        let sources = self.linking.get("/v1/sources", None).await.1;
        let id = sources["results"][0]["id"].as_str().unwrap().to_owned();
        self.linking.get(&format!("/v1/sources/{id}"), None).await.1["live"].clone()
    }

    /// Asks the sandbox's Jira as the administrator, as a person in a browser would.
    pub(crate) async fn jira(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let upstream = &self.linking.upstream;
        let request = http()
            .request(method, format!("{}{path}", upstream.text("/origin")))
            .basic_auth(upstream.text("/users/0/email"), Some(upstream.text("/users/0/api_token")))
            .json(body);
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or(Value::Null))
    }

    /// Gives an issue another summary.
    pub(crate) async fn rename(&self, issue: &str, summary: &str) {
        let body = json!({ "fields": { "summary": summary } });
        let (status, answer) = self.jira(Method::PUT, &format!("/rest/api/3/issue/{issue}"), &body).await;
        assert_eq!(status, 204, "{answer}");
    }

    /// A ticket by its upstream id.
    pub(crate) async fn ticket(&self, issue: &str) -> Option<Value> {
        let path = format!("/api/ticketing/v1/tickets?remote_id={issue}&include_deleted_data=true");
        let page = self.linking.get(&path, Some(&self.jira)).await.1;
        page["results"].as_array().unwrap().first().cloned()
    }

    pub(crate) async fn tickets(&self) -> Vec<Value> {
        let path = "/api/ticketing/v1/tickets?page_size=100";
        self.linking.get(path, Some(&self.jira)).await.1["results"].as_array().unwrap().clone()
    }

    /// The upstream ids of all issues that are stored.
    pub(crate) async fn issues(&self) -> Vec<String> {
        let id = |ticket: &Value| ticket["remote_id"].as_str().unwrap().to_owned();
        self.tickets().await.iter().map(id).collect()
    }

    /// The issues that the administrator sees, by the sandbox's own account.
    pub(crate) async fn oracle(&self) -> Vec<String> {
        let admin = self.linking.person(0);
        let path = format!("oracle/visible?account_id={admin}");
        let visible = self.linking.upstream.control.get(&path).await;
        let mut ids: Vec<String> = visible["issues"].as_array().unwrap().iter().map(text_of).collect();
        ids.sort();
        ids
    }

    pub(crate) async fn points(&self) -> u64 {
        self.linking.upstream.control.get("stats").await["points"].as_u64().unwrap()
    }

    pub(crate) async fn webhooks(&self) -> Value {
        self.linking.upstream.control.get("webhooks").await
    }
}

pub(crate) fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
