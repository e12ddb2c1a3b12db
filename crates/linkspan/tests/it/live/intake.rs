//! The door for deliveries: what proves them, where they go, and how fast they are answered.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::Told;
use crate::link::tiny_world;
use crate::support::http;

/// A delivery that somebody makes by hand.
struct Forger {
    url: String,
    client_id: String,
    secret: String,
    site: String,
}

impl Forger {
    async fn of(told: &Told) -> Self {
        let upstream = &told.linking.upstream;
        let url = told.webhooks().await["webhooks"][0]["url"].as_str().unwrap().to_owned();
        Self {
            url,
            client_id: upstream.text("/client_id").to_owned(),
            secret: upstream.text("/client_secret").to_owned(),
            site: upstream.text("/sites/0/url").trim_end_matches('/').to_owned(),
        }
    }

    fn token(header: &Value, claims: &Value, secret: &str) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(header), part(claims));
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    fn claims(&self, age_seconds: i64) -> Value {
        let issued = linkspan_model::clock::Clock::system().now().as_second() - age_seconds;
        json!({ "iss": self.client_id, "sub": "712020:x", "iat": issued, "exp": issued + 180, "jti": "1" })
    }

    fn body(&self, issue: &str) -> Value {
        let own = format!("{}/rest/api/2/issue/{issue}", self.site);
        json!({ "webhookEvent": "jira:issue_updated", "timestamp": 1, "issue": { "id": issue, "self": own } })
    }

    async fn send(&self, url: &str, token: Option<&str>, body: String) -> u16 {
        let mut request = http().post(url).header("content-type", "application/json").body(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().await.unwrap().status().as_u16()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w3_a_delivery_without_the_right_proof_is_refused_and_a_right_one_taken() {
    let told = Told::start(tiny_world()).await;
    let forger = Forger::of(&told).await;
    let (header, secret) = (json!({ "alg": "HS256" }), forger.secret.clone());
    let body = forger.body(&told.issues().await[0]).to_string();
    let good = Forger::token(&header, &forger.claims(0), &secret);
    let mut other_app = forger.claims(0);
    other_app["iss"] = json!("another-app");
    for (why, token) in [
        ("none at all", None),
        ("no signature", Some(Forger::token(&json!({ "alg": "none" }), &forger.claims(0), &secret))),
        ("another secret", Some(Forger::token(&header, &forger.claims(0), "guess"))),
        ("another app", Some(Forger::token(&header, &other_app, &secret))),
        ("ten minutes old", Some(Forger::token(&header, &forger.claims(600), &secret))),
        ("from the future", Some(Forger::token(&header, &forger.claims(-600), &secret))),
        ("no token", Some("x".repeat(50_000))),
    ] {
        assert_eq!(forger.send(&forger.url, token.as_deref(), body.clone()).await, 401, "{why}");
    }
    assert_eq!(forger.send(&forger.url, Some(&good), body.clone()).await, 200);
    for malformed in ["", "{", "[]", "{\"webhookEvent\":7}", "\u{0}"] {
        assert_eq!(forger.send(&forger.url, Some(&good), malformed.to_owned()).await, 400, "{malformed:?}");
    }
    let elsewhere = format!("{}/hooks/atlassian/{}", told.linking.base_url(), uuid::Uuid::nil());
    assert_eq!(forger.send(&elsewhere, Some(&good), body.clone()).await, 404);
    let nonsense = format!("{}/hooks/atlassian/..%2f..", told.linking.base_url());
    assert_eq!(forger.send(&nonsense, Some(&good), body).await, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn w4_a_delivery_for_a_site_that_is_not_linked_wakes_nobody() {
    let told = Told::start(tiny_world()).await;
    let forger = Forger::of(&told).await;
    let token = Forger::token(&json!({ "alg": "HS256" }), &forger.claims(0), &forger.secret);
    told.until("it is quiet", async || told.live().await["waiting"] == 0).await;
    let before = told.live().await["deliveries"].clone();
    for site in ["https://other.atlassian.net", &format!("{}.evil.example", forger.site), ""] {
        let own = format!("{site}/rest/api/2/issue/10001");
        let body = json!({ "webhookEvent": "jira:issue_updated", "issue": { "id": "10001", "self": own } });
        assert_eq!(forger.send(&forger.url, Some(&token), body.to_string()).await, 200, "{site}");
    }
    assert_eq!(told.live().await["deliveries"], before);
    let metrics = http().get(format!("{}/metrics", told.linking.base_url())).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(metrics.contains("linkspan_inbound_deliveries_total{outcome=\"not_for_us\"} 3"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn w6_a_burst_of_five_thousand_is_answered_at_once_and_read_in_bulk() {
    let told = Told::start(tiny_world()).await;
    let forger = Forger::of(&told).await;
    let token = Forger::token(&json!({ "alg": "HS256" }), &forger.claims(0), &forger.secret);
    let issues = told.issues().await;
    let before = told.points().await;
    let client = http();
    let mut tasks = tokio::task::JoinSet::new();
    let places = std::sync::Arc::new(tokio::sync::Semaphore::new(30));
    let began = Instant::now();
    for number in 0..5_000 {
        let body = forger.body(&issues[number % issues.len()]).to_string();
        let request = client
            .post(&forger.url)
            .bearer_auth(&token)
            .header("content-type", "application/json")
            .header("X-Atlassian-Webhook-Identifier", format!("burst-{number}"))
            .body(body);
        let places = std::sync::Arc::clone(&places);
        tasks.spawn(async move {
            let _place = places.acquire_owned().await.unwrap();
            let sent = Instant::now();
            let status = request.send().await.unwrap().status().as_u16();
            (status, sent.elapsed())
        });
    }
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        let (status, time) = done.unwrap();
        assert_eq!(status, 200);
        times.push(time);
    }
    times.sort_unstable();
    let (median, high) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    println!("5 000 deliveries in {:?}: median {median:?}, p99 {high:?}", began.elapsed());
    // Wide: upstream waits 20 seconds (`atlassian-platform.md` 4.7).
    assert!(high < Duration::from_secs(5), "p99 {high:?}");
    told.until("everything was looked at", async || told.live().await["waiting"] == 0).await;
    let spent = told.points().await - before;
    let most = 5_000 / 4;
    assert!(spent < most, "{spent} points for {} issues", issues.len());
}
