//! Kill and restart: whatever the moment, the end is the same (invariant 1).

use std::path::Path;
use std::time::{Duration, Instant};

use linkspan_sandbox::Options;
use linkspan_store::{DatabaseUrl, Fingerprint, Store};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::support::{Upstream, only_line, small_world, stderr};

/// Rounds unless [`ROUNDS_VARIABLE`] says otherwise.
const ROUNDS: u32 = 5;
const ROUNDS_VARIABLE: &str = "LINKSPAN_KILL_ROUNDS";
/// In each round at most so many runs are killed before one may finish.
pub(crate) const KILLS: u32 = 6;

#[tokio::test(flavor = "multi_thread")]
async fn s16_a_sync_of_jira_killed_at_any_moment_ends_as_an_uninterrupted_one() {
    killed_and_restarted("jira").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_a_sync_of_confluence_killed_at_any_moment_ends_as_an_uninterrupted_one() {
    killed_and_restarted("confluence").await;
}

async fn killed_and_restarted(product: &str) {
    // Some latency stretches the sync, so that moments between requests are hit as well as moments within writes. There is
    // no service desk among two projects: the service-level clocks of requests run on, so that no two readings are alike.
    let upstream = Upstream::start(Options { latency_ms: 3, projects: 2, ..small_world() }).await;
    let directory = tempfile::tempdir().unwrap();
    let calm = directory.path().join("calm");
    let began = Instant::now();
    finish(&upstream, product, &upstream.refresh_token().await, &calm);
    let duration = began.elapsed();
    let expected = fingerprint(&calm).await;
    assert!(expected.parts.iter().map(|part| part.rows).sum::<u64>() > 500, "{expected:?}");

    let mut kills = 0;
    for round in 0..rounds() {
        let mut dice = StdRng::seed_from_u64(u64::from(round));
        let home = directory.path().join(format!("round-{round}"));
        let token = upstream.refresh_token().await;
        for _ in 0..KILLS {
            let moment = duration.mul_f64(dice.random_range(0.0..1.1));
            if !killed_after(&upstream, product, &token, &home, moment) {
                break;
            }
            kills += 1;
        }
        finish(&upstream, product, &token, &home);
        let found = fingerprint(&home).await;
        assert_eq!(found, expected, "round {round} of {product} ended otherwise");
        std::fs::remove_dir_all(&home).unwrap();
    }
    assert!(kills >= rounds(), "too few runs were hit: {kills}");
}

/// Runs until `moment` and kills; `false` when the run ended before.
fn killed_after(upstream: &Upstream, product: &str, token: &str, home: &Path, moment: Duration) -> bool {
    let mut command = upstream.sync(product, Some(token), home);
    let mut child =
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    std::thread::sleep(moment);
    let ended = child.try_wait().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    if let Some(status) = ended {
        assert!(status.success(), "a run ended by itself with {status}");
    }
    ended.is_none()
}

fn finish(upstream: &Upstream, product: &str, token: &str, home: &Path) {
    let output = upstream.sync(product, Some(token), home).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    only_line(&output);
}

async fn fingerprint(home: &Path) -> Fingerprint {
    let store = Store::open(&DatabaseUrl::sqlite(home.join("linkspan.db"))).await.unwrap();
    let sources = store.sources().await.unwrap();
    assert_eq!(sources.len(), 1);
    let fingerprint = store.fingerprint(sources[0].id).await.unwrap();
    store.close().await;
    fingerprint
}

/// How many rounds of kills are asked for.
pub(crate) fn rounds() -> u32 {
    std::env::var_os(ROUNDS_VARIABLE).map_or(ROUNDS, |text| text.to_string_lossy().parse().unwrap())
}
