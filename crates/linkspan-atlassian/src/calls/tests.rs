use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use serde::Deserialize;

use super::*;
use crate::resources::{Resource, Way};

const PRODUCTS: [Product; 2] = [Product::Jira, Product::Confluence];

#[derive(Deserialize)]
struct Published {
    api: String,
    method: String,
    path: String,
    classic: Vec<Vec<String>>,
    granular: Vec<Vec<String>>,
    #[serde(rename = "securityOnly", default)]
    security_only: Vec<Vec<String>>,
    pagination: Option<PublishedPaging>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PublishedPaging {
    style: String,
    size_param: Option<String>,
    default: Option<u32>,
    max: Option<u32>,
}

/// Atlassian's published operations, or `None` (with a message) where the documents are not at hand.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn published() -> Option<HashMap<(String, String), Published>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/openapi/operation-scopes.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is absent", path.display());
        return None;
    };
    let operations: Vec<Published> = serde_json::from_str(&text).unwrap();
    Some(operations.into_iter().map(|op| ((op.method.clone(), op.path.clone()), op)).collect())
}

#[test]
fn s22_every_call_has_the_published_scopes() {
    let Some(published) = published() else { return };
    for call in Call::all() {
        let operation = &published[&(call.method.to_string(), call.path.to_owned())];
        let none_published = operation.classic.is_empty() && operation.granular.is_empty();
        let (classic, granular) = match operation.api.as_str() {
            // The documents label the granular scopes of v2 as current, because it has no others.
            "confluence-v2" => (&operation.granular, &operation.classic),
            // Those of Jira Software are published without a label, and are granular by their form.
            "agile" if none_published => (&operation.classic, &operation.security_only),
            _ if none_published => (&operation.security_only, &operation.granular),
            _ => (&operation.classic, &operation.granular),
        };
        assert_eq!(call.classic, *classic, "classic scopes of {}", call.name);
        assert_eq!(call.granular, *granular, "granular scopes of {}", call.name);
    }
}

#[test]
fn s6_every_call_pages_as_published() {
    let Some(published) = published() else { return };
    for call in Call::all() {
        let operation = &published[&(call.method.to_string(), call.path.to_owned())];
        let Some(paging) = &operation.pagination else {
            assert_eq!(call.paging, Paging::Whole, "{}", call.name);
            continue;
        };
        let style = match call.paging {
            Paging::Whole => "none",
            Paging::StartAt(_) => "startAt/maxResults",
            Paging::Token(_, TokenPlace::Query) => "nextPageToken",
            Paging::Token(_, TokenPlace::Body) => "nextPageToken(body)",
            Paging::Cursor(_) => "cursor+Link",
            Paging::NextLink(_) if paging.style == "cursor" => "cursor",
            Paging::NextLink(_) => "cursor(_links.next)",
            Paging::Start(_) => "start/limit",
            Paging::Offset(_) => "offset/limit",
            Paging::Since => "since/nextPage",
        };
        assert_eq!(style, paging.style, "{}", call.name);
        let size = call.paging.size();
        assert_eq!(size.map(|size| size.param), paging.size_param.as_deref(), "{}", call.name);
        // Some documents name no default.
        if paging.default.is_some() {
            assert_eq!(size.map(|size| size.default), paging.default, "{}", call.name);
        }
        if paging.max.is_some() {
            assert_eq!(size.and_then(|size| size.max), paging.max, "{}", call.name);
        }
    }
}

#[test]
fn names_and_operations_are_unique_and_the_product_follows_from_the_path() {
    let mut names = HashSet::new();
    let mut operations = HashSet::new();
    for call in Call::all() {
        assert!(names.insert(call.name), "{} occurs twice", call.name);
        assert!(operations.insert((call.method, call.path)), "{} is listed twice", call.path);
        assert!(call.name.starts_with(call.product.as_str()), "{}", call.name);
        let confluence = call.path.starts_with("/wiki/");
        assert_eq!(confluence, call.product == Product::Confluence, "{}", call.path);
        assert_eq!(Call::named(call.name), Some(call));
    }
}

#[test]
fn s22_every_needed_call_is_in_the_table_and_of_the_right_product() {
    let all: HashSet<&str> = Call::all().map(|call| call.name).collect();
    for feature in Feature::ALL {
        for product in PRODUCTS {
            for call in feature.calls(product) {
                assert!(all.contains(call.name), "{} is missing from the table", call.name);
                assert_eq!(call.product, product, "{}", call.name);
            }
        }
        assert_eq!(feature.as_str().parse(), Ok(*feature));
    }
}

#[test]
fn l12_a_call_lacks_what_neither_vocabulary_grants() {
    let none = ScopeSet::default();
    let missing = missing_scopes(&jira::ISSUE_COMMENTS, &none).unwrap();
    assert_eq!(missing.alternatives[0], ["read:jira-work"]);
    assert_eq!(missing.alternatives[1].len(), 7);

    assert_eq!(missing_scopes(&jira::ISSUE_COMMENTS, &ScopeSet::parse("read:jira-work")), None);
    let all_but_one: ScopeSet = jira::ISSUE_COMMENTS.granular[0][1..].iter().copied().collect();
    let missing = missing_scopes(&jira::ISSUE_COMMENTS, &all_but_one).unwrap();
    assert_eq!(missing.alternatives, [vec!["read:jira-work"], vec!["read:comment:jira"]]);
    assert_eq!(missing_scopes(&jira::SERVER_INFO, &none), None);
}

/// Everything that can be wanted, and what is wanted unless somebody says otherwise.
fn wishes() -> Vec<Vec<Feature>> {
    let single = Feature::ALL.iter().map(|feature| vec![*feature]);
    single.chain([Feature::ALL.to_vec(), Feature::reading()]).collect()
}

#[test]
fn l12_the_smallest_lists_open_every_call_of_the_features_and_hold_nothing_else() {
    for features in wishes() {
        for family in ScopeFamily::ALL {
            let list = smallest_scopes(&PRODUCTS, &features, family);
            let set = list.set();
            let mut needed: BTreeSet<&str> =
                BTreeSet::from(["offline_access", "read:me", "report:personal-data"]);
            for call in
                features.iter().flat_map(|feature| PRODUCTS.map(|product| feature.calls(product))).flatten()
            {
                assert_eq!(missing_scopes(call, &set), None, "{} is not opened", call.name);
                needed.extend(call.classic.iter().chain(call.granular).copied().flatten());
            }
            assert!(set.contains("offline_access") && set.contains("read:me"));
            assert!(set.iter().all(|scope| needed.contains(scope)));
            assert!(list.scopes.iter().all(|need| !need.calls.is_empty()));
        }
    }
}

#[test]
fn the_classic_list_of_everything_is_short_enough_for_an_address() {
    let list = smallest_scopes(&PRODUCTS, Feature::ALL, ScopeFamily::Classic);
    assert!(!list.is_too_long(), "{} scopes", list.scopes.len());
    insta::assert_snapshot!(list.set().joined().replace(' ', "\n"));
}

#[test]
fn a_mixed_list_is_never_longer_than_one_of_a_family() {
    for features in wishes() {
        let length = |family| smallest_scopes(&PRODUCTS, &features, family).scopes.len();
        let mixed = length(ScopeFamily::Mixed);
        assert!(mixed <= length(ScopeFamily::Classic), "{features:?}");
        assert!(mixed <= length(ScopeFamily::Granular), "{features:?}");
    }
}

#[test]
fn no_scope_of_a_list_can_be_left_out() {
    for features in [Feature::reading(), Feature::ALL.to_vec()] {
        for family in ScopeFamily::ALL {
            let list = smallest_scopes(&PRODUCTS, &features, family);
            let chosen: Vec<&str> = list.scopes.iter().map(|need| need.scope).collect();
            let by_itself = ["offline_access", "read:me", "report:personal-data"];
            for scope in chosen.iter().filter(|scope| !by_itself.contains(scope)) {
                let rest: ScopeSet = chosen.iter().copied().filter(|other| other != scope).collect();
                let calls = features
                    .iter()
                    .flat_map(|feature| PRODUCTS.map(|product| feature.calls(product)))
                    .flatten();
                let is_missed = calls.into_iter().any(|call| missing_scopes(call, &rest).is_some());
                assert!(is_missed, "{family:?}: {scope}");
            }
        }
    }
}

#[test]
fn a_list_of_more_than_fifty_scopes_is_too_long() {
    let mut list = smallest_scopes(&PRODUCTS, Feature::ALL, ScopeFamily::Granular);
    assert!(list.is_too_long(), "{} scopes", list.scopes.len());
    list.scopes.truncate(SCOPE_WARNING);
    assert!(!list.is_too_long());
}

/// Every scope that any published operation asks for.
fn published_scopes(published: &HashMap<(String, String), Published>) -> HashSet<&str> {
    let sets = published.values().flat_map(|op| [&op.classic, &op.granular, &op.security_only]);
    sets.flatten().flatten().map(String::as_str).collect()
}

#[test]
fn l12_dead_scopes_open_nothing_and_their_replacements_do() {
    let Some(published) = published() else { return };
    let alive = published_scopes(&published);
    for dead in &DEAD_SCOPES {
        assert!(!alive.contains(dead.scope), "{} opens something", dead.scope);
        assert!(alive.contains(dead.replacement), "{}", dead.replacement);
    }
}

#[test]
fn l12_every_scope_of_the_guides_opens_something_or_is_known_to_be_dead() {
    let Some(published) = published() else { return };
    let alive = published_scopes(&published);
    for scope in GUIDES.iter().flat_map(|guide| guide.scopes) {
        let by_itself = ["read:me", "report:personal-data"].contains(scope);
        assert!(by_itself || alive.contains(scope) || dead_scope(scope).is_some(), "{scope}");
    }
}

/// What a scope of a guide is for, and what only it opens there.
#[test]
fn l12_each_scope_of_the_guides_taken_away_alone_closes_something_unless_it_is_dead() {
    for guide in GUIDES {
        let open = |scopes: &ScopeSet| -> BTreeSet<(&str, usize)> {
            let way = |resource: &'static Resource| {
                let place = |way: &Way| missing_from(way, scopes);
                resource.ways.iter().position(|way| !place(way)).map(|place| (resource.kind, place))
            };
            Resource::all().filter_map(way).collect()
        };
        let all: ScopeSet = guide.scopes.iter().copied().collect();
        let mut idle = Vec::new();
        for scope in guide.scopes {
            let rest: ScopeSet = guide.scopes.iter().copied().filter(|other| other != scope).collect();
            if open(&all) == open(&rest) {
                idle.push(*scope);
            }
        }
        insta::assert_json_snapshot!(format!("idle_scopes_of_{}", guide.name), idle);
    }
}

fn missing_from(way: &Way, scopes: &ScopeSet) -> bool {
    way.calls.iter().any(|call| missing_scopes(call, scopes).is_some())
}
