//! Signatures, before, during and after a rotation (hazard O9).

use jiff::SignedDuration;
use linkspan_engine::webhooks::{SecretExpiry, WebhookFormat};
use linkspan_model::event::EventKind;
use serde_json::json;
use standardwebhooks::Webhook;

use super::{Got, Receiver, Vendor};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn verifies(got: &Got, secret: &str) -> bool {
    // As that crate verifies, but for its look at the machine's clock.
    let stamp = got.header("webhook-timestamp").parse().unwrap();
    let expected = Webhook::new(secret).unwrap().sign(&got.event_id(), stamp, &got.raw).unwrap();
    got.header("webhook-signature").split(' ').any(|signature| signature == expected)
}

#[tokio::test]
async fn o9_during_the_overlap_both_secrets_verify_and_the_old_one_not_afterwards() {
    let (vendor, receiver) = (Vendor::start().await, Receiver::start().await);
    let (_, source) = vendor.link("acme").await;
    let (endpoint, old) = vendor.endpoint(&receiver.url).await;
    let mut number = 0;
    let mut send = async || {
        number += 1;
        vendor.ticket(source, number, "x").await;
        vendor.tend().await;
        receiver.take().remove(0)
    };
    let before = send().await;
    assert!(verifies(&before, &old));
    let new = vendor.engine.rotate_webhook_secret(endpoint, SecretExpiry::AfterOverlap).await.unwrap();
    let new = new.expose().to_owned();
    assert!(!verifies(&before, &new));
    for hours in [0, 12, 11] {
        vendor.clock.advance(HOUR * hours);
        let got = send().await;
        assert!(verifies(&got, &old) && verifies(&got, &new), "none is rejected");
        assert_eq!(got.header("webhook-signature").split(' ').count(), 2);
        let stamp: i64 = got.header("webhook-timestamp").parse().unwrap();
        assert_eq!(stamp, vendor.now().as_second());
    }
    vendor.clock.advance(HOUR);
    let after = send().await;
    assert!(verifies(&after, &new) && !verifies(&after, &old));
}

#[tokio::test]
async fn o9_a_secret_that_became_known_ends_at_once() {
    let (vendor, receiver) = (Vendor::start().await, Receiver::start().await);
    let (_, source) = vendor.link("acme").await;
    let (endpoint, old) = vendor.endpoint(&receiver.url).await;
    let new = vendor.engine.rotate_webhook_secret(endpoint, SecretExpiry::Now).await.unwrap();
    vendor.ticket(source, 1, "x").await;
    vendor.tend().await;
    let got = receiver.take().remove(0);
    assert!(verifies(&got, new.expose()) && !verifies(&got, &old));
}

#[tokio::test]
async fn o9_what_is_sent_again_is_signed_anew() {
    let (vendor, receiver) = (Vendor::start().await, Receiver::start().await);
    let (_, source) = vendor.link("acme").await;
    let (_, secret) = vendor.endpoint(&receiver.url).await;
    receiver.answers_next(&[500]);
    vendor.ticket(source, 1, "x").await;
    vendor.tend().await;
    vendor.clock.advance(HOUR);
    vendor.tend().await;
    let got = receiver.take();
    assert_eq!(got.len(), 2);
    assert_eq!(got[0].event_id(), got[1].event_id());
    assert_ne!(got[0].header("webhook-timestamp"), got[1].header("webhook-timestamp"));
    assert!(got.iter().all(|it| verifies(it, &secret)));
}

#[tokio::test]
async fn bodies_in_merges_form_carry_its_names_and_signature() {
    let (vendor, receiver) = (Vendor::start().await, Receiver::start().await);
    let (endpoint, secret) = vendor.endpoint_of(&receiver.url, &["*"], WebhookFormat::Merge).await;
    let (account, source) = vendor.link("acme").await;
    let record = vendor.ticket(source, 1, "a").await;
    vendor.ticket(source, 1, "b").await;
    vendor.remove(source, record).await;
    vendor.tell(EventKind::ReachReduced, source, json!({})).await;
    vendor.tend().await;
    vendor.engine.unlink(account).await.unwrap();
    vendor.tend().await;
    let got = receiver.take();
    let events: Vec<_> = got.iter().map(|it| it.body["hook"]["event"].as_str().unwrap()).collect();
    // The account's own events and the record's are lanes of their own.
    let of = |prefix: &str| events.iter().copied().filter(|it| it.starts_with(prefix)).collect::<Vec<_>>();
    assert_eq!(of("Ticket."), ["Ticket.added", "Ticket.changed", "Ticket.removed"]);
    assert_eq!(of("LinkedAccount."), ["LinkedAccount.linked", "LinkedAccount.deleted"]);
    assert_eq!(events.len(), 5, "Merge has no word for the rest: {events:?}");
    let signer =
        linkspan_vault::WebhookSecret::from_text(&linkspan_model::secret::Secret::new(&*secret)).unwrap();
    for it in &got {
        assert_eq!(it.body["hook"]["id"], endpoint.to_string());
        assert_eq!(it.header("x-merge-webhook-signature"), signer.sign_as_merge(&it.raw));
        assert!(verifies(it, &secret), "and the standard signature too");
    }
    let linked = got.iter().find(|it| it.body["hook"]["event"] == "LinkedAccount.linked").unwrap();
    assert_eq!(linked.body["data"]["account_token"], "lsa_token");
    assert!(got.iter().filter(|it| it.body.to_string().contains("lsa_token")).count() == 1);
    let deleted = got.last().unwrap();
    insta::assert_json_snapshot!(deleted.body, {
        ".hook.id" => "[id]", ".hook.target" => "[url]", ".data.id" => "[id]", ".linked_account.id" => "[id]",
    });
}
