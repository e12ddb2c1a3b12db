//! Files larger than anything that may be held in memory.

use std::time::Instant;

use sha2::{Digest as _, Sha256};

use super::{Customer, attach, http, server};

/// The size in the usual run, and in the long one: a little more than 2 GiB, so that no 31 bits hold it.
const SIZE: u64 = 128 << 20;
const LONG_SIZE: u64 = (2 << 30) + 4_099;
/// How much the server may grow by, whatever the size.
const GROWTH: u64 = 48 << 20;

/// Reads the file as a caller would who has no room for it; gives its hash.
async fn streamed(customer: &Customer, id: &str) -> String {
    let request = http_without_bound()
        .get(format!("{}{}", customer.linking.address, customer.download_path(id)))
        .bearer_auth(&customer.linking.api_key)
        .header("X-Account-Token", &customer.account.token);
    let mut response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut hash = Sha256::new();
    while let Some(piece) = response.chunk().await.unwrap() {
        hash.update(&piece);
    }
    hex::encode(hash.finalize())
}

/// A client for transfers that take as long as they take.
fn http_without_bound() -> reqwest::Client {
    // Installs the TLS provider.
    drop(http());
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn a_large_file_streams_in_flat_memory(flags: &[&str]) {
    let is_long = std::env::var_os("LINKSPAN_LONG").is_some_and(|value| value == "1");
    let size = if is_long { LONG_SIZE } else { SIZE };
    let linking = server(flags).await;
    let (_, remote_id) = attach(&linking, 0, "disk.img", size).await;
    let customer = Customer::of(linking).await;
    let record = customer.attachment(&remote_id).await;
    let id = record["id"].as_str().unwrap();
    customer.linking.settled(&customer.account).await;
    customer.linking.server.forget_peak_memory();
    let Some(before) = customer.linking.server.peak_memory() else {
        println!("skipped: this system does not tell what memory a process has used");
        return;
    };
    let began = Instant::now();
    let first = streamed(&customer, id).await;
    let seconds = began.elapsed().as_secs_f64();
    let after = customer.linking.server.peak_memory().unwrap();
    println!(
        "{} MiB in {seconds:.1} s; peak memory of the server {} MiB before, {} MiB after",
        size >> 20,
        before >> 20,
        after >> 20
    );
    let content = customer.content(id).await;
    assert_eq!(content["sha256"], first.as_str(), "{content}");
    assert_eq!(content["size"], size);
    assert!(
        after.saturating_sub(before) < GROWTH,
        "the server grew by {} MiB for one file",
        after.saturating_sub(before) >> 20
    );
    let second = streamed(&customer, id).await;
    assert_eq!(second, first);
    let last = customer.linking.server.peak_memory().unwrap();
    assert!(
        last.saturating_sub(before) < GROWTH,
        "the server grew by {} MiB for its copy",
        last.saturating_sub(before) >> 20
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s21_a_large_file_streams_in_flat_memory_while_it_is_kept() {
    a_large_file_streams_in_flat_memory(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s21_a_large_file_streams_in_flat_memory_where_nothing_is_kept() {
    a_large_file_streams_in_flat_memory(&["--attachments", "pass-through"]).await;
}
