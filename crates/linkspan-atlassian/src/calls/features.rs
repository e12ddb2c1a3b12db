//! What the product does with upstream, in the words of a scope list, and which operations each of them needs.

use std::fmt;
use std::str::FromStr;

use linkspan_model::product::{Product, UnknownWord};

use super::{Call, confluence, jira};

/// A part of what the product does with upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Feature {
    /// Jira issues, their projects and the words they use.
    Tickets,
    /// Confluence spaces, pages, blog posts, labels.
    Articles,
    /// Comments on either.
    Comments,
    /// Time logged on issues.
    Worklogs,
    /// Changes of issues.
    Changelogs,
    /// Attached files, with their content.
    Attachments,
    /// Accounts.
    People,
    /// Groups and their members.
    Groups,
    /// Who may see projects, issues and spaces.
    Permissions,
    /// Who may see single pages.
    Restrictions,
    /// Audit records.
    Audit,
    /// Being told of changes in Jira.
    Webhooks,
    /// Creating and editing.
    Writes,
    /// Calls handed through from API clients. It asks for no scope of its own: it reaches what the others reach.
    Passthrough,
}

impl Feature {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 14] = [
        Self::Tickets,
        Self::Articles,
        Self::Comments,
        Self::Worklogs,
        Self::Changelogs,
        Self::Attachments,
        Self::People,
        Self::Groups,
        Self::Permissions,
        Self::Restrictions,
        Self::Audit,
        Self::Webhooks,
        Self::Writes,
        Self::Passthrough,
    ];

    /// What a sync reads.
    pub const SYNC: [Self; 10] = [
        Self::Tickets,
        Self::Articles,
        Self::Comments,
        Self::Worklogs,
        Self::Changelogs,
        Self::Attachments,
        Self::People,
        Self::Groups,
        Self::Permissions,
        Self::Restrictions,
    ];

    /// The feature's word in flags, logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tickets => "tickets",
            Self::Articles => "articles",
            Self::Comments => "comments",
            Self::Worklogs => "worklogs",
            Self::Changelogs => "changelogs",
            Self::Attachments => "attachments",
            Self::People => "people",
            Self::Groups => "groups",
            Self::Permissions => "permissions",
            Self::Restrictions => "restrictions",
            Self::Audit => "audit",
            Self::Webhooks => "webhooks",
            Self::Writes => "writes",
            Self::Passthrough => "passthrough",
        }
    }

    /// The operations that the feature cannot do without. Where upstream offers the same data twice, this names the
    /// form that needs the lesser right (`atlassian-endpoints.md` 3.13, 3.14).
    pub fn calls(self, product: Product) -> &'static [&'static Call] {
        match product {
            Product::Jira => self.jira_calls(),
            Product::Confluence => self.confluence_calls(),
        }
    }

    fn jira_calls(self) -> &'static [&'static Call] {
        match self {
            Self::Tickets => {
                const {
                    &[
                        &jira::SEARCH_JQL,
                        &jira::APPROXIMATE_COUNT,
                        &jira::ISSUE_BULKFETCH,
                        &jira::ISSUE,
                        &jira::PROJECT_SEARCH,
                        &jira::PROJECT,
                        &jira::ISSUE_TYPES,
                        &jira::STATUSES,
                        &jira::PRIORITIES,
                        &jira::RESOLUTIONS,
                        &jira::FIELDS,
                        &jira::SERVER_INFO,
                    ]
                }
            }
            Self::Comments => const { &[&jira::ISSUE_COMMENTS, &jira::COMMENT_LIST] },
            Self::Worklogs => {
                const {
                    &[
                        &jira::ISSUE_WORKLOGS,
                        &jira::WORKLOG_UPDATED,
                        &jira::WORKLOG_DELETED,
                        &jira::WORKLOG_LIST,
                    ]
                }
            }
            Self::Changelogs => const { &[&jira::ISSUE_CHANGELOG, &jira::CHANGELOG_BULKFETCH] },
            Self::Attachments => const { &[&jira::ATTACHMENT, &jira::ATTACHMENT_CONTENT] },
            Self::People => const { &[&jira::USERS, &jira::USER_BULK, &jira::MYSELF] },
            Self::Groups => const { &[&jira::GROUP_BULK, &jira::GROUP_MEMBERS] },
            Self::Permissions => {
                const {
                    &[
                        &jira::PROJECT_PERMISSION_SCHEME,
                        &jira::PERMISSION_SCHEMES,
                        &jira::PROJECT_ROLES,
                        &jira::PROJECT_ROLE,
                        &jira::ROLES,
                        &jira::SECURITY_SCHEMES,
                        &jira::SECURITY_SCHEME_MEMBERS,
                        &jira::PROJECT_SECURITY_SCHEME,
                        &jira::APPLICATION_ROLES,
                    ]
                }
            }
            Self::Audit => const { &[&jira::AUDIT_RECORDS] },
            Self::Webhooks => {
                const {
                    &[
                        &jira::WEBHOOKS,
                        &jira::WEBHOOK_REGISTER,
                        &jira::WEBHOOK_DELETE,
                        &jira::WEBHOOK_REFRESH,
                        &jira::WEBHOOK_FAILED,
                    ]
                }
            }
            Self::Writes => {
                const {
                    &[
                        &jira::ISSUE_CREATE_TYPES,
                        &jira::ISSUE_CREATE_FIELDS,
                        &jira::ISSUE_EDIT_FIELDS,
                        &jira::ISSUE_TRANSITIONS,
                        &jira::ISSUE_CREATE,
                        &jira::ISSUE_EDIT,
                        &jira::ISSUE_TRANSITION,
                        &jira::ISSUE_COMMENT_ADD,
                        &jira::ISSUE_ATTACH,
                    ]
                }
            }
            Self::Articles | Self::Restrictions | Self::Passthrough => &[],
        }
    }

    fn confluence_calls(self) -> &'static [&'static Call] {
        match self {
            Self::Articles => {
                const {
                    &[
                        &confluence::SPACES,
                        &confluence::PAGES,
                        &confluence::PAGE,
                        &confluence::SPACE_PAGES,
                        &confluence::BLOGPOSTS,
                        &confluence::BLOGPOST,
                        &confluence::SPACE_BLOGPOSTS,
                        &confluence::PAGE_VERSIONS,
                        &confluence::BLOGPOST_VERSIONS,
                        &confluence::FOLDER,
                        &confluence::DATABASE,
                        &confluence::PAGE_LABELS,
                        &confluence::BLOGPOST_LABELS,
                        &confluence::SEARCH_CQL,
                        &confluence::CONTENT_SEARCH,
                    ]
                }
            }
            Self::Comments => {
                const {
                    &[
                        &confluence::FOOTER_COMMENTS,
                        &confluence::INLINE_COMMENTS,
                        &confluence::PAGE_FOOTER_COMMENTS,
                        &confluence::PAGE_INLINE_COMMENTS,
                        &confluence::BLOGPOST_FOOTER_COMMENTS,
                        &confluence::BLOGPOST_INLINE_COMMENTS,
                        &confluence::FOOTER_COMMENT_CHILDREN,
                        &confluence::INLINE_COMMENT_CHILDREN,
                    ]
                }
            }
            Self::Attachments => {
                const {
                    &[
                        &confluence::ATTACHMENTS,
                        &confluence::ATTACHMENT,
                        &confluence::PAGE_ATTACHMENTS,
                        &confluence::BLOGPOST_ATTACHMENTS,
                        &confluence::ATTACHMENT_CONTENT,
                    ]
                }
            }
            Self::People => const { &[&confluence::CURRENT_USER, &confluence::USER_BULK] },
            Self::Groups => const { &[&confluence::GROUPS, &confluence::GROUP_MEMBERS] },
            Self::Permissions => const { &[&confluence::SPACE_PERMISSIONS] },
            Self::Restrictions => {
                const {
                    &[
                        &confluence::CONTENT_RESTRICTIONS,
                        &confluence::CONTENT_RESTRICTIONS_BY_OPERATION,
                        &confluence::CONTENT_RESTRICTION_OF_OPERATION,
                    ]
                }
            }
            Self::Writes => {
                const { &[&confluence::PAGE_CREATE, &confluence::PAGE_EDIT, &confluence::FOOTER_COMMENT_ADD] }
            }
            Self::Tickets
            | Self::Worklogs
            | Self::Changelogs
            | Self::Audit
            | Self::Webhooks
            | Self::Passthrough => &[],
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Feature {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|feature| feature.as_str() == text).ok_or_else(|| UnknownWord {
            what: "feature",
            word: text.to_owned(),
            known: "tickets, articles, comments, worklogs, changelogs, attachments, people, groups, permissions, \
                    restrictions, audit, webhooks, writes, passthrough",
        })
    }
}
