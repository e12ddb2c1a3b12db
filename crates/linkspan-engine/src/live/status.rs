//! How a source learns of changes, for the vendor.

use jiff::{SignedDuration, Timestamp};
use linkspan_model::ids::SourceId;
use linkspan_model::product::Product;

use crate::engine::Engine;
use crate::error::EngineError;

/// So much later than the reading that found a change, its delivery may come before upstream counts as silent.
const LATE_DELIVERY: SignedDuration = SignedDuration::from_mins(2);

/// How changes come to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveState {
    /// Upstream tells of them within seconds; reading finds what it did not tell.
    Live,
    /// Upstream is to tell of them, and reading found some of which it did not (hazard W7).
    Silent,
    /// They are found by reading alone.
    Polling,
}

impl LiveState {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Silent => "silent",
            Self::Polling => "polling",
        }
    }
}

/// How a source learns of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveStatus {
    /// How changes come to be known.
    pub state: LiveState,
    /// Why not better than that, in words.
    pub reason: Option<String>,
    /// When the first of the registrations ends, if it is not prolonged.
    pub expires_at: Option<Timestamp>,
    /// When upstream last told of anything.
    pub delivered_at: Option<Timestamp>,
    /// How often it did.
    pub deliveries: u64,
    /// When a reading found what upstream had not told, for the first time since it last told of anything.
    pub missed_at: Option<Timestamp>,
    /// How many changes readings found before upstream told of them.
    pub missed: u64,
    /// Things that wait to be looked at again.
    pub waiting: u64,
    /// Since when the first of them does.
    pub waiting_since: Option<Timestamp>,
}

impl Engine {
    /// How a source learns of changes.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is no such source.
    pub async fn live_status(&self, id: SourceId) -> Result<LiveStatus, EngineError> {
        let store = &self.inner.store;
        let source = store.source(id).await?.ok_or(EngineError::NotFound)?;
        let (waiting, waiting_since) = store.pending_hints(id).await?;
        let Some(live) = store.live_source(id).await? else {
            let reason = match source.product {
                Product::Confluence => "Confluence tells apps of no changes; it is asked for them",
                Product::Jira => "nothing is registered yet",
            };
            return Ok(LiveStatus {
                state: LiveState::Polling,
                reason: Some(reason.to_owned()),
                expires_at: None,
                delivered_at: None,
                deliveries: 0,
                missed_at: None,
                missed: 0,
                waiting,
                waiting_since,
            });
        };
        let is_registered = live.expires_at.is_some_and(|at| at > self.inner.clock.now());
        // A reading may be ahead of a delivery that is on its way.
        let is_over = |missed| self.inner.clock.now() >= missed + LATE_DELIVERY;
        let is_silent = live
            .missed_at
            .is_some_and(|missed| is_over(missed) && live.delivered_at.is_none_or(|at| at < missed));
        let (state, reason) = match (is_registered, is_silent) {
            (false, _) => {
                (LiveState::Polling, live.problem.or(Some("the registrations have ended".to_owned())))
            }
            (true, true) => {
                let why = "reading found changes of which no delivery came: is this server's address reached from outside?";
                (LiveState::Silent, Some(why.to_owned()))
            }
            (true, false) => (LiveState::Live, live.problem),
        };
        Ok(LiveStatus {
            state,
            reason,
            expires_at: live.expires_at,
            delivered_at: live.delivered_at,
            deliveries: live.deliveries.cast_unsigned(),
            missed_at: live.missed_at,
            missed: live.missed.cast_unsigned(),
            waiting,
            waiting_since,
        })
    }
}
