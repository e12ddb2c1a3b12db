//! Live changes and incremental reading on a moved clock.

use jiff::SignedDuration;
use linkspan_engine::live::LiveState;
use linkspan_model::ids::SourceId;
use linkspan_model::product::Integration;
use linkspan_model::record::{Body, Model};
use serde_json::{Value, json};

use crate::link::tiny_world;
use crate::personal_data::Privacy;
use crate::support::http;

const DAY: SignedDuration = SignedDuration::from_hours(24);

async fn jira(privacy: &Privacy) -> SourceId {
    privacy.link("acme", "it@acme.example", Integration::Jira).await;
    privacy.read_all().await;
    privacy.store.sources().await.unwrap()[0].id
}

async fn registered(privacy: &Privacy) -> Vec<Value> {
    privacy.upstream.control.get("webhooks").await["webhooks"].as_array().unwrap().clone()
}

async fn rename(privacy: &Privacy, issue: &str, name: &str) {
    let upstream = &privacy.upstream;
    let request = http()
        .put(format!("{}/rest/api/3/issue/{issue}", upstream.text("/origin")))
        .basic_auth(upstream.text("/users/0/email"), Some(upstream.text("/users/0/api_token")))
        .json(&json!({ "fields": { "summary": name } }));
    assert_eq!(request.send().await.unwrap().status(), 204);
}

async fn name_of(privacy: &Privacy, source: SourceId, issue: &str) -> String {
    let id = linkspan_model::ids::RecordId::of(source, Model::Ticket, issue);
    let record = privacy.store.get_record(source, Model::Ticket, id).await.unwrap().unwrap();
    match record.instance().unwrap() {
        Body::Ticket(ticket) => ticket.name,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w1_registrations_outlive_their_thirty_days_although_prolonging_fails_twice() {
    let privacy = Privacy::start(tiny_world()).await;
    let source = jira(&privacy).await;
    privacy.engine.tend_registrations().await.unwrap();
    let first = registered(&privacy).await;
    assert_eq!(first.len(), 2);
    let live = privacy.engine.live_status(source).await.unwrap();
    assert_eq!((live.state, live.reason), (LiveState::Live, None));

    privacy.pass(DAY * 9).await;
    privacy.engine.tend_registrations().await.unwrap();
    assert_eq!(registered(&privacy).await, first, "young ones are left alone");

    privacy.pass(DAY * 2).await;
    privacy
        .fault(json!({ "kind": "status", "status": 403, "path": "/rest/api/3/webhook/refresh", "count": 2 }))
        .await;
    for _ in 0..2 {
        privacy.engine.tend_registrations().await.unwrap();
        let live = privacy.engine.live_status(source).await.unwrap();
        assert_eq!(live.state, LiveState::Live, "they have not ended yet");
        assert!(live.reason.is_some(), "and the failure is told");
        privacy.pass(SignedDuration::from_mins(61)).await;
    }
    privacy.engine.tend_registrations().await.unwrap();
    assert_eq!(privacy.engine.live_status(source).await.unwrap().reason, None);
    privacy.pass(DAY * 20).await;
    let alive = registered(&privacy).await;
    let ids = |hooks: &[Value]| hooks.iter().map(|hook| hook["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&alive), ids(&first), "day 31: they live on");
}

#[tokio::test(flavor = "multi_thread")]
async fn w1_when_prolonging_fails_for_good_reading_takes_over_and_says_so() {
    let privacy = Privacy::start(tiny_world()).await;
    let source = jira(&privacy).await;
    privacy.engine.tend_registrations().await.unwrap();
    privacy.fault(json!({ "kind": "status", "status": 403, "path": "/rest/api/3/webhook*" })).await;
    for _ in 0..31 {
        privacy.pass(DAY).await;
        privacy.engine.tend_registrations().await.unwrap();
    }
    let live = privacy.engine.live_status(source).await.unwrap();
    assert_eq!(live.state, LiveState::Polling);
    assert!(live.reason.is_some());
    let issue = privacy.store.list_raws(source, "jira.issue", None, 1).await.unwrap().remove(0).remote_id;
    rename(&privacy, &issue, "Found by reading").await;
    privacy.read_all().await;
    assert_eq!(name_of(&privacy, source, &issue).await, "Found by reading");
}

#[tokio::test(flavor = "multi_thread")]
async fn w2_what_somebody_else_left_is_cleared_and_refusals_are_told() {
    let privacy = Privacy::start(tiny_world()).await;
    let source = jira(&privacy).await;
    // A registration whose answer got lost is found again, and not made twice.
    privacy
        .fault(json!({ "kind": "lost_reply", "method": "POST", "path": "/rest/api/3/webhook", "count": 1 }))
        .await;
    privacy.engine.tend_registrations().await.unwrap();
    assert_eq!(registered(&privacy).await.len(), 2);
    assert_eq!(privacy.engine.live_status(source).await.unwrap().state, LiveState::Polling);
    privacy.pass(SignedDuration::from_mins(61)).await;
    privacy.engine.tend_registrations().await.unwrap();
    assert_eq!(registered(&privacy).await.len(), 2);
    assert_eq!(privacy.engine.live_status(source).await.unwrap().state, LiveState::Live);
}

#[tokio::test(flavor = "multi_thread")]
async fn w7_silence_is_not_taken_for_quiet_nor_a_late_delivery_for_silence() {
    let privacy = Privacy::start(tiny_world()).await;
    let source = jira(&privacy).await;
    privacy.engine.tend_registrations().await.unwrap();
    let issue = privacy.store.list_raws(source, "jira.issue", None, 1).await.unwrap().remove(0).remote_id;
    let mut states = Vec::new();
    // Nobody listens where deliveries go to. Each reading finds another change.
    for minute in 0..4 {
        rename(&privacy, &issue, &format!("Told to nobody {minute}")).await;
        privacy.read_all().await;
        let live = privacy.engine.live_status(source).await.unwrap();
        states.push((live.missed, live.state));
        privacy.pass(SignedDuration::from_mins(1)).await;
    }
    let expected =
        [(1, LiveState::Live), (2, LiveState::Live), (3, LiveState::Silent), (4, LiveState::Silent)];
    assert_eq!(states, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_a_second_edit_that_no_delivery_told_is_read_though_an_issue_beside_it_is_gone() {
    let privacy = Privacy::start(tiny_world()).await;
    let source = jira(&privacy).await;
    privacy.engine.tend_registrations().await.unwrap();
    let raws = privacy.store.list_raws(source, "jira.issue", None, 12).await.unwrap();
    let issues: Vec<&String> = raws.iter().map(|raw| &raw.remote_id).collect();
    privacy.pass(SignedDuration::from_hours(1)).await;
    for issue in &issues {
        rename(&privacy, issue, "Once").await;
        privacy.pass(SignedDuration::from_secs(1)).await;
    }
    privacy.read_all().await;
    let (gone, twice) = (issues[3], issues[5]);
    let upstream = &privacy.upstream;
    let path = format!("{}/rest/api/3/issue/{gone}?deleteSubtasks=true", upstream.text("/origin"));
    let deletion = http()
        .delete(path)
        .basic_auth(upstream.text("/users/0/email"), Some(upstream.text("/users/0/api_token")));
    assert_eq!(deletion.send().await.unwrap().status(), 204);
    rename(&privacy, twice, "Twice").await;
    rename(&privacy, issues[7], "Twice").await;
    privacy.pass(SignedDuration::from_secs(1)).await;
    privacy.read_all().await;
    assert_eq!(name_of(&privacy, source, twice).await, "Twice");
    assert_eq!(name_of(&privacy, source, issues[7]).await, "Twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn w2_what_the_former_account_registered_is_taken_back_when_another_links_again() {
    let privacy = Privacy::start(tiny_world()).await;
    let source = jira(&privacy).await;
    privacy.engine.tend_registrations().await.unwrap();
    assert_eq!(registered(&privacy).await.len(), 2);
    privacy.link_as(1, "acme", "it@acme.example", Integration::Jira).await;
    assert_eq!(privacy.store.sources().await.unwrap()[0].id, source, "the source changed hands");
    privacy.engine.tend_registrations().await.unwrap();
    let after = registered(&privacy).await;
    assert_eq!(after.len(), 2, "{after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s4_an_issue_that_changes_all_the_time_is_stored_as_it_is_at_every_reading() {
    let privacy = Privacy::start(tiny_world()).await;
    let source = jira(&privacy).await;
    let issue = privacy.store.list_raws(source, "jira.issue", None, 1).await.unwrap().remove(0).remote_id;
    for minute in 0..30 {
        for second in 0..3 {
            privacy.pass(SignedDuration::from_secs(20)).await;
            rename(&privacy, &issue, &format!("Hot {minute}.{second}")).await;
        }
        privacy.read_all().await;
        assert_eq!(name_of(&privacy, source, &issue).await, format!("Hot {minute}.2"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s15_an_issue_whose_comments_cannot_be_listed_keeps_up_no_other_and_is_looked_at_again() {
    let privacy = Privacy::start(tiny_world()).await;
    let source = jira(&privacy).await;
    let issues = privacy.store.list_raws(source, "jira.issue", None, 2).await.unwrap();
    let [talkative, other] = [&issues[0].remote_id, &issues[1].remote_id];
    let upstream = &privacy.upstream;
    let url = format!("{}/rest/api/3/issue/{talkative}/comment", upstream.text("/origin"));
    // More than an issue shows of itself.
    for number in 0..120 {
        let text = json!([{ "type": "paragraph", "content": [{ "type": "text", "text": format!("No. {number}") }] }]);
        let request = http()
            .post(&url)
            .basic_auth(upstream.text("/users/0/email"), Some(upstream.text("/users/0/api_token")))
            .json(&json!({ "body": { "type": "doc", "version": 1, "content": text } }));
        assert_eq!(request.send().await.unwrap().status(), 201);
    }
    let comments = async || {
        let id = linkspan_model::ids::RecordId::of(source, Model::Ticket, talkative);
        let filter = linkspan_store::ListFilter { parent: Some(id), ..linkspan_store::ListFilter::default() };
        privacy.store.list_records(source, Model::Comment, &filter, None, 1_000).await.unwrap().len()
    };
    privacy.pass(SignedDuration::from_mins(5)).await;
    rename(&privacy, talkative, "Much is said").await;
    rename(&privacy, other, "Little is said").await;
    let refusal = json!({ "kind": "status", "status": 413, "path": "/rest/api/3/issue/*/comment" });
    privacy.fault(refusal).await;
    privacy.read_all().await;
    assert_eq!(name_of(&privacy, source, talkative).await, "Much is said");
    assert_eq!(name_of(&privacy, source, other).await, "Little is said");
    assert!(comments().await < 120);
    let hints = async |after| {
        let at = privacy.engine.clock().now() + SignedDuration::from_mins(after);
        let hints = privacy.store.due_hints(source, "jira.issue", at, 10).await.unwrap();
        hints.into_iter().map(|hint| hint.remote_id).collect::<Vec<_>>()
    };
    assert_eq!((hints(9).await, hints(11).await), (Vec::new(), vec![talkative.clone()]));
    privacy.clear_faults().await;
    privacy.pass(SignedDuration::from_mins(5)).await;
    rename(&privacy, talkative, "Everything is said").await;
    privacy.read_all().await;
    assert!(comments().await >= 120);
}

#[tokio::test(flavor = "multi_thread")]
async fn s2_changes_that_the_search_shows_hours_late_are_found_by_the_slow_readers() {
    for lag in [1, 60, 40 * 60, 11 * 3_600, 13 * 3_600_i64] {
        let privacy = Privacy::start(tiny_world()).await;
        let source = jira(&privacy).await;
        privacy.pass(SignedDuration::from_hours(1)).await;
        privacy.upstream.control.post("settings", &json!({ "index_lag_ms": lag * 1_000 })).await;
        let issue = privacy.store.list_raws(source, "jira.issue", None, 1).await.unwrap().remove(0).remote_id;
        rename(&privacy, &issue, "Shown late").await;
        let mut waited = SignedDuration::ZERO;
        while name_of(&privacy, source, &issue).await != "Shown late" {
            assert!(waited < SignedDuration::from_hours(60), "{lag} seconds: lost");
            let step = SignedDuration::from_hours(1);
            privacy.pass(step).await;
            waited += step;
            privacy.read_all().await;
        }
        println!("shown {lag} s late: stored within {waited:?}");
    }
}
