//! Jira's resources, and Jira Software's.

use linkspan_model::record::Model;

use super::{
    Bind, Identity, Listing, Per, Question, Resource, action, each, lesser, listed, on_demand, site, stream,
    way,
};
use crate::calls::Feature as F;
use crate::calls::jira as calls;

const PROJECT: &[(&str, Bind)] = &[("projectIdOrKey", Bind::Id)];
const ISSUE: &[(&str, Bind)] = &[("issueIdOrKey", Bind::Id)];
const FIELD: &[(&str, Bind)] = &[("fieldId", Bind::Id)];
const BOARD: &[(&str, Bind)] = &[("boardId", Bind::Id)];

pub(super) static ALL: &[Resource] = &[
    // What streams of their own read.
    stream(
        "jira.issue",
        "issues",
        F::Tickets,
        Some(Model::Ticket),
        "issues",
        &[
            way(&[
                &calls::SEARCH_JQL,
                &calls::ISSUE_BULKFETCH,
                &calls::APPROXIMATE_COUNT,
                &calls::SERVER_INFO,
            ]),
            lesser(&[&calls::SEARCH_JQL, &calls::SERVER_INFO], "how many issues there are to read"),
        ],
    ),
    stream(
        "jira.project",
        "projects",
        F::Tickets,
        Some(Model::Collection),
        "projects",
        &[way(&[&calls::PROJECT_SEARCH])],
    ),
    stream(
        "jira.comment",
        "comments",
        F::Comments,
        Some(Model::Comment),
        "issues",
        &[
            way(&[&calls::SEARCH_JQL, &calls::ISSUE_COMMENTS]),
            lesser(
                &[&calls::SEARCH_JQL],
                "comments beyond the twenty or so that upstream shows with an issue",
            ),
        ],
    ),
    stream(
        "jira.worklog",
        "worklogs",
        F::Worklogs,
        Some(Model::Worklog),
        "issues",
        &[
            way(&[
                &calls::SEARCH_JQL,
                &calls::ISSUE_WORKLOGS,
                &calls::WORKLOG_UPDATED,
                &calls::WORKLOG_DELETED,
                &calls::WORKLOG_LIST,
            ]),
            lesser(
                &[&calls::SEARCH_JQL],
                "worklogs beyond the twenty or so that upstream shows with an issue",
            ),
        ],
    ),
    stream(
        "jira.changelog",
        "changelogs",
        F::Changelogs,
        None,
        "issues",
        &[
            way(&[&calls::SEARCH_JQL, &calls::CHANGELOG_BULKFETCH]),
            lesser(&[&calls::SEARCH_JQL], "changes beyond the forty or so that upstream shows with an issue"),
        ],
    ),
    stream(
        "jira.attachment",
        "attachments",
        F::Attachments,
        Some(Model::Attachment),
        "issues",
        &[
            way(&[&calls::SEARCH_JQL, &calls::ATTACHMENT_CONTENT]),
            lesser(&[&calls::SEARCH_JQL], "the content of attached files"),
        ],
    ),
    stream(
        "jira.user",
        "people",
        F::People,
        Some(Model::User),
        "people",
        &[way(&[&calls::USERS]), lesser(&[&calls::SEARCH_JQL], "people who appear in no issue")],
    ),
    stream(
        "jira.group",
        "groups and their members",
        F::Groups,
        Some(Model::Group),
        "groups",
        &[
            way(&[&calls::GROUP_BULK, &calls::GROUP_MEMBERS]),
            lesser(&[&calls::GROUP_BULK], "who is in a group, so nobody sees what is open to groups"),
        ],
    ),
    stream(
        "jira.permissionscheme",
        "permissions of projects",
        F::Permissions,
        None,
        "projects",
        &[
            way(&[&calls::PROJECT_PERMISSION_SCHEME]),
            lesser(
                &[&calls::USER_PERMISSION_SEARCH],
                "permissions that depend on the issue, and people beyond the site's first thousand: what they may see \
                 stays hidden from them",
            ),
        ],
    ),
    stream(
        "jira.role",
        "roles",
        F::Permissions,
        Some(Model::Role),
        "projects",
        &[way(&[&calls::ROLES]), lesser(&[&calls::PROJECT_ROLES], "roles that no project uses")],
    ),
    stream(
        "jira.projectrole",
        "people in roles",
        F::Permissions,
        None,
        "projects",
        &[way(&[&calls::PROJECT_ROLES, &calls::PROJECT_ROLE])],
    ),
    stream(
        "jira.securityscheme",
        "security schemes",
        F::Permissions,
        None,
        "projects",
        &[
            way(&[&calls::SECURITY_SCHEMES, &calls::PROJECT_SECURITY_SCHEME]),
            lesser(&[&calls::SECURITY_LEVEL], "schemes of which no issue has a level"),
        ],
    ),
    stream(
        "jira.securitylevelmember",
        "members of security levels",
        F::Permissions,
        None,
        "projects",
        &[way(&[&calls::SECURITY_SCHEME_MEMBERS])],
    ),
    stream(
        "jira.applicationrole",
        "application roles",
        F::Permissions,
        None,
        "projects",
        &[way(&[&calls::APPLICATION_ROLES])],
    ),
    stream("jira.auditrecord", "audit records", F::Audit, None, "audit", &[way(&[&calls::AUDIT_RECORDS])]),
    // How the site is set up.
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
        each("jira.project", PROJECT, "/rest/api/3/component/{id}"),
    ),
    listed(
        "jira.version",
        "versions",
        F::Configuration,
        &[way(&[&calls::PROJECT_VERSIONS])],
        each("jira.project", PROJECT, "/rest/api/3/version/{id}"),
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
    // What the site has besides.
    listed(
        "jira.dashboard",
        "dashboards",
        F::Dashboards,
        &[way(&[&calls::DASHBOARDS])],
        site("/rest/api/3/dashboard/{id}").query(&[(
            "expand",
            "description,owner,viewUrl,favourite,favouritedCount,sharePermissions,editPermissions",
        )]),
    ),
    listed(
        "jira.dashboardgadget",
        "gadgets of dashboards",
        F::Dashboards,
        &[way(&[&calls::DASHBOARDS, &calls::DASHBOARD_GADGETS])],
        each("jira.dashboard", &[("dashboardId", Bind::Id)], "/rest/api/3/dashboard/{dashboardId}/gadget")
            .id(Identity::Within("id")),
    ),
    listed(
        "jira.filter",
        "filters",
        F::Filters,
        &[way(&[&calls::FILTERS])],
        site("/rest/api/3/filter/{id}")
            .query(&[("expand", "description,owner,jql,viewUrl,searchUrl,sharePermissions,editPermissions")]),
    ),
    listed(
        "jira.avatar",
        "system avatars",
        F::Avatars,
        &[way(&[&calls::SYSTEM_AVATARS])],
        Listing {
            per: Per::Word("type", &["issuetype", "project", "user", "priority"]),
            question: None,
            query: &[],
            id: Identity::Within("id"),
            path: "/rest/api/3/universal_avatar/view/type/{type}/avatar/{id}",
        },
    ),
    listed("jira.webhook", "webhooks", F::Webhooks, &[way(&[&calls::WEBHOOKS])], site("/rest/api/3/webhook")),
    action(
        "jira.webhook-registration",
        "registering webhooks",
        F::Webhooks,
        &[way(&[&calls::WEBHOOK_REGISTER, &calls::WEBHOOK_REFRESH])],
    ),
    action("jira.webhook-removal", "removing webhooks", F::Webhooks, &[way(&[&calls::WEBHOOK_DELETE])]),
    action(
        "jira.issue-writing",
        "creating and editing issues",
        F::WriteTickets,
        &[way(&[
            &calls::ISSUE_CREATE,
            &calls::ISSUE_EDIT,
            &calls::ISSUE_TRANSITION,
            &calls::ISSUE_TRANSITIONS,
            &calls::ISSUE_CREATE_TYPES,
            &calls::ISSUE_CREATE_FIELDS,
            &calls::ISSUE_EDIT_FIELDS,
        ])],
    ),
    action(
        "jira.comment-writing",
        "commenting on issues",
        F::WriteComments,
        &[way(&[&calls::ISSUE_COMMENT_ADD])],
    ),
    action(
        "jira.attachment-writing",
        "attaching files to issues",
        F::WriteAttachments,
        &[way(&[&calls::ISSUE_ATTACH])],
    ),
    on_demand(
        "jira.createtype",
        "issue types that can be created in a project",
        F::Configuration,
        &[way(&[&calls::ISSUE_CREATE_TYPES])],
        each("jira.project", PROJECT, "/rest/api/3/issue/createmeta/{projectIdOrKey}/issuetypes")
            .id(Identity::Within("id")),
    ),
    on_demand(
        "jira.createfield",
        "fields for creating an issue",
        F::Configuration,
        &[way(&[&calls::ISSUE_CREATE_TYPES, &calls::ISSUE_CREATE_FIELDS])],
        each(
            "jira.createtype",
            &[("projectIdOrKey", Bind::Part(0)), ("issueTypeId", Bind::Part(1))],
            "/rest/api/3/issue/createmeta/{projectIdOrKey}/issuetypes/{issueTypeId}",
        )
        .id(Identity::Within("fieldId")),
    ),
    on_demand(
        "jira.editmeta",
        "fields that can be edited in an issue",
        F::Configuration,
        &[way(&[&calls::ISSUE_EDIT_FIELDS])],
        each("jira.issue", ISSUE, "/rest/api/3/issue/{issueIdOrKey}/editmeta")
            .id(Identity::Whole("editmeta")),
    ),
    on_demand(
        "jira.transition",
        "transitions open to an issue",
        F::Configuration,
        &[way(&[&calls::ISSUE_TRANSITIONS])],
        each("jira.issue", ISSUE, "/rest/api/3/issue/{issueIdOrKey}/transitions?transitionId={id}")
            .id(Identity::Within("id")),
    ),
    on_demand(
        "jira.vote",
        "voters",
        F::Votes,
        &[way(&[&calls::ISSUE_VOTES])],
        each("jira.issue", ISSUE, "/rest/api/3/issue/{issueIdOrKey}/votes").id(Identity::Whole("votes")),
    ),
    on_demand(
        "jira.watcher",
        "watchers",
        F::Votes,
        &[way(&[&calls::ISSUE_WATCHERS])],
        each("jira.issue", ISSUE, "/rest/api/3/issue/{issueIdOrKey}/watchers")
            .id(Identity::Whole("watchers")),
    ),
    on_demand(
        "jira.remotelink",
        "remote links",
        F::Links,
        &[way(&[&calls::ISSUE_REMOTE_LINKS])],
        each("jira.issue", ISSUE, "/rest/api/3/issue/{issueIdOrKey}/remotelink/{id}")
            .id(Identity::Within("id")),
    ),
    on_demand(
        "jira.issuepropertykey",
        "keys of issue properties",
        F::Properties,
        &[way(&[&calls::ISSUE_PROPERTY_KEYS])],
        each("jira.issue", ISSUE, "/rest/api/3/issue/{issueIdOrKey}/properties/{id}")
            .id(Identity::Within("key")),
    ),
    on_demand(
        "jira.issueproperty",
        "issue properties",
        F::Properties,
        &[way(&[&calls::ISSUE_PROPERTY_KEYS, &calls::ISSUE_PROPERTY])],
        each(
            "jira.issuepropertykey",
            &[("issueIdOrKey", Bind::Part(0)), ("propertyKey", Bind::Member("key"))],
            "/rest/api/3/issue/{issueIdOrKey}/properties/{propertyKey}",
        )
        .id(Identity::Whole("property")),
    ),
    on_demand(
        "jira.jqlparse",
        "parsed JQL queries",
        F::Filters,
        &[way(&[&calls::JQL_PARSE])],
        site("/rest/api/3/jql/parse").question(Question::BodyList("queries")).id(Identity::Member("query")),
    ),
    // Jira Software.
    listed("agile.board", "boards", F::Boards, &[way(&[&calls::BOARDS])], site("/rest/agile/1.0/board/{id}")),
    listed(
        "agile.boardconfiguration",
        "board configurations",
        F::Boards,
        &[way(&[&calls::BOARDS, &calls::BOARD_CONFIGURATION])],
        each("agile.board", BOARD, "/rest/agile/1.0/board/{boardId}/configuration")
            .id(Identity::Whole("configuration")),
    ),
    listed(
        "agile.quickfilter",
        "quick filters of boards",
        F::Boards,
        &[way(&[&calls::BOARDS, &calls::BOARD_QUICK_FILTERS])],
        each("agile.board", BOARD, "/rest/agile/1.0/board/{boardId}/quickfilter/{id}")
            .id(Identity::Within("id")),
    ),
    listed(
        "agile.sprint",
        "sprints",
        F::Boards,
        &[way(&[&calls::BOARDS, &calls::BOARD_SPRINTS])],
        each("agile.board", BOARD, "/rest/agile/1.0/sprint/{id}").only(has_sprints),
    ),
    listed(
        "agile.epic",
        "epics of boards",
        F::Boards,
        &[way(&[&calls::BOARDS, &calls::BOARD_EPICS])],
        each("agile.board", BOARD, "/rest/agile/1.0/epic/{id}").only(has_sprints),
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

/// Boards without sprints refuse to list them, and their epics (`atlassian-endpoints.md` 4.1).
fn has_sprints(json: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Board {
        #[serde(rename = "type", default)]
        kind: String,
    }
    serde_json::from_str::<Board>(json).is_ok_and(|board| board.kind == "scrum")
}
