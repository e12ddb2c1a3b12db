//! What can be linked: product families on the upstream side, integrations on the vendor's side.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An Atlassian product family: what one source reads. Jira Service Management is part of Jira upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Product {
    /// Jira and Jira Service Management.
    Jira,
    /// Confluence.
    Confluence,
}

impl Product {
    /// The product's word in URLs, flags and storage.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jira => "jira",
            Self::Confluence => "confluence",
        }
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Product {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        match text {
            "jira" => Ok(Self::Jira),
            "confluence" => Ok(Self::Confluence),
            other => Err(UnknownWord { what: "product", word: other.to_owned(), known: "jira, confluence" }),
        }
    }
}

/// What the vendor's API caller links: a view of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Integration {
    /// Every project of the site.
    Jira,
    /// The service projects of the site only.
    JiraServiceManagement,
    /// Spaces, pages and blog posts.
    Confluence,
}

impl Integration {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Jira, Self::JiraServiceManagement, Self::Confluence];

    /// The slug on the wire.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Jira => "jira",
            Self::JiraServiceManagement => "jira-service-management",
            Self::Confluence => "confluence",
        }
    }

    /// The name shown to people.
    pub fn display_name(self) -> &'static str {
        match self {
            Self::Jira => "Jira",
            Self::JiraServiceManagement => "Jira Service Management",
            Self::Confluence => "Confluence",
        }
    }

    /// The API category under which its records are served.
    pub fn category(self) -> Category {
        match self {
            Self::Jira | Self::JiraServiceManagement => Category::Ticketing,
            Self::Confluence => Category::KnowledgeBase,
        }
    }

    /// The product family that holds its data.
    pub fn product(self) -> Product {
        match self {
            Self::Jira | Self::JiraServiceManagement => Product::Jira,
            Self::Confluence => Product::Confluence,
        }
    }
}

impl fmt::Display for Integration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}

impl FromStr for Integration {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|integration| integration.slug() == text).ok_or_else(|| UnknownWord {
            what: "integration",
            word: text.to_owned(),
            known: "jira, jira-service-management, confluence",
        })
    }
}

/// A category of the Merge-compatible API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// Tickets, comments, projects.
    Ticketing,
    /// Articles and containers.
    KnowledgeBase,
}

impl Category {
    /// Both categories.
    pub const ALL: [Self; 2] = [Self::Ticketing, Self::KnowledgeBase];

    /// The category's word in paths and bodies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ticketing => "ticketing",
            Self::KnowledgeBase => "knowledgebase",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Category {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|category| category.as_str() == text).ok_or_else(|| UnknownWord {
            what: "category",
            word: text.to_owned(),
            known: "ticketing, knowledgebase",
        })
    }
}

/// What an OAuth app of the vendor is registered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AppPurpose {
    /// Everything that has no app of its own.
    All,
    /// Linking one integration.
    Integration(Integration),
    /// People proving who they are.
    Identity,
}

impl AppPurpose {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 5] = [
        Self::All,
        Self::Integration(Integration::Jira),
        Self::Integration(Integration::JiraServiceManagement),
        Self::Integration(Integration::Confluence),
        Self::Identity,
    ];

    /// The purpose's word in paths, flags and storage.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Integration(integration) => integration.slug(),
            Self::Identity => "identity",
        }
    }

    /// The name shown to people.
    pub fn display_name(self) -> &'static str {
        match self {
            Self::All => "all integrations",
            Self::Integration(integration) => integration.display_name(),
            Self::Identity => "user identity",
        }
    }
}

impl fmt::Display for AppPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for AppPurpose {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text).ok_or_else(|| UnknownWord {
            what: "integration",
            word: text.to_owned(),
            known: "all, jira, jira-service-management, confluence, identity",
        })
    }
}

/// A word outside a closed vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} `{word}`: expected one of {known}")]
pub struct UnknownWord {
    /// What kind of word was expected.
    pub what: &'static str,
    /// The word that was given.
    pub word: String,
    /// The words that would have been understood.
    pub known: &'static str,
}
