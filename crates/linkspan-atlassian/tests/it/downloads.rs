//! Files and the redirects in front of them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Redirect;
use axum::routing::{any, get};
use linkspan_atlassian::calls::jira;
use linkspan_atlassian::client::{ClientLimits, Params};
use linkspan_atlassian::error::{CallError, TransportKind};

use crate::upstream::{JIRA, Server, site, token};

type Seen = Arc<Mutex<Vec<HeaderMap>>>;

/// A server whose attachment redirects to `target`, and which serves `/media` itself, noting the headers.
async fn media(target: Option<String>) -> (Server, Seen) {
    let seen: Seen = Arc::default();
    let record = Arc::clone(&seen);
    let target = target.unwrap_or_else(|| "/media/file?sig=1".to_owned());
    let router = Router::new()
        .route(
            &format!("{JIRA}/rest/api/3/attachment/content/{{id}}"),
            get(move || async move { Redirect::to(&target) }),
        )
        .route(
            "/media/{name}",
            get(move |headers: HeaderMap| async move {
                let part = headers.get("range").map(|range| range.to_str().unwrap().to_owned());
                record.lock().unwrap().push(headers);
                match part.as_deref() {
                    Some("bytes=4-") => (
                        StatusCode::PARTIAL_CONTENT,
                        [("content-type", "text/plain"), ("content-range", "bytes 4-11/12")],
                        "contents",
                    ),
                    Some("bytes=5-") => (
                        StatusCode::PARTIAL_CONTENT,
                        [("content-type", "text/plain"), ("content-range", "the rest")],
                        "ontents",
                    ),
                    Some(_) => (
                        StatusCode::RANGE_NOT_SATISFIABLE,
                        [("content-type", "text/plain"), ("content-range", "bytes */12")],
                        "",
                    ),
                    None => {
                        (StatusCode::OK, [("content-type", "text/plain"), ("etag", "\"1\"")], "the contents")
                    }
                }
            }),
        )
        .route("/loop", get(|| async { Redirect::to("/loop") }));
    (Server::of(router).await, seen)
}

fn file() -> Params {
    Params::new().path("id", "10")
}

#[tokio::test]
async fn m2_the_redirect_to_the_media_host_is_followed_without_the_token() {
    let (server, seen) = media(None).await;
    let upstream = server.upstream();
    let mut download =
        upstream.download(&jira::ATTACHMENT_CONTENT, &site(), &token(), &file(), 0).await.unwrap();
    assert_eq!((download.status, download.length), (200, Some(12)));
    assert_eq!((download.start, download.total, download.etag.as_deref()), (0, Some(12), Some("\"1\"")));
    assert_eq!(download.content_type.as_deref(), Some("text/plain"));
    let mut contents = Vec::new();
    while let Some(piece) = download.chunk().await.unwrap() {
        contents.extend_from_slice(&piece);
    }
    assert_eq!(contents, b"the contents");

    let reply = upstream.send(&jira::ATTACHMENT_CONTENT, &site(), &token(), &file()).await.unwrap();
    assert_eq!(reply.body, "the contents");

    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|headers| !headers.contains_key("authorization")));
    // Compressed on the way, the bytes of the file could be neither counted nor continued.
    assert!(seen.iter().all(|headers| headers["accept-encoding"] == "identity"));
}

#[tokio::test]
async fn a_download_goes_on_from_a_byte() {
    let (server, _) = media(None).await;
    let upstream = server.upstream();
    let rest = upstream.download(&jira::ATTACHMENT_CONTENT, &site(), &token(), &file(), 4).await.unwrap();
    assert_eq!((rest.status, rest.length), (206, Some(8)));
    assert_eq!((rest.start, rest.total), (4, Some(12)));
    let odd = upstream.download(&jira::ATTACHMENT_CONTENT, &site(), &token(), &file(), 5).await.unwrap_err();
    assert!(matches!(odd, CallError::Malformed { .. }), "{odd}");
    let beyond =
        upstream.download(&jira::ATTACHMENT_CONTENT, &site(), &token(), &file(), 99).await.unwrap_err();
    assert!(matches!(beyond, CallError::Unexpected { status: 416, .. }));
}

#[tokio::test]
async fn r2_what_the_host_of_a_file_refuses_says_nothing_of_the_token_or_of_upstreams_limits() {
    for status in [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS] {
        let said = r#"{"message":"The app is not installed on this instance"}"#;
        let router = Router::new()
            .route(
                &format!("{JIRA}/rest/api/3/attachment/content/{{id}}"),
                get(|| async { Redirect::to("/media/file") }),
            )
            .route("/media/file", get(move || async move { (status, [("retry-after", "7")], said) }));
        let server = Server::of(router).await;
        let upstream = server.upstream();
        let expected = CallError::Unavailable {
            call: "jira.attachment.content",
            status: status.as_u16(),
            retry_after: Some(Duration::from_secs(7)),
        };
        let error =
            upstream.download(&jira::ATTACHMENT_CONTENT, &site(), &token(), &file(), 0).await.unwrap_err();
        assert_eq!(error, expected);
        assert!(error.is_retryable(), "another address may do");
        let error = upstream.send(&jira::ATTACHMENT_CONTENT, &site(), &token(), &file()).await.unwrap_err();
        assert_eq!(error, expected);
    }
}

#[tokio::test]
async fn m2_redirects_to_plain_addresses_of_others_and_loops_are_not_followed() {
    let hits: Arc<Mutex<u32>> = Arc::default();
    let count = Arc::clone(&hits);
    let other = Server::of(Router::new().fallback(any(move || async move {
        *count.lock().unwrap() += 1;
        "stolen"
    })))
    .await;
    let refused = CallError::Transport { call: "jira.attachment.content", kind: TransportKind::Redirect };
    let https_address = format!("https://{}/x", other.address);
    for target in [
        other.url("/x").as_str(),
        https_address.as_str(),
        "https://localhost/x",
        "file:///etc/passwd",
        "/loop",
    ] {
        let (server, _) = media(Some(target.to_owned())).await;
        let error = server
            .upstream()
            .download(&jira::ATTACHMENT_CONTENT, &site(), &token(), &file(), 0)
            .await
            .unwrap_err();
        assert_eq!(error, refused, "{target}");
        assert!(!error.is_retryable());
    }
    assert_eq!(*hits.lock().unwrap(), 0);
}

#[tokio::test]
async fn s21_a_file_beyond_the_cap_is_refused_before_it_is_read() {
    let (server, _) = media(None).await;
    let limits = ClientLimits { file_cap: 5, ..ClientLimits::default() };
    let error = server
        .upstream_within(limits)
        .download(&jira::ATTACHMENT_CONTENT, &site(), &token(), &file(), 0)
        .await
        .unwrap_err();
    assert_eq!(error, CallError::BodyTooLarge { call: "jira.attachment.content", cap: 5 });
}
