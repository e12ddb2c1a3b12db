//! `linkspan scopes`: the smallest list of scopes for what is wanted, and what an app or a grant lacks.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::ExitCode;

use linkspan_atlassian::calls::{
    Call, Feature, SCOPE_WARNING, ScopeFamily, ScopeList, ScopeSet, missing_scopes, smallest_scopes,
};
use linkspan_model::product::Product;

use crate::cli::{self, Family};
use crate::output::{self, ScopesLine};

/// The scopes that no call names but every grant needs: without the first a link dies after an hour, the second names
/// the account.
const ALWAYS: [&str; 2] = ["offline_access", "read:me"];
/// Calls named behind a scope; the rest is counted.
const CALLS_SHOWN: usize = 3;

pub(crate) fn run(args: &cli::Scopes) -> anyhow::Result<ExitCode> {
    let features = if args.want.is_empty() { Feature::SYNC.to_vec() } else { distinct(&args.want) };
    let products = if args.product.is_empty() { products_of(&features) } else { distinct(&args.product) };
    let both = smallest_scopes(&products, &features);
    let list = match args.family {
        Family::Classic => both.classic,
        Family::Granular => both.granular,
    };
    let comparison = args.have.as_deref().map(|have| compare(&list, &calls(&products, &features), have));
    if args.json {
        output::json_line(&ScopesLine {
            family: word(list.family),
            products: products.iter().map(|product| product.as_str()).collect(),
            features: features.iter().map(|feature| feature.as_str()).collect(),
            scope: list.set().joined(),
            scopes: &list.scopes,
            missing: comparison.as_ref().map(|comparison| comparison.missing.as_slice()),
            unneeded: comparison.as_ref().map(|comparison| comparison.unneeded.as_slice()),
        })?;
    } else {
        output::text(&in_words(&list, &features, comparison.as_ref()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What a list of scopes lacks and has too much of.
struct Comparison {
    missing: Vec<String>,
    unneeded: Vec<String>,
}

/// Compares by what the scopes open, not by their names: a scope of the other family that opens the same is as good.
fn compare(list: &ScopeList, calls: &[&'static Call], have: &str) -> Comparison {
    let have = ScopeSet::parse(have);
    let is_open = |call: &&'static Call, scopes: &ScopeSet| missing_scopes(call, scopes).is_none();
    let closed: BTreeSet<&str> =
        calls.iter().filter(|call| !is_open(call, &have)).map(|call| call.name).collect();
    let missing = list
        .scopes
        .iter()
        .filter(|need| !have.contains(need.scope))
        .filter(|need| ALWAYS.contains(&need.scope) || need.calls.iter().any(|call| closed.contains(call)))
        .map(|need| need.scope.to_owned())
        .collect();

    let open: Vec<_> = calls.iter().filter(|call| is_open(call, &have)).collect();
    let listed = list.set();
    let mut kept = have.clone();
    let mut unneeded = Vec::new();
    // What the list itself names is needed; of the rest, what can go without closing a call that is open now.
    for scope in have.iter().filter(|scope| !listed.contains(scope)) {
        let without: ScopeSet = kept.iter().filter(|kept| *kept != scope).collect();
        if open.iter().all(|call| is_open(call, &without)) {
            unneeded.push(scope.to_owned());
            kept = without;
        }
    }
    Comparison { missing, unneeded }
}

fn calls(products: &[Product], features: &[Feature]) -> Vec<&'static Call> {
    let pairs = products.iter().flat_map(|product| features.iter().map(move |feature| (*product, *feature)));
    pairs.flat_map(|(product, feature)| feature.calls(product)).copied().collect()
}

/// The products that hold what is wanted: a feature that only one of them has decides, one that both have does not.
fn products_of(features: &[Feature]) -> Vec<Product> {
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

fn distinct<T: Copy + PartialEq>(words: &[T]) -> Vec<T> {
    let mut distinct: Vec<T> = Vec::new();
    for word in words {
        if !distinct.contains(word) {
            distinct.push(*word);
        }
    }
    distinct
}

fn word(family: ScopeFamily) -> &'static str {
    match family {
        ScopeFamily::Classic => "classic",
        ScopeFamily::Granular => "granular",
    }
}

fn in_words(list: &ScopeList, features: &[Feature], comparison: Option<&Comparison>) -> String {
    let mut text = String::new();
    let wanted: Vec<&str> = features.iter().map(|feature| feature.as_str()).collect();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "For {}:\n", wanted.join(", "));
    let width = list.scopes.iter().map(|need| need.scope.len()).max().unwrap_or(0);
    for need in &list.scopes {
        let shown = need.calls.iter().take(CALLS_SHOWN).copied().collect::<Vec<_>>().join(", ");
        let more = need.calls.len().saturating_sub(CALLS_SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let _ = writeln!(text, "  {:width$}  {shown}{more}", need.scope);
    }
    let _ = writeln!(text, "\nAs one line:\n{}", list.set().joined());
    if list.is_too_long() {
        let _ = writeln!(
            text,
            "\nMore than {SCOPE_WARNING} scopes: consent has been seen failing with so long an address. Prefer --family \
             classic, or want less."
        );
    }
    if let Some(comparison) = comparison {
        let _ = writeln!(text, "\nMissing:    {}", listed(&comparison.missing));
        let _ = writeln!(text, "Not needed: {}", listed(&comparison.unneeded));
        if !comparison.missing.is_empty() {
            text.push_str(
                "Add the missing ones to the app in the developer console, then have customers link again.\n",
            );
        }
    }
    text
}

fn listed(scopes: &[String]) -> String {
    if scopes.is_empty() { "nothing".to_owned() } else { scopes.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison(features: &[Feature], have: &str) -> Comparison {
        let products = products_of(features);
        let list = smallest_scopes(&products, features).classic;
        compare(&list, &calls(&products, features), have)
    }

    #[test]
    fn what_only_one_product_has_decides_the_product() {
        assert_eq!(products_of(&[Feature::Tickets, Feature::Comments]), [Product::Jira]);
        assert_eq!(products_of(&[Feature::Articles]), [Product::Confluence]);
        assert_eq!(products_of(&[Feature::Comments]), [Product::Jira, Product::Confluence]);
        assert_eq!(products_of(&[Feature::Passthrough]), [Product::Jira, Product::Confluence]);
    }

    #[test]
    fn l12_a_list_compared_with_itself_lacks_nothing_and_has_nothing_to_spare() {
        let list = smallest_scopes(&[Product::Jira, Product::Confluence], &Feature::SYNC).classic;
        let same = comparison(&Feature::SYNC, &list.set().joined());
        assert_eq!(same.missing, Vec::<String>::new());
        assert_eq!(same.unneeded, Vec::<String>::new());
    }

    #[test]
    fn l12_scopes_of_the_other_family_count_for_what_they_open() {
        let granular = smallest_scopes(&[Product::Jira], &[Feature::Tickets]).granular;
        let compared = comparison(&[Feature::Tickets], &granular.set().joined());
        assert_eq!(compared.missing, Vec::<String>::new());
        assert_eq!(compared.unneeded, Vec::<String>::new());
    }

    #[test]
    fn l12_what_opens_nothing_wanted_is_not_needed() {
        let compared = comparison(&[Feature::Tickets], "read:jira-work write:jira-work");
        assert_eq!(compared.missing, ["offline_access", "read:me"]);
        assert_eq!(compared.unneeded, ["write:jira-work"]);
    }
}
