//! The points of one UTC hour, and how much of them each lane may have spent by now. Pure.
//!
//! ```text
//! 0 ───────────────────────────── 80 % ───────── 95 % ── 100 % of the quota
//! │ everybody                      │ live, writes  │ writes │
//! ```
//! Every lane may spend half of its part at once; the other half is released evenly over the hour, so that whoever comes
//! late in the hour finds points, and a giant that came first does not leave an hour of silence behind. All is released
//! some minutes before the hour turns: nothing is left over that somebody wanted.
//!
//! A lane never starves: a small part is a lower lane's own while it waits, whatever the higher lanes want. What is left to
//! live calls and writes is not touched for that.

use jiff::Timestamp;

use super::lane::{Lane, OfLanes};
use crate::estimate::Budget;

/// The points of an hour that an app has until upstream says otherwise (`atlassian-platform.md` 5.3).
pub const USUAL_QUOTA: u64 = 65_000;
/// The part of an hour's points that only writes may touch, in percent.
const WRITE_RESERVE: u64 = 5;
/// The part that beside them only live calls may touch, in percent.
const LIVE_RESERVE: u64 = 15;
/// The part that is each lower lane's own while it waits, in percent.
const OWN_PART: u64 = 5;
/// The part of what a lane may spend that it may spend at once, in percent.
const AT_ONCE: u64 = 50;
/// How long into the hour the rest is released.
const RELEASE_SECONDS: u64 = 54 * 60;
pub(super) const HOUR_SECONDS: i64 = 3600;

/// Where the size of a quota is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownFrom {
    /// It is the usual one; upstream has not said anything.
    Usual,
    /// The operator set it.
    Setting,
    /// Upstream's headers state it.
    Headers,
    /// No quota is known, so none is kept to.
    Nothing,
}

/// How many points an hour has, `None` while there is no limit that is known, and where that is known from.
pub(super) type KnownQuota = (Option<u64>, KnownFrom);

/// The points of one pool in one hour.
#[derive(Clone, Debug)]
pub(super) struct Allowance {
    hour: i64,
    /// Points of an hour; `None` while there is no limit that is known.
    quota: Option<u64>,
    /// Whether the operator set it: then what upstream says is left may be of a larger one.
    is_set: bool,
    /// Spent by our own count, and by lane.
    spent: u64,
    by_lane: OfLanes<u64>,
    /// What of the quota is used up: our own count, corrected by what upstream says is left.
    used: u64,
    /// Points of calls under way.
    held: u64,
    held_by_lane: OfLanes<u64>,
}

impl Allowance {
    pub(super) fn new((quota, known_from): KnownQuota) -> Self {
        Self {
            hour: 0,
            quota,
            is_set: known_from == KnownFrom::Setting,
            spent: 0,
            by_lane: OfLanes::default(),
            used: 0,
            held: 0,
            held_by_lane: OfLanes::default(),
        }
    }

    /// Takes in another quota; what was spent of it stays.
    pub(super) fn change_quota(&mut self, (quota, known_from): KnownQuota) {
        (self.quota, self.is_set) = (quota, known_from == KnownFrom::Setting);
    }

    /// Begins a new hour if it has turned; whether it has.
    pub(super) fn turn(&mut self, now: Timestamp) -> bool {
        let hour = hour_of(now);
        if self.hour == hour {
            return false;
        }
        (self.hour, self.spent, self.used, self.by_lane) = (hour, 0, 0, OfLanes::default());
        true
    }

    /// When a call of so many points may go: `now`, or the moment at which enough is released if nothing else changes.
    /// `waiting` says in which lanes calls wait, `is_behind` that a higher lane's call does for want of points: then only
    /// the lane's own part is left.
    pub(super) fn when(
        &self,
        now: Timestamp,
        lane: Lane,
        points: u64,
        waiting: OfLanes<bool>,
        is_behind: bool,
    ) -> Timestamp {
        let Some(quota) = self.quota else { return now };
        let all = percent(quota, 100 - WRITE_RESERVE);
        let of_everybody = percent(quota, 100 - WRITE_RESERVE - LIVE_RESERVE);
        let in_own_part = || {
            if self.of_lower_lanes() + points.min(of_everybody) > of_everybody {
                return self.turns_at();
            }
            let own = self.by_lane.of(lane) + self.held_by_lane.of(lane);
            let wanted = points.min(percent(percent(quota, OWN_PART), AT_ONCE).max(1));
            let of_own = self.released_at(now, percent(quota, OWN_PART), own + wanted);
            // What is behind the reserve for writes is nobody's own.
            of_own.max(self.released_at(now, all, self.used + self.held + wanted))
        };
        if is_behind {
            return if lane >= Lane::Upkeep { in_own_part() } else { self.turns_at() };
        }
        let ceiling = match lane {
            Lane::Write => quota,
            Lane::Live => all.saturating_sub(self.kept_for_lower(quota, waiting)),
            Lane::Upkeep => of_everybody.saturating_sub(self.kept_for(Lane::Backfill, quota, waiting)),
            Lane::Backfill => of_everybody,
        };
        // A call that is dearer than what may be spent at once would never go.
        let wanted = points.min(percent(ceiling, AT_ONCE).max(1));
        let total = self.used + self.held + wanted;
        let shared =
            if lane == Lane::Write && total <= quota { now } else { self.released_at(now, ceiling, total) };
        if lane >= Lane::Upkeep && shared > now { shared.min(in_own_part()) } else { shared }
    }

    /// What of the lower lanes' own parts is not used yet, where they wait for it.
    fn kept_for_lower(&self, quota: u64, waiting: OfLanes<bool>) -> u64 {
        [Lane::Upkeep, Lane::Backfill].into_iter().map(|lane| self.kept_for(lane, quota, waiting)).sum()
    }

    fn kept_for(&self, lane: Lane, quota: u64, waiting: OfLanes<bool>) -> u64 {
        let own = percent(quota, OWN_PART).saturating_sub(*self.by_lane.of(lane));
        if *waiting.of(lane) { own } else { 0 }
    }

    /// What the lower lanes spent, and what is held for them.
    fn of_lower_lanes(&self) -> u64 {
        let of = |lane| self.by_lane.of(lane) + self.held_by_lane.of(lane);
        of(Lane::Upkeep) + of(Lane::Backfill)
    }

    /// When so much of a part has been released.
    fn released_at(&self, now: Timestamp, part: u64, total: u64) -> Timestamp {
        let at_once = percent(part, AT_ONCE);
        if total <= at_once {
            return now;
        }
        if total > part {
            return self.turns_at();
        }
        let later = part - at_once;
        // Rounded up: at that second it is there.
        let seconds = ((total - at_once) * RELEASE_SECONDS).div_ceil(later.max(1));
        let begins = self.hour * HOUR_SECONDS;
        let at = i64::try_from(seconds).unwrap_or(HOUR_SECONDS).min(HOUR_SECONDS);
        Timestamp::from_second(begins + at).unwrap_or(now).max(now)
    }

    /// When the hour turns.
    pub(super) fn turns_at(&self) -> Timestamp {
        Timestamp::from_second((self.hour + 1) * HOUR_SECONDS).unwrap_or(Timestamp::MAX)
    }

    /// Sets points aside for a call that goes out now.
    pub(super) fn hold(&mut self, lane: Lane, points: u64) {
        self.held += points;
        *self.held_by_lane.of_mut(lane) += points;
    }

    /// Ends a call: what was held for it, what it cost, and what upstream says is left after it.
    pub(super) fn settle(&mut self, lane: Lane, held: u64, cost: u64, left: Option<u64>) {
        self.held = self.held.saturating_sub(held);
        let of_lane = self.held_by_lane.of_mut(lane);
        *of_lane = of_lane.saturating_sub(held);
        self.spent += cost;
        self.used += cost;
        *self.by_lane.of_mut(lane) += cost;
        if let (Some(quota), Some(left)) = (self.quota, left) {
            let used = quota.saturating_sub(left);
            // Of a part that the operator set, upstream knows nothing: of it is used what was spent here, and more only
            // where upstream has less left than the rest of the part.
            self.used = if self.is_set { used.max(self.spent) } else { used };
        }
    }

    /// Points spent this hour by our own count.
    pub(super) fn spent(&self) -> u64 {
        self.spent
    }

    /// Points left of this hour's quota, calls under way not counted.
    pub(super) fn left(&self) -> Option<u64> {
        Some(self.quota?.saturating_sub(self.used))
    }

    /// What a first reading can have.
    pub(super) fn for_backfill(&self) -> Option<Budget> {
        let hourly = percent(self.quota?, 100 - WRITE_RESERVE - LIVE_RESERVE);
        Some(Budget { left: hourly.saturating_sub(self.used), hourly, turns_at: self.turns_at() })
    }

    /// Points that only writes may touch, and that beside them only live calls may.
    pub(super) fn reserves(&self) -> Option<(u64, u64)> {
        Some((percent(self.quota?, WRITE_RESERVE), percent(self.quota?, LIVE_RESERVE)))
    }
}

pub(super) fn hour_of(now: Timestamp) -> i64 {
    now.as_second().div_euclid(HOUR_SECONDS)
}

fn percent(whole: u64, part: u64) -> u64 {
    whole.saturating_mul(part) / 100
}
