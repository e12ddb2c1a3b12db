//! Roles, issue types, statuses, priorities, resolutions and link types.

use crate::world::ids::{IssueTypeId, LinkTypeId, PriorityId, ProjectId, ResolutionId, RoleId, StatusId};

/// A project role.
#[derive(Debug, Clone)]
pub struct Role {
    /// Id.
    pub id: RoleId,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Set for roles of one team-managed project (`scope`).
    pub scope: Option<ProjectId>,
    /// Whether this is `isAdmin` (the administrators' role).
    pub is_admin: bool,
}

/// An issue type.
#[derive(Debug, Clone)]
pub struct IssueType {
    /// Id.
    pub id: IssueTypeId,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// -1 sub-task, 0 standard, 1 epic.
    pub hierarchy_level: i8,
    /// Set for types of one team-managed project.
    pub scope: Option<ProjectId>,
    /// Avatar id.
    pub avatar: u32,
}

impl IssueType {
    /// Whether issues of this type are sub-tasks.
    pub const fn is_subtask(&self) -> bool {
        self.hierarchy_level < 0
    }
}

/// The three categories every status belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatusCategory {
    /// `new`, "To Do", id 2
    ToDo,
    /// `indeterminate`, "In Progress", id 4
    InProgress,
    /// `done`, "Done", id 3
    Done,
}

impl StatusCategory {
    /// Numeric id.
    pub const fn id(self) -> u8 {
        match self {
            Self::ToDo => 2,
            Self::InProgress => 4,
            Self::Done => 3,
        }
    }

    /// Key: `new`, `indeterminate`, `done`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::ToDo => "new",
            Self::InProgress => "indeterminate",
            Self::Done => "done",
        }
    }

    /// Display name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ToDo => "To Do",
            Self::InProgress => "In Progress",
            Self::Done => "Done",
        }
    }

    /// Colour name.
    pub const fn color(self) -> &'static str {
        match self {
            Self::ToDo => "blue-gray",
            Self::InProgress => "yellow",
            Self::Done => "green",
        }
    }
}

/// A status.
#[derive(Debug, Clone)]
pub struct Status {
    /// Id.
    pub id: StatusId,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Category.
    pub category: StatusCategory,
    /// Set for statuses of one team-managed project.
    pub scope: Option<ProjectId>,
}

/// A priority.
#[derive(Debug, Clone)]
pub struct Priority {
    /// Id.
    pub id: PriorityId,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// `#rrggbb`.
    pub color: String,
    /// Whether it is the default.
    pub is_default: bool,
}

/// A resolution.
#[derive(Debug, Clone)]
pub struct Resolution {
    /// Id.
    pub id: ResolutionId,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
}

/// A type of issue link.
#[derive(Debug, Clone)]
pub struct LinkType {
    /// Id.
    pub id: LinkTypeId,
    /// Name.
    pub name: String,
    /// What the source of the link shows, e.g. "blocks".
    pub outward: String,
    /// What the target of the link shows, e.g. "is blocked by".
    pub inward: String,
}
