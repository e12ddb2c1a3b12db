//! Setting one field of an issue, and how the changelog tells it.

use std::sync::Arc;

use super::edit::FieldChange;
use super::issue::{CustomValue, HistoryItem, Issue};
use crate::world::edit::{EditError, Stamp};
use crate::world::ids::{
    AccountIndex, ComponentId, FieldId, IssueId, IssueTypeId, Millis, ProjectId, StatusId, VersionId,
};
use crate::world::site::SiteState;
use crate::world::text::iso_day;

/// One side of a change.
pub(in crate::world) enum Shown {
    /// No value.
    Nothing,
    /// Text without an id.
    Text(String),
    /// Id and name.
    Named(String, String),
}

impl Shown {
    pub(in crate::world) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    fn named(id: Option<impl ToString>, name: Option<&str>) -> Self {
        id.map_or(Self::Nothing, |id| Self::Named(id.to_string(), name.unwrap_or_default().to_owned()))
    }

    fn into_pair(self) -> (Option<Arc<str>>, Option<Arc<str>>) {
        match self {
            Self::Nothing => (None, None),
            Self::Text(text) => (None, Some(text.into())),
            Self::Named(id, name) => (Some(id.into()), Some(name.into())),
        }
    }
}

pub(in crate::world) fn item(field: &str, field_id: &str, from: Shown, to: Shown) -> HistoryItem {
    let ((from, from_string), (to, to_string)) = (from.into_pair(), to.into_pair());
    let field_type = if field_id.starts_with("customfield_") { "custom" } else { "jira" };
    HistoryItem {
        field: field.into(),
        field_id: field_id.into(),
        field_type,
        from,
        from_string,
        to,
        to_string,
    }
}

pub(in crate::world) fn number(field: &str, from: u64, to: u64) -> HistoryItem {
    let shown = |value: u64| {
        if value == 0 { Shown::Nothing } else { Shown::Named(value.to_string(), value.to_string()) }
    };
    item(field, field, shown(from), shown(to))
}

fn set<T: PartialEq>(slot: &mut T, value: T) -> Option<T> {
    (*slot != value).then(|| std::mem::replace(slot, value))
}

impl SiteState {
    /// Sets one field and returns the changelog's items about it: none when the value is the same.
    #[expect(clippy::too_many_lines, reason = "one arm per field")]
    pub(super) fn apply(
        &mut self,
        issue: &mut Issue,
        stamp: Stamp,
        change: FieldChange,
    ) -> Result<Vec<HistoryItem>, EditError> {
        let one = |changed: Option<HistoryItem>| changed.into_iter().collect();
        Ok(match change {
            FieldChange::Status(status) => return self.apply_status(issue, stamp.at, status),
            FieldChange::IssueType(kind) => return self.apply_type(issue, kind).map(one),
            FieldChange::Labels(labels) => one(self.apply_labels(issue, &labels)),
            FieldChange::Components(components) => return self.apply_components(issue, &components),
            FieldChange::FixVersions(versions) => return self.apply_versions(issue, &versions, true),
            FieldChange::Versions(versions) => return self.apply_versions(issue, &versions, false),
            FieldChange::Parent(parent) => return self.apply_parent(issue, parent).map(one),
            FieldChange::Custom(field, value) => {
                return self.apply_custom(issue, field, value.as_ref()).map(one);
            }
            FieldChange::Summary(text) => {
                if text.trim().is_empty() || text.contains('\n') || text.chars().count() > 255 {
                    return Err(EditError::Refused("the summary must be one line of 1 to 255 characters"));
                }
                one(set(&mut issue.summary, text)
                    .map(|old| item("summary", "summary", Shown::text(&old), Shown::text(&issue.summary))))
            }
            FieldChange::Description(text) => one(set(&mut issue.description, text).map(|old| {
                item(
                    "description",
                    "description",
                    shown_rich(old.as_ref()),
                    shown_rich(issue.description.as_ref()),
                )
            })),
            FieldChange::Environment(text) => one(set(&mut issue.environment, text).map(|old| {
                item(
                    "environment",
                    "environment",
                    shown_rich(old.as_ref()),
                    shown_rich(issue.environment.as_ref()),
                )
            })),
            FieldChange::Priority(priority) => {
                let shown = |id| {
                    Shown::named(
                        id,
                        id.and_then(|id| self.jira.config.priority(id)).map(|it| it.name.as_str()),
                    )
                };
                one(set(&mut issue.priority, priority)
                    .map(|old| item("priority", "priority", shown(old), shown(priority))))
            }
            FieldChange::Resolution(resolution) => {
                let shown = |id| {
                    Shown::named(
                        id,
                        id.and_then(|id| self.jira.config.resolution(id)).map(|it| it.name.as_str()),
                    )
                };
                issue.resolved = resolution.map(|_| issue.resolved.unwrap_or(stamp.at));
                one(set(&mut issue.resolution, resolution)
                    .map(|old| item("resolution", "resolution", shown(old), shown(resolution))))
            }
            FieldChange::Assignee(person) => one(set(&mut issue.assignee, person)
                .map(|old| item("assignee", "assignee", self.shown_person(old), self.shown_person(person)))),
            FieldChange::Reporter(person) => one(set(&mut issue.reporter, person)
                .map(|old| item("reporter", "reporter", self.shown_person(old), self.shown_person(person)))),
            FieldChange::Due(due) => {
                let shown = |day: Option<i32>| {
                    day.map_or(Shown::Nothing, |day| {
                        Shown::Named(iso_day(day), format!("{} 00:00:00.0", iso_day(day)))
                    })
                };
                one(set(&mut issue.due, due).map(|old| item("duedate", "duedate", shown(old), shown(due))))
            }
            FieldChange::Security(level) => {
                if level.is_some_and(|level| self.jira.config.security_level(level).is_none()) {
                    return Err(EditError::Unusable("the security level"));
                }
                let shown = |id| {
                    Shown::named(
                        id,
                        id.and_then(|id| self.jira.config.security_level(id)).map(|(_, it)| it.name.as_str()),
                    )
                };
                one(set(&mut issue.security, level)
                    .map(|old| item("security", "security", shown(old), shown(level))))
            }
            FieldChange::Sprints(sprints) => {
                let field = self
                    .jira
                    .config
                    .field_of_kind(super::field::FieldKind::Sprint)
                    .map(|field| field.id.to_string());
                let shown = |ids: &[crate::world::ids::SprintId]| {
                    let names: Vec<&str> = ids
                        .iter()
                        .filter_map(|id| self.jira.config.sprint(*id))
                        .map(|it| it.name.as_str())
                        .collect();
                    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
                    Shown::Named(ids.join(", "), names.join(", "))
                };
                one(set(&mut issue.sprints, sprints).map(|old| {
                    item("Sprint", field.as_deref().unwrap_or("sprint"), shown(&old), shown(&issue.sprints))
                }))
            }
            FieldChange::OriginalEstimate(seconds) => {
                one(set(&mut issue.original_estimate, seconds).map(|old| {
                    number("timeoriginalestimate", old.unwrap_or(0).into(), seconds.unwrap_or(0).into())
                }))
            }
            FieldChange::RemainingEstimate(seconds) => one(set(&mut issue.remaining_estimate, seconds)
                .map(|old| number("timeestimate", old.unwrap_or(0).into(), seconds.unwrap_or(0).into()))),
            FieldChange::RestrictedTo(roles) => {
                let names = |roles: &[crate::world::ids::RoleId]| {
                    let names: Vec<&str> = roles
                        .iter()
                        .filter_map(|id| self.jira.config.role(*id))
                        .map(|it| it.name.as_str())
                        .collect();
                    if names.is_empty() { Shown::Nothing } else { Shown::Text(names.join(", ")) }
                };
                one(set(&mut issue.restricted_to, roles).map(|old| {
                    item("Restrict to", "issuerestriction", names(&old), names(&issue.restricted_to))
                }))
            }
        })
    }

    fn apply_status(
        &mut self,
        issue: &mut Issue,
        at: Millis,
        status: StatusId,
    ) -> Result<Vec<HistoryItem>, EditError> {
        if !self.project(issue.project).is_some_and(|project| project.statuses.contains(&status)) {
            return Err(EditError::Unusable("the status"));
        }
        let Some(old) = set(&mut issue.status, status) else { return Ok(Vec::new()) };
        let name = |id| self.jira.config.status(id).map(|status| status.name.as_str());
        let category = |id| self.jira.config.status(id).map(|status| status.category);
        let mut items = vec![item(
            "status",
            "status",
            Shown::named(Some(old), name(old)),
            Shown::named(Some(status), name(status)),
        )];
        if category(old) != category(status) {
            issue.status_category_changed = at;
        }
        let done = self.is_done(status);
        let resolution = match (done, issue.resolution) {
            (true, None) => self.jira.config.resolutions.first().map(|resolution| resolution.id),
            (true, present) => present,
            (false, _) => None,
        };
        let stamp = Stamp { at, by: AccountIndex(0) };
        items.extend(self.apply(issue, stamp, FieldChange::Resolution(resolution))?);
        Ok(items)
    }

    fn apply_type(&self, issue: &mut Issue, kind: IssueTypeId) -> Result<Option<HistoryItem>, EditError> {
        if !self.project(issue.project).is_some_and(|project| project.issue_types.contains(&kind)) {
            return Err(EditError::Unusable("the issue type"));
        }
        let name = |id| self.jira.config.issue_type(id).map(|it| it.name.as_str());
        let changed = set(&mut issue.issue_type, kind);
        Ok(changed.map(|old| {
            item(
                "issuetype",
                "issuetype",
                Shown::named(Some(old), name(old)),
                Shown::named(Some(kind), name(kind)),
            )
        }))
    }

    fn apply_labels(&mut self, issue: &mut Issue, labels: &[Arc<str>]) -> Option<HistoryItem> {
        let mut indices = Vec::with_capacity(labels.len());
        for label in labels {
            let index = self.label_for(label);
            if !indices.contains(&index) {
                indices.push(index);
            }
        }
        let text = |indices: &[crate::world::ids::LabelIndex]| {
            let names: Vec<&str> = indices.iter().map(|index| &**self.label(*index)).collect();
            Shown::Text(names.join(" "))
        };
        set(&mut issue.labels, indices).map(|old| item("labels", "labels", text(&old), text(&issue.labels)))
    }

    fn apply_components(
        &self,
        issue: &mut Issue,
        components: &[ComponentId],
    ) -> Result<Vec<HistoryItem>, EditError> {
        let name = |id: ComponentId| {
            self.jira.config.component(id).map(|(project, it)| (project.id, it.name.as_str()))
        };
        if components.iter().any(|id| name(*id).is_none_or(|(project, _)| project != issue.project)) {
            return Err(EditError::Unusable("the component"));
        }
        let old = std::mem::replace(&mut issue.components, components.to_vec());
        let shown = |id: &ComponentId| Shown::named(Some(*id), name(*id).map(|(_, name)| name));
        Ok(list_items("Component", "components", &old, components, shown))
    }

    fn apply_versions(
        &self,
        issue: &mut Issue,
        versions: &[VersionId],
        fix: bool,
    ) -> Result<Vec<HistoryItem>, EditError> {
        let name =
            |id: VersionId| self.jira.config.version(id).map(|(project, it)| (project.id, it.name.as_str()));
        if versions.iter().any(|id| name(*id).is_none_or(|(project, _)| project != issue.project)) {
            return Err(EditError::Unusable("the version"));
        }
        let slot = if fix { &mut issue.fix_versions } else { &mut issue.versions };
        let old = std::mem::replace(slot, versions.to_vec());
        let shown = |id: &VersionId| Shown::named(Some(*id), name(*id).map(|(_, name)| name));
        let (field, field_id) = if fix { ("Fix Version", "fixVersions") } else { ("Version", "versions") };
        Ok(list_items(field, field_id, &old, versions, shown))
    }

    fn apply_parent(
        &self,
        issue: &mut Issue,
        parent: Option<IssueId>,
    ) -> Result<Option<HistoryItem>, EditError> {
        let level = |kind| self.jira.config.issue_type(kind).map_or(0, |it| it.hierarchy_level);
        if let Some(parent) = parent {
            let head = self.issue_head(parent).ok_or(EditError::Missing("the parent"))?;
            if level(head.issue_type) != level(issue.issue_type) + 1 {
                return Err(EditError::Unusable("the parent"));
            }
        } else if level(issue.issue_type) < 0 {
            return Err(EditError::Refused("a sub-task needs a parent"));
        }
        let shown = |id: Option<IssueId>| Shown::named(id, id.and_then(|id| self.issue_key(id)).as_deref());
        let changed = set(&mut issue.parent, parent);
        Ok(changed.map(|old| item("IssueParentAssociation", "parent", shown(old), shown(parent))))
    }

    fn apply_custom(
        &self,
        issue: &mut Issue,
        id: FieldId,
        value: Option<&CustomValue>,
    ) -> Result<Option<HistoryItem>, EditError> {
        let field = self.jira.config.field(id).ok_or(EditError::Missing("the field"))?;
        let old = match (issue.custom.binary_search_by_key(&id, |(field, _)| *field), value.cloned()) {
            (Ok(at), Some(value)) => Some(std::mem::replace(&mut issue.custom[at].1, value)),
            (Ok(at), None) => Some(issue.custom.remove(at).1),
            (Err(at), Some(value)) => {
                issue.custom.insert(at, (id, value));
                None
            }
            (Err(_), None) => None,
        };
        let changed = old.as_ref() != value;
        Ok(changed.then(|| {
            item(
                &field.name,
                &id.to_string(),
                self.shown_value(id, old.as_ref()),
                self.shown_value(id, value),
            )
        }))
    }

    fn shown_value(&self, field: FieldId, value: Option<&CustomValue>) -> Shown {
        let option = |id| Shown::named(Some(id), self.jira.config.option(field, id).map(|it| &*it.value));
        match value {
            None => Shown::Nothing,
            Some(CustomValue::Text(text) | CustomValue::Json(text)) => Shown::text(text),
            Some(CustomValue::Rich(rich)) => shown_rich(Some(rich)),
            Some(CustomValue::Number(number)) => Shown::Text(number.to_string()),
            Some(CustomValue::Date(day)) => Shown::Text(iso_day(*day)),
            Some(CustomValue::DateTime(at)) => Shown::Text(crate::world::text::iso_instant(*at)),
            Some(CustomValue::Option(id) | CustomValue::Cascade(id, None)) => option(*id),
            Some(CustomValue::Cascade(_, Some(child))) => option(*child),
            Some(CustomValue::User(person)) => self.shown_person(Some(*person)),
            Some(CustomValue::Project(project)) => self.shown_project(*project),
            Some(CustomValue::Issue(issue)) => Shown::named(Some(*issue), self.issue_key(*issue).as_deref()),
            Some(CustomValue::Options(ids)) => joined(ids.iter().map(|id| option(*id))),
            Some(CustomValue::Users(people)) => {
                joined(people.iter().map(|person| self.shown_person(Some(*person))))
            }
            Some(CustomValue::Group(group)) => self.shown_group(*group),
            Some(CustomValue::Groups(groups)) => joined(groups.iter().map(|group| self.shown_group(*group))),
            Some(CustomValue::Versions(ids)) => joined(ids.iter().map(|id| {
                Shown::named(Some(*id), self.jira.config.version(*id).map(|(_, it)| it.name.as_str()))
            })),
            Some(CustomValue::Labels(labels)) => Shown::Text(labels.join(" ")),
        }
    }

    fn shown_person(&self, person: Option<AccountIndex>) -> Shown {
        person
            .map(|person| self.account(person))
            .map_or(Shown::Nothing, |it| Shown::Named(it.account_id.clone(), it.display_name().to_owned()))
    }

    fn shown_group(&self, group: crate::world::ids::GroupIndex) -> Shown {
        self.group(group).map_or(Shown::Nothing, |group| Shown::Named(group.id.clone(), group.name.clone()))
    }

    pub(super) fn shown_project(&self, project: ProjectId) -> Shown {
        Shown::named(Some(project), self.project(project).map(|project| project.name.as_str()))
    }
}

fn shown_rich(text: Option<&crate::world::Rich>) -> Shown {
    text.map_or(Shown::Nothing, |text| Shown::Text(text.wiki().into_owned()))
}

fn joined(values: impl Iterator<Item = Shown>) -> Shown {
    let (mut ids, mut names) = (Vec::new(), Vec::new());
    for value in values {
        if let Shown::Named(id, name) = value {
            ids.push(id);
            names.push(name);
        }
    }
    Shown::Named(format!("[{}]", ids.join(", ")), names.join(", "))
}

/// One item per value that came or went, as Jira tells changes of lists.
fn list_items<T: PartialEq>(
    field: &str,
    field_id: &str,
    old: &[T],
    new: &[T],
    shown: impl Fn(&T) -> Shown,
) -> Vec<HistoryItem> {
    let gone =
        old.iter().filter(|id| !new.contains(id)).map(|id| item(field, field_id, shown(id), Shown::Nothing));
    let came =
        new.iter().filter(|id| !old.contains(id)).map(|id| item(field, field_id, Shown::Nothing, shown(id)));
    gone.chain(came).collect()
}
