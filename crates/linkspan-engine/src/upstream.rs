//! Calling upstream for a source: with a fresh token, within the limits, repeated where that can help.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use linkspan_atlassian::calls::{Answer, Call, confluence, jira};
use linkspan_atlassian::client::{Download, Params, Reply, Site};
use linkspan_atlassian::error::{CallError, ThrottleReason};
use linkspan_atlassian::page::{PageBody, Pager};
use linkspan_atlassian::personal::without_owners_names;
use linkspan_atlassian::retry;
use linkspan_model::ids::AppId;
use linkspan_model::product::Product;
use linkspan_model::secret::Secret;
use linkspan_store::Source;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::engine::Inner;
use crate::error::EngineError;
use crate::estimate::Budget;
use crate::progress::RunMeter;
use crate::quota::{Ask, Lane, Permit};
use crate::tokens::GrantError;

/// Times that the beginning of a file is asked for: who waits for a file waits for each.
const DOWNLOAD_ATTEMPTS: u32 = 3;

/// Times that the same page is asked for which upstream cannot answer at once, before it is asked for in parts.
const SIZE_ATTEMPTS: u32 = 2;

/// The weight of a source among those that want points.
const USUAL_WEIGHT: u32 = 1;

/// What was tried for one call so far.
#[derive(Default)]
struct Patience {
    attempt: u32,
    /// A token that upstream refused.
    refused: Option<Secret>,
    /// Whether the caller can ask for less at a time: then it soon should.
    can_shrink: bool,
}

impl Patience {
    /// For a call that asks for so many things, where the caller chose how many.
    fn with(items: Option<usize>) -> Self {
        Self { can_shrink: items.is_some_and(|items| items > 1), ..Self::default() }
    }

    /// Whether the caller should rather ask for less than wait and ask for as much again.
    fn is_over(&self, error: &CallError) -> bool {
        self.can_shrink && error.is_size() && self.attempt >= SIZE_ATTEMPTS
    }
}

/// What a call goes out with.
struct Leave {
    permit: Permit,
    token: Secret,
}

/// The way to one source's upstream.
#[derive(Clone)]
pub(crate) struct SourceClient {
    inner: Arc<Inner>,
    source: Arc<Source>,
    site: Site,
    cloud_id: Arc<str>,
    /// The app to which the grant was given: limits are per app.
    app: Arc<OnceCell<AppId>>,
    /// The lane of its calls, as a place in [`Lane::ALL`]. Clones share it.
    lane: Arc<AtomicU8>,
    weight: u32,
    meter: Arc<RunMeter>,
    stop: CancellationToken,
}

impl SourceClient {
    pub(crate) fn new(
        inner: Arc<Inner>,
        source: Arc<Source>,
        lane: Lane,
        meter: Arc<RunMeter>,
        stop: CancellationToken,
    ) -> Self {
        let site = Site::new(&source.cloud_id);
        let cloud_id = source.cloud_id.as_str().into();
        let lane = Arc::new(AtomicU8::new(lane as u8));
        Self { inner, source, site, cloud_id, app: Arc::default(), lane, weight: USUAL_WEIGHT, meter, stop }
    }

    /// The same way, with another weight among those that want points.
    #[must_use]
    pub(crate) fn weighing(self, weight: u32) -> Self {
        Self { weight, ..self }
    }

    /// The same way in another lane.
    pub(crate) fn in_lane(&self, lane: Lane) -> Self {
        Self { lane: Arc::new(AtomicU8::new(lane as u8)), ..self.clone() }
    }

    /// Moves this way, and its clones, to another lane.
    pub(crate) fn change_lane(&self, lane: Lane) {
        self.lane.store(lane as u8, Ordering::Relaxed);
    }

    /// Sends one call and reads its answer.
    pub(crate) async fn call(&self, call: &'static Call, params: &Params) -> Result<Reply, EngineError> {
        self.call_with(call, params, Patience::default()).await
    }

    /// Sends one call for so many things, which the caller halves where upstream cannot answer so much at once (hazard S9):
    /// as long as that can be done, it is not asked for as much again and again.
    pub(crate) async fn call_for(
        &self,
        call: &'static Call,
        params: &Params,
        items: usize,
    ) -> Result<Reply, EngineError> {
        self.call_with(call, params, Patience::with(Some(items))).await
    }

    async fn call_with(
        &self,
        call: &'static Call,
        params: &Params,
        mut patience: Patience,
    ) -> Result<Reply, EngineError> {
        loop {
            let Leave { permit, token } = self.ready(call, None, &patience).await?;
            match self.inner.upstream.send(call, &self.site, &token, params).await {
                Ok(mut reply) => {
                    self.note(permit, &reply).await;
                    self.admit(call, &mut reply);
                    return Ok(reply);
                }
                Err(error) => self.after(call, &mut patience, permit, token, error).await?,
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
            let Leave { permit, token } = self.ready(call, Some(1), &patience).await?;
            match self.inner.upstream.download(call, &self.site, &token, params, from).await {
                Ok(download) => {
                    let points = call.price.of(1);
                    self.meter.count(points);
                    permit.answered(&download.limits, 1, points);
                    return Ok(download);
                }
                Err(error @ CallError::Throttled { .. }) => {
                    self.meter.count(0);
                    permit.refused(&error);
                    return Err(error.into());
                }
                Err(error) if patience.attempt + 1 >= DOWNLOAD_ATTEMPTS => {
                    self.meter.count(0);
                    permit.refused(&error);
                    return Err(error.into());
                }
                Err(error) => self.after(call, &mut patience, permit, token, error).await?,
            }
        }
    }

    /// How long a call would have to wait for limits that are known.
    pub(crate) async fn wait_of(&self, call: &'static Call) -> Result<Duration, EngineError> {
        Ok(self.inner.turnstile.wait_of(self.app().await?, call, self.ask(call)))
    }

    /// The points that a first reading by such calls can have; `None` where no limit is known.
    pub(crate) fn budget(&self, call: &'static Call) -> Option<Budget> {
        self.inner.turnstile.budget(*self.app.get()?, &self.ask(call))
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
        let mut patience = Patience::with(pager.page_size().and_then(|size| usize::try_from(size).ok()));
        loop {
            let Leave { permit, token } = self.ready(call, pager.page_size(), &patience).await?;
            match pager.next(&self.inner.upstream, &token).await {
                Ok(Some(mut page)) => {
                    self.note(permit, &page.reply).await;
                    self.admit(call, &mut page.reply);
                    return Ok(Some(page));
                }
                Ok(None) => {
                    permit.unused();
                    return Ok(None);
                }
                Err(error) => self.after(call, &mut patience, permit, token, error).await?,
            }
        }
    }

    /// Waits until the call may go, and gives the token to send it with. `page_size` is the number of objects that the
    /// call asks for, where somebody chose it.
    async fn ready(
        &self,
        call: &'static Call,
        page_size: Option<u32>,
        patience: &Patience,
    ) -> Result<Leave, EngineError> {
        let app = self.app().await?;
        let permit = self.inner.turnstile.pass(app, call, page_size, self.ask(call), &self.stop).await?;
        match self.inner.access_token(self.source.grant, patience.refused.as_ref()).await {
            Ok(token) => Ok(Leave { permit, token }),
            Err(error) => {
                permit.unused();
                Err(error)
            }
        }
    }

    fn ask(&self, call: &'static Call) -> Ask {
        let lane = Lane::ALL.get(usize::from(self.lane.load(Ordering::Relaxed))).copied();
        Ask {
            source: self.source.id,
            weight: self.weight,
            lane: if call.is_write() { Lane::Write } else { lane.unwrap_or(Lane::Live) },
            product: call.product,
            cloud_id: Arc::clone(&self.cloud_id),
            call: call.name,
            points: 0,
        }
    }

    async fn app(&self) -> Result<AppId, EngineError> {
        let found = self.app.get_or_try_init(async || {
            let grant = self.inner.store.grant(self.source.grant).await?.ok_or(GrantError::Gone)?;
            Ok::<_, EngineError>(grant.app)
        });
        found.await.copied()
    }

    /// Takes in a failure: waits, when sending again can help; gives the error back when it is final or the tries are used
    /// up. A refused token is replaced once.
    async fn after(
        &self,
        call: &'static Call,
        patience: &mut Patience,
        permit: Permit,
        token: Secret,
        error: CallError,
    ) -> Result<(), EngineError> {
        patience.attempt += 1;
        self.meter.count(0);
        permit.refused(&error);
        match &error {
            CallError::TokenRejected { .. } if patience.refused.is_none() => {
                patience.refused = Some(token);
                return Ok(());
            }
            // An expired token looks like this too; a thing that is really absent must not cost a token (hazard L5).
            CallError::Forbidden { .. } | CallError::NotFound { .. }
                if patience.refused.is_none()
                    && self.inner.may_be_over(self.source.grant, &token).await? =>
            {
                patience.refused = Some(token);
                return Ok(());
            }
            CallError::NotInstalled { .. } | CallError::ProductAccessLost { .. } => {
                self.inner.turned_away(&self.source, &error).await?;
            }
            _ => {}
        }
        // A call that upstream did not let in has not been carried out.
        let may_repeat = call.idempotent || matches!(error, CallError::Throttled { .. });
        match retry::next_wait(&error, patience.attempt, self.inner.entropy.fraction()) {
            // What was learnt from the refusal holds the call back where it stands in line.
            Some(_) if is_held_in_line(&error) => Ok(()),
            Some(_) if patience.is_over(&error) => Err(error.into()),
            Some(wait) if may_repeat => {
                tracing::info!(call = call.name, attempt = patience.attempt, ?wait, %error, "will be repeated");
                self.pause(wait).await
            }
            _ => Err(error.into()),
        }
    }

    async fn note(&self, permit: Permit, reply: &Reply) {
        self.meter.count(reply.points_estimate);
        if lists_content(reply.call) {
            self.meter.list(reply.envelope.items, reply.points_estimate);
        }
        permit.answered(&reply.limits, reply.envelope.items, reply.points_estimate);
        self.inner.let_in(&self.source).await;
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

    async fn pause(&self, wait: Duration) -> Result<(), EngineError> {
        // Meanwhile the reading takes no other's place.
        let _rest = self.inner.turnstile.rest(self.source.id);
        tokio::select! {
            () = tokio::time::sleep(wait) => Ok(()),
            () = self.stop.cancelled() => Err(EngineError::Stopped),
        }
    }
}

/// Whether a call brings the content of a site, page by page.
fn lists_content(call: &Call) -> bool {
    [
        &jira::SEARCH_JQL,
        &confluence::PAGES,
        &confluence::BLOGPOSTS,
        &confluence::FOOTER_COMMENTS,
        &confluence::INLINE_COMMENTS,
        &confluence::ATTACHMENTS,
        &confluence::CONTENT_SEARCH,
    ]
    .into_iter()
    .any(|listing| listing.name == call.name)
}

/// Whether a refusal holds back the next call of its kind by itself, so that nobody has to wait for it here.
fn is_held_in_line(error: &CallError) -> bool {
    matches!(error, CallError::Throttled { reason, product: Some(_), .. } if *reason != ThrottleReason::PerIssueWrite)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s9_who_can_ask_for_less_is_soon_left_to_do_so() {
        let too_much = CallError::TooLarge { call: "a.bulk", status: 504 };
        let is_over = |items, attempt| Patience { attempt, ..Patience::with(items) }.is_over(&too_much);
        assert!(!is_over(Some(100), 1), "once may be chance");
        assert!(is_over(Some(100), SIZE_ATTEMPTS) && is_over(Some(2), SIZE_ATTEMPTS));
        assert!(!is_over(Some(1), SIZE_ATTEMPTS) && !is_over(None, SIZE_ATTEMPTS), "less there is not");
        let outage = CallError::Unavailable { call: "a.bulk", status: 503, retry_after: None };
        assert!(!Patience { attempt: SIZE_ATTEMPTS, ..Patience::with(Some(100)) }.is_over(&outage));
    }
}
