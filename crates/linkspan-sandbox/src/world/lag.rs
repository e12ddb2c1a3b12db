//! How far search indexes lag behind writes.

use super::ids::Millis;
use super::seed::mix;

/// A lag that is not the same for all: a base, and up to `spread` more for each thing by its own dice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IndexLag {
    /// What everything lags at least, in milliseconds.
    pub base: Millis,
    /// What a thing may lag beyond that.
    pub spread: Millis,
}

impl IndexLag {
    /// The newest instant of which the index knows for the thing with an id. Without any lag it knows everything.
    pub fn cutoff(self, id: u64, now: Millis) -> Millis {
        if self.base == 0 && self.spread == 0 {
            return Millis::MAX;
        }
        let wide = u128::from(mix(id ^ 0x1a6)) * u128::try_from(self.spread.max(0)).unwrap_or(0);
        // The high half of the product is below the spread.
        let own = Millis::try_from(wide >> 64).unwrap_or(0);
        now.saturating_sub(self.base).saturating_sub(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_lags_by_its_own_span_between_base_and_spread() {
        let lag = IndexLag { base: 1_000, spread: 46_800_000 };
        let cutoffs: Vec<Millis> = (0..100).map(|id| lag.cutoff(id, 0)).collect();
        assert!(cutoffs.iter().all(|cutoff| (-46_801_000..=-1_000).contains(cutoff)));
        assert!(cutoffs.iter().any(|cutoff| *cutoff < -23_000_000));
        assert!(cutoffs.iter().any(|cutoff| *cutoff > -23_000_000));
        assert_eq!(lag.cutoff(7, 0), lag.cutoff(7, 0));
        assert_eq!(IndexLag::default().cutoff(7, 0), Millis::MAX);
    }
}
