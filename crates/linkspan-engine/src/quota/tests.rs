use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::calls::jira;
use linkspan_atlassian::error::{CallError, ThrottleReason};
use linkspan_atlassian::limit::{Announced, LimitHeaders, Policy, Standing};
use linkspan_model::clock::Clock;
use linkspan_model::ids::AppId;
use linkspan_model::product::Product;
use proptest::prelude::*;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::allowance::KnownFrom;
use super::governor::{Answer, Governor, PointsQuota, Sent};
use super::lane::Lane;
use super::pool::{Ask, WAITING_CAP};
use super::simulation::ask;
use super::turnstile::Turnstile;

const APP: AppId = AppId(Uuid::nil());
const OTHER_APP: AppId = AppId(Uuid::max());

fn noon() -> Timestamp {
    "2026-03-26T12:00:00Z".parse().unwrap()
}

fn minute(minute: i64) -> Timestamp {
    noon() + SignedDuration::from_mins(minute)
}

fn went(answer: Answer) -> Option<Sent> {
    match answer {
        Answer::Go(sent) => Some(sent),
        Answer::Wait(_) | Answer::Full => None,
    }
}

/// Spends points as calls of a lane, until one has to wait and gives up; how much went.
fn spend(governor: &mut Governor, now: Timestamp, lane: Lane, points: u64) -> u64 {
    let mut spent = 0;
    loop {
        let gone_out = match governor.ask(now, APP, ask(1, lane, points)) {
            Answer::Go(gone_out) => gone_out,
            Answer::Full => panic!("the line is too long"),
            Answer::Wait(ticket) => {
                let gone = governor.advance(now).gone;
                let Some((_, gone_out)) = gone.into_iter().find(|(number, _)| *number == ticket.number())
                else {
                    governor.give_up(&ticket);
                    return spent;
                };
                gone_out
            }
        };
        governor.answered(now, &gone_out, &LimitHeaders::default(), 0, points);
        spent += points;
        assert!(spent <= 1_000_000);
    }
}

fn throttled(reason: ThrottleReason) -> CallError {
    CallError::Throttled { call: "jira.search.jql", product: Some(Product::Jira), reason, retry_after: None }
}

fn policy(name: &str, quota: u64) -> LimitHeaders {
    let window = Some(std::time::Duration::from_hours(1));
    let policy = Policy { name: name.to_owned(), quota: Some(quota), window, enforced: true };
    LimitHeaders { policies: vec![policy], ..LimitHeaders::default() }
}

#[test]
fn r3_lower_lanes_leave_the_reserves_alone() {
    let mut governor = Governor::new(PointsQuota::Set(10_000));
    assert_eq!(spend(&mut governor, minute(58), Lane::Backfill, 10), 8_000);
    assert_eq!(spend(&mut governor, minute(58), Lane::Live, 10), 1_500);
    assert_eq!(spend(&mut governor, minute(58), Lane::Write, 10), 500);
    let mut governor = Governor::new(PointsQuota::Set(10_000));
    assert_eq!(spend(&mut governor, minute(58), Lane::Live, 10), 9_500);
    assert_eq!(spend(&mut governor, minute(58), Lane::Write, 10), 500);
}

#[test]
fn r3_a_part_is_the_own_of_who_waits_below() {
    let mut governor = Governor::new(PointsQuota::Set(10_000));
    let spent = spend(&mut governor, minute(20), Lane::Live, 10);
    let mut own = Vec::new();
    for _ in 0..10 {
        let Answer::Wait(ticket) = governor.ask(minute(20), APP, ask(2, Lane::Backfill, 100)) else {
            panic!("live calls spent what is released")
        };
        own.push(ticket.number());
    }
    // Live calls want everything, whenever it is released, and stand first in line.
    let mut live = 0;
    for second in 0..40 * 60 {
        let now = minute(20) + SignedDuration::from_secs(second);
        let _ = governor.ask(now, APP, ask(1, Lane::Live, 10));
        for (number, sent) in governor.advance(now).gone {
            let is_own = own.contains(&number);
            own.retain(|waiting| *waiting != number);
            let cost = if is_own { 100 } else { 10 };
            live += cost * u64::from(!is_own);
            governor.answered(now, &sent, &LimitHeaders::default(), 0, cost);
        }
    }
    assert_eq!(own.len(), 5, "a twentieth of the hour was theirs");
    assert!(spent + live + 500 <= 9_500);
}

#[test]
fn r3_what_is_a_lower_lanes_own_is_not_taken_from_the_reserve_for_live_calls() {
    let mut governor = Governor::new(PointsQuota::Set(10_000));
    assert_eq!(spend(&mut governor, minute(58), Lane::Upkeep, 10), 8_000);
    assert_eq!(spend(&mut governor, minute(58), Lane::Backfill, 10), 0);
    // While somebody waits below, that part is left.
    let mut governor = Governor::new(PointsQuota::Set(10_000));
    spend(&mut governor, minute(0), Lane::Backfill, 10);
    assert!(went(governor.ask(minute(0), APP, ask(2, Lane::Backfill, 100))).is_none());
    let before = spend(&mut governor, minute(0), Lane::Upkeep, 10);
    assert!(before <= 500, "{before}");
}

#[test]
fn r3_what_is_left_of_the_hour_before_says_nothing_of_this_one() {
    let standing = |remaining, resets_in| LimitHeaders {
        standings: vec![Standing {
            name: "global-app-quota".to_owned(),
            remaining: Some(remaining),
            resets_in: Some(std::time::Duration::from_secs(resets_in)),
            enforced: true,
        }],
        ..LimitHeaders::default()
    };
    let last = minute(59) + SignedDuration::from_secs(59);
    let mut governor = Governor::new(PointsQuota::Set(10_000));
    let sent = went(governor.ask(last, APP, ask(1, Lane::Live, 10))).unwrap();
    // It went out in the hour that is over, and is answered in the next.
    governor.answered(minute(60), &sent, &standing(0, 0), 0, 10);
    let sent = went(governor.ask(minute(60), APP, ask(1, Lane::Live, 10))).expect("an hour of its own");
    // It went out when our clock had turned and upstream's had not.
    governor.answered(minute(60), &sent, &standing(3, 2), 0, 10);
    let sent = went(governor.ask(minute(60), APP, ask(1, Lane::Live, 10))).expect("an hour of its own");
    governor.answered(minute(61), &sent, &standing(0, 59 * 60), 0, 10);
    assert!(went(governor.ask(minute(61), APP, ask(1, Lane::Live, 10))).is_none(), "this one is told of");
}

#[test]
fn r3_half_may_be_spent_at_once_and_the_rest_over_the_hour() {
    let mut governor = Governor::new(PointsQuota::Set(10_000));
    assert_eq!(spend(&mut governor, noon(), Lane::Backfill, 10), 4_000);
    let mut governor = Governor::new(PointsQuota::Set(10_000));
    assert_eq!(spend(&mut governor, minute(27), Lane::Backfill, 10), 6_000);
}

#[test]
fn r3_another_app_and_the_other_product_are_not_held_up() {
    let mut governor = Governor::new(PointsQuota::Set(1_000));
    spend(&mut governor, minute(59), Lane::Backfill, 10);
    assert!(went(governor.ask(minute(59), OTHER_APP, ask(1, Lane::Backfill, 10))).is_some());
    let confluence = Ask { product: Product::Confluence, ..ask(1, Lane::Backfill, 10) };
    assert!(went(governor.ask(minute(59), APP, confluence)).is_some());
}

#[test]
fn r2_a_spent_quota_stops_the_product_of_the_app_until_the_hour_turns() {
    let mut governor = Governor::new(PointsQuota::Usual);
    let sent = went(governor.ask(minute(20), APP, ask(1, Lane::Live, 1))).unwrap();
    governor.refused(minute(20), &sent, &throttled(ThrottleReason::QuotaGlobal));
    for lane in Lane::ALL {
        assert!(went(governor.ask(minute(59), APP, ask(2, lane, 1))).is_none());
    }
    assert!(governor.advance(minute(59)).gone.is_empty());
    assert!(went(governor.ask(minute(20), OTHER_APP, ask(2, Lane::Live, 1))).is_some());
    let turn = governor.advance(minute(60));
    assert_eq!(turn.gone.len(), 4, "who waited goes when the hour turns");
}

#[test]
fn r2_a_burst_limit_of_one_site_holds_up_no_other() {
    let mut governor = Governor::new(PointsQuota::Usual);
    let sent = went(governor.ask(noon(), APP, ask(1, Lane::Backfill, 1))).unwrap();
    governor.refused(noon(), &sent, &throttled(ThrottleReason::Burst));
    let Answer::Wait(_) = governor.ask(noon(), APP, ask(1, Lane::Backfill, 1)) else { panic!("it waits") };
    // Another site's call comes later, in the same lane.
    let Answer::Wait(other) = governor.ask(noon(), APP, ask(2, Lane::Backfill, 1)) else {
        panic!("it stands in line behind the first")
    };
    let turn = governor.advance(noon());
    assert_eq!(turn.gone.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [other.number()]);
    assert!(turn.look.unwrap() <= noon() + SignedDuration::from_secs(3));
}

#[test]
fn r3_headers_say_how_large_the_quota_is_and_what_is_left() {
    let mut governor = Governor::new(PointsQuota::Usual);
    let key = (Product::Jira, None);
    assert_eq!(governor.quota(APP, &key), (Some(65_000), KnownFrom::Usual));
    let sent = went(governor.ask(minute(59), APP, ask(1, Lane::Live, 1))).unwrap();
    let mut told = policy("global-app-quota", 100_000);
    let standing = Standing {
        name: "global-app-quota".to_owned(),
        remaining: Some(7_000),
        resets_in: Some(std::time::Duration::MAX),
        enforced: true,
    };
    told.standings.push(standing);
    governor.answered(minute(59), &sent, &told, 0, 1);
    assert_eq!(governor.quota(APP, &key), (Some(100_000), KnownFrom::Headers));
    // Others spent what is not here: only the reserve for writes is left below 5 000, and nothing for lower lanes.
    assert_eq!(spend(&mut governor, minute(59), Lane::Live, 100), 2_000);
    let mut lower = Governor::new(PointsQuota::Set(50));
    let sent = went(lower.ask(noon(), APP, ask(1, Lane::Live, 1))).unwrap();
    lower.answered(noon(), &sent, &told, 0, 1);
    assert_eq!(lower.quota(APP, &key), (Some(50), KnownFrom::Setting), "the operator may allow less");
}

#[test]
fn r3_the_part_that_the_operator_set_binds_however_much_upstream_has_left() {
    let told = |left| {
        let mut told = policy("global-app-quota", 65_000);
        told.standings.push(Standing {
            name: "global-app-quota".to_owned(),
            remaining: Some(left),
            resets_in: None,
            enforced: true,
        });
        told
    };
    let mut governor = Governor::new(PointsQuota::Set(1_000));
    let mut points = 0;
    while let Some(sent) = went(governor.ask(minute(59), APP, ask(1, Lane::Live, 10))) {
        governor.answered(minute(59), &sent, &told(13_000), 0, 10);
        points += 10;
        assert!(points <= 1_000);
    }
    assert_eq!(points, 950, "all but the reserve for writes");
    // Others left less than the part: no more than that is points.
    let mut governor = Governor::new(PointsQuota::Set(1_000));
    let sent = went(governor.ask(minute(59), APP, ask(1, Lane::Live, 10))).unwrap();
    governor.answered(minute(59), &sent, &told(300), 0, 10);
    assert_eq!(spend(&mut governor, minute(59), Lane::Live, 10), 250);
}

#[test]
fn r2_a_refusal_that_crossed_the_turn_does_not_stop_the_new_hour() {
    let mut governor = Governor::new(PointsQuota::Usual);
    let last = minute(59) + SignedDuration::from_secs(59);
    let sent = went(governor.ask(last, APP, ask(1, Lane::Live, 1))).unwrap();
    governor.refused(minute(60), &sent, &throttled(ThrottleReason::QuotaGlobal));
    let Answer::Wait(waiting) = governor.ask(minute(60), APP, ask(1, Lane::Live, 1)) else {
        panic!("it is not asked again at once")
    };
    let turn = governor.advance(minute(60) + SignedDuration::from_secs(30));
    assert_eq!(turn.gone.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [waiting.number()]);
}

#[test]
fn r3_a_source_whose_calls_rest_before_they_are_repeated_counts_as_waiting() {
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let turnstile = Turnstile::new(PointsQuota::Usual, Clock::at(noon()), tasks, stop);
    let source = ask(1, Lane::Backfill, 1).source;
    let (one, other) = (turnstile.rest(source), turnstile.rest(source));
    assert!(turnstile.waiting_sources().contains(&source));
    drop(one);
    assert!(turnstile.waiting_sources().contains(&source), "another of its calls rests");
    drop(other);
    assert!(turnstile.waiting_sources().is_empty());
}

#[test]
fn r2_what_is_only_announced_is_shown_and_not_obeyed() {
    let mut governor = Governor::new(PointsQuota::UntilTold);
    let sent = went(governor.ask(noon(), APP, ask(1, Lane::Backfill, 1))).unwrap();
    let announced = Announced { remaining: Some(0), limit: Some(10), ..Announced::default() };
    let headers = LimitHeaders { announced: Some(announced), ..LimitHeaders::default() };
    governor.answered(noon(), &sent, &headers, 0, 1);
    for _ in 0..1_000 {
        assert!(went(governor.ask(noon(), APP, ask(1, Lane::Backfill, 1_000))).is_some());
    }
    let notice = governor.apps[&APP].beta[&Product::Jira].clone();
    assert_eq!((notice.quota, notice.left), (Some(10), Some(0)));
}

#[test]
fn r3_a_site_with_a_pool_of_its_own_counts_there_and_takes_its_waiters_along() {
    let mut governor = Governor::new(PointsQuota::Usual);
    let first = went(governor.ask(minute(59), APP, ask(2, Lane::Live, 1))).unwrap();
    spend(&mut governor, minute(59), Lane::Backfill, 1_000);
    let Answer::Wait(waiting) = governor.ask(minute(59), APP, ask(2, Lane::Backfill, 1_000)) else {
        panic!("the app's pool is used up")
    };
    governor.answered(minute(59), &first, &policy("tenant-app-quota", 130_000), 0, 1);
    let turn = governor.advance(minute(59));
    assert_eq!(turn.gone.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [waiting.number()]);
    assert!(went(governor.ask(minute(59), APP, ask(2, Lane::Backfill, 1_000))).is_some());
    assert!(went(governor.ask(minute(59), APP, ask(3, Lane::Backfill, 1_000))).is_none());
}

#[test]
fn r3_who_gives_up_leaves_the_line_and_no_trace() {
    let mut governor = Governor::new(PointsQuota::Set(1_000));
    spend(&mut governor, noon(), Lane::Backfill, 100);
    let Answer::Wait(ticket) = governor.ask(noon(), APP, ask(2, Lane::Backfill, 100)) else { panic!() };
    governor.give_up(&ticket);
    let gone = governor.advance(minute(61)).gone;
    assert!(gone.iter().all(|(number, _)| *number != ticket.number()));
}

#[test]
fn r3_the_line_is_bounded() {
    let mut governor = Governor::new(PointsQuota::Set(1));
    let full = (0..=WAITING_CAP + 1)
        .filter(|_| matches!(governor.ask(noon(), APP, ask(1, Lane::Backfill, 1)), Answer::Full))
        .count();
    assert!(full >= 1);
}

#[test]
fn r3_a_heavier_source_gets_more_of_the_same_lane() {
    let mut governor = Governor::new(PointsQuota::Set(10_000));
    spend(&mut governor, noon(), Lane::Backfill, 10);
    let mut owners = HashMap::new();
    for _ in 0..200 {
        for (number, weight) in [(2, 1), (3, 3)] {
            let Answer::Wait(ticket) =
                governor.ask(noon(), APP, Ask { weight, ..ask(number, Lane::Backfill, 10) })
            else {
                panic!("all is spent")
            };
            owners.insert(ticket.number(), number);
        }
    }
    let (mut light, mut heavy) = (0, 0);
    for (number, _) in governor.advance(minute(10)).gone {
        match owners.get(&number) {
            Some(2) => light += 1,
            Some(3) => heavy += 1,
            _ => {}
        }
    }
    assert!(heavy > 0 && i32::abs(heavy - 3 * light) <= 3, "{heavy} to {light}");
}

#[test]
fn r3_the_price_of_a_call_is_that_of_its_page_or_what_it_brought_before() {
    let mut governor = Governor::new(PointsQuota::Usual);
    assert_eq!(governor.price(&jira::SEARCH_JQL, Some(100)), 101);
    assert_eq!(governor.price(&jira::SERVER_INFO, None), 1);
    let whole = linkspan_atlassian::calls::Call::all()
        .find(|call| call.price.per_object == 2 && call.paging.size().is_none())
        .unwrap();
    assert_eq!(governor.price(whole, None), 3);
    let asked = Ask { call: whole.name, ..ask(1, Lane::Upkeep, 3) };
    let sent = went(governor.ask(noon(), APP, asked)).unwrap();
    governor.answered(noon(), &sent, &LimitHeaders::default(), 40, 81);
    assert_eq!(governor.price(whole, None), 81);
}

#[derive(Clone, Debug)]
struct Wish {
    at: i64,
    who: u8,
    lane: Lane,
    points: u64,
}

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let lane = prop::sample::select(Lane::ALL.to_vec());
    let wish = (0..3_600_i64, 0..6_u8, lane, 1..60_u64).prop_map(|(at, who, lane, points)| Wish {
        at,
        who,
        lane,
        points,
    });
    prop::collection::vec(wish, 1..300).prop_map(|mut wishes| {
        wishes.sort_by_key(|wish| wish.at);
        wishes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn r3_no_hour_goes_over_its_quota_no_lane_into_a_reserve_and_nobody_waits_for_ever(wishes in wishes()) {
        const QUOTA: u64 = 2_000;
        let mut governor = Governor::new(PointsQuota::Set(QUOTA));
        let mut waiting: HashMap<u64, Wish> = HashMap::new();
        let mut spent: HashMap<(i64, Lane), u64> = HashMap::new();
        let mut served = 0;
        let wished = wishes.len();
        let mut wishes = wishes.into_iter().peekable();
        // Enough hours for all of it, at the part of an hour that the poorest lane has for sure.
        for second in 0..3_600 * 14 {
            let now = noon() + SignedDuration::from_secs(second);
            let mut gone = Vec::new();
            while let Some(wish) = wishes.next_if(|wish| wish.at <= second) {
                match governor.ask(now, APP, ask(wish.who, wish.lane, wish.points)) {
                    Answer::Go(sent) => gone.push((wish, sent)),
                    Answer::Wait(ticket) => { waiting.insert(ticket.number(), wish); }
                    Answer::Full => prop_assert!(false, "the line is long enough"),
                }
            }
            if second % 20 == 0 || !gone.is_empty() {
                for (number, sent) in governor.advance(now).gone {
                    gone.push((waiting.remove(&number).unwrap(), sent));
                }
            }
            while let Some((wish, sent)) = gone.pop() {
                *spent.entry((second / 3_600, wish.lane)).or_default() += wish.points;
                served += 1;
                let turn = governor.answered(now, &sent, &LimitHeaders::default(), 0, wish.points);
                for (number, sent) in turn.gone {
                    gone.push((waiting.remove(&number).unwrap(), sent));
                }
            }
            if served == wished { break; }
        }
        prop_assert_eq!(served, wished, "everybody was served");
        for hour in 0..14 {
            let of = |lane| spent.get(&(hour, lane)).copied().unwrap_or(0);
            let all: u64 = Lane::ALL.into_iter().map(of).sum();
            prop_assert!(all <= QUOTA, "{all} in one hour");
            prop_assert!(all - of(Lane::Write) <= QUOTA * 95 / 100, "the reserve for writes");
            prop_assert!(of(Lane::Upkeep) + of(Lane::Backfill) <= QUOTA * 80 / 100, "the reserve for live calls");
        }
    }

    #[test]
    fn r3_two_sources_that_always_want_get_equal_parts(page in 1..200_u64, other in 1..200_u64) {
        let mut governor = Governor::new(PointsQuota::Set(20_000));
        spend(&mut governor, noon(), Lane::Backfill, 50);
        let mut owners = HashMap::new();
        for _ in 0..400 {
            for (number, points) in [(2, page), (3, other)] {
                if let Answer::Wait(ticket) = governor.ask(noon(), APP, ask(number, Lane::Backfill, points)) {
                    owners.insert(ticket.number(), (number, points));
                }
            }
        }
        let mut got = HashMap::from([(2, 0), (3, 0)]);
        for (number, _) in governor.advance(minute(5)).gone {
            if let Some((who, points)) = owners.get(&number) {
                *got.entry(*who).or_default() += points;
            }
        }
        prop_assert!(got[&2].abs_diff(got[&3]) <= 2 * page.max(other), "{got:?}");
    }
}
