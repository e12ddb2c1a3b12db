//! What becomes of good and bad answers.

use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{any, get, post};
use flate2::Compression;
use flate2::write::GzEncoder;
use linkspan_atlassian::calls::jira;
use linkspan_atlassian::client::{ClientLimits, Params};
use linkspan_atlassian::error::{CallError, ThrottleReason, TransportKind};

use crate::upstream::{JIRA, Server, site, token};

fn myself() -> String {
    format!("{JIRA}/rest/api/3/myself")
}

#[tokio::test]
async fn a_good_answer_comes_back_byte_for_byte_with_its_price_and_limits() {
    let text = "{ \"issues\" : [ {\"id\":\"1\"},\t{\"id\":\"2\"} ] , \"nextPageToken\":\"t\" }\n";
    let route = format!("{JIRA}/rest/api/3/search/jql");
    let answer = move || async move {
        ([("ratelimit", r#""global-app-quota";r=9;t=60"#), ("content-type", "application/json")], text)
    };
    let server = Server::of(Router::new().route(&route, get(answer))).await;
    let params = Params::new().query("jql", "key IS NOT EMPTY");
    let reply = server.upstream().send(&jira::SEARCH_JQL, &site(), &token(), &params).await.unwrap();
    assert_eq!(reply.body, text.as_bytes());
    assert_eq!(reply.status, 200);
    assert_eq!(reply.points_estimate, 3);
    assert_eq!(reply.envelope.items, 2);
    assert_eq!(reply.envelope.next_token.as_deref(), Some("t"));
    assert_eq!(reply.limits.points_left_in(false), Some(9));
}

#[tokio::test]
async fn every_request_carries_the_token_the_agent_and_json() {
    let seen: Arc<Mutex<Vec<(HeaderMap, String)>>> = Arc::default();
    let record = Arc::clone(&seen);
    let route = format!("{JIRA}/rest/api/3/issue/bulkfetch");
    let answer = move |headers: HeaderMap, body: String| async move {
        record.lock().unwrap().push((headers, body));
        r#"{"issues":[]}"#
    };
    let server = Server::of(Router::new().route(&route, post(answer))).await;
    let params = Params::new().body(serde_json::json!({ "issueIdsOrKeys": ["1"] }));
    server.upstream().send(&jira::ISSUE_BULKFETCH, &site(), &token(), &params).await.unwrap();
    let seen = seen.lock().unwrap();
    let (headers, body) = &seen[0];
    assert_eq!(headers["authorization"], "Bearer canary-token");
    assert_eq!(headers["user-agent"], concat!("linkspan/", env!("CARGO_PKG_VERSION")));
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["accept"], "application/json");
    assert!(headers["accept-encoding"].to_str().unwrap().contains("gzip"));
    assert_eq!(body, r#"{"issueIdsOrKeys":["1"]}"#);
}

#[tokio::test]
async fn a_compressed_answer_is_read_and_its_cap_is_that_of_the_uncompressed_bytes() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(br#"{"accountId":""#).unwrap();
    encoder.write_all(&vec![b'a'; 3 << 20]).unwrap();
    encoder.write_all(br#""}"#).unwrap();
    let zipped = encoder.finish().unwrap();
    assert!(zipped.len() < 20_000);
    let answer = move || async move { ([(header::CONTENT_ENCODING, "gzip")], zipped) };
    let server = Server::of(Router::new().route(&myself(), get(answer))).await;

    let reply = server.upstream().send(&jira::MYSELF, &site(), &token(), &Params::new()).await.unwrap();
    assert_eq!(reply.body.len(), (3 << 20) + 16);

    let limits = ClientLimits { body_cap: 1 << 20, ..ClientLimits::default() };
    let error = server.upstream_within(limits).send(&jira::MYSELF, &site(), &token(), &Params::new()).await;
    assert_eq!(error.unwrap_err(), CallError::BodyTooLarge { call: "jira.myself", cap: 1 << 20 });
}

#[tokio::test]
async fn s9_a_body_that_breaks_off_is_truncated_however_it_does() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    for answer in [
        format!("{head}content-length: 1000\r\n\r\n{{\"accountId\":\"1\"}}"),
        format!("{head}transfer-encoding: chunked\r\n\r\n12\r\n{{\"accountId\":\"1\"}}\r\n"),
        format!("{head}connection: close\r\n\r\n{{\"accountId\":"),
        format!("{head}content-length: 5\r\n\r\n{{\"accountId\":\"1\"}}"),
        format!("{head}content-encoding: gzip\r\ncontent-length: 4\r\n\r\n\u{1f}x\u{1}y"),
    ] {
        let server = Server::raw(answer.clone(), Duration::ZERO).await;
        let error =
            server.upstream().send(&jira::MYSELF, &site(), &token(), &Params::new()).await.unwrap_err();
        assert!(matches!(error, CallError::Truncated { call: "jira.myself", .. }), "{answer}: {error:?}");
        assert!(error.is_retryable() && error.is_size());
    }
}

#[tokio::test]
async fn a_body_larger_than_the_cap_is_refused_whether_announced_or_not() {
    let limits = ClientLimits { body_cap: 100, ..ClientLimits::default() };
    let too_large = CallError::BodyTooLarge { call: "jira.myself", cap: 100 };
    let announced = Server::of(Router::new().route(&myself(), get(|| async { " ".repeat(101) }))).await;
    let streamed = Server::of(Router::new().route(
        &myself(),
        get(|| async {
            let pieces = (0..1000).map(|_| Ok::<_, std::io::Error>(vec![b' '; 50]));
            Body::from_stream(futures_util::stream::iter(pieces))
        }),
    ))
    .await;
    for server in [announced, streamed] {
        let upstream = server.upstream_within(limits.clone());
        let error = upstream.send(&jira::MYSELF, &site(), &token(), &Params::new()).await.unwrap_err();
        assert_eq!(error, too_large);
        assert!(!error.is_retryable() && error.is_size());
    }
}

#[tokio::test]
async fn s16_a_silent_a_stalling_and_a_dripping_server_all_time_out() {
    let limits = ClientLimits {
        read_timeout: Duration::from_millis(200),
        total_timeout: Duration::from_millis(600),
        ..ClientLimits::default()
    };
    let timed_out = CallError::Transport { call: "jira.myself", kind: TransportKind::Timeout };
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n";
    let silent = Server::raw("", Duration::from_mins(1)).await;
    let stalling = Server::raw(format!("{head}{{"), Duration::from_mins(1)).await;
    let dripping = Server::of(Router::new().route(
        &myself(),
        get(|| async {
            let drops = futures_util::stream::unfold((), |()| async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                Some((Ok::<_, std::io::Error>(" "), ()))
            });
            Body::from_stream(drops)
        }),
    ))
    .await;
    for server in [silent, stalling, dripping] {
        let upstream = server.upstream_within(limits.clone());
        let error = upstream.send(&jira::MYSELF, &site(), &token(), &Params::new()).await.unwrap_err();
        assert_eq!(error, timed_out);
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn a_refused_connection_is_told_apart() {
    let server = Server::raw("", Duration::ZERO).await;
    let upstream = server.upstream();
    drop(server);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let error = upstream.send(&jira::MYSELF, &site(), &token(), &Params::new()).await.unwrap_err();
    assert_eq!(error, CallError::Transport { call: "jira.myself", kind: TransportKind::Connect });
}

#[tokio::test]
async fn m2_the_token_never_follows_a_redirect_of_a_json_call() {
    let elsewhere_seen: Arc<Mutex<u32>> = Arc::default();
    let count = Arc::clone(&elsewhere_seen);
    let elsewhere = Server::of(Router::new().fallback(any(move || async move {
        *count.lock().unwrap() += 1;
        "{}"
    })))
    .await;
    let target = elsewhere.url("/steal").to_string();
    let server =
        Server::of(Router::new().route(&myself(), get(move || async move { Redirect::temporary(&target) })))
            .await;
    let error = server.upstream().send(&jira::MYSELF, &site(), &token(), &Params::new()).await.unwrap_err();
    assert!(matches!(error, CallError::Unexpected { status: 307, .. }), "{error:?}");
    assert_eq!(*elsewhere_seen.lock().unwrap(), 0);
}

#[tokio::test]
async fn r2_a_throttle_says_why_and_how_long() {
    let answer = || async {
        (
            StatusCode::TOO_MANY_REQUESTS,
            [("retry-after", "1847"), ("ratelimit-reason", "jira-quota-global-based")],
            "whatever",
        )
    };
    let server = Server::of(Router::new().route(&myself(), get(answer))).await;
    let error = server.upstream().send(&jira::MYSELF, &site(), &token(), &Params::new()).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(1847)));
    assert!(matches!(error, CallError::Throttled { reason: ThrottleReason::QuotaGlobal, .. }));
}

#[tokio::test]
async fn an_endless_refusal_is_read_in_part_only() {
    let answer = || async {
        let flood = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 8192]));
        Response::builder().status(500).body(Body::from_stream(flood)).unwrap()
    };
    let server = Server::of(Router::new().route(&myself(), get(answer))).await;
    let error = server.upstream().send(&jira::MYSELF, &site(), &token(), &Params::new()).await.unwrap_err();
    assert_eq!(error, CallError::Unavailable { call: "jira.myself", status: 500, retry_after: None });
}

#[tokio::test]
async fn s5_a_page_of_html_is_no_answer() {
    let server =
        Server::of(Router::new().route(&myself(), get(|| async { "<html>Log in</html>".into_response() })))
            .await;
    let error = server.upstream().send(&jira::MYSELF, &site(), &token(), &Params::new()).await.unwrap_err();
    assert!(matches!(error, CallError::Malformed { .. }), "{error:?}");
}

#[tokio::test]
async fn l10_no_error_shows_the_token_or_the_query() {
    let echo = |request: Request| async move {
        let said = format!(r#"{{"message":"{}"}}"#, request.uri().path());
        (StatusCode::BAD_REQUEST, said)
    };
    let server = Server::of(Router::new().fallback(any(echo))).await;
    let dead = {
        let gone = Server::raw("", Duration::ZERO).await;
        gone.upstream()
    };
    let params = Params::new().query("jql", "canary-query");
    for upstream in [server.upstream(), dead] {
        let error = upstream.send(&jira::SEARCH_JQL, &site(), &token(), &params).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("canary"), "{shown}");
    }
}
