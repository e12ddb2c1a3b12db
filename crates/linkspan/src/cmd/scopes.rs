//! `linkspan scopes`: the smallest list of scopes for what is wanted, and what an app or a grant lacks.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use linkspan_atlassian::calls::{
    Feature, GUIDES, SCOPE_WARNING, ScopeList, ScopeSet, ScopesCompared, compare_scopes, products_of,
    smallest_scopes, with_duties, with_search,
};
use linkspan_model::product::Product;
use linkspan_store::Store;

use crate::cli::{self, distinct};
use crate::failure::misuse;
use crate::home::Home;
use crate::output::{self, ScopesLine};

pub(crate) async fn run(args: &cli::Scopes) -> anyhow::Result<ExitCode> {
    let (products, features) = wanted(args);
    let list = smallest_scopes(&products, &features, args.family);
    let compared = match &args.compare {
        Some(with) => Some(compare_scopes(&list, &products, &features, &scopes_of(with, args).await?, with)),
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
            console: list.in_console_order(),
            comparison: compared.as_ref(),
        })?;
    } else {
        output::text(&in_words(&list, &features, compared.as_ref()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What the flags ask for, and the products that hold it.
fn wanted(args: &cli::Scopes) -> (Vec<Product>, Vec<Feature>) {
    let mut features = args.want.features();
    features.extend(&args.write);
    features.extend(args.webhooks.then_some(Feature::Webhooks));
    let products = if args.product.is_empty() { products_of(&features) } else { distinct(&args.product) };
    if args.search {
        features = with_search(&features, &products);
    }
    (products, with_duties(&features))
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

fn in_words(list: &ScopeList, features: &[Feature], compared: Option<&ScopesCompared>) -> String {
    let mut text = String::new();
    let wanted: Vec<&str> = features.iter().map(|feature| feature.as_str()).collect();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "For {}:", wanted.join(", "));
    let width = list.scopes.iter().map(|need| need.scope.len()).max().unwrap_or(0);
    for row in list.in_console_order() {
        let _ = writeln!(text, "\n{}", row.api);
        for need in row.scopes {
            let _ = writeln!(text, "  {:width$}  {}", need.scope, need.what_for());
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

fn listed(scopes: &[String]) -> String {
    if scopes.is_empty() { "nothing".to_owned() } else { scopes.join(" ") }
}
