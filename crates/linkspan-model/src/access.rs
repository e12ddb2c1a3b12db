//! Who may see a record: a conjunction of clauses, each a set of alternatives (design, section 7). Atlassian has no
//! deny rule, so this form is exact (`atlassian-permissions.md`, section 1).

use std::collections::{BTreeSet, HashSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// A kind of reader. Ids are upstream's immutable ones: account ids and group ids, never names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Principal {
    /// Everybody, signed in or not.
    Anonymous,
    /// Every licensed user of the source's product on the source's site.
    Licensed,
    /// Holders of the application role with this key.
    ApplicationRole(String),
    /// Members of the group with this id.
    Group(String),
    /// The account with this id.
    Account(String),
    /// Customers of the organisation with this id.
    CustomerOf(String),
    /// Customers of the service project with this id.
    PortalCustomerOf(String),
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::Licensed => f.write_str("licensed"),
            Self::ApplicationRole(key) => write!(f, "application-role:{key}"),
            Self::Group(id) => write!(f, "group:{id}"),
            Self::Account(id) => write!(f, "account:{id}"),
            Self::CustomerOf(id) => write!(f, "customer-of:{id}"),
            Self::PortalCustomerOf(id) => write!(f, "portal-customer-of:{id}"),
        }
    }
}

/// Where a clause comes from; shown by `explain`, without effect on who may see.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// Use of the product.
    Product,
    /// Browse permission of the project.
    BrowseProject,
    /// Issue security level.
    SecurityLevel,
    /// Restriction of a team-managed issue to roles.
    IssueRestriction,
    /// Visibility of a comment or worklog.
    Visibility,
    /// View permission of the space.
    Space,
    /// Read restriction of an ancestor page, by its id.
    Ancestor(String),
    /// Read restriction of the page itself.
    Page,
    /// Draft: its author only.
    Draft,
}

/// A gate with the principals any one of which opens it. An empty set is a closed gate.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Clause {
    /// Where it comes from.
    pub gate: Gate,
    /// Any one of these opens it. Ordered, so equal clauses have equal bytes.
    pub any_of: BTreeSet<Principal>,
}

impl Clause {
    /// A clause opened by any of `principals`.
    pub fn new(gate: Gate, principals: impl IntoIterator<Item = Principal>) -> Self {
        Self { gate, any_of: principals.into_iter().collect() }
    }

    /// A gate that nobody passes: unread, unreadable or unresolvable (hazards P2, P3, P7).
    pub fn closed(gate: Gate) -> Self {
        Self { gate, any_of: BTreeSet::new() }
    }
}

/// Who may see a record: all clauses must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccessRule {
    clauses: Vec<Clause>,
}

impl AccessRule {
    /// A rule of these clauses; order does not matter, repeated clauses count once.
    pub fn new(clauses: impl IntoIterator<Item = Clause>) -> Self {
        let clauses: BTreeSet<Clause> = clauses.into_iter().collect();
        Self { clauses: clauses.into_iter().collect() }
    }

    /// The clauses, in canonical order.
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// This rule narrowed by one more clause.
    #[must_use]
    pub fn and(&self, clause: Clause) -> Self {
        Self::new(self.clauses.iter().cloned().chain([clause]))
    }

    /// Whether a reader may see what this rule guards. A rule without clauses guards nothing that we know of, so it
    /// lets nobody through.
    pub fn allows(&self, reader: &Reader) -> bool {
        !self.clauses.is_empty()
            && self.clauses.iter().all(|clause| clause.any_of.iter().any(|principal| reader.is(principal)))
    }

    /// The key under which equal rules are stored once.
    ///
    /// # Panics
    /// Never: clauses are strings and enums, which JSON can always express.
    pub fn key(&self) -> RuleKey {
        #[expect(
            clippy::expect_used,
            reason = "clauses are strings and enums, which JSON can always express"
        )]
        let json = serde_json::to_vec(self).expect("an access rule is always valid JSON");
        let digest = Sha256::digest(&json);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        RuleKey(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

/// Whether an account is a portal-only customer's: it has no licence and sees nothing of the Jira view, whatever rule names
/// it (`atlassian-permissions.md` 3.3).
pub fn is_portal_customer(account_id: &str) -> bool {
    account_id.starts_with("qm:")
}

/// Names an interned rule within its source: a digest of the rule, so equal rules have equal keys everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleKey(pub Uuid);

impl fmt::Display for RuleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A person on one source: the principals that hold for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reader {
    principals: HashSet<Principal>,
}

impl Reader {
    /// Somebody not signed in.
    pub fn anonymous() -> Self {
        Self { principals: HashSet::from([Principal::Anonymous]) }
    }

    /// A person for whom these principals hold, besides those that hold for everybody.
    pub fn new(principals: impl IntoIterator<Item = Principal>) -> Self {
        let mut reader = Self::anonymous();
        reader.principals.extend(principals);
        reader
    }

    /// Whether this principal holds for the person.
    pub fn is(&self, principal: &Principal) -> bool {
        self.principals.contains(principal)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn principal() -> impl Strategy<Value = Principal> {
        prop_oneof![
            Just(Principal::Anonymous),
            Just(Principal::Licensed),
            "[a-d]".prop_map(Principal::Group),
            "[a-d]".prop_map(Principal::Account),
        ]
    }

    fn clause() -> impl Strategy<Value = Clause> {
        (
            prop_oneof![Just(Gate::Space), Just(Gate::Page), Just(Gate::BrowseProject)],
            prop::collection::vec(principal(), 0..4),
        )
            .prop_map(|(gate, principals)| Clause::new(gate, principals))
    }

    proptest! {
        #[test]
        fn p1_adding_a_clause_never_widens_a_rule(
            clauses in prop::collection::vec(clause(), 1..4),
            added in clause(),
            holds in prop::collection::vec(principal(), 0..5),
        ) {
            let rule = AccessRule::new(clauses);
            let reader = Reader::new(holds);
            if rule.and(added).allows(&reader) {
                prop_assert!(rule.allows(&reader));
            }
        }

        #[test]
        fn p9_a_principal_survives_the_stored_form(principal in principal()) {
            let json = serde_json::to_string(&principal).unwrap();
            prop_assert_eq!(serde_json::from_str::<Principal>(&json).unwrap(), principal);
        }

        #[test]
        fn equal_rules_have_equal_keys_whatever_the_order(clauses in prop::collection::vec(clause(), 0..5)) {
            let forward = AccessRule::new(clauses.clone());
            let backward = AccessRule::new(clauses.into_iter().rev());
            prop_assert_eq!(forward.key(), backward.key());
        }
    }

    #[test]
    fn p3_a_closed_gate_and_a_missing_rule_let_nobody_through() {
        let everybody = Reader::new([Principal::Licensed, Principal::Group("g".into())]);
        let open = Clause::new(Gate::Space, [Principal::Licensed]);
        assert!(AccessRule::new([open.clone()]).allows(&everybody));
        assert!(!AccessRule::new([open, Clause::closed(Gate::Page)]).allows(&everybody));
        assert!(!AccessRule::default().allows(&everybody));
    }

    #[test]
    fn p6_licensed_is_not_anonymous() {
        let rule = AccessRule::new([Clause::new(Gate::BrowseProject, [Principal::Licensed])]);
        assert!(!rule.allows(&Reader::anonymous()));
    }
}
