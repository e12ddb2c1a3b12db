//! What a server takes, however large the site is and however often it is read. Figures are printed.

use linkspan_sandbox::Options;
use reqwest::Method;
use serde_json::{Value, json};

use super::Told;
use crate::link::tiny_world;

/// How much more a server may take for a site of three times the size.
const GROWTH: u64 = 128 << 20;
/// Readings of everything.
const PASSES: u64 = 10;

async fn reading(issues: u32) -> Told {
    Told::start(Options { projects: 3, issues, ..tiny_world() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn s17_neither_a_larger_site_nor_reading_it_again_takes_more_memory() {
    let is_long = std::env::var_os("LINKSPAN_LONG").is_some();
    let issues = if is_long { 30_000 } else { 1_500 };
    let small = reading(issues / 3).await;
    let Some(of_small) = small.linking.server.peak_memory() else {
        println!("skipped: this system does not tell what memory a process has used");
        return;
    };
    drop(small);
    let told = reading(issues).await;
    let first = told.linking.server.peak_memory().unwrap();

    let sources = told.linking.get("/v1/sources", None).await.1;
    let source = sources["results"][0]["id"].as_str().unwrap().to_owned();
    let mut half = 0;
    for pass in 0..PASSES {
        let before = told.points().await;
        let (path, body) = (format!("/v1/sources/{source}/resync"), json!({ "stream": "issues" }));
        let (status, answer) = told.linking.api(Method::POST, &path, None, Some(&body)).await;
        assert_eq!(status, 202, "{answer}");
        told.until("all is read again", async || told.points().await >= before + u64::from(issues)).await;
        told.until("the reading is over", async || {
            let path = "/api/ticketing/v1/sync-status?page_size=100";
            let statuses = told.linking.get(path, Some(&told.jira)).await.1;
            let is_done = |model: &Value| model["status"] == "DONE";
            statuses["results"].as_array().unwrap().iter().all(is_done)
        })
        .await;
        if pass == PASSES / 2 {
            half = told.linking.server.peak_memory().unwrap();
        }
    }
    let last = told.linking.server.peak_memory().unwrap();
    let mib = |bytes: u64| bytes >> 20;
    println!(
        "peak memory: {} MiB after {} issues, {} MiB after {issues}; after {} further passes {} MiB, after {PASSES} {} MiB",
        mib(of_small),
        issues / 3,
        mib(first),
        PASSES / 2 + 1,
        mib(half),
        mib(last)
    );
    assert!(first < of_small + GROWTH, "a larger site took {} MiB more", mib(first - of_small));
    assert!(last < half + GROWTH / 4, "further passes took {} MiB more", mib(last - half));
}
