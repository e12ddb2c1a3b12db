//! Projects and the words that issues use.

use super::{CONFIGURATION, READ_WORK};
use crate::calls::{Call, Feature, Scopes, all_of};

const PROJECT_READ: Scopes = all_of![
    "read:issue-type:jira",
    "read:project:jira",
    "read:project.property:jira",
    "read:user:jira",
    "read:application-role:jira",
    "read:avatar:jira",
    "read:group:jira",
    "read:issue-type-hierarchy:jira",
    "read:project-category:jira",
    "read:project-version:jira",
    "read:project.component:jira"
];
const ROLE_READ: Scopes = all_of![
    "read:user:jira",
    "read:group:jira",
    "read:project-role:jira",
    "read:project:jira",
    "read:avatar:jira",
    "read:project-category:jira"
];

/// Lists the projects that the account may browse or administer.
pub static PROJECT_SEARCH: Call =
    Call::get(Feature::Tickets, "jira.project.search", "/rest/api/3/project/search")
        .scopes(READ_WORK, PROJECT_READ)
        .core()
        .list("values")
        .start_at(50, Some(100));

/// Reads one project.
pub static PROJECT: Call =
    Call::get(Feature::Tickets, "jira.project.get", "/rest/api/3/project/{projectIdOrKey}")
        .scopes(READ_WORK, PROJECT_READ)
        .core();

/// Maps the names of a project's roles to their URLs.
pub static PROJECT_ROLES: Call =
    Call::get(Feature::Permissions, "jira.project.roles", "/rest/api/3/project/{projectIdOrKey}/role")
        .scopes(READ_WORK, all_of!["read:project-role:jira"])
        .members()
        .identity();

/// Reads a role of a project with its actors.
pub static PROJECT_ROLE: Call =
    Call::get(Feature::Permissions, "jira.project.role", "/rest/api/3/project/{projectIdOrKey}/role/{id}")
        .scopes(READ_WORK, ROLE_READ)
        .identity();

/// Lists the roles of the site.
pub static ROLES: Call = Call::get(Feature::Permissions, "jira.role.list", "/rest/api/3/role")
    .scopes(CONFIGURATION, ROLE_READ)
    .bare()
    .identity();

/// Lists the issue types.
pub static ISSUE_TYPES: Call = Call::get(Feature::Tickets, "jira.issuetype.list", "/rest/api/3/issuetype")
    .scopes(
        READ_WORK,
        all_of![
            "read:issue-type:jira",
            "read:avatar:jira",
            "read:project-category:jira",
            "read:project:jira"
        ],
    )
    .bare();

/// Lists the statuses.
pub static STATUSES: Call = Call::get(Feature::Tickets, "jira.status.list", "/rest/api/3/status")
    .scopes(READ_WORK, all_of!["read:status:jira"])
    .bare();

/// Searches statuses; for administrators.
pub static STATUS_SEARCH: Call =
    Call::get(Feature::Tickets, "jira.status.search", "/rest/api/3/statuses/search")
        .scopes(CONFIGURATION, all_of!["read:workflow:jira"])
        .list("values")
        .start_at(200, None);

/// Lists the priorities: deprecated, and the only form for everybody.
pub static PRIORITIES: Call = Call::get(Feature::Tickets, "jira.priority.list", "/rest/api/3/priority")
    .scopes(READ_WORK, all_of!["read:priority:jira"])
    .bare();

/// Searches priorities; for administrators.
pub static PRIORITY_SEARCH: Call =
    Call::get(Feature::Tickets, "jira.priority.search", "/rest/api/3/priority/search")
        .scopes(CONFIGURATION, &[])
        .list("values")
        .start_at(50, None);

/// Lists the resolutions: deprecated in favour of the search.
pub static RESOLUTIONS: Call = Call::get(Feature::Tickets, "jira.resolution.list", "/rest/api/3/resolution")
    .scopes(READ_WORK, all_of!["read:resolution:jira"])
    .bare();

/// Searches resolutions.
pub static RESOLUTION_SEARCH: Call =
    Call::get(Feature::Tickets, "jira.resolution.search", "/rest/api/3/resolution/search")
        .scopes(READ_WORK, all_of!["read:resolution:jira"])
        .list("values")
        .start_at(50, None);

/// Lists system and custom fields.
pub static FIELDS: Call = Call::get(Feature::Tickets, "jira.field.list", "/rest/api/3/field")
    .scopes(
        READ_WORK,
        all_of![
            "read:field:jira",
            "read:avatar:jira",
            "read:project-category:jira",
            "read:project:jira",
            "read:field-configuration:jira"
        ],
    )
    .bare();

/// Searches fields.
pub static FIELD_SEARCH: Call = Call::get(Feature::Tickets, "jira.field.search", "/rest/api/3/field/search")
    .scopes(READ_WORK, all_of!["read:field:jira", "read:field-configuration:jira"])
    .list("values")
    .start_at(50, None);

/// Lists every label in use.
pub static LABELS: Call = Call::get(Feature::Tickets, "jira.label.list", "/rest/api/3/label")
    .scopes(READ_WORK, all_of!["read:label:jira"])
    .list("values")
    .start_at(1000, None);

/// Every operation of this file.
pub(super) static ALL: &[&Call] = &[
    &PROJECT_SEARCH,
    &PROJECT,
    &PROJECT_ROLES,
    &PROJECT_ROLE,
    &ROLES,
    &ISSUE_TYPES,
    &STATUSES,
    &STATUS_SEARCH,
    &PRIORITIES,
    &PRIORITY_SEARCH,
    &RESOLUTIONS,
    &RESOLUTION_SEARCH,
    &FIELDS,
    &FIELD_SEARCH,
    &LABELS,
];
