//! What arrives, in which order, how often, and when it stops.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use linkspan_engine::webhooks::{DeliveryState, DisabledReason, ReplayRange, WebhookFormat};
use linkspan_model::event::EventKind;
use linkspan_model::ids::WebhookEndpointId;
use linkspan_model::product::Integration;
use linkspan_store::SyncNotice;
use serde_json::json;

use super::vendor::Plain;
use super::{Got, Receiver, Vendor};

const SECOND: SignedDuration = SignedDuration::from_secs(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn kinds(got: &[Got]) -> Vec<String> {
    got.iter().map(Got::kind).collect()
}

#[tokio::test]
async fn what_happens_is_told_in_its_order_with_the_record_as_it_is() {
    let (vendor, receiver) = (Vendor::start().await, Receiver::start().await);
    let (account, source) = vendor.link("early").await;
    vendor.endpoint(&receiver.url).await;
    let record = vendor.ticket(source, 1, "first").await;
    vendor.ticket(source, 1, "second").await;
    vendor.remove(source, record).await;
    let turn = vendor.tend().await;
    assert_eq!((turn.delivered, turn.failed), (3, 0));
    let got = receiver.take();
    assert_eq!(
        kinds(&got),
        ["ticket.created", "ticket.updated", "ticket.removed"],
        "not what came before it"
    );
    for one in &got {
        let data = &one.body["data"];
        assert_eq!(data["linked_account"]["id"], account.to_string());
        assert_eq!((&data["model"], one.record()), (&"ticket".into(), record.to_string()));
        // Made when it is sent: the first event already shows the last state.
        assert_eq!(
            (&data["record"]["name"], &data["record"]["remote_was_deleted"]),
            (&"second".into(), &true.into())
        );
        assert!(data["position"].is_string());
    }
    vendor.engine.unlink(account).await.unwrap();
    vendor.tend().await;
    let got = receiver.take();
    assert_eq!(kinds(&got), ["linked_account.deleted"]);
    insta::assert_json_snapshot!(got[0].body, {
        ".data.linked_account.id" => "[id]", ".data.position" => "[position]",
    });
}

#[tokio::test]
async fn every_account_that_sees_a_record_is_told_and_no_other() {
    let (vendor, receiver) = (Vendor::start().await, Receiver::start().await);
    let (jira, source) = vendor.link_as("acme", "ann", Integration::Jira).await;
    let (desk, same) = vendor.link_as("acme", "ann", Integration::JiraServiceManagement).await;
    assert_eq!(source, same);
    let software = vendor.project(source, 1, "software").await;
    let service = vendor.project(source, 2, "service_desk").await;
    vendor.tend().await;
    vendor.endpoint_of(&receiver.url, &["ticket.*"], WebhookFormat::Linkspan).await;
    vendor.ticket_in(source, 1, "inner", Some(software)).await;
    vendor.ticket_in(source, 2, "request", Some(service)).await;
    vendor.tend().await;
    let mut told: Vec<_> = receiver
        .take()
        .iter()
        .map(|got| {
            let account = got.body["data"]["linked_account"]["id"].as_str().unwrap().to_owned();
            (got.body["data"]["record"]["name"].as_str().unwrap().to_owned(), account)
        })
        .collect();
    told.sort();
    let mut expected = vec![
        ("inner".to_owned(), jira.to_string()),
        ("request".to_owned(), jira.to_string()),
        ("request".to_owned(), desk.to_string()),
    ];
    expected.sort();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn an_account_that_is_gone_is_not_told_about() {
    let (vendor, receiver) = (Vendor::start().await, Receiver::start().await);
    let (account, source) = vendor.link("acme").await;
    vendor.endpoint(&receiver.url).await;
    receiver.answers(500);
    vendor.ticket(source, 1, "secret").await;
    vendor.tend().await;
    receiver.answers(200);
    receiver.take();
    vendor.engine.unlink(account).await.unwrap();
    vendor.clock.advance(HOUR);
    vendor.tend().await;
    assert_eq!(kinds(&receiver.take()), ["linked_account.deleted"]);
}

/// One delivery that always fails; the times of its attempts, in seconds since the first.
#[tokio::test]
async fn o8_a_receiver_that_is_down_for_a_day_still_gets_it() {
    let (vendor, receiver) = (Vendor::start().await, Receiver::start().await);
    let (_, source) = vendor.link("acme").await;
    let (endpoint, _) = vendor.endpoint(&receiver.url).await;
    vendor.ticket(source, 1, "x").await;
    receiver.answers(503);
    let mut times = Vec::new();
    let began = vendor.now();
    vendor.tend().await;
    for _ in 0..9 {
        times.push(vendor.now().duration_since(began).as_secs_f64());
        let Some(due) = vendor.deliveries(endpoint).await[0].due_at else { break };
        // A moment before it nothing is sent.
        let seen = receiver.got().len();
        vendor.clock.advance(due.duration_since(vendor.now()) - SignedDuration::from_millis(1));
        vendor.tend().await;
        assert_eq!(receiver.got().len(), seen);
        vendor.clock.advance(SignedDuration::from_millis(1));
        vendor.tend().await;
        assert_eq!(receiver.got().len(), seen + 1);
    }
    assert_eq!(receiver.got().len(), 8);
    let plain = [0.0, 5.0, 305.0, 2_105.0, 9_305.0, 27_305.0, 63_305.0, 99_305.0];
    for (time, plain) in times.iter().zip(plain) {
        assert!(*time >= plain && *time <= plain * 1.1 + 0.1, "{times:?}");
    }
    let failed = vendor.deliveries(endpoint).await.remove(0);
    assert_eq!((failed.state, failed.attempts), (DeliveryState::Failed, 8));
    assert!(receiver.take().iter().all(|got| got.event_id() == failed.event_id.to_string()), "one event id");
    let (_, log) = vendor.engine.webhook_delivery(failed.id).await.unwrap();
    assert_eq!(log.iter().map(|attempt| attempt.no).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert!(log.iter().all(|attempt| attempt.outcome == "refused" && attempt.status == Some(503)));
    // And it can be had again for days.
    receiver.answers(200);
    vendor.engine.replay_webhook_delivery(failed.id).await.unwrap();
    vendor.clock.advance(HOUR);
    vendor.tend().await;
    let again = receiver.take();
    assert_eq!((again.len(), again[0].event_id()), (1, failed.event_id.to_string()));
}

#[tokio::test]
async fn o8_an_endpoint_that_only_fails_for_five_days_is_disabled_and_others_are_told() {
    let (vendor, dead, other) = (Vendor::start().await, Receiver::start().await, Receiver::start().await);
    let (_, source) = vendor.link("acme").await;
    let (endpoint, _) = vendor.endpoint(&dead.url).await;
    let (watcher, _) = vendor.endpoint_of(&other.url, &["webhook_endpoint.*"], WebhookFormat::Linkspan).await;
    dead.answers(500);
    let mut number = 0;
    for _ in 0..21 {
        for _ in 0..3 {
            number += 1;
            vendor.ticket(source, number, "x").await;
        }
        vendor.pass(HOUR * 6, HOUR).await;
        let state = vendor.engine.webhook_endpoint(endpoint).await.unwrap();
        let days = vendor.now().duration_since("2026-11-02T08:00:00Z".parse().unwrap()).as_hours();
        assert_eq!(state.disabled.is_some(), days > 120, "after {days} hours");
    }
    let state = vendor.engine.webhook_endpoint(endpoint).await.unwrap();
    assert_eq!(state.disabled.unwrap().0, DisabledReason::Failing);
    assert!(state.failing_since.is_some());
    let told = other.take();
    assert_eq!(kinds(&told), ["webhook_endpoint.disabled"]);
    assert_eq!(told[0].body["data"]["webhook_endpoint"]["id"], endpoint.to_string());
    assert!(vendor.deliveries(watcher).await.len() == 1, "said once");

    // While it is disabled nothing is sent, and nothing is lost.
    let before = dead.take().len();
    assert!(before < 200, "it was not hammered: {before}");
    vendor.ticket(source, 9_000, "missed").await;
    vendor.pass(HOUR * 2, HOUR).await;
    assert!(dead.take().is_empty());
    assert_eq!(vendor.deliveries(endpoint).await[0].state, DeliveryState::Missed);
    dead.answers(200);
    vendor.engine.enable_webhook_endpoint(endpoint).await.unwrap();
    let range = ReplayRange { after: Some(0), ..ReplayRange::default() };
    vendor.engine.replay_webhook_deliveries(endpoint, range).await.unwrap();
    vendor.tend().await;
    let mut records: Vec<_> = dead.take().iter().map(Got::record).collect();
    records.sort();
    records.dedup();
    assert_eq!(records.len(), number as usize + 1, "every ticket arrived in the end");
}

#[tokio::test]
async fn o8_a_replay_equals_the_original_set() {
    let (vendor, receiver) = (Vendor::start().await, Receiver::start().await);
    let (_, source) = vendor.link("acme").await;
    let (endpoint, _) = vendor.endpoint(&receiver.url).await;
    for number in 0..40 {
        vendor.ticket(source, number % 10, &format!("version {number}")).await;
    }
    vendor.tend().await;
    let set = |got: Vec<Got>| {
        let mut set: Vec<_> = got.iter().map(|it| (it.event_id(), it.kind(), it.record())).collect();
        set.sort();
        set
    };
    let original = receiver.take();
    assert_eq!(original.len(), 40);
    // Different records may overtake each other on the way.
    let places = original.iter().map(|it| it.body["data"]["position"].as_str().unwrap().parse().unwrap());
    let mut places: Vec<i64> = places.collect();
    places.sort_unstable();
    let after = places[20];
    vendor.clock.advance(HOUR);
    let replay = async |range| vendor.engine.replay_webhook_deliveries(endpoint, range).await.unwrap();
    assert_eq!(replay(ReplayRange { after: Some(0), ..ReplayRange::default() }).await, 40);
    vendor.tend().await;
    let again = receiver.take();
    assert_eq!(set(again.clone()), set(original.clone()));
    assert_eq!(replay(ReplayRange { after: Some(after), ..ReplayRange::default() }).await, 40 - 21);
    vendor.tend().await;
    receiver.take();
    let range = ReplayRange { since: Some(vendor.now()), ..ReplayRange::default() };
    assert_eq!(replay(range).await, 0);
    let range = ReplayRange { since: Some(vendor.now() - HOUR), until: Some(vendor.now()), after: None };
    assert_eq!(replay(range).await, 40);
}

#[tokio::test]
async fn events_of_one_record_stay_in_order_while_others_go_on() {
    let (vendor, receiver) = (Vendor::start().await, Receiver::start().await);
    let (_, source) = vendor.link("acme").await;
    vendor.endpoint(&receiver.url).await;
    let poisoned = vendor.ticket(source, 1, "a").await.to_string();
    receiver.refuses(std::slice::from_ref(&poisoned));
    vendor.ticket(source, 1, "b").await;
    for number in 2..30 {
        vendor.ticket(source, number, "fine").await;
    }
    vendor.ticket(source, 1, "c").await;
    vendor.tend().await;
    let got = receiver.take();
    assert_eq!(
        got.iter().filter(|it| it.record() == poisoned).count(),
        1,
        "the later ones wait for the first"
    );
    assert_eq!(got.iter().filter(|it| it.status == 200).count(), 28);
    receiver.refuses(&[]);
    vendor.clock.advance(HOUR);
    vendor.tend().await;
    assert_eq!(kinds(&receiver.take()), ["ticket.created", "ticket.updated", "ticket.updated"]);
}

#[tokio::test]
async fn a_failing_endpoint_is_probed_with_one_delivery_at_a_time() {
    let (vendor, receiver) = (Vendor::start().await, Receiver::start().await);
    let (_, source) = vendor.link("acme").await;
    vendor.endpoint(&receiver.url).await;
    for number in 0..300 {
        vendor.ticket(source, number, "x").await;
    }
    receiver.answers(500);
    vendor.tend().await;
    let first = receiver.take().len();
    assert!(first <= 16, "{first} of 300 were tried before it rested");
    vendor.pass(SignedDuration::from_mins(30), SECOND * 5).await;
    let probes = receiver.take().len();
    assert!((5..=20).contains(&probes), "{probes} probes in half an hour");
    receiver.answers(200);
    vendor.pass(HOUR * 12, HOUR).await;
    let mut events: Vec<_> = receiver.take().iter().map(Got::event_id).collect();
    events.sort();
    events.dedup();
    assert_eq!(events.len(), 300, "all arrive when it is back");
}

#[tokio::test]
async fn a_slow_neighbour_holds_up_nobody() {
    let (vendor, slow, quick) = (Vendor::start().await, Receiver::start().await, Receiver::start().await);
    let (_, source) = vendor.link("acme").await;
    vendor.endpoint(&slow.url).await;
    vendor.endpoint(&quick.url).await;
    slow.waits(Duration::from_secs(5));
    vendor.engine.start_deliveries(Arc::new(Plain));
    for number in 0..50 {
        vendor.ticket(source, number, "x").await;
    }
    let began = Instant::now();
    while quick.got().len() < 50 {
        assert!(began.elapsed() < Duration::from_secs(4), "{} arrived", quick.got().len());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(slow.got().is_empty());
    vendor.engine.shut_down(Duration::from_millis(50)).await;
}

#[tokio::test]
async fn what_a_killed_process_held_is_sent_with_the_same_event_id() {
    let (vendor, receiver) = (Vendor::start().await, Receiver::start().await);
    let (_, source) = vendor.link("acme").await;
    let (endpoint, _) = vendor.endpoint(&receiver.url).await;
    vendor.ticket(source, 1, "x").await;
    // A process that put it on its way, claimed it, sent it, and was killed before it noted so.
    receiver.waits(Duration::from_millis(300));
    let killed = vendor.another_process().await;
    let run = tokio::time::timeout(Duration::from_millis(150), killed.tend_webhooks(Arc::new(Plain))).await;
    assert!(run.is_err(), "it was killed in the middle");
    receiver.waits(Duration::ZERO);
    vendor.tend().await;
    let pending = vendor.deliveries(endpoint).await.remove(0);
    assert_eq!((pending.state, pending.attempts), (DeliveryState::Pending, 0), "its lease still holds");
    tokio::time::sleep(Duration::from_millis(400)).await;
    receiver.take();
    vendor.clock.advance(SECOND * 61);
    vendor.tend().await;
    let got = receiver.take();
    assert_eq!((got.len(), got[0].event_id()), (1, pending.event_id.to_string()));
    assert_eq!(vendor.deliveries(endpoint).await[0].state, DeliveryState::Delivered);
}

#[tokio::test]
async fn an_endpoint_that_says_it_is_gone_is_told_nothing_more() {
    let (vendor, receiver) = (Vendor::start().await, Receiver::start().await);
    let (_, source) = vendor.link("acme").await;
    let (endpoint, _) = vendor.endpoint(&receiver.url).await;
    vendor.ticket(source, 1, "x").await;
    receiver.answers_next(&[410]);
    vendor.tend().await;
    let state = vendor.engine.webhook_endpoint(endpoint).await.unwrap();
    assert_eq!(state.disabled.unwrap().0, DisabledReason::Gone);
    assert_eq!(receiver.take().len(), 1);
    vendor.ticket(source, 2, "x").await;
    vendor.pass(HOUR * 3, HOUR).await;
    assert!(receiver.take().is_empty());
}

#[tokio::test]
async fn without_endpoints_nothing_is_kept_and_a_new_one_begins_at_the_present() {
    let (vendor, receiver) = (Vendor::start().await, Receiver::start().await);
    let (_, source) = vendor.link("acme").await;
    for number in 0..20 {
        vendor.ticket(source, number, "before").await;
    }
    vendor.tend().await;
    assert_eq!(vendor.store.webhook_cursor().await.unwrap(), vendor.store.feed_position().await.unwrap());
    vendor.ticket(source, 50, "not yet followed").await;
    let (endpoint, _) = vendor.endpoint(&receiver.url).await;
    vendor.ticket(source, 51, "after").await;
    vendor.tend().await;
    assert_eq!(receiver.take().len(), 1);
    assert_eq!(vendor.deliveries(endpoint).await.len(), 1);
    vendor.pass(HOUR * 24 * 15, HOUR * 24).await;
    assert!(vendor.deliveries(endpoint).await.is_empty(), "kept for 14 days");
}

#[tokio::test]
async fn s16_how_reading_goes_is_told_to_each_account_of_the_source() {
    let (vendor, receiver) = (Vendor::start().await, Receiver::start().await);
    let (_, source) = vendor.link_as("acme", "ann", Integration::Jira).await;
    vendor.link_as("acme", "ann", Integration::JiraServiceManagement).await;
    vendor.endpoint_of(&receiver.url, &["sync.*", "ledger.*"], WebhookFormat::Linkspan).await;
    vendor.store.note_sync(source, &SyncNotice::Started, vendor.now()).await.unwrap();
    let completed = SyncNotice::Completed { changed: 7, failed: vec![] };
    vendor.store.note_sync(source, &completed, vendor.now()).await.unwrap();
    vendor.tend().await;
    let mut told = kinds(&receiver.take());
    told.sort();
    assert_eq!(told, ["sync.completed", "sync.completed", "sync.started", "sync.started"]);
    // Nothing is read any more, although it is due every hour.
    vendor.clock.advance(HOUR * 5);
    vendor.engine.tell_stalls().await.unwrap();
    vendor.clock.advance(HOUR * 2);
    for _ in 0..3 {
        vendor.engine.tell_stalls().await.unwrap();
    }
    vendor.tend().await;
    assert_eq!(kinds(&receiver.take()), ["sync.stalled", "sync.stalled"]);
    vendor.tell(EventKind::LedgerDrift, source, json!({ "upstream": 10, "held": 9 })).await;
    vendor.tend().await;
    let got = receiver.take();
    assert_eq!((got.len(), &got[0].body["data"]["upstream"]), (2, &10.into()));
}

#[tokio::test]
async fn from_the_commit_to_the_request_it_takes_no_longer_than_a_moment() {
    let (vendor, receiver) = (Vendor::start().await, Receiver::start().await);
    let (_, source) = vendor.link("acme").await;
    let (other, _) = vendor.link("other").await;
    vendor.endpoint(&receiver.url).await;
    vendor.engine.start_deliveries(Arc::new(Plain));
    tokio::time::sleep(Duration::from_millis(200)).await;
    let began = Instant::now();
    vendor.ticket(source, 1, "x").await;
    // A write of the engine's own, which tells who follows the feed.
    vendor.engine.unlink(other).await.unwrap();
    while receiver.got().is_empty() {
        assert!(began.elapsed() < Duration::from_millis(800), "it waited for the next look");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    vendor.engine.shut_down(Duration::from_secs(2)).await;
}

#[tokio::test]
async fn a_test_event_is_sent_and_its_answer_kept() {
    let (vendor, receiver) = (Vendor::start().await, Receiver::start().await);
    let (endpoint, _): (WebhookEndpointId, _) = vendor.endpoint(&receiver.url).await;
    receiver.says(&"thanks ".repeat(2_000));
    let delivery = vendor.engine.test_webhook_endpoint(endpoint).await.unwrap();
    assert_eq!(vendor.tend().await.delivered, 1);
    assert_eq!(kinds(&receiver.take()), ["webhook.test"]);
    let (after, log) = vendor.engine.webhook_delivery(delivery.id).await.unwrap();
    assert_eq!((after.state, log.len(), log[0].status), (DeliveryState::Delivered, 1, Some(200)));
    let answer = log[0].response.as_ref().unwrap();
    assert!(answer.starts_with("thanks ") && answer.len() <= 4_096, "{}", answer.len());
}
