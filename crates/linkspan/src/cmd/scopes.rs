//! `linkspan scopes`: the smallest list of scopes for what is wanted, and what an app or a grant lacks.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use linkspan_atlassian::calls::{
    Call, Feature, GUIDES, SCOPE_WARNING, ScopeList, ScopeNeed, ScopeSet, dead_scope, missing_scopes,
    smallest_scopes,
};
use linkspan_model::product::Product;
use linkspan_store::Store;

use crate::cli::{self, distinct};
use crate::failure::misuse;
use crate::home::Home;
use crate::output::{self, ScopesCompared, ScopesLine, ScopesOfApi};

/// The scopes that no call names but every grant needs: without the first a link dies after an hour, the second names
/// the account.
const ALWAYS: [&str; 2] = ["offline_access", "read:me"];
/// Features named behind a scope; the rest is counted.
const FEATURES_SHOWN: usize = 4;

pub(crate) async fn run(args: &cli::Scopes) -> anyhow::Result<ExitCode> {
    let features = wanted(args);
    let products = if args.product.is_empty() { products_of(&features) } else { distinct(&args.product) };
    let list = smallest_scopes(&products, &features, args.family);
    let compared = match &args.compare {
        Some(with) => {
            let have = scopes_of(with, args).await?;
            Some(compare(&list, &calls(&products, &features), &have, with))
        }
        None => None,
    };
    if args.json {
        output::json_line(&ScopesLine {
            family: list.family.as_str(),
            products: products.iter().map(|product| product.as_str()).collect(),
            features: features.iter().map(|feature| feature.as_str()).collect(),
            scope: list.set().joined(),
            count: list.scopes.len(),
            too_long: list.is_too_long(),
            console: in_console_order(&list),
            comparison: compared.as_ref(),
        })?;
    } else {
        output::text(&in_words(&list, &features, compared.as_ref()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What the flags ask for.
fn wanted(args: &cli::Scopes) -> Vec<Feature> {
    let mut features = args.want.features();
    features.extend(&args.write);
    features.extend(args.webhooks.then_some(Feature::Webhooks));
    if args.search {
        features.extend(Feature::SEARCH);
    }
    let wanted = distinct(&features);
    Feature::ALL.iter().copied().filter(|feature| wanted.contains(feature)).collect()
}

/// The scopes to compare with.
async fn scopes_of(with: &str, args: &cli::Scopes) -> anyhow::Result<ScopeSet> {
    if let Some(guide) = GUIDES.iter().find(|guide| guide.name == with) {
        return Ok(guide.scopes.iter().copied().collect());
    }
    if let Some(client_id) = with.strip_prefix("app:") {
        let apps = open_store(args).await?.apps().await?;
        let app = apps.into_iter().find(|app| app.client_id == client_id);
        let app =
            app.ok_or_else(|| misuse(format!("no app with the client id `{client_id}` is registered here")))?;
        return Ok(app.scopes.into_iter().collect());
    }
    if let Some(id) = with.strip_prefix("grant:") {
        let id = id.parse().map_err(|_| misuse("`grant:` takes the id of a grant (a UUID)"))?;
        let grant = open_store(args).await?.grant(id).await?;
        let grant = grant.ok_or_else(|| misuse("there is no such grant here"))?;
        return Ok(grant.scopes.into_iter().collect());
    }
    if !with.contains(':') && with != "offline_access" {
        return Err(misuse(
            "--compare takes guide-u, guide-m, app:CLIENT_ID, grant:ID, or scopes separated by spaces",
        ));
    }
    Ok(ScopeSet::parse(with))
}

async fn open_store(args: &cli::Scopes) -> anyhow::Result<Store> {
    let home = Home::beside(&args.storage)?;
    Store::open(home.database()).await.context("the database with apps and grants cannot be opened")
}

/// Compares by what the scopes open, not by their names: a scope of the other family that opens the same is as good.
fn compare(list: &ScopeList, calls: &[&'static Call], have: &ScopeSet, with: &str) -> ScopesCompared {
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

fn in_console_order(list: &ScopeList) -> Vec<ScopesOfApi<'_>> {
    let row = |(index, api): (usize, &'static str)| ScopesOfApi {
        api,
        scopes: list.scopes.iter().filter(|need| console_row(need.scope) == index).collect(),
    };
    CONSOLE.into_iter().enumerate().map(row).filter(|row| !row.scopes.is_empty()).collect()
}

fn in_words(list: &ScopeList, features: &[Feature], compared: Option<&ScopesCompared>) -> String {
    let mut text = String::new();
    let wanted: Vec<&str> = features.iter().map(|feature| feature.as_str()).collect();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "For {}:", wanted.join(", "));
    let width = list.scopes.iter().map(|need| need.scope.len()).max().unwrap_or(0);
    for row in in_console_order(list) {
        let _ = writeln!(text, "\n{}", row.api);
        for need in row.scopes {
            let _ = writeln!(text, "  {:width$}  {}", need.scope, what_for(need));
        }
    }
    let _ = writeln!(text, "\n{} scopes; as one line:\n{}", list.scopes.len(), list.set().joined());
    if list.is_too_long() {
        let _ = writeln!(
            text,
            "\nMore than {SCOPE_WARNING} scopes: consent has been seen failing with so long an address. Prefer --family \
             classic or mixed, or want less."
        );
    }
    if let Some(compared) = compared {
        let _ = writeln!(text, "\nCompared with {}:", compared.with);
        let _ = writeln!(text, "Missing:    {}", listed(&compared.missing));
        let _ = writeln!(text, "Not needed: {}", listed(&compared.surplus));
        for dead in &compared.dead {
            let _ = writeln!(text, "Dead:       {}: {}; use {}", dead.scope, dead.why, dead.replacement);
        }
        if !compared.missing.is_empty() {
            text.push_str(
                "Add the missing ones to the app in the developer console, then have customers link again.\n",
            );
        }
    }
    text
}

/// What a scope serves.
fn what_for(need: &ScopeNeed) -> String {
    match need.scope {
        "offline_access" => "every grant: without it a link dies after an hour".to_owned(),
        "read:me" if need.features.is_empty() => "every grant: names the person who consents".to_owned(),
        _ => {
            let shown = need.features.iter().take(FEATURES_SHOWN).copied().collect::<Vec<_>>().join(", ");
            match need.features.len().saturating_sub(FEATURES_SHOWN) {
                0 => shown,
                more => format!("{shown} and {more} more"),
            }
        }
    }
}

fn listed(scopes: &[String]) -> String {
    if scopes.is_empty() { "nothing".to_owned() } else { scopes.join(" ") }
}

#[cfg(test)]
mod tests {
    use linkspan_atlassian::calls::ScopeFamily;

    use super::*;

    fn comparison(features: &[Feature], have: &str) -> ScopesCompared {
        let products = products_of(features);
        let list = smallest_scopes(&products, features, ScopeFamily::Classic);
        compare(&list, &calls(&products, features), &ScopeSet::parse(have), "test")
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

    #[test]
    fn the_console_shows_every_scope_of_a_list_once() {
        let both = [Product::Jira, Product::Confluence];
        for family in ScopeFamily::ALL {
            let list = smallest_scopes(&both, Feature::ALL, family);
            let shown: usize = in_console_order(&list).iter().map(|row| row.scopes.len()).sum();
            assert_eq!(shown, list.scopes.len());
        }
    }
}
