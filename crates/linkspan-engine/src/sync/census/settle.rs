//! The end of a walk: what was not met is judged, and the row says how it went.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use jiff::Timestamp;
use linkspan_model::absence::Absence;
use linkspan_model::ids::RecordId;
use linkspan_store::{LedgerRow, Removal};

use super::super::run::Run;
use super::compare::{ARCHIVED, MOVED, SURPLUS};
use super::verdict::{Conclusion, Look, Verdict, WalkEvidence, is_suspicious, verdict};
use super::walk::{WalkState, scopes_of, spend};
use super::{Lists, difference};
use crate::error::EngineError;
use crate::webhooks::LedgerDrift;

/// Stored records looked through at a time.
const STORED_PER_READ: u32 = 1_000;
/// Records looked at by id at a time.
const LOOKED_AT: usize = 100;

/// Records that are stored and that the walk did not meet.
#[derive(Default)]
struct Unmet {
    /// Alive, as far as known.
    live: Vec<(u64, RecordId)>,
    /// Archived, where the lists do not show what is.
    archived: Vec<(u64, RecordId)>,
    /// How many are stored in all, without what is archived.
    stored: usize,
}

/// Ends a walk that met every list's end.
pub(super) async fn settle(
    run: &Run,
    lists: &impl Lists,
    mut row: LedgerRow,
    mut state: WalkState,
) -> Result<(), EngineError> {
    let store = &run.inner.store;
    let ids = store.census_ids(run.id(), row.container, row.model).await?;
    let met = (ids.len() as u64).saturating_sub(state.archived);
    let counted = lists.count(&row).await?;
    let unmet = unmet(run, lists, &row, &ids).await?;
    drop(ids);
    let evidence = WalkEvidence {
        is_whole: true,
        reach_stands: state.scopes == scopes_of(run) && lists.is_listed(&row).await?,
        // Two searches that agree are one negative search, where no look by id can follow (hazard S3).
        counts_agree: agrees(met, state.counted, counted).filter(|agree| lists.looks_by_id() || !agree),
        is_suspicious: is_suspicious(unmet.live.len(), unmet.stored),
    };
    let conclusion = evidence.conclusion();
    let suspects: HashMap<RecordId, Timestamp> =
        store.suspects(run.id(), row.container).await?.into_iter().collect();
    let is_second = |id: &RecordId| suspects.get(id).is_some_and(|since| *since < state.began());
    let judged: Vec<(u64, RecordId)> = match conclusion {
        Conclusion::Nothing(_) => Vec::new(),
        Conclusion::OfSecondWalk => unmet.live.iter().copied().filter(|(_, id)| is_second(id)).collect(),
        Conclusion::OfEverything => unmet.live.clone(),
    };
    let archived = if matches!(conclusion, Conclusion::Nothing(_)) { &[][..] } else { &unmet.archived[..] };
    let decided = judge(run, lists, &row, &judged, archived, &mut state).await?;

    let still: Vec<(RecordId, Timestamp)> = match conclusion {
        // What an earlier walk suspected is neither confirmed nor refuted.
        Conclusion::Nothing(_) => suspects.into_iter().collect(),
        Conclusion::OfSecondWalk => unmet
            .live
            .iter()
            .filter(|(_, id)| !decided.contains(id))
            .map(|(_, id)| (*id, suspects.get(id).copied().unwrap_or_else(|| state.began())))
            .collect(),
        Conclusion::OfEverything => Vec::new(),
    };
    store.replace_suspects(run.id(), row.container, &still).await?;
    // A suspicion that this walk could say nothing about waits for the next.
    let waits = match conclusion {
        Conclusion::Nothing(_) => still.len(),
        _ => still.iter().filter(|(_, since)| *since == state.began()).count(),
    };
    row.suspected_at = (waits > 0).then(|| state.began());

    let (stored, _) = store.count_contained(run.id(), row.container, row.model).await?;
    (row.upstream, row.stored) = (Some(counted.unwrap_or(met)), Some(stored));
    row.difference =
        if matches!(conclusion, Conclusion::Nothing(_)) || waits > 0 { None } else { difference(&row) };
    let now = run.inner.clock.now();
    (row.walked_at, row.looked_at, row.walk) = (Some(now), Some(now), None);
    if evidence.reach_stands && evidence.counts_agree != Some(false) && state.unread == 0 {
        row.fresh_at = Some(state.began());
    }
    for (kind, count) in &state.repaired {
        *row.repaired.entry(kind.clone()).or_default() += count;
    }
    row.outcome = Some(words(conclusion, &state, waits));
    row.found = std::mem::take(&mut state.repaired);
    if !row.found.is_empty() {
        tracing::info!(source.id = %run.id(), container = row.remote_id, drift = ?row.found, "the ledger found drift");
        let (upstream, held) = (row.upstream.unwrap_or_default(), row.stored.unwrap_or_default());
        let drift = LedgerDrift { container: Some(row.container), upstream, held };
        run.inner.tell_drift(run.id(), drift).await?;
    }
    store.put_ledger_row(run.id(), &row, Some(state.began())).await?;
    store.drop_census_pages(run.id(), row.container, row.model).await?;
    Ok(())
}

/// Whether a number lies within what was counted before and after.
fn agrees(met: u64, before: Option<u64>, after: Option<u64>) -> Option<bool> {
    let (low, high) = match (before, after) {
        (Some(before), Some(after)) => (before.min(after), before.max(after)),
        (Some(only), None) | (None, Some(only)) => (only, only),
        (None, None) => return None,
    };
    Some((low..=high).contains(&met))
}

/// What is stored of a container and was not met. `ids` is sorted.
async fn unmet(run: &Run, lists: &impl Lists, row: &LedgerRow, ids: &[u64]) -> Result<Unmet, EngineError> {
    let mut unmet = Unmet::default();
    let mut after = None;
    loop {
        let page =
            run.inner.store.contained(run.id(), row.container, row.model, after, STORED_PER_READ).await?;
        let Some(last) = page.last() else { return Ok(unmet) };
        after = Some(last.id);
        for record in page {
            unmet.stored += usize::from(!record.is_archived);
            // Upstream numbers issues and content; anything else is none of its lists'.
            let Ok(id) = record.remote_id.parse::<u64>() else { continue };
            if ids.binary_search(&id).is_ok() {
                continue;
            }
            let kind = if record.is_archived && !lists.shows_archived() {
                &mut unmet.archived
            } else {
                &mut unmet.live
            };
            kind.push((id, record.id));
        }
    }
}

/// Looks at records by id and acts by what is seen; gives those about which something was decided.
async fn judge(
    run: &Run,
    lists: &impl Lists,
    row: &LedgerRow,
    live: &[(u64, RecordId)],
    archived: &[(u64, RecordId)],
    state: &mut WalkState,
) -> Result<HashSet<RecordId>, EngineError> {
    let mut decided = HashSet::new();
    if live.is_empty() && archived.is_empty() {
        return Ok(decided);
    }
    for part in live.chunks(LOOKED_AT).chain(archived.chunks(LOOKED_AT)) {
        let ids: Vec<u64> = part.iter().map(|(id, _)| *id).collect();
        let seen = lists.look(row, &ids).await?;
        spend(run, 1 + seen.len() as u64);
        let guarded = lists.guarded(part).await?;
        let mut absent: BTreeMap<Absence, Vec<Removal>> = BTreeMap::new();
        let mut moved = Vec::new();
        for (id, record) in part {
            let look = seen.get(id).copied().unwrap_or(Look::NotFound);
            match verdict(look, guarded.contains(id)) {
                Verdict::Keep => continue,
                Verdict::Move => moved.push(*id),
                Verdict::MakeAbsent(absence) => {
                    absent.entry(absence).or_default().push(Removal {
                        model: row.model,
                        id: *record,
                        absence,
                    });
                }
            }
            decided.insert(*record);
        }
        let found = lists.read(&moved).await?;
        state.note(MOVED, found.len());
        for (absence, removals) in absent {
            // What was known to be archived, and still is, is no drift.
            let is_news = absence != Absence::Archived || part.iter().any(|one| live.contains(one));
            if is_news {
                state.note(if absence == Absence::Archived { ARCHIVED } else { SURPLUS }, removals.len());
            }
            run.make_absent(removals).await?;
        }
    }
    Ok(decided)
}

/// How a walk ended, in words.
fn words(conclusion: Conclusion, state: &WalkState, waits: usize) -> String {
    let mut words = match conclusion {
        Conclusion::Nothing(why) => format!("nothing was removed: {why}"),
        Conclusion::OfSecondWalk if waits > 0 => {
            format!("{waits} were not met; a second walk has to say the same before anything is removed")
        }
        Conclusion::OfSecondWalk | Conclusion::OfEverything => "every id was compared".to_owned(),
    };
    if state.unread > 0 {
        // Writing to a string cannot fail.
        let _ = write!(words, "; {} that are listed could not be read by id", state.unread);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::agrees;

    #[test]
    fn s12_a_number_between_the_two_counts_agrees_and_no_other() {
        assert_eq!(agrees(5, None, None), None);
        assert_eq!(agrees(5, Some(5), None), Some(true));
        assert_eq!((agrees(5, Some(4), Some(6)), agrees(5, Some(6), Some(4))), (Some(true), Some(true)));
        assert_eq!((agrees(1, Some(100), Some(100)), agrees(0, None, Some(3))), (Some(false), Some(false)));
    }
}
