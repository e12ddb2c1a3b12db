//! When the next call of one app may go: a pure state machine over what upstream refused (`atlassian-platform.md` 5.1
//! to 5.5, hazard R2). It keeps three things apart, so that no limit slows unrelated calls: the app's points for a
//! product, the points of one site, and the burst of one operation on one site. How points are counted, and how
//! callers share them, is decided above it.
//!
//! Clocks jump back when a machine's time is set right. What was noted before then lies further ahead than anything is
//! ever noted, by which it is known, and counts as over: otherwise a product would stay closed until the old time comes
//! round again.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use linkspan_model::product::Product;

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

/// Closed sites beyond which those that are open again are forgotten.
const SITES_CAP: usize = 10_000;

/// The furthest ahead that a product is closed: [`retry::QUOTA_CEILING`].
const LONGEST_CLOSURE: SignedDuration = SignedDuration::from_hours(1);

/// The furthest ahead that an operation is held back: [`retry::ADVICE_CEILING`].
const LONGEST_HOLD: SignedDuration = SignedDuration::from_mins(2);

/// So many seconds after the hour has turned here, it may not have turned upstream yet.
const CLOCKS_DIFFER_BY: i64 = 5 * 60;

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
    /// Products that are closed, and until when.
    products: HashMap<Product, Timestamp>,
    /// Sites on which a product is closed, and until when.
    sites: HashMap<(Product, String), Timestamp>,
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
        // Most of the time nothing is known of any limit: then nothing is looked up.
        let closed = self.closed(now, product);
        let on_site = if self.sites.is_empty() { None } else { self.closed_on_site(now, product, cloud_id) };
        let paced = if self.paces.is_empty() {
            None
        } else {
            let pace = self.paces.get(&(cloud_id.to_owned(), call));
            pace.map(|pace| credible(now, pace.next_at, LONGEST_HOLD))
        };
        closed.into_iter().chain(on_site).chain(paced).fold(now, Timestamp::max)
    }

    /// Until when a product is closed for the app; `None` when it is not, or was never.
    pub fn closed(&self, now: Timestamp, product: Product) -> Option<Timestamp> {
        let until = *self.products.get(&product)?;
        Some(credible(now, until, LONGEST_CLOSURE)).filter(|until| *until > now)
    }

    /// Until when a product is closed on a site; `None` when it is not, or was never.
    pub fn closed_on_site(&self, now: Timestamp, product: Product, cloud_id: &str) -> Option<Timestamp> {
        let until = *self.sites.get(&(product, cloud_id.to_owned()))?;
        Some(credible(now, until, LONGEST_CLOSURE)).filter(|until| *until > now)
    }

    /// Notes that a call goes out now: the next of its kind on the site keeps the learnt gap.
    pub fn sent(&mut self, now: Timestamp, cloud_id: &str, call: &'static str) {
        if self.paces.is_empty() {
            return;
        }
        if let Some(pace) = self.paces.get_mut(&(cloud_id.to_owned(), call)) {
            pace.next_at = later(credible(now, pace.next_at, LONGEST_HOLD).max(now), pace.gap);
        }
    }

    /// Takes in a good answer: a run of them unteaches a learnt gap.
    pub fn answered(&mut self, cloud_id: &str, call: &'static str) {
        if self.paces.is_empty() {
            return;
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

    /// Takes in a refusal for throttling of a call that was sent at `sent_at`; other errors change nothing.
    pub fn refused(&mut self, sent_at: Timestamp, now: Timestamp, cloud_id: &str, error: &CallError) {
        let CallError::Throttled { call, product: Some(product), reason, retry_after } = error else {
            return;
        };
        match reason {
            ThrottleReason::QuotaGlobal | ThrottleReason::Gateway => {
                let until = closed_until(sent_at, now, reason, *retry_after);
                let closed = self.products.entry(*product).or_insert(until);
                *closed = credible(now, *closed, LONGEST_CLOSURE).max(until);
            }
            ThrottleReason::QuotaTenant => {
                let until = closed_until(sent_at, now, reason, *retry_after);
                if self.sites.len() >= SITES_CAP {
                    self.sites.retain(|_, closed| credible(now, *closed, LONGEST_CLOSURE) > now);
                }
                let closed = self.sites.entry((*product, cloud_id.to_owned())).or_insert(until);
                *closed = credible(now, *closed, LONGEST_CLOSURE).max(until);
            }
            // The issue's writer waits; other calls of the kind go on.
            ThrottleReason::PerIssueWrite => {}
            ThrottleReason::Burst | ThrottleReason::Cost | ThrottleReason::Unknown(_) => {
                let wait = retry_after.unwrap_or(retry::BASE).clamp(retry::FLOOR, retry::ADVICE_CEILING);
                self.slow_down(now, cloud_id, call, wait);
            }
        }
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
        pace.next_at = credible(now, pace.next_at, LONGEST_HOLD);
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

/// Until when a refusal keeps everything back. A spent quota comes back when the UTC hour turns and not before
/// (`atlassian-platform.md` 5.3, 5.7): shorter advice would only bring the next refusal, for everybody who waits. The
/// gateway's limit has no hour: upstream's advice counts, within bounds.
fn closed_until(
    sent_at: Timestamp,
    now: Timestamp,
    reason: &ThrottleReason,
    advice: Option<Duration>,
) -> Timestamp {
    if !reason.is_quota() {
        return later(now, bounded(advice.unwrap_or(retry::CEILING)));
    }
    if may_be_of_the_hour_before(sent_at, now) {
        // This hour may have all its points: it is asked again soon, but not sooner than after a short wait.
        return later(now, bounded(advice.unwrap_or_default().max(retry::CEILING)));
    }
    let turn = Timestamp::from_second((hour_of(now) + 1) * 3600).unwrap_or(now);
    advice.map_or(turn, |advice| later(now, bounded(advice)).max(turn))
}

/// Whether a refusal for a spent quota may speak of the hour that is over: the answer may have crossed the turn, and
/// upstream's clock may be behind ours.
fn may_be_of_the_hour_before(sent_at: Timestamp, now: Timestamp) -> bool {
    hour_of(sent_at) != hour_of(now) || now.as_second().rem_euclid(3600) < CLOCKS_DIFFER_BY
}

/// A moment until which something waits, or `now` where it lies further ahead than any is noted: then it was noted before
/// the clock jumped back.
fn credible(now: Timestamp, until: Timestamp, longest: SignedDuration) -> Timestamp {
    if until > later(now, longest) { now } else { until }
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
