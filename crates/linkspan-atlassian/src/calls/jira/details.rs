//! What hangs on single issues and is read for one issue at a time.

use super::READ_WORK;
use crate::calls::{Call, Feature, all_of};

/// Reads who voted for an issue.
pub static ISSUE_VOTES: Call =
    Call::get(Feature::Votes, "jira.issue.votes", "/rest/api/3/issue/{issueIdOrKey}/votes")
        .scopes(
            READ_WORK,
            all_of![
                "read:issue.vote:jira",
                "read:user:jira",
                "read:application-role:jira",
                "read:avatar:jira",
                "read:group:jira"
            ],
        )
        .identity();

/// Reads who watches an issue.
pub static ISSUE_WATCHERS: Call =
    Call::get(Feature::Votes, "jira.issue.watchers", "/rest/api/3/issue/{issueIdOrKey}/watchers")
        .scopes(READ_WORK, all_of!["read:issue.watcher:jira", "read:user:jira", "read:avatar:jira"])
        .identity();

/// Lists the links of an issue to things outside of Jira.
pub static ISSUE_REMOTE_LINKS: Call =
    Call::get(Feature::Links, "jira.issue.remote-links", "/rest/api/3/issue/{issueIdOrKey}/remotelink")
        .scopes(READ_WORK, all_of!["read:issue.remote-link:jira", "read:status:jira"])
        .bare();

/// Lists the keys of the properties of an issue.
pub static ISSUE_PROPERTY_KEYS: Call =
    Call::get(Feature::Properties, "jira.issue.property-keys", "/rest/api/3/issue/{issueIdOrKey}/properties")
        .scopes(READ_WORK, all_of!["read:issue.property:jira"])
        .list("keys");

/// Reads a property of an issue.
pub static ISSUE_PROPERTY: Call = Call::get(
    Feature::Properties,
    "jira.issue.property",
    "/rest/api/3/issue/{issueIdOrKey}/properties/{propertyKey}",
)
.scopes(READ_WORK, all_of!["read:issue.property:jira"]);

/// Every operation of this file.
pub(super) static ALL: &[&Call] =
    &[&ISSUE_VOTES, &ISSUE_WATCHERS, &ISSUE_REMOTE_LINKS, &ISSUE_PROPERTY_KEYS, &ISSUE_PROPERTY];
