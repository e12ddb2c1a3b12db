//! Setting a server up: its OAuth apps, the doctor, the set-up guide, and people who prove who they are.

mod apps;
mod console;
mod dashboard;
mod doctor;
mod identity;
mod sources;
mod walk;

use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;

use crate::link::customer::Customer;
use crate::link::tiny_world;
use crate::support::{Running, Upstream, http, run, stdout};

/// A server that was just started: no app is registered.
struct Bare {
    upstream: Upstream,
    server: Running,
    api_key: String,
    _data: TempDir,
}

impl Bare {
    async fn start(more: &[&str]) -> Self {
        let upstream = Upstream::start(tiny_world()).await;
        let data = tempfile::tempdir().unwrap();
        let key = stdout(&run(&["keys", "generate"]));
        let arguments = [
            "serve",
            "--json",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            data.path().to_str().unwrap(),
            "--master-key",
            key.trim(),
            "--atlassian-origin",
            upstream.text("/origin"),
        ];
        let server = Running::start(&[&arguments[..], more].concat());
        let api_key = server.text("/api_key").to_owned();
        Self { upstream, server, api_key, _data: data }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.server.text("/base_url"))
    }

    fn setup_url(&self) -> String {
        self.server.text("/setup_url").to_owned()
    }

    async fn api(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let mut request = http().request(method, self.at(path)).bearer_auth(&self.api_key);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Consents on the first site; gives the address of the callback.
    async fn consent(&self, browser: &mut Customer, authorize_url: &str, person: usize) -> String {
        let account = self.upstream.text(&format!("/users/{person}/account_id"));
        let site = self.upstream.text("/sites/0/cloud_id");
        let choice = [("account_id", account), ("cloud_id", site), ("decision", "accept")];
        let answer = browser.consent(authorize_url, &choice).await;
        answer.location.unwrap_or_else(|| panic!("no redirect: {}", answer.html))
    }
}
