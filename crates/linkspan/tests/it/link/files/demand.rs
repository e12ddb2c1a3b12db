//! Content that is read when somebody asks for it.

use reqwest::Method;

use super::super::tenants::two_customers;
use super::{Customer, answer, attach, server, sha256};
use crate::support::http;

/// Larger than all buffers between upstream and the caller, and no multiple of anything.
const SIZE: u64 = 3_000_017;

#[tokio::test]
async fn s21_a_file_passes_through_and_the_next_reader_gets_the_copy() {
    let linking = server(&[]).await;
    let (_, remote_id) = attach(&linking, 0, "Übersicht \"1\".txt", SIZE).await;
    let customer = Customer::of(linking).await;
    let record = customer.attachment(&remote_id).await;
    let id = record["id"].as_str().unwrap();
    let before = customer.content(id).await;
    assert_eq!(
        (&before["state"], before["size"].as_u64(), &before["sha256"]),
        (&"upstream".into(), Some(SIZE), &().into())
    );
    let head = customer.ask(Method::HEAD, &customer.download_path(id), &[]).await;
    assert_eq!((head.status, head.header("content-length"), head.header("etag")), (200, "3000017", ""));
    assert_eq!(customer.reads().await, 0, "a HEAD asks nothing of upstream");

    let first = customer.download(id, &[("Accept-Encoding", "gzip"), ("Range", "bytes=0-9")]).await;
    assert!(first.status == 200 && first.is_whole, "without a copy there are no parts");
    assert_eq!(first.body, customer.original(&remote_id).await);
    assert_eq!(first.header("content-type"), "text/plain");
    assert_eq!(first.header("content-length"), "3000017");
    assert_eq!(first.header("x-content-type-options"), "nosniff");
    assert_eq!(first.header("content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(
        first.header("content-disposition"),
        "attachment; filename=\"_bersicht _1_.txt\"; filename*=UTF-8''%C3%9Cbersicht%20%221%22.txt"
    );
    let hash = sha256(&first.body);
    // Who has all of a file finds its copy here.
    let kept = customer.content(id).await;
    assert_eq!((&kept["state"], &kept["sha256"]), (&"stored".into(), &hash.as_str().into()), "{kept}");
    assert_eq!(customer.copies(), (vec![hash.clone()], 0));

    let reads = customer.reads().await;
    let etag = format!("\"{hash}\"");
    let again = customer.download(id, &[("Accept-Encoding", "gzip")]).await;
    assert_eq!((again.status, again.header("etag"), again.body == first.body), (200, etag.as_str(), true));
    let unmarked = customer.download_path(id).replacen("/api", "", 1);
    let part = customer.ask(Method::GET, &unmarked, &[("Range", "bytes=1000000-1999999")]).await;
    assert_eq!((part.status, part.header("content-range")), (206, "bytes 1000000-1999999/3000017"));
    assert_eq!(part.body, first.body[1_000_000..2_000_000]);
    let tail = customer.download(id, &[("Range", "bytes=-17"), ("If-Range", &etag)]).await;
    assert_eq!((tail.status, tail.body.as_slice()), (206, &first.body[3_000_000..]));
    let beyond = customer.download(id, &[("Range", "bytes=3000017-")]).await;
    assert_eq!((beyond.status, beyond.header("content-range")), (416, "bytes */3000017"));
    let known = customer.download(id, &[("If-None-Match", &etag)]).await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    let head = customer.ask(Method::HEAD, &customer.download_path(id), &[]).await;
    assert_eq!((head.header("content-length"), head.header("accept-ranges")), ("3000017", "bytes"));

    // The address in the record needs no headers, and nothing in it can be changed.
    let address = record["file_url"].as_str().unwrap();
    let signed = answer(http().get(address)).await;
    assert_eq!((signed.status, signed.body == first.body), (200, true));
    let other = customer.linking.first_records("/api/ticketing/v1/tickets", &customer.account).await;
    for changed in [
        address.replacen(id, other[0]["id"].as_str().unwrap(), 1),
        address.replacen("signature=", "signature=0", 1),
        address.replacen("expires=", "expires=1", 1),
        address.split('?').next().unwrap().to_owned(),
    ] {
        assert_eq!(answer(http().get(&changed)).await.status, 404, "{changed}");
    }
    assert_eq!(customer.reads().await, reads, "the copy was enough");
}

#[tokio::test]
async fn nothing_is_kept_where_nothing_is_to_be_kept() {
    let linking = server(&["--attachments", "pass-through"]).await;
    let (_, remote_id) = attach(&linking, 0, "a.txt", 100_000).await;
    let customer = Customer::of(linking).await;
    let record = customer.attachment(&remote_id).await;
    let id = record["id"].as_str().unwrap();
    for round in 1..=2 {
        let file = customer.download(id, &[]).await;
        assert_eq!((file.status, file.body.len(), file.header("etag")), (200, 100_000, ""));
        assert_eq!(customer.reads().await, round);
        let content = customer.becomes(id, "upstream").await;
        assert_eq!(content["sha256"], sha256(&file.body).as_str(), "it is known all the same");
    }
    assert!(!customer.linking.data.path().join("files").exists());
}

#[tokio::test]
async fn a_copy_that_disappears_from_the_disk_is_read_again() {
    let linking = server(&[]).await;
    let (_, remote_id) = attach(&linking, 0, "a.txt", 100_000).await;
    let customer = Customer::of(linking).await;
    let record = customer.attachment(&remote_id).await;
    let id = record["id"].as_str().unwrap();
    customer.download(id, &[]).await;
    let (copies, _) = customer.copies();
    let source = std::fs::read_dir(customer.linking.data.path().join("files")).unwrap();
    for entry in source.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let _ = std::fs::remove_file(entry.join(&copies[0][..2]).join(&copies[0]));
    }
    assert!(customer.copies().0.is_empty());
    assert_eq!(customer.download(id, &[]).await.body.len(), 100_000);
    assert_eq!((customer.copies().0, customer.reads().await), (copies, 2));
    customer.becomes(id, "stored").await;
}

#[tokio::test]
async fn m5_no_content_of_another_customer_can_be_had() {
    let (linking, mine, theirs) = two_customers("jira").await;
    let attachments = linking.first_records("/api/ticketing/v1/attachments", &theirs).await;
    let id = attachments[0]["id"].as_str().unwrap();
    let download = format!("/api/ticketing/v1/attachments/{id}/download");
    let content = format!("/v1/linked-accounts/{}/attachments/{id}", theirs.id);
    let swapped = format!("/v1/linked-accounts/{}/attachments/{id}", mine.id);
    assert_eq!(linking.get(&content, Some(&theirs)).await.0, 200);
    for (path, account) in [(&download, &mine), (&content, &mine), (&swapped, &mine), (&swapped, &theirs)] {
        let (status, body) = linking.get(path, Some(account)).await;
        assert_eq!((status, body["detail"].as_str()), (404, Some("Not found.")), "{path}");
    }
    assert_eq!(linking.get(&download, None).await.0, 401);
    let own = Customer { linking, account: theirs, category: "ticketing" };
    assert_eq!(own.download(id, &[]).await.status, 200);
    assert_eq!(own.download("not-an-id", &[]).await.status, 404);
}

#[tokio::test]
async fn g4_what_is_unlinked_leaves_no_copy() {
    let linking = server(&[]).await;
    let (_, remote_id) = attach(&linking, 0, "a.txt", 100_000).await;
    let customer = Customer::of(linking).await;
    let record = customer.attachment(&remote_id).await;
    customer.download(record["id"].as_str().unwrap(), &[]).await;
    assert_eq!(customer.copies().0.len(), 1);
    let path = "/api/ticketing/v1/delete-account";
    assert_eq!(customer.linking.api(Method::POST, path, Some(&customer.account), None).await.0, 200);
    let began = std::time::Instant::now();
    while !customer.copies().0.is_empty() {
        assert!(began.elapsed() < super::PATIENCE, "{:?}", customer.copies());
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(answer(http().get(record["file_url"].as_str().unwrap())).await.status, 404);
}
