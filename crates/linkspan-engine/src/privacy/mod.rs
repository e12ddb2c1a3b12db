//! Personal data: accounts are reported to Atlassian within their cycle, closed ones are erased, changed ones are read
//! again (`atlassian-platform.md` 3, hazards G1 to G4). An account is known when a batch names it, or when a person proved
//! to be it.
//!
//! ```text
//! known ─► enrolled ─► due ─► reported ─┬─► due again after a cycle
//!                                       ├─► updated ─► refreshed ─► active
//!                                       └─► closed ─► erased (receipt; never reported again)
//! ```
//! Every arrow is one transaction, so a killed process goes on where it was. Between upstream's answer to a report and the
//! transaction that notes it lies the one gap: the at most 90 accounts of that report are then reported once more, because
//! the other order could lose the word that one of them was closed.
//!
//! What was erased cannot come back: the *border* takes erased accounts out of every answer before anything looks at it,
//! and the store refuses batches of writers who do not know of the latest erasure.

mod border;
mod erase;
mod lease;
mod refresh;
mod report;
mod rewrite;
mod status;
mod texts;

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use linkspan_model::ids::{AppId, SourceId};

pub(crate) use self::border::ErasedAccounts;
use self::lease::Lease;
pub(crate) use self::refresh::read_people;
pub use self::report::ReportTurn;
pub use self::status::{PersonalDataStatus, ReceiptsPage};
use crate::engine::{Engine, Inner};
use crate::error::EngineError;

/// How often the background task looks for what is due, in real time, up to half as much more: so that no two servers keep
/// in step.
const TURN_EVERY: Duration = Duration::from_mins(1);

impl Engine {
    /// Does what is due about personal data, for every app: enrols accounts, reports those whose time has come, erases
    /// closed ones, reads changed ones again. What cannot be done now is tried again later; the status says why. The
    /// background worker calls this every minute or so.
    ///
    /// # Errors
    /// When the store fails, or the engine is shut down.
    pub async fn tend_personal_data(&self) -> Result<ReportTurn, EngineError> {
        self.inner.tend_personal_data().boxed().await
    }
}

impl Inner {
    /// Tends personal data until the engine stops.
    pub(crate) async fn keep_personal_data(self: Arc<Self>) {
        loop {
            // A turn that is dropped at any await goes on in the next one, as after a kill.
            let turn = tokio::select! {
                () = self.stop.cancelled() => return,
                turn = self.tend_personal_data().boxed() => turn,
            };
            if let Err(error) = turn {
                tracing::error!(%error, "personal data could not be tended; it is tried again");
            }
            let pause = TURN_EVERY.mul_f64(0.5f64.mul_add(self.entropy.fraction(), 1.0));
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn tend_personal_data(self: &Arc<Self>) -> Result<ReportTurn, EngineError> {
        self.renew_erased().await?;
        self.store.forget_unredeemed_proofs(self.clock.now()).await?;
        self.choose_reporters().await?;
        self.store.drop_unknown_accounts().await?;
        let mut turn = ReportTurn::default();
        for app in self.store.apps().await? {
            turn += self.tend_app(app.id).boxed().await?;
        }
        self.gauge_personal_data().await?;
        Ok(turn)
    }

    /// Forgets what a source was last read with, and stops a reading of this process: both may hold names that are not to
    /// be used any more. The next reading goes on from the checkpoint.
    fn start_over(&self, source: SourceId) {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).remove(&source);
        if let Some(reading) = self.reading.lock().unwrap_or_else(PoisonError::into_inner).get(&source) {
            reading.cancel();
        }
    }

    async fn tend_app(self: &Arc<Self>, app: AppId) -> Result<ReportTurn, EngineError> {
        let cycle = self.store.report_cycle(app, linkspan_atlassian::oauth::DEFAULT_CYCLE).await?;
        let Some(lease) = Lease::take(self, app).await? else {
            // Another process tends the app.
            return Ok(ReportTurn::default());
        };
        let result = async {
            self.enrol(app, cycle.cycle).await?;
            let mut turn = self.report_due(&lease, cycle).await?;
            turn.erased = self.erase_closed(&lease).await?;
            turn.refreshed = self.refresh_updated(&lease).await?;
            Ok(turn)
        }
        .await;
        lease.give_back().await?;
        match result {
            // Whoever took the lease meanwhile goes on.
            Err(EngineError::LeaseLost) => Ok(ReportTurn::default()),
            result => result,
        }
    }
}
