//! Grants that nobody uses are exercised: a refresh token that rests for 90 days dies (hazard L6, `atlassian-platform.md`
//! 1.5). Every refresh begins the 90 days anew.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
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
    /// Grants that could not be renewed now; they are tried again, after those that were not tried for longer.
    pub failed: u64,
}

impl Engine {
    /// Renews grants that were not renewed for a week, some of them where there are many. The background worker calls
    /// this now and then.
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
            // Not broken off, so that each token call is heard to its end; it stops between two grants.
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
        let grants = self.store.grants().await?.into_iter();
        let idle = grants
            .filter(|grant| grant.state == GrantState::Healthy && due_at(grant.id, grant.refreshed_at) <= now)
            .map(|grant| (grant.id, grant.refreshed_at))
            .collect();
        for (id, refreshed_at) in next_in_turn(idle, &self.exercised()) {
            if self.stop.is_cancelled() {
                break;
            }
            self.note_exercise(id);
            // Whoever refreshed it meanwhile has done it.
            match self.renew_older_than(id, now - IDLE_AFTER).await {
                Ok(()) => {
                    let stored = self.store.grant(id).await?;
                    if stored.is_some_and(|grant| grant.refreshed_at > refreshed_at) {
                        turn.renewed += 1;
                    } else {
                        turn.failed += 1;
                    }
                }
                Err(error @ (EngineError::Store(_) | EngineError::Stopped)) => return Err(error),
                // Said when it came out, or no longer ours.
                Err(EngineError::Grant(GrantError::NeedsRelink(_) | GrantError::Gone)) => turn.failed += 1,
                Err(error) => {
                    turn.failed += 1;
                    tracing::warn!(grant.id = %id, %error, "an idle grant could not be renewed; it is tried again");
                }
            }
        }
        Ok(turn)
    }

    /// When this process last tried to renew each of the grants that nobody uses.
    fn exercised(&self) -> HashMap<GrantId, Timestamp> {
        let refreshers = self.refreshers.lock().unwrap_or_else(PoisonError::into_inner);
        let tried = refreshers.iter().filter_map(|(id, refresher)| {
            let exercised_at = refresher.exercised_at.lock().unwrap_or_else(PoisonError::into_inner);
            exercised_at.map(|at| (*id, at))
        });
        tried.collect()
    }

    fn note_exercise(&self, id: GrantId) {
        let refresher = self.refresher(id);
        let now = self.clock.now();
        *refresher.exercised_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }
}

/// The grants of one turn, out of all that are idle, each with the moment of its pair: first those that were not tried yet,
/// then those whose last try is longest ago. So grants that fail again and again do not keep the others from their turn.
fn next_in_turn(
    mut idle: Vec<(GrantId, Timestamp)>,
    tried: &HashMap<GrantId, Timestamp>,
) -> Vec<(GrantId, Timestamp)> {
    idle.sort_by_key(|(id, refreshed_at)| (tried.get(id).copied(), *refreshed_at));
    idle.truncate(GRANTS_PER_TURN);
    idle
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

    #[test]
    fn l6_grants_that_fail_do_not_keep_the_others_from_their_turn() {
        let at = |seconds: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        // More than two turns take, the oldest first; none of them can be renewed.
        let count = i64::try_from(2 * GRANTS_PER_TURN + 1).unwrap();
        let idle: Vec<_> = (0..count)
            .map(|number| (GrantId(uuid::Uuid::from_u128(number.unsigned_abs().into())), at(number)))
            .collect();
        let mut tried = HashMap::new();
        for turn in 1..=3 {
            let next = next_in_turn(idle.clone(), &tried);
            assert!(next.len() <= GRANTS_PER_TURN);
            if turn == 1 {
                assert_eq!(next.first(), idle.first(), "the oldest begins");
            }
            tried.extend(next.into_iter().map(|(id, _)| (id, at(1_000_000 * turn))));
        }
        assert_eq!(tried.len(), idle.len(), "each had its turn");
    }
}
