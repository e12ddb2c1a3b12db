//! Service-level agreements: clocks that follow from an issue's history and the time of day. Nothing of them is kept.

use super::config::JiraConfig;
use super::issue::{History, Issue};
use crate::world::account::AccountType;
use crate::world::ids::{FieldId, Millis, StatusId};
use crate::world::site::SiteState;

const HOUR: Millis = 3_600_000;
/// The status in which the clocks of requests stand still.
const PAUSING_STATUS: &str = "Waiting for customer";

/// What a clock measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlaMetric {
    /// From creation to the resolution; again from each reopening.
    TimeToResolution,
    /// From creation to the first public answer of somebody who is not a customer.
    TimeToFirstResponse,
}

impl SlaMetric {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::TimeToResolution, Self::TimeToFirstResponse];

    /// The custom field that shows the clock; its number is the clock's id as well.
    pub const fn field(self) -> FieldId {
        match self {
            Self::TimeToResolution => FieldId(10_033),
            Self::TimeToFirstResponse => FieldId(10_035),
        }
    }

    /// The metric of a custom field.
    pub fn of_field(field: FieldId) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.field() == field)
    }

    /// The name shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TimeToResolution => "Time to resolution",
            Self::TimeToFirstResponse => "Time to first response",
        }
    }

    /// How long a cycle may take, in milliseconds.
    pub const fn goal(self) -> Millis {
        match self {
            Self::TimeToResolution => 40 * HOUR,
            Self::TimeToFirstResponse => 4 * HOUR,
        }
    }
}

/// One run of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlaCycle {
    /// When it began.
    pub start: Millis,
    /// When it ended; an ongoing cycle has none.
    pub stop: Option<Millis>,
    /// Time that counted so far, pauses left out.
    pub elapsed: Millis,
    /// When the goal is missed, or was; moves on with every pause.
    pub breach: Millis,
    /// Whether the clock stands still at the moment.
    pub paused: bool,
}

impl SlaCycle {
    /// Whether the goal is missed.
    pub fn is_breached(&self, metric: SlaMetric) -> bool {
        self.elapsed > metric.goal()
    }
}

/// A clock with everything it measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sla {
    /// What is measured.
    pub metric: SlaMetric,
    /// Cycles that ended, oldest first.
    pub completed: Vec<SlaCycle>,
    /// The cycle that runs.
    pub ongoing: Option<SlaCycle>,
}

impl SiteState {
    /// The clock of a request at a time.
    pub fn sla(&self, issue: &Issue, metric: SlaMetric, now: Millis) -> Sla {
        let pauses = pauses(&self.jira.config, issue);
        let spans = match metric {
            SlaMetric::TimeToResolution => resolution_spans(issue),
            SlaMetric::TimeToFirstResponse => vec![(issue.created, self.first_response(issue))],
        };
        let (completed, ongoing): (Vec<_>, Vec<_>) = spans
            .into_iter()
            .map(|(start, stop)| cycle(metric, start, stop, &pauses, now))
            .partition(|cycle| cycle.stop.is_some());
        Sla { metric, completed, ongoing: ongoing.into_iter().next() }
    }

    fn first_response(&self, issue: &Issue) -> Option<Millis> {
        let answers = |author: &crate::world::ids::AccountIndex| {
            Some(*author) != issue.reporter && self.account(*author).account_type != AccountType::Customer
        };
        let answer = issue
            .comments
            .iter()
            .filter(|comment| comment.public && comment.author.as_ref().is_some_and(answers))
            .map(|comment| comment.created)
            .min();
        answer.or(issue.resolved)
    }
}

/// Changes of a field in order of time: what it was set to.
fn changes<'i>(issue: &'i Issue, field: &'static str) -> Vec<(Millis, Option<&'i str>)> {
    let of = |history: &'i History| {
        let items = history.items.iter().filter(move |item| &*item.field_id == field);
        items.map(move |item| (history.created, item.to.as_deref()))
    };
    let mut changes: Vec<_> = issue.changelog.iter().flat_map(of).collect();
    changes.sort_by_key(|(at, _)| *at);
    changes
}

/// From creation or a reopening to the next resolution.
fn resolution_spans(issue: &Issue) -> Vec<(Millis, Option<Millis>)> {
    let mut spans = Vec::new();
    let mut running = Some(issue.created);
    for (at, to) in changes(issue, "resolution") {
        match (running, to) {
            (Some(start), Some(_)) => {
                spans.push((start, Some(at)));
                running = None;
            }
            (None, None) => running = Some(at),
            _ => {}
        }
    }
    match (running, issue.resolved) {
        (Some(start), resolved) => spans.push((start, resolved)),
        (None, Some(_)) => {}
        // The history lacks the reopening: the clock runs from the last stop.
        (None, None) => {
            let start = spans.last().and_then(|(_, stop)| *stop).unwrap_or(issue.created);
            spans.push((start, None));
        }
    }
    spans
}

/// The times an issue waited for its customer; the last one may be open.
fn pauses(config: &JiraConfig, issue: &Issue) -> Vec<(Millis, Option<Millis>)> {
    let pausing = |id: &str| {
        StatusId::parse(id).and_then(|id| config.status(id)).is_some_and(|it| it.name == PAUSING_STATUS)
    };
    let mut pauses: Vec<(Millis, Option<Millis>)> = Vec::new();
    for (at, to) in changes(issue, "status") {
        if let Some(open) = pauses.last_mut().filter(|(_, end)| end.is_none()) {
            open.1 = Some(at);
        }
        if to.is_some_and(pausing) {
            pauses.push((at, None));
        }
    }
    let waits = config.status(issue.status).is_some_and(|status| status.name == PAUSING_STATUS);
    match pauses.last_mut() {
        Some(last) if last.1.is_none() && !waits => last.1 = Some(issue.updated),
        Some(last) if last.1.is_none() => {}
        _ if waits => pauses.push((issue.status_category_changed, None)),
        _ => {}
    }
    pauses
}

fn cycle(
    metric: SlaMetric,
    start: Millis,
    stop: Option<Millis>,
    pauses: &[(Millis, Option<Millis>)],
    now: Millis,
) -> SlaCycle {
    let end = stop.unwrap_or(now).max(start);
    let mut held = 0;
    let mut stands_still = false;
    for (from, to) in pauses {
        let (from, until) = ((*from).max(start), to.unwrap_or(end).min(end));
        held += (until - from).max(0);
        stands_still |= to.is_none() && stop.is_none();
    }
    SlaCycle {
        start,
        stop,
        elapsed: end - start - held,
        breach: start + metric.goal() + held,
        paused: stands_still,
    }
}
