use std::time::Duration;

use jiff::Timestamp;
use linkspan_model::product::Product;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::*;
use crate::error::{CallError, ThrottleReason};
use crate::retry;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn noon() -> Timestamp {
    at("2026-03-26T12:00:00Z")
}

fn read(headers: &[(&'static str, &str)]) -> LimitHeaders {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
        .collect();
    LimitHeaders::read(&headers, noon())
}

#[test]
fn r1_retry_after_is_read_in_every_form_and_odd_values_are_no_advice() {
    let advice = |text: &str| read(&[("retry-after", text)]).retry_after.map(|wait| wait.as_secs());
    assert_eq!(advice("1847"), Some(1847));
    assert_eq!(advice(" 5 "), Some(5));
    assert_eq!(advice("1.5"), Some(1));
    assert_eq!(advice("Thu, 26 Mar 2026 12:00:30 GMT"), Some(30));
    assert_eq!(advice("2026-03-26T12:01Z"), Some(60));
    assert_eq!(advice("1000000000"), Some(1_000_000_000));
    for odd in
        ["0", "-1", "soon", "", "NaN", "inf", "Thu, 26 Mar 2026 11:00:00 GMT", "99999999999999999999999"]
    {
        let seconds = advice(odd);
        assert!(seconds.is_none() || odd.len() > 20, "{odd} gave {seconds:?}");
    }
}

#[test]
fn r2_the_documented_samples_are_read() {
    let quota = read(&[
        ("retry-after", "1847"),
        ("x-ratelimit-limit", "100000"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "2026-03-26T15:00:00Z"),
        ("ratelimit-reason", "jira-quota-global-based"),
    ]);
    assert_eq!(quota.reason, Some(ThrottleReason::QuotaGlobal));
    assert_eq!((quota.limit, quota.remaining), (Some(100_000), Some(0)));
    assert_eq!(quota.advice(noon()), Some(Duration::from_secs(1847)));

    let near = read(&[
        ("x-ratelimit-nearlimit", "true"),
        ("ratelimit-policy", r#""jira-burst-based";q=100;w=1, "global-app-quota";w=3600;q=65000"#),
        ("ratelimit", r#""global-app-quota";r=11000;t=600"#),
        ("beta-ratelimit", r#""tenant-app-quota";r=1;t=9"#),
    ]);
    assert!(near.near_limit);
    assert_eq!(near.policies.len(), 2);
    assert_eq!(near.policies[1].quota, Some(65_000));
    assert_eq!(near.policies[1].window, Some(Duration::from_hours(1)));
    assert_eq!((near.points_left_in(false), near.points_left_in(true)), (Some(11_000), None));
    assert!(!near.standings[1].enforced);
}

#[test]
fn r2_what_is_not_enforced_is_no_advice() {
    let beta = read(&[("beta-retry-after", "99"), ("beta-ratelimit", r#""global-app-quota";r=0;t=600"#)]);
    assert_eq!(beta.advice(noon()), None);
    let enforced = read(&[("ratelimit", r#""global-app-quota";r=0;t=600"#)]);
    assert_eq!(enforced.advice(noon()), Some(Duration::from_mins(10)));
}

#[test]
fn r2_a_reset_without_seconds_and_the_gateways_own_refusal_are_understood() {
    let gateway = read(&[
        ("x-failure-category", "FAILURE CLIENT RATE LIMITED"),
        ("x-ratelimit-limit", "360000"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "2026-03-26T12:10Z"),
    ]);
    assert_eq!(gateway.reason, Some(ThrottleReason::Gateway));
    assert_eq!(gateway.advice(noon()), Some(Duration::from_mins(10)));
}

#[test]
fn r2_reasons_are_known_by_their_ending() {
    for (word, reason) in [
        ("jira-quota-tenant-based", ThrottleReason::QuotaTenant),
        ("confluence-quota-global-based", ThrottleReason::QuotaGlobal),
        ("jira-burst-based", ThrottleReason::Burst),
        ("jira-per-issue-on-write", ThrottleReason::PerIssueWrite),
        ("jira-cost-based", ThrottleReason::Cost),
    ] {
        assert_eq!(word.parse(), Ok(reason));
    }
    let long = "x".repeat(5000);
    let Ok(ThrottleReason::Unknown(kept)) = long.parse() else { panic!("an unknown word is kept") };
    assert_eq!(kept.len(), crate::error::MESSAGE_CAP);
}

fn throttled(call: &'static str, reason: ThrottleReason, seconds: Option<u64>) -> CallError {
    CallError::Throttled {
        call,
        product: Some(Product::Jira),
        reason,
        retry_after: seconds.map(Duration::from_secs),
    }
}

const SEARCH: &str = "jira.search.jql";
const ISSUE: &str = "jira.issue.get";

#[test]
fn r2_no_kind_of_limit_slows_unrelated_calls() {
    let now = at("2026-03-26T12:20:00Z");
    let held = |gate: &Gate| {
        [
            (Product::Jira, "a", SEARCH),
            (Product::Jira, "a", ISSUE),
            (Product::Jira, "b", SEARCH),
            (Product::Confluence, "a", "confluence.pages"),
        ]
        .map(|(product, site, call)| gate.earliest(now, product, site, call) > now)
    };
    let after = |reason: ThrottleReason| {
        let until = if reason.is_quota() { "2026-03-26T13:00:00Z" } else { "2026-03-26T12:20:07Z" };
        let mut gate = Gate::new();
        gate.refused(now, now, "a", &throttled(SEARCH, reason, Some(7)));
        assert!(gate.earliest(now, Product::Jira, "a", SEARCH) <= at(until));
        held(&gate)
    };
    assert_eq!(after(ThrottleReason::QuotaGlobal), [true, true, true, false]);
    assert_eq!(after(ThrottleReason::QuotaTenant), [true, true, false, false]);
    assert_eq!(after(ThrottleReason::Gateway), [true, true, true, false]);
    assert_eq!(after(ThrottleReason::Burst), [true, false, false, false]);
    assert_eq!(after(ThrottleReason::Unknown(String::new())), [true, false, false, false]);
    assert_eq!(after(ThrottleReason::PerIssueWrite), [false, false, false, false]);
}

#[test]
fn r1_a_spent_quota_without_advice_waits_for_the_turn_of_the_hour() {
    let now = at("2026-03-26T12:20:00Z");
    let mut gate = Gate::new();
    gate.refused(now, now, "a", &throttled(SEARCH, ThrottleReason::QuotaGlobal, None));
    assert_eq!(gate.earliest(now, Product::Jira, "b", ISSUE), at("2026-03-26T13:00:00Z"));
    gate.refused(now, now, "a", &throttled(SEARCH, ThrottleReason::QuotaGlobal, Some(1_000_000_000)));
    assert_eq!(gate.earliest(now, Product::Jira, "b", ISSUE), at("2026-03-26T13:20:00Z"));
    let next_hour = at("2026-03-26T13:30:00Z");
    assert_eq!(gate.earliest(next_hour, Product::Jira, "b", ISSUE), next_hour);
}

#[test]
fn r2_a_spent_quota_stops_until_the_hour_turns_whatever_shorter_wait_is_advised() {
    let now = at("2026-03-26T12:20:00Z");
    for (reason, until) in [
        (ThrottleReason::QuotaGlobal, at("2026-03-26T13:00:00Z")),
        (ThrottleReason::QuotaTenant, at("2026-03-26T13:00:00Z")),
        (ThrottleReason::Gateway, at("2026-03-26T12:20:01Z")),
    ] {
        let mut gate = Gate::new();
        gate.refused(now, now, "a", &throttled(SEARCH, reason, Some(1)));
        assert_eq!(gate.earliest(now, Product::Jira, "a", SEARCH), until);
    }
}

#[test]
fn r2_a_spent_quota_that_may_be_of_the_hour_before_stops_for_a_moment_alone() {
    let half_a_minute = Duration::from_secs(30);
    for (sent_at, now) in [
        // The answer crossed the turn, or came when upstream's clock had not turned.
        ("2026-03-26T11:59:59Z", "2026-03-26T12:00:01Z"),
        ("2026-03-26T11:59:59Z", "2026-03-26T12:10:00Z"),
        ("2026-03-26T12:00:02Z", "2026-03-26T12:00:03Z"),
        ("2026-03-26T12:04:58Z", "2026-03-26T12:04:59Z"),
    ] {
        for advice in [None, Some(1)] {
            let (sent_at, now) = (at(sent_at), at(now));
            let mut gate = Gate::new();
            gate.refused(sent_at, now, "a", &throttled(SEARCH, ThrottleReason::QuotaGlobal, advice));
            assert_eq!(gate.closed(now, Product::Jira), Some(now + half_a_minute), "{now}: {advice:?}");
            // Longer advice is a minimum as ever.
            gate.refused(sent_at, now, "a", &throttled(SEARCH, ThrottleReason::QuotaGlobal, Some(3_000)));
            assert_eq!(gate.closed(now, Product::Jira), Some(now + Duration::from_mins(50)));
        }
    }
    let now = at("2026-03-26T12:05:00Z");
    let mut gate = Gate::new();
    gate.refused(now, now, "a", &throttled(SEARCH, ThrottleReason::QuotaGlobal, None));
    assert_eq!(gate.closed(now, Product::Jira), Some(at("2026-03-26T13:00:00Z")));
}

#[test]
fn r2_what_was_noted_before_the_clock_jumped_back_is_over() {
    let (ahead, now) = (at("2026-03-27T12:20:00Z"), at("2026-03-26T12:20:00Z"));
    for reason in [ThrottleReason::QuotaGlobal, ThrottleReason::QuotaTenant, ThrottleReason::Burst] {
        let mut gate = Gate::new();
        gate.refused(ahead, ahead, "a", &throttled(SEARCH, reason.clone(), Some(60)));
        assert!(gate.earliest(ahead, Product::Jira, "a", SEARCH) > ahead);
        assert_eq!(gate.earliest(now, Product::Jira, "a", SEARCH), now, "{reason}");
        assert_eq!(gate.closed(now, Product::Jira), None);
        assert_eq!(gate.closed_on_site(now, Product::Jira, "a"), None);
        // What is refused by the new time holds again.
        gate.refused(now, now, "a", &throttled(SEARCH, reason.clone(), Some(60)));
        let until = gate.earliest(now, Product::Jira, "a", SEARCH);
        assert!(until > now && until <= at("2026-03-26T13:00:00Z"), "{reason}: {until}");
    }
}

#[test]
fn r2_a_burst_refusal_teaches_a_gap_that_good_answers_unteach() {
    let mut now = noon();
    let mut gate = Gate::new();
    gate.refused(now, now, "a", &throttled(SEARCH, ThrottleReason::Burst, Some(1)));
    let first = gate.gap("a", SEARCH);
    assert!(first > Duration::ZERO);
    gate.refused(now, now, "a", &throttled(SEARCH, ThrottleReason::Burst, Some(1)));
    assert_eq!(gate.gap("a", SEARCH), first, "refused together is one lesson");
    now = at("2026-03-26T12:00:05Z");
    gate.refused(now, now, "a", &throttled(SEARCH, ThrottleReason::Burst, Some(1)));
    assert_eq!(gate.gap("a", SEARCH), first * 2);

    now = at("2026-03-26T12:01:00Z");
    gate.sent(now, "a", SEARCH);
    assert!(gate.earliest(now, Product::Jira, "a", SEARCH) > now);
    for _ in 0..200 {
        gate.answered("a", SEARCH);
    }
    assert_eq!(gate.gap("a", SEARCH), Duration::ZERO);
    assert_eq!(gate.earliest(now, Product::Jira, "a", SEARCH), now);
}

#[test]
fn r2_the_points_quota_is_read_from_policies_in_any_order() {
    let both = read(&[(
        "ratelimit-policy",
        r#""jira-burst-based";q=100;w=1, "tenant-app-quota";w=3600;q=130000, "global-app-quota";q=65000;w=3600"#,
    )]);
    assert_eq!(both.points_quota(), Some((130_000, true)), "the site's own pool comes first");
    let global = read(&[
        ("ratelimit-policy", r#""jira-burst-based";q=100;w=1,"global-app-quota";q=65000;w=3600"#),
        ("beta-ratelimit-policy", r#""tenant-app-quota";q=5;w=3600"#),
    ]);
    assert_eq!(global.points_quota(), Some((65_000, false)), "what is announced is not enforced");
    assert_eq!(read(&[("ratelimit-policy", r#""global-app-quota";q=0;w=3600"#)]).points_quota(), None);
    assert_eq!(read(&[("ratelimit-policy", ";;,=,\"\"")]).points_quota(), None);
    let standing = read(&[("ratelimit", r#""global-app-quota";t=9999999, "tenant-app-quota";r=7;t=1"#)]);
    assert_eq!((standing.points_left_in(false), standing.points_left_in(true)), (None, Some(7)));
}

#[test]
fn r2_the_older_beta_headers_are_shown_and_never_obeyed() {
    let beta = read(&[
        ("x-beta-ratelimit-limit", "65000"),
        ("x-beta-ratelimit-remaining", "0"),
        ("x-beta-ratelimit-nearlimit", "true"),
        ("beta-retry-after", "1200"),
    ]);
    assert_eq!(beta.advice(noon()), None);
    assert_eq!((beta.points_quota(), beta.limit, beta.near_limit), (None, None, false));
    let announced = beta.announced.unwrap();
    assert_eq!((announced.limit, announced.remaining, announced.near_limit), (Some(65_000), Some(0), true));
    assert_eq!(announced.retry_after, Some(Duration::from_mins(20)));
    assert_eq!(read(&[("ratelimit", r#""global-app-quota";r=1;t=9"#)]).announced, None);
}

#[test]
fn r1_the_gate_never_closes_longer_than_the_quota_window() {
    for seconds in [0, 1, u64::MAX] {
        for reason in [
            ThrottleReason::QuotaGlobal,
            ThrottleReason::QuotaTenant,
            ThrottleReason::Burst,
            ThrottleReason::Gateway,
        ] {
            let mut gate = Gate::new();
            gate.refused(noon(), noon(), "a", &throttled(SEARCH, reason, Some(seconds)));
            let wait = gate.earliest(noon(), Product::Jira, "a", SEARCH).duration_since(noon());
            assert!(Duration::try_from(wait).unwrap() <= retry::QUOTA_CEILING);
        }
    }
}
