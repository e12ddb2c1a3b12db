//! One attempt of one delivery: the request with its headers and its signature (`atlassian-platform.md` 4.5, 4.6).

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::redirect::Policy;
use serde_json::json;
use url::Url;

use super::Flow;
use crate::oauth;

/// How long a receiver may take to accept a connection, in real time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a receiver may take to answer, in real time.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a signature is good; Atlassian's figure is not documented.
const TOKEN_LIFE_SECONDS: i64 = 180;
/// Idle connections kept for one host: as many as are used at once.
const IDLE_CONNECTIONS: usize = 30;
/// How much of an answer's body is read.
const ANSWER_BYTES: usize = 64 * 1024;

/// What is sent.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) url: Url,
    pub(super) identifier: String,
    pub(super) flow: Flow,
    /// Which attempt after the first; 0 is the first.
    pub(super) retry: u32,
    pub(super) authorization: String,
    pub(super) body: Bytes,
}

/// What came of it: a status, or the reason why there was none.
pub(super) type Answer = Result<u16, String>;

/// The client of all deliveries: redirects are not followed, and no proxy stands between.
///
/// # Errors
/// The client cannot be built, which only the platform's certificates could cause.
pub(super) fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(ANSWER_TIMEOUT)
        .redirect(Policy::none())
        .no_proxy()
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .user_agent("Atlassian Webhook HTTP Client")
        .build()
}

/// The registered address with who caused the event.
pub(super) fn address(registered: &str, by: &str) -> Option<Url> {
    let mut url = Url::parse(registered).ok()?;
    url.query_pairs_mut().append_pair("triggeredByUser", by);
    Some(url)
}

/// What an app's deliveries are signed with.
pub(super) struct Signature<'a> {
    pub(super) client_id: &'a str,
    pub(super) client_secret: &'a str,
    /// `accountId` of who caused the event.
    pub(super) by: &'a str,
    /// Unique for each attempt.
    pub(super) token_id: &'a str,
    /// Seconds since the epoch, on the sandbox's clock.
    pub(super) now: i64,
}

impl Signature<'_> {
    /// The value of the header `Authorization`. What `context` holds is not documented.
    pub(super) fn header(&self) -> String {
        let claims = json!({
            "iss": self.client_id,
            "sub": self.by,
            "iat": self.now,
            "exp": self.now.saturating_add(TOKEN_LIFE_SECONDS),
            "jti": self.token_id,
            "context": {},
        });
        let header = json!({ "alg": "HS256", "typ": "JWT" });
        format!("Bearer {}", oauth::signed(&header, &claims, self.client_secret.as_bytes()))
    }
}

/// Sends it. Of the answer's body only a little is read, so that the connection can be used again.
pub(super) async fn send(client: reqwest::Client, request: Request) -> Answer {
    let mut post = client
        .post(request.url)
        .header(AUTHORIZATION, request.authorization)
        .header(CONTENT_TYPE, "application/json; charset=utf-8")
        .header("X-Atlassian-Webhook-Identifier", request.identifier)
        .header("X-Atlassian-Webhook-Flow", request.flow.as_str());
    if request.retry > 0 {
        post = post.header("X-Atlassian-Webhook-Retry", request.retry.to_string());
    }
    match post.body(request.body).send().await {
        Ok(mut response) => {
            let mut read = 0;
            while read < ANSWER_BYTES
                && let Ok(Some(chunk)) = response.chunk().await
            {
                read += chunk.len();
            }
            Ok(response.status().as_u16())
        }
        Err(error) if error.is_timeout() => Err("no answer in time".to_owned()),
        Err(error) if error.is_connect() => Err("no connection".to_owned()),
        Err(error) => Err(error.without_url().to_string()),
    }
}
