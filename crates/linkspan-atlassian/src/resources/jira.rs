//! Jira's resources besides its configuration.

use linkspan_model::record::Model;

use super::{
    Bind, Identity, Listing, Per, Question, Resource, action, each, lesser, listed, on_demand, site, stream,
    way,
};
use crate::calls::Feature as F;
use crate::calls::jira as calls;

const PROJECT: &[(&str, Bind)] = &[("projectIdOrKey", Bind::Id)];
const PROJECT_ENTITY: &[(&str, Bind)] = &[("type", Bind::Word("project")), ("entityId", Bind::Id)];
const ISSUE: &[(&str, Bind)] = &[("issueIdOrKey", Bind::Id)];

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
            way(&[&calls::PROJECT_SEARCH, &calls::PROJECT_PERMISSION_SCHEME]),
            lesser(
                &[&calls::PROJECT_SEARCH, &calls::USER_PERMISSION_SEARCH],
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
        &[
            way(&[&calls::PROJECT_SEARCH, &calls::ROLES]),
            lesser(
                &[&calls::PROJECT_SEARCH, &calls::PROJECT_ROLES, &calls::PROJECT_ROLE],
                "roles that no project uses",
            ),
        ],
    ),
    stream(
        "jira.projectrole",
        "people in roles",
        F::Permissions,
        None,
        "projects",
        &[way(&[&calls::PROJECT_SEARCH, &calls::PROJECT_ROLES, &calls::PROJECT_ROLE])],
    ),
    stream(
        "jira.securityscheme",
        "security schemes",
        F::Permissions,
        None,
        "projects",
        &[
            way(&[&calls::PROJECT_SEARCH, &calls::SECURITY_SCHEMES, &calls::PROJECT_SECURITY_SCHEME]),
            lesser(
                &[&calls::PROJECT_SEARCH, &calls::SEARCH_JQL, &calls::SECURITY_LEVEL],
                "schemes; of their levels, those that issues have are read one by one",
            ),
        ],
    ),
    stream(
        "jira.securitylevelmember",
        "members of security levels",
        F::Permissions,
        None,
        "projects",
        &[
            way(&[&calls::PROJECT_SEARCH, &calls::SECURITY_SCHEMES, &calls::SECURITY_SCHEME_MEMBERS]),
            lesser(
                &[
                    &calls::PROJECT_SEARCH,
                    &calls::SEARCH_JQL,
                    &calls::SECURITY_LEVEL,
                    &calls::SECURITY_SCHEME_MEMBERS,
                ],
                "members of levels that no issue has",
            ),
        ],
    ),
    stream(
        "jira.applicationrole",
        "application roles",
        F::Permissions,
        None,
        "projects",
        &[way(&[&calls::PROJECT_SEARCH, &calls::APPLICATION_ROLES])],
    ),
    stream("jira.auditrecord", "audit records", F::Audit, None, "audit", &[way(&[&calls::AUDIT_RECORDS])]),
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
    // What a project shows is in the project itself; this is what it could choose from.
    on_demand(
        "jira.projectavatar",
        "avatars of a project",
        F::Avatars,
        &[way(&[&calls::PROJECT_SEARCH, &calls::PROJECT_AVATARS])],
        each("jira.project", PROJECT_ENTITY, "/rest/api/3/universal_avatar/type/{type}/owner/{entityId}")
            .id(Identity::Whole("avatars")),
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
];
