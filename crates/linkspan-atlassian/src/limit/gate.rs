//! When the next call of one app may go: a pure state machine over what upstream refused (`atlassian-platform.md` 5.1
//! to 5.5, hazard R2). It keeps three things apart, so that no limit slows unrelated calls: the app's points for a
//! product, the points of one site, and the burst of one operation on one site. How points are counted, and how
//! callers share them, is decided above it.

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
        let closed = self.products.get(&product).copied();
        let on_site = if self.sites.is_empty() { None } else { self.closed_on_site(product, cloud_id) };
        let paced = if self.paces.is_empty() {
            None
        } else {
            self.paces.get(&(cloud_id.to_owned(), call)).map(|pace| pace.next_at)
        };
        closed.into_iter().chain(on_site).chain(paced).fold(now, Timestamp::max)
    }

    /// Until when a product is closed for the app; `None` when it is not, or was never.
    pub fn closed(&self, now: Timestamp, product: Product) -> Option<Timestamp> {
        self.products.get(&product).copied().filter(|until| *until > now)
    }

    /// Until when a product was last closed on a site.
    pub fn closed_on_site(&self, product: Product, cloud_id: &str) -> Option<Timestamp> {
        self.sites.get(&(product, cloud_id.to_owned())).copied()
    }

    /// Notes that a call goes out now: the next of its kind on the site keeps the learnt gap.
    pub fn sent(&mut self, now: Timestamp, cloud_id: &str, call: &'static str) {
        if self.paces.is_empty() {
            return;
        }
        if let Some(pace) = self.paces.get_mut(&(cloud_id.to_owned(), call)) {
            pace.next_at = later(pace.next_at.max(now), pace.gap);
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

    /// Takes in a refusal for throttling; other errors change nothing.
    pub fn refused(&mut self, now: Timestamp, cloud_id: &str, error: &CallError) {
        let CallError::Throttled { call, product: Some(product), reason, retry_after } = error else {
            return;
        };
        match reason {
            ThrottleReason::QuotaGlobal | ThrottleReason::Gateway => {
                let until = closed_until(now, reason, *retry_after);
                let closed = self.products.entry(*product).or_insert(until);
                *closed = (*closed).max(until);
            }
            ThrottleReason::QuotaTenant => {
                let until = closed_until(now, reason, *retry_after);
                if self.sites.len() >= SITES_CAP {
                    self.sites.retain(|_, closed| *closed > now);
                }
                let closed = self.sites.entry((*product, cloud_id.to_owned())).or_insert(until);
                *closed = (*closed).max(until);
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
