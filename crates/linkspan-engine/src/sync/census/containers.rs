//! Projects and spaces that come and go, and the reach of the account behind a grant (hazards S13, L13).
//!
//! | the listing | before | now |
//! | --- | --- | --- |
//! | shows it | anything | listed; what was gone with it is looked for by a walk |
//! | shows it as archived | listed | archived; what is in it stays served |
//! | shows it as archived | gone | archived; what was gone with it is read by id |
//! | does not show it, the trash does | anything | trashed, with what is in it |
//! | shows it no more, nor does the trash that showed it | trashed | removed, with what is in it |
//! | shows it no more, like a good part of all others at once | listed, archived | unreachable: nothing is concluded |
//! | shows it no more | listed, archived | access lost, with what is in it: upstream answers alike for what it deleted |

use std::collections::{HashMap, HashSet};

use futures_util::future::BoxFuture;
use linkspan_model::absence::Absence;
use linkspan_model::event::EventKind;
use linkspan_model::ids::RecordId;
use linkspan_model::record::Model;
use linkspan_store::{ContainerState, LedgerRow, Reach, Removal};
use serde_json::json;

use super::super::run::Run;
use super::ROWS_PER_READ;
use crate::error::EngineError;

/// One in so many of the containers gone at once is a reduced reach.
const REDUCED_SHARE: usize = 4;
/// So few may always go by themselves, unless they are all there are.
const FEW_CONTAINERS: usize = 1;
/// Records made absent in one transaction.
const RECORDS_PER_STEP: u32 = 1_000;

/// A container as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sync) struct Listed {
    /// Upstream's id.
    pub(in crate::sync) remote_id: String,
    /// Whether it is archived.
    pub(in crate::sync) is_archived: bool,
}

/// Takes in a listing of all containers that came to its end: `model` is counted in them, `of` is theirs. `trash` lists
/// the ids of what lies in the trash, where that can be seen; it is asked only when something is not listed.
pub(in crate::sync) async fn settle(
    run: &Run,
    (of, model): (Model, Model),
    listed: &[Listed],
    trash: impl FnOnce() -> BoxFuture<'static, Result<Option<HashSet<String>>, EngineError>> + Send,
) -> Result<(), EngineError> {
    let store = &run.inner.store;
    let rows = rows(run, model).await?;
    let by_id: HashMap<&str, &Listed> = listed.iter().map(|one| (one.remote_id.as_str(), one)).collect();
    let is_seen = |row: &LedgerRow| {
        matches!(row.state, ContainerState::Listed | ContainerState::Archived | ContainerState::Unreachable)
    };
    let known = rows.iter().filter(|row| is_seen(row)).count();
    let unlisted: Vec<&LedgerRow> =
        rows.iter().filter(|row| !by_id.contains_key(row.remote_id.as_str())).collect();
    let asks = unlisted.iter().any(|row| is_seen(row) || row.state == ContainerState::Trashed);
    let trashed = if asks { trash().await? } else { None };
    let in_trash = |row: &LedgerRow| trashed.as_ref().is_some_and(|ids| ids.contains(&row.remote_id));
    let vanished = unlisted.iter().filter(|row| is_seen(row) && !in_trash(row)).count();

    let before = store.reach(run.id()).await?.unwrap_or_default();
    let is_reduced = is_reduced(vanished, known) && before.accepted_at.is_none();
    let now = run.inner.clock.now();
    let reach = if is_reduced {
        let reduced_at = before.reduced_at.unwrap_or(now);
        if before.reduced_at.is_none() {
            tracing::warn!(
                source.id = %run.id(), known, missing = vanished,
                "reach reduced: the account behind the grant suddenly sees much less; what it saw is kept, and hidden"
            );
            let details = json!({ "known": known, "missing": vanished });
            run.inner.tell(EventKind::ReachReduced, run.id(), details).await?;
        }
        let (known, missing) = (known as u64, vanished as u64);
        Reach { known, missing, reduced_at: Some(reduced_at), accepted_at: None }
    } else {
        Reach { known: listed.len() as u64, ..Reach::default() }
    };

    for row in unlisted {
        let to = match row.state {
            _ if in_trash(row) => ContainerState::Trashed,
            ContainerState::Trashed if trashed.is_some() => ContainerState::Removed,
            _ if !is_seen(row) => continue,
            _ if is_reduced => ContainerState::Unreachable,
            _ => ContainerState::LostAccess,
        };
        become_unlisted(run, (of, model), row, to).await?;
    }
    for one in listed {
        let container = RecordId::of(run.id(), of, &one.remote_id);
        let row = rows.iter().find(|row| row.container == container);
        become_listed(run, model, container, row, one).await?;
    }
    // Last, so that a listing that is taken in only in part is taken in again by the same rules.
    if reach != before {
        store.put_reach(run.id(), reach, before.accepted_at).await?;
    }
    Ok(())
}

/// Whether so many are gone at once that nothing is to be concluded from it.
fn is_reduced(vanished: usize, known: usize) -> bool {
    vanished > 0 && vanished * REDUCED_SHARE > known && (vanished > FEW_CONTAINERS || vanished == known)
}

async fn rows(run: &Run, model: Model) -> Result<Vec<LedgerRow>, EngineError> {
    let mut rows: Vec<LedgerRow> = Vec::new();
    let mut after = None;
    loop {
        let page = run.inner.store.ledger(run.id(), None, after, ROWS_PER_READ).await?;
        let Some(last) = page.last() else { return Ok(rows) };
        after = Some(last.container);
        rows.extend(page.into_iter().filter(|row| row.model == model));
    }
}

/// A container that is not listed. What is in it first, so that a listing that is killed in between is taken in again.
async fn become_unlisted(
    run: &Run,
    (of, model): (Model, Model),
    row: &LedgerRow,
    to: ContainerState,
) -> Result<(), EngineError> {
    if row.state == to {
        return Ok(());
    }
    let absence = match to {
        ContainerState::Trashed => Some(Absence::Trashed),
        ContainerState::LostAccess => Some(Absence::LostAccess),
        ContainerState::Removed => Some(Absence::Removed),
        _ => None,
    };
    if let Some(absence) = absence {
        let filter = linkspan_store::ListFilter {
            containers: Some(&[row.container]),
            include_deleted: true,
            ..linkspan_store::ListFilter::default()
        };
        let mut after = None;
        loop {
            // A record that becomes absent moves behind the others in this order, and is not made so twice.
            let page =
                run.inner.store.list_records(run.id(), model, &filter, after, RECORDS_PER_STEP).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.position());
            let is_due =
                |absent: Option<Absence>| absent != Some(absence) && absent != Some(Absence::Removed);
            let removals: Vec<Removal> = page
                .iter()
                .filter(|record| is_due(record.absence))
                .map(|record| Removal { model, id: record.id, absence })
                .collect();
            if !removals.is_empty() {
                run.make_absent(removals).await?;
            }
        }
        run.make_absent(vec![Removal { model: of, id: row.container, absence }]).await?;
    }
    let outcome = match to {
        ContainerState::Trashed => "it lies in upstream's trash",
        ContainerState::Removed => "it was in upstream's trash and is there no more",
        ContainerState::Unreachable => "it is not listed, nor are many others: nothing is concluded from it",
        _ => "it is not listed any more; upstream does not tell whether it was deleted",
    };
    let row = LedgerRow {
        state: to,
        outcome: Some(outcome.to_owned()),
        walk: None,
        suspected_at: None,
        ..row.clone()
    };
    run.inner.store.drop_census_pages(run.id(), row.container, row.model).await?;
    run.inner.store.replace_suspects(run.id(), row.container, &[]).await?;
    Ok(run.inner.store.put_ledger_row(run.id(), &row, None).await?)
}

/// A container that is listed.
async fn become_listed(
    run: &Run,
    model: Model,
    container: RecordId,
    row: Option<&LedgerRow>,
    listed: &Listed,
) -> Result<(), EngineError> {
    let to = if listed.is_archived { ContainerState::Archived } else { ContainerState::Listed };
    let Some(row) = row else {
        let row = LedgerRow { state: to, ..LedgerRow::new(container, model, listed.remote_id.clone()) };
        return Ok(run.inner.store.put_ledger_row(run.id(), &row, None).await?);
    };
    if row.state == to {
        // What was read by id since, and is no part of any list, does not say that it is archived.
        let store = &run.inner.store;
        if model == Model::Ticket
            && to == ContainerState::Archived
            && store.count_contained(run.id(), row.container, model).await?.0 > 0
        {
            mark(run, row, true).await?;
        }
        return Ok(());
    }
    // Articles say themselves whether they are archived, and an archived space shows them as before. Issues say nothing,
    // and an archived project does not show them.
    if model == Model::Ticket {
        match (row.state, to) {
            (_, ContainerState::Archived) => mark(run, row, true).await?,
            (ContainerState::Archived, _) => mark(run, row, false).await?,
            _ => {}
        }
    }
    let was_gone = !matches!(row.state, ContainerState::Listed | ContainerState::Archived);
    let came_back = to == ContainerState::Listed || was_gone;
    let outcome = match to {
        ContainerState::Archived => "it is archived; what was read of it is kept and served",
        _ => "it is listed again; its ids are compared next",
    };
    let row = LedgerRow { state: to, outcome: Some(outcome.to_owned()), walk: None, ..row.clone() };
    run.inner.store.put_ledger_row(run.id(), &row, None).await?;
    if came_back {
        run.inner.store.request_census(run.id(), Some(container), run.inner.clock.now()).await?;
    }
    Ok(())
}

/// Marks everything alive in a container as archived, or takes the marks off.
pub(super) async fn mark(run: &Run, row: &LedgerRow, archived: bool) -> Result<(), EngineError> {
    let mut after = None;
    loop {
        let page =
            run.inner.store.contained(run.id(), row.container, row.model, after, RECORDS_PER_STEP).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id);
        let ids: Vec<RecordId> =
            page.iter().filter(|one| one.is_archived != archived).map(|one| one.id).collect();
        if archived {
            let removal = |id| Removal { model: row.model, id, absence: Absence::Archived };
            run.make_absent(ids.into_iter().map(removal).collect()).await?;
        } else {
            run.unarchive(ids).await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_reduced;

    #[test]
    fn l13_more_than_a_quarter_gone_at_once_is_a_reduced_reach() {
        assert!(!is_reduced(0, 0) && !is_reduced(0, 8));
        assert!(!is_reduced(2, 8) && is_reduced(3, 8) && is_reduced(4, 8));
        // One of a few may go by itself; the only one may not.
        assert!(!is_reduced(1, 3) && is_reduced(2, 3) && is_reduced(1, 1));
    }
}
