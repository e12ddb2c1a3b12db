//! Jira's operations.

use super::{Call, Feature, Method, TokenPlace, all_of};

// Issues.

/// Searches issues with JQL. `fields` is `id` alone unless asked.
pub static SEARCH_JQL: Call = Call::get(Feature::Tickets, "jira.search.jql", "/rest/api/3/search/jql")
    .scopes(
        all_of!["read:jira-work"],
        all_of![
            "read:issue-details:jira",
            "read:audit-log:jira",
            "read:avatar:jira",
            "read:field-configuration:jira",
            "read:issue-meta:jira"
        ],
    )
    .core()
    .list("issues")
    .token(TokenPlace::Query, 50, 5000);

/// The same with the question in the body; its granular scopes differ.
pub static SEARCH_JQL_POST: Call =
    Call::ask(Feature::Tickets, "jira.search.jql.post", "/rest/api/3/search/jql")
        .scopes(
            all_of!["read:jira-work"],
            all_of![
                "read:issue-details:jira",
                "read:field.default-value:jira",
                "read:field.option:jira",
                "read:field:jira",
                "read:group:jira"
            ],
        )
        .core()
        .list("issues")
        .token(TokenPlace::Body, 50, 5000);

/// Counts the issues that a bounded JQL finds: `{"count":n}`, lagging behind writes.
pub static APPROXIMATE_COUNT: Call =
    Call::ask(Feature::Tickets, "jira.search.approximate-count", "/rest/api/3/search/approximate-count")
        .scopes(
            all_of!["read:jira-work"],
            all_of![
                "read:issue-details:jira",
                "read:field.default-value:jira",
                "read:field.option:jira",
                "read:field:jira",
                "read:group:jira"
            ],
        );

/// Reads 100 issues at most by id or key, in ascending order of id; missing and invisible ones are left out.
pub static ISSUE_BULKFETCH: Call =
    Call::ask(Feature::Tickets, "jira.issue.bulkfetch", "/rest/api/3/issue/bulkfetch")
        .scopes(
            all_of!["read:jira-work"],
            all_of![
                "read:issue-meta:jira",
                "read:issue-security-level:jira",
                "read:issue.vote:jira",
                "read:issue.changelog:jira",
                "read:avatar:jira",
                "read:issue:jira",
                "read:status:jira",
                "read:user:jira",
                "read:field-configuration:jira"
            ],
        )
        .core()
        .list("issues");

/// Reads one issue.
pub static ISSUE: Call = Call::get(Feature::Tickets, "jira.issue.get", "/rest/api/3/issue/{issueIdOrKey}")
    .scopes(
        all_of!["read:jira-work"],
        all_of![
            "read:issue-meta:jira",
            "read:issue-security-level:jira",
            "read:issue.vote:jira",
            "read:issue.changelog:jira",
            "read:avatar:jira",
            "read:issue:jira",
            "read:status:jira",
            "read:user:jira",
            "read:field-configuration:jira"
        ],
    )
    .core();

// Parts of issues.

/// Lists the comments of one issue.
pub static ISSUE_COMMENTS: Call =
    Call::get(Feature::Comments, "jira.issue.comments", "/rest/api/3/issue/{issueIdOrKey}/comment")
        .scopes(
            all_of!["read:jira-work"],
            all_of![
                "read:comment:jira",
                "read:comment.property:jira",
                "read:group:jira",
                "read:project:jira",
                "read:project-role:jira",
                "read:user:jira",
                "read:avatar:jira"
            ],
        )
        .list("comments")
        .start_at(100, None);

/// Reads 1000 comments at most by id.
pub static COMMENT_LIST: Call = Call::ask(Feature::Comments, "jira.comment.list", "/rest/api/3/comment/list")
    .scopes(
        all_of!["read:jira-work"],
        all_of![
            "delete:comment.property:jira",
            "read:avatar:jira",
            "read:comment:jira",
            "read:group:jira",
            "read:project-role:jira",
            "read:user:jira",
            "read:comment.property:jira",
            "read:project:jira"
        ],
    )
    .list("values");

/// Lists the worklogs of one issue.
pub static ISSUE_WORKLOGS: Call =
    Call::get(Feature::Worklogs, "jira.issue.worklogs", "/rest/api/3/issue/{issueIdOrKey}/worklog")
        .scopes(
            all_of!["read:jira-work"],
            all_of![
                "read:group:jira",
                "read:issue-worklog:jira",
                "read:issue-worklog.property:jira",
                "read:project-role:jira",
                "read:user:jira",
                "read:avatar:jira"
            ],
        )
        .list("worklogs")
        .start_at(5000, None);

/// Lists ids of worklogs changed since a time, the last minute excluded.
pub static WORKLOG_UPDATED: Call =
    Call::get(Feature::Worklogs, "jira.worklog.updated", "/rest/api/3/worklog/updated")
        .scopes(
            all_of!["read:jira-work"],
            all_of!["read:issue-worklog:jira", "read:issue-worklog.property:jira"],
        )
        .list("values")
        .since();

/// Lists ids of worklogs deleted since a time, the last minute excluded.
pub static WORKLOG_DELETED: Call =
    Call::get(Feature::Worklogs, "jira.worklog.deleted", "/rest/api/3/worklog/deleted")
        .scopes(
            all_of!["read:jira-work"],
            all_of!["read:issue-worklog:jira", "read:issue-worklog.property:jira"],
        )
        .list("values")
        .since();

/// Reads 1000 worklogs at most by id.
pub static WORKLOG_LIST: Call = Call::ask(Feature::Worklogs, "jira.worklog.list", "/rest/api/3/worklog/list")
    .scopes(
        all_of!["read:jira-work"],
        all_of![
            "read:comment:jira",
            "read:group:jira",
            "read:issue-worklog:jira",
            "read:issue-worklog.property:jira",
            "read:project-role:jira",
            "read:user:jira",
            "read:avatar:jira"
        ],
    )
    .bare();

/// Lists the changes of one issue, oldest first.
pub static ISSUE_CHANGELOG: Call =
    Call::get(Feature::Changelogs, "jira.issue.changelog", "/rest/api/3/issue/{issueIdOrKey}/changelog")
        .scopes(
            all_of!["read:jira-work"],
            all_of!["read:issue-meta:jira", "read:avatar:jira", "read:issue.changelog:jira"],
        )
        .list("values")
        .start_at(100, None);

/// Lists the changes of 1000 issues at most, oldest first.
pub static CHANGELOG_BULKFETCH: Call =
    Call::ask(Feature::Changelogs, "jira.changelog.bulkfetch", "/rest/api/3/changelog/bulkfetch")
        .scopes(
            all_of!["read:jira-work"],
            all_of!["read:issue-meta:jira", "read:avatar:jira", "read:issue.changelog:jira"],
        )
        .list("issueChangeLogs")
        .token(TokenPlace::Body, 1000, 10_000);

/// Reads what is known of an attached file.
pub static ATTACHMENT: Call =
    Call::get(Feature::Attachments, "jira.attachment.get", "/rest/api/3/attachment/{id}")
        .scopes(
            all_of!["read:jira-work"],
            all_of![
                "read:attachment:jira",
                "read:user:jira",
                "read:application-role:jira",
                "read:avatar:jira",
                "read:group:jira"
            ],
        )
        .core();

/// Reads an attached file.
pub static ATTACHMENT_CONTENT: Call =
    Call::get(Feature::Attachments, "jira.attachment.content", "/rest/api/3/attachment/content/{id}")
        .scopes(all_of!["read:jira-work"], all_of!["read:attachment:jira"])
        .file();

// Projects.

/// Lists the projects that the account may browse or administer.
pub static PROJECT_SEARCH: Call =
    Call::get(Feature::Tickets, "jira.project.search", "/rest/api/3/project/search")
        .scopes(
            all_of!["read:jira-work"],
            all_of![
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
            ],
        )
        .core()
        .list("values")
        .start_at(50, Some(100));

/// Reads one project.
pub static PROJECT: Call =
    Call::get(Feature::Tickets, "jira.project.get", "/rest/api/3/project/{projectIdOrKey}")
        .scopes(
            all_of!["read:jira-work"],
            all_of![
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
            ],
        )
        .core();

/// Maps the names of a project's roles to their URLs.
pub static PROJECT_ROLES: Call =
    Call::get(Feature::Permissions, "jira.project.roles", "/rest/api/3/project/{projectIdOrKey}/role")
        .scopes(all_of!["read:jira-work"], all_of!["read:project-role:jira"]);

/// Reads a role of a project with its actors.
pub static PROJECT_ROLE: Call =
    Call::get(Feature::Permissions, "jira.project.role", "/rest/api/3/project/{projectIdOrKey}/role/{id}")
        .scopes(
            all_of!["read:jira-work"],
            all_of![
                "read:user:jira",
                "read:group:jira",
                "read:project-role:jira",
                "read:project:jira",
                "read:avatar:jira",
                "read:project-category:jira"
            ],
        )
        .identity();

/// Lists the roles of the site.
pub static ROLES: Call = Call::get(Feature::Permissions, "jira.role.list", "/rest/api/3/role")
    .scopes(
        all_of!["manage:jira-configuration"],
        all_of![
            "read:user:jira",
            "read:group:jira",
            "read:project-role:jira",
            "read:project:jira",
            "read:avatar:jira",
            "read:project-category:jira"
        ],
    )
    .bare()
    .identity();

// Vocabulary.

/// Lists the issue types.
pub static ISSUE_TYPES: Call = Call::get(Feature::Tickets, "jira.issuetype.list", "/rest/api/3/issuetype")
    .scopes(
        all_of!["read:jira-work"],
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
    .scopes(all_of!["read:jira-work"], all_of!["read:status:jira"])
    .bare();

/// Searches statuses; for administrators.
pub static STATUS_SEARCH: Call =
    Call::get(Feature::Tickets, "jira.status.search", "/rest/api/3/statuses/search")
        .scopes(all_of!["manage:jira-configuration"], all_of!["read:workflow:jira"])
        .list("values")
        .start_at(200, None);

/// Lists the priorities: deprecated, and the only form for everybody.
pub static PRIORITIES: Call = Call::get(Feature::Tickets, "jira.priority.list", "/rest/api/3/priority")
    .scopes(all_of!["read:jira-work"], all_of!["read:priority:jira"])
    .bare();

/// Searches priorities; for administrators.
pub static PRIORITY_SEARCH: Call =
    Call::get(Feature::Tickets, "jira.priority.search", "/rest/api/3/priority/search")
        .scopes(all_of!["manage:jira-configuration"], &[])
        .list("values")
        .start_at(50, None);

/// Lists the resolutions: deprecated in favour of the search.
pub static RESOLUTIONS: Call = Call::get(Feature::Tickets, "jira.resolution.list", "/rest/api/3/resolution")
    .scopes(all_of!["read:jira-work"], all_of!["read:resolution:jira"])
    .bare();

/// Searches resolutions.
pub static RESOLUTION_SEARCH: Call =
    Call::get(Feature::Tickets, "jira.resolution.search", "/rest/api/3/resolution/search")
        .scopes(all_of!["read:jira-work"], all_of!["read:resolution:jira"])
        .list("values")
        .start_at(50, None);

/// Lists system and custom fields.
pub static FIELDS: Call = Call::get(Feature::Tickets, "jira.field.list", "/rest/api/3/field")
    .scopes(
        all_of!["read:jira-work"],
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
    .scopes(all_of!["read:jira-work"], all_of!["read:field:jira", "read:field-configuration:jira"])
    .list("values")
    .start_at(50, None);

/// Lists every label in use.
pub static LABELS: Call = Call::get(Feature::Tickets, "jira.label.list", "/rest/api/3/label")
    .scopes(all_of!["read:jira-work"], all_of!["read:label:jira"])
    .list("values")
    .start_at(1000, None);

// People.

/// Lists all users. Answers 409 when it takes upstream over 10 s.
pub static USERS: Call = Call::get(Feature::People, "jira.user.list", "/rest/api/3/users/search")
    .scopes(
        all_of!["read:jira-user"],
        all_of!["read:user:jira", "read:application-role:jira", "read:avatar:jira", "read:group:jira"],
    )
    .bare()
    .identity()
    .start_at(50, Some(1000));

/// Reads users by account id (`accountId`, repeated).
pub static USER_BULK: Call = Call::get(Feature::People, "jira.user.bulk", "/rest/api/3/user/bulk")
    .scopes(
        all_of!["read:jira-user"],
        all_of!["read:application-role:jira", "read:group:jira", "read:user:jira", "read:avatar:jira"],
    )
    .list("values")
    .identity()
    .start_at(10, None);

/// Lists groups.
pub static GROUP_BULK: Call = Call::get(Feature::Groups, "jira.group.bulk", "/rest/api/3/group/bulk")
    .scopes(all_of!["read:jira-user"], all_of!["read:group:jira"])
    .list("values")
    .identity()
    .start_at(50, None);

/// Lists the members of a group (`groupId`).
pub static GROUP_MEMBERS: Call = Call::get(Feature::Groups, "jira.group.members", "/rest/api/3/group/member")
    .scopes(
        all_of!["manage:jira-configuration"],
        all_of!["read:group:jira", "read:user:jira", "read:avatar:jira"],
    )
    .list("values")
    .identity()
    .start_at(50, Some(50));

/// Reads the account behind the token.
pub static MYSELF: Call = Call::get(Feature::People, "jira.myself", "/rest/api/3/myself")
    .scopes(
        all_of!["read:jira-user"],
        all_of!["read:application-role:jira", "read:group:jira", "read:user:jira", "read:avatar:jira"],
    )
    .identity();

/// Reads the site's own account of itself: its base URL, time and version.
pub static SERVER_INFO: Call =
    Call::get(Feature::Tickets, "jira.server-info", "/rest/api/3/serverInfo").scopes(&[&[]], &[&[]]);

// Who may see what.

/// Reads the permission scheme of a project (`expand=all`).
pub static PROJECT_PERMISSION_SCHEME: Call = Call::get(
    Feature::Permissions,
    "jira.project.permission-scheme",
    "/rest/api/3/project/{projectKeyOrId}/permissionscheme",
)
.scopes(
    all_of!["read:jira-work"],
    all_of![
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
    ],
)
.identity();

/// Lists the permission schemes (`expand=all`).
pub static PERMISSION_SCHEMES: Call =
    Call::get(Feature::Permissions, "jira.permission-scheme.list", "/rest/api/3/permissionscheme")
        .scopes(
            all_of!["read:jira-work"],
            all_of![
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
            ],
        )
        .list("permissionSchemes")
        .identity();

/// Lists the issue security schemes.
pub static SECURITY_SCHEMES: Call =
    Call::get(Feature::Permissions, "jira.security-scheme.list", "/rest/api/3/issuesecurityschemes")
        .scopes(
            all_of!["manage:jira-project"],
            all_of!["read:issue-security-level:jira", "read:issue-security-scheme:jira"],
        )
        .list("issueSecuritySchemes");

/// Reads an issue security scheme with its levels.
pub static SECURITY_SCHEME: Call =
    Call::get(Feature::Permissions, "jira.security-scheme.get", "/rest/api/3/issuesecurityschemes/{id}")
        .scopes(
            all_of!["manage:jira-project"],
            all_of!["read:issue-security-level:jira", "read:issue-security-scheme:jira"],
        );

/// Lists who belongs to the levels of a scheme.
pub static SECURITY_SCHEME_MEMBERS: Call = Call::get(
    Feature::Permissions,
    "jira.security-scheme.members",
    "/rest/api/3/issuesecurityschemes/{issueSecuritySchemeId}/members",
)
.scopes(
    all_of!["manage:jira-configuration"],
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
.scopes(
    all_of!["read:jira-work"],
    all_of!["read:issue-security-level:jira", "read:issue-security-scheme:jira"],
);

/// Lists which groups may use which Jira product.
pub static APPLICATION_ROLES: Call =
    Call::get(Feature::Permissions, "jira.application-role.list", "/rest/api/3/applicationrole")
        .scopes(all_of!["manage:jira-configuration"], all_of!["read:application-role:jira"])
        .bare()
        .identity();

/// Tells whether administrators block any content from apps.
pub static DATA_POLICY: Call = Call::get(Feature::Permissions, "jira.data-policy", "/rest/api/3/data-policy")
    .scopes(all_of!["read:jira-work"], &[]);

/// Tells for which projects (`ids`) administrators block content from apps.
pub static PROJECT_DATA_POLICIES: Call =
    Call::get(Feature::Permissions, "jira.data-policy.projects", "/rest/api/3/data-policy/project")
        .scopes(all_of!["read:jira-work"], &[])
        .list("projectDataPolicies");

/// Lists audit records; for administrators.
pub static AUDIT_RECORDS: Call =
    Call::get(Feature::Audit, "jira.audit.records", "/rest/api/3/auditing/record")
        .scopes(all_of!["manage:jira-configuration"], all_of!["read:audit-log:jira", "read:user:jira"])
        .list("records")
        .offset(1000);

// Webhooks.

/// Lists the app's webhooks of this account.
pub static WEBHOOKS: Call = Call::get(Feature::Webhooks, "jira.webhook.list", "/rest/api/3/webhook")
    .scopes(all_of!["read:jira-work", "manage:jira-webhook"], all_of!["read:webhook:jira", "read:jql:jira"])
    .list("values")
    .start_at(100, None);

/// Registers webhooks.
pub static WEBHOOK_REGISTER: Call =
    Call::new(Feature::Webhooks, "jira.webhook.register", Method::Post, "/rest/api/3/webhook").scopes(
        all_of!["read:jira-work", "manage:jira-webhook"],
        all_of!["read:field:jira", "read:project:jira", "write:webhook:jira"],
    );

/// Removes webhooks by id.
pub static WEBHOOK_DELETE: Call =
    Call::new(Feature::Webhooks, "jira.webhook.delete", Method::Delete, "/rest/api/3/webhook")
        .scopes(all_of!["read:jira-work", "manage:jira-webhook"], all_of!["delete:webhook:jira"]);

/// Prolongs the life of webhooks.
pub static WEBHOOK_REFRESH: Call =
    Call::new(Feature::Webhooks, "jira.webhook.refresh", Method::Put, "/rest/api/3/webhook/refresh").scopes(
        all_of!["read:jira-work", "manage:jira-webhook"],
        all_of!["write:webhook:jira", "read:webhook:jira"],
    );

/// Lists deliveries that upstream gave up.
pub static WEBHOOK_FAILED: Call =
    Call::get(Feature::Webhooks, "jira.webhook.failed", "/rest/api/3/webhook/failed")
        .scopes(
            all_of!["read:jira-work", "manage:jira-webhook"],
            all_of![
                "read:issue-details:jira",
                "read:webhook:jira",
                "read:comment.property:jira",
                "read:group:jira",
                "read:issue-type:jira",
                "read:project-role:jira",
                "read:epic:jira-software"
            ],
        )
        .list("values");

// Writes.

/// Lists the issue types that can be created in a project.
pub static ISSUE_CREATE_TYPES: Call = Call::get(
    Feature::Writes,
    "jira.issue.create-types",
    "/rest/api/3/issue/createmeta/{projectIdOrKey}/issuetypes",
)
.scopes(
    all_of!["read:jira-work"],
    all_of!["read:issue-meta:jira", "read:avatar:jira", "read:field-configuration:jira"],
)
.list("issueTypes")
.start_at(50, Some(200));

/// Lists the fields for creating an issue of a type in a project.
pub static ISSUE_CREATE_FIELDS: Call = Call::get(
    Feature::Writes,
    "jira.issue.create-fields",
    "/rest/api/3/issue/createmeta/{projectIdOrKey}/issuetypes/{issueTypeId}",
)
.scopes(
    all_of!["read:jira-work"],
    all_of!["read:issue-meta:jira", "read:avatar:jira", "read:field-configuration:jira"],
)
.list("fields")
.start_at(50, Some(200));

/// Reads which fields of an issue can be edited.
pub static ISSUE_EDIT_FIELDS: Call =
    Call::get(Feature::Writes, "jira.issue.edit-fields", "/rest/api/3/issue/{issueIdOrKey}/editmeta")
        .scopes(all_of!["read:jira-work"], all_of!["read:issue-meta:jira", "read:field-configuration:jira"]);

/// Lists the transitions open to an issue.
pub static ISSUE_TRANSITIONS: Call =
    Call::get(Feature::Writes, "jira.issue.transitions", "/rest/api/3/issue/{issueIdOrKey}/transitions")
        .scopes(
            all_of!["read:jira-work"],
            all_of!["read:issue.transition:jira", "read:status:jira", "read:field-configuration:jira"],
        )
        .list("transitions");

/// Creates an issue.
pub static ISSUE_CREATE: Call =
    Call::new(Feature::Writes, "jira.issue.create", Method::Post, "/rest/api/3/issue").scopes(
        all_of!["write:jira-work"],
        all_of![
            "write:issue:jira",
            "write:comment:jira",
            "write:comment.property:jira",
            "write:attachment:jira",
            "read:issue:jira"
        ],
    );

/// Edits an issue.
pub static ISSUE_EDIT: Call =
    Call::new(Feature::Writes, "jira.issue.edit", Method::Put, "/rest/api/3/issue/{issueIdOrKey}")
        .scopes(all_of!["write:jira-work"], all_of!["write:issue:jira"]);

/// Moves an issue through its workflow.
pub static ISSUE_TRANSITION: Call = Call::new(
    Feature::Writes,
    "jira.issue.transition",
    Method::Post,
    "/rest/api/3/issue/{issueIdOrKey}/transitions",
)
.scopes(all_of!["write:jira-work"], all_of!["write:issue:jira", "write:issue.property:jira"]);

/// Adds a comment to an issue.
pub static ISSUE_COMMENT_ADD: Call = Call::new(
    Feature::Writes,
    "jira.issue.comment.add",
    Method::Post,
    "/rest/api/3/issue/{issueIdOrKey}/comment",
)
.scopes(
    all_of!["write:jira-work"],
    all_of![
        "read:comment:jira",
        "read:comment.property:jira",
        "read:group:jira",
        "read:project:jira",
        "read:project-role:jira",
        "read:user:jira",
        "write:comment:jira",
        "read:avatar:jira"
    ],
);

/// Attaches files to an issue (multipart).
pub static ISSUE_ATTACH: Call = Call::new(
    Feature::Writes,
    "jira.issue.attach",
    Method::Post,
    "/rest/api/3/issue/{issueIdOrKey}/attachments",
)
.scopes(
    all_of!["write:jira-work"],
    all_of!["read:user:jira", "write:attachment:jira", "read:attachment:jira", "read:avatar:jira"],
);

/// Every Jira operation of the table.
pub(super) static ALL: &[&Call] = &[
    &SEARCH_JQL,
    &SEARCH_JQL_POST,
    &APPROXIMATE_COUNT,
    &ISSUE_BULKFETCH,
    &ISSUE,
    &ISSUE_COMMENTS,
    &COMMENT_LIST,
    &ISSUE_WORKLOGS,
    &WORKLOG_UPDATED,
    &WORKLOG_DELETED,
    &WORKLOG_LIST,
    &ISSUE_CHANGELOG,
    &CHANGELOG_BULKFETCH,
    &ATTACHMENT,
    &ATTACHMENT_CONTENT,
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
    &WEBHOOKS,
    &WEBHOOK_REGISTER,
    &WEBHOOK_DELETE,
    &WEBHOOK_REFRESH,
    &WEBHOOK_FAILED,
    &ISSUE_CREATE_TYPES,
    &ISSUE_CREATE_FIELDS,
    &ISSUE_EDIT_FIELDS,
    &ISSUE_TRANSITIONS,
    &ISSUE_CREATE,
    &ISSUE_EDIT,
    &ISSUE_TRANSITION,
    &ISSUE_COMMENT_ADD,
    &ISSUE_ATTACH,
];
