//! Which issues a caller's search finds, decided once per project and security level where that is enough.

use std::{cell::RefCell, collections::HashMap};

use crate::world::{
    IssueId, IssueTypeId, ProjectId, Reader, SecurityLevelId, SiteState, StatusId,
    jira::{IssueHead, ProjectState},
};

/// What holds for all issues of one project and security level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// The reader sees each.
    Each,
    /// The reader sees none.
    None,
    /// It depends on the issue: on its reporter, assignee or picker fields.
    Depends,
}

/// Sight of one reader, with what was decided before.
pub(crate) struct Visibility<'a> {
    site: &'a SiteState,
    reader: &'a Reader,
    known: RefCell<HashMap<(ProjectId, Option<SecurityLevelId>), Verdict>>,
}

impl<'a> Visibility<'a> {
    pub(crate) fn new(site: &'a SiteState, reader: &'a Reader) -> Self {
        Self { site, reader, known: RefCell::default() }
    }

    /// Who looks.
    pub(crate) fn reader(&self) -> &'a Reader {
        self.reader
    }

    /// Whether the reader sees a project.
    pub(crate) fn project(&self, id: ProjectId) -> bool {
        self.site.can_browse_project_id(self.reader, id)
    }

    /// Whether the reader sees an issue by id, archived or not.
    pub(crate) fn issue(&self, id: IssueId) -> bool {
        self.site.can_see_issue_id(self.reader, id)
    }

    /// Whether the reader's search finds an issue: it is visible, and neither it nor its project is archived.
    pub(crate) fn finds(&self, head: &IssueHead<'_>) -> bool {
        if head.archived {
            return false;
        }
        let level = self.site.effective_security(head);
        let known = self.known.borrow().get(&(head.project, level)).copied();
        let verdict = known.unwrap_or_else(|| {
            let verdict = self.verdict(head.project, level);
            self.known.borrow_mut().insert((head.project, level), verdict);
            verdict
        });
        match verdict {
            Verdict::None => false,
            Verdict::Each if head.restricted_to.is_empty() => true,
            Verdict::Each | Verdict::Depends => self.site.can_see_issue(self.reader, head),
        }
    }

    fn verdict(&self, project: ProjectId, level: Option<SecurityLevelId>) -> Verdict {
        let live = self.site.project(project).is_some_and(|project| project.state == ProjectState::Live);
        if !live || !self.project(project) {
            return Verdict::None;
        }
        // An issue nobody has to do with is seen only by those whom the schemes let in anyway.
        let impersonal = IssueHead {
            id: IssueId(0),
            project,
            number: 0,
            issue_type: IssueTypeId(0),
            status: StatusId(0),
            priority: None,
            resolution: None,
            assignee: None,
            reporter: None,
            creator: None,
            created: 0,
            updated: 0,
            resolved: None,
            due: None,
            parent: None,
            security: level,
            restricted_to: &[],
            labels: &[],
            components: &[],
            fix_versions: &[],
            versions: &[],
            sprints: &[],
            archived: false,
            comments: 0,
            worklogs: 0,
            histories: 0,
            attachments: 0,
        };
        if self.site.can_see_issue(self.reader, &impersonal) { Verdict::Each } else { Verdict::Depends }
    }
}
