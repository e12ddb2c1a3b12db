//! Tokens and what they reach, over HTTP.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use linkspan_atlassian::client::ClientLimits;
use linkspan_atlassian::error::{CallError, TransportKind};
use linkspan_atlassian::oauth::{AppCredentials, TokenError};
use linkspan_model::product::Product;
use linkspan_model::secret::Secret;
use serde_json::{Value, json};
use url::Url;

use crate::upstream::{Server, token};

fn app() -> AppCredentials {
    AppCredentials { client_id: "client".to_owned(), client_secret: Secret::new("canary-secret") }
}

#[tokio::test]
async fn l6_a_code_and_a_refresh_token_are_exchanged_as_json() {
    let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
    let record = Arc::clone(&seen);
    let answer = move |Json(body): Json<Value>| async move {
        record.lock().unwrap().push(body);
        Json(
            json!({ "access_token": "a2", "refresh_token": "r2", "expires_in": 3600, "scope": "read:me offline_access" }),
        )
    };
    let server = Server::of(Router::new().route("/oauth/token", post(answer))).await;
    let upstream = server.upstream();
    let callback = Url::parse("https://vendor.example/callback").unwrap();
    let pair = upstream.exchange_code(&app(), &Secret::new("code"), &callback).await.unwrap();
    assert_eq!(pair.access.expose(), "a2");
    upstream.refresh(&app(), &Secret::new("r1")).await.unwrap();
    insta::assert_json_snapshot!(*seen.lock().unwrap(), @r#"
    [
      {
        "client_id": "client",
        "client_secret": "canary-secret",
        "code": "code",
        "grant_type": "authorization_code",
        "redirect_uri": "https://vendor.example/callback"
      },
      {
        "client_id": "client",
        "client_secret": "canary-secret",
        "grant_type": "refresh_token",
        "refresh_token": "r1"
      }
    ]
    "#);
}

#[tokio::test]
async fn l4_an_outage_is_no_refusal() {
    let limits = ClientLimits { token_timeout: Duration::from_millis(300), ..ClientLimits::default() };
    let silent = Server::raw("", Duration::from_mins(1)).await;
    let error = silent.upstream_within(limits).refresh(&app(), &Secret::new("r")).await.unwrap_err();
    assert_eq!(error, TokenError::Transport(TransportKind::Timeout));

    let cut =
        Server::raw("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"access_token\":\"x\"", Duration::ZERO)
            .await;
    let error = cut.upstream().refresh(&app(), &Secret::new("r")).await.unwrap_err();
    assert_eq!(error, TokenError::Malformed("it breaks off"));
    assert!(error.is_retryable());

    let down =
        Server::of(Router::new().route("/oauth/token", post(|| async { StatusCode::BAD_GATEWAY }))).await;
    let error = down.upstream().refresh(&app(), &Secret::new("r")).await.unwrap_err();
    assert_eq!(error, TokenError::Unavailable { status: 502, retry_after: None });
}

#[tokio::test]
async fn l7_sites_and_the_account_are_read_with_the_token() {
    let listed = |headers: HeaderMap| async move {
        assert_eq!(headers["authorization"], "Bearer canary-token");
        Json(json!([
            { "id": "c1", "name": "acme", "url": "https://acme.atlassian.net", "scopes": ["read:jira-work"] },
            { "id": "c1", "name": "acme", "url": "https://acme.atlassian.net", "scopes": ["read:page:confluence"] },
        ]))
    };
    let me = || async { Json(json!({ "account_id": "a1", "name": "Mia", "email": null })) };
    let router = Router::new().route("/oauth/token/accessible-resources", get(listed)).route("/me", get(me));
    let server = Server::of(router).await;
    let upstream = server.upstream();
    let sites = upstream.accessible_resources(&token()).await.unwrap();
    let products: Vec<(&str, Product)> =
        sites.iter().map(|site| (site.cloud_id.as_str(), site.product)).collect();
    assert_eq!(products, [("c1", Product::Jira), ("c1", Product::Confluence)]);
    let me = upstream.me(&token()).await.unwrap();
    assert_eq!((me.account_id.as_str(), me.name.as_deref(), me.email), ("a1", Some("Mia"), None));
}

#[tokio::test]
async fn l5_a_dead_access_token_is_rejected_by_name() {
    let server = Server::of(Router::new().route("/me", get(|| async { StatusCode::UNAUTHORIZED }))).await;
    let error = server.upstream().me(&token()).await.unwrap_err();
    assert_eq!(error, CallError::TokenRejected { call: "oauth.me" });
}
