//! Configuration of Jira: projects, types, statuses, priorities, roles, schemes, fields, boards and service desks.

use std::sync::Arc;

use crate::world::group::Product;
use crate::world::ids::{
    AccountIndex, BoardId, ComponentId, Day, FieldId, GroupIndex, IssueTypeId, LinkTypeId, Millis, OptionId,
    OrganizationId, PermissionSchemeId, PriorityId, ProjectId, RequestTypeId, ResolutionId, RoleId,
    SecurityLevelId, SecuritySchemeId, ServiceDeskId, SprintId, StatusId, VersionId,
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

/// Who a grant or a security level names (`atlassian-permissions.md` 2.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Holder {
    /// `anyone`: the public, while the site allows anonymous access.
    Anyone,
    /// `applicationRole` with the key of a product, or without: any signed-in user of the site.
    ApplicationRole(Option<Product>),
    /// `group`
    Group(GroupIndex),
    /// `user`
    User(AccountIndex),
    /// `projectRole`
    ProjectRole(RoleId),
    /// `projectLead`
    ProjectLead,
    /// `reporter`
    Reporter,
    /// `assignee`
    Assignee,
    /// `userCustomField`
    UserCustomField(FieldId),
    /// `groupCustomField`
    GroupCustomField(FieldId),
    /// `sd.customer.portal.only`: adds nobody to the Jira view.
    PortalCustomers,
}

impl Holder {
    /// The `type` member of the payload.
    pub const fn type_key(&self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::ApplicationRole(_) => "applicationRole",
            Self::Group(_) => "group",
            Self::User(_) => "user",
            Self::ProjectRole(_) => "projectRole",
            Self::ProjectLead => "projectLead",
            Self::Reporter => "reporter",
            Self::Assignee => "assignee",
            Self::UserCustomField(_) => "userCustomField",
            Self::GroupCustomField(_) => "groupCustomField",
            Self::PortalCustomers => "sd.customer.portal.only",
        }
    }
}

/// One grant of a permission scheme.
#[derive(Debug, Clone)]
pub struct PermissionGrant {
    /// Id of the grant.
    pub id: u64,
    /// Permission key such as `BROWSE_PROJECTS`.
    pub permission: &'static str,
    /// Holder.
    pub holder: Holder,
}

/// A permission scheme.
#[derive(Debug, Clone)]
pub struct PermissionScheme {
    /// Id.
    pub id: PermissionSchemeId,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Grants.
    pub grants: Vec<PermissionGrant>,
}

/// One member row of a security level.
#[derive(Debug, Clone)]
pub struct SecurityMember {
    /// Id of the row.
    pub id: u64,
    /// Holder.
    pub holder: Holder,
}

/// A level of an issue security scheme.
#[derive(Debug, Clone)]
pub struct SecurityLevel {
    /// Id.
    pub id: SecurityLevelId,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Members.
    pub members: Vec<SecurityMember>,
}

/// An issue security scheme.
#[derive(Debug, Clone)]
pub struct SecurityScheme {
    /// Id.
    pub id: SecuritySchemeId,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Level new issues get, if any.
    pub default_level: Option<SecurityLevelId>,
    /// Levels.
    pub levels: Vec<SecurityLevel>,
}

/// Kind of a custom field; decides `schema` and the shape of its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "each variant is the published field type of the same name; `FieldKind::custom_key` gives the key"
)]
pub enum FieldKind {
    TextField,
    TextArea,
    ReadOnlyText,
    Number,
    DatePicker,
    DateTime,
    Select,
    MultiSelect,
    RadioButtons,
    Checkboxes,
    CascadingSelect,
    UserPicker,
    MultiUserPicker,
    GroupPicker,
    MultiGroupPicker,
    ProjectPicker,
    VersionPicker,
    MultiVersionPicker,
    Labels,
    Url,
    Sprint,
    EpicLink,
    EpicName,
    StoryPoints,
    Rank,
    Team,
    RequestType,
    RequestParticipants,
    Organizations,
    Approvals,
    Sla,
    RequestFeedback,
}

/// A custom field.
#[derive(Debug, Clone)]
pub struct Field {
    /// Id.
    pub id: FieldId,
    /// Name; two fields may have the same.
    pub name: String,
    /// Description.
    pub description: String,
    /// Kind.
    pub kind: FieldKind,
    /// Options of the select kinds; cascading ones carry children.
    pub options: Vec<FieldOption>,
    /// Set for fields of one team-managed project.
    pub scope: Option<ProjectId>,
}

/// An option of a select field.
#[derive(Debug, Clone)]
pub struct FieldOption {
    /// Id.
    pub id: OptionId,
    /// Text.
    pub value: Arc<str>,
    /// Children of a cascading option.
    pub children: Vec<FieldOption>,
}

/// A sprint.
#[derive(Debug, Clone)]
pub struct Sprint {
    /// Id.
    pub id: SprintId,
    /// Board it belongs to.
    pub board: BoardId,
    /// Name.
    pub name: String,
    /// `future`, `active` or `closed`.
    pub state: &'static str,
    /// Goal, may be empty.
    pub goal: String,
    /// Planned or actual start.
    pub start: Option<Millis>,
    /// Planned end.
    pub end: Option<Millis>,
    /// When it was closed.
    pub complete: Option<Millis>,
}

/// A board over one project.
#[derive(Debug, Clone)]
pub struct Board {
    /// Id.
    pub id: BoardId,
    /// Name.
    pub name: String,
    /// `scrum`, `kanban` or `simple`.
    pub kind: &'static str,
    /// Project whose issues it shows.
    pub project: ProjectId,
}

/// Who may raise requests in a portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PortalAccess {
    /// Anybody with an account on the site (open portal).
    Open,
    /// Customers who were added, and members of added organizations.
    Restricted,
}

/// The service desk of a project.
#[derive(Debug, Clone)]
pub struct ServiceDesk {
    /// Id of the desk.
    pub id: ServiceDeskId,
    /// Portal access.
    pub access: PortalAccess,
    /// Customers added one by one.
    pub customers: Vec<AccountIndex>,
    /// Organizations added to the desk.
    pub organizations: Vec<OrganizationId>,
    /// Request types.
    pub request_types: Vec<RequestType>,
}

/// A request type.
#[derive(Debug, Clone)]
pub struct RequestType {
    /// Id.
    pub id: RequestTypeId,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Issue type created for it.
    pub issue_type: IssueTypeId,
    /// Portal groups it is listed in.
    pub group_ids: Vec<u64>,
}

/// A JSM organization.
#[derive(Debug, Clone)]
pub struct Organization {
    /// Id.
    pub id: OrganizationId,
    /// UUID.
    pub uuid: String,
    /// Name.
    pub name: String,
    /// When it was made.
    pub created: Millis,
    /// Members, ascending.
    pub members: Vec<AccountIndex>,
}

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
