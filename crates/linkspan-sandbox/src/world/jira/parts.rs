//! Changes to what belongs to an issue: comments, worklogs, files, links, watchers, properties.
//!
//! Rights are not checked here: callers ask `access` first.

use std::sync::Arc;

use super::changes::{self, Shown};
use super::issue::{Attachment, Comment, IssueLink, Visibility, Worklog};
use super::store::Child;
use crate::world::edit::{EditError, Stamp};
use crate::world::ids::{
    AccountIndex, AttachmentId, CommentId, IssueId, IssueLinkId, LinkTypeId, Millis, WorklogId,
};
use crate::world::log::Subject;
use crate::world::outbox::Detail;
use crate::world::people_edit::set_listed;
use crate::world::rich::Rich;
use crate::world::site::SiteState;

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
    pub started: Millis,
    /// Seconds spent.
    pub seconds: u32,
    /// Restriction.
    pub visibility: Option<Visibility>,
}

impl SiteState {
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
        let told = Comment {
            id: comment,
            author: Some(stamp.by),
            update_author: Some(stamp.by),
            body: new.body,
            created: stamp.at,
            updated: stamp.at,
            visibility: new.visibility,
            public: new.public,
        };
        issue.comments.push(told.clone());
        issue.updated = stamp.at;
        self.keep(issue);
        self.jira.added.insert(Child::Comment(comment), id);
        self.note(stamp, id, Subject::CommentCreated(id, comment), Detail::Comment(Box::new(told)));
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
        let told = comment.clone();
        issue.updated = stamp.at;
        self.keep(issue);
        self.note(stamp, home, Subject::CommentUpdated(home, id), Detail::Comment(Box::new(told)));
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
        let told = issue.comments.remove(at);
        issue.updated = stamp.at;
        self.keep(issue);
        self.note(stamp, home, Subject::CommentDeleted(home, id), Detail::Comment(Box::new(told)));
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
        let history = self.save(stamp, issue, items);
        self.jira.added.insert(Child::Worklog(worklog), id);
        self.note(stamp, id, Subject::WorklogCreated(id, worklog), Detail::Saved(history));
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
        let history = self.save(stamp, issue, items);
        self.note(stamp, home, Subject::WorklogUpdated(home, id), Detail::Saved(history));
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
        let history = self.save(stamp, issue, items);
        self.jira.deleted_worklogs.push((id, stamp.at));
        self.note(stamp, home, Subject::WorklogDeleted(home, id), Detail::Saved(history));
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
        let history = self.save(stamp, issue, items);
        self.jira.added.insert(Child::Attachment(attachment), id);
        self.note(stamp, id, Subject::IssueUpdated(id), Detail::Saved(history));
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
        let history = self.save(stamp, issue, items);
        self.note(stamp, home, Subject::IssueUpdated(home), Detail::Saved(history));
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
            let history = self.save(stamp, issue, items);
            self.note(stamp, end, Subject::IssueUpdated(end), Detail::Saved(history));
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
                let history = self.save(stamp, issue, items);
                self.note(stamp, end, Subject::IssueUpdated(end), Detail::Saved(history));
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
        if !set_listed(&mut issue.watchers, account, watching) {
            return Ok(false);
        }
        self.keep(issue);
        Ok(true)
    }

    /// Lets an account vote for an issue, or withdraws its vote (`updated` does not move). Returns whether that changed
    /// anything.
    pub fn set_vote(&mut self, id: IssueId, account: AccountIndex, voting: bool) -> Result<bool, EditError> {
        let mut issue = self.editable(id)?;
        if !set_listed(&mut issue.voters, account, voting) {
            return Ok(false);
        }
        self.keep(issue);
        Ok(true)
    }

    /// Writes (or with `None` removes) an entity property of an issue (`updated` does not move).
    pub fn set_issue_property(
        &mut self,
        stamp: Stamp,
        id: IssueId,
        key: &str,
        value: Option<Arc<str>>,
    ) -> Result<(), EditError> {
        let mut issue = self.editable(id)?;
        issue.properties.retain(|(present, _)| present != key);
        issue.properties.extend(value.clone().map(|value| (key.to_owned(), value)));
        self.keep(issue);
        let subject = match value {
            Some(_) => Subject::IssuePropertySet(id),
            None => Subject::IssuePropertyDeleted(id),
        };
        self.note(stamp, id, subject, Detail::Property(key.to_owned(), value));
        Ok(())
    }
}
