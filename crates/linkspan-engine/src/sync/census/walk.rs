//! A look at a container's count, and a walk over its ids.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::page::PageState;
use linkspan_store::{DriftCounts, LedgerRow};
use serde::{Deserialize, Serialize};

use super::super::retreat::smaller;
use super::super::run::{Run, digest_of, text};
use super::{CensusAllowance, Due, Lists, Section, compare, count_held, is_unexplained, settle};
use crate::error::EngineError;

/// So few ids are walked as soon as counts differ. A larger container is looked at again first: the one that was just
/// added, and that upstream's index does not count yet, is not worth a walk.
const WALKED_AT_ONCE: u64 = 500;
/// Ids of one container that are held at the end of a walk: 64 MiB.
const IDS_CAP: u64 = 8 << 20;

/// Where a walk stands.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct WalkState {
    /// When it began, in epoch milliseconds.
    pub(super) began_at: i64,
    /// A digest of the scopes with which it began.
    pub(super) scopes: String,
    /// What upstream counted before it began.
    pub(super) counted: Option<u64>,
    /// The list that is being walked.
    section: usize,
    /// Where in it; `None` at its beginning.
    position: Option<PageState>,
    /// Pages so far.
    pages: u64,
    /// Ids so far, and how many of them are archived.
    pub(super) met: u64,
    /// See `met`.
    pub(super) archived: u64,
    /// Ids that a list showed and a reading by id did not find.
    pub(super) unread: u64,
    /// What was found to differ and is repaired already, by kind.
    pub(super) repaired: DriftCounts,
}

impl WalkState {
    pub(super) fn began(&self) -> Timestamp {
        Timestamp::from_millisecond(self.began_at).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Adds to what was found and repaired.
    pub(super) fn note(&mut self, kind: &str, count: usize) {
        if count > 0 {
            *self.repaired.entry(kind.to_owned()).or_default() += count as u64;
        }
    }
}

/// Does what is due for a container.
pub(super) async fn container(
    run: &Run,
    lists: &impl Lists,
    mut row: LedgerRow,
    due: Due,
) -> Result<(), EngineError> {
    if due == Due::Look {
        let differed = is_unexplained(&row);
        look(run, lists, &mut row).await?;
        if !is_unexplained(&row) {
            return Ok(());
        }
        let now = run.inner.clock.now();
        // A difference that a walk could not explain is not walked again at once.
        let rested = row.walked_at.is_none_or(|at| now >= at + run.inner.settings.census.look_every);
        let is_small = row.upstream.max(row.stored).is_none_or(|most| most <= WALKED_AT_ONCE);
        if !(rested && (differed || is_small)) {
            return Ok(());
        }
    }
    walk(run, lists, row).await
}

/// Compares the counts.
async fn look(run: &Run, lists: &impl Lists, row: &mut LedgerRow) -> Result<(), EngineError> {
    let before = run.inner.clock.now();
    row.upstream = lists.count(row).await?;
    row.stored = Some(count_held(run, lists, row).await?);
    row.looked_at = Some(before);
    match row.upstream {
        None => {
            let words = "upstream gives no count; the ids are compared at the longer interval";
            row.outcome = Some(words.to_owned());
        }
        Some(_) if is_unexplained(row) => {
            row.outcome = Some("the counts differ; the ids are compared next".to_owned());
        }
        Some(_) => {
            // Nothing was missing when the ids were last compared, or when all was first read; nor is it now. Where upstream
            // has more than is here, something is missing that is known.
            if row.suspected_at.is_none() && row.upstream <= row.stored {
                row.fresh_at = Some(before);
            }
            row.outcome = Some("the counts agree".to_owned());
        }
    }
    Ok(run.inner.store.put_ledger_row(run.id(), row, None).await?)
}

/// Walks on, to the end or until the hour's share is used up.
async fn walk(run: &Run, lists: &impl Lists, mut row: LedgerRow) -> Result<(), EngineError> {
    let known = row.walk.as_deref().and_then(|text| serde_json::from_str::<WalkState>(text).ok());
    if !may_go_on(run) {
        return Ok(());
    }
    let mut state = if let Some(state) = known {
        state
    } else {
        run.inner.store.drop_census_pages(run.id(), row.container, row.model).await?;
        WalkState {
            began_at: run.inner.clock.now().as_millisecond(),
            scopes: scopes_of(run),
            counted: lists.count(&row).await?,
            ..WalkState::default()
        }
    };
    let sections = lists.sections(&row).await?;
    while let Some(section) = sections.get(state.section) {
        if !walk_section(run, lists, &mut row, &mut state, section).await? {
            tracing::info!(source.id = %run.id(), container = row.remote_id, met = state.met, "the walk goes on next hour");
            return Ok(());
        }
        state.section += 1;
        state.position = None;
    }
    settle::settle(run, lists, row, state).boxed().await
}

/// Walks one list to its end; `false` where the hour's share was used up before.
async fn walk_section(
    run: &Run,
    lists: &impl Lists,
    row: &mut LedgerRow,
    state: &mut WalkState,
    section: &Section,
) -> Result<bool, EngineError> {
    let Section { call, params, page_size } = section;
    let mut pager = match state.position.clone() {
        Some(position) => run.client.resume(call, params.clone(), position),
        None => run.client.pager(call, params.clone(), Some(*page_size)),
    };
    while !pager.is_done() {
        if !may_go_on(run) {
            return Ok(false);
        }
        let page = match run.client.next(call, &mut pager).await {
            Ok(Some(page)) => page,
            Ok(None) => break,
            Err(error) => {
                // What upstream cannot answer at once is asked for in smaller pages (hazard S9).
                match smaller(&error, pager.page_size(), CallError::is_size) {
                    Some(size) if pager.resize(size) => continue,
                    _ => return Err(error),
                }
            }
        };
        spend(run, call.price.of(page.items));
        let listed = compare::in_sight(run, lists, lists.ids(text(&page.reply.body)?)?).await?;
        compare::page(run, lists, row, &listed, state).await?;
        state.met += listed.len() as u64;
        state.archived += listed.iter().filter(|listed| listed.is_archived).count() as u64;
        if state.met > IDS_CAP {
            let why = format!("the container has more than {IDS_CAP} ids; it cannot be compared");
            return Err(EngineError::Invalid(why));
        }
        state.position = Some(pager.state().clone());
        let ids: BTreeSet<u64> = listed.iter().map(|listed| listed.id).collect();
        let ids: Vec<u64> = ids.into_iter().collect();
        row.walk = Some(serde_json::to_string(state).map_err(|error| unwritable(&error))?);
        run.inner.store.put_census_page(run.id(), row, state.pages, &ids).await?;
        state.pages += 1;
    }
    Ok(true)
}

fn unwritable(error: &serde_json::Error) -> EngineError {
    EngineError::Invalid(format!("where a walk stands cannot be written: {error}"))
}

/// A digest of what the grant holds.
pub(super) fn scopes_of(run: &Run) -> String {
    let scopes: BTreeSet<&str> = run.granted.iter().collect();
    digest_of(&scopes.into_iter().collect::<Vec<_>>().join(" "))
}

/// Whether anything is left of the hour's share.
pub(super) fn may_go_on(run: &Run) -> bool {
    let points = run.inner.settings.census.points_per_hour;
    of_share(run, |share| share.is_open(run.inner.clock.now(), run.id(), points))
}

/// Takes points from the hour's share.
pub(super) fn spend(run: &Run, points: u64) {
    of_share(run, |share| share.take(run.inner.clock.now(), run.id(), points));
}

fn of_share<T>(run: &Run, ask: impl FnOnce(&mut CensusAllowance) -> T) -> T {
    let mut shares = run.inner.census.lock().unwrap_or_else(PoisonError::into_inner);
    ask(shares.entry(run.source.product).or_default())
}

/// Keeps why a container could not be compared. A walk that broke off for a passing reason goes on from its last page with
/// the next run; any other begins anew when the counts are next due, or, where none are, `stays` asked for.
pub(super) async fn note_failure(
    run: &Run,
    row: LedgerRow,
    error: &EngineError,
    stays: bool,
) -> Result<(), EngineError> {
    tracing::warn!(source.id = %run.id(), container = row.remote_id, %error, "a container could not be compared");
    let store = &run.inner.store;
    let stored = store.ledger_row(run.id(), row.container, row.model).await?;
    let mut row = stored.unwrap_or(row);
    let passes = matches!(error, EngineError::Call(error) if error.is_retryable() || error.is_size());
    if !passes {
        row.walk = None;
        store.drop_census_pages(run.id(), row.container, row.model).await?;
    }
    let now = run.inner.clock.now();
    row.looked_at = Some(now);
    row.outcome = Some(format!("the ids could not be compared: {error}"));
    Ok(store.put_ledger_row(run.id(), &row, Some(now).filter(|_| !passes && !stays)).await?)
}
