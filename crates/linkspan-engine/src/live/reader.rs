//! Looking at what deliveries pointed at: together, by id.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::SignedDuration;
use linkspan_model::ids::SourceId;
use linkspan_store::StoredHint;
use tokio::time::Instant;

use super::{ISSUE, ReaderState};
use crate::engine::Inner;
use crate::error::EngineError;
use crate::sync;

/// How long hints are gathered when a source was quiet: a single edit is seen at once.
const GATHER_QUIET: Duration = Duration::from_millis(50);
/// How long hints are gathered while they keep coming. Each reading costs a point besides those of its issues: at twenty
/// edits a second, six or seven share it.
const GATHER_BUSY: Duration = Duration::from_millis(320);
/// A source without hints for so long is quiet.
const QUIET_AFTER: Duration = Duration::from_secs(3);
/// Issues read at a time: what upstream takes (`atlassian-endpoints.md` 3.2).
const ISSUES_PER_READ: u32 = 100;
/// How often hints of other processes are looked for, and those whose wait is over.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The wait after the first failure; it doubles with each further one.
const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(2);
/// The longest such wait while upstream answers nothing.
const RETRY_CEILING: SignedDuration = SignedDuration::from_mins(10);
/// The longest such wait for an issue that upstream cannot read, or not whole, though it answers for others.
const UNREAD_CEILING: SignedDuration = SignedDuration::from_hours(6);
/// Deliveries are repeated for an hour or so; after this their identifiers are forgotten.
const REMEMBER_FOR: SignedDuration = SignedDuration::from_hours(3 * 24);
/// Identifiers forgotten in a step.
const FORGOTTEN_AT_ONCE: u32 = 1_000;
/// Such steps in a row: between them others write.
const FORGETTING_STEPS: u32 = 1_000;
/// How often they are.
const FORGET_EVERY: Duration = Duration::from_mins(5);

/// The right to look at the hints of a source. It is given back however that ends.
struct ReaderPlace {
    inner: Arc<Inner>,
    source: SourceId,
}

impl Drop for ReaderPlace {
    fn drop(&mut self) {
        let mut readers = self.inner.live.readers.lock().unwrap_or_else(PoisonError::into_inner);
        readers.insert(self.source, ReaderState::Ended(Instant::now()));
    }
}

impl Inner {
    /// Looks at hints as they come, until the engine stops.
    pub(crate) async fn follow_hints(self: Arc<Self>) {
        let mut forgot = Instant::now();
        loop {
            if let Err(error) = self.start_readers().await {
                tracing::warn!(%error, "could not look for hints");
            }
            if forgot.elapsed() >= FORGET_EVERY {
                forgot = Instant::now();
                if let Err(error) = self.forget_deliveries().await {
                    tracing::warn!(%error, "old deliveries could not be forgotten");
                }
            }
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = self.live.hinted.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Forgets the identifiers of old deliveries, all that are due: more may have come than are forgotten in one step.
    async fn forget_deliveries(&self) -> Result<(), EngineError> {
        let before = self.clock.now() - REMEMBER_FOR;
        for _ in 0..FORGETTING_STEPS {
            let forgotten = self.store.forget_inbound_deliveries(before, FORGOTTEN_AT_ONCE).await?;
            if forgotten < u64::from(FORGOTTEN_AT_ONCE) || self.stop.is_cancelled() {
                break;
            }
        }
        Ok(())
    }

    async fn start_readers(self: &Arc<Self>) -> Result<(), EngineError> {
        for source in self.store.sources_with_hints(self.clock.now()).await? {
            // What is told of a source that is paused is kept until it is resumed.
            if self.store.source_control(source).await?.paused_at.is_some() {
                continue;
            }
            let Some(gather) = self.begin_reading_hints(source) else { continue };
            let inner = Arc::clone(self);
            let place = ReaderPlace { inner: Arc::clone(self), source };
            self.tasks.spawn(async move {
                let result = inner.read_hints(source, gather).boxed().await;
                drop(place);
                match result {
                    // What came between the last look and this moment wakes nobody else.
                    Ok(()) | Err(EngineError::Stopped) => inner.live.hinted.notify_one(),
                    Err(error) => {
                        tracing::warn!(source.id = %source, %error, "what deliveries pointed at could not be read");
                    }
                }
            });
        }
        Ok(())
    }

    /// How long to gather hints of a source first; `None` while they are being looked at.
    fn begin_reading_hints(&self, source: SourceId) -> Option<Duration> {
        let mut readers = self.live.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let gather = match readers.get(&source) {
            Some(ReaderState::Reading) => return None,
            Some(ReaderState::Ended(at)) if at.elapsed() < QUIET_AFTER => GATHER_BUSY,
            Some(ReaderState::Ended(_)) | None => GATHER_QUIET,
        };
        readers.insert(source, ReaderState::Reading);
        Some(gather)
    }

    /// Looks at the hints of a source until there are none that are due.
    async fn read_hints(self: &Arc<Self>, source: SourceId, gather: Duration) -> Result<(), EngineError> {
        let mut gather = gather;
        // How many of those that failed so often may be asked for at once, after others of them went well.
        let mut went_well: Option<(i64, u32)> = None;
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return Err(EngineError::Stopped),
                () = tokio::time::sleep(gather) => {}
            }
            gather = GATHER_BUSY;
            // What is told of a source that is paused is kept until it is resumed.
            if self.store.source_control(source).await?.paused_at.is_some() {
                return Ok(());
            }
            let now = self.clock.now();
            let mut hints = self.store.due_hints(source, ISSUE, now, ISSUES_PER_READ).await?;
            let Some(first) = hints.first() else { return Ok(()) };
            // What failed together is asked for in smaller parts, until what upstream fails at stands alone (hazard S15), and never
            // with what failed less often; what goes well makes the parts larger again.
            let tries = first.tries;
            let well = went_well.filter(|(of, _)| *of == tries).map_or(0, |(_, at_once)| at_once);
            let at_once = well.max(ISSUES_PER_READ >> tries.clamp(0, 16)).max(1);
            hints.retain(|hint| hint.tries == tries);
            hints.truncate(at_once as usize);
            match sync::look_again(self, source, &hints).await {
                Ok(unread) => {
                    let (later, done): (Vec<StoredHint>, Vec<StoredHint>) =
                        hints.into_iter().partition(|hint| unread.contains(&hint.remote_id));
                    self.store.settle_hints(source, ISSUE, &done).await?;
                    if later.is_empty() {
                        went_well = Some((tries, at_once.saturating_mul(2).min(ISSUES_PER_READ)));
                    } else {
                        self.postpone(source, &later, UNREAD_CEILING).await?;
                    }
                }
                Err(error @ (EngineError::Stopped | EngineError::Store(_))) => return Err(error),
                Err(EngineError::NotFound) => return Ok(()),
                Err(error) => {
                    tracing::info!(source.id = %source, %error, hints = hints.len(), "will be looked at again");
                    self.postpone(source, &hints, RETRY_CEILING).await?;
                    went_well = None;
                }
            }
        }
    }

    /// Puts hints off that all failed as often.
    async fn postpone(
        &self,
        source: SourceId,
        hints: &[StoredHint],
        ceiling: SignedDuration,
    ) -> Result<(), EngineError> {
        let tries = hints.iter().map(|hint| hint.tries).max().unwrap_or(0);
        let wait = RETRY_AFTER * i32::try_from(1_i64 << tries.clamp(0, 16)).unwrap_or(i32::MAX);
        let wait = wait.min(ceiling).mul_f64(0.7 + 0.6 * self.entropy.fraction());
        Ok(self.store.postpone_hints(source, ISSUE, hints, self.clock.now() + wait).await?)
    }
}
