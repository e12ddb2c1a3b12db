//! Projects with their components, versions and role actors.

use super::desk::ServiceDesk;
use crate::world::group::Product;
use crate::world::ids::{
    AccountIndex, ComponentId, Day, GroupIndex, IssueTypeId, Millis, PermissionSchemeId, ProjectId, RoleId,
    SecuritySchemeId, StatusId, VersionId,
};

/// Kind of a project (`projectTypeKey`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProjectKind {
    /// `software`
    Software,
    /// `business`
    Business,
    /// `service_desk`
    ServiceDesk,
}

impl ProjectKind {
    /// The wire name.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Software => "software",
            Self::Business => "business",
            Self::ServiceDesk => "service_desk",
        }
    }

    /// The product a person must hold to use such a project in the Jira view.
    pub const fn product(self) -> Product {
        match self {
            Self::Software => Product::JiraSoftware,
            Self::Business => Product::JiraCore,
            Self::ServiceDesk => Product::JiraServiceManagement,
        }
    }
}

/// Who may see a team-managed project (`atlassian-permissions.md` 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TeamAccess {
    /// Every site user with Jira views and edits.
    Open,
    /// Every site user with Jira views and comments.
    Limited,
    /// Role actors and Jira administrators only (`isPrivate`).
    Private,
}

/// Life cycle of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProjectState {
    /// In use.
    Live,
    /// Archived at a time by somebody: leaves search and is read-only.
    Archived {
        /// When.
        at: Millis,
        /// By whom.
        by: AccountIndex,
    },
    /// In the trash for 60 days.
    Trashed {
        /// When.
        at: Millis,
        /// By whom.
        by: AccountIndex,
    },
}

/// A Jira project.
#[derive(Debug, Clone)]
pub struct Project {
    /// Immutable id.
    pub id: ProjectId,
    /// `uuid` member of the payload.
    pub uuid: String,
    /// Present key.
    pub key: String,
    /// Keys it had before, oldest first; they still resolve.
    pub former_keys: Vec<String>,
    /// Name.
    pub name: String,
    /// Description, plain text.
    pub description: String,
    /// Kind.
    pub kind: ProjectKind,
    /// `None` for company-managed (`style: classic`), the access level for team-managed (`style: next-gen`, `simplified`).
    pub team_access: Option<TeamAccess>,
    /// Lead.
    pub lead: AccountIndex,
    /// Category name, if any (ids follow from the name list in [`JiraConfig::categories`]).
    pub category: Option<usize>,
    /// State.
    pub state: ProjectState,
    /// Types that may be used.
    pub issue_types: Vec<IssueTypeId>,
    /// Statuses that may be used, in workflow order: any may follow any.
    pub statuses: Vec<StatusId>,
    /// Components.
    pub components: Vec<Component>,
    /// Versions, oldest first.
    pub versions: Vec<Version>,
    /// Permission scheme (company-managed only; team-managed projects are governed by `team_access`).
    pub permission_scheme: PermissionSchemeId,
    /// Issue security scheme, if any.
    pub security_scheme: Option<SecuritySchemeId>,
    /// Actors of the roles in this project.
    pub role_actors: Vec<RoleActors>,
    /// Service desk settings of a `service_desk` project.
    pub service_desk: Option<ServiceDesk>,
    /// Web address of the project's subject, if set.
    pub url: Option<String>,
}

impl Project {
    /// Whether this is a team-managed project (`simplified: true`).
    pub fn is_team_managed(&self) -> bool {
        self.team_access.is_some()
    }

    /// `isPrivate` of the payload.
    pub fn is_private(&self) -> bool {
        self.team_access == Some(TeamAccess::Private)
    }

    /// Entity properties: keys, and values as JSON text. Apps write them; here one app wrote to every other project.
    pub fn properties(&self) -> Vec<(&'static str, String)> {
        if self.id.0 % 2 == 1 {
            return Vec::new();
        }
        vec![
            ("harbour.settings", format!(r#"{{"quay":{},"alerts":true}}"#, self.id.0 % 7)),
            ("harbour.synced", format!(r#""{}""#, self.uuid)),
        ]
    }

    /// The actors of one role; `None` when the role has no entry in this project.
    pub fn actors(&self, role: RoleId) -> Option<&RoleActors> {
        self.role_actors.iter().find(|actors| actors.role == role)
    }
}

/// A component of a project.
#[derive(Debug, Clone)]
pub struct Component {
    /// Id.
    pub id: ComponentId,
    /// Name.
    pub name: String,
    /// Description, may be empty.
    pub description: String,
    /// Lead, if any.
    pub lead: Option<AccountIndex>,
}

/// A version of a project.
#[derive(Debug, Clone)]
pub struct Version {
    /// Id.
    pub id: VersionId,
    /// Name.
    pub name: String,
    /// Description, may be empty.
    pub description: String,
    /// Whether it is archived.
    pub archived: bool,
    /// Whether it is released.
    pub released: bool,
    /// Start date.
    pub start_date: Option<Day>,
    /// Release date.
    pub release_date: Option<Day>,
}

/// The actors of one role in one project.
#[derive(Debug, Clone)]
pub struct RoleActors {
    /// The role.
    pub role: RoleId,
    /// People named directly.
    pub users: Vec<AccountIndex>,
    /// Groups.
    pub groups: Vec<GroupIndex>,
}
