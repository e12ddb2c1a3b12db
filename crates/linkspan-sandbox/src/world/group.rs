//! Groups of a site. The same group id serves Jira and Confluence; groups do not nest.

use super::ids::{AccountIndex, GroupIndex};

/// A product of a site, as licences and application roles name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Product {
    /// `jira-software`
    JiraSoftware,
    /// `jira-servicedesk`
    JiraServiceManagement,
    /// `jira-core` (business projects)
    JiraCore,
    /// `confluence`
    Confluence,
}

impl Product {
    /// The application role key.
    pub const fn key(self) -> &'static str {
        match self {
            Self::JiraSoftware => "jira-software",
            Self::JiraServiceManagement => "jira-servicedesk",
            Self::JiraCore => "jira-core",
            Self::Confluence => "confluence",
        }
    }

    /// The product of an application role key.
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::JiraSoftware, Self::JiraServiceManagement, Self::JiraCore, Self::Confluence]
            .into_iter()
            .find(|p| p.key() == key)
    }
}

/// A group.
#[derive(Debug, Clone)]
pub struct Group {
    /// Position in the site.
    pub index: GroupIndex,
    /// UUID, the stable identity.
    pub id: String,
    /// Name; may change.
    pub name: String,
    /// Members, ascending, inactive ones included.
    pub members: Vec<AccountIndex>,
    /// Deleted groups stay here so that what refers to them can still be told from what never was; they are not listed.
    pub deleted: bool,
}

impl Group {
    /// Whether the account is a member.
    pub fn contains(&self, account: AccountIndex) -> bool {
        !self.deleted && self.members.binary_search(&account).is_ok()
    }
}

/// An application role: which groups give access to a product.
#[derive(Debug, Clone)]
pub struct ApplicationRole {
    /// The product.
    pub product: Product,
    /// Display name such as "Jira Software".
    pub name: String,
    /// Groups whose members hold the product.
    pub groups: Vec<GroupIndex>,
    /// Groups new users are put into.
    pub default_groups: Vec<GroupIndex>,
}
