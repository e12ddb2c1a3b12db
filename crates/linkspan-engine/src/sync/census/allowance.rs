//! How much of an hour's points walks may take.

use jiff::Timestamp;

/// The points that walks took in this hour, for all sources of this process: the quota is the app's.
#[derive(Debug, Default)]
pub(crate) struct CensusAllowance {
    hour: i64,
    used: u64,
}

impl CensusAllowance {
    /// Whether anything of the hour's share of `points` is left.
    pub(super) fn is_open(&mut self, now: Timestamp, points: u64) -> bool {
        self.turn(now);
        self.used < points
    }

    /// Takes what a page or a look cost.
    pub(super) fn take(&mut self, now: Timestamp, points: u64) {
        self.turn(now);
        self.used = self.used.saturating_add(points);
    }

    fn turn(&mut self, now: Timestamp) {
        let hour = now.as_second().div_euclid(3600);
        if self.hour != hour {
            *self = Self { hour, used: 0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r2_a_census_takes_no_more_than_its_share_of_an_hour() {
        let mut allowance = CensusAllowance::default();
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        assert!(allowance.is_open(at(7_200), 100));
        allowance.take(at(7_200), 99);
        assert!(allowance.is_open(at(7_300), 100));
        allowance.take(at(7_300), 51);
        assert!(!allowance.is_open(at(10_799), 100));
        assert!(allowance.is_open(at(10_800), 100));
    }
}
