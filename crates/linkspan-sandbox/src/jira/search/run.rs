//! Runs a query and keeps the results of its walk, so that a page costs its own size and not the site's.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    bind::{Binder, Bound},
    test::{Attribute, Subject},
    visibility::Visibility,
};
use crate::{
    jira::{
        jql::{self, Clause, Query, date::Moment},
        refusal::Refusal,
        time::timestamp,
        view::View,
    },
    world::{IndexLag, IssueId, Millis, ProjectId, jira::IssueHead},
};

/// How many ids all kept results may have together.
const MAX_KEPT_IDS: usize = 8_000_000;
/// How many results are kept.
const MAX_KEPT: usize = 256;

/// The sentence for a query that would walk the whole site.
pub(crate) const UNBOUNDED: &str =
    "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.";

/// Parses and binds a query; one without a restriction is refused unless `unbounded` is allowed.
pub(crate) fn prepare(view: &View<'_>, text: &str, unbounded: bool) -> Result<Bound, Refusal> {
    let query = jql::parse(text).map_err(|error| Refusal::bad_request(error.to_string()))?;
    if query.filter.is_none() && !unbounded {
        return Err(Refusal::bad_request(UNBOUNDED));
    }
    bind(view, &query).map_err(|messages| Refusal {
        status: http::StatusCode::BAD_REQUEST,
        messages,
        errors: Vec::new(),
    })
}

/// Parses a caller's own query, which may be empty, and binds it within a fixed restriction.
pub(crate) fn prepare_within(view: &View<'_>, own: &str, restriction: &str) -> Result<Bound, Refusal> {
    let parse = |text: &str| jql::parse(text).map_err(|error| Refusal::bad_request(error.to_string()));
    let (mut query, fixed) = (parse(own)?, parse(restriction)?);
    let clauses: Vec<Clause> = fixed.filter.into_iter().chain(query.filter.take()).collect();
    query.filter = Some(Clause::And(clauses));
    bind(view, &query).map_err(|messages| Refusal {
        status: http::StatusCode::BAD_REQUEST,
        messages,
        errors: Vec::new(),
    })
}

/// Binds a parsed query for the caller of a view.
pub(crate) fn bind(view: &View<'_>, query: &Query) -> Result<Bound, Vec<String>> {
    let visibility = Visibility::new(view.site, &view.reader);
    let moment = Moment { now: timestamp(view.now), zone: view.times.zone().clone() };
    Binder { site: view.site, visibility: &visibility, moment }.bind(query)
}

/// What the search index knows: it lags behind writes by the sandbox's `index_lag_ms` and `index_lag_spread_ms`. What was created within the lag is
/// not found yet, and what was updated within it is found as if it had been updated when the lag began.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    now: Millis,
    lag: IndexLag,
    reconciled: Vec<IssueId>,
}

impl Index {
    /// The index as it is now; `reconciled` issues are read as they are (`reconcileIssues`).
    pub(crate) fn now(view: &View<'_>, lag: IndexLag, reconciled: Vec<IssueId>) -> Self {
        Self { now: view.now, lag, reconciled }
    }

    fn head<'s>(&self, view: &View<'s>, id: IssueId) -> Option<IssueHead<'s>> {
        let mut head = view.site.issue_head(id)?;
        let cutoff = self.lag.cutoff(id.0, self.now);
        if head.updated > cutoff && !self.reconciled.contains(&id) {
            if head.created > cutoff {
                return None;
            }
            head.updated = cutoff;
        }
        Some(head)
    }
}

/// The issues a bound query finds for the caller of a view, ascending by id and unsorted otherwise.
fn found<'v>(
    view: &'v View<'_>,
    visibility: &'v Visibility<'v>,
    index: &'v Index,
    bound: &'v Bound,
) -> impl Iterator<Item = Subject<'v>> {
    let site = view.site;
    let ids: Box<dyn Iterator<Item = IssueId> + 'v> = if let Some(ids) = bound.test.required(Attribute::Issue)
    {
        Box::new(ids.iter().map(|id| IssueId(*id)))
    } else if let Some(projects) = bound.test.required(Attribute::Project) {
        if let [project] = projects {
            Box::new(site.issue_ids_in(ProjectId(*project)))
        } else {
            let mut ids: Vec<IssueId> =
                projects.iter().flat_map(|id| site.issue_ids_in(ProjectId(*id))).collect();
            ids.sort_unstable();
            Box::new(ids.into_iter())
        }
    } else {
        Box::new(site.issue_ids())
    };
    ids.filter_map(move |id| {
        let head = index.head(view, id)?;
        let subject = Subject::new(site, &view.reader, &head);
        // Sight is decided from the head, so it comes before tests that build the issue.
        let cheap_first = bound.test.cost() > 0;
        if cheap_first && !visibility.finds(&head) {
            return None;
        }
        (subject.passes(&bound.test) && (cheap_first || visibility.finds(&head))).then_some(subject)
    })
}

/// All ids a query finds, in its order.
pub(crate) fn ids(view: &View<'_>, index: &Index, bound: &Bound) -> Vec<IssueId> {
    let visibility = Visibility::new(view.site, &view.reader);
    bound.order.sorted(view.site, found(view, &visibility, index, bound))
}

/// How many issues a query finds.
pub(crate) fn count(view: &View<'_>, index: &Index, bound: &Bound) -> usize {
    let visibility = Visibility::new(view.site, &view.reader);
    found(view, &visibility, index, bound).count()
}

/// Whether one issue, by id, is found by a query.
pub(crate) fn matches(view: &View<'_>, visibility: &Visibility<'_>, bound: &Bound, id: IssueId) -> bool {
    view.site.issue_head(id).is_some_and(|head| {
        visibility.finds(&head) && Subject::new(view.site, &view.reader, &head).passes(&bound.test)
    })
}

/// The results of one walk.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// Names the walk in its tokens.
    pub(crate) lineage: u64,
    /// What the walk was started with.
    pub(crate) fingerprint: u64,
    /// The ids, in order.
    pub(crate) ids: Vec<IssueId>,
}

/// The last walks' results, bounded in number and size; a walk whose results were dropped is computed again.
#[derive(Debug, Default)]
pub(crate) struct Snapshots {
    kept: Mutex<(u64, VecDeque<Arc<Snapshot>>)>,
}

impl Snapshots {
    /// The results of a walk, if they are still kept and were made by the same request.
    pub(crate) fn get(&self, lineage: u64, fingerprint: u64) -> Option<Arc<Snapshot>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.1.iter().find(|it| it.lineage == lineage && it.fingerprint == fingerprint).cloned()
    }

    /// Starts a walk.
    pub(crate) fn keep(&self, fingerprint: u64, ids: Vec<IssueId>) -> Arc<Snapshot> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.0 += 1;
        let snapshot = Arc::new(Snapshot { lineage: kept.0, fingerprint, ids });
        kept.1.push_back(Arc::clone(&snapshot));
        let mut total: usize = kept.1.iter().map(|it| it.ids.len()).sum();
        while kept.1.len() > MAX_KEPT || (total > MAX_KEPT_IDS && kept.1.len() > 1) {
            total -= kept.1.pop_front().map_or(0, |dropped| dropped.ids.len());
        }
        snapshot
    }

    /// Forgets a walk that came to its end.
    pub(crate) fn forget(&self, lineage: u64) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.1.retain(|it| it.lineage != lineage);
    }
}
