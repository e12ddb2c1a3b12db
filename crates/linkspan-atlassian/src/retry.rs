//! How long to wait before the same call is sent again (`atlassian-platform.md` 5.7, hazard R1). Pure: whether the
//! call may be repeated at all, and who waits, is the engine's matter.

use std::time::Duration;

use crate::error::{CallError, ThrottleReason};

/// The most times one call is sent.
pub const ATTEMPTS: u32 = 5;

/// The wait before the second attempt, without advice; it doubles with each further one.
pub const BASE: Duration = Duration::from_secs(2);

/// The longest wait without advice.
pub const CEILING: Duration = Duration::from_secs(30);

/// The shortest wait, whatever upstream advises.
pub const FLOOR: Duration = Duration::from_secs(1);

/// The longest wait on upstream's advice, when no quota is spent.
pub const ADVICE_CEILING: Duration = Duration::from_mins(2);

/// The longest wait on upstream's advice when a quota is spent: its window is an hour.
pub const QUOTA_CEILING: Duration = Duration::from_hours(1);

/// The wait after `attempt` attempts (1 after the first) of which the last ended in `error`; `None` when another one
/// is pointless or one too many. `fraction` in `[0, 1)` spreads the waits: by 0.7 to 1.3, on upstream's advice only
/// upwards, because the advice is a minimum.
pub fn next_wait(error: &CallError, attempt: u32, fraction: f64) -> Option<Duration> {
    if !error.is_retryable() || attempt >= ATTEMPTS {
        return None;
    }
    let fraction = if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.5 };
    let backoff = BASE.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(CEILING);
    let backoff = backoff.mul_f64(0.6f64.mul_add(fraction, 0.7)).clamp(FLOOR, CEILING);
    let Some(advice) = error.retry_after() else { return Some(backoff) };
    let ceiling = match error {
        CallError::Throttled { reason, .. } if is_quota_like(reason) => QUOTA_CEILING,
        _ => ADVICE_CEILING,
    };
    Some(advice.clamp(FLOOR, ceiling).mul_f64(0.3f64.mul_add(fraction, 1.0)).min(ceiling))
}

/// The gateway's window is not published; its resets are far away like a quota's.
fn is_quota_like(reason: &ThrottleReason) -> bool {
    reason.is_quota() || *reason == ThrottleReason::Gateway
}

#[cfg(test)]
mod tests {
    use linkspan_model::product::Product;
    use proptest::prelude::*;

    use super::*;
    use crate::error::TransportKind;

    fn throttled(reason: ThrottleReason, seconds: Option<u64>) -> CallError {
        CallError::Throttled {
            call: "jira.issue.get",
            product: Some(Product::Jira),
            reason,
            retry_after: seconds.map(Duration::from_secs),
        }
    }

    #[test]
    fn r1_waits_double_up_to_the_ceiling_and_stop_after_five_attempts() {
        let error = CallError::Transport { call: "jira.issue.get", kind: TransportKind::Timeout };
        let waits: Vec<_> = (1..=5).map(|attempt| next_wait(&error, attempt, 0.5)).collect();
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(waits, [seconds(2), seconds(4), seconds(8), seconds(16), None]);
    }

    #[test]
    fn r1_advice_is_a_minimum_within_bounds() {
        let burst = |advice| next_wait(&throttled(ThrottleReason::Burst, Some(advice)), 1, 0.0).unwrap();
        assert_eq!(burst(0), FLOOR);
        assert_eq!(burst(7), Duration::from_secs(7));
        assert_eq!(burst(1_000_000_000), ADVICE_CEILING);
        let quota =
            |advice| next_wait(&throttled(ThrottleReason::QuotaGlobal, Some(advice)), 1, 0.0).unwrap();
        assert_eq!(quota(1847), Duration::from_secs(1847));
        assert_eq!(quota(1_000_000_000), QUOTA_CEILING);
        assert_eq!(next_wait(&throttled(ThrottleReason::Gateway, None), 1, 0.5), Some(BASE));
    }

    #[test]
    fn s5_what_a_repeat_cannot_help_is_not_repeated() {
        for error in [
            CallError::TokenRejected { call: "c" },
            CallError::ScopeMissing { call: "c" },
            CallError::NotFound { call: "c" },
            CallError::Gone { call: "c", messages: Vec::new() },
            CallError::BadRequest { call: "c", messages: Vec::new() },
            CallError::TooLarge { call: "c", status: 413 },
            CallError::BodyTooLarge { call: "c", cap: 1 },
            CallError::PagingStuck { call: "c", why: String::new() },
        ] {
            assert_eq!(next_wait(&error, 1, 0.5), None, "{error}");
        }
    }

    proptest! {
        #[test]
        fn r1_no_wait_is_ever_shorter_than_the_floor_or_longer_than_the_quota_window(
            attempt in 0..10_u32, fraction in prop::num::f64::ANY, advice in prop::option::of(any::<u64>()),
        ) {
            let wait = next_wait(&throttled(ThrottleReason::QuotaTenant, advice), attempt, fraction);
            if let Some(wait) = wait {
                prop_assert!(wait >= FLOOR && wait <= QUOTA_CEILING);
            } else {
                prop_assert!(attempt >= ATTEMPTS);
            }
        }
    }
}
