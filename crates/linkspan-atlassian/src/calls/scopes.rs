//! Scopes: what a call lacks under a grant, and the smallest list that a set of features needs
//! (`atlassian-platform.md` 1.13, hazard L12).

use std::collections::{BTreeMap, BTreeSet};

use linkspan_model::product::Product;
use serde::{Deserialize, Serialize};

use super::{Call, Feature, Scopes};

/// From this many scopes on, the authorize URL has been seen failing on its way through single sign-on
/// (`atlassian-platform.md` 1.1).
pub const SCOPE_WARNING: usize = 50;

/// Scopes that an app or a grant holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScopeSet(BTreeSet<String>);

impl ScopeSet {
    /// The scopes of a space-separated list, as OAuth writes it.
    pub fn parse(text: &str) -> Self {
        text.split_whitespace().collect()
    }

    /// Whether the scope is held.
    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    /// Adds a scope.
    pub fn insert(&mut self, scope: impl Into<String>) {
        self.0.insert(scope.into());
    }

    /// The scopes in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The space-separated list, as OAuth writes it.
    pub fn joined(&self) -> String {
        self.iter().collect::<Vec<_>>().join(" ")
    }
}

impl<S: Into<String>> FromIterator<S> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = S>>(scopes: I) -> Self {
        Self(scopes.into_iter().map(Into::into).collect())
    }
}

impl<S: Into<String>> Extend<S> for ScopeSet {
    fn extend<I: IntoIterator<Item = S>>(&mut self, scopes: I) {
        self.0.extend(scopes.into_iter().map(Into::into));
    }
}

/// What a call lacks under a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The call.
    pub call: &'static Call,
    /// Granting all scopes of any one entry opens the call; the shortest entry comes first.
    pub alternatives: Vec<Vec<&'static str>>,
}

/// What `call` lacks under `granted`; `None` when nothing is missing. A call for which upstream publishes no scope
/// lacks nothing.
pub fn missing_scopes(call: &'static Call, granted: &ScopeSet) -> Option<Missing> {
    let mut alternatives: Vec<Vec<&'static str>> = call
        .classic
        .iter()
        .chain(call.granular)
        .map(|all_of| all_of.iter().copied().filter(|scope| !granted.contains(scope)).collect())
        .collect();
    if alternatives.is_empty() || alternatives.iter().any(Vec::is_empty) {
        return None;
    }
    alternatives.sort_by_key(Vec::len);
    Some(Missing { call, alternatives })
}

/// Which scope vocabulary a list prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ScopeFamily {
    /// Few, wide scopes: Atlassian's recommendation where they exist.
    Classic,
    /// Many, narrow scopes: the only ones of Confluence v2.
    Granular,
    /// Whatever makes the list shortest.
    Mixed,
}

impl ScopeFamily {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Classic, Self::Granular, Self::Mixed];

    /// The family's word in flags and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Granular => "granular",
            Self::Mixed => "mixed",
        }
    }
}

/// A scope with the calls that need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScopeNeed {
    /// The scope.
    pub scope: &'static str,
    /// The features it serves, in the order in which they are offered.
    pub features: Vec<&'static str>,
    /// Names of calls, in alphabetical order.
    pub calls: Vec<&'static str>,
}

/// A list of scopes to request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScopeList {
    /// The vocabulary preferred in it; a call that the vocabulary does not cover brings scopes of the other.
    pub family: ScopeFamily,
    /// The scopes in alphabetical order.
    pub scopes: Vec<ScopeNeed>,
}

impl ScopeList {
    /// The scopes alone.
    pub fn set(&self) -> ScopeSet {
        self.scopes.iter().map(|need| need.scope).collect()
    }

    /// Whether so many scopes may make the authorize URL fail ([`SCOPE_WARNING`]).
    pub fn is_too_long(&self) -> bool {
        self.scopes.len() > SCOPE_WARNING
    }
}

/// The smallest scope list with which `features` work on `products`, in the vocabulary that is preferred. It always holds
/// `offline_access`, without which the link dies after an hour (hazard L6), and `read:me`, which names the account.
pub fn smallest_scopes(products: &[Product], features: &[Feature], family: ScopeFamily) -> ScopeList {
    let calls: Vec<&'static Call> = products
        .iter()
        .flat_map(|product| features.iter().flat_map(|feature| feature.calls(*product)))
        .collect();
    let mut needs = match family {
        // Choosing for one call after the other does not always find the shortest list.
        ScopeFamily::Mixed => {
            let lists = ScopeFamily::ALL.map(|family| needs_of(&calls, family));
            lists.into_iter().min_by_key(BTreeMap::len).unwrap_or_default()
        }
        family => needs_of(&calls, family),
    };
    needs.entry("offline_access").or_default().insert("oauth.refresh");
    needs.entry("read:me").or_default().insert("oauth.me");
    if features.contains(&Feature::PersonalData) {
        needs.entry("report:personal-data").or_default().insert("oauth.report-accounts");
    }
    ScopeList {
        family,
        scopes: needs
            .into_iter()
            .map(|(scope, calls)| ScopeNeed {
                scope,
                features: served(&calls, products, features, scope),
                calls: calls.into_iter().collect(),
            })
            .collect(),
    }
}

/// The wanted features that need any of the calls.
fn served(
    calls: &BTreeSet<&'static str>,
    products: &[Product],
    features: &[Feature],
    scope: &str,
) -> Vec<&'static str> {
    let needs = |feature: &&Feature| {
        let own = products.iter().flat_map(|product| feature.calls(*product));
        feature.own_scope() == Some(scope) || own.into_iter().any(|call| calls.contains(call.name))
    };
    features.iter().filter(needs).map(|feature| feature.as_str()).collect()
}

/// The scope sets of a call among which a list of this family chooses.
fn published(call: &Call, family: ScopeFamily) -> Vec<&'static [&'static str]> {
    let (first, second): (Scopes, Scopes) = match family {
        ScopeFamily::Classic => (call.classic, call.granular),
        ScopeFamily::Granular => (call.granular, call.classic),
        ScopeFamily::Mixed => return call.classic.iter().chain(call.granular).copied().collect(),
    };
    if first.is_empty() { second.to_vec() } else { first.to_vec() }
}

fn needs_of(calls: &[&'static Call], family: ScopeFamily) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut chosen: BTreeSet<&'static str> = BTreeSet::new();
    // Calls with the fewest choices first: what they force upon the list may open the others.
    let mut ordered = calls.to_vec();
    ordered.sort_by_key(|call| {
        let sets = published(call, family);
        (sets.len(), sets.iter().map(|set| set.len()).min())
    });
    for call in ordered {
        let new_scopes =
            |all_of: &&[&'static str]| all_of.iter().filter(|scope| !chosen.contains(*scope)).count();
        chosen.extend(published(call, family).into_iter().min_by_key(new_scopes).unwrap_or_default());
    }
    // A choice for one call may have become needless through a later one for another, in either vocabulary.
    let opens = |chosen: &BTreeSet<&'static str>, call: &Call| {
        let preferred = published(call, family);
        let all_of = call.classic.iter().chain(call.granular).copied();
        all_of
            .filter(|all_of| all_of.iter().all(|scope| chosen.contains(scope)))
            .min_by_key(|all_of| (!preferred.contains(all_of), all_of.len()))
    };
    for scope in chosen.clone() {
        chosen.remove(scope);
        if calls.iter().any(|call| !published(call, family).is_empty() && opens(&chosen, call).is_none()) {
            chosen.insert(scope);
        }
    }
    let mut needs: BTreeMap<&'static str, BTreeSet<&'static str>> = BTreeMap::new();
    for call in calls {
        for scope in opens(&chosen, call).unwrap_or_default() {
            needs.entry(scope).or_default().insert(call.name);
        }
    }
    needs
}
