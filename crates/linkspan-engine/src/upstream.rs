//! Calling upstream for a source: with a fresh token, within the limits, repeated where that can help.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use linkspan_atlassian::calls::{Answer, Call};
use linkspan_atlassian::client::{Download, Params, Reply, Site};
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::limit::LimitHeaders;
use linkspan_atlassian::page::{PageBody, Pager};
use linkspan_atlassian::personal::without_owners_names;
use linkspan_atlassian::retry;
use linkspan_model::product::Product;
use linkspan_model::secret::Secret;
use linkspan_store::Source;
use tokio_util::sync::CancellationToken;

use crate::engine::Inner;
use crate::error::EngineError;
use crate::progress::RunMeter;

/// The longest single wait for a limit to pass before looking again; a quota closes for an hour at most.
const WAIT_STEP: Duration = Duration::from_hours(1);

/// Times that the beginning of a file is asked for: who waits for a file waits for each.
const DOWNLOAD_ATTEMPTS: u32 = 3;

/// What was tried for one call so far.
#[derive(Default)]
struct Patience {
    attempt: u32,
    /// A token that upstream refused.
    refused: Option<Secret>,
}

/// The way to one source's upstream.
#[derive(Clone)]
pub(crate) struct SourceClient {
    inner: Arc<Inner>,
    source: Arc<Source>,
    site: Site,
    meter: Arc<RunMeter>,
    stop: CancellationToken,
}

impl SourceClient {
    pub(crate) fn new(
        inner: Arc<Inner>,
        source: Arc<Source>,
        meter: Arc<RunMeter>,
        stop: CancellationToken,
    ) -> Self {
        let site = Site::new(&source.cloud_id);
        Self { inner, source, site, meter, stop }
    }

    /// Sends one call and reads its answer.
    pub(crate) async fn call(&self, call: &'static Call, params: &Params) -> Result<Reply, EngineError> {
        let mut patience = Patience::default();
        loop {
            let token = self.ready(call, &patience).await?;
            match self.inner.upstream.send(call, &self.site, &token, params).await {
                Ok(mut reply) => {
                    self.note(call, &reply);
                    self.admit(call, &mut reply);
                    return Ok(reply);
                }
                Err(error) => self.after(call, &mut patience, token, error).await?,
            }
        }
    }

    /// Begins to read a file from byte `from` on. A refusal for throttling is given back at once.
    pub(crate) async fn download(
        &self,
        call: &'static Call,
        params: &Params,
        from: u64,
    ) -> Result<Download, EngineError> {
        let mut patience = Patience::default();
        loop {
            let token = self.ready(call, &patience).await?;
            match self.inner.upstream.download(call, &self.site, &token, params, from).await {
                Ok(download) => {
                    self.spent(call, &download.limits, call.price.of(1));
                    return Ok(download);
                }
                Err(error @ CallError::Throttled { .. }) => {
                    self.meter.count(0);
                    self.gate(|gate, now, cloud_id| gate.refused(now, cloud_id, &error));
                    return Err(error.into());
                }
                Err(error) if patience.attempt + 1 >= DOWNLOAD_ATTEMPTS => {
                    self.meter.count(0);
                    return Err(error.into());
                }
                Err(error) => self.after(call, &mut patience, token, error).await?,
            }
        }
    }

    /// How long a call would have to wait for limits that are known.
    pub(crate) fn wait_of(&self, call: &'static Call) -> Duration {
        let now = self.inner.clock.now();
        let gate = self.inner.gate.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = gate.earliest(now, call.product, &self.source.cloud_id, call.name);
        Duration::try_from(earliest.duration_since(now)).unwrap_or(Duration::ZERO)
    }

    /// A walk over a list of this source.
    pub(crate) fn pager(&self, call: &'static Call, params: Params, page_size: Option<u32>) -> Pager {
        Pager::new(call, self.site.clone(), params, page_size)
    }

    /// A walk that goes on from where a former one stood.
    pub(crate) fn resume(
        &self,
        call: &'static Call,
        params: Params,
        state: linkspan_atlassian::page::PageState,
    ) -> Pager {
        Pager::resume(call, self.site.clone(), params, state)
    }

    /// The next page of a walk; `None` after the last.
    pub(crate) async fn next(
        &self,
        call: &'static Call,
        pager: &mut Pager,
    ) -> Result<Option<PageBody>, EngineError> {
        if pager.is_done() {
            return Ok(None);
        }
        let mut patience = Patience::default();
        loop {
            let token = self.ready(call, &patience).await?;
            match pager.next(&self.inner.upstream, &token).await {
                Ok(mut page) => {
                    if let Some(page) = &mut page {
                        self.note(call, &page.reply);
                        self.admit(call, &mut page.reply);
                    }
                    return Ok(page);
                }
                Err(error) => self.after(call, &mut patience, token, error).await?,
            }
        }
    }

    /// Waits until the call may go, and gives the token to send it with.
    async fn ready(&self, call: &'static Call, patience: &Patience) -> Result<Secret, EngineError> {
        self.wait_for_gate(call).await?;
        self.inner.access_token(self.source.grant, patience.refused.as_ref()).await
    }

    /// Takes in a failure: waits, when sending again can help; gives the error back when it is final or the tries are used
    /// up. A refused token is replaced once.
    async fn after(
        &self,
        call: &'static Call,
        patience: &mut Patience,
        token: Secret,
        error: CallError,
    ) -> Result<(), EngineError> {
        patience.attempt += 1;
        self.meter.count(0);
        self.gate(|gate, now, cloud_id| gate.refused(now, cloud_id, &error));
        if matches!(error, CallError::TokenRejected { .. }) && patience.refused.is_none() {
            patience.refused = Some(token);
            return Ok(());
        }
        let may_repeat = call.idempotent || matches!(error, CallError::Throttled { .. });
        match retry::next_wait(&error, patience.attempt, self.inner.entropy.fraction()) {
            Some(wait) if may_repeat => {
                tracing::info!(call = call.name, attempt = patience.attempt, ?wait, %error, "will be repeated");
                self.pause(wait).await
            }
            _ => Err(error.into()),
        }
    }

    fn note(&self, call: &'static Call, reply: &Reply) {
        self.spent(call, &reply.limits, reply.points_estimate);
    }

    fn spent(&self, call: &'static Call, limits: &LimitHeaders, points: u64) {
        self.meter.count(points);
        self.gate(|gate, now, cloud_id| {
            gate.answered(now, call.product, cloud_id, call.name, limits, points);
        });
    }

    /// Takes erased accounts out of an answer: nothing behind this place ever sees what upstream still says of them.
    fn admit(&self, call: &'static Call, reply: &mut Reply) {
        if call.answer != Answer::Json {
            return;
        }
        reply.body = self.inner.admit(std::mem::take(&mut reply.body));
        // Names that no erasure could find again do not pass either.
        let text = std::str::from_utf8(&reply.body).ok().filter(|_| call.product == Product::Confluence);
        if let Some(text) = text.and_then(without_owners_names) {
            reply.body = text.into();
        }
    }

    fn gate(&self, change: impl FnOnce(&mut linkspan_atlassian::limit::Gate, jiff::Timestamp, &str)) {
        let mut gate = self.inner.gate.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut gate, self.inner.clock.now(), &self.source.cloud_id);
    }

    async fn wait_for_gate(&self, call: &'static Call) -> Result<(), EngineError> {
        loop {
            let now = self.inner.clock.now();
            let earliest = {
                let mut gate = self.inner.gate.lock().unwrap_or_else(PoisonError::into_inner);
                let earliest = gate.earliest(now, call.product, &self.source.cloud_id, call.name);
                if earliest <= now {
                    gate.sent(now, &self.source.cloud_id, call.name);
                    return Ok(());
                }
                earliest
            };
            let wait = Duration::try_from(earliest.duration_since(now)).unwrap_or(Duration::ZERO);
            self.pause(wait.min(WAIT_STEP)).await?;
        }
    }

    async fn pause(&self, wait: Duration) -> Result<(), EngineError> {
        tokio::select! {
            () = tokio::time::sleep(wait) => Ok(()),
            () = self.stop.cancelled() => Err(EngineError::Stopped),
        }
    }
}
