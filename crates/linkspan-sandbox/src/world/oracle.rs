//! What exists and who can see it, counted one by one with the code of `access`.

use serde::Serialize;

use super::access::Reader;
use super::confluence::{ContentKind, ContentStatus};
use super::ids::{CommentId, ContentId, IssueId};
use super::jira::Issue;
use super::site::SiteState;

/// Everything a reader can see: the Jira view, the portal's requests, and Confluence. Archived and trashed things are left
/// out, as ordinary search leaves them out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Visible {
    /// Issues, ascending.
    pub issues: Vec<IssueId>,
    /// Pages and blog posts, by space.
    pub pages: Vec<ContentId>,
    /// Comments of issues, by issue.
    pub comments: Vec<CommentId>,
}

/// Numbers of what exists, or of what one reader can see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Projects that are not in the trash.
    pub projects: u64,
    /// Issues, archived ones and those of archived projects left out.
    pub issues: u64,
    /// Archived issues, and issues of archived projects.
    pub archived_issues: u64,
    /// Comments of the counted issues.
    pub comments: u64,
    /// Worklogs of the counted issues.
    pub worklogs: u64,
    /// Changelog histories of the counted issues.
    pub changelog_histories: u64,
    /// Attachments of the counted issues.
    pub attachments: u64,
    /// Accounts of the site: people, apps and customers.
    pub users: u64,
    /// Groups.
    pub groups: u64,
    /// Spaces that are neither archived nor in the trash.
    pub spaces: u64,
    /// Current pages of the counted spaces.
    pub pages: u64,
    /// Current blog posts of the counted spaces.
    pub blogposts: u64,
    /// Current folders of the counted spaces.
    pub folders: u64,
    /// Archived content, and current content of archived spaces.
    pub archived_pages: u64,
    /// Drafts.
    pub drafts: u64,
    /// Trashed content.
    pub trashed_pages: u64,
    /// Comments of the counted pages and blog posts, and of custom content.
    pub page_comments: u64,
    /// Files of the counted pages and blog posts, and of custom content.
    pub page_attachments: u64,
}

impl SiteState {
    /// What a reader can see.
    pub fn visible(&self, reader: &Reader) -> Visible {
        let mut visible = Visible::default();
        for id in self.issue_ids() {
            let Some(head) = self.issue_head(id).filter(|head| self.is_searchable(head)) else { continue };
            let jira_view = self.can_see_issue(reader, &head);
            let may_be_request = !jira_view
                && self.project(head.project).is_some_and(|project| project.service_desk.is_some());
            if !jira_view && !may_be_request {
                continue;
            }
            let issue = if may_be_request || head.comments > 0 { self.issue(id) } else { None };
            if jira_view {
                visible.issues.push(id);
                let comments =
                    issue.iter().flat_map(|issue| issue.comments.iter().map(move |comment| (issue, comment)));
                let seen = comments.filter(|(issue, comment)| self.can_see_comment(reader, issue, comment));
                visible.comments.extend(seen.map(|(_, comment)| comment.id));
            } else if let Some(issue) = issue.filter(|issue| self.can_see_request(reader, issue)) {
                visible.issues.push(id);
                let public = issue.comments.iter().filter(|comment| Self::can_see_request_comment(comment));
                visible.comments.extend(public.map(|comment| comment.id));
            }
        }
        for space in self.spaces().iter().filter(|space| self.can_see_space(reader, space)) {
            let heads = self.content_ids_in(space.id).filter_map(|id| self.content_head(id));
            let pages = heads.filter(|head| head.kind.is_article() && self.is_content_searchable(head));
            visible.pages.extend(pages.filter(|head| self.can_see_content(reader, head)).map(|head| head.id));
        }
        visible
    }

    /// What exists (without a reader) or what a reader can see in the Jira view and in Confluence.
    pub fn counts(&self, reader: Option<&Reader>) -> Counts {
        let mut counts = Counts {
            users: self.accounts().len() as u64,
            groups: self.groups().count() as u64,
            ..Counts::default()
        };
        let projects = self.jira().projects.iter();
        let trashed = |state| matches!(state, super::jira::ProjectState::Trashed { .. });
        counts.projects = projects
            .filter(|project| {
                !trashed(project.state)
                    && reader.is_none_or(|reader| self.can_browse_project(reader, project))
            })
            .count() as u64;
        for id in self.issue_ids() {
            let Some(head) = self.issue_head(id) else { continue };
            if reader.is_some_and(|reader| !self.can_see_issue(reader, &head)) {
                continue;
            }
            if !self.is_searchable(&head) {
                counts.archived_issues += 1;
                continue;
            }
            counts.issues += 1;
            counts.changelog_histories += u64::from(head.histories);
            let Some(reader) = reader else {
                counts.comments += u64::from(head.comments);
                counts.worklogs += u64::from(head.worklogs);
                counts.attachments += u64::from(head.attachments);
                continue;
            };
            if head.comments + head.worklogs + head.attachments > 0
                && let Some(issue) = self.issue(id)
            {
                self.count_children(&mut counts, reader, &issue);
            }
        }
        self.count_content(&mut counts, reader);
        counts
    }

    fn count_children(&self, counts: &mut Counts, reader: &Reader, issue: &Issue) {
        let comments = issue.comments.iter().filter(|it| self.can_see_comment(reader, issue, it));
        counts.comments += comments.count() as u64;
        let worklogs = issue.worklogs.iter().filter(|it| self.can_see_worklog(reader, issue, it));
        counts.worklogs += worklogs.count() as u64;
        let attachments = issue.attachments.iter().filter(|it| self.can_see_attachment(reader, issue, it));
        counts.attachments += attachments.count() as u64;
    }

    fn count_content(&self, counts: &mut Counts, reader: Option<&Reader>) {
        for space in self.spaces() {
            if reader.is_some_and(|reader| !self.can_see_space(reader, space)) {
                continue;
            }
            if space.trashed {
                continue;
            }
            counts.spaces += u64::from(!space.archived);
            for id in self.content_ids_in(space.id) {
                let Some(head) = self.content_head(id) else { continue };
                if reader.is_some_and(|reader| !self.can_see_content(reader, &head)) {
                    continue;
                }
                match head.status {
                    ContentStatus::Draft => counts.drafts += 1,
                    ContentStatus::Trashed => counts.trashed_pages += 1,
                    ContentStatus::Archived => counts.archived_pages += 1,
                    ContentStatus::Current if space.archived => counts.archived_pages += 1,
                    ContentStatus::Current => {
                        match head.kind {
                            ContentKind::Page => counts.pages += 1,
                            ContentKind::BlogPost => counts.blogposts += 1,
                            ContentKind::Folder => counts.folders += 1,
                            ContentKind::Custom => {}
                            ContentKind::Whiteboard | ContentKind::Database | ContentKind::Embed => continue,
                        }
                        counts.page_comments += u64::from(head.comments);
                        counts.page_attachments += u64::from(head.files);
                    }
                }
            }
        }
    }
}
