//! How a site is set up: fields, types, statuses, workflows, and what projects are made of.

use super::{CONFIGURATION, READ_WORK};
use crate::calls::{Call, Feature, all_of};

/// Lists the categories of statuses.
pub static STATUS_CATEGORIES: Call =
    Call::get(Feature::Configuration, "jira.statuscategory.list", "/rest/api/3/statuscategory")
        .scopes(READ_WORK, all_of!["read:status:jira"])
        .bare();

/// Lists the issue types of a project with the statuses each can have.
pub static PROJECT_STATUSES: Call = Call::get(
    Feature::Configuration,
    "jira.project.statuses",
    "/rest/api/3/project/{projectIdOrKey}/statuses",
)
.scopes(READ_WORK, all_of!["read:issue-status:jira", "read:issue-type:jira", "read:status:jira"])
.bare();

/// Reads the levels of issue types in a project.
pub static PROJECT_HIERARCHY: Call =
    Call::get(Feature::Configuration, "jira.project.hierarchy", "/rest/api/3/project/{projectId}/hierarchy")
        .scopes(READ_WORK, all_of!["read:issue-type:jira", "read:issue-type-hierarchy:jira"]);

/// Lists issue type schemes; for administrators.
pub static ISSUE_TYPE_SCHEMES: Call =
    Call::get(Feature::Configuration, "jira.issuetypescheme.list", "/rest/api/3/issuetypescheme")
        .scopes(CONFIGURATION, all_of!["read:issue-type-scheme:jira"])
        .list("values")
        .start_at(50, None);

/// Lists custom fields in the trash.
pub static TRASHED_FIELDS: Call =
    Call::get(Feature::Configuration, "jira.field.trashed", "/rest/api/3/field/search/trashed")
        .scopes(READ_WORK, all_of!["read:field:jira", "read:field-configuration:jira", "read:user:jira"])
        .list("values")
        .start_at(50, None);

/// Lists the contexts of a custom field; for administrators.
pub static FIELD_CONTEXTS: Call =
    Call::get(Feature::Configuration, "jira.field.contexts", "/rest/api/3/field/{fieldId}/context")
        .scopes(CONFIGURATION, all_of!["read:field:jira", "read:custom-field-contextual-configuration:jira"])
        .list("values")
        .start_at(50, None);

/// Lists which contexts of a custom field apply to which projects; for administrators.
pub static FIELD_CONTEXT_PROJECTS: Call = Call::get(
    Feature::Configuration,
    "jira.field.context-projects",
    "/rest/api/3/field/{fieldId}/context/projectmapping",
)
.scopes(CONFIGURATION, all_of!["read:field:jira"])
.list("values")
.start_at(50, None);

/// Lists which contexts of a custom field apply to which issue types; for administrators.
pub static FIELD_CONTEXT_ISSUE_TYPES: Call = Call::get(
    Feature::Configuration,
    "jira.field.context-issuetypes",
    "/rest/api/3/field/{fieldId}/context/issuetypemapping",
)
.scopes(CONFIGURATION, all_of!["read:field:jira"])
.list("values")
.start_at(50, None);

/// Lists the options of a custom field in a context; for administrators.
pub static FIELD_OPTIONS: Call = Call::get(
    Feature::Configuration,
    "jira.field.options",
    "/rest/api/3/field/{fieldId}/context/{contextId}/option",
)
.scopes(CONFIGURATION, all_of!["read:field.option:jira"])
.list("values")
.start_at(100, None);

/// Lists the default values of a custom field by context; for administrators.
pub static FIELD_DEFAULTS: Call = Call::get(
    Feature::Configuration,
    "jira.field.defaults",
    "/rest/api/3/field/{fieldId}/context/defaultValues",
)
.scopes(CONFIGURATION, all_of!["read:field.default-value:jira"])
.list("values")
.start_at(50, None);

/// Lists field configurations: the model that field schemes replace.
pub static FIELD_CONFIGURATIONS: Call =
    Call::get(Feature::Configuration, "jira.fieldconfiguration.list", "/rest/api/3/fieldconfiguration")
        .scopes(CONFIGURATION, all_of!["read:field-configuration:jira"])
        .list("values")
        .start_at(50, None);

/// Lists what a field configuration says of each field.
pub static FIELD_CONFIGURATION_ITEMS: Call = Call::get(
    Feature::Configuration,
    "jira.fieldconfiguration.items",
    "/rest/api/3/fieldconfiguration/{id}/fields",
)
.scopes(CONFIGURATION, all_of!["read:field-configuration:jira"])
.list("values")
.start_at(50, None);

/// Lists field schemes: the model that replaces field configurations.
pub static FIELD_SCHEMES: Call =
    Call::get(Feature::Configuration, "jira.fieldscheme.list", "/rest/api/3/config/fieldschemes")
        .scopes(CONFIGURATION, all_of!["read:field-configuration-scheme:jira"])
        .list("values")
        .start_at(50, Some(100));

/// Lists what a field scheme says of each field.
pub static FIELD_SCHEME_FIELDS: Call = Call::get(
    Feature::Configuration,
    "jira.fieldscheme.fields",
    "/rest/api/3/config/fieldschemes/{id}/fields",
)
.scopes(CONFIGURATION, all_of!["read:field-configuration:jira"])
.list("values")
.start_at(50, Some(100));

/// Lists workflows with their statuses and transitions; for administrators.
pub static WORKFLOWS: Call =
    Call::get(Feature::Configuration, "jira.workflow.search", "/rest/api/3/workflows/search")
        .scopes(CONFIGURATION, all_of!["read:workflow:jira"])
        .list("values")
        .start_at(50, None);

/// Lists workflow schemes; for administrators.
pub static WORKFLOW_SCHEMES: Call =
    Call::get(Feature::Configuration, "jira.workflowscheme.list", "/rest/api/3/workflowscheme")
        .scopes(
            CONFIGURATION,
            all_of![
                "read:workflow-scheme:jira",
                "read:application-role:jira",
                "read:avatar:jira",
                "read:group:jira",
                "read:issue-type:jira",
                "read:project-category:jira",
                "read:project:jira",
                "read:user:jira"
            ],
        )
        .list("values")
        .start_at(50, None);

/// Lists security levels of all schemes; for administrators.
pub static SECURITY_LEVELS: Call =
    Call::get(Feature::Configuration, "jira.securitylevel.list", "/rest/api/3/issuesecurityschemes/level")
        .scopes(CONFIGURATION, all_of!["read:issue-security-level:jira", "read:issue-security-scheme:jira"])
        .list("values")
        .start_at(50, None);

/// Lists the categories of projects.
pub static PROJECT_CATEGORIES: Call =
    Call::get(Feature::Configuration, "jira.projectcategory.list", "/rest/api/3/projectCategory")
        .scopes(READ_WORK, all_of!["read:project-category:jira"])
        .bare();

/// Lists the components of a project.
pub static PROJECT_COMPONENTS: Call = Call::get(
    Feature::Configuration,
    "jira.project.components",
    "/rest/api/3/project/{projectIdOrKey}/component",
)
.scopes(
    READ_WORK,
    all_of![
        "read:project:jira",
        "read:project.component:jira",
        "read:user:jira",
        "read:application-role:jira",
        "read:avatar:jira",
        "read:group:jira"
    ],
)
.list("values")
.start_at(50, None);

/// Lists the versions of a project.
pub static PROJECT_VERSIONS: Call = Call::get(
    Feature::Configuration,
    "jira.project.versions",
    "/rest/api/3/project/{projectIdOrKey}/version",
)
.scopes(READ_WORK, all_of!["read:project-version:jira"])
.list("values")
.start_at(50, None);

/// Lists the keys of the properties of a project.
pub static PROJECT_PROPERTY_KEYS: Call = Call::get(
    Feature::Configuration,
    "jira.project.property-keys",
    "/rest/api/3/project/{projectIdOrKey}/properties",
)
.scopes(READ_WORK, all_of!["read:project.property:jira"])
.list("keys");

/// Reads a property of a project.
pub static PROJECT_PROPERTY: Call = Call::get(
    Feature::Configuration,
    "jira.project.property",
    "/rest/api/3/project/{projectIdOrKey}/properties/{propertyKey}",
)
.scopes(READ_WORK, all_of!["read:project.property:jira"]);

/// Lists the features of a project.
pub static PROJECT_FEATURES: Call = Call::get(
    Feature::Configuration,
    "jira.project.features",
    "/rest/api/3/project/{projectIdOrKey}/features",
)
.scopes(READ_WORK, all_of!["read:project.feature:jira"])
.list("features");

/// Lists the types of projects.
pub static PROJECT_TYPES: Call =
    Call::get(Feature::Configuration, "jira.project.types", "/rest/api/3/project/type")
        .scopes(READ_WORK, all_of!["read:project-type:jira"])
        .bare();

/// Lists the types of links between issues.
pub static ISSUE_LINK_TYPES: Call =
    Call::get(Feature::Configuration, "jira.issuelinktype.list", "/rest/api/3/issueLinkType")
        .scopes(READ_WORK, all_of!["read:issue-link-type:jira"])
        .list("issueLinkTypes");

/// Reads the field names, functions and reserved words that JQL knows.
pub static JQL_DATA: Call =
    Call::get(Feature::Configuration, "jira.jql.autocomplete", "/rest/api/3/jql/autocompletedata")
        .scopes(READ_WORK, all_of!["read:field:jira"]);

/// Every operation of this file.
pub(super) static ALL: &[&Call] = &[
    &STATUS_CATEGORIES,
    &PROJECT_STATUSES,
    &PROJECT_HIERARCHY,
    &ISSUE_TYPE_SCHEMES,
    &TRASHED_FIELDS,
    &FIELD_CONTEXTS,
    &FIELD_CONTEXT_PROJECTS,
    &FIELD_CONTEXT_ISSUE_TYPES,
    &FIELD_OPTIONS,
    &FIELD_DEFAULTS,
    &FIELD_CONFIGURATIONS,
    &FIELD_CONFIGURATION_ITEMS,
    &FIELD_SCHEMES,
    &FIELD_SCHEME_FIELDS,
    &WORKFLOWS,
    &WORKFLOW_SCHEMES,
    &SECURITY_LEVELS,
    &PROJECT_CATEGORIES,
    &PROJECT_COMPONENTS,
    &PROJECT_VERSIONS,
    &PROJECT_PROPERTY_KEYS,
    &PROJECT_PROPERTY,
    &PROJECT_FEATURES,
    &PROJECT_TYPES,
    &ISSUE_LINK_TYPES,
    &JQL_DATA,
];
