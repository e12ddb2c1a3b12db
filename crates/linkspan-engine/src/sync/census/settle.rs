//! The end of a walk: what was not met is judged, and the row says how it went.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use jiff::Timestamp;
use linkspan_model::absence::Absence;
use linkspan_model::ids::RecordId;
use linkspan_store::{DriftCounts, LedgerRow, Removal};

use super::super::run::Run;
use super::compare::{ARCHIVED, MOVED, SURPLUS};
use super::verdict::{Conclusion, Look, SUSPICIOUS_FROM, Verdict, WalkEvidence, is_suspicious, verdict};
use super::walk::{WalkState, scopes_of, spend};
use super::{Lists, count_held, difference};
use crate::error::EngineError;

/// Stored records looked through at a time.
const STORED_PER_READ: u32 = 1_000;

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
    let unmet = unmet(run, lists, &row, &ids, &state).await?;
    drop(ids);
    let evidence = WalkEvidence {
        reach_stands: state.scopes == scopes_of(run) && lists.is_listed(&row).await?,
        // Two searches that agree are one negative search, where no look by id can follow (hazard S3).
        counts_agree: if lists.proves_by_id() {
            Some(true)
        } else {
            agrees(met, state.counted, counted).filter(|agree| lists.looks_by_id() || !agree)
        },
        is_suspicious: is_suspicious(unmet.live.len(), unmet.stored),
    };
    let conclusion = evidence.conclusion();
    let suspects: HashMap<RecordId, Timestamp> =
        store.suspects(run.id(), row.container).await?.into_iter().collect();
    let is_second = |id: &RecordId| suspects.get(id).is_some_and(|since| *since < state.began());
    let live = match conclusion {
        Conclusion::Nothing(_) => Vec::new(),
        Conclusion::OfSecondWalk => unmet.live.iter().copied().filter(|(_, id)| is_second(id)).collect(),
        Conclusion::OfEverything => unmet.live.clone(),
    };
    let archived = if matches!(conclusion, Conclusion::Nothing(_)) { Vec::new() } else { unmet.archived };
    let suspected = Unmet { live, archived, stored: unmet.stored };
    let known = |id: &RecordId| suspects.get(id).copied();
    let Judged { decided, waiting } = judge(run, lists, &row, &suspected, known, &mut state).await?;

    let since = |id: &RecordId| (*id, known(id).unwrap_or_else(|| state.began()));
    let still: Vec<(RecordId, Timestamp)> = match conclusion {
        // What an earlier walk suspected is neither confirmed nor refuted.
        Conclusion::Nothing(_) => suspects.iter().map(|(id, since)| (*id, *since)).collect(),
        Conclusion::OfSecondWalk => {
            unmet.live.iter().filter(|(_, id)| !decided.contains(id)).map(|(_, id)| since(id)).collect()
        }
        Conclusion::OfEverything => waiting.iter().map(since).collect(),
    };
    store.replace_suspects(run.id(), row.container, &still).await?;
    // A suspicion that this walk could say nothing about waits for the next.
    let waits = match conclusion {
        Conclusion::Nothing(_) => still.len(),
        // What is there, and only not listed, waits for the longer interval.
        _ => still.iter().filter(|(id, since)| *since == state.began() && !waiting.contains(id)).count(),
    };
    row.suspected_at = (waits > 0).then(|| state.began());

    let stored = count_held(run, lists, &row).await?;
    (row.upstream, row.stored) = (Some(counted.unwrap_or(met)), Some(stored));
    row.difference =
        // What upstream counts is approximate: a difference that stood still while every id was compared is no reason to
        // compare them again.
        if (matches!(conclusion, Conclusion::Nothing(_)) && state.counted != counted) || waits > 0 {
            None
        } else {
            difference(&row)
        };
    let now = run.inner.clock.now();
    (row.walked_at, row.looked_at, row.walk) = (Some(now), Some(now), None);
    if evidence.reach_stands && evidence.counts_agree != Some(false) && state.unread == 0 {
        row.fresh_at = Some(state.began());
    }
    row.outcome = Some(words(conclusion, &state, waits));
    note_repaired(run, &mut row, std::mem::take(&mut state.repaired)).await?;
    store.put_ledger_row(run.id(), &row, Some(state.began())).await?;
    store.drop_census_pages(run.id(), row.container, row.model).await?;
    Ok(())
}

/// Notes in a row what was found to differ and is repaired, and tells of it.
async fn note_repaired(run: &Run, row: &mut LedgerRow, repaired: DriftCounts) -> Result<(), EngineError> {
    for (kind, count) in &repaired {
        *row.repaired.entry(kind.clone()).or_default() += count;
    }
    row.found = repaired;
    if row.found.is_empty() {
        return Ok(());
    }
    tracing::info!(source.id = %run.id(), container = row.remote_id, drift = ?row.found, "the ledger found drift");
    run.inner.tell_drift(run.id(), row).await
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
async fn unmet(
    run: &Run,
    lists: &impl Lists,
    row: &LedgerRow,
    ids: &[u64],
    state: &WalkState,
) -> Result<Unmet, EngineError> {
    let mut unmet = Unmet::default();
    let mut after = None;
    loop {
        let store = &run.inner.store;
        let page = if lists.spans_site() {
            store.attached(run.id(), row.model, after, STORED_PER_READ).await?
        } else {
            store.contained(run.id(), row.container, row.model, after, STORED_PER_READ).await?
        };
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for record in page {
            unmet.stored += usize::from(!record.is_archived);
            // Upstream numbers issues and content; anything else is none of its lists'.
            let Some(id) = lists.number(&record.remote_id) else { continue };
            if ids.binary_search(&id).is_ok() {
                continue;
            }
            let kind = if record.is_archived && (lists.spans_site() || !lists.shows_archived()) {
                &mut unmet.archived
            } else {
                &mut unmet.live
            };
            kind.push((id, record.id));
        }
    }
    // Whether the lists of a site show what hangs on something archived, they tell themselves; a few can be looked at anyway.
    if lists.spans_site() && (state.archived > 0 || unmet.archived.len() <= SUSPICIOUS_FROM) {
        unmet.live.append(&mut unmet.archived);
    } else if lists.spans_site() {
        unmet.archived.clear();
    }
    Ok(unmet)
}

/// What came of looks by id.
#[derive(Default)]
struct Judged {
    /// Records about which something was decided.
    decided: HashSet<RecordId>,
    /// Records that are there, and of which it cannot be told yet why nothing lists them.
    waiting: HashSet<RecordId>,
}

/// Looks at records by id, those that are alive as far as known and archived ones, and acts by what is seen. `known`: since when
/// walks did not meet a record.
async fn judge(
    run: &Run,
    lists: &impl Lists,
    row: &LedgerRow,
    Unmet { live, archived, .. }: &Unmet,
    known: impl Fn(&RecordId) -> Option<Timestamp>,
    state: &mut WalkState,
) -> Result<Judged, EngineError> {
    let Judged { mut decided, mut waiting } = Judged::default();
    let lag = run.inner.settings.index_lag;
    let began = state.began();
    let was_archived: HashSet<RecordId> = archived.iter().map(|(_, id)| *id).collect();
    let is_past_lag = |id: &RecordId| {
        was_archived.contains(id) || known(id).is_some_and(|since| began.duration_since(since) > lag)
    };
    let at_once = lists.ids_per_call();
    for part in live.chunks(at_once).chain(archived.chunks(at_once)) {
        let ids: Vec<u64> = part.iter().map(|(id, _)| *id).collect();
        let seen = lists.look(row, &ids).await?;
        spend(run, 1 + seen.len() as u64);
        let guarded = lists.guarded(part).await?;
        let mut absent: BTreeMap<Absence, Vec<Removal>> = BTreeMap::new();
        let mut moved = Vec::new();
        for (id, record) in part {
            let look = match seen.get(id).copied().unwrap_or(Look::NotFound) {
                Look::Unlisted if is_past_lag(record) => Look::Archived,
                look => look,
            };
            match verdict(look, guarded.contains(id)) {
                Verdict::Keep => continue,
                Verdict::Wait => {
                    waiting.insert(*record);
                    continue;
                }
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
        if !moved.is_empty() {
            let found = lists.read(&moved).await?;
            state.note(MOVED, found.len());
        }
        for (absence, removals) in absent {
            // What was known to be archived, and still is, is no drift.
            let is_news = absence != Absence::Archived || part.iter().any(|one| live.contains(one));
            if is_news {
                state.note(if absence == Absence::Archived { ARCHIVED } else { SURPLUS }, removals.len());
            }
            let gone: Vec<RecordId> = removals.iter().map(|removal| removal.id).collect();
            run.make_absent(removals).await?;
            lists.after_absence(&gone).await?;
        }
    }
    Ok(Judged { decided, waiting })
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
