//! What is told beside changes of records: how reading goes, and what is found out about a source.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use linkspan_model::event::EventKind;
use linkspan_model::ids::SourceId;
use linkspan_store::{LedgerRow, NewEvent, Source, SourceState, StoreError, StreamState, SyncNotice};
use serde_json::json;

use crate::engine::{Engine, Inner};
use crate::error::EngineError;
use crate::sync::SyncReport;

/// A source is told to stall when a stream of it has not ended well for so long, or for three of its usual pauses if that
/// is longer.
const STALLED_AFTER: SignedDuration = SignedDuration::from_hours(6);
const STALLED_AFTER_PAUSES: u32 = 3;

impl Engine {
    /// Looks for sources that are not read to their end any more and tells of each once (hazard S16). The worker does so
    /// by itself.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tell_stalls(&self) -> Result<(), EngineError> {
        self.inner.tell_stalls().await
    }
}

impl Inner {
    /// Tells followers of the feed that there may be something new in it.
    pub(crate) fn feed_grew(&self) {
        self.feed.send_modify(|times| *times = times.wrapping_add(1));
    }

    /// Tells that upstream and what was held here of a container differed.
    pub(crate) async fn tell_drift(&self, source: SourceId, row: &LedgerRow) -> Result<(), EngineError> {
        let (upstream, held) = (row.upstream.unwrap_or_default(), row.stored.unwrap_or_default());
        let details = json!({ "container": row.container, "upstream": upstream, "held": held });
        self.tell(EventKind::LedgerDrift, source, details).await
    }

    pub(crate) async fn tell(
        &self,
        kind: EventKind,
        source: SourceId,
        details: serde_json::Value,
    ) -> Result<(), EngineError> {
        let event = NewEvent { kind, source: Some(source), account: None, details };
        self.store.append_event(&event, self.clock.now()).await?;
        self.feed_grew();
        Ok(())
    }

    async fn tell_sync(&self, source: SourceId, notice: &SyncNotice) -> Result<(), EngineError> {
        match self.store.note_sync(source, notice, self.clock.now()).await {
            Ok(true) => self.feed_grew(),
            // Unlinked meanwhile: there is nobody to tell.
            Ok(false) | Err(StoreError::SourceGone(_)) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// A reading began: the first one is told.
    pub(crate) async fn tell_sync_started(&self, source: SourceId) -> Result<(), EngineError> {
        self.tell_sync(source, &SyncNotice::Started).await
    }

    /// A reading ended: the first one is told, and each that changed something.
    pub(crate) async fn tell_sync_completed(
        &self,
        source: SourceId,
        report: &SyncReport,
    ) -> Result<(), EngineError> {
        let failed = report.failed.iter().map(|(stream, _)| (*stream).to_owned()).collect();
        self.tell_sync(source, &SyncNotice::Completed { changed: report.changed, failed }).await
    }

    pub(crate) async fn tell_stalls(&self) -> Result<(), EngineError> {
        for source in self.store.sources().await? {
            if source.state == SourceState::Active && !self.is_reading(source.id) {
                self.tell_stall(&source).await?;
            }
        }
        Ok(())
    }

    async fn tell_stall(&self, source: &Source) -> Result<(), EngineError> {
        let control = self.store.source_control(source.id).await?;
        if control.paused_at.is_some() {
            return Ok(());
        }
        let sync_every = self.sync_every_of(source.id, &control);
        let pauses = sync_every.saturating_mul(STALLED_AFTER_PAUSES);
        let pauses = SignedDuration::try_from(pauses).unwrap_or(SignedDuration::MAX);
        let Ok(bound) = self.clock.now().checked_sub(STALLED_AFTER.max(pauses)) else { return Ok(()) };
        let streams = self.store.get_streams(source.id).await?;
        let Some(notice) = stall_of(source.created_at, &streams, bound) else { return Ok(()) };
        // Of a dead grant the vendor was told in its own words.
        let is_dead = self
            .store
            .grant(source.grant)
            .await?
            .is_none_or(|grant| grant.state != linkspan_store::GrantState::Healthy);
        if is_dead {
            return Ok(());
        }
        self.tell_sync(source.id, &notice).await
    }

    /// Looks for stalls, but not at every turn of the worker.
    pub(crate) async fn tell_stalls_now_and_then(self: &Arc<Self>, last: &mut Option<tokio::time::Instant>) {
        /// How often to look: a stall is hours old when it is told.
        const LOOK_EVERY: Duration = Duration::from_mins(1);
        if last.is_some_and(|at| at.elapsed() < LOOK_EVERY) {
            return;
        }
        *last = Some(tokio::time::Instant::now());
        if let Err(error) = self.tell_stalls().await {
            tracing::warn!(%error, "could not look for sources that stall");
        }
    }
}

/// Whether a source stalls: a stream that failed, or hangs, has not ended well since `bound`, or none has.
fn stall_of(linked_at: Timestamp, streams: &[StreamState], bound: Timestamp) -> Option<SyncNotice> {
    let ended_well = |stream: &StreamState| stream.progress.last_success_at.unwrap_or(linked_at);
    let troubled = |stream: &&StreamState| matches!(&*stream.progress.phase, "failed" | "running");
    let stuck: Vec<&StreamState> =
        streams.iter().filter(troubled).filter(|stream| ended_well(stream) < bound).collect();
    if !stuck.is_empty() {
        let reason = stuck.iter().find_map(|stream| stream.progress.last_error.clone());
        return Some(SyncNotice::Stalled {
            reason: reason.unwrap_or_else(|| "a stream was begun and never ended".to_owned()),
            streams: stuck.iter().map(|stream| stream.stream.clone()).collect(),
        });
    }
    let latest = streams.iter().filter_map(|stream| stream.progress.last_success_at).max();
    (latest.unwrap_or(linked_at) < bound).then(|| SyncNotice::Stalled {
        reason: "nothing of the source could be read to its end".to_owned(),
        streams: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use linkspan_store::StreamProgress;

    use super::*;

    fn stream(name: &str, phase: &str, success: Option<i64>) -> StreamState {
        let at = |second| Timestamp::from_second(second).unwrap();
        let progress = StreamProgress {
            phase: phase.to_owned(),
            last_success_at: success.map(at),
            last_error: (phase == "failed").then(|| "refused".to_owned()),
            ..StreamProgress::default()
        };
        StreamState { stream: name.to_owned(), state: None, progress }
    }

    fn stalls(linked: i64, streams: &[StreamState]) -> Option<Vec<String>> {
        let at = |second| Timestamp::from_second(second).unwrap();
        stall_of(at(linked), streams, at(1_000)).map(|notice| match notice {
            SyncNotice::Stalled { streams, .. } => streams,
            _ => unreachable!("a stall"),
        })
    }

    #[test]
    fn s16_a_source_stalls_when_a_stream_does_not_end_well_for_long() {
        let good = stream("projects", "done", Some(2_000));
        assert_eq!(stalls(0, std::slice::from_ref(&good)), None);
        assert_eq!(stalls(0, &[good.clone(), stream("issues", "failed", Some(1_500))]), None);
        let stuck = Some(vec!["issues".to_owned()]);
        assert_eq!(stalls(0, &[good.clone(), stream("issues", "failed", Some(500))]), stuck);
        assert_eq!(stalls(0, &[good.clone(), stream("issues", "running", None)]), stuck);
        assert_eq!(stalls(1_500, &[good.clone(), stream("issues", "running", None)]), None, "just linked");
        assert_eq!(stalls(0, &[good, stream("audit", "skipped", None)]), None);
        assert_eq!(stalls(0, &[stream("projects", "done", Some(500))]), Some(vec![]));
        assert_eq!(stalls(0, &[]), Some(vec![]));
        assert_eq!(stalls(1_500, &[]), None);
    }
}
