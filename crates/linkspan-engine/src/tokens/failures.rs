//! What a process remembers of failures: how long the token endpoint is left alone, and that a pair was replaced because
//! upstream refused its access token. Without it every caller would make a token call of its own.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::oauth::TokenError;

use super::{GrantError, Held, Refresher, Want};
use crate::engine::Inner;
use crate::error::EngineError;

/// How long the token endpoint is left alone after it gave no pair; it doubles with each further time.
const FIRST_OUTAGE: Duration = Duration::from_secs(2);
/// The longest such pause, also on upstream's advice: readers wait for it.
const LONGEST_OUTAGE: Duration = Duration::from_mins(1);
/// How often a pair is replaced because upstream refuses its access token, at the most: a token that is refused although
/// it is fresh is refused for another reason, and so would be the next one.
const REPLACED_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// What is remembered of a grant.
#[derive(Default)]
pub(super) struct Failures(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    outage: Option<Outage>,
    /// When a pair was replaced because its access token was refused.
    replaced_at: Option<Timestamp>,
}

/// The token endpoint gives no pair: it is left alone for a moment.
struct Outage {
    since: Timestamp,
    until: Timestamp,
    failures: u32,
    error: GrantError,
}

impl Failures {
    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Why the token endpoint is left alone at the moment. A clock that is set back ends the pause.
    pub(super) fn outage(&self, refresher: &Refresher) -> Option<GrantError> {
        let now = self.clock.now();
        let remembered = refresher.failures.remembered();
        let outage = remembered.outage.as_ref().filter(|outage| (outage.since..outage.until).contains(&now));
        outage.map(|outage| outage.error.clone())
    }

    /// Leaves the token endpoint alone for a moment after every answer that brings no pair, but the one that ends the
    /// grant: that one is not asked for again anyhow. A pair ends the outage.
    pub(super) fn note_outage(&self, refresher: &Refresher, error: Option<&TokenError>) {
        let mut remembered = refresher.failures.remembered();
        let Some(error) = error.filter(|error| !matches!(error, TokenError::GrantDead { .. })) else {
            remembered.outage = None;
            return;
        };
        let failures = remembered.outage.as_ref().map_or(0, |outage| outage.failures);
        let pause = FIRST_OUTAGE.saturating_mul(1 << failures.min(16));
        let pause = error.retry_after().unwrap_or(pause).clamp(FIRST_OUTAGE, LONGEST_OUTAGE);
        // Readers of many sources do not come back together.
        let pause = pause.mul_f64(0.3f64.mul_add(self.entropy.fraction(), 1.0));
        let since = self.clock.now();
        let (until, failures) = (since + pause, failures.saturating_add(1));
        remembered.outage = Some(Outage { since, until, failures, error: why_none(error) });
        // Whoever was given the old token hears nothing of it.
        tracing::info!(%error, failures, ?pause, "a token could not be replaced; it is tried again");
    }

    /// What is given while no pair can be had: the old token as long as it lives, so that an outage stops nothing before
    /// that; the link is not harmed (hazard L4).
    pub(super) fn during_outage(
        &self,
        stored: Held,
        want: &Want,
        error: GrantError,
    ) -> Result<Held, EngineError> {
        let lives = stored.expires_at > self.clock.now() && want.allows(&stored.access);
        if lives { Ok(stored) } else { Err(error.into()) }
    }

    /// Remembers that a pair was replaced because its access token was refused.
    pub(super) fn note_replaced(&self, refresher: &Refresher) {
        refresher.failures.remembered().replaced_at = Some(self.clock.now());
    }

    /// Whether a refused token is not replaced: another one was just now.
    pub(super) fn was_just_replaced(&self, refresher: &Refresher) -> bool {
        let now = self.clock.now();
        let replaced_at = refresher.failures.remembered().replaced_at;
        replaced_at.is_some_and(|at| (at..at + REPLACED_EVERY).contains(&now))
    }
}

/// What an answer without a pair means for who wants a token.
pub(super) fn why_none(error: &TokenError) -> GrantError {
    match error {
        TokenError::ClientRefused => GrantError::AppRefused,
        other => GrantError::Unavailable(other.to_string()),
    }
}
