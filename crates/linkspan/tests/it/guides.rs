//! Reading with exactly the scopes of the two set-up guides, with each of them taken away, and with the lists that
//! `linkspan scopes` proposes.

use std::collections::{BTreeMap, BTreeSet};

use linkspan_atlassian::calls::{Feature, GUIDE_M, GUIDE_U, Guide, ScopeFamily, ScopeSet, smallest_scopes};
use linkspan_atlassian::client::{ClientLimits, Endpoints, Upstream as Atlassian};
use linkspan_atlassian::resources::{GapExtent, Per, Reading, Resource, open_way};
use linkspan_engine::{Engine, Settings, SourceGaps, Vendor};
use linkspan_model::clock::Clock;
use linkspan_model::entropy::Entropy;
use linkspan_model::product::Product;
use linkspan_model::secret::Secret;
use linkspan_store::{DatabaseUrl, Store};
use linkspan_vault::KeyRing;
use serde_json::json;
use url::Url;

use crate::support::Upstream;

/// A world with something of everything, that is read in a moment.
fn world() -> linkspan_sandbox::Options {
    linkspan_sandbox::Options {
        projects: 4,
        issues: 120,
        spaces: 3,
        pages: 120,
        users: 14,
        groups: 4,
        ..linkspan_sandbox::Options::default()
    }
}

/// What one reading of a product left behind.
struct Read {
    /// How many raws there are of each kind.
    kinds: BTreeMap<&'static str, u64>,
    gaps: SourceGaps,
    failed: Vec<(&'static str, String)>,
    /// Kinds that upstream refused although the scopes were there.
    refused: Vec<String>,
}

impl Read {
    fn count(&self, kind: &str) -> u64 {
        self.kinds.get(kind).copied().unwrap_or(0)
    }
}

/// Reads a product of the sandbox's first site with a grant of exactly these scopes, and `offline_access`.
async fn read_with(upstream: &Upstream, scopes: &ScopeSet, product: Product) -> Read {
    let data = tempfile::tempdir().unwrap();
    let clock = Clock::system();
    let entropy = Entropy::seeded(3);
    let endpoints = Endpoints::single_origin(&Url::parse(upstream.text("/origin")).unwrap()).unwrap();
    crate::support::http();
    let atlassian = Atlassian::new(endpoints, ClientLimits::default(), clock.clone()).unwrap();
    let store = Store::open(&DatabaseUrl::sqlite(data.path().join("linkspan.db"))).await.unwrap();
    let settings = Settings {
        vendor: Vendor { name: "Acme".to_owned(), public_url: Url::parse("http://127.0.0.1:8080").unwrap() },
        sync_every: std::time::Duration::from_hours(1),
        index_lag: linkspan_engine::sync::INDEX_LAG,
        parallel_lists: 4,
        features: Feature::usual(),
        census: linkspan_engine::CensusSettings::default(),
        custom_content_types: vec!["ac:com.example.docs:note".to_owned()],
        identity_redirects: Vec::new(),
        webhook_networks: Vec::new(),
        points_quota: linkspan_engine::quota::PointsQuota::UntilTold,
        files: linkspan_engine::files::FileSettings::default(),
    };
    let ring = KeyRing::generate(&entropy);
    let engine = Engine::open(store.clone(), atlassian, ring, clock, entropy, settings).await.unwrap();
    let secret = Secret::new(upstream.text("/client_secret"));
    let app = engine
        .register_app(
            upstream.text("/client_id"),
            &secret,
            upstream.text("/redirect_uri"),
            "Acme",
            scopes.iter().map(str::to_owned).collect(),
        )
        .await
        .unwrap();
    let order = json!({
        "account_id": upstream.text("/users/0/account_id"),
        "scopes": format!("{} offline_access", scopes.joined()),
    });
    let issued = upstream.control.post("token", &order).await;
    let token = Secret::new(issued["refresh_token"].as_str().unwrap());
    let source =
        engine.adopt_grant(app, Some(&token), upstream.text("/sites/0/cloud_id"), product).await.unwrap();
    let report = engine.sync_source(source).await.unwrap();
    let mut kinds = BTreeMap::new();
    for resource in Resource::all().filter(|resource| resource.product() == product) {
        kinds.insert(resource.kind, store.count_raws(source, resource.kind).await.unwrap().0);
    }
    let streams = engine.source_streams(source).await.unwrap();
    let refused = streams
        .into_iter()
        .filter(|stream| stream.progress.phase == "refused")
        .map(|stream| format!("{}: {}", stream.stream, stream.progress.last_error.unwrap_or_default()))
        .collect();
    let gaps = engine.source_gaps(source).await.unwrap().unwrap();
    engine.shut_down(std::time::Duration::from_secs(5)).await;
    Read { kinds, gaps, failed: report.failed, refused }
}

/// What syncs read of a product.
fn synced(product: Product) -> impl Iterator<Item = &'static Resource> {
    Resource::all().filter(move |resource| {
        resource.product() == product
            && matches!(resource.reading, Reading::Stream(_) | Reading::Listed(_))
            && Feature::usual().contains(&resource.feature)
    })
}

/// Which way these scopes open to a resource and to each of what it hangs on, one after the other; `None` where they
/// open none.
fn places_of(resource: &'static Resource, scopes: &ScopeSet) -> Option<Vec<usize>> {
    let open = open_way(resource, scopes)?;
    let mut places = vec![resource.ways.iter().position(|way| std::ptr::eq(way, open))?];
    if let Some(Per::Each { kind, .. }) = resource.listing().map(|listing| listing.per) {
        places.extend(places_of(Resource::of_kind(kind)?, scopes)?);
    }
    Some(places)
}

fn scopes_of(guide: &Guide) -> ScopeSet {
    guide.scopes.iter().copied().collect()
}

fn everything() -> ScopeSet {
    smallest_scopes(&[Product::Jira, Product::Confluence], &Feature::usual(), ScopeFamily::Classic).set()
}

/// The kinds of which a lesser way brings fewer, or whose items are told by what another way brings.
fn is_whole(resource: &'static Resource, scopes: &ScopeSet) -> bool {
    open_way(resource, scopes).is_some_and(|way| way.lacks.is_none())
}

async fn a_guide_reads_what_it_opens(guide: &Guide, product: Product) {
    let upstream = Upstream::start(world()).await;
    let full = read_with(&upstream, &everything(), product).await;
    let scopes = scopes_of(guide);
    let read = read_with(&upstream, &scopes, product).await;
    assert_eq!(read.failed, [], "{}", guide.name);
    for resource in synced(product) {
        let (wanted, found) = (full.count(resource.kind), read.count(resource.kind));
        let gap = read.gaps.gaps.iter().find(|gap| gap.kind == resource.kind);
        match places_of(resource, &scopes) {
            None => {
                assert_eq!(found, 0, "{}: {} is closed", guide.name, resource.kind);
                let gap = gap.unwrap_or_else(|| panic!("{} is no gap", resource.kind));
                assert_eq!(gap.extent, GapExtent::Closed, "{}", resource.kind);
                assert!(!gap.missing.is_empty(), "{}", resource.kind);
            }
            Some(_) if is_whole(resource, &scopes) => {
                assert_eq!(found, wanted, "{}: {} is open", guide.name, resource.kind);
                assert_eq!(gap, None, "{}", resource.kind);
            }
            Some(_) => {
                let gap = gap.unwrap_or_else(|| panic!("{} is no gap", resource.kind));
                assert!(matches!(gap.extent, GapExtent::Partial(_)), "{}", resource.kind);
                assert!(!gap.missing.is_empty(), "{}", resource.kind);
                assert!(found <= wanted, "{}: {}", guide.name, resource.kind);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l12_guide_u_reads_all_of_jira_that_it_opens_and_names_every_gap() {
    a_guide_reads_what_it_opens(&GUIDE_U, Product::Jira).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l12_guide_m_reads_all_of_jira_that_it_opens_and_names_every_gap() {
    a_guide_reads_what_it_opens(&GUIDE_M, Product::Jira).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l12_guide_u_reads_all_of_confluence_that_it_opens_and_names_every_gap() {
    a_guide_reads_what_it_opens(&GUIDE_U, Product::Confluence).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l12_guide_m_reads_all_of_confluence_that_it_opens_and_names_every_gap() {
    a_guide_reads_what_it_opens(&GUIDE_M, Product::Confluence).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l12_with_the_proposed_lists_there_is_no_gap_and_nothing_is_empty() {
    let upstream = Upstream::start(world()).await;
    for product in [Product::Jira, Product::Confluence] {
        let mut counts: Option<BTreeMap<&'static str, u64>> = None;
        for family in ScopeFamily::ALL {
            let scopes = smallest_scopes(&[product], &Feature::usual(), family).set();
            let read = read_with(&upstream, &scopes, product).await;
            assert_eq!(read.failed, [], "{product} {family:?}");
            assert_eq!(read.gaps.gaps, [], "{product} {family:?}");
            assert_eq!(read.refused, Vec::<String>::new(), "{product} {family:?}");
            let empty: BTreeSet<&str> =
                synced(product).map(|resource| resource.kind).filter(|kind| read.count(kind) == 0).collect();
            insta::assert_json_snapshot!(format!("kinds_without_content_in_{product}"), empty);
            let first = counts.get_or_insert_with(|| read.kinds.clone());
            assert_eq!(*first, read.kinds, "{product}: every family reads the same");
        }
    }
}

/// Takes away each scope of a guide that belongs to a product, and sees only what it alone opened stop. `part` of
/// `parts`, so that tests share the work.
async fn each_scope_closes_its_own(guide: &Guide, product: Product, part: usize, parts: usize) {
    let upstream = Upstream::start(world()).await;
    let all = scopes_of(guide);
    let before = read_with(&upstream, &all, product).await;
    let of_product = |scope: &&&str| {
        let is_confluence = scope.contains("confluence");
        scope.matches(':').count() > 0 && is_confluence == (product == Product::Confluence)
    };
    for scope in guide.scopes.iter().filter(of_product).skip(part).step_by(parts) {
        let rest: ScopeSet = guide.scopes.iter().copied().filter(|other| other != scope).collect();
        let after = read_with(&upstream, &rest, product).await;
        assert_eq!(after.failed, [], "without {scope}");
        for resource in synced(product) {
            let (was, is) = (before.count(resource.kind), after.count(resource.kind));
            match (places_of(resource, &all), places_of(resource, &rest)) {
                (same, other) if same == other => {
                    // Who is met in content alone is met in less of it.
                    let is_met = resource.kind == "confluence.user" && !is_whole(resource, &rest);
                    assert!(was == is || (is_met && is < was), "{} changed without {scope}", resource.kind);
                }
                (_, None) => {
                    assert_eq!(is, 0, "{} went on without {scope}", resource.kind);
                    let gap = after.gaps.gaps.iter().find(|gap| gap.kind == resource.kind).unwrap();
                    assert!(!gap.missing.is_empty(), "{}", resource.kind);
                }
                (_, Some(_)) => assert!(is <= was, "{} grew without {scope}", resource.kind),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l12_each_first_scope_of_guide_u_closes_only_its_own_in_jira() {
    each_scope_closes_its_own(&GUIDE_U, Product::Jira, 0, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l12_each_second_scope_of_guide_u_closes_only_its_own_in_jira() {
    each_scope_closes_its_own(&GUIDE_U, Product::Jira, 1, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l12_each_scope_of_guide_m_closes_only_its_own_in_jira() {
    each_scope_closes_its_own(&GUIDE_M, Product::Jira, 0, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l12_each_scope_of_guide_u_closes_only_its_own_in_confluence() {
    each_scope_closes_its_own(&GUIDE_U, Product::Confluence, 0, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l12_each_scope_of_guide_m_closes_only_its_own_in_confluence() {
    each_scope_closes_its_own(&GUIDE_M, Product::Confluence, 0, 1).await;
}
