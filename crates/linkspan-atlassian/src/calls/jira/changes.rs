//! Webhooks and writes.

use super::{READ_WORK, WEBHOOK, WRITE_WORK};
use crate::calls::{Call, Feature, Method, Scopes, all_of};

const CREATE_META: Scopes =
    all_of!["read:issue-meta:jira", "read:avatar:jira", "read:field-configuration:jira"];

/// Lists the app's webhooks of this account.
pub static WEBHOOKS: Call = Call::get(Feature::Webhooks, "jira.webhook.list", "/rest/api/3/webhook")
    .scopes(WEBHOOK, all_of!["read:webhook:jira", "read:jql:jira"])
    .list("values")
    .start_at(100, None);

/// Registers webhooks.
pub static WEBHOOK_REGISTER: Call =
    Call::new(Feature::Webhooks, "jira.webhook.register", Method::Post, "/rest/api/3/webhook")
        .scopes(WEBHOOK, all_of!["read:field:jira", "read:project:jira", "write:webhook:jira"]);

/// Removes webhooks by id.
pub static WEBHOOK_DELETE: Call =
    Call::new(Feature::Webhooks, "jira.webhook.delete", Method::Delete, "/rest/api/3/webhook")
        .scopes(WEBHOOK, all_of!["delete:webhook:jira"]);

/// Prolongs the life of webhooks.
pub static WEBHOOK_REFRESH: Call =
    Call::new(Feature::Webhooks, "jira.webhook.refresh", Method::Put, "/rest/api/3/webhook/refresh")
        .scopes(WEBHOOK, all_of!["write:webhook:jira", "read:webhook:jira"]);

/// Lists deliveries that upstream gave up.
pub static WEBHOOK_FAILED: Call =
    Call::get(Feature::Webhooks, "jira.webhook.failed", "/rest/api/3/webhook/failed")
        .scopes(
            WEBHOOK,
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

/// Lists the issue types that can be created in a project.
pub static ISSUE_CREATE_TYPES: Call = Call::get(
    Feature::Configuration,
    "jira.issue.create-types",
    "/rest/api/3/issue/createmeta/{projectIdOrKey}/issuetypes",
)
.scopes(READ_WORK, CREATE_META)
.list("issueTypes")
.start_at(50, Some(200));

/// Lists the fields for creating an issue of a type in a project.
pub static ISSUE_CREATE_FIELDS: Call = Call::get(
    Feature::Configuration,
    "jira.issue.create-fields",
    "/rest/api/3/issue/createmeta/{projectIdOrKey}/issuetypes/{issueTypeId}",
)
.scopes(READ_WORK, CREATE_META)
.list("fields")
.start_at(50, Some(200));

/// Reads which fields of an issue can be edited.
pub static ISSUE_EDIT_FIELDS: Call =
    Call::get(Feature::Configuration, "jira.issue.edit-fields", "/rest/api/3/issue/{issueIdOrKey}/editmeta")
        .scopes(READ_WORK, all_of!["read:issue-meta:jira", "read:field-configuration:jira"]);

/// Lists the transitions open to an issue.
pub static ISSUE_TRANSITIONS: Call = Call::get(
    Feature::Configuration,
    "jira.issue.transitions",
    "/rest/api/3/issue/{issueIdOrKey}/transitions",
)
.scopes(READ_WORK, all_of!["read:issue.transition:jira", "read:status:jira", "read:field-configuration:jira"])
.list("transitions");

/// Creates an issue.
pub static ISSUE_CREATE: Call =
    Call::new(Feature::WriteTickets, "jira.issue.create", Method::Post, "/rest/api/3/issue").scopes(
        WRITE_WORK,
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
    Call::new(Feature::WriteTickets, "jira.issue.edit", Method::Put, "/rest/api/3/issue/{issueIdOrKey}")
        .scopes(WRITE_WORK, all_of!["write:issue:jira"]);

/// Moves an issue through its workflow.
pub static ISSUE_TRANSITION: Call = Call::new(
    Feature::WriteTickets,
    "jira.issue.transition",
    Method::Post,
    "/rest/api/3/issue/{issueIdOrKey}/transitions",
)
.scopes(WRITE_WORK, all_of!["write:issue:jira", "write:issue.property:jira"]);

/// Adds a comment to an issue.
pub static ISSUE_COMMENT_ADD: Call = Call::new(
    Feature::WriteComments,
    "jira.issue.comment.add",
    Method::Post,
    "/rest/api/3/issue/{issueIdOrKey}/comment",
)
.scopes(
    WRITE_WORK,
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
    Feature::WriteAttachments,
    "jira.issue.attach",
    Method::Post,
    "/rest/api/3/issue/{issueIdOrKey}/attachments",
)
.scopes(
    WRITE_WORK,
    all_of!["read:user:jira", "write:attachment:jira", "read:attachment:jira", "read:avatar:jira"],
);

/// Every operation of this file.
pub(super) static ALL: &[&Call] = &[
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
