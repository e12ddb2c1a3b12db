//! Permission schemes and issue security schemes that use every kind of holder.

use crate::world::build::people::group;
use crate::world::group::Product;
use crate::world::ids::{
    AccountIndex, GroupIndex, PermissionSchemeId, RoleId, SecurityLevelId, SecuritySchemeId,
};
use crate::world::jira::{
    Holder, PermissionGrant, PermissionScheme, SecurityLevel, SecurityMember, SecurityScheme,
};

/// Roles of company-managed projects.
pub(in crate::world) mod role {
    use crate::world::ids::RoleId;

    pub(in crate::world) const USERS: RoleId = RoleId(10_000);
    pub(in crate::world) const DEVELOPERS: RoleId = RoleId(10_001);
    pub(in crate::world) const ADMINISTRATORS: RoleId = RoleId(10_002);
    pub(in crate::world) const ADD_ONS: RoleId = RoleId(10_003);
    pub(in crate::world) const SERVICE_DESK_CUSTOMERS: RoleId = RoleId(10_100);
    pub(in crate::world) const SERVICE_DESK_TEAM: RoleId = RoleId(10_101);
}

/// Fields that schemes refer to.
pub(in crate::world) mod field {
    use crate::world::ids::FieldId;

    /// Multi user picker "Reviewers".
    pub(in crate::world) const REVIEWERS: FieldId = FieldId(10_040);
    /// User picker "Accountable".
    pub(in crate::world) const ACCOUNTABLE: FieldId = FieldId(10_041);
    /// Multi group picker "Audience".
    pub(in crate::world) const AUDIENCE: FieldId = FieldId(10_042);
}

/// The permission schemes, in order of their ids (from 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::world) enum Scheme {
    /// Any signed-in user browses.
    Default,
    /// A group browses.
    Group,
    /// A role, and the reporter of an issue.
    RoleAndReporter,
    /// A group without the administrator, and one person.
    Closed,
    /// The public.
    Public,
    /// Assignee, people and groups in fields of the issue, and the project lead.
    Dynamic,
    /// Holders of a product.
    Product,
    /// A service desk's: team role, and customers in the portal only.
    ServiceDesk,
}

impl Scheme {
    const ALL: [Self; 8] = [
        Self::Default,
        Self::Group,
        Self::RoleAndReporter,
        Self::Closed,
        Self::Public,
        Self::Dynamic,
        Self::Product,
        Self::ServiceDesk,
    ];

    pub(in crate::world) fn id(self) -> PermissionSchemeId {
        PermissionSchemeId(self as u64 * 100)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Default => "Default Permission Scheme",
            Self::Group => "Staff only",
            Self::RoleAndReporter => "Project roles and reporters",
            Self::Closed => "Closed circle",
            Self::Public => "Public",
            Self::Dynamic => "People on the issue",
            Self::Product => "Licensed users",
            Self::ServiceDesk => "Service desk",
        }
    }

    fn browsers(
        self,
        staff_group: GroupIndex,
        closed_group: GroupIndex,
        outsider: AccountIndex,
    ) -> Vec<Holder> {
        match self {
            Self::Default => vec![Holder::ApplicationRole(None)],
            Self::Group => vec![Holder::Group(staff_group), Holder::ProjectRole(role::ADMINISTRATORS)],
            Self::RoleAndReporter => vec![
                Holder::ProjectRole(role::ADMINISTRATORS),
                Holder::ProjectRole(role::DEVELOPERS),
                Holder::Reporter,
            ],
            Self::Closed => vec![Holder::Group(closed_group), Holder::User(outsider)],
            Self::Public => vec![Holder::Anyone],
            Self::Dynamic => vec![
                Holder::Assignee,
                Holder::UserCustomField(field::REVIEWERS),
                Holder::UserCustomField(field::ACCOUNTABLE),
                Holder::GroupCustomField(field::AUDIENCE),
                Holder::ProjectLead,
                Holder::ProjectRole(role::ADMINISTRATORS),
            ],
            Self::Product => vec![Holder::ApplicationRole(Some(Product::JiraSoftware))],
            Self::ServiceDesk => {
                vec![
                    Holder::ProjectRole(role::SERVICE_DESK_TEAM),
                    Holder::ProjectRole(role::ADMINISTRATORS),
                    Holder::PortalCustomers,
                ]
            }
        }
    }
}

/// Permissions that everybody who browses gets.
const OF_BROWSERS: [&str; 12] = [
    "CREATE_ISSUES",
    "EDIT_ISSUES",
    "ADD_COMMENTS",
    "CREATE_ATTACHMENTS",
    "ASSIGN_ISSUES",
    "ASSIGNABLE_USER",
    "TRANSITION_ISSUES",
    "RESOLVE_ISSUES",
    "CLOSE_ISSUES",
    "SCHEDULE_ISSUES",
    "LINK_ISSUES",
    "WORK_ON_ISSUES",
];

/// Permissions of the administrators' role.
const OF_ADMINISTRATORS: [&str; 12] = [
    "ADMINISTER_PROJECTS",
    "DELETE_ISSUES",
    "MOVE_ISSUES",
    "SET_ISSUE_SECURITY",
    "MODIFY_REPORTER",
    "DELETE_ALL_COMMENTS",
    "EDIT_ALL_COMMENTS",
    "DELETE_ALL_ATTACHMENTS",
    "DELETE_ALL_WORKLOGS",
    "EDIT_ALL_WORKLOGS",
    "MANAGE_WATCHERS",
    "VIEW_VOTERS_AND_WATCHERS",
];

/// Permissions on one's own.
const OF_OWN: [&str; 6] = [
    "EDIT_OWN_COMMENTS",
    "DELETE_OWN_COMMENTS",
    "EDIT_OWN_WORKLOGS",
    "DELETE_OWN_WORKLOGS",
    "DELETE_OWN_ATTACHMENTS",
    "VIEW_READONLY_WORKFLOW",
];

/// All permission schemes.
pub(in crate::world) fn permission_schemes(groups: u32, outsider: AccountIndex) -> Vec<PermissionScheme> {
    let extra = |number: u32| {
        if groups > group::DEFAULT + number { GroupIndex(group::DEFAULT + number) } else { group::AGENTS }
    };
    let (staff_group, closed_group) = (extra(0), extra(3));
    let scheme = |kind: &Scheme| {
        let browsers = kind.browsers(staff_group, closed_group, outsider);
        let mut grants: Vec<(&'static str, Holder)> =
            browsers.iter().map(|holder| ("BROWSE_PROJECTS", holder.clone())).collect();
        let doers: Vec<Holder> = browsers
            .iter()
            .map(
                |holder| {
                    if *holder == Holder::Anyone { Holder::ApplicationRole(None) } else { holder.clone() }
                },
            )
            .collect();
        for permission in OF_BROWSERS.into_iter().chain(OF_OWN) {
            grants.extend(doers.iter().map(|holder| (permission, holder.clone())));
        }
        grants.extend(
            OF_ADMINISTRATORS
                .into_iter()
                .map(|permission| (permission, Holder::ProjectRole(role::ADMINISTRATORS))),
        );
        grants.push(("VIEW_VOTERS_AND_WATCHERS", Holder::ProjectRole(role::DEVELOPERS)));
        let first = 10_000 + kind.id().0 * 10;
        PermissionScheme {
            id: kind.id(),
            name: kind.name().to_owned(),
            description: format!("{} (sandbox)", kind.name()),
            grants: (first..)
                .zip(grants)
                .map(|(id, (permission, holder))| PermissionGrant { id, permission, holder })
                .collect(),
        }
    };
    Scheme::ALL.iter().map(scheme).collect()
}

/// The security scheme of ordinary projects: every level lets the administrators in.
pub(in crate::world) const ORDINARY_SECURITY: SecuritySchemeId = SecuritySchemeId(10_000);
/// A scheme with one level per kind of holder.
pub(in crate::world) const EVERY_HOLDER: SecuritySchemeId = SecuritySchemeId(10_001);

/// All issue security schemes.
pub(in crate::world) fn security_schemes(outsider: AccountIndex) -> Vec<SecurityScheme> {
    let mut row = 10_100;
    let mut level = |id: u64, name: &str, holders: Vec<Holder>| SecurityLevel {
        id: SecurityLevelId(id),
        name: name.to_owned(),
        description: format!("Visible to: {name}"),
        members: holders
            .into_iter()
            .map(|holder| {
                row += 1;
                SecurityMember { id: row, holder }
            })
            .collect(),
    };
    let admins = || Holder::ProjectRole(role::ADMINISTRATORS);
    let ordinary = vec![
        level(10_000, "Team", vec![admins(), Holder::ProjectRole(role::DEVELOPERS)]),
        level(10_001, "Reporter and administrators", vec![admins(), Holder::Reporter]),
        level(10_002, "Administrators", vec![admins()]),
    ];
    let every = vec![
        level(10_010, "Assignee", vec![Holder::Assignee]),
        level(10_011, "Reviewers", vec![Holder::UserCustomField(field::REVIEWERS)]),
        level(10_012, "Accountable", vec![Holder::UserCustomField(field::ACCOUNTABLE)]),
        level(10_013, "Audience", vec![Holder::GroupCustomField(field::AUDIENCE), Holder::ProjectLead]),
        level(10_014, "Staff", vec![Holder::Group(group::JIRA_USERS)]),
        level(10_015, "One person", vec![Holder::User(outsider)]),
        level(10_016, "Agents", vec![Holder::ApplicationRole(Some(Product::JiraServiceManagement))]),
        level(10_017, "Role", vec![Holder::ProjectRole(role::USERS), admins()]),
        level(10_018, "Nobody", Vec::new()),
    ];
    let scheme = |id, name: &str, default_level, levels| SecurityScheme {
        id,
        name: name.to_owned(),
        description: format!("{name} (sandbox)"),
        default_level,
        levels,
    };
    vec![
        scheme(ORDINARY_SECURITY, "Confidential work", None, ordinary),
        scheme(EVERY_HOLDER, "One level per kind of member", None, every),
    ]
}

/// Levels issues of a scheme are given.
pub(in crate::world) fn levels(scheme: SecuritySchemeId) -> std::ops::RangeInclusive<u64> {
    if scheme == ORDINARY_SECURITY { 10_000..=10_002 } else { 10_010..=10_018 }
}

/// Roles of company-managed projects with names and descriptions.
pub(in crate::world) const fn all_roles() -> [(RoleId, &'static str, &'static str); 6] {
    [
        (role::USERS, "Users", "People who use the project"),
        (role::DEVELOPERS, "Developers", "People who do the work"),
        (role::ADMINISTRATORS, "Administrators", "People who administer the project"),
        (role::ADD_ONS, "atlassian-addons-project-access", "Installed apps"),
        (role::SERVICE_DESK_CUSTOMERS, "Service Desk Customers", "Customers of the portal"),
        (role::SERVICE_DESK_TEAM, "Service Desk Team", "Agents of the service desk"),
    ]
}
