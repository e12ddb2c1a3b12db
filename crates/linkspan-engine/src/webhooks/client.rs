//! The client that sends webhooks: bounded, without redirects or proxies, behind the [`Guard`].

use std::error::Error as _;
use std::time::Duration;

use ipnet::IpNet;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use super::guard::{Guard, GuardedResolver, Refusal};
use crate::error::EngineError;

/// The longest that one attempt may take, from resolving the name to the end of the answer.
pub(crate) const ATTEMPT_TIME: Duration = Duration::from_secs(15);
/// For making a connection, TLS included.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long an unused connection is kept: an endpoint's address is resolved anew at least this often.
const IDLE_TIME: Duration = Duration::from_secs(30);
/// Idle connections kept for each host.
const IDLE_CONNECTIONS: usize = 4;
/// Of an answer, so much is read and kept.
pub(crate) const RESPONSE_CAP: usize = 4 << 10;

/// What an endpoint answered.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The beginning of its body.
    pub(super) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("no answer within {} s", ATTEMPT_TIME.as_secs())]
    Timeout,
    #[error("no connection: {0}")]
    Connect(String),
    #[error("the exchange broke off: {0}")]
    Broken(String),
}

impl SendError {
    /// How the attempt ended, in a word.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Refused(_) => "forbidden",
            Self::Timeout => "timeout",
            Self::Connect(_) | Self::Broken(_) => "unreachable",
        }
    }
}

/// Sends webhooks.
#[derive(Debug)]
pub(crate) struct Outbound {
    pub(crate) guard: Guard,
    https: reqwest::Client,
    plain: reqwest::Client,
}

impl Outbound {
    /// A client that reaches public addresses and these networks. A rustls provider must have been installed before.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub(crate) fn new(allowed: &[IpNet]) -> Result<Self, EngineError> {
        let guard = Guard::new(allowed);
        let client = |is_plain: bool| {
            reqwest::Client::builder()
                .user_agent(concat!("linkspan-webhooks/", env!("CARGO_PKG_VERSION")))
                .dns_resolver(GuardedResolver { guard: guard.clone(), is_plain })
                // A proxy would resolve names by itself, and a redirect would lead past the guard.
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .https_only(!is_plain)
                .timeout(ATTEMPT_TIME)
                .connect_timeout(CONNECT_TIME)
                .pool_idle_timeout(IDLE_TIME)
                .pool_max_idle_per_host(IDLE_CONNECTIONS)
                .tcp_nodelay(true)
                .referer(false)
                .gzip(false)
                .build()
                .map_err(|error| {
                    EngineError::Invalid(format!("the client for webhooks could not be made: {error}"))
                })
        };
        Ok(Self { https: client(false)?, plain: client(true)?, guard })
    }

    /// Posts a body and reads the beginning of the answer.
    pub(super) async fn post(
        &self,
        url: &str,
        mut headers: HeaderMap,
        body: bytes::Bytes,
    ) -> Result<Answer, SendError> {
        // Addresses written as numbers are not resolved, so they are judged here, each time.
        let url = self.guard.check(url)?;
        let client = if url.scheme() == "https" { &self.https } else { &self.plain };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let mut response = client.post(url).headers(headers).body(body).send().await.map_err(classify)?;
        let status = response.status().as_u16();
        let mut kept = Vec::new();
        // What it said counts by its status, though the rest breaks off or does not come.
        while kept.len() < RESPONSE_CAP
            && let Ok(Some(piece)) = response.chunk().await
        {
            kept.extend_from_slice(&piece[..piece.len().min(RESPONSE_CAP - kept.len())]);
        }
        Ok(Answer { status, body: kept })
    }
}

/// What went wrong, without the address: it may hold a token of the vendor's.
fn classify(error: reqwest::Error) -> SendError {
    let error = error.without_url();
    let mut cause = error.source();
    let mut words = error.to_string();
    while let Some(inner) = cause {
        if let Some(refusal) = inner.downcast_ref::<Refusal>() {
            return SendError::Refused(refusal.clone());
        }
        words = inner.to_string();
        cause = inner.source();
    }
    let words = words.chars().take(200).collect();
    if error.is_timeout() {
        SendError::Timeout
    } else if error.is_connect() {
        SendError::Connect(words)
    } else {
        SendError::Broken(words)
    }
}
