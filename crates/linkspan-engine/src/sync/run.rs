//! One run over a source, and what its streams have in common.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::calls::{Call, Feature, ScopeSet, confluence, jira, missing_scopes};
use linkspan_atlassian::convert::{Converted, PageProblem};
use linkspan_atlassian::page::PageState;
use linkspan_atlassian::resources::{Resource, Way, gap_of, open_way};
use linkspan_model::ids::{RecordId, SourceId};
use linkspan_model::product::Product;
use linkspan_model::record::Model;
use linkspan_store::{
    Batch, Checkpoint, ChildSet, Removal, Source, SourceControl, StoredRaw, StreamProgress, StreamState,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use super::SyncReport;
use crate::control::every;
use crate::engine::Inner;
use crate::error::EngineError;
use crate::estimate::{Course, Estimate};
use crate::progress::{ContentCount, Phase, RunMeter};
use crate::quota::Lane;
use crate::upstream::SourceClient;

/// The most rows of one transaction: what is larger is written in parts, the checkpoint with the last.
const ROWS_PER_BATCH: usize = 4_000;

/// How often a first reading's estimate is logged.
const LOG_ESTIMATE_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// One run over a source.
pub(super) struct Run {
    pub(super) inner: Arc<Inner>,
    pub(super) source: Arc<Source>,
    pub(super) client: SourceClient,
    meter: Arc<RunMeter>,
    stop: CancellationToken,
    /// When the run began: everything it stores was fetched later.
    began: Timestamp,
    /// The latest erasure that was known when it began.
    knew: i64,
    /// Accounts without a name of which it was asked for one.
    pub(super) nameless: Mutex<HashSet<String>>,
    failed: Mutex<Vec<(&'static str, String)>>,
    /// Entries made in the change feed.
    changed: AtomicU64,
    /// When its first reading of content began, and what was spent before.
    content_began: OnceLock<(Timestamp, ContentCount)>,
    /// When its estimate was last logged.
    estimate_logged: Mutex<Option<Timestamp>>,
    /// What the grant holds on the site.
    pub(super) granted: ScopeSet,
    /// What the vendor wants of the source.
    control: SourceControl,
}

impl Run {
    pub(super) fn new(
        inner: Arc<Inner>,
        source: Source,
        granted: ScopeSet,
        control: SourceControl,
        stop: CancellationToken,
    ) -> Self {
        let source = Arc::new(source);
        let meter = Arc::new(RunMeter::default());
        let client = SourceClient::new(
            Arc::clone(&inner),
            Arc::clone(&source),
            Lane::Upkeep,
            Arc::clone(&meter),
            stop.clone(),
        )
        .weighing(control.weight);
        let (began, nameless, failed) = (inner.clock.now(), Mutex::default(), Mutex::default());
        let (knew, changed) = (inner.latest_erasure(), AtomicU64::new(0));
        Self {
            inner,
            source,
            client,
            meter,
            stop,
            began,
            knew,
            nameless,
            failed,
            changed,
            granted,
            control,
            content_began: OnceLock::new(),
            estimate_logged: Mutex::default(),
        }
    }

    /// How often a stream on a clock of its own is read: as the vendor wants, or as usual.
    pub(super) fn every(&self, stream: &str, usual: SignedDuration) -> SignedDuration {
        every(&self.control, stream, usual)
    }

    /// Whether the operator wants this read.
    pub(super) fn wants(&self, feature: Feature) -> bool {
        self.inner.settings.features.contains(&feature)
    }

    /// Whether the grant opens a call.
    pub(super) fn opens(&self, call: &'static Call) -> bool {
        missing_scopes(call, &self.granted).is_none()
    }

    /// The best way to a resource that the grant opens; `None` where it opens none, or the operator does not want it.
    pub(super) fn way_to(&self, resource: &'static Resource) -> Option<&'static Way> {
        open_way(resource, &self.granted).filter(|_| self.wants(resource.feature))
    }

    /// When the run began: everything it stores was fetched later.
    pub(super) fn began(&self) -> Timestamp {
        self.began
    }

    pub(super) fn id(&self) -> SourceId {
        self.source.id
    }

    /// Whether any of these streams failed in this run.
    pub(super) fn has_failed(&self, streams: &[&str]) -> bool {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.iter().any(|(stream, _)| streams.contains(stream))
    }

    pub(super) fn report(&self) -> SyncReport {
        SyncReport {
            failed: self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            requests: self.meter.requests(),
            points: self.meter.points(),
            changed: self.changed.load(Ordering::Relaxed),
        }
    }

    /// Announces the streams of this run.
    pub(super) fn announce(&self, streams: &[&'static str]) {
        self.inner.progress.announce(self.id(), streams);
    }

    /// Notes items read.
    pub(super) fn add(&self, stream: &'static str, items: u64) {
        self.inner.progress.add(self.id(), stream, items);
        self.estimate();
    }

    /// Notes items to expect.
    pub(super) fn expect(&self, stream: &'static str, items: u64) {
        self.inner.progress.expect(self.id(), stream, items);
    }

    /// Whether a stream was read to its end before.
    pub(super) async fn was_read(&self, stream: &str) -> Result<bool, EngineError> {
        let state = self.inner.store.get_stream(self.id(), stream).await?;
        Ok(state.is_some_and(|state| state.progress.last_success_at.is_some()))
    }

    /// Notes items for which everything was read that belongs to them; those that are stored at once need no note.
    pub(super) fn prepared(&self, items: u64) {
        self.meter.prepare(items);
    }

    /// Shows, and now and then logs, what a first reading still takes.
    pub(super) fn estimate(&self) {
        let now = self.inner.clock.now();
        let spent = self.meter.content();
        let (began, before) = self.content_began.get().copied().unwrap_or((now, spent));
        let call = match self.source.product {
            Product::Jira => &jira::SEARCH_JQL,
            Product::Confluence => &confluence::PAGES,
        };
        let budget = self.client.budget(call);
        let course = Course { began, now, before, spent, budget };
        let Some(estimate) = Estimate::of(&course, &self.inner.progress.of(self.id())) else { return };
        let is_due = {
            let mut logged = self.estimate_logged.lock().unwrap_or_else(PoisonError::into_inner);
            let is_due = logged.is_none_or(|at| now >= at + LOG_ESTIMATE_EVERY);
            if is_due {
                *logged = Some(now);
            }
            is_due
        };
        if is_due {
            let Estimate { percent, points_needed, finishes_at, limited_by, .. } = &estimate;
            let (percent, limited_by) = (percent.round(), limited_by.as_str());
            tracing::info!(source.id = %self.id(), percent, points_needed, ?finishes_at, limited_by, "a first reading goes on");
        }
        self.inner.progress.estimated(self.id(), Some(estimate));
    }

    /// Reads one stream, and shows and stores how it went. `None` when upstream refused it; the run goes on without. What
    /// stops the whole run (the store, the grant, a stop) is passed on.
    pub(super) async fn stream<T>(
        &self,
        name: &'static str,
        work: BoxFuture<'_, Result<T, EngineError>>,
    ) -> Result<Option<T>, EngineError> {
        let started_at = Some(self.inner.clock.now());
        let before = self.inner.store.get_stream(self.id(), name).await?.map(|state| state.progress);
        let before = before.unwrap_or_default();
        let lane = lane_of(name, before.last_success_at.is_none());
        self.client.change_lane(lane);
        if lane == Lane::Backfill {
            self.content_began.get_or_init(|| (self.inner.clock.now(), self.meter.content()));
            self.estimate();
        }
        self.inner.progress.set(self.id(), name, Phase::Running);
        self.note(name, StreamProgress { phase: "running".to_owned(), started_at, ..before.clone() }).await?;
        let result = work.await;
        // What stands between the streams belongs to none of them.
        self.client.change_lane(Lane::Upkeep);
        let done =
            self.inner.progress.of(self.id()).iter().find(|row| row.stream == name).map_or(0, |row| row.done);
        let now = self.inner.clock.now();
        let mut after = StreamProgress {
            phase: "done".to_owned(),
            items_done: i64::try_from(done).unwrap_or(i64::MAX),
            items_expected: None,
            started_at,
            finished_at: Some(now),
            last_error: None,
            last_success_at: Some(now),
            fresh_as_of: fresh_as_of(&before, started_at),
        };
        match result {
            Ok(value) => {
                self.inner.progress.set(self.id(), name, Phase::Done);
                self.note(name, after).await?;
                Ok(Some(value))
            }
            Err(error @ (EngineError::Call(_) | EngineError::Page(_))) => {
                let why = error.to_string();
                tracing::warn!(source.id = %self.id(), stream = name, error = %why, "a stream could not be read");
                self.inner.progress.set(self.id(), name, Phase::Failed(why.clone()));
                self.failed.lock().unwrap_or_else(PoisonError::into_inner).push((name, why.clone()));
                "failed".clone_into(&mut after.phase);
                after.last_error = Some(why);
                (after.last_success_at, after.fresh_as_of) = (before.last_success_at, before.fresh_as_of);
                self.note(name, after).await?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Reads one stream by the best way to what it brings. A stream to which the grant opens no way is skipped: that is no
    /// failure of the run, and `None` comes back. Who may see things is read whatever else is wanted.
    pub(super) async fn stream_by_way<'w, T>(
        &self,
        name: &'static str,
        kind: &'static str,
        work: impl FnOnce(&'static Way) -> BoxFuture<'w, Result<T, EngineError>>,
    ) -> Result<Option<T>, EngineError> {
        let resource = Resource::of_kind(kind)
            .ok_or_else(|| EngineError::Invalid(format!("`{kind}` is no kind of thing that is read")))?;
        let way = if Feature::SEARCH.contains(&resource.feature) {
            open_way(resource, &self.granted)
        } else {
            self.way_to(resource)
        };
        if let Some(way) = way {
            return self.stream(name, work(way)).await;
        }
        self.skip(name, self.why_closed(resource)).await?;
        Ok(None)
    }

    /// Why a resource is not read, in words.
    pub(super) fn why_closed(&self, resource: &'static Resource) -> String {
        if !self.wants(resource.feature) {
            return format!("{} are not among what is to be read", resource.title);
        }
        let missing = gap_of(resource, &self.granted).map(|gap| gap.missing.join(", ")).unwrap_or_default();
        format!(
            "the grant does not open {}: it lacks {missing}; ask the customer to link again",
            resource.title
        )
    }

    /// Shows and stores that a stream is not read, because the grant does not open what it brings.
    pub(super) async fn skip_kind(&self, name: &'static str, kind: &str) -> Result<(), EngineError> {
        let why = Resource::of_kind(kind).map(|resource| self.why_closed(resource)).unwrap_or_default();
        self.skip(name, why).await
    }

    /// Shows and stores that a stream is not read, and why. What an earlier run brought stays.
    pub(super) async fn skip(&self, name: &'static str, why: String) -> Result<(), EngineError> {
        let before = self.inner.store.get_stream(self.id(), name).await?.map(|state| state.progress);
        let now = Some(self.inner.clock.now());
        let progress = StreamProgress {
            phase: "skipped".to_owned(),
            started_at: now,
            finished_at: now,
            last_error: Some(why.clone()),
            ..before.unwrap_or_default()
        };
        self.inner.progress.set(self.id(), name, Phase::Skipped(why));
        self.note(name, progress).await
    }

    /// Stores that upstream refuses a part of a stream, and why. What an earlier run brought stays.
    pub(super) async fn refuse(&self, name: String, why: String) -> Result<(), EngineError> {
        let progress = StreamProgress {
            phase: "refused".to_owned(),
            finished_at: Some(self.inner.clock.now()),
            last_error: Some(why),
            ..StreamProgress::default()
        };
        let state = StreamState { stream: name, state: None, progress };
        Ok(self.inner.store.put_stream_state(self.id(), &state).await?)
    }

    async fn note(&self, name: &'static str, progress: StreamProgress) -> Result<(), EngineError> {
        let state = StreamState { stream: name.to_owned(), state: None, progress };
        Ok(self.inner.store.put_stream_state(self.id(), &state).await?)
    }

    /// Where a stream stood.
    pub(super) async fn checkpoint<S: DeserializeOwned>(
        &self,
        stream: &str,
    ) -> Result<Option<S>, EngineError> {
        let Some(text) =
            self.inner.store.get_stream(self.id(), stream).await?.and_then(|stream| stream.state)
        else {
            return Ok(None);
        };
        // A checkpoint of an older form is worth no more than none: reading again does no harm.
        Ok(serde_json::from_str(&text).ok())
    }

    /// The checkpoint of a stream in the form in which it is stored.
    pub(super) fn mark(stream: &str, state: &impl Serialize) -> Result<Checkpoint, EngineError> {
        let state = serde_json::to_string(state)
            .map_err(|error| EngineError::Invalid(format!("a checkpoint cannot be written: {error}")))?;
        Ok(Checkpoint { stream: stream.to_owned(), state, ..Checkpoint::default() })
    }

    /// Stores what a page became, with the stream's checkpoint.
    pub(super) async fn write(
        &self,
        converted: Converted,
        checkpoint: Option<Checkpoint>,
    ) -> Result<(), EngineError> {
        if self.stop.is_cancelled() {
            return Err(EngineError::Stopped);
        }
        for batch in batches(converted, checkpoint) {
            let (inner, source) = (Arc::clone(&self.inner), self.id());
            let (began, knew) = (self.began, self.knew);
            // A task of its own: while one list's batch is prepared, another's statements go on to the database.
            let written =
                self.inner.tasks.spawn(async move { inner.write_guarded(source, batch, began, knew).await });
            let outcome = written
                .await
                .map_err(|error| EngineError::Invalid(format!("a batch could not be written: {error}")))??;
            self.changed.fetch_add(outcome.changes(), Ordering::Relaxed);
        }
        Ok(())
    }

    /// Marks records as gone upstream.
    pub(super) async fn remove(&self, removed: Vec<(Model, RecordId)>) -> Result<(), EngineError> {
        self.make_absent(removed.into_iter().map(Removal::from).collect()).await
    }

    /// Takes the mark of the archive off records.
    pub(super) async fn unarchive(&self, unarchived: Vec<RecordId>) -> Result<(), EngineError> {
        let batch = Batch { unarchived, ..Batch::default() };
        self.inner.write_guarded(self.id(), batch, self.began, self.knew).await.map(drop)
    }

    /// Those of stored raws whose records are not gone: what is gone must not come back by being converted again.
    pub(super) async fn alive(&self, mut raws: Vec<StoredRaw>) -> Result<Vec<StoredRaw>, EngineError> {
        let ids: Vec<RecordId> = raws.iter().filter_map(|raw| raw.record).collect();
        let states = self.inner.store.record_states(self.id(), &ids).await?;
        let is_gone = |id: RecordId| states.get(&id).is_some_and(|state| state.deleted);
        raws.retain(|raw| !raw.record.is_some_and(is_gone));
        Ok(raws)
    }

    /// Marks records as absent upstream, each for its reason.
    pub(super) async fn make_absent(&self, removed: Vec<Removal>) -> Result<(), EngineError> {
        if self.stop.is_cancelled() {
            return Err(EngineError::Stopped);
        }
        let batch = Batch { removed, ..Batch::default() };
        let outcome = self.inner.write_guarded(self.id(), batch, self.began, self.knew).await?;
        self.changed.fetch_add(outcome.changes(), Ordering::Relaxed);
        Ok(())
    }
}

/// The lane of a stream's calls: what changed comes before what is read for the first time, and both keep clear of what is
/// read again from time to time.
fn lane_of(stream: &str, is_first_reading: bool) -> Lane {
    match stream {
        "issues" | "worklogs" | "pages" | "blogposts" | "comments" | "attachments" if is_first_reading => {
            Lane::Backfill
        }
        "issues" | "worklogs" | "pages" | "blogposts" | "comments" | "attachments" => Lane::Live,
        "versions" => Lane::Backfill,
        _ => Lane::Upkeep,
    }
}

/// The checkpoint of a list that is walked with upstream's own cursors.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub(super) struct ListCheckpoint {
    /// The walk that is under way.
    pub(super) walk: Option<PageState>,
    /// The list was read to its end once.
    pub(super) complete: bool,
    /// The latest change upstream had shown when the last complete walk began, in epoch milliseconds.
    pub(super) changed_until: Option<i64>,
}

/// The text of an answer; upstream's JSON is UTF-8 by definition.
pub(super) fn text(body: &[u8]) -> Result<&str, EngineError> {
    std::str::from_utf8(body).map_err(|_| {
        // Only JSON can tell its own place of failure, so a broken encoding is reported by the JSON reader.
        let error = serde_json::from_slice::<serde::de::IgnoredAny>(body).err();
        error.map_or_else(
            || EngineError::Invalid("the answer is not UTF-8".to_owned()),
            |error| EngineError::Page(PageProblem::NotJson(error)),
        )
    })
}

/// Carries out work, at most `limit` pieces at a time; the results come in the order of the work. The first failure ends it.
pub(super) async fn at_a_time<T>(
    limit: usize,
    work: Vec<BoxFuture<'_, Result<T, EngineError>>>,
) -> Result<Vec<T>, EngineError> {
    stream::iter(work).buffered(limit).try_collect().await
}

/// A short digest by which a text is recognised as unchanged.
pub(super) fn digest_of(text: &str) -> String {
    let hash = linkspan_vault::content_hash([text.as_bytes()]);
    uuid::Uuid::from_bytes(hash).simple().to_string()
}

/// Cuts what a page became into transactions. Child sets, which tombstone what they do not name, and the checkpoint go
/// with the last.
fn batches(converted: Converted, checkpoint: Option<Checkpoint>) -> Vec<Batch> {
    let Converted { raws, records, people, tags, complete, .. } = converted;
    let mut parts = Vec::new();
    let mut part = Batch::default();
    let mut rows = 0;
    let mut full = |part: &mut Batch| {
        rows += 1;
        if rows > ROWS_PER_BATCH {
            parts.push(std::mem::take(part));
            rows = 1;
        }
    };
    for raw in raws {
        full(&mut part);
        part.raws.push(raw);
    }
    for record in records {
        full(&mut part);
        part.records.push(record);
    }
    for person in people.into_iter().chain(tags) {
        full(&mut part);
        part.people.push(person);
    }
    part.child_sets = complete
        .into_iter()
        .map(|children| ChildSet { parent: children.parent, model: children.model, keep: children.ids })
        .collect();
    part.checkpoint = checkpoint;
    parts.push(part);
    parts
}

/// Up to when everything is here once a pass ended well. A first reading that was broken off was begun earlier than the pass that
/// ends it, and what changed meanwhile is the next one's.
fn fresh_as_of(before: &StreamProgress, started_at: Option<Timestamp>) -> Option<Timestamp> {
    let is_resumed = before.last_success_at.is_none() && before.started_at.is_some();
    started_at.filter(|_| !is_resumed)
}
