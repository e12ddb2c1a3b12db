//! Storing issues so that an older version never takes the place of a newer one (hazards S2, W5).
//!
//! Issues are read on several ways at once: page by page the first time, by what changed, and by id when a delivery points at
//! them. A page may have been on its way while an issue on it was read again, and the search index shows issues as they were a
//! while ago. So who stores issues compares them with what is stored, and nobody else stores any in between.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::convert::Converted;
use linkspan_model::absence::Absence;
use linkspan_model::ids::RecordId;
use linkspan_model::record::Model;
use linkspan_store::Checkpoint;

use super::super::run::Run;
use crate::error::EngineError;
use crate::locks::Held;

/// So long after a deletion, lists and searches may still show what was deleted.
const DELETED_LATELY: SignedDuration = SignedDuration::from_mins(15);

impl Run {
    /// Lets nobody else store issues of the source until what comes back is dropped.
    pub(super) async fn issue_writer(&self) -> Held {
        self.inner.issue_writers.hold(self.id()).await
    }
}

/// Stores what a page of issues became, but for issues of which a newer version is stored.
pub(super) async fn write(
    run: &Run,
    converted: Converted,
    checkpoint: Option<Checkpoint>,
) -> Result<(), EngineError> {
    let _writer = run.issue_writer().await;
    let converted = without_older(run, converted, false).await?;
    run.write(converted, checkpoint).await
}

/// The same for issues that were read by their ids: what is found so is there, though it was deleted a moment ago.
pub(super) async fn write_found(run: &Run, converted: Converted) -> Result<(), EngineError> {
    let _writer = run.issue_writer().await;
    let converted = without_older(run, converted, true).await?;
    run.write(converted, None).await
}

async fn without_older(run: &Run, converted: Converted, is_by_id: bool) -> Result<Converted, EngineError> {
    let told: Vec<(RecordId, Timestamp)> = converted
        .records
        .iter()
        .filter(|record| record.body.model() == Model::Ticket)
        .filter_map(|record| Some((record.id, record.remote_updated_at?)))
        .collect();
    let ids: Vec<RecordId> = told.iter().map(|(id, _)| *id).collect();
    let stored = run.inner.store.versions_of(run.id(), &ids).await?;
    let is_older = |(id, updated): &&(RecordId, Timestamp)| {
        stored.get(id).is_some_and(|version| version.is_some_and(|version| *updated < version))
    };
    let mut older: HashSet<RecordId> = told.iter().filter(is_older).map(|(id, _)| *id).collect();
    if !is_by_id {
        // A page that was on its way, or an index that is behind, shows what was deleted a moment ago. What did come back is
        // found by its id.
        let until = run.began().min(run.inner.clock.now() - DELETED_LATELY);
        let states = run.inner.store.record_states(run.id(), &ids).await?;
        let lately = states.into_iter().filter(|(_, state)| {
            state.absence == Some(Absence::Removed) && state.absent_since.is_some_and(|since| since > until)
        });
        older.extend(lately.map(|(id, _)| id));
    }
    if older.is_empty() {
        return Ok(converted);
    }
    tracing::debug!(source.id = %run.id(), issues = older.len(), "older than what is stored");
    Ok(converted.without_issues(&older))
}
