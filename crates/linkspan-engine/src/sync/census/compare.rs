//! A page of ids against what is stored of them: what is missing, moved or stale is read by id at once.

use std::collections::BTreeSet;

use linkspan_model::absence::Absence;
use linkspan_model::ids::RecordId;
use linkspan_model::record::Model;
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
    let record = |id: u64| RecordId::of(run.id(), row.model, &lists.remote_id(id));
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
        if !lists.spans_site() && known.container != Some(row.container) {
            moved.push(listed.id);
        } else if is_archived && !lists.shows_archived() {
            unarchived.push(record(listed.id));
        } else if (lists.shows_archived() && !lists.spans_site() && is_archived != listed.is_archived)
            || listed.changed_at.is_some_and(|at| known.remote_updated_at != Some(at))
        {
            outdated.push(listed.id);
        }
    }
    for (kind, ids) in [(MISSING, missing), (MOVED, moved), (STALE, outdated)] {
        if ids.is_empty() {
            continue;
        }
        let mut found = BTreeSet::new();
        for part in ids.chunks(lists.ids_per_call()) {
            found.extend(lists.read(part).await?);
        }
        spend(run, (ids.len() + found.len()) as u64);
        state.note(kind, found.len());
        // The index may show what is gone already.
        state.unread += (ids.len() - found.len()) as u64;
    }
    if !unarchived.is_empty() {
        state.note(ARCHIVED, unarchived.len());
        let ids: Vec<u64> =
            listed.iter().filter(|one| unarchived.contains(&record(one.id))).map(|one| one.id).collect();
        run.unarchive(unarchived).await?;
        // An article tells of its archive itself.
        if row.model == Model::Article {
            for part in ids.chunks(lists.ids_per_call()) {
                lists.read(part).await?;
            }
        }
    }
    Ok(())
}

/// What a page shows without what hangs on something that is out of sight: that comes and goes with it.
pub(super) async fn in_sight(
    run: &Run,
    lists: &impl Lists,
    listed: Vec<ListedId>,
) -> Result<Vec<ListedId>, EngineError> {
    if !lists.spans_site() {
        return Ok(listed);
    }
    let store = &run.inner.store;
    let own = |listed: &ListedId| RecordId::of(run.id(), lists.model(), &lists.remote_id(listed.id));
    // Where a list does not tell what something hangs on, what is stored does.
    let untold: Vec<RecordId> = listed.iter().filter(|listed| listed.host.is_none()).map(own).collect();
    let stored = store.record_states(run.id(), &untold).await?;
    let host_of = |listed: &ListedId| {
        let of_stored = || stored.get(&own(listed)).filter(|known| !known.deleted)?.parent;
        listed.host.or_else(of_stored)
    };
    let hosts: BTreeSet<RecordId> = listed.iter().filter_map(host_of).collect();
    let hosts = store.record_states(run.id(), &hosts.into_iter().collect::<Vec<_>>()).await?;
    let in_sight = listed.into_iter().filter_map(|listed| {
        let host = hosts.get(&host_of(&listed)?).filter(|host| !host.deleted)?;
        Some(ListedId { is_archived: host.absence == Some(Absence::Archived), ..listed })
    });
    Ok(in_sight.collect())
}
