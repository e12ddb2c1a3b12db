//! `ORDER BY`: keys, and sorting by them.

use std::{cmp::Ordering, collections::HashMap};

use super::{
    names::{Meaning, meanings},
    test::{Attribute, Instant, Quantity, Subject, Text, custom_text},
};
use crate::{
    jira::jql::{Direction, SortKey},
    world::{AccountIndex, IssueId, ProjectId, SiteState},
};

/// The order of a result; without keys the newest issue comes first. Equal issues stand by ascending id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Order {
    keys: Vec<(Key, Direction)>,
}

/// What is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// The numeric id.
    Id,
    /// Project key, then number.
    ProjectAndNumber,
    /// The position of an attribute's first value in the site's list.
    Attribute(Attribute),
    StatusCategory,
    Instant(Instant),
    Quantity(Quantity),
    Text(Text),
}

/// A value to sort by; no value comes last when ascending.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
enum Value {
    Whole(i64),
    Real(f64),
    Words(String),
    None,
}

impl Value {
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Real(a), Self::Real(b)) => a.total_cmp(b),
            _ => self.partial_cmp(other).unwrap_or(Ordering::Equal),
        }
    }
}

impl Order {
    /// Binds the keys of a query.
    pub(crate) fn bind(site: &SiteState, keys: &[SortKey]) -> Result<Self, String> {
        let bind = |key: &SortKey| {
            let lower = key.field.to_ascii_lowercase();
            let found = match lower.as_str() {
                // The order of ranks is the order of creation here.
                "id" | "rank" => Some(Key::Id),
                _ => meanings(site, &key.field).into_iter().find_map(sortable),
            };
            let unknown = || {
                if meanings(site, &key.field).is_empty() {
                    format!("Field '{}' does not exist or you do not have permission to view it.", key.field)
                } else {
                    format!("Not able to sort using field '{}'.", key.field)
                }
            };
            Ok((found.ok_or_else(unknown)?, key.direction.unwrap_or(Direction::Ascending)))
        };
        keys.iter().map(bind).collect::<Result<_, _>>().map(|keys| Self { keys })
    }

    /// Sorts what passed a search. `subjects` come in ascending order of their ids.
    pub(crate) fn sorted<'s>(
        &self,
        site: &SiteState,
        subjects: impl Iterator<Item = Subject<'s>>,
    ) -> Vec<IssueId> {
        let ranks = Ranks::of(site);
        match self.keys.as_slice() {
            [] | [(Key::Id, Direction::Descending), ..] => {
                let mut ids: Vec<IssueId> = subjects.map(|subject| subject.head.id).collect();
                ids.reverse();
                ids
            }
            // Ids are unique: what follows them decides nothing.
            [(Key::Id, Direction::Ascending), ..] => subjects.map(|subject| subject.head.id).collect(),
            [(key, direction), rest @ ..]
                if Ranks::is_whole(*key) && rest.iter().all(|(key, _)| *key == Key::Id) =>
            {
                let sign = |value: i64| if *direction == Direction::Descending { -value } else { value };
                let down = rest.first().is_some_and(|(_, direction)| *direction == Direction::Descending);
                let value = |subject: &Subject<'_>| match ranks.value(*key, subject) {
                    Value::Whole(whole) => sign(whole),
                    _ => sign(i64::MAX),
                };
                let mut keyed: Vec<(i64, IssueId)> =
                    subjects.map(|subject| (value(&subject), subject.head.id)).collect();
                if down {
                    keyed.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
                } else {
                    keyed.sort_unstable();
                }
                keyed.into_iter().map(|(_, id)| id).collect()
            }
            keys => {
                let mut keyed: Vec<(Vec<Value>, IssueId)> = subjects
                    .map(|subject| {
                        (keys.iter().map(|(key, _)| ranks.value(*key, &subject)).collect(), subject.head.id)
                    })
                    .collect();
                keyed.sort_by(|(a, _), (b, _)| {
                    let pairs = a.iter().zip(b).zip(keys);
                    let by_key = pairs.map(|((a, b), (_, direction))| match direction {
                        Direction::Ascending => a.compare(b),
                        Direction::Descending => b.compare(a),
                    });
                    by_key.fold(Ordering::Equal, Ordering::then)
                });
                keyed.into_iter().map(|(_, id)| id).collect()
            }
        }
    }
}

fn sortable(meaning: Meaning) -> Option<Key> {
    match meaning {
        Meaning::Choice(
            Attribute::Watcher | Attribute::Voter | Attribute::WorklogAuthor | Attribute::Attachment,
        )
        | Meaning::ProjectCategory
        | Meaning::ProjectType
        | Meaning::Opaque(_)
        | Meaning::Text(Text::Any | Text::Comment | Text::WorklogComment) => None,
        Meaning::Choice(Attribute::Issue) => Some(Key::ProjectAndNumber),
        Meaning::Choice(attribute) => Some(Key::Attribute(attribute)),
        Meaning::StatusCategory => Some(Key::StatusCategory),
        Meaning::Instant { instant, .. } => Some(Key::Instant(instant)),
        Meaning::Quantity(quantity) => Some(Key::Quantity(quantity)),
        Meaning::Text(text) => Some(Key::Text(text)),
        Meaning::Exact(field) => Some(Key::Text(Text::Custom(field))),
    }
}

/// Positions in the site's lists, which is what most attributes are sorted by.
struct Ranks<'s> {
    site: &'s SiteState,
    projects: HashMap<ProjectId, i64>,
    lists: HashMap<(u8, u64), i64>,
}

const STATUS: u8 = 0;
const PRIORITY: u8 = 1;
const RESOLUTION: u8 = 2;
const TYPE: u8 = 3;

impl<'s> Ranks<'s> {
    fn of(site: &'s SiteState) -> Self {
        let config = site.jira();
        let mut by_key: Vec<(&str, ProjectId)> =
            config.projects.iter().map(|project| (project.key.as_str(), project.id)).collect();
        by_key.sort_unstable();
        let projects = by_key.into_iter().zip(0..).map(|((_, id), rank)| (id, rank)).collect();
        let mut lists = HashMap::new();
        let mut list = |kind: u8, ids: &mut dyn Iterator<Item = u64>| {
            lists.extend(ids.zip(0..).map(|(id, rank)| ((kind, id), rank)));
        };
        list(STATUS, &mut config.statuses.iter().map(|it| it.id.0));
        // The first priority is the greatest, so it has the greatest rank.
        list(PRIORITY, &mut config.priorities.iter().rev().map(|it| it.id.0));
        list(RESOLUTION, &mut config.resolutions.iter().map(|it| it.id.0));
        list(TYPE, &mut config.issue_types.iter().map(|it| it.id.0));
        Self { site, projects, lists }
    }

    /// Whether all values of a key are whole numbers that come from the issue's head.
    fn is_whole(key: Key) -> bool {
        match key {
            Key::Id | Key::ProjectAndNumber | Key::StatusCategory => true,
            Key::Instant(instant) => !matches!(instant, Instant::Custom(_) | Instant::StatusCategoryChanged),
            Key::Attribute(attribute) => matches!(
                attribute,
                Attribute::Project
                    | Attribute::Status
                    | Attribute::Priority
                    | Attribute::Resolution
                    | Attribute::Type
            ),
            Key::Quantity(_) | Key::Text(_) => false,
        }
    }

    fn rank(&self, list: u8, id: Option<u64>) -> Value {
        id.and_then(|id| self.lists.get(&(list, id))).map_or(Value::None, |rank| Value::Whole(*rank))
    }

    fn name(&self, account: Option<AccountIndex>) -> Value {
        account.map_or(Value::None, |account| {
            Value::Words(self.site.account(account).display_name().to_lowercase())
        })
    }

    fn value(&self, key: Key, subject: &Subject<'_>) -> Value {
        let head = &subject.head;
        let project = |id: ProjectId| self.projects.get(&id).copied().unwrap_or(i64::from(u32::MAX));
        match key {
            Key::Id => whole(head.id.0),
            Key::ProjectAndNumber => Value::Whole((project(head.project) << 32) + i64::from(head.number)),
            Key::StatusCategory => {
                let category = self.site.jira().status(head.status).map(|status| status.category);
                category.map_or(Value::None, |category| {
                    Value::Whole(match category.key() {
                        "new" => 0,
                        "indeterminate" => 1,
                        _ => 2,
                    })
                })
            }
            Key::Instant(instant) => subject.instant(instant).map_or(Value::None, Value::Whole),
            Key::Quantity(quantity) => subject.quantity(quantity).map_or(Value::None, Value::Real),
            Key::Attribute(attribute) => self.attribute(attribute, subject),
            Key::Text(text) => self.text(text, subject),
        }
    }

    fn attribute(&self, attribute: Attribute, subject: &Subject<'_>) -> Value {
        let head = &subject.head;
        let config = self.site.jira();
        match attribute {
            Attribute::Project => Value::Whole(self.projects.get(&head.project).copied().unwrap_or(i64::MAX)),
            Attribute::Status => self.rank(STATUS, Some(head.status.0)),
            Attribute::Priority => self.rank(PRIORITY, head.priority.map(|id| id.0)),
            Attribute::Resolution => self.rank(RESOLUTION, head.resolution.map(|id| id.0)),
            Attribute::Type => self.rank(TYPE, Some(head.issue_type.0)),
            Attribute::Assignee => self.name(head.assignee),
            Attribute::Reporter => self.name(head.reporter),
            Attribute::Creator => self.name(head.creator),
            Attribute::Label => {
                let mut labels: Vec<&str> =
                    head.labels.iter().map(|label| &**self.site.label(*label)).collect();
                labels.sort_unstable();
                labels.first().map_or(Value::None, |label| Value::Words((*label).to_owned()))
            }
            Attribute::Component => {
                let names = head
                    .components
                    .iter()
                    .filter_map(|id| config.component(*id))
                    .map(|(_, it)| it.name.clone());
                names.min().map_or(Value::None, Value::Words)
            }
            Attribute::FixVersion => head.fix_versions.iter().min().map_or(Value::None, |id| whole(id.0)),
            Attribute::AffectedVersion => head.versions.iter().min().map_or(Value::None, |id| whole(id.0)),
            Attribute::Parent => head.parent.map_or(Value::None, |id| whole(id.0)),
            Attribute::Level => self.site.effective_security(head).map_or(Value::None, |id| whole(id.0)),
            Attribute::Sprint => head.sprints.iter().max().map_or(Value::None, |id| whole(id.0)),
            Attribute::Custom(field) => {
                use crate::world::jira::CustomValue;
                match subject.whole().and_then(|issue| issue.custom_value(field)) {
                    Some(CustomValue::User(user)) => self.name(Some(*user)),
                    Some(CustomValue::Option(option) | CustomValue::Cascade(option, _)) => config
                        .option(field, *option)
                        .map_or(Value::None, |option| Value::Words(option.value.to_lowercase())),
                    Some(CustomValue::Issue(id)) => whole(id.0),
                    _ => Value::None,
                }
            }
            _ => Value::None,
        }
    }

    fn text(&self, text: Text, subject: &Subject<'_>) -> Value {
        let found = match text {
            Text::Summary => self.site.issue_summary(subject.head.id).map(|summary| summary.to_lowercase()),
            Text::Description => {
                subject.whole().and_then(|it| it.description.as_ref()).map(|it| it.wiki().to_lowercase())
            }
            Text::Environment => {
                subject.whole().and_then(|it| it.environment.as_ref()).map(|it| it.wiki().to_lowercase())
            }
            Text::Custom(field) => subject
                .whole()
                .and_then(|it| it.custom_value(field))
                .and_then(custom_text)
                .map(|it| it.to_lowercase()),
            Text::Any | Text::Comment | Text::WorklogComment => None,
        };
        found.map_or(Value::None, Value::Words)
    }
}

fn whole(id: u64) -> Value {
    Value::Whole(i64::try_from(id).unwrap_or(i64::MAX))
}
