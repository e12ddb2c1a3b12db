//! Attachments with content (hazard S21): passed through, kept, read ahead, and what becomes of those that cannot be read.

mod ahead;
mod confluence;
mod demand;
mod failures;
mod large;

use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Linked, Linking, tiny_world};
use crate::support::http;

/// Longest wait for what happens in the background.
const PATIENCE: Duration = Duration::from_mins(1);
/// The operation that every content of a Jira attachment costs, as the sandbox counts it.
const JIRA_CONTENT: &str = "GET /rest/api/3/attachment/content/{id}";
/// The same of Confluence.
const CONFLUENCE_CONTENT: &str = "GET /wiki/rest/api/content/{id}/child/attachment/{attachmentId}/download";

/// A linked customer whose site has files of our own.
struct Customer {
    linking: Linking,
    account: Linked,
    category: &'static str,
}

/// The answer to a download.
struct Answer {
    status: u16,
    headers: HeaderMap,
    /// What came, and whether it came to its end.
    body: Vec<u8>,
    is_whole: bool,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The words of a refusal.
    fn detail(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        body["detail"].as_str().unwrap().to_owned()
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A server in front of the smallest world, which has a few attachments of its own.
async fn server(more: &[&str]) -> Linking {
    Linking::with(tiny_world(), &[more, &["--sync-every", "1"]].concat()).await
}

/// Attaches a file to the `index`th issue that the administrator sees; gives upstream's ids of issue and attachment.
async fn attach(linking: &Linking, index: usize, name: &str, size: u64) -> (String, String) {
    let seen =
        linking.upstream.control.get(&format!("oracle/visible?account_id={}", linking.person(0))).await;
    let issue =
        seen["issues"][index].as_str().map_or_else(|| seen["issues"][index].to_string(), str::to_owned);
    let order = json!({ "issue": issue, "filename": name, "size": size, "media_type": "text/plain" });
    let made = linking.upstream.control.post("attachments", &order).await;
    (issue, made["id"].as_str().unwrap().to_owned())
}

impl Customer {
    async fn of(linking: Linking) -> Self {
        let account = linking.link("acme", "jira").await;
        Self { linking, account, category: "ticketing" }
    }

    /// The record of an attachment, once it is here.
    async fn attachment(&self, remote_id: &str) -> Value {
        let path = format!("/api/{}/v1/attachments?remote_id={remote_id}", self.category);
        self.linking.first_records(&path, &self.account).await[0].clone()
    }

    /// What is known of its content.
    async fn content(&self, id: &str) -> Value {
        let path = format!("/v1/linked-accounts/{}/attachments/{id}", self.account.id);
        let (status, content) = self.linking.get(&path, Some(&self.account)).await;
        assert_eq!(status, 200, "{content}");
        content
    }

    /// Waits until the content of an attachment is in this state.
    async fn becomes(&self, id: &str, state: &str) -> Value {
        let began = Instant::now();
        loop {
            let content = self.content(id).await;
            if content["state"] == state {
                return content;
            }
            assert!(began.elapsed() < PATIENCE, "is not {state}: {content}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn download_path(&self, id: &str) -> String {
        format!("/api/{}/v1/attachments/{id}/download", self.category)
    }

    /// Downloads with the account's token.
    async fn download(&self, id: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask(Method::GET, &self.download_path(id), headers).await
    }

    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = http()
            .request(method, format!("{}{path}", self.linking.address))
            .bearer_auth(&self.linking.api_key)
            .header("X-Account-Token", &self.account.token);
        answer(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    }

    /// How often upstream was asked for content.
    async fn reads(&self) -> u64 {
        let operation = if self.category == "ticketing" { JIRA_CONTENT } else { CONFLUENCE_CONTENT };
        let stats = self.linking.upstream.control.get("stats").await;
        let by_status = &stats["requests_by_operation"][operation];
        by_status.as_object().map_or(0, |counts| counts.values().filter_map(Value::as_u64).sum())
    }

    /// What upstream itself gives for an attachment of Jira.
    async fn original(&self, remote_id: &str) -> Vec<u8> {
        let upstream = &self.linking.upstream;
        let order = json!({ "account_id": self.linking.person(0) });
        let token = upstream.control.post("token", &order).await;
        let url = format!(
            "{}/ex/jira/{}/rest/api/3/attachment/content/{remote_id}?redirect=false",
            upstream.text("/origin"),
            self.linking.site(0)
        );
        let request = http().get(url).bearer_auth(token["access_token"].as_str().unwrap());
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.bytes().await.unwrap().to_vec()
    }

    /// The copies that lie in the data directory, and what is half written.
    fn copies(&self) -> (Vec<String>, usize) {
        let root = self.linking.data.path().join("files");
        let names = |path: &std::path::Path| -> Vec<std::path::PathBuf> {
            std::fs::read_dir(path).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
        };
        let mut copies = Vec::new();
        let mut half = 0;
        for source in names(&root).iter().filter(|path| path.is_dir()) {
            if source.ends_with("incoming") {
                half = names(source).len();
                continue;
            }
            for folder in names(source) {
                copies.extend(
                    names(&folder)
                        .iter()
                        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned()),
                );
            }
        }
        copies.sort_unstable();
        (copies, half)
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let mut response = request.send().await.unwrap();
    let mut body = Vec::new();
    let is_whole = loop {
        match response.chunk().await {
            Ok(Some(piece)) => body.extend_from_slice(&piece),
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    Answer { status: response.status().as_u16(), headers: response.headers().clone(), body, is_whole }
}
