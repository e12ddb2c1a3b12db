//! An issue with everything on it, and the cheap view of it that searching and permission checks need.

use std::sync::Arc;

use crate::world::ids::{
    AccountIndex, AttachmentId, CommentId, ComponentId, Day, FieldId, GroupIndex, HistoryId, IssueId,
    IssueLinkId, IssueTypeId, LabelIndex, LinkTypeId, Millis, OptionId, OrganizationId, PriorityId,
    ProjectId, RemoteLinkId, RequestTypeId, ResolutionId, RoleId, SecurityLevelId, SprintId, StatusId,
    VersionId, WorklogId,
};
use crate::world::rich::Rich;

/// What can be known of an issue without building its texts. Copy, and borrowed lists only: no allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssueHead<'a> {
    /// Id.
    pub id: IssueId,
    /// Project it is in now.
    pub project: ProjectId,
    /// Number behind the dash of the key.
    pub number: u32,
    /// Type.
    pub issue_type: IssueTypeId,
    /// Status.
    pub status: StatusId,
    /// Priority, if set.
    pub priority: Option<PriorityId>,
    /// Resolution, if resolved.
    pub resolution: Option<ResolutionId>,
    /// Assignee.
    pub assignee: Option<AccountIndex>,
    /// Reporter.
    pub reporter: Option<AccountIndex>,
    /// Creator.
    pub creator: Option<AccountIndex>,
    /// Creation time.
    pub created: Millis,
    /// Time of the last update.
    pub updated: Millis,
    /// Resolution time (`resolutiondate`).
    pub resolved: Option<Millis>,
    /// Due date.
    pub due: Option<Day>,
    /// Parent: the epic of a standard issue, or the issue of a sub-task.
    pub parent: Option<IssueId>,
    /// Own security level. A sub-task's effective level is its parent's when its own is absent.
    pub security: Option<SecurityLevelId>,
    /// Roles of a team-managed project the issue is limited to (`issuerestriction`).
    pub restricted_to: &'a [RoleId],
    /// Labels.
    pub labels: &'a [LabelIndex],
    /// Components.
    pub components: &'a [ComponentId],
    /// Fix versions.
    pub fix_versions: &'a [VersionId],
    /// Affected versions.
    pub versions: &'a [VersionId],
    /// Sprints, oldest first.
    pub sprints: &'a [SprintId],
    /// Whether the issue was archived (leaves search, still readable by id with the right to browse the archive).
    pub archived: bool,
    /// Number of comments, restricted ones included.
    pub comments: u32,
    /// Number of worklogs, restricted ones included.
    pub worklogs: u32,
    /// Number of changelog histories.
    pub histories: u32,
    /// Number of attachments.
    pub attachments: u32,
}

/// An issue.
#[derive(Debug, Clone)]
pub struct Issue {
    /// Id.
    pub id: IssueId,
    /// Project it is in now.
    pub project: ProjectId,
    /// Number behind the dash of the key.
    pub number: u32,
    /// Type.
    pub issue_type: IssueTypeId,
    /// Status.
    pub status: StatusId,
    /// When the status last changed its category (`statuscategorychangedate`).
    pub status_category_changed: Millis,
    /// Priority.
    pub priority: Option<PriorityId>,
    /// Resolution.
    pub resolution: Option<ResolutionId>,
    /// Assignee.
    pub assignee: Option<AccountIndex>,
    /// Reporter.
    pub reporter: Option<AccountIndex>,
    /// Creator.
    pub creator: Option<AccountIndex>,
    /// Creation time.
    pub created: Millis,
    /// Last update.
    pub updated: Millis,
    /// Resolution time.
    pub resolved: Option<Millis>,
    /// Due date.
    pub due: Option<Day>,
    /// Parent.
    pub parent: Option<IssueId>,
    /// Own security level.
    pub security: Option<SecurityLevelId>,
    /// Roles the issue is limited to (team-managed).
    pub restricted_to: Vec<RoleId>,
    /// Labels.
    pub labels: Vec<LabelIndex>,
    /// Components.
    pub components: Vec<ComponentId>,
    /// Fix versions.
    pub fix_versions: Vec<VersionId>,
    /// Affected versions.
    pub versions: Vec<VersionId>,
    /// Sprints, oldest first.
    pub sprints: Vec<SprintId>,
    /// Summary, one line.
    pub summary: Arc<str>,
    /// Description.
    pub description: Option<Rich>,
    /// Environment.
    pub environment: Option<Rich>,
    /// Original estimate in seconds.
    pub original_estimate: Option<u32>,
    /// Remaining estimate in seconds.
    pub remaining_estimate: Option<u32>,
    /// Values of custom fields, ascending by field; fields without a value are absent. Sprints are in `sprints`, request data in `request`.
    pub custom: Vec<(FieldId, CustomValue)>,
    /// Comments, oldest first.
    pub comments: Vec<Comment>,
    /// Worklogs, oldest first.
    pub worklogs: Vec<Worklog>,
    /// Changelog, oldest first.
    pub changelog: Vec<History>,
    /// Attachments, oldest first.
    pub attachments: Vec<Attachment>,
    /// Links to other issues.
    pub links: Vec<IssueLink>,
    /// Web links.
    pub remote_links: Vec<RemoteLink>,
    /// Voters.
    pub voters: Vec<AccountIndex>,
    /// Watchers.
    pub watchers: Vec<AccountIndex>,
    /// The JSM request behind the issue, if it has a request type.
    pub request: Option<Request>,
    /// When it was archived and by whom.
    pub archived: Option<(Millis, AccountIndex)>,
    /// Entity properties: key and JSON text.
    pub properties: Vec<(String, Arc<str>)>,
}

impl Issue {
    /// An issue with nothing but what it cannot be without.
    pub(in crate::world) fn blank(
        id: IssueId,
        project: ProjectId,
        number: u32,
        issue_type: IssueTypeId,
        status: StatusId,
        stamp: crate::world::edit::Stamp,
        summary: Arc<str>,
    ) -> Self {
        Self {
            id,
            project,
            number,
            issue_type,
            status,
            status_category_changed: stamp.at,
            priority: None,
            resolution: None,
            assignee: None,
            reporter: Some(stamp.by),
            creator: Some(stamp.by),
            created: stamp.at,
            updated: stamp.at,
            resolved: None,
            due: None,
            parent: None,
            security: None,
            restricted_to: Vec::new(),
            labels: Vec::new(),
            components: Vec::new(),
            fix_versions: Vec::new(),
            versions: Vec::new(),
            sprints: Vec::new(),
            summary,
            description: None,
            environment: None,
            original_estimate: None,
            remaining_estimate: None,
            custom: Vec::new(),
            comments: Vec::new(),
            worklogs: Vec::new(),
            changelog: Vec::new(),
            attachments: Vec::new(),
            links: Vec::new(),
            remote_links: Vec::new(),
            voters: Vec::new(),
            watchers: Vec::new(),
            request: None,
            archived: None,
            properties: Vec::new(),
        }
    }

    /// The cheap view.
    pub fn head(&self) -> IssueHead<'_> {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        IssueHead {
            id: self.id,
            project: self.project,
            number: self.number,
            issue_type: self.issue_type,
            status: self.status,
            priority: self.priority,
            resolution: self.resolution,
            assignee: self.assignee,
            reporter: self.reporter,
            creator: self.creator,
            created: self.created,
            updated: self.updated,
            resolved: self.resolved,
            due: self.due,
            parent: self.parent,
            security: self.security,
            restricted_to: &self.restricted_to,
            labels: &self.labels,
            components: &self.components,
            fix_versions: &self.fix_versions,
            versions: &self.versions,
            sprints: &self.sprints,
            archived: self.archived.is_some(),
            comments: count(self.comments.len()),
            worklogs: count(self.worklogs.len()),
            histories: count(self.changelog.len()),
            attachments: count(self.attachments.len()),
        }
    }

    /// Sum of the time logged, in seconds.
    pub fn time_spent(&self) -> u32 {
        self.worklogs.iter().map(|worklog| worklog.seconds).sum()
    }

    /// The value of a custom field.
    pub fn custom_value(&self, field: FieldId) -> Option<&CustomValue> {
        self.custom.binary_search_by_key(&field, |(id, _)| *id).ok().map(|at| &self.custom[at].1)
    }
}

/// Who else than the readers of the issue must be: a role of its project or a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Visibility {
    /// `{"type":"role"}`
    Role(RoleId),
    /// `{"type":"group"}`
    Group(GroupIndex),
}

/// A comment.
#[derive(Debug, Clone)]
pub struct Comment {
    /// Id.
    pub id: CommentId,
    /// Author; absent for some old ones.
    pub author: Option<AccountIndex>,
    /// Last editor.
    pub update_author: Option<AccountIndex>,
    /// Text, possibly empty.
    pub body: Rich,
    /// Creation time.
    pub created: Millis,
    /// Last edit.
    pub updated: Millis,
    /// Restriction.
    pub visibility: Option<Visibility>,
    /// `jsdPublic`: false marks an internal note of a service desk. True outside JSM.
    pub public: bool,
}

/// A worklog.
#[derive(Debug, Clone)]
pub struct Worklog {
    /// Id.
    pub id: WorklogId,
    /// Author.
    pub author: Option<AccountIndex>,
    /// Last editor.
    pub update_author: Option<AccountIndex>,
    /// Text, if any.
    pub comment: Option<Rich>,
    /// Creation time.
    pub created: Millis,
    /// Last edit.
    pub updated: Millis,
    /// When the work began.
    pub started: Millis,
    /// Seconds spent.
    pub seconds: u32,
    /// Restriction.
    pub visibility: Option<Visibility>,
}

/// One save of an issue.
#[derive(Debug, Clone)]
pub struct History {
    /// Id.
    pub id: HistoryId,
    /// Who saved; absent for automatic changes of old.
    pub author: Option<AccountIndex>,
    /// When.
    pub created: Millis,
    /// What changed.
    pub items: Vec<HistoryItem>,
}

/// One changed field of a save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryItem {
    /// Field name as shown, e.g. `status`, `Fix Version`, `Sprint`.
    pub field: Arc<str>,
    /// Field id, e.g. `status`, `fixVersions`, `customfield_10020`.
    pub field_id: Arc<str>,
    /// `jira` or `custom`.
    pub field_type: &'static str,
    /// Old value's id.
    pub from: Option<Arc<str>>,
    /// Old value as shown.
    pub from_string: Option<Arc<str>>,
    /// New value's id.
    pub to: Option<Arc<str>>,
    /// New value as shown.
    pub to_string: Option<Arc<str>>,
}

/// An attachment.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// Id.
    pub id: AttachmentId,
    /// File name.
    pub filename: Arc<str>,
    /// Size in bytes.
    pub size: u64,
    /// Media type.
    pub mime_type: Arc<str>,
    /// Who added it.
    pub author: Option<AccountIndex>,
    /// When.
    pub created: Millis,
    /// Id of the file in the media service (UUID), what an ADF `media` node refers to.
    pub media_id: Arc<str>,
}

/// The far end of an issue link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueLink {
    /// Id, the same at both ends.
    pub id: IssueLinkId,
    /// Type.
    pub link_type: LinkTypeId,
    /// Whether this issue is the source (the far end is `outwardIssue`).
    pub outward: bool,
    /// The far end.
    pub other: IssueId,
}

/// A web link.
#[derive(Debug, Clone)]
pub struct RemoteLink {
    /// Id.
    pub id: RemoteLinkId,
    /// Global id.
    pub global_id: String,
    /// Address.
    pub url: String,
    /// Title.
    pub title: String,
    /// Relationship such as "mentioned in".
    pub relationship: String,
}

/// The JSM request of an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Request type.
    pub request_type: RequestTypeId,
    /// Participants.
    pub participants: Vec<AccountIndex>,
    /// Organizations it is shared with.
    pub organizations: Vec<OrganizationId>,
    /// Approvers, with their decision if given (true = approved).
    pub approvers: Vec<(AccountIndex, Option<bool>)>,
    /// When the approvers came to a decision.
    pub decided: Option<Millis>,
    /// What the customer wrote beside the rating.
    pub feedback: Option<Arc<str>>,
    /// Involved people who want no messages about it.
    pub unsubscribed: Vec<AccountIndex>,
    /// Where it came from: `portal`, `email`, `jira`, `api`.
    pub channel: &'static str,
}

impl Request {
    /// A request without anything but its type.
    pub fn new(request_type: RequestTypeId, channel: &'static str) -> Self {
        Self {
            request_type,
            participants: Vec::new(),
            organizations: Vec::new(),
            approvers: Vec::new(),
            decided: None,
            feedback: None,
            unsubscribed: Vec::new(),
            channel,
        }
    }

    /// What the approvers decided together: one who declines decides, and approval takes all. `None` while it is open.
    pub fn decision(&self) -> Option<bool> {
        if self.approvers.iter().any(|(_, decision)| *decision == Some(false)) {
            return Some(false);
        }
        let all = self.approvers.iter().all(|(_, decision)| *decision == Some(true));
        (!self.approvers.is_empty() && all).then_some(true)
    }
}

/// A value of a custom field.
#[derive(Debug, Clone, PartialEq)]
pub enum CustomValue {
    /// Single-line text, URL, read-only text, epic name, rank.
    Text(Arc<str>),
    /// Multi-line text.
    Rich(Rich),
    /// Number, story points.
    Number(f64),
    /// Date.
    Date(Day),
    /// Date and time.
    DateTime(Millis),
    /// Select, radio buttons.
    Option(OptionId),
    /// Multi-select, checkboxes.
    Options(Vec<OptionId>),
    /// Cascading select: parent and child.
    Cascade(OptionId, Option<OptionId>),
    /// User picker.
    User(AccountIndex),
    /// Multi user picker.
    Users(Vec<AccountIndex>),
    /// Group picker.
    Group(GroupIndex),
    /// Multi group picker.
    Groups(Vec<GroupIndex>),
    /// Project picker.
    Project(ProjectId),
    /// Version picker, single and multi.
    Versions(Vec<VersionId>),
    /// Labels field.
    Labels(Vec<Arc<str>>),
    /// Epic link: the epic (printed as its key).
    Issue(IssueId),
    /// A value of an app's or a special field, as JSON text.
    Json(Arc<str>),
}
