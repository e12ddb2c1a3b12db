//! What is in an archived project that is in sight again: no list shows its issues, each is found by its id alone (hazard S13).

use linkspan_store::{LedgerRow, ListFilter};

use super::super::run::Run;
use super::compare::MISSING;
use super::walk::{may_go_on, spend};
use super::{Lists, containers, count_held};
use crate::error::EngineError;

/// Stored records looked through at a time.
const STORED_PER_READ: u32 = 1_000;

/// Reads by id what of a container is stored as gone, and marks what is found as archived. Where the hour's share is used up,
/// the next hour goes on with what is still gone.
pub(super) async fn container(run: &Run, lists: &impl Lists, mut row: LedgerRow) -> Result<(), EngineError> {
    let store = &run.inner.store;
    let began = run.inner.clock.now();
    let containers = [row.container];
    let filter = ListFilter { containers: Some(&containers), include_deleted: true, ..ListFilter::default() };
    let (mut found, mut after) = (0, None);
    loop {
        // A record that comes back moves behind the others in this order, and is not asked for again.
        let page = store.list_records(run.id(), row.model, &filter, after, STORED_PER_READ).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.position());
        let gone: Vec<u64> = page
            .iter()
            .filter(|record| record.deleted)
            .filter_map(|record| lists.number(record.remote_id.as_deref()?))
            .collect();
        for part in gone.chunks(lists.ids_per_call()) {
            if !may_go_on(run) {
                return Ok(());
            }
            let read = lists.read(part).await?.len();
            spend(run, 1 + read as u64);
            found += read;
        }
    }
    containers::mark(run, &row, true).await?;
    let held = count_held(run, lists, &row).await?;
    (row.stored, row.looked_at, row.walked_at) = (Some(held), Some(began), Some(began));
    row.outcome =
        Some("it is archived, so that no list shows what is in it; what was gone was read by id".to_owned());
    row.found = (found > 0).then(|| (MISSING.to_owned(), found as u64)).into_iter().collect();
    for (kind, count) in &row.found {
        *row.repaired.entry(kind.clone()).or_default() += count;
    }
    Ok(store.put_ledger_row(run.id(), &row, Some(began)).await?)
}
