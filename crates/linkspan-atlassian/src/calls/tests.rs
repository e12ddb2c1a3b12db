use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use serde::Deserialize;

use super::*;

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
            Paging::NextLink(_) => "cursor(_links.next)",
            Paging::Start(_) => "start/limit",
            Paging::Offset(_) => "offset/limit",
            Paging::Since => "since/nextPage",
        };
        assert_eq!(style, paging.style, "{}", call.name);
        let size = call.paging.size();
        assert_eq!(size.map(|size| size.param), paging.size_param.as_deref(), "{}", call.name);
        assert_eq!(size.map(|size| size.default), paging.default, "{}", call.name);
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
        for product in [Product::Jira, Product::Confluence] {
            for call in feature.calls(product) {
                assert!(all.contains(call.name), "{} is missing from the table", call.name);
                assert_eq!(call.product, product, "{}", call.name);
                assert_eq!(call.owner, feature, "{}", call.name);
            }
        }
        assert_eq!(feature.as_str().parse(), Ok(feature));
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

#[test]
fn l12_the_smallest_lists_open_every_call_of_the_features_and_hold_nothing_else() {
    for features in Feature::ALL.iter().map(std::slice::from_ref).chain([&Feature::ALL[..], &Feature::SYNC]) {
        let lists = smallest_scopes(&[Product::Jira, Product::Confluence], features);
        for list in [&lists.classic, &lists.granular] {
            let set = list.set();
            assert!(set.contains("offline_access") && set.contains("read:me"));
            let mut needed: BTreeSet<&str> = BTreeSet::from(["offline_access", "read:me"]);
            for call in features.iter().flat_map(|feature| {
                feature.calls(Product::Jira).iter().chain(feature.calls(Product::Confluence))
            }) {
                assert_eq!(missing_scopes(call, &set), None, "{} is not opened", call.name);
                needed.extend(call.classic.iter().chain(call.granular).copied().flatten());
            }
            assert!(set.iter().all(|scope| needed.contains(scope)));
            assert!(list.scopes.iter().all(|need| !need.calls.is_empty()));
        }
    }
}

#[test]
fn the_classic_list_of_a_sync_is_short() {
    let lists = smallest_scopes(&[Product::Jira, Product::Confluence], &Feature::SYNC);
    assert!(!lists.classic.is_too_long());
    insta::assert_snapshot!(lists.classic.set().joined().replace(' ', "\n"));
}

#[test]
fn no_scope_of_a_list_can_be_left_out() {
    let products = [Product::Jira, Product::Confluence];
    for features in [&Feature::SYNC[..], &Feature::ALL[..]] {
        let lists = smallest_scopes(&products, features);
        for list in [&lists.classic, &lists.granular] {
            let chosen: Vec<&str> = list.scopes.iter().map(|need| need.scope).collect();
            let needed = chosen.iter().filter(|scope| !["offline_access", "read:me"].contains(scope));
            for scope in needed {
                let rest = ScopeSet::parse(
                    &chosen.iter().copied().filter(|other| other != scope).collect::<Vec<_>>().join(" "),
                );
                let calls = products
                    .iter()
                    .flat_map(|product| features.iter().flat_map(|feature| feature.calls(*product)));
                let is_missed = calls.into_iter().any(|call| missing_scopes(call, &rest).is_some());
                assert!(is_missed, "{:?}: {scope}", list.family);
            }
        }
    }
}

#[test]
fn a_list_of_more_than_fifty_scopes_is_too_long() {
    let everything = smallest_scopes(&[Product::Jira, Product::Confluence], &Feature::ALL);
    assert!(everything.granular.is_too_long(), "{} scopes", everything.granular.scopes.len());
    let mut list = everything.granular;
    list.scopes.truncate(SCOPE_WARNING);
    assert!(!list.is_too_long());
}
