//! Reading issues: the base (generated or loaded) under the overlay of what was changed at run time.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::config::JiraConfig;
use super::issue::{Attachment, Comment, Issue, IssueHead, IssueLink, Worklog};
use super::project::Project;
use crate::world::dataset::issues::LoadedJira;
use crate::world::generated::issues::GeneratedJira;
use crate::world::ids::{
    AttachmentId, CommentId, IssueId, IssueLinkId, LabelIndex, Millis, ProjectId, WorklogId,
};
use crate::world::site::SiteState;

/// Where issues come from before anybody touches them.
#[derive(Debug)]
pub(in crate::world) enum JiraBase {
    /// Made from a seed.
    Generated(Box<GeneratedJira>),
    /// Loaded from a dataset.
    Loaded(Box<LoadedJira>),
}

macro_rules! from_base {
    ($self:ident, $base:ident => $call:expr) => {
        match $self {
            Self::Generated($base) => $call,
            Self::Loaded($base) => $call,
        }
    };
}

impl JiraBase {
    fn contains(&self, id: IssueId) -> bool {
        self.head(id).is_some()
    }

    fn head(&self, id: IssueId) -> Option<IssueHead<'_>> {
        from_base!(self, base => base.head(id))
    }

    fn build(&self, id: IssueId) -> Option<Arc<Issue>> {
        from_base!(self, base => base.build(id))
    }

    fn summary(&self, id: IssueId) -> Option<Arc<str>> {
        from_base!(self, base => base.summary(id))
    }

    /// The smallest id above `after`.
    fn next_after(&self, after: Option<IssueId>) -> Option<IssueId> {
        from_base!(self, base => base.next_after(after))
    }

    /// The smallest id above `after` in a project.
    fn next_in(&self, project: ProjectId, after: Option<IssueId>) -> Option<IssueId> {
        from_base!(self, base => base.next_in(project, after))
    }

    fn by_number(&self, project: ProjectId, number: u32) -> Option<IssueId> {
        from_base!(self, base => base.by_number(project, number))
    }

    fn children(&self, id: IssueId) -> Vec<IssueId> {
        from_base!(self, base => base.children(id))
    }

    fn home_of(&self, child: Child) -> Option<IssueId> {
        from_base!(self, base => base.home_of(child))
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
    /// Children among the touched, by parent; may name some that have another parent by now.
    pub(in crate::world) touched_children: HashMap<IssueId, Vec<IssueId>>,
    /// Keys given at run time, by creation or move: (project, number) to issue. Keys of the base stay resolvable there.
    pub(in crate::world) numbers: HashMap<(ProjectId, u32), IssueId>,
    /// Homes of children added at run time.
    pub(in crate::world) added: HashMap<Child, IssueId>,
    /// Ids to give next.
    pub(in crate::world) next: NextIds,
    /// Highest issue number used so far, by project.
    pub(in crate::world) last_number: HashMap<ProjectId, u32>,
    /// Positions of labels by name.
    pub(in crate::world) label_index: HashMap<Arc<str>, LabelIndex>,
    /// Worklogs deleted, with the time of deletion, oldest first.
    pub(in crate::world) deleted_worklogs: Vec<(WorklogId, Millis)>,
}

/// A part of an issue that has an id of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::world) enum Child {
    Comment(CommentId),
    Worklog(WorklogId),
    Attachment(AttachmentId),
    Link(IssueLinkId),
}

/// Ids to give next to what is made at run time; all above those of the base.
#[derive(Debug, Clone, Copy)]
pub(in crate::world) struct NextIds {
    pub(in crate::world) issue: u64,
    pub(in crate::world) comment: u64,
    pub(in crate::world) worklog: u64,
    pub(in crate::world) history: u64,
    pub(in crate::world) attachment: u64,
    pub(in crate::world) link: u64,
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
        projects
            .iter()
            .find(|project| project.key.eq_ignore_ascii_case(key))
            .or_else(|| projects.iter().find(former))
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

    /// Ids of the issues that are in a project now, archived ones included, ascending, after `after`.
    pub fn issue_ids_in_after(
        &self,
        project: ProjectId,
        after: Option<IssueId>,
    ) -> impl Iterator<Item = IssueId> + '_ {
        let start = after.map_or(IssueId(0), |id| IssueId(id.0 + 1));
        let mut touched = self.jira.touched.range(start..).filter_map(move |(id, touched)| match touched {
            Touched::Kept(issue) if issue.project == project => Some(*id),
            _ => None,
        });
        let mut from_touched = touched.next();
        let mut from_base = self.untouched_in(project, after);
        std::iter::from_fn(move || {
            let next = from_base.into_iter().chain(from_touched).min()?;
            if from_base == Some(next) {
                from_base = self.untouched_in(project, Some(next));
            } else {
                from_touched = touched.next();
            }
            Some(next)
        })
    }

    /// Ids of the issues that are in a project now, archived ones included, ascending.
    pub fn issue_ids_in(&self, project: ProjectId) -> impl Iterator<Item = IssueId> + '_ {
        self.issue_ids_in_after(project, None)
    }

    fn untouched_in(&self, project: ProjectId, after: Option<IssueId>) -> Option<IssueId> {
        let mut at = after;
        loop {
            let next = self.jira.base.next_in(project, at)?;
            if !self.jira.touched.contains_key(&next) {
                return Some(next);
            }
            at = Some(next);
        }
    }

    /// The summary, cheaper than the whole issue.
    pub fn issue_summary(&self, id: IssueId) -> Option<Arc<str>> {
        match self.jira.touched.get(&id) {
            Some(Touched::Kept(issue)) => Some(Arc::clone(&issue.summary)),
            Some(Touched::Deleted) => None,
            None => self.jira.base.summary(id),
        }
    }

    /// The present key of an issue in a project.
    pub fn key_of(&self, project: ProjectId, number: u32) -> String {
        let key = self.project(project).map_or("", |project| project.key.as_str());
        format!("{key}-{number}")
    }

    /// The present key of an issue.
    pub fn issue_key(&self, id: IssueId) -> Option<String> {
        self.issue_head(id).map(|head| self.key_of(head.project, head.number))
    }

    /// The issue a key names: its present key, or one it had before a move or a rename of the project.
    pub fn issue_by_key(&self, key: &str) -> Option<IssueId> {
        let (project_key, number) = key.rsplit_once('-')?;
        if number.is_empty() || number.starts_with('0') || !number.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let number = number.parse().ok()?;
        let project = self.project_by_key(project_key)?.id;
        let given = self.jira.numbers.get(&(project, number)).copied();
        given.or_else(|| self.jira.base.by_number(project, number)).filter(|id| self.issue_exists(*id))
    }

    /// The issue of an id (digits) or a key, as most paths accept either.
    pub fn find_issue(&self, id_or_key: &str) -> Option<IssueId> {
        match IssueId::parse(id_or_key) {
            Some(id) => self.issue_exists(id).then_some(id),
            None => self.issue_by_key(id_or_key),
        }
    }

    /// Ids of the issues whose parent this is (sub-tasks, or the issues of an epic), ascending.
    pub fn issue_children(&self, id: IssueId) -> Vec<IssueId> {
        let mut children = self.jira.base.children(id);
        children.retain(|child| !self.jira.touched.contains_key(child));
        let touched = self.jira.touched_children.get(&id).into_iter().flatten();
        children.extend(touched.filter_map(|child| match self.jira.touched.get(child) {
            Some(Touched::Kept(issue)) if issue.parent == Some(id) => Some(issue.id),
            _ => None,
        }));
        children.sort_unstable();
        children
    }

    fn home_of(&self, child: Child) -> Option<IssueId> {
        self.jira.added.get(&child).copied().or_else(|| self.jira.base.home_of(child))
    }

    /// The issue a comment id belongs to. The comment may be gone.
    pub fn issue_of_comment(&self, id: CommentId) -> Option<IssueId> {
        self.home_of(Child::Comment(id))
    }

    /// A comment with its issue.
    pub fn comment(&self, id: CommentId) -> Option<(Arc<Issue>, Comment)> {
        let issue = self.issue(self.issue_of_comment(id)?)?;
        let comment = issue.comments.iter().find(|comment| comment.id == id)?.clone();
        Some((issue, comment))
    }

    /// The issue a worklog id belongs to. The worklog may be gone.
    pub fn issue_of_worklog(&self, id: WorklogId) -> Option<IssueId> {
        self.home_of(Child::Worklog(id))
    }

    /// A worklog with its issue.
    pub fn worklog(&self, id: WorklogId) -> Option<(Arc<Issue>, Worklog)> {
        let issue = self.issue(self.issue_of_worklog(id)?)?;
        let worklog = issue.worklogs.iter().find(|worklog| worklog.id == id)?.clone();
        Some((issue, worklog))
    }

    /// An attachment with its issue.
    pub fn attachment(&self, id: AttachmentId) -> Option<(Arc<Issue>, Attachment)> {
        let issue = self.issue(self.home_of(Child::Attachment(id))?)?;
        let attachment = issue.attachments.iter().find(|attachment| attachment.id == id)?.clone();
        Some((issue, attachment))
    }

    /// A link, seen from its source.
    pub fn issue_link(&self, id: IssueLinkId) -> Option<(Arc<Issue>, IssueLink)> {
        let issue = self.issue(self.home_of(Child::Link(id))?)?;
        let link = issue.links.iter().find(|link| link.id == id)?.clone();
        if link.outward {
            return Some((issue, link));
        }
        let source = self.issue(link.other)?;
        let link = source.links.iter().find(|link| link.id == id)?.clone();
        Some((source, link))
    }

    /// Worklogs deleted at run time with the time of deletion, oldest first.
    pub fn deleted_worklogs(&self) -> &[(WorklogId, Millis)] {
        &self.jira.deleted_worklogs
    }

    /// The text of a label.
    pub fn label(&self, label: LabelIndex) -> &Arc<str> {
        &self.jira.config.labels[label.0 as usize]
    }

    /// The position of a label's text, if any issue ever had it.
    pub fn label_by_name(&self, name: &str) -> Option<LabelIndex> {
        self.jira.label_index.get(name).copied()
    }
}
