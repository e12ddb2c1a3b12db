//! Files: read as a stream, behind a redirect to a media host that never sees the token (hazard S21,
//! `atlassian-platform.md` 7.6).

use bytes::Bytes;
use linkspan_model::secret::Secret;
use reqwest::StatusCode;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderValue, LOCATION, RANGE,
};

use super::Upstream;
use super::answer::{broken_body, transport};
use super::classify::{refusal, refusal_of_file_host};
use super::endpoints::Site;
use super::params::Params;
use crate::calls::{Answer, Call};
use crate::error::{CallError, TransportKind};
use crate::limit::LimitHeaders;

/// The most redirects followed for one file.
const HOPS: usize = 3;

/// Files are asked for as they are: their length and parts of them mean something only then.
pub(super) const AS_IT_IS: HeaderValue = HeaderValue::from_static("identity");

/// A file on its way.
#[derive(Debug)]
pub struct Download {
    call: &'static str,
    response: reqwest::Response,
    /// Where the file continues: 200 for all of it, 206 for the part asked for.
    pub status: u16,
    /// What upstream says the file is.
    pub content_type: Option<String>,
    /// How many bytes will come, where upstream says so.
    pub length: Option<u64>,
    /// The byte of the file that comes first: not 0 only where upstream answers the part asked for.
    pub start: u64,
    /// The size of the whole file, where upstream says so.
    pub total: Option<u64>,
    /// Names this version of the file, where upstream says so.
    pub etag: Option<String>,
    /// What the gateway's headers say about limits.
    pub limits: LimitHeaders,
    left: u64,
    cap: u64,
}

impl Download {
    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// [`CallError::Truncated`] or a timeout when the file stops early, [`CallError::BodyTooLarge`] when it is larger
    /// than the client takes.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, CallError> {
        let Some(piece) = self.response.chunk().await.map_err(|error| broken_body(self.call, &error))? else {
            return Ok(None);
        };
        self.left = self
            .left
            .checked_sub(piece.len() as u64)
            .ok_or(CallError::BodyTooLarge { call: self.call, cap: self.cap })?;
        Ok(Some(piece))
    }
}

impl Upstream {
    /// Begins to read a file, from byte `from` on.
    ///
    /// # Errors
    /// Everything but a success ([`CallError`]).
    pub async fn download(
        &self,
        call: &'static Call,
        site: &Site,
        token: &Secret,
        params: &Params,
        from: u64,
    ) -> Result<Download, CallError> {
        if call.answer != Answer::File {
            return Err(CallError::NotSent { call: call.name, why: "the call answers no file".to_owned() });
        }
        let range = (from > 0)
            .then(|| HeaderValue::try_from(format!("bytes={from}-")))
            .transpose()
            .map_err(|_| CallError::NotSent { call: call.name, why: "no such range".to_owned() })?;
        let response = self.open(call, site, token, params, range.clone()).await?;
        let limits = LimitHeaders::read(response.headers(), self.clock.now());
        let response = self.follow(call, response, range).await?;
        let now = self.clock.now();
        if !response.status().is_success() {
            let limits = LimitHeaders::read(response.headers(), now);
            return Err(refusal(call.into(), response, limits, now).await);
        }
        let header = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let length = header(CONTENT_LENGTH).and_then(|text| text.parse().ok());
        let cap = self.limits.file_cap;
        if length.is_some_and(|length: u64| length > cap) {
            return Err(CallError::BodyTooLarge { call: call.name, cap });
        }
        let part = header(CONTENT_RANGE).filter(|_| response.status() == StatusCode::PARTIAL_CONTENT);
        let (start, total) = match part.map(read_part) {
            None => (0, length),
            Some(Some((start, total))) => (start, total),
            Some(None) => {
                let why = "its Content-Range cannot be read".to_owned();
                return Err(CallError::Malformed { call: call.name, why });
            }
        };
        Ok(Download {
            call: call.name,
            status: response.status().as_u16(),
            content_type: header(CONTENT_TYPE).map(str::to_owned),
            start,
            total,
            etag: header(ETAG).map(str::to_owned),
            limits,
            length,
            response,
            left: cap,
            cap,
        })
    }

    /// Follows redirects without the token: to https on a named host, or to the sandbox itself. What is refused behind a
    /// redirect is an error; what is refused before it is left to the caller.
    pub(super) async fn follow(
        &self,
        call: &'static Call,
        mut response: reqwest::Response,
        range: Option<HeaderValue>,
    ) -> Result<reqwest::Response, CallError> {
        let refused = CallError::Transport { call: call.name, kind: TransportKind::Redirect };
        let mut hops = 0;
        while is_redirect(response.status()) {
            let target = response
                .headers()
                .get(LOCATION)
                .and_then(|value| value.to_str().ok())
                .and_then(|text| response.url().join(text).ok())
                .filter(|url| hops < HOPS && self.endpoints.may_follow(url));
            let Some(target) = target else { return Err(refused) };
            let mut request = self.http.get(target).header(ACCEPT_ENCODING, AS_IT_IS);
            if let Some(range) = &range {
                request = request.header(RANGE, range);
            }
            response = request.send().await.map_err(|error| transport(call.name, &error))?;
            hops += 1;
        }
        if hops > 0 && !response.status().is_success() {
            let now = self.clock.now();
            let limits = LimitHeaders::read(response.headers(), now);
            return Err(refusal_of_file_host(call.into(), response, limits, now).await);
        }
        Ok(response)
    }
}

/// `bytes 4-11/12`: where the part begins, and the size of the whole unless it is `*`.
fn read_part(text: &str) -> Option<(u64, Option<u64>)> {
    let (span, whole) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = span.split_once('-')?;
    let total = if whole == "*" { None } else { Some(whole.parse().ok()?) };
    Some((first.parse().ok()?, total))
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}
