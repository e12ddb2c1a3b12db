//! How much of an hour's points walks may take.

use std::collections::HashMap;

use jiff::Timestamp;
use linkspan_model::ids::SourceId;

const HOUR_SECONDS: i64 = 3_600;

/// The points that walks took in this hour, for all sources of a product in this process: the quota is the app's, for each
/// product. Where several sources walk, none takes more than half of them before the hour is half over, so that a site of
/// millions leaves some to the others.
#[derive(Debug, Default)]
pub(crate) struct CensusAllowance {
    hour: i64,
    used: u64,
    /// What each source took that wanted any.
    by_source: HashMap<SourceId, u64>,
}

impl CensusAllowance {
    /// Whether anything of the hour's share of `points` is left for a source.
    pub(super) fn is_open(&mut self, now: Timestamp, source: SourceId, points: u64) -> bool {
        self.turn(now);
        let own = *self.by_source.entry(source).or_default();
        let is_late = now.as_second().rem_euclid(HOUR_SECONDS) >= HOUR_SECONDS / 2;
        self.used < points && (own < points / 2 || self.by_source.len() == 1 || is_late)
    }

    /// Takes what a page or a look cost.
    pub(super) fn take(&mut self, now: Timestamp, source: SourceId, points: u64) {
        self.turn(now);
        self.used = self.used.saturating_add(points);
        let own = self.by_source.entry(source).or_default();
        *own = own.saturating_add(points);
    }

    fn turn(&mut self, now: Timestamp) {
        let hour = now.as_second().div_euclid(HOUR_SECONDS);
        if self.hour != hour {
            *self = Self { hour, ..Self::default() };
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const GIANT: SourceId = SourceId(Uuid::nil());
    const OTHER: SourceId = SourceId(Uuid::max());

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn r2_a_census_takes_no_more_than_its_share_of_an_hour() {
        let mut allowance = CensusAllowance::default();
        assert!(allowance.is_open(at(7_200), GIANT, 100));
        allowance.take(at(7_200), GIANT, 99);
        assert!(allowance.is_open(at(7_300), GIANT, 100));
        allowance.take(at(7_300), GIANT, 51);
        assert!(!allowance.is_open(at(10_799), GIANT, 100));
        assert!(allowance.is_open(at(10_800), GIANT, 100));
    }

    #[test]
    fn r3_a_giant_leaves_some_of_the_hour_to_the_others() {
        let mut allowance = CensusAllowance::default();
        assert!(allowance.is_open(at(7_200), OTHER, 100));
        allowance.take(at(7_200), GIANT, 60);
        assert!(!allowance.is_open(at(7_300), GIANT, 100));
        assert!(allowance.is_open(at(7_300), OTHER, 100));
        // What nobody else wanted in half an hour is anybody's.
        assert!(allowance.is_open(at(7_200 + 1_800), GIANT, 100));
    }
}
