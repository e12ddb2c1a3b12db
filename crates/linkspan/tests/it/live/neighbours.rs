//! Many small accounts beside one with more issues than the app has points in an hour. Figures are printed; the ceilings are
//! wide, because a loaded machine gives other ones (`docs/performance.md`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use linkspan_sandbox::Options;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{PATIENCE, text_of};
use crate::link::{Linked, Linking, tiny_world};
use crate::support::http;

/// Edits a second, over all small accounts.
const RATE: u32 = 5;

/// A small account: its link, its site, and its issues.
struct Small {
    account: Linked,
    cloud_id: String,
    issues: Vec<String>,
}

async fn tickets(linking: &Linking, account: &Linked, query: &str) -> Vec<Value> {
    let page = linking.get(&format!("/api/ticketing/v1/tickets?{query}"), Some(account)).await.1;
    page["results"].as_array().unwrap().clone()
}

async fn small(linking: &Linking, number: usize) -> Small {
    let account = linking.link_site(&format!("small{number}"), "jira", number).await;
    linking.settled(&account).await;
    let issues = tickets(linking, &account, "page_size=100").await;
    let issues = issues.iter().map(|ticket| text_of(&ticket["remote_id"])).collect();
    Small { account, cloud_id: linking.site(number).to_owned(), issues }
}

/// Edits an issue as a person in a browser would.
async fn rename(linking: &Linking, cloud_id: &str, issue: &str, name: &str) {
    let upstream = &linking.upstream;
    let request = http()
        .put(format!("{}/s/{cloud_id}/rest/api/3/issue/{issue}", upstream.text("/origin")))
        .basic_auth(upstream.text("/users/0/email"), Some(upstream.text("/users/0/api_token")))
        .json(&json!({ "fields": { "summary": name } }));
    assert_eq!(request.send().await.unwrap().status(), 204);
}

/// Edits issues of the small accounts by turns; gives how long each took to be served.
async fn freshness(linking: &Arc<Linking>, small: &Arc<Vec<Small>>, edits: u32, word: &str) -> Vec<Duration> {
    let mut watched = JoinSet::new();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / RATE);
    for number in 0..edits {
        ticks.tick().await;
        let (linking, small, name) = (Arc::clone(linking), Arc::clone(small), format!("{word} {number}"));
        watched.spawn(async move {
            let number = number as usize;
            let Small { account, cloud_id, issues } = &small[number % small.len()];
            let issue = &issues[number / small.len() % issues.len()];
            rename(&linking, cloud_id, issue, &name).await;
            let edited = Instant::now();
            while tickets(&linking, account, &format!("remote_id={issue}")).await[0]["name"] != *name {
                assert!(edited.elapsed() < PATIENCE, "{name} is not served");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            edited.elapsed()
        });
    }
    let mut taken = watched.join_all().await;
    taken.sort_unstable();
    taken
}

fn at(taken: &[Duration], hundredth: usize) -> Duration {
    taken[(taken.len() * hundredth / 100).min(taken.len() - 1)]
}

#[tokio::test(flavor = "multi_thread")]
async fn r3_small_accounts_are_as_fresh_beside_a_giant_as_alone() {
    let is_long = std::env::var_os("LINKSPAN_LONG").is_some();
    let (sites, issues, edits) = if is_long { (50, 70_000, 300) } else { (6, 20_000, 60) };
    let world = Options { sites, issues, points_quota: 65_000, ..tiny_world() };
    let linking = Arc::new(Linking::with(world, &["--points-quota-per-hour", "65000"]).await);
    let mut every = Vec::new();
    for number in 1..sites as usize {
        every.push(small(&linking, number).await);
    }
    let every = Arc::new(every);
    // The first edits find nothing warm.
    freshness(&linking, &every, edits / 5, "Warm").await;
    let alone = freshness(&linking, &every, edits, "Alone").await;

    let giant = linking.link_site("giant", "jira", 0).await;
    let began = Instant::now();
    while tickets(&linking, &giant, "page_size=1").await.is_empty() {
        assert!(began.elapsed() < PATIENCE, "the giant is not read");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let beside = freshness(&linking, &every, edits, "Beside").await;
    let status = linking.get("/api/ticketing/v1/sync-status?page_size=100", Some(&giant)).await.1;
    println!("{} small accounts, {edits} edits each time:", every.len());
    for (name, taken) in [("alone", &alone), ("beside a giant", &beside)] {
        println!("{name}: served after {:?} (p95 {:?})", at(taken, 50), at(taken, 95));
    }
    let is_reading = |model: &Value| model["is_initial_sync"] == true;
    assert!(status["results"].as_array().unwrap().iter().any(is_reading), "the giant was read too soon");
    let (alone, beside) = (at(&alone, 50), at(&beside, 50));
    assert!(beside < alone * 3, "{beside:?} instead of {alone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn r3_accounts_that_wait_for_points_take_no_place_from_others() {
    let world = Options { sites: 7, ..tiny_world() };
    // Too few points to read one of them in an hour.
    let linking = Linking::with(world, &["--points-quota-per-hour", "40"]).await;
    for number in 0..7 {
        linking.link_site(&format!("waits{number}"), "jira", number).await;
    }
    // Each of them has begun, and waits with the call that it makes then: more than are read at a time.
    let began = Instant::now();
    loop {
        let quotas = linking.get("/v1/quota", None).await.1;
        let of_jira = quotas["results"].as_array().unwrap().iter().find(|quota| quota["product"] == "jira");
        let waiting = of_jira.map_or(0, |quota| {
            quota["waiting"].as_object().unwrap().values().filter_map(Value::as_u64).sum::<u64>()
        });
        if waiting == 7 {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{quotas}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
