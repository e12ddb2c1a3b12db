//! The governor on a simulated clock: who shares an app with a giant does not notice it (hazard R3).

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::limit::LimitHeaders;
use linkspan_model::ids::{AppId, SourceId};
use linkspan_model::product::Product;
use uuid::Uuid;

use super::governor::{Answer, Governor, PointsQuota, Sent, Turn};
use super::lane::Lane;
use super::pool::Ask;

/// One step of the simulated clock.
const STEP: SignedDuration = SignedDuration::from_millis(500);
/// How long upstream takes to answer.
const ANSWER_TIME: SignedDuration = SignedDuration::from_secs(1);
/// Points of a page of a hundred issues.
const PAGE: u64 = 101;

fn source(number: u8) -> SourceId {
    SourceId(Uuid::from_bytes([number; 16]))
}

pub(super) fn ask(number: u8, lane: Lane, points: u64) -> Ask {
    Ask {
        source: source(number),
        weight: 1,
        lane,
        product: Product::Jira,
        cloud_id: Arc::from(format!("site-{number}")),
        call: "jira.search.jql",
        points,
    }
}

/// What one source wants: so many pages of backlog from a moment on, so many calls at a time; and a look for changes every
/// so often.
#[derive(Clone, Copy)]
struct Habit {
    backlog: u64,
    begins: SignedDuration,
    parallel: usize,
    polls_every: Option<SignedDuration>,
    points_of_poll: u64,
}

#[derive(Default)]
struct Outcome {
    /// How long each look for changes took, with its answer.
    looks: Vec<SignedDuration>,
    /// When the backlog was read.
    finished: Option<SignedDuration>,
    pages: u64,
}

/// A world of sources on one app.
struct World {
    governor: Governor,
    began: Timestamp,
    now: Timestamp,
    app: AppId,
    habits: Vec<Habit>,
    outcomes: Vec<Outcome>,
    asked: HashMap<u64, (usize, Lane, Timestamp)>,
    under_way: Vec<(Timestamp, Sent, usize, Lane, Timestamp)>,
    outstanding: Vec<usize>,
    left: Vec<u64>,
    /// Points spent, by hour.
    hours: HashMap<i64, u64>,
}

impl World {
    fn new(quota: u64, habits: &[Habit]) -> Self {
        let began = "2026-03-26T12:00:00Z".parse().unwrap();
        Self {
            governor: Governor::new(PointsQuota::Set(quota)),
            began,
            now: began,
            app: AppId(Uuid::nil()),
            habits: habits.to_vec(),
            outcomes: habits.iter().map(|_| Outcome::default()).collect(),
            asked: HashMap::new(),
            under_way: Vec::new(),
            outstanding: vec![0; habits.len()],
            left: habits.iter().map(|habit| habit.backlog).collect(),
            hours: HashMap::new(),
        }
    }

    fn run(mut self, time: SignedDuration) -> (Vec<Outcome>, HashMap<i64, u64>) {
        while self.now < self.began + time {
            self.answer();
            self.want();
            let turn = self.governor.advance(self.now);
            self.take(turn);
            self.now += STEP;
        }
        (self.outcomes, self.hours)
    }

    fn want(&mut self) {
        let since = self.now.duration_since(self.began);
        for place in 0..self.habits.len() {
            let habit = self.habits[place];
            let number = u8::try_from(place).unwrap();
            if let Some(every) = habit.polls_every {
                // Each at a moment of its own.
                let offset = STEP * i32::from(number);
                if since >= offset && (since - offset).as_millis() % every.as_millis() == 0 {
                    self.ask(place, ask(number, Lane::Live, habit.points_of_poll));
                }
            }
            while since >= habit.begins && self.left[place] > 0 && self.outstanding[place] < habit.parallel {
                self.left[place] -= 1;
                self.outstanding[place] += 1;
                self.ask(place, ask(number, Lane::Backfill, PAGE));
            }
        }
    }

    fn ask(&mut self, place: usize, ask: Ask) {
        let lane = ask.lane;
        match self.governor.ask(self.now, self.app, ask) {
            Answer::Go(sent) => {
                self.under_way.push((self.now + ANSWER_TIME, sent, place, lane, self.now));
            }
            Answer::Wait(ticket) => {
                self.asked.insert(ticket.number(), (place, lane, self.now));
            }
            Answer::Full => panic!("the line is too long"),
        }
    }

    fn take(&mut self, turn: Turn) {
        for (number, sent) in turn.gone {
            let (place, lane, asked) = self.asked.remove(&number).unwrap();
            self.under_way.push((self.now + ANSWER_TIME, sent, place, lane, asked));
        }
    }

    fn answer(&mut self) {
        let (due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.under_way).into_iter().partition(|call| call.0 <= self.now);
        self.under_way = later;
        for (_, sent, place, lane, asked) in due {
            let habit = self.habits[place];
            let cost = if lane == Lane::Live { habit.points_of_poll } else { PAGE };
            *self.hours.entry(self.now.as_second() / 3600).or_default() += cost;
            let turn = self.governor.answered(self.now, &sent, &LimitHeaders::default(), cost, cost);
            self.take(turn);
            let outcome = &mut self.outcomes[place];
            if lane == Lane::Live {
                outcome.looks.push(self.now.duration_since(asked));
            } else {
                self.outstanding[place] -= 1;
                outcome.pages += 1;
                if outcome.pages == habit.backlog {
                    outcome.finished = Some(self.now.duration_since(self.began));
                }
            }
        }
    }
}

fn small(backlog: u64, begins: SignedDuration) -> Habit {
    let polls_every = Some(SignedDuration::from_secs(60));
    Habit { backlog, begins, parallel: 4, polls_every, points_of_poll: 3 }
}

/// A million issues.
fn giant() -> Habit {
    let polls_every = Some(SignedDuration::from_secs(60));
    Habit { backlog: 10_000, begins: SignedDuration::ZERO, parallel: 32, polls_every, points_of_poll: 21 }
}

fn mean(looks: &[SignedDuration]) -> SignedDuration {
    looks.iter().sum::<SignedDuration>() / i32::try_from(looks.len()).unwrap()
}

#[test]
fn r3_forty_nine_small_accounts_beside_a_giant_are_as_fresh_as_if_each_were_alone() {
    let hours = SignedDuration::from_hours(3);
    let mut habits = vec![giant()];
    habits.extend((0..49).map(|_| small(0, SignedDuration::ZERO)));
    let (together, spent) = World::new(65_000, &habits).run(hours);
    let (alone, _) = World::new(65_000, &habits[1..2]).run(hours);
    let (usual, worst) = (mean(&alone[0].looks), *alone[0].looks.iter().max().unwrap());
    for small in &together[1..] {
        assert!(small.looks.len() >= 179);
        assert!(mean(&small.looks) <= usual * 2, "{:?} beside {usual:?}", mean(&small.looks));
        assert!(*small.looks.iter().max().unwrap() <= worst * 2);
    }
    // The giant gets what nobody else wants: nothing of an hour is left that it could have used.
    assert!(spent.values().all(|points| *points <= 65_000), "{spent:?}");
    let whole_hours: Vec<u64> = spent.values().copied().filter(|points| *points > 40_000).collect();
    assert_eq!(whole_hours.len(), 3, "{spent:?}");
    assert!(together[0].pages > 3 * 400, "{}", together[0].pages);
}

#[test]
fn r3_a_first_reading_that_begins_late_does_not_wait_behind_a_giants_backlog() {
    let late = SignedDuration::from_mins(40);
    let mut habits = vec![giant()];
    habits.extend((0..3).map(|_| small(10, late)));
    let (together, _) = World::new(65_000, &habits).run(SignedDuration::from_hours(1));
    for small in &together[1..] {
        let took = small.finished.expect("it is read within the hour") - late;
        // Four share some eight points a second: ten pages of 101 points each take less than nine minutes.
        assert!(took < SignedDuration::from_mins(10), "{took:?}");
    }
}

#[test]
fn r3_a_source_alone_may_use_the_whole_hour() {
    let (alone, spent) = World::new(65_000, &[giant()]).run(SignedDuration::from_hours(1));
    let spent: u64 = spent.values().sum();
    assert!(spent > 65_000 * 79 / 100 && spent <= 65_000, "{spent}");
    assert!(alone[0].pages >= 500);
}
