//! Grants that nobody uses are exercised: a refresh token that rests for 90 days dies (hazard L6, `atlassian-platform.md`
//! 1.5). Every refresh begins the 90 days anew.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use linkspan_model::ids::GrantId;
use linkspan_store::GrantState;

use crate::engine::{Engine, Inner};
use crate::error::EngineError;
use crate::tokens::GrantError;

/// A grant whose pair is older than this is exercised: often enough that many weeks of outage do no harm.
pub const IDLE_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The span over which grants that came together are spread.
const SPREAD: SignedDuration = SignedDuration::from_hours(24);
/// How often it is looked for such grants, in real time, up to half as much more: so that no two servers keep in step.
const LOOK_EVERY: Duration = Duration::from_mins(10);
/// Grants exercised in one turn: what piled up goes out bit by bit.
const GRANTS_PER_TURN: usize = 200;
/// From this age of a consent on, it should be given anew: after a year it may end whatever is done
/// (`atlassian-platform.md` 1.5).
pub const CONSENT_GROWS_OLD: SignedDuration = SignedDuration::from_hours(335 * 24);

/// What a turn did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExerciseTurn {
    /// Grants whose pair was replaced.
    pub renewed: u64,
    /// Grants that could not be renewed now; they are tried again.
    pub failed: u64,
}

impl Engine {
    /// Renews the grants that were not renewed for a week. The background worker calls this now and then.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn exercise_grants(&self) -> Result<ExerciseTurn, EngineError> {
        self.inner.exercise_grants().await
    }

    /// Whether a grant's consent is so old that it should be given anew, although it works.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn reconsent_is_advisable(&self, grant: GrantId) -> Result<bool, EngineError> {
        let grant = self.inner.store.grant(grant).await?;
        let now = self.inner.clock.now();
        Ok(grant.is_some_and(|grant| now >= grant.consented_at + CONSENT_GROWS_OLD))
    }
}

impl Inner {
    /// Exercises grants until the engine stops, and shows how limits stand.
    pub(crate) async fn keep_grants(self: Arc<Self>) {
        loop {
            // Not broken off: a token call whose answer nobody keeps costs the grant.
            if let Err(error) = self.exercise_grants().await {
                tracing::error!(%error, "idle grants could not be exercised; it is tried again");
            }
            let pause = LOOK_EVERY.mul_f64(0.5f64.mul_add(self.entropy.fraction(), 1.0));
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn exercise_grants(self: &Arc<Self>) -> Result<ExerciseTurn, EngineError> {
        let now = self.clock.now();
        let mut turn = ExerciseTurn::default();
        let mut idle = self.store.grants().await?;
        idle.retain(|grant| {
            grant.state == GrantState::Healthy && due_at(grant.id, grant.refreshed_at) <= now
        });
        idle.sort_by_key(|grant| grant.refreshed_at);
        for grant in idle.into_iter().take(GRANTS_PER_TURN) {
            // Whoever refreshed it meanwhile has done it.
            match self.renew_older_than(grant.id, now - IDLE_AFTER).await {
                Ok(()) => {
                    turn.renewed += u64::from(
                        self.store
                            .grant(grant.id)
                            .await?
                            .is_some_and(|it| it.refreshed_at > grant.refreshed_at),
                    );
                }
                Err(error @ (EngineError::Store(_) | EngineError::Stopped)) => return Err(error),
                // Said when it came out, or no longer ours.
                Err(EngineError::Grant(GrantError::NeedsRelink(_) | GrantError::Gone)) => turn.failed += 1,
                Err(error) => {
                    turn.failed += 1;
                    tracing::warn!(grant.id = %grant.id, %error, "an idle grant could not be renewed; it is tried again");
                }
            }
        }
        Ok(turn)
    }
}

/// When a grant is exercised: each at a moment of its own within a day, the same after a restart.
fn due_at(id: GrantId, refreshed_at: Timestamp) -> Timestamp {
    let share = u32::from(u16::from_be_bytes([id.0.as_bytes()[0], id.0.as_bytes()[1]]));
    refreshed_at + IDLE_AFTER + SPREAD * i32::try_from(share).unwrap_or(0) / (1 << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l6_idle_grants_are_spread_over_a_day() {
        let at = Timestamp::UNIX_EPOCH;
        let due = |first: u8| due_at(GrantId(uuid::Uuid::from_bytes([first; 16])), at);
        assert_eq!(due(0), at + IDLE_AFTER);
        assert!(due(255) < at + IDLE_AFTER + SPREAD && due(255) > at + IDLE_AFTER + SPREAD / 2);
        assert!(due(64) < due(128));
    }
}
