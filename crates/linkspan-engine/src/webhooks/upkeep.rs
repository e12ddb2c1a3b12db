//! What is done now and then: what is old is forgotten, and what is on its way is counted.

use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::Instant;

use crate::engine::Engine;
use crate::error::EngineError;

/// Deliveries and their attempts are kept so long, and can be replayed as long.
const KEEP_DELIVERIES: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Events are kept so long.
const KEEP_EVENTS: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How often to look.
const EVERY: Duration = Duration::from_secs(15);
/// Deliveries on their way.
const PENDING: &str = "linkspan_webhook_deliveries_pending";

#[derive(Default)]
pub(super) struct Upkeep {
    last: Option<Instant>,
}

impl Upkeep {
    pub(super) async fn tend(&mut self, engine: &Engine) -> Result<(), EngineError> {
        if self.last.is_some_and(|at| at.elapsed() < EVERY) {
            return Ok(());
        }
        self.last = Some(Instant::now());
        let (store, now) = (&engine.inner.store, engine.inner.clock.now());
        store.forget_deliveries(now - KEEP_DELIVERIES).await?;
        store.forget_events(now - KEEP_EVENTS).await?;
        let pending = store.count_pending_deliveries().await?;
        #[expect(clippy::cast_precision_loss, reason = "a gauge is an f64, and nobody counts to 2^53")]
        metrics::gauge!(PENDING).set(pending as f64);
        Ok(())
    }
}
