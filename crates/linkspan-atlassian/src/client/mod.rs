//! The client: sends one call of the table and reads its answer whole, within bounds. It does not retry, refresh or
//! wait for limits: the engine decides those from the [`CallError`].

mod answer;
mod classify;
mod download;
mod endpoints;
mod params;
mod reroot;

use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use linkspan_model::clock::Clock;
use linkspan_model::secret::Secret;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderValue, LINK};
use serde::de::DeserializeOwned;
use tracing::Instrument as _;
use url::Url;

pub(crate) use self::answer::{read_capped, transport};
pub(crate) use self::classify::Asked;
pub use self::download::Download;
pub use self::endpoints::{Endpoints, EndpointsError, Site};
pub use self::params::Params;
use self::params::build_url;
pub(crate) use self::reroot::{next_of_link_header, reroot_query};
use crate::calls::{Answer, Call};
use crate::error::{CallError, TransportKind};
use crate::limit::LimitHeaders;
use crate::page::Envelope;

/// The most bytes (uncompressed) of one answer that are held in memory.
pub const DEFAULT_BODY_CAP: u64 = 64 << 20;

/// The bounds of every call.
#[derive(Clone, Debug)]
pub struct ClientLimits {
    /// For making a connection, TLS included.
    pub connect_timeout: Duration,
    /// Between two pieces of an answer.
    pub read_timeout: Duration,
    /// For a whole call. Downloads are bounded by the read timeout and their size alone.
    pub total_timeout: Duration,
    /// For a whole call of the token endpoint. Longer than between two pieces of any other answer: giving such a call up
    /// may lose the pair that was issued (hazard L1).
    pub token_timeout: Duration,
    /// The most bytes (uncompressed) of one answer.
    pub body_cap: u64,
    /// The most bytes of one downloaded file.
    pub file_cap: u64,
    /// Idle connections kept for each host.
    pub idle_connections: usize,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_mins(2),
            token_timeout: Duration::from_secs(45),
            body_cap: DEFAULT_BODY_CAP,
            file_cap: 2 << 30,
            idle_connections: 16,
        }
    }
}

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be made; was a TLS provider installed first? {0}")]
pub struct ClientError(String);

/// The way to Atlassian. Clones share connections.
#[derive(Clone, Debug)]
pub struct Upstream {
    http: reqwest::Client,
    /// For the token endpoint: only a whole client can have another read timeout.
    token_http: reqwest::Client,
    pub(crate) endpoints: Endpoints,
    limits: ClientLimits,
    clock: Clock,
}

/// The answer to a call: a success, read whole.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The call.
    pub call: &'static Call,
    /// The status: 2xx.
    pub status: u16,
    /// The body, uncompressed, byte for byte.
    pub body: Bytes,
    /// What the body says of itself as a list: how many objects it holds and whether there is more.
    pub envelope: Envelope,
    /// What the headers say about limits.
    pub limits: LimitHeaders,
    /// When the call was sent.
    pub sent_at: Timestamp,
    /// What the call cost by the published price list. Upstream's own count is not sent.
    pub points_estimate: u64,
    /// The target of the `Link` header's `rel="next"`, as sent.
    pub link_next: Option<String>,
}

impl Reply {
    /// Reads the body.
    ///
    /// # Errors
    /// [`CallError::Malformed`] when the body is not a `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        serde_json::from_slice(&self.body).map_err(|error| unreadable(self.call.name, &error))
    }
}

/// A body that could not be read as JSON: cut off, or not what the call answers.
pub(crate) fn unreadable(call: &'static str, error: &serde_json::Error) -> CallError {
    // The error's own text may quote the body, so only its place is kept.
    let place = format!("line {} column {}", error.line(), error.column());
    match error.classify() {
        serde_json::error::Category::Eof => {
            CallError::Truncated { call, why: format!("JSON stops at {place}") }
        }
        serde_json::error::Category::Data => {
            CallError::Malformed { call, why: format!("JSON of another shape than expected, at {place}") }
        }
        _ => CallError::Malformed { call, why: format!("not JSON, at {place}") },
    }
}

impl Upstream {
    /// A client for these endpoints. A rustls provider must have been installed before.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(endpoints: Endpoints, limits: ClientLimits, clock: Clock) -> Result<Self, ClientError> {
        let client = |read_timeout| {
            reqwest::Client::builder()
                .user_agent(concat!("linkspan/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(limits.connect_timeout)
                .read_timeout(read_timeout)
                .pool_max_idle_per_host(limits.idle_connections)
                .tcp_nodelay(true)
                .gzip(true)
                .referer(false)
                .build()
                .map_err(|error| ClientError(error.without_url().to_string()))
        };
        let (http, token_http) = (client(limits.read_timeout)?, client(limits.token_timeout)?);
        Ok(Self { http, token_http, endpoints, limits, clock })
    }

    /// Where it sends what.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// The clock that stamps replies.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Sends `call` to the site with the access token and reads the answer whole. A [`Answer::File`] call follows the
    /// redirect to the media host, without the token.
    ///
    /// # Errors
    /// Everything but a success ([`CallError`]).
    pub async fn send(
        &self,
        call: &'static Call,
        site: &Site,
        token: &Secret,
        params: &Params,
    ) -> Result<Reply, CallError> {
        let span = tracing::debug_span!(
            "call",
            name = call.name,
            status = tracing::field::Empty,
            duration_ms = tracing::field::Empty,
            bytes = tracing::field::Empty,
            error = tracing::field::Empty,
        );
        let started = Instant::now();
        let exchange = self.exchange(call, site, token, params);
        let result = self.within_total(call.name, exchange).instrument(span.clone()).await;
        span.record("duration_ms", u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
        match &result {
            Ok(reply) => {
                span.record("status", reply.status).record("bytes", reply.body.len());
                span.in_scope(|| tracing::debug!("answered"));
            }
            Err(error) => {
                span.record("error", error.kind());
                span.in_scope(|| tracing::debug!(%error, "failed"));
            }
        }
        result
    }

    async fn exchange(
        &self,
        call: &'static Call,
        site: &Site,
        token: &Secret,
        params: &Params,
    ) -> Result<Reply, CallError> {
        let sent_at = self.clock.now();
        let mut response = self.open(call, site, token, params, None).await?;
        if call.answer == Answer::File {
            response = self.follow(call, response, None).await?;
        }
        let status = response.status().as_u16();
        let link_next = response
            .headers()
            .get_all(LINK)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .find_map(next_of_link_header);
        let (limits, body) = self.read_success(call.into(), response, self.limits.body_cap).await?;
        let envelope = if call.answer == Answer::File {
            Envelope { items: 1, ..Envelope::default() }
        } else if body.is_empty() {
            Envelope::default()
        } else {
            Envelope::read(&body, call.items).map_err(|error| unreadable(call.name, &error))?
        };
        Ok(Reply {
            call,
            status,
            points_estimate: call.price.of(envelope.items),
            body,
            envelope,
            limits,
            sent_at,
            link_next,
        })
    }

    /// Reads the body of a success; anything else is an error.
    pub(crate) async fn read_success(
        &self,
        asked: Asked,
        response: reqwest::Response,
        cap: u64,
    ) -> Result<(LimitHeaders, Bytes), CallError> {
        let now = self.clock.now();
        let limits = LimitHeaders::read(response.headers(), now);
        if !response.status().is_success() {
            return Err(classify::refusal(asked, response, limits, now).await);
        }
        let body = read_capped(asked.name, response, cap).await?;
        Ok((limits, body))
    }

    /// Bounds a whole exchange.
    pub(crate) async fn within_total<T>(
        &self,
        call: &'static str,
        exchange: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        tokio::time::timeout(self.limits.total_timeout, exchange)
            .await
            .unwrap_or(Err(CallError::Transport { call, kind: TransportKind::Timeout }))
    }

    /// Bounds an exchange with the token endpoint.
    pub(crate) async fn within_token_time<T>(
        &self,
        call: &'static str,
        exchange: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        tokio::time::timeout(self.limits.token_timeout, exchange)
            .await
            .unwrap_or(Err(CallError::Transport { call, kind: TransportKind::Timeout }))
    }

    /// What sends to the token endpoint.
    pub(crate) fn token_http(&self) -> &reqwest::Client {
        &self.token_http
    }

    /// A request that carries the access token, out of the sight of logs.
    pub(crate) fn authorised(
        &self,
        call: &'static str,
        method: reqwest::Method,
        url: Url,
        token: &Secret,
    ) -> Result<reqwest::RequestBuilder, CallError> {
        let mut bearer =
            HeaderValue::try_from(format!("Bearer {}", token.expose())).map_err(|_| CallError::NotSent {
                call,
                why: "the access token holds characters no header can carry".to_owned(),
            })?;
        bearer.set_sensitive(true);
        Ok(self.http.request(method, url).header(AUTHORIZATION, bearer))
    }

    /// Sends the request and returns the answer's head.
    async fn open(
        &self,
        call: &'static Call,
        site: &Site,
        token: &Secret,
        params: &Params,
        range: Option<HeaderValue>,
    ) -> Result<reqwest::Response, CallError> {
        let url = build_url(&self.endpoints, call, site, params)?;
        let mut request = self.authorised(call.name, call.method.into(), url, token)?;
        if call.answer == Answer::Json {
            request = request.header(ACCEPT, "application/json");
        } else {
            request = request.header(ACCEPT_ENCODING, download::AS_IT_IS);
        }
        if call.experimental {
            request = request.header("X-ExperimentalApi", "opt-in");
        }
        if let Some(range) = range {
            request = request.header(reqwest::header::RANGE, range);
        }
        if let Some(body) = params.json_body() {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        request.send().await.map_err(|error| transport(call.name, &error))
    }
}

#[cfg(test)]
mod tests;
