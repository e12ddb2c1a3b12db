//! Reading issues: the base (generated or loaded) under the overlay of what was changed at run time.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::config::{
    Field, IssueType, JiraConfig, LinkType, Organization, PermissionScheme, Priority, Project, Resolution, Role, SecurityLevel,
    SecurityScheme, Sprint, Status,
};
use super::issue::{Attachment, Comment, Issue, IssueHead, Worklog};
use crate::world::ids::{
    AttachmentId, CommentId, FieldId, HistoryId, IssueId, IssueLinkId, IssueTypeId, LabelIndex, LinkTypeId, Millis, OrganizationId,
    PermissionSchemeId, PriorityId, ProjectId, ResolutionId, RoleId, SecurityLevelId, SecuritySchemeId, SprintId, StatusId,
    WorklogId,
};
use crate::world::site::SiteState;

/// Where issues come from before anybody touches them.
#[derive(Debug)]
pub(in crate::world) enum JiraBase {
    /// No issues.
    Empty,
}

impl JiraBase {
    fn contains(&self, _id: IssueId) -> bool {
        match self {
            Self::Empty => false,
        }
    }

    fn head(&self, _id: IssueId) -> Option<IssueHead<'_>> {
        match self {
            Self::Empty => None,
        }
    }

    fn build(&self, _id: IssueId) -> Option<Arc<Issue>> {
        match self {
            Self::Empty => None,
        }
    }

    fn next_after(&self, _id: Option<IssueId>) -> Option<IssueId> {
        match self {
            Self::Empty => None,
        }
    }
}

/// What happened to an issue at run time.
#[derive(Debug, Clone)]
pub(in crate::world) enum Touched {
    /// Created or changed.
    Kept(Arc<Issue>),
    /// Deleted.
    Deleted,
}

/// Jira of a site: configuration, base and overlay.
#[derive(Debug)]
pub(in crate::world) struct JiraState {
    pub(in crate::world) config: JiraConfig,
    pub(in crate::world) base: JiraBase,
    pub(in crate::world) touched: BTreeMap<IssueId, Touched>,
    /// Keys that no longer are the key of an issue, or are and came by a move or creation: (project, number) to issue.
    pub(in crate::world) numbers: HashMap<(ProjectId, u32), IssueId>,
    /// Homes of children added at run time.
    pub(in crate::world) added: HashMap<Added, IssueId>,
    /// Worklogs deleted, with the time of deletion, oldest first.
    pub(in crate::world) deleted_worklogs: Vec<(WorklogId, Millis)>,
}

/// A child added to an issue at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::world) enum Added {
    Comment(CommentId),
    Worklog(WorklogId),
    Attachment(AttachmentId),
    Link(IssueLinkId),
    History(HistoryId),
}

impl SiteState {
    /// The configuration of Jira.
    pub fn jira(&self) -> &JiraConfig {
        &self.jira.config
    }

    /// A project, archived and trashed ones included.
    pub fn project(&self, id: ProjectId) -> Option<&Project> {
        let projects = &self.jira.config.projects;
        projects.binary_search_by_key(&id, |project| project.id).ok().map(|at| &projects[at])
    }

    /// The project with a key, present or former; upper and lower case alike.
    pub fn project_by_key(&self, key: &str) -> Option<&Project> {
        let projects = &self.jira.config.projects;
        let former = |project: &&Project| project.former_keys.iter().any(|old| old.eq_ignore_ascii_case(key));
        projects.iter().find(|project| project.key.eq_ignore_ascii_case(key)).or_else(|| projects.iter().find(former))
    }

    /// The project of an id (digits) or a key.
    pub fn find_project(&self, id_or_key: &str) -> Option<&Project> {
        ProjectId::parse(id_or_key).and_then(|id| self.project(id)).or_else(|| self.project_by_key(id_or_key))
    }

    /// Ids of all issues that exist, archived ones included, ascending, after `after`.
    pub fn issue_ids_after(&self, after: Option<IssueId>) -> impl Iterator<Item = IssueId> + '_ {
        let mut last = after;
        std::iter::from_fn(move || {
            loop {
                let from = last.map_or(IssueId(0), |id| IssueId(id.0 + 1));
                let base = self.jira.base.next_after(last);
                let added = self.jira.touched.range(from..).next().map(|(id, _)| *id);
                let next = base.into_iter().chain(added).min()?;
                last = Some(next);
                if !matches!(self.jira.touched.get(&next), Some(Touched::Deleted)) {
                    return Some(next);
                }
            }
        })
    }

    /// Ids of all issues that exist, archived ones included, ascending.
    pub fn issue_ids(&self) -> impl Iterator<Item = IssueId> + '_ {
        self.issue_ids_after(None)
    }

    /// The cheap view of an issue; `None` when it does not exist (any more).
    pub fn issue_head(&self, id: IssueId) -> Option<IssueHead<'_>> {
        match self.jira.touched.get(&id) {
            Some(Touched::Kept(issue)) => Some(issue.head()),
            Some(Touched::Deleted) => None,
            None => self.jira.base.head(id),
        }
    }

    /// The whole issue; `None` when it does not exist (any more).
    pub fn issue(&self, id: IssueId) -> Option<Arc<Issue>> {
        match self.jira.touched.get(&id) {
            Some(Touched::Kept(issue)) => Some(Arc::clone(issue)),
            Some(Touched::Deleted) => None,
            None => self.jira.base.build(id),
        }
    }

    /// Whether an issue exists.
    pub fn issue_exists(&self, id: IssueId) -> bool {
        match self.jira.touched.get(&id) {
            Some(Touched::Kept(_)) => true,
            Some(Touched::Deleted) => false,
            None => self.jira.base.contains(id),
        }
    }
}
