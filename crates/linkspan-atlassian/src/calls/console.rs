//! Scopes in the order of the developer console's permissions screen (`atlassian-platform.md` section 2).

use serde::Serialize;

use super::{ScopeList, ScopeNeed};

/// Features named behind a scope; the rest is counted.
const FEATURES_SHOWN: usize = 4;

/// The rows of the console's permissions screen, in its order; the last is asked for in the authorize address alone.
const CONSOLE: [&str; 7] = [
    "Jira API, classic scopes",
    "Jira API, granular scopes",
    "Confluence API, classic scopes",
    "Confluence API, granular scopes",
    "User identity API",
    "Personal data reporting API",
    "requested, not chosen in the console",
];

fn console_row(scope: &str) -> usize {
    let is_granular = scope.matches(':').count() == 2 && scope != "readonly:content.attachment:confluence";
    match scope {
        "offline_access" => 6,
        "report:personal-data" => 5,
        "read:me" | "read:account" => 4,
        scope if scope.contains("confluence") => 2 + usize::from(is_granular),
        _ => usize::from(is_granular),
    }
}

/// The scopes of one row of the developer console's permissions screen.
#[derive(Debug, Serialize)]
pub struct ScopesOfApi<'a> {
    /// The row's title.
    pub api: &'static str,
    /// Its scopes in alphabetical order.
    pub scopes: Vec<&'a ScopeNeed>,
}

impl ScopeList {
    /// The list as the developer console shows it, without rows that have none of its scopes.
    pub fn in_console_order(&self) -> Vec<ScopesOfApi<'_>> {
        let row = |(index, api): (usize, &'static str)| ScopesOfApi {
            api,
            scopes: self.scopes.iter().filter(|need| console_row(need.scope) == index).collect(),
        };
        CONSOLE.into_iter().enumerate().map(row).filter(|row| !row.scopes.is_empty()).collect()
    }
}

impl ScopeNeed {
    /// What the scope serves, in words.
    pub fn what_for(&self) -> String {
        match self.scope {
            "offline_access" => "every grant: without it a link dies after an hour".to_owned(),
            "read:me" if self.features.is_empty() => "every grant: names the person who consents".to_owned(),
            _ => {
                let shown = self.features.iter().take(FEATURES_SHOWN).copied().collect::<Vec<_>>().join(", ");
                match self.features.len().saturating_sub(FEATURES_SHOWN) {
                    0 => shown,
                    more => format!("{shown} and {more} more"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use linkspan_model::product::Product;

    use crate::calls::{Feature, ScopeFamily, smallest_scopes};

    #[test]
    fn the_console_shows_every_scope_of_a_list_once() {
        let both = [Product::Jira, Product::Confluence];
        for family in ScopeFamily::ALL {
            let list = smallest_scopes(&both, Feature::ALL, family);
            let shown: usize = list.in_console_order().iter().map(|row| row.scopes.len()).sum();
            assert_eq!(shown, list.scopes.len());
        }
    }
}
