//! Kills between an edit in Jira and the webhook that tells of it: while hints are taken in, while issues are read, while
//! deliveries go out, and while the server starts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use linkspan_sandbox::Options;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::Method;
use serde_json::{Value, json};

use super::Told;
use crate::killed::{KILLS, rounds};
use crate::link::{Linking, tiny_world};
use crate::support::receiving;

/// A delivery that was under way when the server was killed is sent again when its lease of a minute ends.
const PATIENCE: Duration = Duration::from_secs(150);

/// Event ids with the positions in the feed, in the order of arrival.
type Arrived = Arc<Mutex<Vec<(String, String)>>>;

async fn receive(State(arrived): State<Arrived>, headers: HeaderMap, body: Bytes) {
    let body: Value = serde_json::from_slice(&body).unwrap();
    let position = body["data"]["position"].as_str().unwrap().to_owned();
    let id = headers["webhook-id"].to_str().unwrap().to_owned();
    arrived.lock().unwrap().push((id, position));
}

/// A port below those that systems hand out by themselves: nobody takes it while the server is down.
fn lasting_port() -> u16 {
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    (first..30_000).find(|&port| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok()).unwrap()
}

/// The feed's entries of tickets, from its beginning.
async fn ticket_entries(told: &Told) -> Vec<Value> {
    let mut entries = Vec::new();
    let mut after = "0".to_owned();
    loop {
        let path = format!("/v1/changes?after={after}&models=ticket&limit=1000");
        let (status, page) = told.linking.get(&path, None).await;
        assert_eq!(status, 200, "{page}");
        entries.extend(page["results"].as_array().unwrap().iter().cloned());
        page["next"].as_str().unwrap().clone_into(&mut after);
        if page["has_more"] == false {
            return entries;
        }
    }
}

fn position(entry: &Value) -> String {
    entry["position"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_a_server_killed_at_any_moment_of_reading_and_telling_loses_no_change_and_repeats_only_by_id() {
    let mut dice = StdRng::seed_from_u64(16);
    let listen = format!("127.0.0.1:{}", lasting_port());
    let world = Options { issues: 40, ..tiny_world() };
    let more = ["--listen", &listen, "--sync-every", "5", "--allow-webhook-network", "127.0.0.1/32"];
    let linking = Linking::with(world, &more).await;
    let arrived = Arrived::default();
    let (url, _serving) = receiving(Router::new().fallback(receive).with_state(Arc::clone(&arrived))).await;
    let endpoint = json!({ "url": url, "events": ["ticket.*"] });
    let (status, made) = linking.api(Method::POST, "/v1/webhook-endpoints", None, Some(&endpoint)).await;
    assert_eq!(status, 201, "{made}");
    // The first kills hit the first reading.
    let jira = linking.link("acme", "jira").await;
    let mut told = Told { linking, jira };
    let issues = told.oracle().await;

    let mut named: BTreeMap<String, String> = BTreeMap::new();
    let (mut edits, mut kills) = (0, 0);
    while kills < rounds() * KILLS {
        for _ in 0..dice.random_range(1..8) {
            let issue = &issues[dice.random_range(0..issues.len())];
            let name = format!("Edit {edits}");
            told.rename(issue, &name).await;
            named.insert(issue.clone(), name);
            edits += 1;
            tokio::time::sleep(Duration::from_millis(dice.random_range(0..60))).await;
        }
        tokio::time::sleep(Duration::from_millis(dice.random_range(0..700))).await;
        let starts: Vec<_> =
            (0..dice.random_range(0..3)).map(|_| Duration::from_millis(dice.random_range(0..400))).collect();
        kills += 1 + u32::try_from(starts.len()).unwrap();
        told = Told { linking: told.linking.restarted_after(&starts), jira: told.jira };
    }

    let began = Instant::now();
    loop {
        let mut late = Vec::new();
        for (issue, name) in &named {
            if told.ticket(issue).await.is_none_or(|ticket| ticket["name"] != *name) {
                late.push(format!("issue {issue} is not served as {name:?}"));
            }
        }
        let entries = ticket_entries(&told).await;
        let due = entries.iter().filter(|entry| entry["kind"] != "access").map(position);
        let got: BTreeSet<String> =
            arrived.lock().unwrap().iter().map(|(_, position)| position.clone()).collect();
        late.extend(due.filter(|it| !got.contains(it)).map(|it| format!("nobody was told of {it}")));
        if late.is_empty() {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "after {kills} kills: {late:#?}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }

    // Every issue is there once, and the feed replays to just these.
    let mut stored = told.issues().await;
    stored.sort();
    assert_eq!(stored, issues);
    let entries = ticket_entries(&told).await;
    let mut replayed: BTreeSet<String> = BTreeSet::new();
    for entry in &entries {
        let record = entry["record_id"].as_str().unwrap().to_owned();
        if entry["kind"] == "removed" {
            replayed.remove(&record)
        } else {
            replayed.insert(record)
        };
    }
    let tickets = told.tickets().await;
    let served: BTreeSet<String> = tickets.iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(replayed, served);

    // One id for one entry, however often it came, and nothing told that the feed does not have.
    let arrived = arrived.lock().unwrap();
    let mut positions: HashMap<&str, &str> = HashMap::new();
    let mut ids: HashMap<&str, &str> = HashMap::new();
    let known: BTreeSet<String> = entries.iter().map(position).collect();
    for (id, position) in arrived.iter() {
        assert_eq!(*positions.entry(id).or_insert(position), position, "one id for two entries");
        assert_eq!(*ids.entry(position).or_insert(id), id, "two ids for one entry");
        assert!(known.contains(position), "{position} is not in the feed");
    }
    println!("{edits} edits, {kills} kills, {} events, {} deliveries", positions.len(), arrived.len());
}
