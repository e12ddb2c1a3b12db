//! How soon a source is asked for changes again that tells of none by itself: sooner while it changes, later while it is quiet.
//!
//! Confluence tells OAuth apps of nothing (hazard W8), and every look costs points. Between the two lies a pace for each source,
//! around the interval that the operator set.

use std::sync::PoisonError;
use std::time::Duration;

use linkspan_model::ids::SourceId;
use linkspan_model::product::Product;

use crate::engine::Inner;

/// The shortest interval of a source, as a share of the one that was set.
const QUICKEST: f64 = 0.25;
/// The longest.
const SLOWEST: f64 = 5.0;
/// What a look that found something makes of the interval.
const QUICKER: f64 = 0.5;
/// What a look that found nothing makes of it.
const SLOWER: f64 = 1.25;

/// The interval after a look, as a share of the one that was set.
fn next_share(share: f64, found_changes: bool) -> f64 {
    (share * if found_changes { QUICKER } else { SLOWER }).clamp(QUICKEST, SLOWEST)
}

impl Inner {
    /// The present interval of a source, given the one that was set.
    pub(crate) fn pace_of(&self, source: SourceId, set: Duration) -> Duration {
        let paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        paces.get(&source).map_or(set, |share| set.mul_f64(*share))
    }

    /// Takes in what a look at a source came to.
    pub(crate) fn note_pace(&self, source: SourceId, product: Product, found_changes: bool) {
        if product != Product::Confluence {
            return;
        }
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        let share = paces.entry(source).or_insert(1.0);
        *share = next_share(*share, found_changes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w8_a_busy_source_is_looked_at_more_often_and_a_quiet_one_less_within_bounds() {
        let mut share = 1.0;
        for _ in 0..3 {
            share = next_share(share, true);
        }
        assert!((share - QUICKEST).abs() < f64::EPSILON);
        for _ in 0..50 {
            share = next_share(share, false);
        }
        assert!((share - SLOWEST).abs() < f64::EPSILON);
    }
}
