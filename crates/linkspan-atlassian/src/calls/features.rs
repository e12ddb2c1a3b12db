//! What the product does with upstream, in the words of a scope list.

use std::fmt;
use std::str::FromStr;

use linkspan_model::product::{Product, UnknownWord};

use super::Call;
use crate::resources::Resource;

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// A part of what the product does with upstream.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Feature {
            $($(#[$doc])* $name,)*
        }

        impl Feature {
            /// All of them, in the order in which they are offered.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The feature's word in flags, logs and metrics.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }

        /// All words, for messages.
        const WORDS: &[&str] = &[$($word),*];
    };
}

features! {
    /// Jira issues, their projects and the words they use.
    Tickets = "tickets",
    /// Confluence spaces, pages, blog posts, folders, labels.
    Articles = "articles",
    /// Comments on either.
    Comments = "comments",
    /// Time logged on issues.
    Worklogs = "worklogs",
    /// Changes of issues.
    Changelogs = "changelogs",
    /// Attached files, with their content.
    Attachments = "attachments",
    /// Accounts.
    People = "people",
    /// Groups and their members.
    Groups = "groups",
    /// Who may see projects, issues and spaces.
    Permissions = "permissions",
    /// Who may see single pages.
    Restrictions = "restrictions",
    /// Audit records.
    Audit = "audit",
    /// How a Jira site is set up: fields, schemes, workflows, components, versions.
    Configuration = "configuration",
    /// Jira dashboards.
    Dashboards = "dashboards",
    /// Saved filters, and the words of JQL.
    Filters = "filters",
    /// Pictures.
    Avatars = "avatars",
    /// Who voted for issues, and who watches them.
    Votes = "votes",
    /// Links between issues, and to things outside.
    Links = "links",
    /// What apps keep on issues and content.
    Properties = "properties",
    /// Jira Software's boards, sprints and epics.
    Boards = "boards",
    /// Service desks, request types, queues, service levels, approvals.
    Requests = "requests",
    /// Organizations and customers of service desks.
    Customers = "customers",
    /// What spaces have besides content: labels, properties, settings, states.
    Spaces = "spaces",
    /// Whiteboards and smart links among pages.
    Tree = "tree",
    /// Tasks in pages.
    Tasks = "tasks",
    /// Content of types that apps define.
    CustomContent = "custom-content",
    /// Templates of pages.
    Templates = "templates",
    /// How often content is looked at.
    Analytics = "analytics",
    /// Being told of changes in Jira.
    Webhooks = "webhooks",
    /// Creating and editing issues.
    WriteTickets = "write-tickets",
    /// Commenting on issues, pages and blog posts.
    WriteComments = "write-comments",
    /// Attaching files to issues.
    WriteAttachments = "write-attachments",
    /// Creating and editing pages.
    WriteArticles = "write-articles",
    /// People proving who they are.
    Identity = "identity",
    /// Reporting accounts that are stored, so that closed ones are erased.
    PersonalData = "personal-data",
    /// Calls handed through from API clients. It asks for no scope of its own: it reaches what the others reach.
    Passthrough = "passthrough",
}

impl Feature {
    /// What is read, unless the operator wants less.
    pub fn reading() -> Vec<Self> {
        let is_reading = |feature: &Self| {
            !matches!(
                feature,
                Self::Webhooks
                    | Self::WriteTickets
                    | Self::WriteComments
                    | Self::WriteAttachments
                    | Self::WriteArticles
                    | Self::PersonalData
                    | Self::Passthrough
            )
        };
        Self::ALL.iter().copied().filter(is_reading).collect()
    }

    /// What a server does unless it is told otherwise: reading, being told of changes, and the duty that follows from it.
    pub fn usual() -> Vec<Self> {
        let mut usual = Self::reading();
        usual.extend([Self::Webhooks, Self::PersonalData]);
        usual
    }

    /// The feature behind a word: a feature's own, or a common model's.
    ///
    /// # Errors
    /// For any other word.
    pub fn of_model(word: &str) -> Result<Self, UnknownWord> {
        match word {
            "collections" | "projects" | "tags" => Ok(Self::Tickets),
            "containers" | "labels" => Ok(Self::Articles),
            "users" => Ok(Self::People),
            "teams" => Ok(Self::Groups),
            "roles" => Ok(Self::Permissions),
            "accounts" | "contacts" => Ok(Self::Customers),
            word => word.parse(),
        }
    }

    /// What search needs besides what it finds: who may see it.
    pub const SEARCH: [Self; 4] = [Self::People, Self::Groups, Self::Permissions, Self::Restrictions];

    /// The calls by which the feature is whole: those of the best way to each of its resources.
    pub fn calls(self, product: Product) -> Vec<&'static Call> {
        let mut calls: Vec<&'static Call> = Vec::new();
        let own = Resource::all()
            .filter(|resource| resource.feature == self && resource.product() == product)
            .filter_map(|resource| resource.ways.first());
        for call in own.flat_map(|way| way.calls) {
            if !calls.contains(call) {
                calls.push(call);
            }
        }
        calls
    }

    /// A scope that opens the feature by itself, where no call of a product does.
    pub fn own_scope(self) -> Option<&'static str> {
        match self {
            Self::Identity => Some("read:me"),
            Self::PersonalData => Some("report:personal-data"),
            _ => None,
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
        Self::ALL.iter().copied().find(|feature| feature.as_str() == text).ok_or_else(|| UnknownWord {
            what: "feature",
            word: text.to_owned(),
            known: KNOWN.as_str(),
        })
    }
}

static KNOWN: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| WORDS.join(", "));
