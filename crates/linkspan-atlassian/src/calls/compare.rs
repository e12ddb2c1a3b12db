//! A list of scopes beside what is wanted.

use std::collections::BTreeSet;

use linkspan_model::product::{AppPurpose, Product};
use serde::Serialize;

use super::{Call, DeadScope, Feature, ScopeList, ScopeNeed, ScopeSet, dead_scope, missing_scopes};

/// The scopes that no call names but every grant needs: without the first a link dies after an hour, the second names
/// the account.
const ALWAYS: [&str; 2] = ["offline_access", "read:me"];
/// What a list of scopes lacks and has to spare.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ScopesCompared {
    /// What was compared, in the words of who asked.
    pub with: String,
    /// Scopes that are needed and not there.
    pub missing: Vec<String>,
    /// Scopes that open nothing that is wanted.
    pub surplus: Vec<String>,
    /// Scopes that open nothing any more.
    pub dead: Vec<DeadScope>,
}

/// Compares by what the scopes open, not by their names: a scope of the other family that opens the same is as good.
pub fn compare_scopes(
    list: &ScopeList,
    products: &[Product],
    features: &[Feature],
    have: &ScopeSet,
    with: &str,
) -> ScopesCompared {
    let calls = calls(products, features);
    let is_open = |call: &&'static Call, scopes: &ScopeSet| missing_scopes(call, scopes).is_none();
    let closed: BTreeSet<&str> =
        calls.iter().filter(|call| !is_open(call, have)).map(|call| call.name).collect();
    let by_itself = |need: &ScopeNeed| ALWAYS.contains(&need.scope) || need.scope == "report:personal-data";
    let missing = list
        .scopes
        .iter()
        .filter(|need| !have.contains(need.scope))
        .filter(|need| by_itself(need) || need.calls.iter().any(|call| closed.contains(call)))
        .map(|need| need.scope.to_owned())
        .collect();

    let open: Vec<_> = calls.iter().filter(|call| is_open(call, have)).collect();
    let listed = list.set();
    let mut kept = have.clone();
    let (mut surplus, mut dead) = (Vec::new(), Vec::new());
    // What the list itself names is needed; of the rest, what can go without closing a call that is open now.
    for scope in have.iter().filter(|scope| !listed.contains(scope)) {
        if let Some(known) = dead_scope(scope) {
            dead.push(*known);
            continue;
        }
        let without: ScopeSet = kept.iter().filter(|kept| *kept != scope).collect();
        if open.iter().all(|call| is_open(call, &without)) {
            surplus.push(scope.to_owned());
            kept = without;
        }
    }
    ScopesCompared { with: with.to_owned(), missing, surplus, dead }
}

fn calls(products: &[Product], features: &[Feature]) -> Vec<&'static Call> {
    let pairs = products.iter().flat_map(|product| features.iter().map(move |feature| (*product, *feature)));
    pairs.flat_map(|(product, feature)| feature.calls(product)).collect()
}

/// The products that hold what is wanted: a feature that only one of them has decides, one that both have does not.
pub fn products_of(features: &[Feature]) -> Vec<Product> {
    let both = [Product::Jira, Product::Confluence];
    let holds = |product: Product, feature: &Feature| !feature.calls(product).is_empty();
    let decided: Vec<Product> = both
        .into_iter()
        .filter(|product| {
            features.iter().any(|feature| {
                holds(*product, feature)
                    && !both.iter().any(|other| other != product && holds(*other, feature))
            })
        })
        .collect();
    if decided.is_empty() { both.to_vec() } else { decided }
}

/// The products that an app of this purpose reads when `features` are wanted.
pub fn products_for(purpose: AppPurpose, features: &[Feature]) -> Vec<Product> {
    match purpose {
        AppPurpose::All => products_of(features),
        AppPurpose::Integration(integration) => vec![integration.product()],
        AppPurpose::Identity => Vec::new(),
    }
}

/// What is wanted, with what search over it needs. It adds nothing of a product that is not read: restrictions of pages are
/// nothing to who finds issues alone.
pub fn with_search(features: &[Feature], products: &[Product]) -> Vec<Feature> {
    let is_held = |feature: &Feature| products.iter().any(|product| !feature.calls(*product).is_empty());
    features.iter().copied().chain(Feature::SEARCH.into_iter().filter(is_held)).collect()
}

/// What is wanted, with the duty that follows from it, each once and in the order in which it is offered: people are stored
/// whatever is read, so their accounts are to be reported.
pub fn with_duties(features: &[Feature]) -> Vec<Feature> {
    let is_wanted = |feature: &Feature| *feature == Feature::PersonalData || features.contains(feature);
    Feature::ALL.iter().copied().filter(is_wanted).collect()
}

#[cfg(test)]
mod tests {
    use linkspan_model::product::Integration;

    use super::*;
    use crate::calls::{GUIDES, ScopeFamily, smallest_scopes};

    fn comparison(features: &[Feature], have: &str) -> ScopesCompared {
        let products = products_of(features);
        let list = smallest_scopes(&products, features, ScopeFamily::Classic);
        compare_scopes(&list, &products, features, &ScopeSet::parse(have), "test")
    }

    #[test]
    fn what_only_one_product_has_decides_the_product() {
        assert_eq!(products_of(&[Feature::Tickets, Feature::Comments]), [Product::Jira]);
        assert_eq!(products_of(&[Feature::Articles]), [Product::Confluence]);
        assert_eq!(products_of(&[Feature::Comments]), [Product::Jira, Product::Confluence]);
        assert_eq!(products_of(&[Feature::Passthrough]), [Product::Jira, Product::Confluence]);
    }

    #[test]
    fn l12_search_asks_for_nothing_of_a_product_that_is_not_read() {
        for (wanted, product) in [(Feature::Tickets, Product::Jira), (Feature::Articles, Product::Confluence)]
        {
            let products = products_of(&[wanted]);
            let features = with_search(&[wanted], &products);
            assert!(features.contains(&Feature::Permissions), "{features:?}");
            assert_eq!(features.contains(&Feature::Restrictions), product == Product::Confluence);
            // Whoever reads the list of features again comes to the same product.
            assert_eq!((products, products_of(&features)), (vec![product], vec![product]));
        }
    }

    #[test]
    fn an_app_of_one_integration_reads_its_product_and_one_for_all_what_is_wanted() {
        let tickets = [Feature::Tickets];
        assert_eq!(products_for(AppPurpose::All, &tickets), [Product::Jira]);
        let purpose = |integration| AppPurpose::Integration(integration);
        assert_eq!(products_for(purpose(Integration::JiraServiceManagement), &tickets), [Product::Jira]);
        assert_eq!(products_for(purpose(Integration::Confluence), &tickets), [Product::Confluence]);
        assert!(products_for(AppPurpose::Identity, &tickets).is_empty());
    }

    #[test]
    fn g1_whatever_is_read_accounts_are_to_be_reported() {
        for wanted in [&[][..], &[Feature::Comments, Feature::Tickets, Feature::Comments], &Feature::usual()]
        {
            let features = with_duties(wanted);
            let list = smallest_scopes(&products_of(&features), &features, ScopeFamily::Classic);
            assert!(list.set().contains("report:personal-data"), "{wanted:?}");
            assert_eq!(with_duties(&features), features);
        }
        let ordered = [Feature::Tickets, Feature::Comments, Feature::PersonalData];
        assert_eq!(with_duties(&[Feature::Comments, Feature::Tickets, Feature::Comments]), ordered);
    }

    #[test]
    fn l12_a_list_compared_with_itself_lacks_nothing_and_has_nothing_to_spare() {
        let both = [Product::Jira, Product::Confluence];
        let list = smallest_scopes(&both, &Feature::usual(), ScopeFamily::Classic);
        let same = comparison(&Feature::usual(), &list.set().joined());
        assert_eq!(same.missing, Vec::<String>::new());
        assert_eq!(same.surplus, Vec::<String>::new());
        assert!(same.dead.is_empty());
    }

    #[test]
    fn l12_scopes_of_the_other_family_count_for_what_they_open() {
        let granular = smallest_scopes(&[Product::Jira], &[Feature::Tickets], ScopeFamily::Granular);
        let compared = comparison(&[Feature::Tickets], &granular.set().joined());
        assert_eq!(compared.missing, Vec::<String>::new());
        assert_eq!(compared.surplus, Vec::<String>::new());
    }

    #[test]
    fn l12_what_opens_nothing_wanted_is_surplus() {
        let compared = comparison(&[Feature::Tickets], "read:jira-work write:jira-work");
        assert_eq!(compared.missing, ["offline_access", "read:me"]);
        assert_eq!(compared.surplus, ["write:jira-work"]);
    }

    #[test]
    fn l12_a_dead_scope_is_told_with_what_replaces_it() {
        let compared = comparison(&[Feature::Articles], &GUIDES[0].scopes.join(" "));
        let dead: Vec<_> = compared.dead.iter().map(|dead| (dead.scope, dead.replacement)).collect();
        assert_eq!(dead, [("read:content.property:confluence", "read:page:confluence")]);
    }
}
