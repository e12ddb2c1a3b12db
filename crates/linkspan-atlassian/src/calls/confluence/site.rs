//! What spaces and the site have besides content.

use crate::calls::{Call, Feature, all_of};

/// Lists the labels of a space.
pub static SPACE_LABELS: Call =
    Call::get(Feature::Spaces, "confluence.space.labels", "/wiki/api/v2/spaces/{id}/labels")
        .scopes(&[], all_of!["read:space:confluence"])
        .cursor(25);

/// Lists the properties of a space.
pub static SPACE_PROPERTIES: Call =
    Call::get(Feature::Spaces, "confluence.space.properties", "/wiki/api/v2/spaces/{space-id}/properties")
        .scopes(&[], all_of!["read:space:confluence"])
        .cursor(25);

/// Reads the settings of a space.
pub static SPACE_SETTINGS: Call =
    Call::get(Feature::Spaces, "confluence.space.settings", "/wiki/rest/api/space/{spaceKey}/settings")
        .scopes(all_of!["read:confluence-space.summary"], all_of!["read:space.setting:confluence"]);

/// Lists the states that content of a space can have.
pub static SPACE_STATES: Call =
    Call::get(Feature::Spaces, "confluence.space.states", "/wiki/rest/api/space/{spaceKey}/state")
        .scopes(all_of!["read:confluence-space.summary"], all_of!["read:space.setting:confluence"])
        .bare();

/// Lists the content of a space that has a given state.
pub static SPACE_CONTENT_STATES: Call = Call::get(
    Feature::Spaces,
    "confluence.space.content-states",
    "/wiki/rest/api/space/{spaceKey}/state/content",
)
.scopes(all_of!["read:confluence-content.all"], all_of!["read:content:confluence"])
.core()
.list("results")
.start(25, Some(100));

/// Reads the state of content, such as "in review".
pub static CONTENT_STATE: Call =
    Call::get(Feature::Spaces, "confluence.content.state", "/wiki/rest/api/content/{id}/state")
        .scopes(all_of!["read:confluence-content.summary"], all_of!["read:content-details:confluence"]);

/// Lists the roles of spaces.
pub static SPACE_ROLES: Call =
    Call::get(Feature::Permissions, "confluence.spacerole.list", "/wiki/api/v2/space-roles")
        .scopes(&[], all_of!["read:space.permission:confluence"])
        .identity()
        .cursor(25);

/// Lists who holds which role in a space.
pub static SPACE_ROLE_ASSIGNMENTS: Call = Call::get(
    Feature::Permissions,
    "confluence.space.role-assignments",
    "/wiki/api/v2/spaces/{id}/role-assignments",
)
.scopes(&[], all_of!["read:space.permission:confluence"])
.identity()
.cursor(25);

/// Reads whether spaces go by permissions or by roles.
pub static SPACE_ROLE_MODE: Call =
    Call::get(Feature::Permissions, "confluence.space-role-mode", "/wiki/api/v2/space-role-mode")
        .scopes(&[], all_of!["read:configuration:confluence"]);

/// Lists the levels by which content is classified.
pub static CLASSIFICATION_LEVELS: Call =
    Call::get(Feature::Spaces, "confluence.classification-levels", "/wiki/api/v2/classification-levels")
        .scopes(&[], all_of!["read:configuration:confluence"])
        .bare();

/// Reads what the site says of itself.
pub static SYSTEM_INFO: Call =
    Call::get(Feature::Spaces, "confluence.system-info", "/wiki/rest/api/settings/systemInfo")
        .scopes(all_of!["manage:confluence-configuration"], all_of!["read:configuration:confluence"]);

/// Lists audit records, newest first; for administrators.
pub static AUDIT_RECORDS: Call =
    Call::get(Feature::Audit, "confluence.audit.records", "/wiki/rest/api/audit")
        .scopes(all_of!["read:audit-log:confluence"], &[])
        .list("results")
        .start(1000, None);

/// Reads for how long audit records are kept.
pub static AUDIT_RETENTION: Call =
    Call::get(Feature::Audit, "confluence.audit.retention", "/wiki/rest/api/audit/retention")
        .scopes(all_of!["read:audit-log:confluence"], &[]);

/// Lists the templates of pages.
pub static TEMPLATES: Call =
    Call::get(Feature::Templates, "confluence.template.pages", "/wiki/rest/api/template/page")
        .scopes(
            all_of!["read:confluence-content.summary"],
            all_of!["read:template:confluence", "read:content-details:confluence"],
        )
        .list("results")
        .start(25, None);

/// Lists the templates that come with apps.
pub static BLUEPRINTS: Call =
    Call::get(Feature::Templates, "confluence.template.blueprints", "/wiki/rest/api/template/blueprint")
        .scopes(
            all_of!["read:confluence-content.summary"],
            all_of!["read:template:confluence", "read:content-details:confluence"],
        )
        .list("results")
        .start(25, None);

/// Searches people with CQL.
pub static SEARCH_USER: Call =
    Call::get(Feature::People, "confluence.user.search", "/wiki/rest/api/search/user")
        .scopes(all_of!["read:content-details:confluence"], &[])
        .identity()
        .list("results")
        .start(25, None);

/// Every operation of this file.
pub(super) static ALL: &[&Call] = &[
    &SPACE_LABELS,
    &SPACE_PROPERTIES,
    &SPACE_SETTINGS,
    &SPACE_STATES,
    &SPACE_CONTENT_STATES,
    &CONTENT_STATE,
    &SPACE_ROLES,
    &SPACE_ROLE_ASSIGNMENTS,
    &SPACE_ROLE_MODE,
    &CLASSIFICATION_LEVELS,
    &SYSTEM_INFO,
    &AUDIT_RECORDS,
    &AUDIT_RETENTION,
    &TEMPLATES,
    &BLUEPRINTS,
    &SEARCH_USER,
];
