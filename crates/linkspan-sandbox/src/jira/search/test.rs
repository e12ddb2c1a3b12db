//! A query bound to a site: tests that an issue passes or fails, and how each is decided.

use std::{cell::OnceCell, cmp::Ordering, sync::Arc};

use super::words::Words;
use crate::world::{
    AccountIndex, FieldId, IssueId, Millis, ProjectId, Reader, SiteState,
    jira::{CustomValue, Issue, IssueHead},
};

/// What an issue must satisfy.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    /// All hold; the empty list always does.
    All(Vec<Test>),
    /// One holds; the empty list never does.
    Any(Vec<Test>),
    /// One of the attribute's values is wanted, or it has none and `empty` is set. Negated, an issue without a value
    /// fails as well: JQL's `!=` finds only issues that have the field.
    Choice { attribute: Attribute, wanted: Vec<u64>, empty: bool, negated: bool },
    /// An instant compares so with a bound; issues without it fail.
    Instant { instant: Instant, comparison: Comparison, bound: Millis },
    /// A quantity compares so with a bound; issues without it fail.
    Quantity { quantity: Quantity, comparison: Comparison, bound: f64 },
    /// Whether there is a value at all.
    Presence { presence: Presence, present: bool },
    /// The number of the key, within one project.
    Number { project: ProjectId, comparison: Comparison, bound: u32 },
    /// The words are in a text.
    Text { text: Text, words: Words, negated: bool },
    /// A custom text equals one of these.
    Exact { field: FieldId, wanted: Vec<String>, negated: bool },
}

/// An attribute whose values are ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    Issue,
    Project,
    Type,
    Status,
    Priority,
    Resolution,
    Assignee,
    Reporter,
    Creator,
    Label,
    Component,
    FixVersion,
    AffectedVersion,
    Parent,
    Level,
    Sprint,
    Watcher,
    Voter,
    WorklogAuthor,
    Attachment,
    RequestType,
    Participant,
    Organization,
    Custom(FieldId),
}

/// A point in time of an issue, in milliseconds; due dates and date fields count as midnight UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instant {
    Created,
    Updated,
    Resolved,
    Due,
    StatusCategoryChanged,
    Custom(FieldId),
}

/// A number of an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantity {
    Id,
    Votes,
    Watchers,
    OriginalEstimate,
    RemainingEstimate,
    TimeSpent,
    WorkRatio,
    HierarchyLevel,
    Custom(FieldId),
}

/// A field whose presence is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Of an instant.
    Instant(Instant),
    /// Of a number.
    Quantity(Quantity),
    /// Of a text.
    Text(Text),
    /// Of any custom value.
    Custom(FieldId),
}

/// A text of an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    Any,
    Summary,
    Description,
    Environment,
    Comment,
    WorklogComment,
    Custom(FieldId),
}

/// An ordering comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

impl Test {
    /// How much it takes to decide: 0 from the head, 1 from the summary, 2 from the whole issue.
    pub(crate) fn cost(&self) -> u8 {
        match self {
            Self::All(tests) | Self::Any(tests) => tests.iter().map(Self::cost).max().unwrap_or(0),
            Self::Choice { attribute, .. } => match attribute {
                Attribute::Watcher
                | Attribute::Voter
                | Attribute::WorklogAuthor
                | Attribute::Attachment
                | Attribute::RequestType
                | Attribute::Participant
                | Attribute::Organization
                | Attribute::Custom(_) => 2,
                _ => 0,
            },
            Self::Instant { instant, .. } | Self::Presence { presence: Presence::Instant(instant), .. } => {
                match instant {
                    Instant::Custom(_) | Instant::StatusCategoryChanged => 2,
                    _ => 0,
                }
            }
            Self::Number { .. }
            | Self::Quantity { quantity: Quantity::Id | Quantity::HierarchyLevel, .. } => 0,
            Self::Text { text: Text::Summary, .. } => 1,
            Self::Quantity { .. } | Self::Presence { .. } | Self::Text { .. } | Self::Exact { .. } => 2,
        }
    }

    /// Puts the cheap tests of every conjunction and disjunction first.
    pub(crate) fn sorted_by_cost(self) -> Self {
        let sorted = |tests: Vec<Self>| {
            let mut tests: Vec<Self> = tests.into_iter().map(Self::sorted_by_cost).collect();
            tests.sort_by_key(Self::cost);
            tests
        };
        match self {
            Self::All(tests) => Self::All(sorted(tests)),
            Self::Any(tests) => Self::Any(sorted(tests)),
            other => other,
        }
    }

    /// The values of an attribute that every passing issue has one of, when the test says so at its top.
    pub(crate) fn required(&self, wanted_attribute: Attribute) -> Option<&[u64]> {
        match self {
            Self::All(tests) => tests.iter().find_map(|test| test.required(wanted_attribute)),
            Self::Choice { attribute, wanted, empty: false, negated: false }
                if *attribute == wanted_attribute =>
            {
                Some(wanted)
            }
            _ => None,
        }
    }
}

/// One issue under test; its text is built only when a test needs it.
pub(crate) struct Subject<'s> {
    pub(crate) site: &'s SiteState,
    pub(crate) reader: &'s Reader,
    pub(crate) head: IssueHead<'s>,
    whole: OnceCell<Option<Arc<Issue>>>,
}

impl<'s> Subject<'s> {
    pub(crate) fn new(site: &'s SiteState, reader: &'s Reader, head: &IssueHead<'s>) -> Self {
        Self { site, reader, head: *head, whole: OnceCell::new() }
    }

    /// An issue as it was at some moment, gone or changed since.
    pub(crate) fn as_it_was(
        site: &'s SiteState,
        reader: &'s Reader,
        head: &IssueHead<'s>,
        issue: Arc<Issue>,
    ) -> Self {
        Self { site, reader, head: *head, whole: OnceCell::from(Some(issue)) }
    }

    /// The whole issue.
    pub(crate) fn whole(&self) -> Option<&Issue> {
        self.whole.get_or_init(|| self.site.issue(self.head.id)).as_deref()
    }

    /// Whether the issue passes.
    pub(crate) fn passes(&self, test: &Test) -> bool {
        match test {
            Test::All(tests) => tests.iter().all(|test| self.passes(test)),
            Test::Any(tests) => tests.iter().any(|test| self.passes(test)),
            Test::Choice { attribute, wanted, empty, negated } => {
                let (mut some, mut found) = (false, false);
                self.visit(*attribute, &mut |value| {
                    some = true;
                    found |= wanted.binary_search(&value).is_ok();
                });
                let positive = found || (*empty && !some);
                if *negated { some && !positive } else { positive }
            }
            Test::Instant { instant, comparison, bound } => {
                self.instant(*instant).is_some_and(|at| comparison.holds(at.cmp(bound)))
            }
            Test::Quantity { quantity, comparison, bound } => {
                self.quantity(*quantity).is_some_and(|number| comparison.holds(number.total_cmp(bound)))
            }
            Test::Presence { presence, present } => self.present(*presence) == *present,
            Test::Number { project, comparison, bound } => {
                self.head.project == *project && comparison.holds(self.head.number.cmp(bound))
            }
            Test::Text { text, words, negated } => {
                if *negated {
                    self.has_text(*text) && !self.contains(*text, words)
                } else {
                    self.contains(*text, words)
                }
            }
            Test::Exact { field, wanted, negated } => {
                let Some(own) = self.custom(*field).and_then(custom_text) else { return false };
                wanted.iter().any(|value| value.eq_ignore_ascii_case(&own)) != *negated
            }
        }
    }

    fn custom(&self, field: FieldId) -> Option<&CustomValue> {
        self.whole().and_then(|issue| issue.custom_value(field))
    }

    /// Calls `value` with each id of an attribute.
    fn visit(&self, attribute: Attribute, value: &mut dyn FnMut(u64)) {
        let head = &self.head;
        let account = |account: AccountIndex| u64::from(account.0);
        match attribute {
            Attribute::Issue => value(head.id.0),
            Attribute::Project => value(head.project.0),
            Attribute::Type => value(head.issue_type.0),
            Attribute::Status => value(head.status.0),
            Attribute::Priority => head.priority.iter().for_each(|id| value(id.0)),
            Attribute::Resolution => head.resolution.iter().for_each(|id| value(id.0)),
            Attribute::Assignee => head.assignee.iter().for_each(|user| value(account(*user))),
            Attribute::Reporter => head.reporter.iter().for_each(|user| value(account(*user))),
            Attribute::Creator => head.creator.iter().for_each(|user| value(account(*user))),
            Attribute::Label => head.labels.iter().for_each(|label| value(u64::from(label.0))),
            Attribute::Component => head.components.iter().for_each(|id| value(id.0)),
            Attribute::FixVersion => head.fix_versions.iter().for_each(|id| value(id.0)),
            Attribute::AffectedVersion => head.versions.iter().for_each(|id| value(id.0)),
            Attribute::Parent => head.parent.iter().for_each(|id| value(id.0)),
            Attribute::Level => self.site.effective_security(head).iter().for_each(|id| value(id.0)),
            Attribute::Sprint => head.sprints.iter().for_each(|id| value(id.0)),
            _ => {
                if let Some(issue) = self.whole() {
                    self.visit_whole(issue, attribute, value);
                }
            }
        }
    }

    fn visit_whole(&self, issue: &Issue, attribute: Attribute, value: &mut dyn FnMut(u64)) {
        let account = |account: AccountIndex| u64::from(account.0);
        match attribute {
            Attribute::Watcher => issue.watchers.iter().for_each(|user| value(account(*user))),
            Attribute::Voter => issue.voters.iter().for_each(|user| value(account(*user))),
            Attribute::WorklogAuthor => {
                let seen =
                    issue.worklogs.iter().filter(|it| self.site.can_see_worklog(self.reader, issue, it));
                seen.filter_map(|worklog| worklog.author).for_each(|user| value(account(user)));
            }
            Attribute::Attachment => issue.attachments.iter().for_each(|attachment| value(attachment.id.0)),
            Attribute::RequestType => issue.request.iter().for_each(|request| value(request.request_type.0)),
            Attribute::Participant => {
                issue.request.iter().flat_map(|it| &it.participants).for_each(|user| value(account(*user)));
            }
            Attribute::Organization => {
                issue.request.iter().flat_map(|it| &it.organizations).for_each(|id| value(id.0));
            }
            Attribute::Custom(field) => match issue.custom_value(field) {
                Some(CustomValue::Option(option)) => value(option.0),
                Some(CustomValue::Options(options)) => options.iter().for_each(|option| value(option.0)),
                Some(CustomValue::Cascade(parent, child)) => {
                    value(parent.0);
                    if let Some(child) = child {
                        value(child.0);
                    }
                }
                Some(CustomValue::User(user)) => value(account(*user)),
                Some(CustomValue::Users(users)) => users.iter().for_each(|user| value(account(*user))),
                Some(CustomValue::Group(group)) => value(u64::from(group.0)),
                Some(CustomValue::Groups(groups)) => {
                    for group in groups {
                        value(u64::from(group.0));
                    }
                }
                Some(CustomValue::Project(project)) => value(project.0),
                Some(CustomValue::Versions(versions)) => versions.iter().for_each(|version| value(version.0)),
                Some(CustomValue::Issue(issue)) => value(issue.0),
                _ => {}
            },
            _ => {}
        }
    }

    /// The value of an instant.
    pub(crate) fn instant(&self, instant: Instant) -> Option<Millis> {
        const DAY: i64 = 24 * 3_600_000;
        match instant {
            Instant::Created => Some(self.head.created),
            Instant::Updated => Some(self.head.updated),
            Instant::Resolved => self.head.resolved,
            Instant::Due => self.head.due.map(|day| i64::from(day) * DAY),
            Instant::StatusCategoryChanged => self.whole().map(|issue| issue.status_category_changed),
            Instant::Custom(field) => match self.custom(field)? {
                CustomValue::Date(day) => Some(i64::from(*day) * DAY),
                CustomValue::DateTime(at) => Some(*at),
                _ => None,
            },
        }
    }

    /// The value of a quantity.
    pub(crate) fn quantity(&self, quantity: Quantity) -> Option<f64> {
        if quantity == Quantity::Id {
            return Some(exact(self.head.id));
        }
        if quantity == Quantity::HierarchyLevel {
            return self
                .site
                .jira()
                .issue_type(self.head.issue_type)
                .map(|kind| f64::from(kind.hierarchy_level));
        }
        let issue = self.whole()?;
        let spent = issue.time_spent();
        match quantity {
            Quantity::Votes => u32::try_from(issue.voters.len()).ok().map(f64::from),
            Quantity::Watchers => u32::try_from(issue.watchers.len()).ok().map(f64::from),
            Quantity::OriginalEstimate => issue.original_estimate.map(f64::from),
            Quantity::RemainingEstimate => issue.remaining_estimate.map(f64::from),
            Quantity::TimeSpent => (spent > 0).then(|| f64::from(spent)),
            Quantity::WorkRatio => issue
                .original_estimate
                .filter(|it| *it > 0)
                .map(|it| (f64::from(spent) * 100.0 / f64::from(it)).floor()),
            Quantity::Custom(field) => match issue.custom_value(field)? {
                CustomValue::Number(number) => Some(*number),
                _ => None,
            },
            Quantity::Id | Quantity::HierarchyLevel => None,
        }
    }

    fn present(&self, presence: Presence) -> bool {
        match presence {
            Presence::Instant(instant) => self.instant(instant).is_some(),
            Presence::Quantity(quantity) => self.quantity(quantity).is_some(),
            Presence::Text(text) => self.has_text(text),
            Presence::Custom(field) => self.custom(field).is_some(),
        }
    }

    fn has_text(&self, text: Text) -> bool {
        if matches!(text, Text::Summary | Text::Any) {
            return true;
        }
        let mut any = false;
        self.visit_text(text, &mut |text| any |= !text.trim().is_empty());
        any
    }

    fn contains(&self, text: Text, words: &Words) -> bool {
        if text == Text::Summary {
            return self.site.issue_summary(self.head.id).is_some_and(|summary| words.are_in(&summary));
        }
        let mut found = false;
        self.visit_text(text, &mut |text| found = found || words.are_in(text));
        found
    }

    /// Calls `visit` with each text the reader may see.
    fn visit_text(&self, text: Text, visit: &mut dyn FnMut(&str)) {
        let Some(issue) = self.whole() else { return };
        let all = text == Text::Any;
        if all {
            visit(&issue.summary);
        }
        if all || text == Text::Description {
            issue.description.iter().for_each(|it| visit(&it.wiki()));
        }
        if all || text == Text::Environment {
            issue.environment.iter().for_each(|it| visit(&it.wiki()));
        }
        if all || text == Text::Comment {
            let seen = issue.comments.iter().filter(|it| self.site.can_see_comment(self.reader, issue, it));
            seen.for_each(|comment| visit(&comment.body.wiki()));
        }
        if text == Text::WorklogComment {
            let seen = issue.worklogs.iter().filter(|it| self.site.can_see_worklog(self.reader, issue, it));
            seen.filter_map(|worklog| worklog.comment.as_ref()).for_each(|comment| visit(&comment.wiki()));
        }
        for (field, value) in &issue.custom {
            if (all || text == Text::Custom(*field))
                && let Some(text) = custom_text(value)
            {
                visit(&text);
            }
        }
    }
}

/// The text of a custom value, if it is one.
pub(crate) fn custom_text(value: &CustomValue) -> Option<String> {
    match value {
        CustomValue::Text(text) => Some(text.to_string()),
        CustomValue::Rich(text) => Some(text.wiki().into_owned()),
        CustomValue::Labels(labels) => Some(labels.join(" ")),
        _ => None,
    }
}

/// Ids stay far below 2^53, so that they are exact as floating-point numbers.
#[expect(clippy::cast_precision_loss, reason = "issue ids are below 2^53")]
fn exact(id: IssueId) -> f64 {
    id.0 as f64
}
