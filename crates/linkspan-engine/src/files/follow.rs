//! Follows the attachments of every source, in a task of its own: reads their content ahead where the settings say so, and
//! drops copies whose attachments are gone. Reading a source never waits for it: it has few connections, and its calls wait
//! in the lane that comes last for points.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use linkspan_model::ids::{RecordId, SourceId};
use linkspan_model::record::Model;
use linkspan_store::{
    FileState, ListFilter, RecordPosition, Source, SourceState, StoreError, StoredFile, StreamProgress,
    StreamState,
};
use serde::{Deserialize, Serialize};

use super::MAX_BYTES_AHEAD;
use super::pass::{SHORT_WAIT, TRANSFER_TIME, written};
use super::problem::FileProblem;
use super::transfer::Transfer;
use super::wanted::Wanted;
use crate::engine::Inner;
use crate::error::EngineError;
use crate::quota::Lane;

/// How often attachments are looked for, at the least.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Attachments looked at in one step.
const PAGE: u32 = 500;
/// Such steps for a source before the next source has its turn.
const PAGES_IN_TURN: usize = 20;
/// Files of one source that are taken up before the next source has its turn.
const FILES_IN_TURN: u32 = 8;
/// Files read at a time.
const PARALLEL_FILES: usize = 2;
/// Waits before a file that failed is tried again; after the last it is left until its attachment changes, or is asked for.
const WAITS: [SignedDuration; 4] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(3),
];
/// How long a source rests whose every file would fail.
const REST: SignedDuration = SignedDuration::from_mins(10);

/// Where following stands, when content is read ahead. Another name than [`COPIES`], so that a server that begins to read
/// ahead begins with the first attachment.
const AHEAD: &str = "files";
/// Where following stands, when only copies are looked after.
const COPIES: &str = "file-copies";

/// A place in the list of attachments.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    modified_at: i64,
    id: RecordId,
}

impl Inner {
    /// Follows until the engine stops.
    pub(crate) async fn follow_files(self: Arc<Self>) {
        if self.files.folder.is_none() {
            return;
        }
        loop {
            let went_on = match self.follow_sources().boxed().await {
                Ok(went_on) => went_on,
                Err(error) => {
                    tracing::warn!(%error, "attachments could not be followed");
                    false
                }
            };
            // At once only behind work that was done: then there may be more of it.
            let pause = if went_on { Duration::ZERO } else { LOOK_EVERY.min(self.settings.sync_every) };
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Gives every source its turn; whether any file was taken up.
    async fn follow_sources(self: &Arc<Self>) -> Result<bool, EngineError> {
        let mut went_on = false;
        for source in self.store.sources().await? {
            if source.state != SourceState::Active {
                continue;
            }
            match self.follow_source(Arc::new(source)).await {
                Ok(taken) => went_on |= taken,
                Err(EngineError::Store(StoreError::SourceGone(_))) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(went_on)
    }

    async fn follow_source(self: &Arc<Self>, source: Arc<Source>) -> Result<bool, EngineError> {
        self.note_attachments(source.id).await?;
        let now = self.clock.now();
        if !self.files.ahead || self.rests(source.id, now) {
            return Ok(false);
        }
        let due = self.store.due_files(source.id, now, FILES_IN_TURN).await?;
        let turns = due.into_iter().map(|file| self.read_ahead(Arc::clone(&source), file).boxed());
        let taken: Vec<Result<bool, EngineError>> =
            stream::iter(turns).buffer_unordered(PARALLEL_FILES).collect().await;
        taken.into_iter().try_fold(false, |any, taken| Ok(any | taken?))
    }

    /// Goes through the attachments that changed: what is new is to be read, what is gone is forgotten.
    async fn note_attachments(&self, source: SourceId) -> Result<(), EngineError> {
        let stream = if self.files.ahead { AHEAD } else { COPIES };
        let state = self.store.get_stream(source, stream).await?.and_then(|stream| stream.state);
        let place: Option<Place> = state.and_then(|text| serde_json::from_str(&text).ok());
        let mut after = place.and_then(|place| {
            let modified_at = Timestamp::from_millisecond(place.modified_at).ok()?;
            Some(RecordPosition { modified_at, id: place.id })
        });
        let filter = ListFilter { include_deleted: true, ..ListFilter::default() };
        for _ in 0..PAGES_IN_TURN {
            let page = self.store.list_records(source, Model::Attachment, &filter, after, PAGE).await?;
            let Some(last) = page.last().map(linkspan_store::StoredRecord::position) else { return Ok(()) };
            let mut expected = Vec::new();
            for record in page {
                let id = record.id;
                match Wanted::of(record)? {
                    Some(wanted) if self.files.ahead => expected.push((id, wanted.version)),
                    Some(_) => {}
                    None => self.forget_file(source, id).await?,
                }
            }
            self.store.expect_files(source, &expected, self.clock.now()).await?;
            let place = Place { modified_at: last.modified_at.as_millisecond(), id: last.id };
            let state = serde_json::to_string(&place)
                .map_err(|error| EngineError::Invalid(format!("a place cannot be written: {error}")))?;
            let progress = StreamProgress { phase: "following".to_owned(), ..StreamProgress::default() };
            let state = StreamState { stream: stream.to_owned(), state: Some(state), progress };
            self.store.put_stream_state(source, &state).await?;
            after = Some(last);
        }
        Ok(())
    }

    /// Reads one file that is due; whether it was taken up.
    async fn read_ahead(self: &Arc<Self>, source: Arc<Source>, due: StoredFile) -> Result<bool, EngineError> {
        let now = self.clock.now();
        if self.stop.is_cancelled() || self.rests(source.id, now) {
            return Ok(false);
        }
        let record = self.store.get_record(source.id, Model::Attachment, due.record).await?;
        let Some(wanted) = record.map(Wanted::of).transpose()?.flatten() else {
            self.forget_file(source.id, due.record).await?;
            return Ok(true);
        };
        if wanted.version != due.version {
            self.store.expect_files(source.id, &[(due.record, wanted.version)], now).await?;
            return Ok(true);
        }
        let cap = MAX_BYTES_AHEAD.min(self.files.max_bytes);
        if wanted.attachment.size.is_some_and(|size| size > cap) {
            self.leave_upstream(source.id, due, cap).await?;
            return Ok(true);
        }
        let read = tokio::time::timeout(TRANSFER_TIME, self.read_into_copy(&source, &wanted, cap)).await;
        match read.unwrap_or(Err(FileProblem::TimedOut)) {
            Ok(()) => {}
            Err(FileProblem::Internal(error)) => return Err(error),
            Err(FileProblem::TooLarge { cap }) if cap < self.files.max_bytes => {
                self.leave_upstream(source.id, due, cap).await?;
            }
            Err(problem) => self.put_off(source.id, due, &problem).await?,
        }
        Ok(true)
    }

    async fn read_into_copy(
        self: &Arc<Self>,
        source: &Arc<Source>,
        wanted: &Wanted,
        cap: u64,
    ) -> Result<(), FileProblem> {
        let content = wanted.call(source.product).ok_or(FileProblem::NoContent)?;
        let call = content.call;
        let no_room = || FileProblem::Unreachable { why: "this server's disk does not take it".to_owned() };
        let client = self.file_client(source, Lane::Backfill);
        let wait = client.wait_of(call).await.map_err(|error| FileProblem::of(error, call))?;
        if wait > SHORT_WAIT {
            // The source rests: files of other sources, which count elsewhere, are not held up.
            let why = "the points that files may take are used up".to_owned();
            return Err(FileProblem::Throttled { why, retry_after: wait });
        }
        let read = async {
            let mut transfer = Transfer::begin(client, content, cap).await?;
            let mut copy = self.begin_copy().await;
            while copy.is_some()
                && let Some(piece) = transfer.next().await?
            {
                copy = written(copy, &piece).await;
            }
            Ok((copy, transfer))
        };
        let (copy, transfer) = tokio::select! {
            read = read => read.map_err(|error| FileProblem::of(error, call))?,
            () = self.stop.cancelled() => return Err(FileProblem::Busy),
        };
        let copy = copy.ok_or_else(no_room)?;
        let kept = self.keep_file(source.id, wanted, Some(copy), transfer.finish()).await?;
        if kept.state == FileState::Stored { Ok(()) } else { Err(no_room()) }
    }

    /// A file that is too large to be read before somebody asks for it.
    async fn leave_upstream(&self, source: SourceId, due: StoredFile, cap: u64) -> Result<(), EngineError> {
        let reason = format!(
            "The file is larger than the {cap} bytes that are read ahead; it is read when somebody asks for it."
        );
        let left = StoredFile {
            state: FileState::Upstream,
            reason: Some(reason),
            ..StoredFile::unknown(due.record, due.version)
        };
        Ok(self.put_file(source, &left).await?)
    }

    /// Notes why a file could not be read, and when it is tried again.
    async fn put_off(
        &self,
        source: SourceId,
        due: StoredFile,
        problem: &FileProblem,
    ) -> Result<(), EngineError> {
        if matches!(problem, FileProblem::Busy) {
            return Ok(());
        }
        tracing::info!(source.id = %source, %problem, "an attachment could not be read");
        let now = self.clock.now();
        let mut file = StoredFile { reason: Some(problem.to_string()), ..due };
        if problem.concerns_source() {
            // No fault of this file's: it stays due, and all of the source rest.
            let until = match problem {
                FileProblem::Throttled { retry_after, .. } => {
                    now + SignedDuration::try_from(*retry_after).unwrap_or(REST)
                }
                _ => now + REST,
            };
            self.files.resting.lock().unwrap_or_else(PoisonError::into_inner).insert(source, until);
        } else {
            file.state = FileState::Failed;
            let wait = usize::try_from(file.tries).ok().and_then(|tries| WAITS.get(tries));
            file.next_try_at = wait.filter(|_| !problem.is_final()).map(|wait| now + *wait);
            file.tries = file.tries.saturating_add(1);
        }
        Ok(self.put_file(source, &file).await?)
    }

    fn rests(&self, source: SourceId, now: Timestamp) -> bool {
        let resting = self.files.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.get(&source).is_some_and(|until| now < *until)
    }
}
