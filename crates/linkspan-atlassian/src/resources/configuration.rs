//! How a Jira site is set up.

use super::{Bind, Identity, Resource, each, listed, site, way};
use crate::calls::Feature as F;
use crate::calls::jira as calls;

const PROJECT: &[(&str, Bind)] = &[("projectIdOrKey", Bind::Id)];
const FIELD: &[(&str, Bind)] = &[("fieldId", Bind::Id)];

pub(super) static ALL: &[Resource] = &[
    listed(
        "jira.field",
        "fields",
        F::Tickets,
        &[way(&[&calls::FIELDS]), way(&[&calls::FIELD_SEARCH])],
        site("/rest/api/3/field/search?id={id}"),
    ),
    listed(
        "jira.issuetype",
        "issue types",
        F::Tickets,
        &[way(&[&calls::ISSUE_TYPES])],
        site("/rest/api/3/issuetype/{id}"),
    ),
    listed(
        "jira.status",
        "statuses",
        F::Tickets,
        &[way(&[&calls::STATUSES]), way(&[&calls::STATUS_SEARCH])],
        site("/rest/api/3/status/{id}"),
    ),
    listed(
        "jira.priority",
        "priorities",
        F::Tickets,
        &[way(&[&calls::PRIORITIES]), way(&[&calls::PRIORITY_SEARCH])],
        site("/rest/api/3/priority/{id}"),
    ),
    listed(
        "jira.resolution",
        "resolutions",
        F::Tickets,
        &[way(&[&calls::RESOLUTIONS]), way(&[&calls::RESOLUTION_SEARCH])],
        site("/rest/api/3/resolution/{id}"),
    ),
    listed(
        "jira.statuscategory",
        "status categories",
        F::Configuration,
        &[way(&[&calls::STATUS_CATEGORIES])],
        site("/rest/api/3/statuscategory/{id}"),
    ),
    listed(
        "jira.projectstatus",
        "statuses of projects by issue type",
        F::Configuration,
        &[way(&[&calls::PROJECT_STATUSES])],
        each("jira.project", PROJECT, "/rest/api/3/project/{projectIdOrKey}/statuses")
            .id(Identity::Within("id")),
    ),
    listed(
        "jira.issuetypehierarchy",
        "issue type hierarchies",
        F::Configuration,
        &[way(&[&calls::PROJECT_HIERARCHY])],
        each("jira.project", &[("projectId", Bind::Id)], "/rest/api/3/project/{projectId}/hierarchy")
            .id(Identity::Whole("hierarchy")),
    ),
    listed(
        "jira.issuetypescheme",
        "issue type schemes",
        F::Configuration,
        &[way(&[&calls::ISSUE_TYPE_SCHEMES])],
        site("/rest/api/3/issuetypescheme?id={id}"),
    ),
    listed(
        "jira.trashedfield",
        "fields in the trash",
        F::Configuration,
        &[way(&[&calls::TRASHED_FIELDS])],
        site("/rest/api/3/field/search/trashed?id={id}"),
    ),
    listed(
        "jira.fieldcontext",
        "contexts of custom fields",
        F::Configuration,
        &[way(&[&calls::FIELD_CONTEXTS])],
        each("jira.field", FIELD, "/rest/api/3/field/{fieldId}/context?contextId={id}")
            .id(Identity::Within("id"))
            .only(is_custom_field),
    ),
    listed(
        "jira.fieldcontextproject",
        "projects of custom fields' contexts",
        F::Configuration,
        &[way(&[&calls::FIELD_CONTEXT_PROJECTS])],
        each("jira.field", FIELD, "/rest/api/3/field/{fieldId}/context/projectmapping")
            .id(Identity::Pair("contextId", "projectId"))
            .only(is_custom_field),
    ),
    listed(
        "jira.fieldcontextissuetype",
        "issue types of custom fields' contexts",
        F::Configuration,
        &[way(&[&calls::FIELD_CONTEXT_ISSUE_TYPES])],
        each("jira.field", FIELD, "/rest/api/3/field/{fieldId}/context/issuetypemapping")
            .id(Identity::Pair("contextId", "issueTypeId"))
            .only(is_custom_field),
    ),
    listed(
        "jira.fieldoption",
        "options of custom fields",
        F::Configuration,
        &[way(&[&calls::FIELD_CONTEXTS, &calls::FIELD_OPTIONS])],
        each(
            "jira.fieldcontext",
            &[("fieldId", Bind::Part(0)), ("contextId", Bind::Part(1))],
            "/rest/api/3/field/{fieldId}/context/{contextId}/option?optionId={id}",
        )
        .id(Identity::Within("id")),
    ),
    listed(
        "jira.fielddefault",
        "default values of custom fields",
        F::Configuration,
        &[way(&[&calls::FIELD_DEFAULTS])],
        each("jira.field", FIELD, "/rest/api/3/field/{fieldId}/context/defaultValues")
            .id(Identity::Within("contextId"))
            .only(is_custom_field),
    ),
    listed(
        "jira.fieldconfiguration",
        "field configurations",
        F::Configuration,
        &[way(&[&calls::FIELD_CONFIGURATIONS])],
        site("/rest/api/3/fieldconfiguration?id={id}"),
    ),
    listed(
        "jira.fieldconfigurationitem",
        "fields in field configurations",
        F::Configuration,
        &[way(&[&calls::FIELD_CONFIGURATIONS, &calls::FIELD_CONFIGURATION_ITEMS])],
        each("jira.fieldconfiguration", &[("id", Bind::Id)], "/rest/api/3/fieldconfiguration/{id}/fields")
            .id(Identity::Within("id")),
    ),
    listed(
        "jira.fieldscheme",
        "field schemes",
        F::Configuration,
        &[way(&[&calls::FIELD_SCHEMES])],
        site("/rest/api/3/config/fieldschemes/{id}"),
    ),
    listed(
        "jira.fieldschemefield",
        "fields in field schemes",
        F::Configuration,
        &[way(&[&calls::FIELD_SCHEMES, &calls::FIELD_SCHEME_FIELDS])],
        each("jira.fieldscheme", &[("id", Bind::Id)], "/rest/api/3/config/fieldschemes/{id}/fields")
            .id(Identity::Within("fieldId")),
    ),
    listed(
        "jira.workflow",
        "workflows",
        F::Configuration,
        &[way(&[&calls::WORKFLOWS])],
        site("/rest/api/3/workflows/search"),
    ),
    listed(
        "jira.workflowscheme",
        "workflow schemes",
        F::Configuration,
        &[way(&[&calls::WORKFLOW_SCHEMES])],
        site("/rest/api/3/workflowscheme/{id}"),
    ),
    listed(
        "jira.securitylevel",
        "security levels",
        F::Configuration,
        &[way(&[&calls::SECURITY_LEVELS])],
        site("/rest/api/3/securitylevel/{id}"),
    ),
    listed(
        "jira.projectcategory",
        "project categories",
        F::Configuration,
        &[way(&[&calls::PROJECT_CATEGORIES])],
        site("/rest/api/3/projectCategory/{id}"),
    ),
    listed(
        "jira.projecttype",
        "project types",
        F::Configuration,
        &[way(&[&calls::PROJECT_TYPES])],
        site("/rest/api/3/project/type/{id}").id(Identity::Member("key")),
    ),
    listed(
        "jira.component",
        "components",
        F::Configuration,
        &[way(&[&calls::PROJECT_COMPONENTS])],
        each("jira.project", PROJECT, "/rest/api/3/component/{id}").id(Identity::Within("id")),
    ),
    listed(
        "jira.version",
        "versions",
        F::Configuration,
        &[way(&[&calls::PROJECT_VERSIONS])],
        each("jira.project", PROJECT, "/rest/api/3/version/{id}").id(Identity::Within("id")),
    ),
    listed(
        "jira.projectpropertykey",
        "keys of project properties",
        F::Configuration,
        &[way(&[&calls::PROJECT_PROPERTY_KEYS])],
        each("jira.project", PROJECT, "/rest/api/3/project/{projectIdOrKey}/properties/{id}")
            .id(Identity::Within("key")),
    ),
    listed(
        "jira.projectproperty",
        "project properties",
        F::Configuration,
        &[way(&[&calls::PROJECT_PROPERTY_KEYS, &calls::PROJECT_PROPERTY])],
        each(
            "jira.projectpropertykey",
            &[("projectIdOrKey", Bind::Part(0)), ("propertyKey", Bind::Member("key"))],
            "/rest/api/3/project/{projectIdOrKey}/properties/{propertyKey}",
        )
        .id(Identity::Whole("property")),
    ),
    listed(
        "jira.projectfeature",
        "features of projects",
        F::Configuration,
        &[way(&[&calls::PROJECT_FEATURES])],
        each("jira.project", PROJECT, "/rest/api/3/project/{projectIdOrKey}/features")
            .id(Identity::Within("feature")),
    ),
    listed(
        "jira.issuelinktype",
        "issue link types",
        F::Links,
        &[way(&[&calls::ISSUE_LINK_TYPES])],
        site("/rest/api/3/issueLinkType/{id}"),
    ),
    listed(
        "jira.label",
        "labels",
        F::Tickets,
        &[way(&[&calls::LABELS])],
        site("/rest/api/3/label").id(Identity::Text),
    ),
    listed(
        "jira.jqldata",
        "words that JQL knows",
        F::Filters,
        &[way(&[&calls::JQL_DATA])],
        site("/rest/api/3/jql/autocompletedata").id(Identity::Whole("autocompletedata")),
    ),
];

/// Whether the JSON is of a custom field.
fn is_custom_field(json: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Field {
        #[serde(default)]
        custom: bool,
        #[serde(default)]
        id: String,
    }
    serde_json::from_str::<Field>(json)
        .is_ok_and(|field| field.custom || field.id.starts_with("customfield_"))
}
