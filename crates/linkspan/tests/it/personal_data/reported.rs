use std::collections::BTreeSet;

use jiff::SignedDuration;
use linkspan_atlassian::personal::accounts_in;
use linkspan_sandbox::Options;
use serde_json::{Value, json};

use super::Privacy;
use crate::link::tiny_world;

const WEEK_OF_HOURS: u32 = 7 * 24;

fn world(users: u32) -> Options {
    Options { users, ..tiny_world() }
}

impl Privacy {
    /// The accounts that anything stored names, ordered.
    async fn named(&self) -> BTreeSet<String> {
        let stored = super::scan::everything_stored(&self.store).await;
        stored.lines().flat_map(accounts_in).map(str::to_owned).collect()
    }
}

/// Accounts by how often they were reported.
fn times(reports: &serde_json::Map<String, Value>) -> Vec<(u64, usize)> {
    let mut counts = std::collections::BTreeMap::<u64, usize>::new();
    for report in reports.values() {
        *counts.entry(report["times"].as_u64().unwrap()).or_default() += 1;
    }
    counts.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn g1_a_thousand_people_are_each_reported_once_in_every_cycle_whatever_goes_wrong() {
    let privacy = Privacy::start(world(1_000)).await;
    privacy.linked_and_read().await;
    let path = "/app/report-accounts/";
    for (skip, kind) in [
        (1, json!({ "kind": "status", "status": 429, "retry_after": "1800" })),
        (3, json!({ "kind": "status", "status": 500 })),
        (4, json!({ "kind": "status", "status": 503 })),
        (6, json!({ "kind": "no_reply" })),
    ] {
        let mut fault = kind;
        fault["path"] = json!(path);
        fault["skip"] = json!(skip);
        fault["count"] = json!(1);
        privacy.fault(fault).await;
    }
    let first = privacy.hours(WEEK_OF_HOURS).await;
    let known = privacy.named().await;
    assert!(known.len() >= 1_000, "{}", known.len());
    let all = known.len() as u64;
    assert_eq!((first.reported, first.failed), (all, 4));
    let reports = privacy.reports().await;
    assert!(reports.keys().eq(&known) && times(&reports) == [(1, known.len())]);
    let status = privacy.status().await;
    assert_eq!((status.counts.reported, status.counts.due, status.counts.overdue), (all, 0, 0));
    assert_eq!(status.problem, None);
    // Not in a burst: most hours of the week saw no batch, and no hour saw more than two.
    let mut moments: Vec<i64> = reports
        .values()
        .map(|it| it["last"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second() / 3600)
        .collect();
    moments.sort_unstable();
    assert!(moments.chunk_by(|a, b| a == b).all(|hour| hour.len() <= 180), "{moments:?}");
    moments.dedup();
    assert!(moments.len() >= 8, "{moments:?}");

    let second = privacy.hours(WEEK_OF_HOURS + 2).await;
    assert_eq!(second.reported, all);
    let reports = privacy.reports().await;
    assert!(reports.keys().eq(&known) && times(&reports) == [(2, known.len())]);
    assert!(reports.values().all(|report| report["too_early"] == 0), "nobody twice within a cycle");
}

#[tokio::test(flavor = "multi_thread")]
async fn g1_a_lost_answer_repeats_the_one_batch_and_no_other() {
    let privacy = Privacy::start(world(200)).await;
    privacy.linked_and_read().await;
    privacy.fault(json!({ "kind": "lost_reply", "path": "/app/report-accounts/", "count": 1 })).await;
    privacy.hours(WEEK_OF_HOURS).await;
    let reports = privacy.reports().await;
    let counts = times(&reports);
    let twice = counts.iter().find(|(times, _)| *times == 2).unwrap().1;
    assert!(counts.iter().all(|(times, _)| *times <= 2) && (1..=90).contains(&twice), "{counts:?}");
    assert_eq!(privacy.status().await.counts.due, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn g1_a_restart_reports_nobody_twice_and_forgets_nobody() {
    let mut privacy = Privacy::start(world(300)).await;
    privacy.linked_and_read().await;
    for _ in 0..WEEK_OF_HOURS / 12 {
        privacy.hours(12).await;
        privacy.restart().await;
    }
    let known = privacy.named().await;
    let reports = privacy.reports().await;
    assert!(reports.keys().eq(&known) && times(&reports) == [(1, known.len())], "{:?}", times(&reports));
}

#[tokio::test(flavor = "multi_thread")]
async fn g1_another_cycle_is_followed_as_soon_as_it_is_told() {
    let privacy = Privacy::start(world(100)).await;
    privacy.linked_and_read().await;
    privacy.upstream.control.post("settings", &json!({ "cycle_period": "1 Days" })).await;
    // The first report tells of the cycle; from then on everybody is reported daily.
    while privacy.hours(1).await.reported == 0 {}
    assert_eq!(privacy.status().await.cycle.as_secs(), 24 * 3600);
    privacy.hours(25).await;
    let known = privacy.named().await;
    let reports = privacy.reports().await;
    assert!(reports.keys().eq(&known), "{:?}", times(&reports));
    assert!(reports.values().all(|report| report["longest_gap_seconds"].as_i64() <= Some(26 * 3600)));
}

#[tokio::test(flavor = "multi_thread")]
async fn g1_without_the_scope_the_status_says_what_to_do_and_nothing_is_lost() {
    let privacy = Privacy::start(tiny_world()).await;
    privacy.register("").await;
    privacy.linked_and_read().await;
    let turn = privacy.hours(WEEK_OF_HOURS).await;
    assert_eq!(turn.reported, 0);
    let status = privacy.status().await;
    let problem = status.problem.unwrap();
    assert!(problem.contains("report:personal-data") && problem.contains("link again"), "{problem}");
    assert!(status.counts.due > 0 && status.counts.due == status.counts.known, "{:?}", status.counts);
    assert!(privacy.reports().await.is_empty());
    privacy.hours(48).await;
    assert!(privacy.status().await.counts.overdue > 0);

    // A customer agrees to more: what was due is made up for.
    privacy.register("report:personal-data").await;
    privacy.link("acme", "it@acme.example", linkspan_model::product::Integration::Jira).await;
    privacy.hours(2).await;
    let status = privacy.status().await;
    assert_eq!((status.counts.due, status.problem), (0, None));
    assert_eq!(times(&privacy.reports().await).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn g4_who_is_known_from_no_source_any_more_is_not_reported() {
    let privacy = Privacy::start(tiny_world()).await;
    let linked = privacy.link("acme", "it@acme.example", linkspan_model::product::Integration::Jira).await;
    privacy.read_all().await;
    privacy.tend().await;
    assert!(privacy.status().await.counts.known > 0);
    privacy.engine.unlink(linked.account).await.unwrap();
    let turn = privacy.hours(WEEK_OF_HOURS).await;
    assert_eq!((turn.reported, privacy.status().await.counts.known), (0, 0));
    privacy.pass(SignedDuration::from_hours(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vendor_is_told_how_reporting_stands() {
    let demo = crate::demo::demo(&crate::support::SMALL);
    let told = crate::support::Api::of(&demo, "jira").get("/v1/personal-data?page_size=5").await;
    insta::assert_json_snapshot!(told, {
        ".apps[].client_id" => "[id]",
        ".apps[].accounts_known" => "[count]",
        ".apps[].accounts_reported" => "[count]",
        ".apps[].accounts_due" => "[count]",
        ".apps[].next_deadline" => "[time]",
        ".apps[].last_report" => "[time]",
    });
    let url = format!("{}/v1/personal-data", demo.text("/base_url"));
    let refused = crate::support::http().get(url).bearer_auth("lsk_wrong").send().await.unwrap();
    assert_eq!(refused.status(), 401);
}
