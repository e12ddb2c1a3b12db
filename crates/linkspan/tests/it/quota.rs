//! Limits and their fair use, against the sandbox.

#![expect(clippy::disallowed_methods, reason = "a test awaits what it spawns")]

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use linkspan_atlassian::client::ClientLimits;
use linkspan_engine::Estimate;
use linkspan_engine::quota::{KnownFrom, QuotaStatus};
use linkspan_engine::read::RawQuery;
use linkspan_model::ids::SourceId;
use linkspan_model::product::{Integration, Product};
use linkspan_sandbox::Options;
use serde_json::json;

use crate::personal_data::{Consent, Privacy};
use crate::support::small_world;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

async fn source_of(privacy: &Privacy, product: Product) -> SourceId {
    let sources = privacy.store.sources().await.unwrap();
    sources.into_iter().find(|source| source.product == product).unwrap().id
}

async fn status_of(privacy: &Privacy, product: Product) -> QuotaStatus {
    let statuses = privacy.engine.quota().await.unwrap();
    statuses.into_iter().find(|status| status.product == product).unwrap()
}

/// Times that the sandbox refused for its limits.
async fn refusals(privacy: &Privacy) -> u64 {
    let stats = privacy.upstream.control.get("stats").await;
    let operations = stats["requests_by_operation"].as_object().unwrap();
    operations.values().filter_map(|statuses| statuses["429"].as_u64()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_a_spent_quota_stops_one_product_and_nothing_else_until_the_hour_turns() {
    let privacy = Privacy::start(small_world()).await;
    privacy.link("acme", "it@acme.example", Integration::Jira).await;
    privacy.link("acme", "it@acme.example", Integration::Confluence).await;
    let (jira, confluence) =
        (source_of(&privacy, Product::Jira).await, source_of(&privacy, Product::Confluence).await);
    let spent =
        json!({ "kind": "rate_limit", "reason": "jira-quota-global-based", "path": "/rest/*", "count": 1 });
    privacy.fault(spent).await;
    let engine = privacy.engine.clone();
    let reading = tokio::spawn(async move { engine.sync_source(jira).await });
    let waits = async || status_of(&privacy, Product::Jira).await.closed_until.is_some();
    let began = Instant::now();
    while !waits().await {
        assert!(began.elapsed() < Duration::from_secs(20), "it learns of the closed quota");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(privacy.engine.sync_source(confluence).await.unwrap().failed.is_empty());
    assert!(!reading.is_finished());
    privacy.pass(MINUTE * 61).await;
    assert!(reading.await.unwrap().unwrap().failed.is_empty());
    assert_eq!(refusals(&privacy).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_a_burst_limit_slows_its_operation_alone() {
    let privacy = Privacy::start(small_world()).await;
    privacy.link("acme", "it@acme.example", Integration::Jira).await;
    privacy.read_all().await;
    let jira = source_of(&privacy, Product::Jira).await;
    let issue = privacy.store.list_raws(jira, "jira.issue", None, 1).await.unwrap().remove(0).remote_id;
    let burst = json!({ "kind": "rate_limit", "reason": "jira-burst-based", "retry_after": "60",
        "path": "/rest/api/3/issue/*/votes", "count": 1 });
    privacy.fault(burst).await;
    let query = RawQuery { owner: Some(issue), limit: 1, ..RawQuery::default() };
    let engine = privacy.engine.clone();
    let held = query.clone();
    let slow = tokio::spawn(async move { engine.raws(jira, "jira.vote", &held).await.map(drop) });
    let began = Instant::now();
    while status_of(&privacy, Product::Jira).await.waiting.of(linkspan_engine::quota::Lane::Live) == &0 {
        assert!(began.elapsed() < Duration::from_secs(20), "it waits");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for _ in 0..20 {
        privacy.engine.raws(jira, "jira.watcher", &query).await.unwrap();
    }
    assert!(!slow.is_finished(), "the clock stands still");
    privacy.pass(MINUTE * 2).await;
    slow.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn r3_a_first_reading_beyond_its_points_waits_for_them_and_leaves_some_to_who_is_waiting() {
    let world = Options { issues: 600, points_quota: 1_000, ..small_world() };
    let privacy = Privacy::start(world).await;
    privacy.upstream.control.post("settings", &json!({ "limits": { "burst": false } })).await;
    privacy.link("acme", "it@acme.example", Integration::Jira).await;
    let jira = source_of(&privacy, Product::Jira).await;
    let engine = privacy.engine.clone();
    let reading = tokio::spawn(async move { engine.sync_source(jira).await });
    let (mut asked, mut longest) = (0, Duration::ZERO);
    let began = Instant::now();
    while !reading.is_finished() {
        assert!(began.elapsed() < Duration::from_mins(2), "{:?}", status_of(&privacy, Product::Jira).await);
        privacy.pass(MINUTE * 2).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        let Some(issue) = privacy.store.list_raws(jira, "jira.issue", None, 1).await.unwrap().pop() else {
            continue;
        };
        let query = RawQuery { owner: Some(issue.remote_id), limit: 1, ..RawQuery::default() };
        let asks = Instant::now();
        privacy.engine.raws(jira, "jira.vote", &query).await.unwrap();
        longest = longest.max(asks.elapsed());
        asked += 1;
    }
    let report = reading.await.unwrap().unwrap();
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    assert!(report.points > 1_000, "{}", report.points);
    assert_eq!(refusals(&privacy).await, 0, "the quota is never gone beyond");
    assert!(asked > 3 && longest < Duration::from_secs(5), "{asked} answers, the last after {longest:?}");
    let status = status_of(&privacy, Product::Jira).await;
    assert_eq!((status.quota, status.known_from), (Some(1_000), KnownFrom::Headers));
    assert_eq!((status.write_reserve, status.live_reserve), (Some(50), Some(150)));
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_a_quota_that_is_only_announced_is_shown_and_not_obeyed() {
    let privacy = Privacy::start(Options { points_quota: 100, ..small_world() }).await;
    let settings = json!({ "limits": { "headers": "beta", "burst": false } });
    privacy.upstream.control.post("settings", &settings).await;
    privacy.link("acme", "it@acme.example", Integration::Jira).await;
    privacy.read_all().await;
    let status = status_of(&privacy, Product::Jira).await;
    assert_eq!((status.quota, status.known_from), (None, KnownFrom::Nothing));
    let beta = status.beta.expect("it is shown");
    assert_eq!((beta.policy.as_str(), beta.quota, beta.left), ("global-app-quota", Some(100), Some(0)));
    assert_eq!(status.spenders.len(), 1);
    assert_eq!(status.spenders[0].points, status.spent);
}

#[tokio::test(flavor = "multi_thread")]
async fn r4_the_estimate_is_within_thirty_percent_after_five() {
    let world = Options { issues: 1_500, latency_ms: 2, ..small_world() };
    let privacy = Privacy::start(world).await;
    privacy.link("acme", "it@acme.example", Integration::Jira).await;
    let jira = source_of(&privacy, Product::Jira).await;
    let board = privacy.engine.progress().clone();
    let watching = tokio::spawn(async move {
        let mut changes = board.subscribe();
        let mut seen: Vec<Estimate> = Vec::new();
        while let Ok(Ok(())) = tokio::time::timeout(Duration::from_secs(30), changes.changed()).await {
            match board.estimate_of(jira) {
                Some(estimate) if seen.last() != Some(&estimate) => seen.push(estimate),
                None if !seen.is_empty() => break,
                _ => {}
            }
        }
        seen
    });
    assert!(privacy.engine.sync_source(jira).await.unwrap().failed.is_empty());
    let seen = watching.await.unwrap();
    let last = seen.last().expect("there were estimates");
    assert_eq!(last.items_expected, 1_500);
    let whole = |estimate: &Estimate| estimate.points_spent + estimate.points_needed;
    let truth = whole(last);
    let early = seen.iter().filter(|estimate| estimate.items_done * 20 >= estimate.items_expected);
    for estimate in early {
        let error = whole(estimate).abs_diff(truth) * 100 / truth;
        assert!(error <= 30, "{estimate:?} beside {truth}");
    }
    assert!(seen.iter().any(|estimate| estimate.items_done < 1_000), "some came early");
}

/// Bytes of one answer that the client takes in these tests: a usual page of issues is larger.
const BODY_CAP: u64 = 300 << 10;

/// Sends something to the sandbox as its administrator.
async fn write(
    privacy: &Privacy,
    method: reqwest::Method,
    path: &str,
    body: &serde_json::Value,
) -> serde_json::Value {
    let upstream = &privacy.upstream;
    let order = json!({ "account_id": upstream.text("/users/0/account_id") });
    let token = upstream.control.post("token", &order).await["access_token"].as_str().unwrap().to_owned();
    let product = if path.starts_with("/wiki") { "confluence" } else { "jira" };
    let (origin, site) = (upstream.text("/origin"), upstream.text("/sites/0/cloud_id"));
    let url = format!("{origin}/ex/{product}/{site}{path}");
    let response =
        crate::support::http().request(method, url).bearer_auth(token).json(body).send().await.unwrap();
    let (status, text) = (response.status(), response.text().await.unwrap());
    assert!(status.is_success(), "{path}: {status} {text}");
    serde_json::from_str(&text).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn s9_one_issue_that_is_too_heavy_is_stored_in_part_and_all_others_whole() {
    let limits = ClientLimits { body_cap: BODY_CAP, ..ClientLimits::default() };
    let privacy = Privacy::start_with(small_world(), Consent::Classic, limits).await;
    privacy.link("acme", "it@acme.example", Integration::Jira).await;
    let found = write(
        &privacy,
        reqwest::Method::POST,
        "/rest/api/3/search/jql",
        &json!({ "jql": "created >= 0 order by created asc", "maxResults": 80, "fields": ["created"] }),
    )
    .await;
    let heavy = found["issues"][70]["id"].as_str().unwrap().to_owned();
    let words = "heavy ".repeat(5_000);
    let paragraph = json!({ "type": "paragraph", "content": [{ "type": "text", "text": words }] });
    let comment = json!({ "body": { "type": "doc", "version": 1, "content": [paragraph] } });
    for _ in 0..14 {
        let path = format!("/rest/api/3/issue/{heavy}/comment");
        write(&privacy, reqwest::Method::POST, &path, &comment).await;
    }
    let jira = source_of(&privacy, Product::Jira).await;
    for _ in 0..2 {
        // The second reading meets it among what changed.
        let report = privacy.engine.sync_source(jira).await.unwrap();
        assert!(report.failed.is_empty(), "{:?}", report.failed);
        let stored = privacy.store.list_raws(jira, "jira.issue", None, 1_000).await.unwrap();
        assert_eq!(stored.len(), 150);
        let marked: Vec<_> = stored.iter().filter(|raw| raw.problem.is_some()).collect();
        assert_eq!(marked.len(), 1);
        assert_eq!(marked[0].remote_id, heavy);
        assert!(marked[0].problem.as_ref().unwrap().contains("short fields"), "{:?}", marked[0].problem);
        privacy.pass(MINUTE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s9_one_page_that_is_too_heavy_is_stored_without_its_body_and_all_others_whole() {
    let limits = ClientLimits { body_cap: BODY_CAP, ..ClientLimits::default() };
    let privacy = Privacy::start_with(small_world(), Consent::Classic, limits).await;
    privacy.link("acme", "it@acme.example", Integration::Confluence).await;
    let found = write(
        &privacy,
        reqwest::Method::GET,
        "/wiki/api/v2/pages?limit=250&status=current&status=archived&sort=id",
        &json!({}),
    )
    .await;
    let pages = found["results"].as_array().unwrap().len();
    let (id, title) = (found["results"][30]["id"].clone(), found["results"][30]["title"].clone());
    let number = found["results"][30]["version"]["number"].as_i64().unwrap() + 1;
    let value = format!("<p>{}</p>", "heavy ".repeat(70_000));
    let body = json!({ "id": id, "status": "current", "title": title, "version": { "number": number },
        "body": { "representation": "storage", "value": value } });
    let path = format!("/wiki/api/v2/pages/{}", id.as_str().unwrap());
    write(&privacy, reqwest::Method::PUT, &path, &body).await;
    let confluence = source_of(&privacy, Product::Confluence).await;
    for _ in 0..2 {
        let report = privacy.engine.sync_source(confluence).await.unwrap();
        assert!(report.failed.is_empty(), "{:?}", report.failed);
        let stored = privacy.store.list_raws(confluence, "confluence.page", None, 1_000).await.unwrap();
        let marked: Vec<_> = stored.iter().filter(|raw| is_in_part(raw.problem.as_deref())).collect();
        assert_eq!(
            marked.iter().map(|raw| raw.remote_id.as_str()).collect::<Vec<_>>(),
            [id.as_str().unwrap()]
        );
        assert_eq!(stored.len(), pages);
        privacy.pass(MINUTE).await;
    }
}

/// Whether a raw row says that upstream could not answer the thing whole; other problems have other words.
fn is_in_part(problem: Option<&str>) -> bool {
    problem.is_some_and(|problem| problem.starts_with("upstream cannot answer it whole"))
}
