//! The background worker: reads every source when it is due.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use linkspan_model::ids::SourceId;
use linkspan_store::{Source, SourceState};
use tokio::sync::Semaphore;

use crate::engine::{Engine, Inner};
use crate::error::EngineError;
use crate::reach::{PROBE_EVERY, SourceReach};

/// How often the worker looks for sources that are due, at the least.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Sources read at a time.
const PARALLEL_SOURCES: usize = 4;
/// Links that expired so long ago are forgotten.
const FORGET_LINKS_AFTER: Duration = Duration::from_hours(30 * 24);

impl Engine {
    /// Starts the background worker, and beside it what follows attachments. They end with [`Engine::shut_down`].
    pub fn start_worker(&self) {
        let inner = Arc::clone(&self.inner);
        self.inner.tasks.spawn(async move { inner.work().await });
        self.inner.tasks.spawn(Arc::clone(&self.inner).follow_hints());
        self.inner.tasks.spawn(Arc::clone(&self.inner).keep_registrations());
        self.inner.tasks.spawn(Arc::clone(&self.inner).follow_files());
        self.inner.tasks.spawn(Arc::clone(&self.inner).keep_personal_data());
        self.inner.tasks.spawn(Arc::clone(&self.inner).keep_grants());
    }
}

impl Inner {
    async fn work(self: Arc<Self>) {
        let places = Arc::new(Semaphore::new(PARALLEL_SOURCES));
        let mut looked_for_stalls = None;
        loop {
            self.tell_stalls_now_and_then(&mut looked_for_stalls).await;
            if let Err(error) = self.start_due(&places).await {
                tracing::error!(%error, "could not look for sources that are due");
            }
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = self.wake.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY.min(self.settings.sync_every)) => {}
            }
        }
    }

    async fn start_due(self: &Arc<Self>, places: &Arc<Semaphore>) -> Result<(), EngineError> {
        self.store.delete_expired_links(self.clock.now() - FORGET_LINKS_AFTER).await?;
        for source in self.store.sources().await? {
            if source.state == SourceState::Removing {
                self.erase_later(source.id);
                continue;
            }
            if self.is_reading(source.id) || !self.is_due(&source).await? {
                continue;
            }
            let Ok(place) = Arc::clone(places).try_acquire_owned() else { return Ok(()) };
            let inner = Arc::clone(self);
            self.tasks.spawn(async move {
                let result = inner.sync(source.id).boxed().await;
                drop(place);
                match result {
                    Ok(_) | Err(EngineError::Stopped) => {}
                    Err(error) => {
                        tracing::warn!(source.id = %source.id, %error, "a source could not be read");
                    }
                }
                inner.note_attempt(source.id);
            });
        }
        Ok(())
    }

    /// A source is due when it was never read to its end, or when that is long enough ago; not sooner than that after an
    /// attempt that failed.
    async fn is_due(&self, source: &Source) -> Result<bool, EngineError> {
        let control = self.store.source_control(source.id).await?;
        if control.paused_at.is_some() {
            return Ok(false);
        }
        if self.hurried.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&source.id) {
            return Ok(true);
        }
        let sync_every = self.pace_of(source.id, self.sync_every_of(&control));
        let now = self.clock.now();
        let attempted =
            self.attempts.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(&source.id).copied();
        if attempted.is_some_and(|at| now < at + sync_every) {
            return Ok(false);
        }
        let streams = self.store.get_streams(source.id).await?;
        // Who is turned away as a whole is tried seldom.
        let is_turned_away = SourceReach::of(&streams).is_some();
        if is_turned_away && attempted.is_some_and(|at| now < at + PROBE_EVERY) {
            return Ok(false);
        }
        if self.is_dead(source.grant).await? {
            return Ok(false);
        }
        let latest = streams.iter().filter_map(|stream| stream.progress.finished_at).max();
        let is_unfinished = streams.iter().any(|stream| stream.progress.phase == "running");
        Ok(is_turned_away || is_unfinished || latest.is_none_or(|at| now >= at + sync_every))
    }

    /// Has a source read as soon as there is a place.
    pub(crate) fn hurry(&self, source: SourceId) {
        self.hurried.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(source);
        self.wake.notify_one();
    }

    fn note_attempt(&self, source: SourceId) {
        let now = self.clock.now();
        self.attempts.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(source, now);
    }
}
