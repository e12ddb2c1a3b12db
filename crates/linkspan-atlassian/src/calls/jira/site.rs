//! What a site has besides projects and issues, and other ways to find out who may see what.

use super::{CONFIGURATION, READ_USER, READ_WORK};
use crate::calls::{Call, Feature, all_of};

/// Lists the dashboards that the account owns or may see.
pub static DASHBOARDS: Call =
    Call::get(Feature::Dashboards, "jira.dashboard.search", "/rest/api/3/dashboard/search")
        .scopes(
            READ_WORK,
            all_of![
                "read:dashboard:jira",
                "read:group:jira",
                "read:project:jira",
                "read:project-role:jira",
                "read:user:jira",
                "read:application-role:jira",
                "read:avatar:jira",
                "read:issue-type-hierarchy:jira",
                "read:issue-type:jira",
                "read:project-category:jira",
                "read:project-version:jira",
                "read:project.component:jira"
            ],
        )
        .list("values")
        .start_at(50, None);

/// Lists the gadgets of a dashboard.
pub static DASHBOARD_GADGETS: Call =
    Call::get(Feature::Dashboards, "jira.dashboard.gadgets", "/rest/api/3/dashboard/{dashboardId}/gadget")
        .scopes(READ_WORK, all_of!["read:dashboard:jira"])
        .list("gadgets");

/// Lists the filters that the account owns or may see.
pub static FILTERS: Call = Call::get(Feature::Filters, "jira.filter.search", "/rest/api/3/filter/search")
    .scopes(
        READ_WORK,
        all_of![
            "read:filter:jira",
            "read:group:jira",
            "read:project:jira",
            "read:project-role:jira",
            "read:user:jira",
            "read:jql:jira",
            "read:application-role:jira",
            "read:avatar:jira",
            "read:issue-type-hierarchy:jira"
        ],
    )
    .list("values")
    .start_at(50, None);

/// Lists the pictures that come with Jira for a type of thing.
pub static SYSTEM_AVATARS: Call =
    Call::get(Feature::Avatars, "jira.avatar.system", "/rest/api/3/avatar/{type}/system")
        .scopes(CONFIGURATION, all_of!["read:avatar:jira"])
        .list("system");

/// Lists the pictures that a project can have.
pub static PROJECT_AVATARS: Call = Call::get(
    Feature::Avatars,
    "jira.avatar.project",
    "/rest/api/3/universal_avatar/type/{type}/owner/{entityId}",
)
.scopes(CONFIGURATION, all_of!["read:avatar:jira"])
.list("system");

/// Reads a picture.
pub static AVATAR_IMAGE: Call = Call::get(
    Feature::Avatars,
    "jira.avatar.image",
    "/rest/api/3/universal_avatar/view/type/{type}/avatar/{id}",
)
.scopes(READ_WORK, all_of!["read:avatar:jira"])
.file();

/// Parses JQL queries.
pub static JQL_PARSE: Call = Call::ask(Feature::Filters, "jira.jql.parse", "/rest/api/3/jql/parse")
    .scopes(READ_WORK, all_of!["read:field:jira", "validate:jql:jira", "read:jql:jira"])
    .list("queries");

/// Lists the people who hold permissions in a project. Upstream looks at the first 1000 people of the site.
pub static USER_PERMISSION_SEARCH: Call =
    Call::get(Feature::Permissions, "jira.user.permission-search", "/rest/api/3/user/permission/search")
        .scopes(
            READ_USER,
            all_of![
                "read:issue:jira",
                "read:project:jira",
                "read:user:jira",
                "read:application-role:jira",
                "read:avatar:jira",
                "read:group:jira"
            ],
        )
        .identity()
        .bare()
        .start_at(50, None);

/// Reads a security level.
pub static SECURITY_LEVEL: Call = Call::get(
    Feature::Permissions,
    "jira.securitylevel.get",
    "/rest/api/3/securitylevel/{id}",
)
.scopes(
    CONFIGURATION,
    all_of!["read:field:jira", "read:issue-security-level:jira", "read:project-role:jira", "read:user:jira"],
);

/// Every operation of this file.
pub(super) static ALL: &[&Call] = &[
    &DASHBOARDS,
    &DASHBOARD_GADGETS,
    &FILTERS,
    &SYSTEM_AVATARS,
    &PROJECT_AVATARS,
    &AVATAR_IMAGE,
    &JQL_PARSE,
    &USER_PERMISSION_SEARCH,
    &SECURITY_LEVEL,
];
