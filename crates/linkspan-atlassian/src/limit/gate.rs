//! When the next call may go: a pure state machine over what answers said (`atlassian-platform.md` 5.1 to 5.5,
//! hazard R2). It keeps three things apart, so that no limit slows unrelated calls: the app's points for a product,
//! the points of one site, and the burst of one operation on one site. How callers share what is left is decided
//! above it.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use linkspan_model::product::Product;

use super::headers::LimitHeaders;
use crate::error::{CallError, ThrottleReason};
use crate::retry;

/// The first gap between calls after a burst refusal; it doubles with each further refusal.
const FIRST_GAP: SignedDuration = SignedDuration::from_millis(20);

/// The widest gap.
const WIDEST_GAP: SignedDuration = SignedDuration::from_secs(2);

/// So many good answers in a row halve the gap.
const GOOD_RUN: u32 = 20;

/// The most operations on sites whose pace is remembered; the longest unused is forgotten first.
const PACES_CAP: usize = 10_000;

/// The points of an hour, as far as they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Budget {
    /// The hour it is about, as hours since the epoch.
    hour: i64,
    /// Points spent in it by the price list.
    spent: u64,
    /// What upstream last said is left, less what was spent since.
    left: Option<u64>,
    /// No call before this.
    closed_until: Option<Timestamp>,
}

/// The pace of one operation on one site.
#[derive(Clone, Copy, Debug)]
struct Pace {
    next_at: Timestamp,
    gap: SignedDuration,
    good_run: u32,
}

/// The state of all limits of one app.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    products: HashMap<Product, Budget>,
    sites: HashMap<(Product, String), Budget>,
    paces: HashMap<(String, &'static str), Pace>,
}

impl Gate {
    /// A gate that knows of no limit yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// When a call may go: `now`, or the moment at which to ask again.
    pub fn earliest(
        &self,
        now: Timestamp,
        product: Product,
        cloud_id: &str,
        call: &'static str,
    ) -> Timestamp {
        let closed = [self.products.get(&product), self.sites.get(&(product, cloud_id.to_owned()))]
            .into_iter()
            .flatten()
            .filter_map(|budget| budget.closed_until)
            .max();
        let paced = self.paces.get(&(cloud_id.to_owned(), call)).map(|pace| pace.next_at);
        closed.into_iter().chain(paced).fold(now, Timestamp::max)
    }

    /// Notes that a call goes out now: the next of its kind on the site keeps the learnt gap.
    pub fn sent(&mut self, now: Timestamp, cloud_id: &str, call: &'static str) {
        if let Some(pace) = self.paces.get_mut(&(cloud_id.to_owned(), call)) {
            pace.next_at = later(pace.next_at.max(now), pace.gap);
        }
    }

    /// Takes in a good answer with its cost in points.
    pub fn answered(
        &mut self,
        now: Timestamp,
        product: Product,
        cloud_id: &str,
        call: &'static str,
        limits: &LimitHeaders,
        points: u64,
    ) {
        let standing = limits.points_left();
        let of_tenant = standing.is_some_and(|standing| standing.name.starts_with("tenant"));
        for (budget, speaks) in [
            (self.products.entry(product).or_default(), !of_tenant),
            (self.sites.entry((product, cloud_id.to_owned())).or_default(), of_tenant),
        ] {
            budget.spend(now, points);
            if let Some(left) = standing.filter(|_| speaks).and_then(|standing| standing.remaining) {
                budget.left = Some(left);
            }
        }
        let key = (cloud_id.to_owned(), call);
        if let Some(pace) = self.paces.get_mut(&key) {
            pace.good_run += 1;
            if pace.good_run >= GOOD_RUN {
                pace.good_run = 0;
                pace.gap /= 2;
                if pace.gap < FIRST_GAP / 2 {
                    self.paces.remove(&key);
                }
            }
        }
    }

    /// Takes in a refusal for throttling; other errors change nothing.
    pub fn refused(&mut self, now: Timestamp, cloud_id: &str, error: &CallError) {
        let CallError::Throttled { call, product: Some(product), reason, retry_after } = error else {
            return;
        };
        match reason {
            ThrottleReason::QuotaGlobal | ThrottleReason::Gateway => {
                let until = closed_until(now, reason, *retry_after);
                self.products.entry(*product).or_default().close(now, until, reason.is_quota());
            }
            ThrottleReason::QuotaTenant => {
                let until = closed_until(now, reason, *retry_after);
                let budget = self.sites.entry((*product, cloud_id.to_owned())).or_default();
                budget.close(now, until, true);
            }
            // The issue's writer waits; other calls of the kind go on.
            ThrottleReason::PerIssueWrite => {}
            ThrottleReason::Burst | ThrottleReason::Cost | ThrottleReason::Unknown(_) => {
                let wait = retry_after.unwrap_or(retry::BASE).clamp(retry::FLOOR, retry::ADVICE_CEILING);
                self.slow_down(now, cloud_id, call, wait);
            }
        }
    }

    /// Points spent this hour on a product by the price list, and what upstream last said is left of its quota.
    pub fn budget(&self, now: Timestamp, product: Product) -> (u64, Option<u64>) {
        self.products
            .get(&product)
            .filter(|budget| budget.hour == hour_of(now))
            .map_or((0, None), |budget| (budget.spent, budget.left))
    }

    /// The learnt gap between calls of this kind on the site.
    pub fn gap(&self, cloud_id: &str, call: &'static str) -> Duration {
        self.paces
            .get(&(cloud_id.to_owned(), call))
            .and_then(|pace| Duration::try_from(pace.gap).ok())
            .unwrap_or_default()
    }

    fn slow_down(&mut self, now: Timestamp, cloud_id: &str, call: &'static str, wait: Duration) {
        if self.paces.len() >= PACES_CAP
            && let Some(idlest) =
                self.paces.iter().min_by_key(|(_, pace)| pace.next_at).map(|(key, _)| key.clone())
        {
            self.paces.remove(&idlest);
        }
        let until = later(now, SignedDuration::try_from(wait).unwrap_or(SignedDuration::from_secs(1)));
        let pace = self.paces.entry((cloud_id.to_owned(), call)).or_insert(Pace {
            next_at: now,
            gap: SignedDuration::ZERO,
            good_run: 0,
        });
        // Calls that were in flight together are refused together: that is one lesson, not many.
        if pace.next_at < until {
            let is_new_lesson = pace.next_at <= now || pace.gap.is_zero();
            if is_new_lesson {
                pace.gap = (pace.gap * 2).max(FIRST_GAP).min(WIDEST_GAP);
            }
            pace.next_at = until;
        }
        pace.good_run = 0;
    }
}

impl Budget {
    fn turn(&mut self, now: Timestamp) {
        let hour = hour_of(now);
        if self.hour != hour {
            *self = Self {
                hour,
                closed_until: self.closed_until.filter(|until| *until > now),
                ..Self::default()
            };
        }
    }

    fn spend(&mut self, now: Timestamp, points: u64) {
        self.turn(now);
        self.spent = self.spent.saturating_add(points);
        self.left = self.left.map(|left| left.saturating_sub(points));
    }

    fn close(&mut self, now: Timestamp, until: Timestamp, is_empty: bool) {
        self.turn(now);
        self.closed_until = self.closed_until.max(Some(until));
        if is_empty {
            self.left = Some(0);
        }
    }
}

/// Until when a spent quota keeps calls back: upstream's advice within bounds, else the turn of the UTC hour.
fn closed_until(now: Timestamp, reason: &ThrottleReason, advice: Option<Duration>) -> Timestamp {
    match advice {
        Some(advice) => later(now, bounded(advice)),
        None if reason.is_quota() => Timestamp::from_second((hour_of(now) + 1) * 3600).unwrap_or(now),
        None => later(now, bounded(retry::CEILING)),
    }
}

fn bounded(wait: Duration) -> SignedDuration {
    SignedDuration::try_from(wait.clamp(retry::FLOOR, retry::QUOTA_CEILING))
        .unwrap_or(SignedDuration::from_secs(1))
}

fn hour_of(now: Timestamp) -> i64 {
    now.as_second().div_euclid(3600)
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(at)
}
