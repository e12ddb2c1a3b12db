//! The background worker: reads every source when it is due.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use linkspan_model::ids::SourceId;
use linkspan_store::{Source, SourceState};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::engine::{Engine, Inner};
use crate::error::EngineError;
use crate::reach::{PROBE_EVERY, SourceReach};

/// How often the worker looks for sources that are due, at the least.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Sources read at a time; those whose calls wait for points, or before they are repeated, take no place.
const PARALLEL_SOURCES: usize = 4;
/// Sources being read at a time with those that wait: each holds what it knows of its site in memory.
const READINGS_CAP: usize = 1_000;
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
        let ended = Arc::new(Notify::new());
        let mut due = VecDeque::new();
        let mut looked_for_stalls = None;
        loop {
            self.tell_stalls_now_and_then(&mut looked_for_stalls).await;
            match self.due_sources().await {
                Ok(sources) => due = sources,
                Err(error) => tracing::error!(%error, "could not look for sources that are due"),
            }
            let look_at = Instant::now() + LOOK_EVERY.min(self.settings.sync_every);
            loop {
                if let Err(error) = self.start_next(&mut due, &ended).await {
                    tracing::error!(%error, "sources that are due could not be started");
                }
                tokio::select! {
                    () = self.stop.cancelled() => return,
                    () = self.wake.notified() => break,
                    () = tokio::time::sleep_until(look_at) => break,
                    () = ended.notified(), if !due.is_empty() => {}
                    () = self.turnstile.rested(), if !due.is_empty() => {}
                }
            }
        }
    }

    /// The sources that are due, those first that somebody waits for, then those that were attempted longest
    /// ago.
    async fn due_sources(self: &Arc<Self>) -> Result<VecDeque<SourceId>, EngineError> {
        self.store.delete_expired_links(self.clock.now() - FORGET_LINKS_AFTER).await?;
        let mut due = Vec::new();
        for source in self.store.sources().await? {
            if source.state == SourceState::Removing {
                self.erase_later(source.id);
            } else if !self.is_reading(source.id) && self.is_due(&source).await? {
                due.push((!self.is_hurried(source.id), self.attempted(source.id), source.id));
            }
        }
        due.sort_unstable();
        Ok(due.into_iter().map(|(.., source)| source).collect())
    }

    /// Starts readings while there are places.
    async fn start_next(
        self: &Arc<Self>,
        due: &mut VecDeque<SourceId>,
        ended: &Arc<Notify>,
    ) -> Result<(), EngineError> {
        loop {
            let (at_work, in_all) = self.readings();
            if at_work >= PARALLEL_SOURCES || in_all >= READINGS_CAP {
                return Ok(());
            }
            let Some(source) = due.pop_front() else { return Ok(()) };
            // It may have been paused while it stood in line.
            if self.store.source_control(source).await?.paused_at.is_some() {
                continue;
            }
            let Some(reading) = self.begin_reading(source) else { continue };
            self.hurried.lock().unwrap_or_else(PoisonError::into_inner).remove(&source);
            let (inner, ended) = (Arc::clone(self), Arc::clone(ended));
            self.tasks.spawn(async move {
                match inner.read_source(&reading).boxed().await {
                    Ok(_) | Err(EngineError::Stopped) => {}
                    Err(error) => {
                        tracing::warn!(source.id = %source, %error, "a source could not be read");
                    }
                }
                inner.note_attempt(source);
                drop(reading);
                ended.notify_one();
            });
        }
    }

    /// Sources being read: without those whose calls wait for points or before they are repeated, so that neither a spent quota
    /// nor a sick site holds up others, and with them.
    fn readings(&self) -> (usize, usize) {
        let waiting = self.turnstile.waiting_sources();
        let reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        (reading.keys().filter(|source| !waiting.contains(source)).count(), reading.len())
    }

    /// A source is due when it was never read to its end, or when that is long enough ago; not sooner than that after an
    /// attempt that failed.
    async fn is_due(&self, source: &Source) -> Result<bool, EngineError> {
        let control = self.store.source_control(source.id).await?;
        if control.paused_at.is_some() {
            return Ok(false);
        }
        if self.is_hurried(source.id) {
            return Ok(true);
        }
        let sync_every = self.sync_every_of(source.id, &control);
        let now = self.clock.now();
        let attempted = self.attempted(source.id);
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
        self.hurried.lock().unwrap_or_else(PoisonError::into_inner).insert(source);
        self.wake.notify_one();
    }

    fn is_hurried(&self, source: SourceId) -> bool {
        self.hurried.lock().unwrap_or_else(PoisonError::into_inner).contains(&source)
    }

    /// When this process last attempted to read a source.
    fn attempted(&self, source: SourceId) -> Option<Timestamp> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).get(&source).copied()
    }

    fn note_attempt(&self, source: SourceId) {
        let now = self.clock.now();
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).insert(source, now);
    }
}
