//! The system fields of an issue: names, JQL clauses, schema and abilities, as `GET field` lists them.

/// A system field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum System {
    StatusCategoryChanged,
    FixVersions,
    StatusCategory,
    Parent,
    Resolution,
    LastViewed,
    Priority,
    Labels,
    RemainingEstimate,
    AggregateOriginalEstimate,
    AffectedVersions,
    IssueLinks,
    Assignee,
    Status,
    Components,
    Key,
    AggregateRemainingEstimate,
    Creator,
    Subtasks,
    Reporter,
    AggregateProgress,
    Progress,
    Votes,
    Worklog,
    IssueType,
    TimeSpent,
    Project,
    AggregateTimeSpent,
    Resolved,
    WorkRatio,
    Watches,
    Restriction,
    Thumbnail,
    Created,
    Updated,
    OriginalEstimate,
    Description,
    TimeTracking,
    Security,
    Attachment,
    Summary,
    Environment,
    Due,
    Comment,
}

/// What is known of a system field.
#[derive(Debug)]
pub(crate) struct SystemField {
    /// Which.
    pub(crate) system: System,
    /// Id, also the member of `fields`.
    pub(crate) id: &'static str,
    /// Display name.
    pub(crate) name: &'static str,
    /// Names in JQL.
    pub(crate) clauses: &'static [&'static str],
    /// `schema.type`; empty for fields without a schema.
    pub(crate) kind: &'static str,
    /// `schema.items` of arrays.
    pub(crate) items: &'static str,
    /// Whether it can stand on screens.
    pub(crate) orderable: bool,
    /// Whether it can be a column; `*navigable` selects these.
    pub(crate) navigable: bool,
    /// Whether the issue search knows it.
    pub(crate) searchable: bool,
}

/// All system fields, in the order of `GET field`.
#[rustfmt::skip]
pub(crate) static SYSTEM_FIELDS: &[SystemField] = &[
    field(System::StatusCategoryChanged, "statuscategorychangedate", "Status Category Changed", &["statusCategoryChangedDate"], "datetime", "", "ns"),
    field(System::FixVersions, "fixVersions", "Fix versions", &["fixVersion"], "array", "version", "ons"),
    field(System::StatusCategory, "statusCategory", "Status Category", &["statusCategory"], "statusCategory", "", "ns"),
    field(System::Parent, "parent", "Parent", &["parent"], "", "", "ons"),
    field(System::Resolution, "resolution", "Resolution", &["resolution"], "resolution", "", "ons"),
    field(System::LastViewed, "lastViewed", "Last Viewed", &["lastViewed"], "datetime", "", "n"),
    field(System::Priority, "priority", "Priority", &["priority"], "priority", "", "ons"),
    field(System::Labels, "labels", "Labels", &["labels"], "array", "string", "ons"),
    field(System::RemainingEstimate, "timeestimate", "Remaining Estimate", &["remainingEstimate", "timeestimate"], "number", "", "n"),
    field(System::AggregateOriginalEstimate, "aggregatetimeoriginalestimate", "Σ Original Estimate", &[], "number", "", "n"),
    field(System::AffectedVersions, "versions", "Affects versions", &["affectedVersion"], "array", "version", "ons"),
    field(System::IssueLinks, "issuelinks", "Linked Issues", &["issueLink", "workItemLink"], "array", "issuelinks", "ons"),
    field(System::Assignee, "assignee", "Assignee", &["assignee"], "user", "", "ons"),
    field(System::Status, "status", "Status", &["status"], "status", "", "ns"),
    field(System::Components, "components", "Components", &["component"], "array", "component", "ons"),
    field(System::Key, "issuekey", "Key", &["id", "issue", "issuekey", "key", "workItem", "workItemKey"], "", "", "n"),
    field(System::AggregateRemainingEstimate, "aggregatetimeestimate", "Σ Remaining Estimate", &[], "number", "", "n"),
    field(System::Creator, "creator", "Creator", &["creator"], "user", "", "ns"),
    field(System::Subtasks, "subtasks", "Sub-tasks", &["subtasks"], "array", "issuelinks", "n"),
    field(System::Reporter, "reporter", "Reporter", &["reporter"], "user", "", "ons"),
    field(System::AggregateProgress, "aggregateprogress", "Σ Progress", &[], "progress", "", "n"),
    field(System::Progress, "progress", "Progress", &["progress"], "progress", "", "n"),
    field(System::Votes, "votes", "Votes", &["votes"], "votes", "", "n"),
    field(System::Worklog, "worklog", "Log Work", &[], "array", "worklog", "os"),
    field(System::IssueType, "issuetype", "Issue Type", &["issuetype", "type"], "issuetype", "", "ons"),
    field(System::TimeSpent, "timespent", "Time Spent", &["timespent"], "number", "", "n"),
    field(System::Project, "project", "Project", &["project"], "project", "", "ns"),
    field(System::AggregateTimeSpent, "aggregatetimespent", "Σ Time Spent", &[], "number", "", "n"),
    field(System::Resolved, "resolutiondate", "Resolved", &["resolutiondate", "resolved"], "datetime", "", "ns"),
    field(System::WorkRatio, "workratio", "Work Ratio", &["workratio"], "number", "", "ns"),
    field(System::Watches, "watches", "Watchers", &["watchers"], "watches", "", "n"),
    field(System::Restriction, "issuerestriction", "Restrict to", &[], "issuerestriction", "", "os"),
    field(System::Thumbnail, "thumbnail", "Images", &[], "", "", "n"),
    field(System::Created, "created", "Created", &["created", "createdDate"], "datetime", "", "ns"),
    field(System::Updated, "updated", "Updated", &["updated", "updatedDate"], "datetime", "", "ns"),
    field(System::OriginalEstimate, "timeoriginalestimate", "Original estimate", &["originalEstimate", "timeoriginalestimate"], "number", "", "n"),
    field(System::Description, "description", "Description", &["description"], "string", "", "ons"),
    field(System::TimeTracking, "timetracking", "Time tracking", &[], "timetracking", "", "os"),
    field(System::Security, "security", "Security Level", &["level"], "securitylevel", "", "ons"),
    field(System::Attachment, "attachment", "Attachment", &["attachments"], "array", "attachment", "os"),
    field(System::Summary, "summary", "Summary", &["summary"], "string", "", "ons"),
    field(System::Environment, "environment", "Environment", &["environment"], "string", "", "ons"),
    field(System::Due, "duedate", "Due date", &["due", "duedate"], "date", "", "ons"),
    field(System::Comment, "comment", "Comment", &["comment"], "comments-page", "", "os"),
];

/// `abilities` holds `o` for orderable, `n` for navigable and `s` for searchable.
const fn field(
    system: System,
    id: &'static str,
    name: &'static str,
    clauses: &'static [&'static str],
    kind: &'static str,
    items: &'static str,
    abilities: &'static str,
) -> SystemField {
    SystemField {
        system,
        id,
        name,
        clauses,
        kind,
        items,
        orderable: has(abilities, b'o'),
        navigable: has(abilities, b'n'),
        searchable: has(abilities, b's'),
    }
}

const fn has(abilities: &str, ability: u8) -> bool {
    let bytes = abilities.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == ability {
            return true;
        }
        at += 1;
    }
    false
}

/// The system field with an id; upper and lower case alike.
pub(crate) fn system_field(id: &str) -> Option<&'static SystemField> {
    SYSTEM_FIELDS.iter().find(|field| field.id.eq_ignore_ascii_case(id))
}
