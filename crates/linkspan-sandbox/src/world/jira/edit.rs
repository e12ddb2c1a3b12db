//! Changes to issues, with their effects: `updated`, changelog, resolution, links at the far end, remembered keys.
//!
//! Rights are not checked here: callers ask `access` first.

use std::sync::Arc;

use super::changes::{self, Shown};
use super::issue::{CustomValue, History, HistoryItem, Issue, Request};
use super::project::ProjectState;
use super::store::Touched;
use super::workflow::{IssueType, StatusCategory};
use crate::world::audit::{Action, AuditItem};
use crate::world::edit::{EditError, Stamp};
use crate::world::ids::{
    AccountIndex, ComponentId, Day, FieldId, HistoryId, IssueId, IssueLinkId, IssueTypeId, LabelIndex,
    PriorityId, ProjectId, ResolutionId, SecurityLevelId, SprintId, StatusId, VersionId,
};
use crate::world::log::Subject;
use crate::world::outbox::Detail;
use crate::world::rich::Rich;
use crate::world::site::SiteState;

/// What an issue is created from.
#[derive(Debug, Clone)]
pub struct NewIssue {
    /// Project.
    pub project: ProjectId,
    /// Type; must be one of the project's.
    pub issue_type: IssueTypeId,
    /// Summary.
    pub summary: Arc<str>,
    /// Everything else, applied without entries in the changelog.
    pub fields: Vec<FieldChange>,
    /// The request behind the issue, if it has a request type.
    pub request: Option<Request>,
}

/// One field set to a value.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each variant is the issue field of the same name")]
pub enum FieldChange {
    Summary(Arc<str>),
    Description(Option<Rich>),
    Environment(Option<Rich>),
    IssueType(IssueTypeId),
    Status(StatusId),
    Priority(Option<PriorityId>),
    Resolution(Option<ResolutionId>),
    Assignee(Option<AccountIndex>),
    Reporter(Option<AccountIndex>),
    Due(Option<Day>),
    Parent(Option<IssueId>),
    Security(Option<SecurityLevelId>),
    Labels(Vec<Arc<str>>),
    Components(Vec<ComponentId>),
    FixVersions(Vec<VersionId>),
    Versions(Vec<VersionId>),
    Sprints(Vec<SprintId>),
    OriginalEstimate(Option<u32>),
    RemainingEstimate(Option<u32>),
    RestrictedTo(Vec<crate::world::ids::RoleId>),
    Custom(FieldId, Option<CustomValue>),
}

impl SiteState {
    /// Creates an issue. Its creator is the stamp's account, and its reporter as well unless the fields name one.
    pub fn create_issue(&mut self, stamp: Stamp, new: NewIssue) -> Result<IssueId, EditError> {
        let project = self.project(new.project).ok_or(EditError::Missing("the project"))?;
        if project.state != ProjectState::Live {
            return Err(EditError::Refused("the project is archived or in the trash"));
        }
        if !project.issue_types.contains(&new.issue_type) {
            return Err(EditError::Unusable("the issue type"));
        }
        let status = *project.statuses.first().ok_or(EditError::Unusable("the workflow"))?;
        let id = IssueId(self.jira.next.issue);
        let mut issue = Issue::blank(id, new.project, 0, new.issue_type, status, stamp, new.summary);
        issue.priority = self
            .jira
            .config
            .priorities
            .iter()
            .find(|priority| priority.is_default)
            .map(|priority| priority.id);
        issue.request = new.request;
        for change in new.fields {
            self.apply(&mut issue, stamp, change)?;
        }
        let is_subtask = self.jira.config.issue_type(issue.issue_type).is_some_and(IssueType::is_subtask);
        if is_subtask && issue.parent.is_none() {
            return Err(EditError::Refused("a sub-task needs a parent"));
        }
        issue.number = self.take_number(new.project);
        self.jira.next.issue += 1;
        self.jira.numbers.insert((new.project, issue.number), id);
        self.keep(issue);
        self.note(stamp, id, Subject::IssueCreated(id), Detail::Nothing);
        Ok(id)
    }

    /// Sets fields of an issue in one save. Nothing is saved when nothing differs or when one value cannot be used.
    /// Returns the id of the changelog entry, if there is one.
    pub fn edit_issue(
        &mut self,
        stamp: Stamp,
        id: IssueId,
        fields: Vec<FieldChange>,
    ) -> Result<Option<HistoryId>, EditError> {
        let mut issue = self.editable(id)?;
        let mut items = Vec::new();
        for change in fields {
            items.extend(self.apply(&mut issue, stamp, change)?);
        }
        if items.is_empty() {
            return Ok(None);
        }
        let history = self.save(stamp, issue, items);
        self.note(stamp, id, Subject::IssueUpdated(id), Detail::Saved(history));
        Ok(Some(history))
    }

    /// Deletes an issue with its sub-tasks; its links go at the far ends too, and issues of an epic lose their parent.
    pub fn delete_issue(&mut self, stamp: Stamp, id: IssueId) -> Result<(), EditError> {
        self.remove_issue(stamp, id, true)
    }

    /// The same; unless it is `told`, those who follow issues do not hear of it.
    pub(in crate::world) fn remove_issue(
        &mut self,
        stamp: Stamp,
        id: IssueId,
        told: bool,
    ) -> Result<(), EditError> {
        let issue = self.issue(id).ok_or(EditError::Missing("the issue"))?;
        for child in self.issue_children(id) {
            let is_subtask = self
                .issue_head(child)
                .and_then(|head| self.jira.config.issue_type(head.issue_type))
                .is_some_and(IssueType::is_subtask);
            if is_subtask {
                self.remove_issue(stamp, child, told)?;
            } else {
                self.orphan(stamp, child);
            }
        }
        for link in &issue.links {
            self.drop_link_end(link.other, link.id);
        }
        self.jira.deleted_worklogs.extend(issue.worklogs.iter().map(|worklog| (worklog.id, stamp.at)));
        let key = self.key_of(issue.project, issue.number);
        self.note_deletion(stamp, &issue, told);
        self.jira.touched.insert(id, Touched::Deleted);
        let project = Some(issue.project);
        let object = AuditItem::Named { id: id.to_string(), name: key, kind: "ISSUE_DELETE", project };
        let (summary, category) = ("Issue deleted", "issues");
        let (associated, changed) = (Vec::new(), Vec::new());
        self.audit.push(stamp, Action { summary, category, object, associated, changed });
        Ok(())
    }

    /// Moves an issue with its sub-tasks to another project. Id stays; it gets a new number there, the old key still
    /// resolves; type and status are matched by name; components, versions, sprints and a foreign security level are lost.
    pub fn move_issue(&mut self, stamp: Stamp, id: IssueId, target: ProjectId) -> Result<(), EditError> {
        let mut issue = self.editable(id)?;
        if issue.project == target {
            return Ok(());
        }
        let is_subtask = self.jira.config.issue_type(issue.issue_type).is_some_and(IssueType::is_subtask);
        let parent_there = issue
            .parent
            .and_then(|parent| self.issue_head(parent))
            .is_some_and(|parent| parent.project == target);
        if is_subtask && !parent_there {
            return Err(EditError::Refused("a sub-task moves with its parent"));
        }
        let (issue_type, status, security) = self.matching(&issue, target)?;
        let children = self.issue_children(id);
        let level = |child: &IssueId| {
            self.issue_head(*child)
                .and_then(|head| self.jira.config.issue_type(head.issue_type))
                .map(|it| it.hierarchy_level)
        };
        let (subtasks, others): (Vec<IssueId>, Vec<IssueId>) =
            children.iter().partition(|child| level(child) == Some(-1));
        for subtask in &subtasks {
            self.matching(&self.editable(*subtask)?, target)?;
        }
        let old_key = self.key_of(issue.project, issue.number);
        let old_project = issue.project;
        self.jira.numbers.insert((issue.project, issue.number), id);
        issue.number = self.take_number(target);
        issue.project = target;
        self.jira.numbers.insert((target, issue.number), id);
        let new_key = self.key_of(target, issue.number);
        let mut items = vec![
            changes::item("Key", "key", Shown::text(&old_key), Shown::text(&new_key)),
            changes::item("project", "project", self.shown_project(old_project), self.shown_project(target)),
        ];
        if issue_type != issue.issue_type {
            items.extend(self.apply(&mut issue, stamp, FieldChange::IssueType(issue_type))?);
        }
        if status != issue.status {
            items.extend(self.apply(&mut issue, stamp, FieldChange::Status(status))?);
        }
        let cleared = [
            FieldChange::Components(Vec::new()),
            FieldChange::FixVersions(Vec::new()),
            FieldChange::Versions(Vec::new()),
            FieldChange::Security(security),
        ];
        for change in cleared {
            items.extend(self.apply(&mut issue, stamp, change)?);
        }
        issue.sprints.clear();
        issue.restricted_to.clear();
        issue.request = None;
        if !is_subtask
            && issue
                .parent
                .is_some_and(|parent| self.issue_head(parent).is_none_or(|head| head.project != target))
        {
            items.extend(self.apply(&mut issue, stamp, FieldChange::Parent(None))?);
        }
        let history = self.save(stamp, issue, items);
        self.note(stamp, id, Subject::IssueUpdated(id), Detail::Saved(history));
        for subtask in subtasks {
            self.move_issue(stamp, subtask, target)?;
        }
        for other in others {
            self.orphan(stamp, other);
        }
        Ok(())
    }

    /// Archives an issue with its sub-tasks, or restores them. `updated` does not move.
    pub fn set_issue_archived(&mut self, stamp: Stamp, id: IssueId, archived: bool) -> Result<(), EditError> {
        let issue = self.issue(id).ok_or(EditError::Missing("the issue"))?;
        if issue.archived.is_some() != archived {
            let mut issue = Issue::clone(&issue);
            issue.archived = archived.then_some((stamp.at, stamp.by));
            self.keep(issue);
            let subject = if archived { Subject::IssueArchived(id) } else { Subject::IssueRestored(id) };
            self.note(stamp, id, subject, Detail::Nothing);
        }
        for child in self.issue_children(id) {
            let level = self
                .issue_head(child)
                .and_then(|head| self.jira.config.issue_type(head.issue_type))
                .map(|it| it.hierarchy_level);
            if level == Some(-1) {
                self.set_issue_archived(stamp, child, archived)?;
            }
        }
        Ok(())
    }

    pub(super) fn editable(&self, id: IssueId) -> Result<Issue, EditError> {
        let issue = self.issue(id).ok_or(EditError::Missing("the issue"))?;
        let live = self.project(issue.project).is_some_and(|project| project.state == ProjectState::Live);
        if issue.archived.is_some() || !live {
            return Err(EditError::Refused("the issue is archived"));
        }
        Ok(Issue::clone(&issue))
    }

    /// Takes the parent away from an issue, archived or not.
    fn orphan(&mut self, stamp: Stamp, id: IssueId) {
        if self.edit_issue(stamp, id, vec![FieldChange::Parent(None)]).is_err()
            && let Some(issue) = self.issue(id)
        {
            self.keep(Issue { parent: None, ..Issue::clone(&issue) });
        }
    }

    pub(super) fn keep(&mut self, issue: Issue) {
        if let Some(parent) = issue.parent {
            let children = self.jira.touched_children.entry(parent).or_default();
            if !children.contains(&issue.id) {
                children.push(issue.id);
            }
        }
        self.jira.touched.insert(issue.id, Touched::Kept(Arc::new(issue)));
    }

    pub(super) fn save(&mut self, stamp: Stamp, mut issue: Issue, items: Vec<HistoryItem>) -> HistoryId {
        let id = HistoryId(self.jira.next.history);
        self.jira.next.history += 1;
        issue.updated = stamp.at;
        issue.changelog.push(History { id, author: Some(stamp.by), created: stamp.at, items });
        self.keep(issue);
        id
    }

    fn drop_link_end(&mut self, end: IssueId, link: IssueLinkId) {
        if let Some(issue) = self.issue(end) {
            let mut issue = Issue::clone(&issue);
            issue.links.retain(|candidate| candidate.id != link);
            self.keep(issue);
        }
    }

    fn take_number(&mut self, project: ProjectId) -> u32 {
        let last = self.jira.last_number.entry(project).or_insert(0);
        *last += 1;
        *last
    }

    fn matching(
        &self,
        issue: &Issue,
        target: ProjectId,
    ) -> Result<(IssueTypeId, StatusId, Option<SecurityLevelId>), EditError> {
        let project = self
            .project(target)
            .filter(|project| project.state == ProjectState::Live)
            .ok_or(EditError::Missing("the project"))?;
        let config = &self.jira.config;
        let present_type =
            config.issue_type(issue.issue_type).ok_or(EditError::Unusable("the issue type"))?;
        let types = || project.issue_types.iter().filter_map(|id| config.issue_type(*id));
        let same_level = |level: i8| types().find(move |candidate| candidate.hierarchy_level == level);
        let issue_type = types()
            .find(|candidate| {
                candidate.name == present_type.name
                    && candidate.hierarchy_level == present_type.hierarchy_level
            })
            .or_else(|| same_level(present_type.hierarchy_level))
            .ok_or(EditError::Unusable("the issue type"))?;
        let name = config.status(issue.status).map_or("", |status| status.name.as_str());
        let statuses = || project.statuses.iter().filter_map(|id| config.status(*id));
        let status = statuses()
            .find(|candidate| candidate.name == name)
            .or_else(|| statuses().next())
            .ok_or(EditError::Unusable("the status"))?;
        let scheme_has = |level: SecurityLevelId| {
            config.security_level(level).is_some_and(|(scheme, _)| Some(scheme.id) == project.security_scheme)
        };
        Ok((issue_type.id, status.id, issue.security.filter(|level| scheme_has(*level))))
    }

    /// Whether a status is of the category "Done".
    pub(super) fn is_done(&self, status: StatusId) -> bool {
        self.jira.config.status(status).is_some_and(|status| status.category == StatusCategory::Done)
    }

    /// The position of a label, new ones included.
    pub(super) fn label_for(&mut self, name: &Arc<str>) -> LabelIndex {
        if let Some(index) = self.jira.label_index.get(name) {
            return *index;
        }
        let index = LabelIndex(u32::try_from(self.jira.config.labels.len()).unwrap_or(u32::MAX));
        self.jira.config.labels.push(Arc::clone(name));
        self.jira.label_index.insert(Arc::clone(name), index);
        index
    }
}
