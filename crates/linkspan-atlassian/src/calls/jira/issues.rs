//! Issues and their parts.

use super::READ_WORK;
use crate::calls::{Call, Feature, Scopes, TokenPlace, all_of};

const SEARCH_POST: Scopes = all_of![
    "read:issue-details:jira",
    "read:field.default-value:jira",
    "read:field.option:jira",
    "read:field:jira",
    "read:group:jira"
];
const ISSUE_READ: Scopes = all_of![
    "read:issue-meta:jira",
    "read:issue-security-level:jira",
    "read:issue.vote:jira",
    "read:issue.changelog:jira",
    "read:avatar:jira",
    "read:issue:jira",
    "read:status:jira",
    "read:user:jira",
    "read:field-configuration:jira"
];
const WORKLOG_FEED: Scopes = all_of!["read:issue-worklog:jira", "read:issue-worklog.property:jira"];
const CHANGELOG_READ: Scopes =
    all_of!["read:issue-meta:jira", "read:avatar:jira", "read:issue.changelog:jira"];

/// Searches issues with JQL. `fields` is `id` alone unless asked.
pub static SEARCH_JQL: Call = Call::get(Feature::Tickets, "jira.search.jql", "/rest/api/3/search/jql")
    .scopes(
        READ_WORK,
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
        .scopes(READ_WORK, SEARCH_POST)
        .core()
        .list("issues")
        .token(TokenPlace::Body, 50, 5000);

/// Counts the issues that a bounded JQL finds: `{"count":n}`, lagging behind writes.
pub static APPROXIMATE_COUNT: Call =
    Call::ask(Feature::Tickets, "jira.search.approximate-count", "/rest/api/3/search/approximate-count")
        .scopes(READ_WORK, SEARCH_POST);

/// Reads 100 issues at most by id or key, in ascending order of id; missing and invisible ones are left out.
pub static ISSUE_BULKFETCH: Call =
    Call::ask(Feature::Tickets, "jira.issue.bulkfetch", "/rest/api/3/issue/bulkfetch")
        .scopes(READ_WORK, ISSUE_READ)
        .core()
        .list("issues");

/// Reads one issue.
pub static ISSUE: Call = Call::get(Feature::Tickets, "jira.issue.get", "/rest/api/3/issue/{issueIdOrKey}")
    .scopes(READ_WORK, ISSUE_READ)
    .core();

/// Lists the comments of one issue.
pub static ISSUE_COMMENTS: Call =
    Call::get(Feature::Comments, "jira.issue.comments", "/rest/api/3/issue/{issueIdOrKey}/comment")
        .scopes(
            READ_WORK,
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
        READ_WORK,
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
            READ_WORK,
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
        .scopes(READ_WORK, WORKLOG_FEED)
        .list("values")
        .since();

/// Lists ids of worklogs deleted since a time, the last minute excluded.
pub static WORKLOG_DELETED: Call =
    Call::get(Feature::Worklogs, "jira.worklog.deleted", "/rest/api/3/worklog/deleted")
        .scopes(READ_WORK, WORKLOG_FEED)
        .list("values")
        .since();

/// Reads 1000 worklogs at most by id.
pub static WORKLOG_LIST: Call = Call::ask(Feature::Worklogs, "jira.worklog.list", "/rest/api/3/worklog/list")
    .scopes(
        READ_WORK,
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
        .scopes(READ_WORK, CHANGELOG_READ)
        .list("values")
        .start_at(100, None);

/// Lists the changes of 1000 issues at most, oldest first.
pub static CHANGELOG_BULKFETCH: Call =
    Call::ask(Feature::Changelogs, "jira.changelog.bulkfetch", "/rest/api/3/changelog/bulkfetch")
        .scopes(READ_WORK, CHANGELOG_READ)
        .list("issueChangeLogs")
        .token(TokenPlace::Body, 1000, 10_000);

/// Reads what is known of an attached file.
pub static ATTACHMENT: Call =
    Call::get(Feature::Attachments, "jira.attachment.get", "/rest/api/3/attachment/{id}")
        .scopes(
            READ_WORK,
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
        .scopes(READ_WORK, all_of!["read:attachment:jira"])
        .file()
        .core();

/// Every operation of this file.
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
];
