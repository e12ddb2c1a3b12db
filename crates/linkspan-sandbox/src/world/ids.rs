//! The small identifiers of a site. All print as Atlassian prints them: decimal digits, or digits behind the published prefix.

use std::fmt;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = i64;

/// Days since 1970-01-01 (due dates and date fields carry no zone).
pub type Day = i32;

macro_rules! numeric_ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl $name {
            /// Reads the printed form; `None` when it is not exactly that form (sign, blank, leading plus or empty are refused).
            pub fn parse(text: &str) -> Option<Self> {
                let digits = text.strip_prefix($prefix)?;
                if digits.is_empty() || digits.len() > 19 || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    return None;
                }
                digits.parse().ok().map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}

numeric_ids! {
    /// A Jira issue. Immutable: survives moves and key changes.
    IssueId = "";
    /// A Jira project.
    ProjectId = "";
    /// A Jira issue type (site-wide, or scoped to one team-managed project).
    IssueTypeId = "";
    /// A workflow status (site-wide, or scoped to one team-managed project).
    StatusId = "";
    /// A priority.
    PriorityId = "";
    /// A resolution.
    ResolutionId = "";
    /// A project component.
    ComponentId = "";
    /// A project version.
    VersionId = "";
    /// A project role.
    RoleId = "";
    /// A permission scheme.
    PermissionSchemeId = "";
    /// An issue security scheme.
    SecuritySchemeId = "";
    /// An issue security level.
    SecurityLevelId = "";
    /// A comment of a Jira issue.
    CommentId = "";
    /// A worklog of a Jira issue.
    WorklogId = "";
    /// One history (one save) of a Jira issue's changelog.
    HistoryId = "";
    /// An attachment of a Jira issue.
    AttachmentId = "";
    /// A link between two Jira issues.
    IssueLinkId = "";
    /// A type of issue link.
    LinkTypeId = "";
    /// A remote (web) link of a Jira issue.
    RemoteLinkId = "";
    /// A custom field, printed as `customfield_10010`.
    FieldId = "customfield_";
    /// A selectable option of a custom field.
    OptionId = "";
    /// A sprint.
    SprintId = "";
    /// A board.
    BoardId = "";
    /// A service desk (not the id of its project).
    ServiceDeskId = "";
    /// A request type of a service desk.
    RequestTypeId = "";
    /// A JSM organization.
    OrganizationId = "";
    /// A Confluence space.
    SpaceId = "";
    /// A page, blog post, folder or comment in Confluence (one id space).
    ContentId = "";
    /// An attachment in Confluence, printed as `att123`.
    FileId = "att";
    /// A label in Confluence.
    ContentLabelId = "";
}

/// Position of an account in the [`Directory`](super::Directory). Stable for the life of the world, never printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountIndex(pub u32);

/// Position of a group in its site. Stable for the life of the world, never printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupIndex(pub u32);

/// Position of a Jira label in its site's label list. Stable for the life of the world, never printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelIndex(pub u32);
