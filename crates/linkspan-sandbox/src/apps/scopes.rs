//! The APIs of the permissions screen, their scopes, and what each scope means in plain words.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::gateway::operations::{self, ScopeSet};

/// Asked for in the authorize request only; it is no checkbox of the permissions screen.
pub const OFFLINE_ACCESS: &str = "offline_access";
/// Opens `/me`.
pub const READ_ME: &str = "read:me";
/// Opens the personal-data report.
pub const REPORT_PERSONAL_DATA: &str = "report:personal-data";

/// Scopes that no operation of the documents asks for any more and that the console still offers
/// (`atlassian-endpoints.md` 6.4, 6.8).
const WITHOUT_OPERATION: [&str; 4] = [
    "read:blogpost:confluence",
    "write:blogpost:confluence",
    "read:content.property:confluence",
    "write:content.property:confluence",
];

static PRODUCT_SCOPES: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    let sets = operations::all().flat_map(|operation| [operation.classic, operation.granular]);
    sets.filter_map(|set| if let ScopeSet::All(scopes) = set { Some(scopes.split(' ')) } else { None })
        .flatten()
        .chain(WITHOUT_OPERATION)
        .collect()
});

/// A row of the permissions screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Api {
    /// Jira platform, Jira Software and Jira Service Management.
    Jira,
    /// Confluence.
    Confluence,
    /// Who the user is.
    UserIdentity,
    /// Personal data reporting.
    PersonalData,
}

impl Api {
    /// All rows, in the screen's order.
    pub const ALL: [Self; 4] = [Self::Jira, Self::Confluence, Self::UserIdentity, Self::PersonalData];

    /// The row's name.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Jira => "Jira API",
            Self::Confluence => "Confluence API",
            Self::UserIdentity => "User identity API",
            Self::PersonalData => "Personal data reporting API",
        }
    }

    /// The row's name in an address.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Jira => "jira",
            Self::Confluence => "confluence",
            Self::UserIdentity => "user-identity",
            Self::PersonalData => "personal-data",
        }
    }

    /// The row with this slug.
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|api| api.slug() == slug)
    }

    /// The API a scope belongs to, by its name. `offline_access` belongs to none.
    pub fn of_scope(scope: &str) -> Option<Self> {
        match scope {
            OFFLINE_ACCESS => None,
            READ_ME | "read:account" => Some(Self::UserIdentity),
            REPORT_PERSONAL_DATA => Some(Self::PersonalData),
            scope if scope.contains("confluence") => Some(Self::Confluence),
            scope if scope.contains("jira") || scope.contains("servicedesk") => Some(Self::Jira),
            _ => None,
        }
    }

    /// Whether the API has this scope.
    pub fn offers(self, scope: &str) -> bool {
        self.scopes().any(|offered| offered == scope)
    }

    /// Every scope of the API, in alphabetical order.
    pub fn scopes(self) -> impl Iterator<Item = &'static str> {
        let own: &[&str] = match self {
            Self::Jira | Self::Confluence => &[],
            Self::UserIdentity => &["read:account", READ_ME],
            Self::PersonalData => &[REPORT_PERSONAL_DATA],
        };
        let product = PRODUCT_SCOPES.iter().copied().filter(move |scope| Self::of_scope(scope) == Some(self));
        own.iter().copied().chain(product)
    }
}

/// Whether the scope belongs to the granular family: three parts, or a resource behind the product's name.
pub fn is_granular(scope: &str) -> bool {
    scope.matches(':').count() == 2 && scope != "readonly:content.attachment:confluence"
}

/// What the scope lets an app do, as a sentence for the person who consents.
pub fn in_plain_words(scope: &str) -> String {
    if let Some((_, words)) = CLASSIC_WORDS.iter().find(|(known, _)| *known == scope) {
        return (*words).to_owned();
    }
    let mut parts = scope.splitn(3, ':');
    let (verb, resource, product) = (parts.next().unwrap_or(scope), parts.next(), parts.next());
    let Some(resource) = resource else { return format!("Use `{scope}`") };
    let deed = match verb {
        "read" => "See",
        "write" => "Create and change",
        "delete" => "Delete",
        "manage" => "Administer",
        "search" => "Search",
        "send" => "Send",
        "validate" => "Check",
        "redact" => "Black out parts of",
        other => other,
    };
    let place = match product {
        Some("jira") => " in Jira",
        Some("jira-software") => " in Jira Software",
        Some("jira-service-management") => " in Jira Service Management",
        Some("confluence") => " in Confluence",
        _ => "",
    };
    format!("{deed} {}{place}", resource.replace(['.', '-'], " "))
}

const CLASSIC_WORDS: [(&str, &str); 27] = [
    ("manage:confluence-configuration", "Administer Confluence"),
    ("manage:jira-configuration", "Administer Jira: fields, schemes, workflows"),
    ("manage:jira-project", "Administer projects: versions, components, roles"),
    ("manage:jira-webhook", "Be told by Jira when something changes"),
    ("manage:servicedesk-customer", "Add and remove customers and organisations of service desks"),
    (OFFLINE_ACCESS, "Keep all of this access while you are not there"),
    ("read:account", "See your profile"),
    ("read:confluence-content.all", "Read all Confluence pages, blog posts and comments you can see"),
    ("read:confluence-content.permission", "See whether you may read or change Confluence content"),
    ("read:confluence-content.summary", "See titles and outlines of Confluence content"),
    ("read:confluence-groups", "See Confluence groups and who is in them"),
    ("read:confluence-props", "See properties that apps keep on Confluence content"),
    ("read:confluence-space.summary", "See the list of Confluence spaces"),
    ("read:confluence-user", "See who uses Confluence"),
    ("read:jira-user", "See who uses Jira: names, avatars, addresses that are not hidden"),
    ("read:jira-work", "Read all Jira projects and issues you can see, with comments and attachments"),
    (READ_ME, "See who you are: your name, address and account id"),
    ("read:servicedesk-request", "Read service requests you can see"),
    ("readonly:content.attachment:confluence", "Download attachments from Confluence"),
    (REPORT_PERSONAL_DATA, "Ask which of the accounts it knows were closed or changed"),
    ("search:confluence", "Search Confluence as you"),
    ("write:confluence-content", "Create and change Confluence content as you"),
    ("write:confluence-file", "Upload attachments to Confluence as you"),
    ("write:confluence-groups", "Create groups and change who is in them"),
    ("write:confluence-space", "Create and change Confluence spaces as you"),
    ("write:jira-work", "Create and change Jira issues, comments and attachments as you"),
    ("write:servicedesk-request", "Create and change service requests as you"),
];

#[cfg(test)]
mod tests {
    use super::{Api, CLASSIC_WORDS, in_plain_words};

    #[test]
    fn every_scope_of_the_documents_belongs_to_the_api_that_offers_it() {
        for scope in super::PRODUCT_SCOPES.iter() {
            let api = Api::of_scope(scope).unwrap_or_else(|| panic!("`{scope}` belongs to no API"));
            assert!(api.offers(scope), "{} does not offer `{scope}`", api.title());
        }
    }

    #[test]
    fn a_granular_scope_reads_as_a_sentence() {
        assert_eq!(in_plain_words("read:issue.remote-link:jira"), "See issue remote link in Jira");
        assert_eq!(in_plain_words("delete:page:confluence"), "Delete page in Confluence");
        assert_eq!(in_plain_words("offline_access"), "Keep all of this access while you are not there");
    }

    #[test]
    fn the_table_of_plain_words_is_sorted_and_without_repetition() {
        assert!(CLASSIC_WORDS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
