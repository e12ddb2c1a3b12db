//! Webhooks to the vendor, from a change upstream to receivers that verify it.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::SignedDuration;
use linkspan_engine::webhooks::{EndpointSettings, WebhookFormat};
use linkspan_model::product::Integration;
use linkspan_server::WebhookBodies;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::task::JoinSet;

use crate::link::{Linking, tiny_world};
use crate::personal_data::Privacy;
use crate::support::{http, receiving, shape, small_world};

type Kept = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A receiver that takes everything, with the secret that it was given.
struct Receiver {
    secret: String,
    kept: Kept,
    _serving: JoinSet<()>,
}

impl Receiver {
    async fn start(vendor: &Privacy, events: &[&str], format: WebhookFormat) -> Self {
        let kept = Kept::default();
        let (url, serving) = receiving(Router::new().fallback(keep).with_state(Arc::clone(&kept))).await;
        let settings = EndpointSettings {
            url,
            description: "a test".to_owned(),
            events: events.iter().map(|&event| event.to_owned()).collect(),
            accounts: None,
            integrations: None,
            format,
        };
        let created = vendor.engine.create_webhook_endpoint(settings, false).await.unwrap();
        Self { secret: created.secret.expose().to_owned(), kept, _serving: serving }
    }

    /// What arrived since the last look; every signature is right.
    fn take(&self) -> Vec<Value> {
        let got = std::mem::take(&mut *self.kept.lock().unwrap());
        got.iter()
            .map(|(headers, raw)| {
                let header = |name: &str| headers[name].to_str().unwrap();
                let stamp = header("webhook-timestamp").parse().unwrap();
                let verifier = standardwebhooks::Webhook::new(&self.secret).unwrap();
                let expected = verifier.sign(header("webhook-id"), stamp, raw).unwrap();
                assert_eq!(header("webhook-signature"), expected);
                if let Some(signature) = headers.get("x-merge-webhook-signature") {
                    let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).unwrap();
                    mac.update(raw);
                    assert_eq!(signature.to_str().unwrap(), URL_SAFE.encode(mac.finalize().into_bytes()));
                }
                serde_json::from_slice(raw).unwrap()
            })
            .collect()
    }
}

async fn keep(State(kept): State<Kept>, headers: HeaderMap, raw: Bytes) {
    kept.lock().unwrap().push((headers, raw));
}

async fn tend(vendor: &Privacy) {
    vendor.engine.tend_webhooks(Arc::new(WebhookBodies)).await.unwrap();
}

#[tokio::test]
async fn a_change_upstream_reaches_a_standard_receiver_and_one_made_for_merge() {
    let vendor = Privacy::start(small_world()).await;
    vendor.linked_and_read().await;
    let ours =
        Receiver::start(&vendor, &["ticket.*", "article.*", "sync.completed"], WebhookFormat::Linkspan).await;
    let merge = Receiver::start(&vendor, &["Ticket.*", "LinkedAccount.*"], WebhookFormat::Merge).await;
    let order = json!({ "seed": 3, "count": 10, "kinds": ["edit_issue"] });
    vendor.upstream.control.post("mutate", &order).await;
    vendor.pass(SignedDuration::from_mins(10)).await;
    vendor.read_all().await;
    tend(&vendor).await;
    let got = ours.take();
    // The first one in the feed: different records may overtake each other on the way.
    let place = |body: &&Value| body["data"]["position"].as_str().unwrap().parse::<i64>().unwrap();
    let updated = got.iter().filter(|body| body["type"] == "ticket.updated");
    let ticket = updated.min_by_key(place).expect("a ticket changed");
    // Its record is what the API shows.
    let record = &ticket["data"]["record"];
    assert!(record["id"].is_string() && record["remote_id"].is_string() && record["name"].is_string());
    assert_eq!(ticket["data"]["linked_account"]["end_user_origin_id"], "acme");
    insta::assert_json_snapshot!("ticket_updated", shape(ticket));
    let completed =
        got.iter().find(|body| body["type"] == "sync.completed").expect("a run brought something");
    assert_eq!(completed["data"]["is_initial"], false);
    assert!(completed["data"]["changed"].as_u64().unwrap() > 0);

    let got = merge.take();
    let of = |event: &str| got.iter().find(|body| body["hook"]["event"] == event);
    let changed = got
        .iter()
        .find(|body| body["hook"]["event"] == "Ticket.changed" && body["data"]["id"] == record["id"])
        .expect("the same ticket changed");
    assert_eq!(changed["data"], *record);
    assert_eq!(changed["linked_account"]["integration_slug"], "jira");
    insta::assert_json_snapshot!("merge_ticket_changed", shape(changed));
    let synced = of("LinkedAccount.sync_completed").expect("a run brought something");
    assert_eq!(synced["data"]["sync_status"]["ticketing.Ticket"]["last_sync_result"], "DONE");
    // A run that brings nothing new is not told.
    vendor.pass(SignedDuration::from_hours(1)).await;
    vendor.read_all().await;
    tend(&vendor).await;
    assert!(ours.take().iter().all(|body| body["type"] != "sync.completed"));
}

#[tokio::test]
async fn linking_reading_and_unlinking_are_told() {
    let vendor = Privacy::start(small_world()).await;
    let receiver = Receiver::start(&vendor, &["linked_account.*", "sync.*"], WebhookFormat::Linkspan).await;
    let linked = vendor.link("acme", "it@acme.example", Integration::Jira).await;
    vendor.read_all().await;
    tend(&vendor).await;
    vendor.engine.unlink(linked.account).await.unwrap();
    tend(&vendor).await;
    let got = receiver.take();
    let told: Vec<_> = got.iter().map(|body| body["type"].as_str().unwrap()).collect();
    assert_eq!(told, ["linked_account.created", "sync.started", "sync.completed", "linked_account.deleted"]);
    assert_eq!(got[2]["data"]["is_initial"], true);
    for body in &got {
        assert_eq!(body["data"]["linked_account"]["id"], linked.account.to_string());
        assert!(!body.to_string().contains("it@acme.example"));
    }
}

#[tokio::test]
async fn a_dead_grant_is_told_once_and_so_is_its_revival() {
    let vendor = Privacy::start(small_world()).await;
    let receiver = Receiver::start(&vendor, &["linked_account.*"], WebhookFormat::Linkspan).await;
    let merge = Receiver::start(&vendor, &["Issue.*"], WebhookFormat::Merge).await;
    vendor.link("acme", "it@acme.example", Integration::Jira).await;
    vendor.read_all().await;
    // Nobody refreshes for longer than a refresh token lives.
    vendor.pass(SignedDuration::from_hours(24 * 100)).await;
    let source = vendor.store.sources().await.unwrap().remove(0).id;
    for _ in 0..3 {
        assert!(vendor.engine.sync_source(source).await.is_err());
        vendor.pass(SignedDuration::from_mins(10)).await;
    }
    tend(&vendor).await;
    let told = |got: Vec<Value>| -> Vec<String> {
        got.iter().map(|body| body["type"].as_str().unwrap().to_owned()).collect()
    };
    let got = receiver.take();
    let reason = got.last().unwrap()["data"]["reason"].as_str().unwrap().to_owned();
    assert!(!reason.is_empty());
    assert_eq!(told(got), ["linked_account.created", "linked_account.relink_needed"]);
    vendor.link("acme", "it@acme.example", Integration::Jira).await;
    vendor.read_all().await;
    tend(&vendor).await;
    assert_eq!(told(receiver.take()), ["linked_account.restored"]);
    let issues = merge.take();
    let events: Vec<_> = issues.iter().map(|body| body["hook"]["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["Issue.new", "Issue.resolved"]);
    assert_eq!(issues[0]["data"]["id"], issues[1]["data"]["id"]);
}

/// Waits until a delivery is in this state, and gives it with its attempts.
async fn settled(vendor: &Linking, id: &str, state: &str) -> Value {
    for _ in 0..500 {
        let (_, delivery) = vendor.get(&format!("/v1/webhook-deliveries/{id}"), None).await;
        if delivery["state"] == state {
            return delivery;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the delivery did not become {state}");
}

#[tokio::test]
async fn endpoints_are_made_tried_out_changed_and_deleted_over_the_api() {
    let vendor = Linking::with(tiny_world(), &["--allow-webhook-network", "127.0.0.1/32"]).await;
    let kept = Kept::default();
    let (url, _serving) = receiving(Router::new().fallback(keep).with_state(Arc::clone(&kept))).await;

    let call = async |method: Method, path: &str, body: Option<Value>| {
        vendor.api(method, &format!("/v1/{path}"), None, body.as_ref()).await
    };
    let (status, made) =
        call(Method::POST, "webhook-endpoints", Some(json!({ "url": url, "events": ["ticket.*"] }))).await;
    assert_eq!(status, 201, "{made}");
    let secret = made["secret"].as_str().unwrap().to_owned();
    let one = format!("webhook-endpoints/{}", made["id"].as_str().unwrap());
    let (_, shown) = call(Method::GET, &one, None).await;
    assert_eq!((&shown["url"], shown.get("secret")), (&json!(url), None), "a secret is shown once");
    insta::assert_json_snapshot!("webhook_endpoint", shape(&shown));

    let (status, sent) = call(Method::POST, &format!("{one}/test"), None).await;
    assert_eq!(status, 202);
    let id = sent["id"].as_str().unwrap().to_owned();
    let delivery = settled(&vendor, &id, "delivered").await;
    insta::assert_json_snapshot!("webhook_delivery", shape(&delivery));
    let (headers, raw) = kept.lock().unwrap().remove(0);
    let verifier = standardwebhooks::Webhook::new(&secret).unwrap();
    verifier.verify(&raw, &headers).unwrap();

    let (status, rotated) = call(Method::POST, &format!("{one}/rotate-secret"), None).await;
    assert_eq!(status, 200);
    let (status, _) = call(Method::POST, &format!("webhook-deliveries/{id}/replay"), None).await;
    assert_eq!(status, 202);
    let again = settled(&vendor, &id, "delivered").await;
    assert_eq!(again["attempts"], 2);
    let (headers, raw) = kept.lock().unwrap().remove(0);
    verifier.verify(&raw, &headers).unwrap();
    let fresh = standardwebhooks::Webhook::new(rotated["secret"].as_str().unwrap()).unwrap();
    fresh.verify(&raw, &headers).unwrap();

    let since = Some(json!({ "since": "2020-01-01T00:00:00Z" }));
    let (status, range) = call(Method::POST, &format!("{one}/replay"), since).await;
    assert_eq!((status, &range["replayed"]), (202, &json!(1)));
    let (_, page) = call(Method::GET, &format!("{one}/deliveries?event=webhook.test"), None).await;
    assert_eq!(page["results"].as_array().unwrap().len(), 1);

    let (_, patched) =
        call(Method::PATCH, &one, Some(json!({ "disabled": true, "integrations": ["jira"] }))).await;
    assert_eq!((&patched["disabled_reason"], &patched["integrations"]), (&json!("vendor"), &json!(["jira"])));
    assert_eq!(call(Method::POST, &format!("{one}/test"), None).await.0, 400);
    let (_, patched) = call(Method::PATCH, &one, Some(json!({ "integrations": null }))).await;
    assert_eq!((&patched["disabled"], &patched["integrations"]), (&json!(true), &Value::Null));
    let (_, enabled) = call(Method::POST, &format!("{one}/enable"), None).await;
    assert_eq!(enabled["disabled"], false);
    let (_, all) = call(Method::GET, "webhook-endpoints", None).await;
    assert_eq!(all["results"].as_array().unwrap().len(), 1);

    for wrong in [
        json!({ "url": "https://169.254.169.254/latest" }),
        json!({ "url": "http://hooks.example.com/" }),
        json!({ "url": url, "events": ["ticket.exploded"] }),
        json!({ "url": url, "integrations": ["trello"] }),
        json!({ "url": url, "format": "xml" }),
        json!({ "url": url, "linked_accounts": ["00000000-0000-0000-0000-000000000000"] }),
        json!({}),
    ] {
        let (status, answer) = call(Method::POST, "webhook-endpoints", Some(wrong.clone())).await;
        assert_eq!(status, 400, "{wrong} {answer}");
        assert!(answer["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    }
    assert_eq!(call(Method::POST, &format!("{one}/replay"), Some(json!({}))).await.0, 400);
    assert_eq!(call(Method::DELETE, &one, None).await.0, 204);
    assert_eq!(call(Method::GET, &one, None).await.0, 404);
    let bare = http().get(format!("{}/v1/webhook-endpoints", vendor.base_url())).send().await.unwrap();
    assert_eq!(bare.status(), 401, "a vendor's key is needed");
    let metrics = http().get(format!("{}/metrics", vendor.base_url())).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(metrics.contains("linkspan_webhook_attempts_total{outcome=\"delivered\"}"), "{metrics}");
}
