//! The census: whether all that upstream has is here, and whether all that is here upstream still has (hazards S11, S12,
//! S23). What changed is read by other streams; this one notices what no reading of changes can: what was deleted, moved out
//! of sight, or missed.
//!
//! Each project or space has a row in the ledger. At the shorter interval its *count* is asked of upstream, which costs a
//! point or two, and compared with the count here. Its ids are *walked* when the two differ, when somebody asks, and at the
//! longer interval; a walk costs a point for each id (`atlassian-platform.md` 5.2). What a walk meets and is not here is
//! read by id at once; what is here and was not met is judged by the table in [`verdict`].
//!
//! A walk is kept page by page with upstream's own cursor, so that a process that was killed, or that used up the hour's
//! share of points, goes on where it stopped. In memory are a page of ids and, at the end of a walk, eight bytes for each
//! id of one container.

mod allowance;
mod compare;
mod containers;
mod recall;
mod settle;
mod verdict;
mod walk;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::calls::Call;
use linkspan_atlassian::client::Params;
use linkspan_model::ids::RecordId;
use linkspan_model::record::Model;
use linkspan_store::{ContainerState, LedgerRow};

pub(crate) use self::allowance::CensusAllowance;
pub(super) use self::containers::{Listed as ListedContainer, settle as settle_containers};
pub(super) use self::verdict::Look;
use super::run::Run;
use crate::error::EngineError;

/// The stream's name.
pub(crate) const STREAM: &str = "census";
/// How long the content of records is kept to which access was lost, in case it comes back.
const LOST_ACCESS_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The points of an hour that walks may take, in hundredths of the smallest quota (`atlassian-platform.md` 5.3).
const SHARE_OF_QUOTA: u64 = 20;
/// The smallest quota: points of an hour for an app over all its customers.
const SMALLEST_QUOTA: u64 = 65_000;
/// How often comments are compared at the least, where they are listed for a whole site.
const COMMENTS_EVERY: Duration = Duration::from_hours(24);
/// Rows of the ledger read at a time.
const ROWS_PER_READ: u32 = 200;

/// When a census is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CensusSettings {
    /// How often the count of each project or space is compared. A look costs one point for a project and two for a space:
    /// with a hundred of them and an hour, a hundredth of the quota at most.
    pub look_every: Duration,
    /// How often the ids of each are compared although the counts agree: as many were added as went, say. A walk costs a
    /// point for each id: with a week and a million of them, a tenth of the quota.
    pub walk_every: Duration,
    /// Points that walks may take in an hour, of each product and by this process; what is left to do goes on in the next.
    pub points_per_hour: u64,
}

impl Default for CensusSettings {
    fn default() -> Self {
        Self {
            look_every: Duration::from_hours(1),
            walk_every: Duration::from_hours(7 * 24),
            points_per_hour: SMALLEST_QUOTA * SHARE_OF_QUOTA / 100,
        }
    }
}

/// An id that a list shows, with what else it tells without a further point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ListedId {
    /// Upstream's id.
    pub(super) id: u64,
    /// Whether it is archived, where the list shows what is.
    pub(super) is_archived: bool,
    /// When it was last changed, where the list tells.
    pub(super) changed_at: Option<Timestamp>,
    /// What it hangs on, in lists of a whole site.
    pub(super) host: Option<RecordId>,
}

/// A list to be walked.
pub(super) struct Section {
    pub(super) call: &'static Call,
    pub(super) params: Params,
    pub(super) page_size: u32,
}

/// How a product's containers are counted, walked and looked into.
pub(super) trait Lists: Sync {
    /// The model that is counted in a container.
    fn model(&self) -> Model;
    /// Whether the lists show what is archived. Where they do not, it is looked up by id.
    fn shows_archived(&self) -> bool;
    /// Whether the lists are those of a whole site, of what hangs on other records.
    fn spans_site(&self) -> bool {
        false
    }
    /// Upstream's id of what a list shows by a number.
    fn remote_id(&self, id: u64) -> String {
        id.to_string()
    }
    /// The number by which lists show what upstream calls so; `None` for what is none of theirs.
    fn number(&self, remote_id: &str) -> Option<u64> {
        remote_id.parse().ok()
    }
    /// Whether a look by id that finds nothing proves a removal without a count.
    fn proves_by_id(&self) -> bool {
        false
    }
    /// Whether the grant opens a look by id. Where it opens searches alone, a second walk takes its place.
    fn looks_by_id(&self) -> bool {
        true
    }
    /// Whether the first reading of a container came to its end: before that it is nobody's to compare.
    fn is_read<'a>(&'a self, row: &'a LedgerRow) -> BoxFuture<'a, Result<bool, EngineError>>;
    /// How many upstream has, without what is archived; `None` where it cannot be counted.
    fn count<'a>(&'a self, row: &'a LedgerRow) -> BoxFuture<'a, Result<Option<u64>, EngineError>>;
    /// The lists that together hold everything of a container.
    fn sections<'a>(&'a self, row: &'a LedgerRow) -> BoxFuture<'a, Result<Vec<Section>, EngineError>>;
    /// The ids in a page of such a list.
    fn ids(&self, page: &str) -> Result<Vec<ListedId>, EngineError>;
    /// Whether the container is still listed, and what is in it may be seen.
    fn is_listed<'a>(&'a self, row: &'a LedgerRow) -> BoxFuture<'a, Result<bool, EngineError>>;
    /// How many ids fit into one question.
    fn ids_per_call(&self) -> usize;
    /// Reads these by id, as many as fit into one question, and stores them; gives those that were found.
    fn read<'a>(&'a self, ids: &'a [u64]) -> BoxFuture<'a, Result<BTreeSet<u64>, EngineError>>;
    /// Looks at these by id, as many as fit into one question. What is not in the answer was not found.
    fn look<'a>(
        &'a self,
        row: &'a LedgerRow,
        ids: &'a [u64],
    ) -> BoxFuture<'a, Result<HashMap<u64, Look>, EngineError>>;
    /// Brings in order what tells of records that are gone or archived now.
    fn after_absence<'a>(&'a self, _: &'a [RecordId]) -> BoxFuture<'a, Result<(), EngineError>> {
        async { Ok(()) }.boxed()
    }
    /// Which of these fewer people could see than may see their container, as far as is stored: a level or a restriction
    /// of their own, or of what they stand below.
    fn guarded<'a>(
        &'a self,
        records: &'a [(u64, RecordId)],
    ) -> BoxFuture<'a, Result<HashSet<u64>, EngineError>>;
}

/// What is to be done about a container now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Nothing,
    /// Its counts are to be compared.
    Look,
    /// Its ids are to be compared.
    Walk,
    /// What of it is gone is to be read by id, because no list shows it.
    Recall,
}

/// What is due for a row. `linked_at`: since when the source is read, from where the first walk is counted.
fn due(row: &LedgerRow, now: Timestamp, settings: &CensusSettings, linked_at: Timestamp) -> Due {
    match row.state {
        ContainerState::Listed => {}
        // An archived space stays listed; of an archived project no search finds anything.
        ContainerState::Archived if row.model == Model::Article => {}
        ContainerState::Archived => {
            // One that failed rests.
            let has_failed = |at: Timestamp| row.looked_at.filter(|looked| *looked > at);
            let rests = |looked: Timestamp| now < looked + settings.look_every;
            let is_due = |at| !has_failed(at).is_some_and(rests);
            return if row.requested_at.is_some_and(is_due) { Due::Recall } else { Due::Nothing };
        }
        _ => return Due::Nothing,
    }
    let suspected = row.suspected_at.is_some_and(|at| now >= at + settings.look_every);
    // Upstream lists 250 comments for a point.
    let walk_every = if row.model == Model::Comment {
        settings.walk_every.min(COMMENTS_EVERY)
    } else {
        settings.walk_every
    };
    let is_old = now >= row.walked_at.unwrap_or(linked_at) + walk_every;
    if row.walk.is_some() || row.requested_at.is_some() || suspected || is_old {
        return Due::Walk;
    }
    // What hangs on other records is not counted.
    if !matches!(row.model, Model::Ticket | Model::Article) {
        return Due::Nothing;
    }
    let look = row.looked_at.is_none_or(|at| now >= at + settings.look_every);
    if look { Due::Look } else { Due::Nothing }
}

/// Whether the counts differ by more than the latest walk left between them.
pub(crate) fn is_unexplained(row: &LedgerRow) -> bool {
    difference(row).is_some_and(|difference| difference != row.difference.unwrap_or_default())
}

/// What upstream has more than is here.
fn difference(row: &LedgerRow) -> Option<i64> {
    let (upstream, stored) = (row.upstream?, row.stored?);
    Some(upstream.cast_signed().saturating_sub(stored.cast_signed()))
}

/// Whether there is anything to do now.
pub(super) async fn is_due(run: &Run, model: Model) -> Result<bool, EngineError> {
    let settings = run.inner.settings.census;
    let now = run.inner.clock.now();
    let mut after = None;
    loop {
        let rows = run.inner.store.ledger(run.id(), None, after, ROWS_PER_READ).await?;
        let Some(last) = rows.last() else { return Ok(false) };
        after = Some(last.container);
        let mut rows = rows.iter().filter(|row| row.model == model);
        if rows.any(|row| due(row, now, &settings, run.source.created_at) != Due::Nothing) {
            return Ok(true);
        }
    }
}

/// The row of what hangs on other records all over a site; made when it is first asked for.
async fn row_of_site(run: &Run, model: Model) -> Result<LedgerRow, EngineError> {
    let row = LedgerRow::of_site(run.id(), model);
    if let Some(known) = run.inner.store.ledger_row(run.id(), row.container, model).await? {
        return Ok(known);
    }
    run.inner.store.put_ledger_row(run.id(), &row, None).await?;
    Ok(row)
}

/// Whether the ids of what hangs on other records are to be compared now.
pub(super) async fn is_due_of_site(run: &Run, model: Model) -> Result<bool, EngineError> {
    let row = row_of_site(run, model).await?;
    Ok(due(&row, run.inner.clock.now(), &run.inner.settings.census, run.source.created_at) != Due::Nothing)
}

/// Lets go of what access was lost to so long ago that it is kept no more. With every run: a source of which nothing is
/// listed any more has no census.
pub(super) async fn let_go(run: &Run) -> Result<(), EngineError> {
    let now = run.inner.clock.now();
    while run.inner.store.let_go_of_lost(run.id(), now - LOST_ACCESS_KEPT, now).await? > 0 {}
    Ok(())
}

/// Takes the census of everything that is due. One container's trouble is not the others' (hazard S15).
pub(super) async fn take(run: &Run, lists: &impl Lists) -> Result<(), EngineError> {
    let (mut failed, mut after) = (None, None);
    loop {
        let rows = run.inner.store.ledger(run.id(), None, after, ROWS_PER_READ).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.container);
        for row in rows.into_iter().filter(|row| row.model == lists.model()) {
            if let Some(error) = take_row(run, lists, row).await? {
                failed.get_or_insert(error);
            }
        }
    }
    failed.map_or(Ok(()), Err)
}

/// Takes the census of what hangs on other records all over a site, if it is due.
pub(super) async fn take_of_site(run: &Run, lists: &impl Lists) -> Result<(), EngineError> {
    let row = row_of_site(run, lists.model()).await?;
    take_row(run, lists, row).await?.map_or(Ok(()), Err)
}

/// Does what is due for a row; gives what upstream held against it.
async fn take_row(run: &Run, lists: &impl Lists, row: LedgerRow) -> Result<Option<EngineError>, EngineError> {
    let due = due(&row, run.inner.clock.now(), &run.inner.settings.census, run.source.created_at);
    // What is archived is not read in any other way, so that nothing has to end before.
    if due == Due::Nothing || (due != Due::Recall && !lists.is_read(&row).await?) {
        return Ok(None);
    }
    run.add(STREAM, 1);
    let taken = match due {
        Due::Recall => recall::container(run, lists, row.clone()).boxed().await,
        due => walk::container(run, lists, row.clone(), due).await,
    };
    match taken {
        Ok(()) => Ok(None),
        Err(error @ (EngineError::Call(_) | EngineError::Page(_) | EngineError::Invalid(_))) => {
            walk::note_failure(run, row, &error, due == Due::Recall).await?;
            Ok(Some(error))
        }
        Err(error) => Err(error),
    }
}

/// How many are stored of what the lists of a row show, without what is archived.
async fn count_held(run: &Run, lists: &impl Lists, row: &LedgerRow) -> Result<u64, EngineError> {
    let store = &run.inner.store;
    if lists.spans_site() {
        return Ok(store.count_attached(run.id(), row.model).await?);
    }
    Ok(store.count_contained(run.id(), row.container, row.model).await?.0)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(hours * 3_600).unwrap()
    }

    /// A row that was looked at at hour 100 and walked at hour 50.
    fn row() -> LedgerRow {
        LedgerRow {
            upstream: Some(10),
            stored: Some(10),
            looked_at: Some(at(100)),
            walked_at: Some(at(50)),
            ..LedgerRow::new(RecordId(Uuid::nil()), Model::Ticket, "1".to_owned())
        }
    }

    fn due_at(row: &LedgerRow, hours: i64) -> Due {
        due(row, at(hours), &CensusSettings::default(), at(0))
    }

    #[test]
    fn counts_are_compared_at_the_shorter_interval_and_ids_at_the_longer() {
        assert_eq!(due_at(&row(), 100), Due::Nothing);
        assert_eq!(due_at(&row(), 101), Due::Look);
        assert_eq!(due_at(&row(), 50 + 7 * 24), Due::Walk);
        let fresh = LedgerRow { looked_at: None, walked_at: None, ..row() };
        assert_eq!(due_at(&fresh, 1), Due::Look);
        assert_eq!(due_at(&fresh, 7 * 24), Due::Walk);
    }

    #[test]
    fn comments_are_walked_daily_and_attachments_at_the_longer_interval() {
        let of = |model| LedgerRow { model, looked_at: None, ..row() };
        let hours = |hours| (due_at(&of(Model::Comment), hours), due_at(&of(Model::Attachment), hours));
        assert_eq!(hours(50 + 23), (Due::Nothing, Due::Nothing));
        assert_eq!(hours(50 + 24), (Due::Walk, Due::Nothing));
        assert_eq!(hours(50 + 7 * 24), (Due::Walk, Due::Walk));
    }

    #[test]
    fn what_was_asked_for_and_what_was_begun_is_walked_at_once() {
        assert_eq!(due_at(&LedgerRow { requested_at: Some(at(100)), ..row() }, 100), Due::Walk);
        assert_eq!(due_at(&LedgerRow { walk: Some("{}".to_owned()), ..row() }, 100), Due::Walk);
    }

    #[test]
    fn s12_a_suspicion_waits_for_a_later_walk() {
        let suspected = LedgerRow { suspected_at: Some(at(100)), ..row() };
        assert_eq!((due_at(&suspected, 100), due_at(&suspected, 101)), (Due::Nothing, Due::Walk));
    }

    #[test]
    fn a_difference_that_a_walk_left_is_no_reason_to_look_again() {
        let differs = LedgerRow { upstream: Some(12), ..row() };
        assert_eq!((due_at(&differs, 100), due_at(&differs, 101)), (Due::Nothing, Due::Look));
        assert!(is_unexplained(&differs));
        assert!(!is_unexplained(&LedgerRow { difference: Some(2), ..differs }));
    }

    #[test]
    fn of_what_is_archived_or_gone_only_archived_spaces_are_walked() {
        let state = |state, model| due_at(&LedgerRow { state, model, ..row() }, 10_000);
        assert_eq!(state(ContainerState::Archived, Model::Article), Due::Walk);
        assert_eq!(state(ContainerState::Archived, Model::Ticket), Due::Nothing);
        for gone in [ContainerState::Trashed, ContainerState::LostAccess, ContainerState::Unreachable] {
            assert_eq!(state(gone, Model::Article), Due::Nothing);
        }
    }
}
