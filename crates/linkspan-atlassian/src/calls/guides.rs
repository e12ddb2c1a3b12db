//! The scope lists of two set-up guides that vendors follow, and scopes that open nothing any more.

/// A list of scopes with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guide {
    /// The word in flags: `guide-u`.
    pub name: &'static str,
    /// What it is for.
    pub title: &'static str,
    /// Its scopes, as the guide gives them.
    pub scopes: &'static [&'static str],
}

/// The guide of an enterprise search product: granular scopes.
pub static GUIDE_U: Guide = Guide {
    name: "guide-u",
    title: "enterprise search, granular scopes",
    scopes: &[
        "read:content:confluence",
        "read:content-details:confluence",
        "read:attachment:confluence",
        "read:custom-content:confluence",
        "read:space:confluence",
        "read:content.property:confluence",
        "read:application-role:jira",
        "read:audit-log:jira",
        "read:avatar:jira",
        "read:dashboard:jira",
        "read:group:jira",
        "read:issue:jira",
        "read:issue-meta:jira",
        "read:attachment:jira",
        "read:field:jira",
        "read:field-configuration:jira",
        "read:issue-details:jira",
        "read:issue-type:jira",
        "read:issue-worklog:jira",
        "read:issue-security-level:jira",
        "read:issue-status:jira",
        "read:issue-type-hierarchy:jira",
        "read:issue.changelog:jira",
        "read:issue.vote:jira",
        "read:user:jira",
        "read:project:jira",
        "read:project-category:jira",
        "read:project.component:jira",
        "read:project.property:jira",
        "read:project-role:jira",
        "read:project-version:jira",
        "read:webhook:jira",
        "write:webhook:jira",
        "delete:webhook:jira",
        "read:workflow:jira",
        "read:status:jira",
        "read:jql:jira",
        "read:me",
        "report:personal-data",
    ],
};

/// The guide of a unified API: classic scopes, with writes.
pub static GUIDE_M: Guide = Guide {
    name: "guide-m",
    title: "unified API, classic scopes",
    scopes: &[
        "read:confluence-space.summary",
        "read:confluence-content.summary",
        "search:confluence",
        "read:confluence-user",
        "read:confluence-groups",
        "readonly:content.attachment:confluence",
        "read:jira-work",
        "manage:jira-project",
        "manage:jira-configuration",
        "read:jira-user",
        "write:jira-work",
        "manage:jira-webhook",
        "read:space:confluence",
        "read:audit-log:confluence",
        "read:configuration:confluence",
        "report:personal-data",
    ],
};

/// Both guides.
pub static GUIDES: [&Guide; 2] = [&GUIDE_U, &GUIDE_M];

/// A scope that no operation asks for any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct DeadScope {
    /// The scope.
    pub scope: &'static str,
    /// What to ask for instead.
    pub replacement: &'static str,
    /// What became of it, in words.
    pub why: &'static str,
}

/// Scopes that can still be chosen and open nothing (`atlassian-endpoints.md` 6.4, 6.8; `atlassian-platform.md` 1.13).
pub static DEAD_SCOPES: [DeadScope; 4] = [
    DeadScope {
        scope: "read:content.property:confluence",
        replacement: "read:page:confluence",
        why: "properties are read with the scope of what they hang on",
    },
    DeadScope {
        scope: "write:content.property:confluence",
        replacement: "write:page:confluence",
        why: "properties are written with the scope of what they hang on",
    },
    DeadScope {
        scope: "read:blogpost:confluence",
        replacement: "read:page:confluence",
        why: "blog posts are read with the scope of pages",
    },
    DeadScope {
        scope: "write:blogpost:confluence",
        replacement: "write:page:confluence",
        why: "blog posts are written with the scope of pages",
    },
];

/// What is known of a scope that opens nothing; `None` for all others.
pub fn dead_scope(scope: &str) -> Option<&'static DeadScope> {
    DEAD_SCOPES.iter().find(|dead| dead.scope == scope)
}
