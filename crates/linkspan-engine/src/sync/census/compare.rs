//! A page of ids against what is stored of them: what is missing, moved or stale is read by id at once.

use std::collections::BTreeSet;

use linkspan_model::absence::Absence;
use linkspan_model::ids::RecordId;
use linkspan_store::LedgerRow;

use super::super::run::Run;
use super::walk::{WalkState, spend};
use super::{ListedId, Lists};
use crate::error::EngineError;

/// What upstream has and is not here, or not alive.
pub(super) const MISSING: &str = "missing";
/// What lies in another container than was stored.
pub(super) const MOVED: &str = "moved";
/// What changed without being read.
pub(super) const STALE: &str = "stale";
/// What is archived, or was taken out of the archive.
pub(super) const ARCHIVED: &str = "archived";
/// What is here and upstream has not.
pub(super) const SURPLUS: &str = "surplus";

/// Compares a page of a list with what is stored, and repairs what differs.
pub(super) async fn page(
    run: &Run,
    lists: &impl Lists,
    row: &LedgerRow,
    listed: &[ListedId],
    state: &mut WalkState,
) -> Result<(), EngineError> {
    let record = |id: u64| RecordId::of(run.id(), row.model, &id.to_string());
    let ids: Vec<RecordId> = listed.iter().map(|listed| record(listed.id)).collect();
    let states = run.inner.store.record_states(run.id(), &ids).await?;
    let (mut missing, mut moved, mut outdated, mut unarchived) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for listed in listed {
        let known = states.get(&record(listed.id)).filter(|known| !known.deleted);
        let Some(known) = known else {
            missing.push(listed.id);
            continue;
        };
        let is_archived = known.absence == Some(Absence::Archived);
        if known.container != Some(row.container) {
            moved.push(listed.id);
        } else if is_archived && !lists.shows_archived() {
            unarchived.push(record(listed.id));
        } else if (lists.shows_archived() && is_archived != listed.is_archived)
            || listed.changed_at.is_some_and(|at| known.remote_updated_at != Some(at))
        {
            outdated.push(listed.id);
        }
    }
    for (kind, ids) in [(MISSING, missing), (MOVED, moved), (STALE, outdated)] {
        if ids.is_empty() {
            continue;
        }
        let found: BTreeSet<u64> = lists.read(&ids).await?;
        spend(run, (ids.len() + found.len()) as u64);
        state.note(kind, found.len());
        // The index may show what is gone already.
        state.unread += (ids.len() - found.len()) as u64;
    }
    if !unarchived.is_empty() {
        state.note(ARCHIVED, unarchived.len());
        run.unarchive(unarchived).await?;
    }
    Ok(())
}
