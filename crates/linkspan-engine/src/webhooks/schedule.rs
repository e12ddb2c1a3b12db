//! When a delivery is tried again, and what an endpoint that fails has to expect (hazard O8).

use jiff::SignedDuration;
use linkspan_model::entropy::Entropy;
use linkspan_store::FailurePolicy;

/// Waits before each attempt: eight over 27 hours and a half. Source: Svix's retry schedule (docs.svix.com/retries).
pub(crate) const WAITS: [SignedDuration; 8] = [
    SignedDuration::ZERO,
    SignedDuration::from_secs(5),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_hours(10),
];

/// A wait is longer by up to this share, so that what failed together does not come back together.
const JITTER: f64 = 0.1;

/// An endpoint that failed so often in a row is tried with one delivery at a time.
pub(crate) const PROBE_AFTER: i64 = 2;

/// What follows when an endpoint fails: rests between probes, and its end after five days of nothing but failures. The
/// rests are shorter than the waits of a delivery, so a single delivery keeps its own times.
pub(crate) const FAILURES: FailurePolicy = FailurePolicy {
    rests: &[
        SignedDuration::ZERO,
        SignedDuration::from_secs(5),
        SignedDuration::from_secs(15),
        SignedDuration::from_secs(30),
        SignedDuration::from_mins(1),
        SignedDuration::from_mins(2),
        SignedDuration::from_mins(5),
    ],
    disable_after: SignedDuration::from_hours(5 * 24),
};

/// How long to wait after the attempt with this number (1 is the first); `None` after the last.
pub(crate) fn wait_after(attempt: i64, entropy: &Entropy) -> Option<SignedDuration> {
    let wait = usize::try_from(attempt).ok().and_then(|place| WAITS.get(place))?;
    let jitter = SignedDuration::try_from_secs_f64(wait.as_secs_f64() * JITTER * entropy.fraction());
    // OK: a tenth of ten hours is a duration.
    Some(*wait + jitter.unwrap_or(SignedDuration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o8_the_schedule_has_eight_attempts_over_more_than_a_day() {
        let entropy = Entropy::seeded(1);
        let waits: Vec<_> = (1..).map_while(|attempt| wait_after(attempt, &entropy)).collect();
        assert_eq!(waits.len() + 1, 8);
        for (wait, plain) in waits.iter().zip(&WAITS[1..]) {
            assert!(wait >= plain && wait.as_secs_f64() <= plain.as_secs_f64() * (1.0 + JITTER));
        }
        let total: f64 = WAITS.iter().map(SignedDuration::as_secs_f64).sum();
        assert!((27.0..29.0).contains(&(total / 3_600.0)), "{total}");
    }

    #[test]
    fn a_single_delivery_keeps_its_own_times_although_its_endpoint_rests() {
        for (rest, wait) in FAILURES.rests.iter().zip(&WAITS[1..]) {
            assert!(rest <= wait, "{rest} {wait}");
        }
    }
}
