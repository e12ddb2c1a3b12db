//! Changes to issues, with their effects: `updated`, changelog, resolution, links at the far end, remembered keys.
//!
//! Rights are not checked here: callers ask `access` first.

use std::sync::Arc;

use super::changes::{self, Shown};
use super::config::{ProjectState, StatusCategory};
use super::issue::{
    Attachment, Comment, CustomValue, History, HistoryItem, Issue, IssueLink, Request, Visibility, Worklog,
};
use super::store::{Child, Touched};
use crate::world::edit::{EditError, Stamp};
use crate::world::ids::{
    AccountIndex, AttachmentId, CommentId, ComponentId, Day, FieldId, HistoryId, IssueId, IssueLinkId,
    IssueTypeId, LabelIndex, LinkTypeId, PriorityId, ProjectId, ResolutionId, SecurityLevelId, SprintId,
    StatusId, VersionId, WorklogId,
};
use crate::world::log::Subject;
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

/// What a comment is made from.
#[derive(Debug, Clone)]
pub struct NewComment {
    /// Text.
    pub body: Rich,
    /// Restriction.
    pub visibility: Option<Visibility>,
    /// False for an internal note of a service desk.
    pub public: bool,
}

/// What a worklog is made from.
#[derive(Debug, Clone)]
pub struct NewWorklog {
    /// Text.
    pub comment: Option<Rich>,
    /// When the work began.
    pub started: crate::world::ids::Millis,
    /// Seconds spent.
    pub seconds: u32,
    /// Restriction.
    pub visibility: Option<Visibility>,
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
        let is_subtask =
            self.jira.config.issue_type(issue.issue_type).is_some_and(super::config::IssueType::is_subtask);
        if is_subtask && issue.parent.is_none() {
            return Err(EditError::Refused("a sub-task needs a parent"));
        }
        issue.number = self.take_number(new.project);
        self.jira.next.issue += 1;
        self.jira.numbers.insert((new.project, issue.number), id);
        self.keep(issue);
        self.log.push(stamp.at, stamp.by, Subject::IssueCreated(id));
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
        self.log.push(stamp.at, stamp.by, Subject::IssueUpdated(id));
        Ok(Some(history))
    }

    /// Deletes an issue with its sub-tasks; its links go at the far ends too, and issues of an epic lose their parent.
    pub fn delete_issue(&mut self, stamp: Stamp, id: IssueId) -> Result<(), EditError> {
        let issue = self.issue(id).ok_or(EditError::Missing("the issue"))?;
        for child in self.issue_children(id) {
            let is_subtask = self
                .issue_head(child)
                .and_then(|head| self.jira.config.issue_type(head.issue_type))
                .is_some_and(|it| it.is_subtask());
            if is_subtask {
                self.delete_issue(stamp, child)?;
            } else {
                self.orphan(stamp, child);
            }
        }
        for link in &issue.links {
            self.drop_link_end(link.other, link.id);
        }
        self.jira.deleted_worklogs.extend(issue.worklogs.iter().map(|worklog| (worklog.id, stamp.at)));
        self.jira.touched.insert(id, Touched::Deleted);
        self.log.push(stamp.at, stamp.by, Subject::IssueDeleted(id, issue.project));
        Ok(())
    }

    /// Moves an issue with its sub-tasks to another project. Id stays; it gets a new number there, the old key still
    /// resolves; type and status are matched by name; components, versions, sprints and a foreign security level are lost.
    pub fn move_issue(&mut self, stamp: Stamp, id: IssueId, target: ProjectId) -> Result<(), EditError> {
        let mut issue = self.editable(id)?;
        if issue.project == target {
            return Ok(());
        }
        let is_subtask =
            self.jira.config.issue_type(issue.issue_type).is_some_and(super::config::IssueType::is_subtask);
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
        self.save(stamp, issue, items);
        self.log.push(stamp.at, stamp.by, Subject::IssueUpdated(id));
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
            self.log.push(stamp.at, stamp.by, subject);
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

    /// Adds a comment.
    pub fn add_comment(
        &mut self,
        stamp: Stamp,
        id: IssueId,
        new: NewComment,
    ) -> Result<CommentId, EditError> {
        let mut issue = self.editable(id)?;
        let comment = CommentId(self.jira.next.comment);
        self.jira.next.comment += 1;
        issue.comments.push(Comment {
            id: comment,
            author: Some(stamp.by),
            update_author: Some(stamp.by),
            body: new.body,
            created: stamp.at,
            updated: stamp.at,
            visibility: new.visibility,
            public: new.public,
        });
        issue.updated = stamp.at;
        self.keep(issue);
        self.jira.added.insert(Child::Comment(comment), id);
        self.log.push(stamp.at, stamp.by, Subject::CommentCreated(id, comment));
        Ok(comment)
    }

    /// Rewrites a comment.
    pub fn edit_comment(&mut self, stamp: Stamp, id: CommentId, new: NewComment) -> Result<(), EditError> {
        let home = self.issue_of_comment(id).ok_or(EditError::Missing("the comment"))?;
        let mut issue = self.editable(home)?;
        let comment = issue
            .comments
            .iter_mut()
            .find(|comment| comment.id == id)
            .ok_or(EditError::Missing("the comment"))?;
        comment.body = new.body;
        comment.visibility = new.visibility;
        comment.public = new.public;
        comment.updated = stamp.at;
        comment.update_author = Some(stamp.by);
        issue.updated = stamp.at;
        self.keep(issue);
        self.log.push(stamp.at, stamp.by, Subject::CommentUpdated(home, id));
        Ok(())
    }

    /// Deletes a comment.
    pub fn delete_comment(&mut self, stamp: Stamp, id: CommentId) -> Result<(), EditError> {
        let home = self.issue_of_comment(id).ok_or(EditError::Missing("the comment"))?;
        let mut issue = self.editable(home)?;
        let at = issue
            .comments
            .iter()
            .position(|comment| comment.id == id)
            .ok_or(EditError::Missing("the comment"))?;
        issue.comments.remove(at);
        issue.updated = stamp.at;
        self.keep(issue);
        self.log.push(stamp.at, stamp.by, Subject::CommentDeleted(home, id));
        Ok(())
    }

    /// Logs work. The remaining estimate shrinks by it.
    pub fn add_worklog(
        &mut self,
        stamp: Stamp,
        id: IssueId,
        new: NewWorklog,
    ) -> Result<WorklogId, EditError> {
        let mut issue = self.editable(id)?;
        let worklog = WorklogId(self.jira.next.worklog);
        self.jira.next.worklog += 1;
        let before = issue.time_spent();
        issue.worklogs.push(Worklog {
            id: worklog,
            author: Some(stamp.by),
            update_author: Some(stamp.by),
            comment: new.comment,
            created: stamp.at,
            updated: stamp.at,
            started: new.started,
            seconds: new.seconds,
            visibility: new.visibility,
        });
        issue.remaining_estimate = issue.remaining_estimate.map(|left| left.saturating_sub(new.seconds));
        let items = vec![changes::number("timespent", before.into(), issue.time_spent().into())];
        self.save(stamp, issue, items);
        self.jira.added.insert(Child::Worklog(worklog), id);
        self.log.push(stamp.at, stamp.by, Subject::WorklogCreated(id, worklog));
        Ok(worklog)
    }

    /// Rewrites a worklog.
    pub fn edit_worklog(&mut self, stamp: Stamp, id: WorklogId, new: NewWorklog) -> Result<(), EditError> {
        let home = self.issue_of_worklog(id).ok_or(EditError::Missing("the worklog"))?;
        let mut issue = self.editable(home)?;
        let before = issue.time_spent();
        let worklog = issue
            .worklogs
            .iter_mut()
            .find(|worklog| worklog.id == id)
            .ok_or(EditError::Missing("the worklog"))?;
        worklog.comment = new.comment;
        worklog.started = new.started;
        worklog.seconds = new.seconds;
        worklog.visibility = new.visibility;
        worklog.updated = stamp.at;
        worklog.update_author = Some(stamp.by);
        let items = vec![changes::number("timespent", before.into(), issue.time_spent().into())];
        self.save(stamp, issue, items);
        self.log.push(stamp.at, stamp.by, Subject::WorklogUpdated(home, id));
        Ok(())
    }

    /// Deletes a worklog; it enters the feed of deleted worklogs.
    pub fn delete_worklog(&mut self, stamp: Stamp, id: WorklogId) -> Result<(), EditError> {
        let home = self.issue_of_worklog(id).ok_or(EditError::Missing("the worklog"))?;
        let mut issue = self.editable(home)?;
        let at = issue
            .worklogs
            .iter()
            .position(|worklog| worklog.id == id)
            .ok_or(EditError::Missing("the worklog"))?;
        let before = issue.time_spent();
        issue.worklogs.remove(at);
        let items = vec![changes::number("timespent", before.into(), issue.time_spent().into())];
        self.save(stamp, issue, items);
        self.jira.deleted_worklogs.push((id, stamp.at));
        self.log.push(stamp.at, stamp.by, Subject::WorklogDeleted(home, id));
        Ok(())
    }

    /// Attaches a file.
    pub fn add_attachment(
        &mut self,
        stamp: Stamp,
        id: IssueId,
        filename: &str,
        mime_type: &str,
        size: u64,
    ) -> Result<AttachmentId, EditError> {
        let mut issue = self.editable(id)?;
        let attachment = AttachmentId(self.jira.next.attachment);
        self.jira.next.attachment += 1;
        issue.attachments.push(Attachment {
            id: attachment,
            filename: filename.into(),
            size,
            mime_type: mime_type.into(),
            author: Some(stamp.by),
            created: stamp.at,
            media_id: crate::world::seed::uuid(attachment.0, id.0).into(),
        });
        let items = vec![changes::item(
            "Attachment",
            "attachment",
            Shown::Nothing,
            Shown::Named(attachment.to_string(), filename.to_owned()),
        )];
        self.save(stamp, issue, items);
        self.jira.added.insert(Child::Attachment(attachment), id);
        self.log.push(stamp.at, stamp.by, Subject::IssueUpdated(id));
        Ok(attachment)
    }

    /// Removes a file.
    pub fn delete_attachment(&mut self, stamp: Stamp, id: AttachmentId) -> Result<(), EditError> {
        let (issue, attachment) = self.attachment(id).ok_or(EditError::Missing("the attachment"))?;
        let mut issue = self.editable(issue.id)?;
        let home = issue.id;
        issue.attachments.retain(|candidate| candidate.id != id);
        let items = vec![changes::item(
            "Attachment",
            "attachment",
            Shown::Named(id.to_string(), attachment.filename.to_string()),
            Shown::Nothing,
        )];
        self.save(stamp, issue, items);
        self.log.push(stamp.at, stamp.by, Subject::IssueUpdated(home));
        Ok(())
    }

    /// Links two issues: `source` shows the outward text of the type.
    pub fn link_issues(
        &mut self,
        stamp: Stamp,
        link_type: LinkTypeId,
        source: IssueId,
        target: IssueId,
    ) -> Result<IssueLinkId, EditError> {
        if source == target {
            return Err(EditError::Refused("an issue cannot be linked to itself"));
        }
        let kind = self.jira.config.link_type(link_type).ok_or(EditError::Unusable("the link type"))?.clone();
        let id = IssueLinkId(self.jira.next.link);
        // Both ends must take the change before either is changed.
        self.editable(source)?;
        self.editable(target)?;
        for (outward, end, other, text) in
            [(true, source, target, &kind.outward), (false, target, source, &kind.inward)]
        {
            let mut issue = self.editable(end)?;
            let key = self.issue_key(other).ok_or(EditError::Missing("the issue"))?;
            issue.links.push(IssueLink { id, link_type, outward, other });
            let items = vec![changes::item(
                "Link",
                "issuelinks",
                Shown::Nothing,
                Shown::Named(key.clone(), format!("This issue {text} {key}")),
            )];
            self.save(stamp, issue, items);
            self.log.push(stamp.at, stamp.by, Subject::IssueUpdated(end));
        }
        self.jira.next.link += 1;
        self.jira.added.insert(Child::Link(id), source);
        Ok(id)
    }

    /// Removes a link at both ends.
    pub fn unlink_issues(&mut self, stamp: Stamp, id: IssueLinkId) -> Result<(), EditError> {
        let (source, link) = self.issue_link(id).ok_or(EditError::Missing("the link"))?;
        for (end, other) in [(source.id, link.other), (link.other, source.id)] {
            if let Ok(mut issue) = self.editable(end) {
                let key = self.issue_key(other).unwrap_or_default();
                issue.links.retain(|candidate| candidate.id != id);
                let items =
                    vec![changes::item("Link", "issuelinks", Shown::Named(key.clone(), key), Shown::Nothing)];
                self.save(stamp, issue, items);
                self.log.push(stamp.at, stamp.by, Subject::IssueUpdated(end));
            }
        }
        Ok(())
    }

    /// Adds or removes a watcher (`updated` does not move). Returns whether that changed anything.
    pub fn set_watcher(
        &mut self,
        id: IssueId,
        account: AccountIndex,
        watching: bool,
    ) -> Result<bool, EditError> {
        let mut issue = self.editable(id)?;
        let at = issue.watchers.iter().position(|watcher| *watcher == account);
        match (at, watching) {
            (Some(at), false) => drop(issue.watchers.remove(at)),
            (None, true) => issue.watchers.push(account),
            _ => return Ok(false),
        }
        self.keep(issue);
        Ok(true)
    }

    /// Writes (or with `None` removes) an entity property of an issue (`updated` does not move).
    pub fn set_issue_property(
        &mut self,
        id: IssueId,
        key: &str,
        value: Option<Arc<str>>,
    ) -> Result<(), EditError> {
        let mut issue = self.editable(id)?;
        issue.properties.retain(|(present, _)| present != key);
        issue.properties.extend(value.map(|value| (key.to_owned(), value)));
        self.keep(issue);
        Ok(())
    }

    fn editable(&self, id: IssueId) -> Result<Issue, EditError> {
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

    fn keep(&mut self, issue: Issue) {
        if let Some(parent) = issue.parent {
            let children = self.jira.touched_children.entry(parent).or_default();
            if !children.contains(&issue.id) {
                children.push(issue.id);
            }
        }
        self.jira.touched.insert(issue.id, Touched::Kept(Arc::new(issue)));
    }

    fn save(&mut self, stamp: Stamp, mut issue: Issue, items: Vec<HistoryItem>) -> HistoryId {
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
