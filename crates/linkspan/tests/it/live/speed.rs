//! From an edit in Jira to the record that is served and the webhook that arrives, under load. Figures are printed; the ceilings
//! are wide, because a loaded machine gives other ones (`docs/performance.md`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use linkspan_sandbox::Options;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::Told;
use crate::link::tiny_world;
use crate::support::receiving;

/// Edits a second.
const RATE: u64 = 20;

/// When the summaries of tickets first arrived.
type Arrived = Arc<Mutex<HashMap<String, Instant>>>;

async fn receive(State(arrived): State<Arrived>, body: Bytes) {
    let now = Instant::now();
    let body: Value = serde_json::from_slice(&body).unwrap();
    if let Some(name) = body["data"]["record"]["name"].as_str() {
        arrived.lock().unwrap().entry(name.to_owned()).or_insert(now);
    }
}

fn middle(times: &mut [Duration]) -> (Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 95 / 100])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_is_served_and_told_soon_and_costs_little_more_than_a_point() {
    let seconds = if std::env::var_os("LINKSPAN_LONG").is_some() { 60 } else { 10 };
    let world = Options { projects: 3, issues: 300, ..tiny_world() };
    let told = Told::with(world, &["--sync-every", "3600", "--allow-webhook-network", "127.0.0.1/32"]).await;
    let arrived = Arrived::default();
    let (url, _serving) = receiving(Router::new().fallback(receive).with_state(Arc::clone(&arrived))).await;
    let endpoint = json!({ "url": url, "events": ["ticket.updated"] });
    let (status, made) = told.linking.api(Method::POST, "/v1/webhook-endpoints", None, Some(&endpoint)).await;
    assert!((200..300).contains(&status), "{made}");

    let issues = told.oracle().await;
    let told = Arc::new(told);
    told.until("it is quiet", async || told.live().await["waiting"] == 0).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = told.points().await;
    let mut edits = JoinSet::new();
    let mut ticks = tokio::time::interval(Duration::from_millis(1_000 / RATE));
    for number in 0..RATE * seconds {
        ticks.tick().await;
        let (told, issue) =
            (Arc::clone(&told), issues[usize::try_from(number).unwrap() % issues.len()].clone());
        edits.spawn(async move {
            let name = format!("Edit {number}");
            told.rename(&issue, &name).await;
            // The edit has happened when upstream has answered.
            let edited = Instant::now();
            // A tenth of the edits is watched on the API too, so that watching is not the load.
            let mut served = None;
            while number % 10 == 0 && served.is_none() {
                assert!(edited.elapsed() < super::PATIENCE, "{name} is not served");
                if told.ticket(&issue).await.is_some_and(|it| it["name"] == *name) {
                    served = Some(edited.elapsed());
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            (name, edited, served)
        });
    }
    let edits = edits.join_all().await;
    told.until("every edit was told", async || {
        let arrived = arrived.lock().unwrap();
        edits.iter().all(|(name, ..)| arrived.contains_key(name))
    })
    .await;
    let spent = told.points().await - before;
    let mut served: Vec<Duration> = edits.iter().filter_map(|(.., served)| *served).collect();
    let arrived = arrived.lock().unwrap();
    let mut hooked: Vec<Duration> =
        edits.iter().map(|(name, edited, _)| arrived[name].saturating_duration_since(*edited)).collect();
    let (served_middle, served_high) = middle(&mut served);
    let (hooked_middle, hooked_high) = middle(&mut hooked);
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let points = spent as f64 / edits.len() as f64;
    println!(
        "{} edits: served after {served_middle:?} (p95 {served_high:?}), webhook after {hooked_middle:?} (p95 \
         {hooked_high:?}), {points:.2} points an edit",
        edits.len()
    );
    assert!(hooked_middle < Duration::from_secs(2), "{hooked_middle:?}");
    assert!(points < 2.0, "{points}");
}
