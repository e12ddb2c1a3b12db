//! Storing issues so that an older version never takes the place of a newer one (hazards S2, W5).
//!
//! Issues are read on several ways at once: page by page the first time, by what changed, and by id when a delivery points at
//! them. A page may have been on its way while an issue on it was read again, and the search index shows issues as they were a
//! while ago. So who stores issues compares them with what is stored, and nobody else stores any in between.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

use jiff::Timestamp;
use linkspan_atlassian::convert::Converted;
use linkspan_model::ids::RecordId;
use linkspan_model::record::Model;
use linkspan_store::Checkpoint;
use tokio::sync::OwnedMutexGuard;

use super::super::run::Run;
use crate::error::EngineError;

impl Run {
    /// Lets nobody else store issues of the source until what comes back is dropped.
    pub(super) async fn issue_writer(&self) -> OwnedMutexGuard<()> {
        let writers = {
            let mut writers = self.inner.issue_writers.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(writers.entry(self.id()).or_default())
        };
        writers.lock_owned().await
    }
}

/// Stores what a page of issues became, but for issues of which a newer version is stored.
pub(super) async fn write(
    run: &Run,
    converted: Converted,
    checkpoint: Option<Checkpoint>,
) -> Result<(), EngineError> {
    let _writer = run.issue_writer().await;
    let converted = without_older(run, converted).await?;
    run.write(converted, checkpoint).await
}

async fn without_older(run: &Run, converted: Converted) -> Result<Converted, EngineError> {
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
    let older: HashSet<RecordId> = told.iter().filter(is_older).map(|(id, _)| *id).collect();
    if older.is_empty() {
        return Ok(converted);
    }
    tracing::debug!(source.id = %run.id(), issues = older.len(), "older than what is stored");
    Ok(converted.without_issues(&older))
}
