//! What was changed at run time, in order: the source of webhooks, audit records, index lag and deletion feeds.

use std::collections::VecDeque;

use super::ids::{
    AccountIndex, CommentId, ContentId, GroupIndex, IssueId, Millis, ProjectId, SpaceId, WorklogId,
};

/// What a change was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// An issue was created.
    IssueCreated(IssueId),
    /// An issue was changed (fields, links, attachments, move between projects).
    IssueUpdated(IssueId),
    /// An issue was deleted; the project it was in.
    IssueDeleted(IssueId, ProjectId),
    /// An issue was archived.
    IssueArchived(IssueId),
    /// An archived issue was restored.
    IssueRestored(IssueId),
    /// An entity property of an issue was written.
    IssuePropertySet(IssueId),
    /// An entity property of an issue was removed.
    IssuePropertyDeleted(IssueId),
    /// A comment was added.
    CommentCreated(IssueId, CommentId),
    /// A comment was changed.
    CommentUpdated(IssueId, CommentId),
    /// A comment was deleted.
    CommentDeleted(IssueId, CommentId),
    /// A worklog was added.
    WorklogCreated(IssueId, WorklogId),
    /// A worklog was changed.
    WorklogUpdated(IssueId, WorklogId),
    /// A worklog was deleted.
    WorklogDeleted(IssueId, WorklogId),
    /// A project changed (key, name, scheme, lead, state).
    ProjectUpdated(ProjectId),
    /// The actors of a role changed in a project.
    RoleActorsChanged(ProjectId),
    /// A permission or security scheme changed.
    SchemeChanged,
    /// The members of a group changed, or the group was renamed or deleted.
    GroupChanged(GroupIndex),
    /// An account was deactivated, reactivated or closed.
    AccountChanged(AccountIndex),
    /// Content was created.
    ContentCreated(ContentId),
    /// Content has a new version, title, parent or space.
    ContentUpdated(ContentId),
    /// Content went to the trash.
    ContentTrashed(ContentId),
    /// Content was archived.
    ContentArchived(ContentId),
    /// Content came back from trash or archive.
    ContentRestored(ContentId),
    /// Content was purged.
    ContentDeleted(ContentId),
    /// Restrictions of content changed.
    ContentRestricted(ContentId),
    /// A comment on content was added, changed or deleted: content, comment.
    ContentCommented(ContentId, ContentId),
    /// A space changed (key, name, state).
    SpaceUpdated(SpaceId),
    /// The permissions of a space changed.
    SpacePermissionsChanged(SpaceId),
}

impl Subject {
    /// The content a change is about, if it is about any.
    pub fn content(self) -> Option<ContentId> {
        match self {
            Self::ContentCreated(id)
            | Self::ContentUpdated(id)
            | Self::ContentTrashed(id)
            | Self::ContentArchived(id)
            | Self::ContentRestored(id)
            | Self::ContentDeleted(id)
            | Self::ContentRestricted(id)
            | Self::ContentCommented(id, _) => Some(id),
            _ => None,
        }
    }
}

/// One entry of the log.
#[derive(Debug, Clone, Copy)]
pub struct Change {
    /// Position, from 1, without gaps.
    pub sequence: u64,
    /// World time.
    pub at: Millis,
    /// Who did it.
    pub by: AccountIndex,
    /// What.
    pub subject: Subject,
}

/// The last [`ChangeLog::KEPT`] changes of a site.
#[derive(Debug, Default)]
pub struct ChangeLog {
    changes: VecDeque<Change>,
    last: u64,
}

impl ChangeLog {
    /// Number of changes kept; older ones are forgotten.
    pub const KEPT: usize = 200_000;

    /// Sequence of the newest change, 0 when nothing happened yet.
    pub fn last_sequence(&self) -> u64 {
        self.last
    }

    /// Changes after a sequence, oldest first.
    pub fn since(&self, sequence: u64) -> impl Iterator<Item = &Change> {
        let first = self.changes.front().map_or(0, |change| change.sequence);
        let skip = usize::try_from(sequence.saturating_add(1).saturating_sub(first)).unwrap_or(usize::MAX);
        self.changes.iter().skip(skip)
    }

    pub(super) fn push(&mut self, at: Millis, by: AccountIndex, subject: Subject) -> Change {
        self.last += 1;
        if self.changes.len() == Self::KEPT {
            self.changes.pop_front();
        }
        let change = Change { sequence: self.last, at, by, subject };
        self.changes.push_back(change);
        change
    }
}
