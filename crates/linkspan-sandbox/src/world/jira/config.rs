//! All configuration of one site's Jira, and looking things up in it.

use std::sync::Arc;

use super::desk::{Organization, RequestType, ServiceDesk};
use super::field::{Board, Field, FieldKind, FieldOption, Sprint};
use super::project::{Component, Project, Version};
use super::scheme::{PermissionScheme, SecurityLevel, SecurityScheme};
use super::sharing::{Dashboard, Filter};
use super::workflow::{IssueType, LinkType, Priority, Resolution, Role, Status};
use crate::world::ids::{
    AccountIndex, BoardId, ComponentId, FieldId, IssueTypeId, LinkTypeId, Millis, OptionId, OrganizationId,
    PermissionSchemeId, PriorityId, RequestTypeId, ResolutionId, RoleId, SecurityLevelId, SecuritySchemeId,
    ServiceDeskId, SprintId, StatusId, VersionId,
};

/// All configuration of one site's Jira.
#[derive(Debug, Clone, Default)]
pub struct JiraConfig {
    /// Whether the site lets the public in where a scheme says `anyone`.
    pub anonymous_access: bool,
    /// Projects, ascending by id.
    pub projects: Vec<Project>,
    /// Project categories: name and description; the id is 10000 + position.
    pub categories: Vec<(String, String)>,
    /// Issue types.
    pub issue_types: Vec<IssueType>,
    /// Statuses.
    pub statuses: Vec<Status>,
    /// Priorities, highest first.
    pub priorities: Vec<Priority>,
    /// Resolutions.
    pub resolutions: Vec<Resolution>,
    /// Link types.
    pub link_types: Vec<LinkType>,
    /// Roles.
    pub roles: Vec<Role>,
    /// Permission schemes.
    pub permission_schemes: Vec<PermissionScheme>,
    /// Issue security schemes.
    pub security_schemes: Vec<SecurityScheme>,
    /// Custom fields.
    pub fields: Vec<Field>,
    /// Boards.
    pub boards: Vec<Board>,
    /// Sprints, ascending by id.
    pub sprints: Vec<Sprint>,
    /// JSM organizations.
    pub organizations: Vec<Organization>,
    /// Labels by position.
    pub labels: Vec<Arc<str>>,
    /// Custom fields in the trash, each with when and by whom it was put there.
    pub trashed_fields: Vec<(Field, Millis, AccountIndex)>,
    /// Saved filters, ascending by id.
    pub filters: Vec<Filter>,
    /// Dashboards, ascending by id.
    pub dashboards: Vec<Dashboard>,
}

macro_rules! lookups {
    ($($(#[$doc:meta])* $name:ident($id:ident) = $list:ident -> $item:ident;)*) => {
        impl JiraConfig {$(
            $(#[$doc])*
            pub fn $name(&self, id: $id) -> Option<&$item> {
                self.$list.iter().find(|item| item.id == id)
            }
        )*}
    };
}

lookups! {
    /// An issue type.
    issue_type(IssueTypeId) = issue_types -> IssueType;
    /// A status.
    status(StatusId) = statuses -> Status;
    /// A priority.
    priority(PriorityId) = priorities -> Priority;
    /// A resolution.
    resolution(ResolutionId) = resolutions -> Resolution;
    /// A link type.
    link_type(LinkTypeId) = link_types -> LinkType;
    /// A role.
    role(RoleId) = roles -> Role;
    /// A permission scheme.
    permission_scheme(PermissionSchemeId) = permission_schemes -> PermissionScheme;
    /// A security scheme.
    security_scheme(SecuritySchemeId) = security_schemes -> SecurityScheme;
    /// A custom field.
    field(FieldId) = fields -> Field;
    /// A board.
    board(BoardId) = boards -> Board;
    /// A sprint.
    sprint(SprintId) = sprints -> Sprint;
    /// An organization.
    organization(OrganizationId) = organizations -> Organization;
}

impl JiraConfig {
    /// A security level with the scheme it belongs to.
    pub fn security_level(&self, id: SecurityLevelId) -> Option<(&SecurityScheme, &SecurityLevel)> {
        let find = |scheme: &SecurityScheme| scheme.levels.iter().position(|level| level.id == id);
        self.security_schemes.iter().find_map(|scheme| find(scheme).map(|at| (scheme, &scheme.levels[at])))
    }

    /// The option of a field with an id, parents and children of cascading ones alike.
    pub fn option(&self, field: FieldId, option: OptionId) -> Option<&FieldOption> {
        let options = &self.field(field)?.options;
        options
            .iter()
            .flat_map(|parent| std::iter::once(parent).chain(&parent.children))
            .find(|candidate| candidate.id == option)
    }

    /// The component with an id, with its project.
    pub fn component(&self, id: ComponentId) -> Option<(&Project, &Component)> {
        self.projects.iter().find_map(|project| {
            Some((project, project.components.iter().find(|component| component.id == id)?))
        })
    }

    /// The version with an id, with its project.
    pub fn version(&self, id: VersionId) -> Option<(&Project, &Version)> {
        self.projects
            .iter()
            .find_map(|project| Some((project, project.versions.iter().find(|version| version.id == id)?)))
    }

    /// The service desk with an id, with its project.
    pub fn service_desk(&self, id: ServiceDeskId) -> Option<(&Project, &ServiceDesk)> {
        self.projects
            .iter()
            .find_map(|project| Some((project, project.service_desk.as_ref().filter(|desk| desk.id == id)?)))
    }

    /// The request type with an id, with its project.
    pub fn request_type(&self, id: RequestTypeId) -> Option<(&Project, &RequestType)> {
        let of = |project: &Project| {
            project.service_desk.as_ref()?.request_types.iter().position(|kind| kind.id == id)
        };
        self.projects.iter().find_map(|project| {
            let at = of(project)?;
            Some((project, &project.service_desk.as_ref()?.request_types[at]))
        })
    }

    /// The first field of a kind.
    pub fn field_of_kind(&self, kind: FieldKind) -> Option<&Field> {
        self.fields.iter().find(|field| field.kind == kind)
    }
}
