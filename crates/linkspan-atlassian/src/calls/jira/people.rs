//! People, groups, and who may see what.

use super::{CONFIGURATION, READ_USER, READ_WORK};
use crate::calls::{Call, Feature, Scopes, all_of};

const USER_READ: Scopes =
    all_of!["read:application-role:jira", "read:group:jira", "read:user:jira", "read:avatar:jira"];
const PERMISSION_SCHEME_READ: Scopes = all_of![
    "read:application-role:jira",
    "read:field:jira",
    "read:group:jira",
    "read:permission-scheme:jira",
    "read:permission:jira",
    "read:project-role:jira",
    "read:user:jira",
    "read:avatar:jira",
    "read:project-category:jira",
    "read:project:jira"
];
const SECURITY_SCHEME_READ: Scopes =
    all_of!["read:issue-security-level:jira", "read:issue-security-scheme:jira"];

/// Lists all users. Answers 409 when it takes upstream over 10 s.
pub static USERS: Call = Call::get(Feature::People, "jira.user.list", "/rest/api/3/users/search")
    .scopes(
        READ_USER,
        all_of!["read:user:jira", "read:application-role:jira", "read:avatar:jira", "read:group:jira"],
    )
    .bare()
    .identity()
    .start_at(50, Some(1000));

/// Reads users by account id (`accountId`, repeated).
pub static USER_BULK: Call = Call::get(Feature::People, "jira.user.bulk", "/rest/api/3/user/bulk")
    .scopes(READ_USER, USER_READ)
    .list("values")
    .identity()
    .start_at(10, None);

/// Lists groups.
pub static GROUP_BULK: Call = Call::get(Feature::Groups, "jira.group.bulk", "/rest/api/3/group/bulk")
    .scopes(READ_USER, all_of!["read:group:jira"])
    .list("values")
    .identity()
    .start_at(50, None);

/// Lists the members of a group (`groupId`).
pub static GROUP_MEMBERS: Call = Call::get(Feature::Groups, "jira.group.members", "/rest/api/3/group/member")
    .scopes(CONFIGURATION, all_of!["read:group:jira", "read:user:jira", "read:avatar:jira"])
    .list("values")
    .identity()
    .start_at(50, Some(50));

/// Reads the account behind the token.
pub static MYSELF: Call =
    Call::get(Feature::People, "jira.myself", "/rest/api/3/myself").scopes(READ_USER, USER_READ).identity();

/// Reads the site's own account of itself: its base URL, time and version.
pub static SERVER_INFO: Call =
    Call::get(Feature::Tickets, "jira.server-info", "/rest/api/3/serverInfo").scopes(&[&[]], &[&[]]);

/// Reads the permission scheme of a project (`expand=all`).
pub static PROJECT_PERMISSION_SCHEME: Call = Call::get(
    Feature::Permissions,
    "jira.project.permission-scheme",
    "/rest/api/3/project/{projectKeyOrId}/permissionscheme",
)
.scopes(READ_WORK, PERMISSION_SCHEME_READ)
.rows("permissions")
.identity();

/// Lists the permission schemes (`expand=all`).
pub static PERMISSION_SCHEMES: Call =
    Call::get(Feature::Permissions, "jira.permission-scheme.list", "/rest/api/3/permissionscheme")
        .scopes(READ_WORK, PERMISSION_SCHEME_READ)
        .rows_in_list("permissionSchemes", "permissions")
        .identity();

/// Lists the issue security schemes.
pub static SECURITY_SCHEMES: Call =
    Call::get(Feature::Permissions, "jira.security-scheme.list", "/rest/api/3/issuesecurityschemes")
        .scopes(all_of!["manage:jira-project"], SECURITY_SCHEME_READ)
        .list("issueSecuritySchemes");

/// Reads an issue security scheme with its levels.
pub static SECURITY_SCHEME: Call =
    Call::get(Feature::Permissions, "jira.security-scheme.get", "/rest/api/3/issuesecurityschemes/{id}")
        .scopes(all_of!["manage:jira-project"], SECURITY_SCHEME_READ);

/// Lists who belongs to the levels of a scheme.
pub static SECURITY_SCHEME_MEMBERS: Call = Call::get(
    Feature::Permissions,
    "jira.security-scheme.members",
    "/rest/api/3/issuesecurityschemes/{issueSecuritySchemeId}/members",
)
.scopes(
    CONFIGURATION,
    all_of!["read:field:jira", "read:issue-security-level:jira", "read:project-role:jira", "read:user:jira"],
)
.list("values")
.identity()
.start_at(50, None);

/// Reads the issue security scheme of a project with its levels.
pub static PROJECT_SECURITY_SCHEME: Call = Call::get(
    Feature::Permissions,
    "jira.project.security-scheme",
    "/rest/api/3/project/{projectKeyOrId}/issuesecuritylevelscheme",
)
.scopes(READ_WORK, SECURITY_SCHEME_READ);

/// Lists which groups may use which Jira product.
pub static APPLICATION_ROLES: Call =
    Call::get(Feature::Permissions, "jira.application-role.list", "/rest/api/3/applicationrole")
        .scopes(CONFIGURATION, all_of!["read:application-role:jira"])
        .bare()
        .identity();

/// Tells whether administrators block any content from apps.
pub static DATA_POLICY: Call =
    Call::get(Feature::Permissions, "jira.data-policy", "/rest/api/3/data-policy").scopes(READ_WORK, &[]);

/// Tells for which projects (`ids`) administrators block content from apps.
pub static PROJECT_DATA_POLICIES: Call =
    Call::get(Feature::Permissions, "jira.data-policy.projects", "/rest/api/3/data-policy/project")
        .scopes(READ_WORK, &[])
        .list("projectDataPolicies");

/// Lists audit records; for administrators.
pub static AUDIT_RECORDS: Call =
    Call::get(Feature::Audit, "jira.audit.records", "/rest/api/3/auditing/record")
        .scopes(CONFIGURATION, all_of!["read:audit-log:jira", "read:user:jira"])
        .list("records")
        .offset(1000);

/// Every operation of this file.
pub(super) static ALL: &[&Call] = &[
    &USERS,
    &USER_BULK,
    &GROUP_BULK,
    &GROUP_MEMBERS,
    &MYSELF,
    &SERVER_INFO,
    &PROJECT_PERMISSION_SCHEME,
    &PERMISSION_SCHEMES,
    &SECURITY_SCHEMES,
    &SECURITY_SCHEME,
    &SECURITY_SCHEME_MEMBERS,
    &PROJECT_SECURITY_SCHEME,
    &APPLICATION_ROLES,
    &DATA_POLICY,
    &PROJECT_DATA_POLICIES,
    &AUDIT_RECORDS,
];
