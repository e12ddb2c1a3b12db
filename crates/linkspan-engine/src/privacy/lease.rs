//! The lease under which one process at a time tends the personal data of an app: no batch is reported by two.

use std::sync::Arc;

use jiff::SignedDuration;
use linkspan_model::ids::AppId;

use crate::engine::Inner;
use crate::error::EngineError;

/// How long a lease lasts without being renewed: longer than a call, a token and a step of rewriting can take together.
const LEASE: SignedDuration = SignedDuration::from_mins(6);

/// A lease that was taken.
pub(super) struct Lease {
    inner: Arc<Inner>,
    app: AppId,
}

impl Lease {
    /// Takes the lease of an app; `None` while another process has it.
    pub(super) async fn take(inner: &Arc<Inner>, app: AppId) -> Result<Option<Self>, EngineError> {
        let lease = Self { inner: Arc::clone(inner), app };
        Ok(lease.is_renewed().await?.then_some(lease))
    }

    pub(super) fn app(&self) -> AppId {
        self.app
    }

    /// Renews the lease before a step.
    pub(super) async fn renew(&self) -> Result<(), EngineError> {
        if self.inner.stop.is_cancelled() {
            return Err(EngineError::Stopped);
        }
        if self.is_renewed().await? { Ok(()) } else { Err(EngineError::LeaseLost) }
    }

    async fn is_renewed(&self) -> Result<bool, EngineError> {
        let now = self.inner.clock.now();
        Ok(self.inner.store.try_lock_reports(self.app, self.inner.node, now, now + LEASE).await?)
    }

    pub(super) async fn give_back(self) -> Result<(), EngineError> {
        Ok(self.inner.store.unlock_reports(self.app, self.inner.node).await?)
    }
}
