//! Issues of a dataset, held whole: they are few enough, and their texts are kept once.

use std::collections::HashMap;
use std::sync::Arc;

use crate::world::ids::{IssueId, ProjectId, WorklogId};
use crate::world::jira::store::{Child, NextIds};
use crate::world::jira::{Issue, IssueHead};

/// Issues of a dataset.
#[derive(Debug, Default)]
pub(in crate::world) struct LoadedJira {
    /// Ascending by id.
    issues: Vec<Arc<Issue>>,
    by_number: HashMap<(ProjectId, u32), IssueId>,
    children: HashMap<IssueId, Vec<IssueId>>,
    homes: HashMap<Child, IssueId>,
}

impl LoadedJira {
    /// Of issues that ascend by id.
    pub(super) fn from(issues: impl Iterator<Item = Issue>) -> Self {
        let mut loaded = Self::default();
        for issue in issues {
            loaded.by_number.insert((issue.project, issue.number), issue.id);
            if let Some(parent) = issue.parent {
                loaded.children.entry(parent).or_default().push(issue.id);
            }
            loaded.homes.extend(issue.comments.iter().map(|it| (Child::Comment(it.id), issue.id)));
            loaded.homes.extend(issue.attachments.iter().map(|it| (Child::Attachment(it.id), issue.id)));
            loaded
                .homes
                .extend(issue.links.iter().filter(|it| it.outward).map(|it| (Child::Link(it.id), issue.id)));
            loaded
                .homes
                .extend(issue.worklogs.iter().map(|it| (Child::Worklog(WorklogId(it.id.0)), issue.id)));
            loaded.issues.push(Arc::new(issue));
        }
        loaded
    }

    fn at(&self, id: IssueId) -> Option<&Arc<Issue>> {
        self.issues.binary_search_by_key(&id, |issue| issue.id).ok().map(|at| &self.issues[at])
    }

    pub(in crate::world) fn head(&self, id: IssueId) -> Option<IssueHead<'_>> {
        self.at(id).map(|issue| issue.head())
    }

    pub(in crate::world) fn build(&self, id: IssueId) -> Option<Arc<Issue>> {
        self.at(id).cloned()
    }

    pub(in crate::world) fn summary(&self, id: IssueId) -> Option<Arc<str>> {
        self.at(id).map(|issue| Arc::clone(&issue.summary))
    }

    fn first_after(&self, after: Option<IssueId>) -> &[Arc<Issue>] {
        let from = after.map_or(0, |after| self.issues.partition_point(|issue| issue.id <= after));
        &self.issues[from..]
    }

    pub(in crate::world) fn next_after(&self, after: Option<IssueId>) -> Option<IssueId> {
        self.first_after(after).first().map(|issue| issue.id)
    }

    pub(in crate::world) fn next_in(&self, project: ProjectId, after: Option<IssueId>) -> Option<IssueId> {
        self.first_after(after).iter().find(|issue| issue.project == project).map(|issue| issue.id)
    }

    pub(in crate::world) fn by_number(&self, project: ProjectId, number: u32) -> Option<IssueId> {
        self.by_number.get(&(project, number)).copied()
    }

    pub(in crate::world) fn children(&self, id: IssueId) -> Vec<IssueId> {
        self.children.get(&id).cloned().unwrap_or_default()
    }

    pub(in crate::world) fn home_of(&self, child: Child) -> Option<IssueId> {
        self.homes.get(&child).copied()
    }

    /// Ids to give to what is made at run time: above all that the data uses.
    pub(in crate::world) fn next_ids(&self) -> NextIds {
        let above = |ids: &mut dyn Iterator<Item = u64>| ids.max().unwrap_or(10_000) + 1;
        let all = || self.issues.iter();
        NextIds {
            issue: above(&mut all().map(|issue| issue.id.0)),
            comment: above(&mut all().flat_map(|issue| issue.comments.iter().map(|it| it.id.0))),
            worklog: 10_000,
            history: 10_000,
            attachment: above(&mut all().flat_map(|issue| issue.attachments.iter().map(|it| it.id.0))),
            link: above(&mut all().flat_map(|issue| issue.links.iter().map(|it| it.id.0))),
        }
    }

    /// The highest number used in each project.
    pub(in crate::world) fn last_numbers(&self) -> HashMap<ProjectId, u32> {
        let mut last = HashMap::new();
        for issue in &self.issues {
            let number = last.entry(issue.project).or_insert(0);
            *number = issue.number.max(*number);
        }
        last
    }
}
