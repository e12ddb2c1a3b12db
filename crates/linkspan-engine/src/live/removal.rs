//! Taking registrations back when a source is not read any more, or not by the same account.

use std::sync::Arc;
use std::time::Duration;

use linkspan_atlassian::calls::jira;
use linkspan_atlassian::client::Params;
use linkspan_model::ids::LinkedAccountId;
use linkspan_store::{AccountFilter, Source};
use serde_json::json;

use super::registrar::Registered;
use crate::engine::Inner;
use crate::error::EngineError;
use crate::locks::Held;

/// How long unlinking waits for upstream. What is left there ends by itself within 30 days, and leads nowhere.
const PATIENCE: Duration = Duration::from_secs(10);

impl Inner {
    /// Takes back what is registered for the source of an account that is about to be unlinked, if no other account uses
    /// it. Afterwards there is no token to do it with. While the result is held, nothing is registered anew.
    pub(crate) async fn take_back_registrations(
        self: &Arc<Self>,
        account: LinkedAccountId,
    ) -> Result<Option<Held>, EngineError> {
        let Some(account) = self.store.linked_account(account).await? else { return Ok(None) };
        let filter = AccountFilter { source: Some(account.source), ..AccountFilter::default() };
        if self.store.list_linked_accounts(&filter, None, 2).await?.len() > 1 {
            return Ok(None);
        }
        let Some(source) = self.store.source(account.source).await? else { return Ok(None) };
        Ok(self.take_back_all(&source).await)
    }

    /// Takes back what is registered for a source by the account that reads it until now. While the result is held, nothing is
    /// registered anew; there is none where upstream is too slow to wait for.
    pub(crate) async fn take_back_all(self: &Arc<Self>, source: &Source) -> Option<Held> {
        let taking = async {
            let held = self.live.registrar(source).await;
            // Whatever becomes of who asks for this: what is taken back from a source that is still read is made again.
            self.store.hurry_live_check(source.id, self.clock.now()).await?;
            let known = self.store.live_source(source.id).await?;
            let known = known.map(|live| Registered::read(&live.registered)).unwrap_or_default();
            if let Err(error) = self.take_back(source, &known).await {
                tracing::warn!(source.id = %source.id, %error, "registrations for changes could not be taken back");
            }
            Ok::<_, EngineError>(held)
        };
        match tokio::time::timeout(PATIENCE, taking).await {
            Ok(Ok(held)) => Some(held),
            Ok(Err(error)) => {
                tracing::warn!(source.id = %source.id, %error, "what is registered for changes could not be looked up");
                None
            }
            Err(_) => {
                tracing::warn!(source.id = %source.id, "upstream did not take registrations back in time");
                None
            }
        }
    }

    /// Takes these registrations of a source back.
    pub(super) async fn take_back(
        self: &Arc<Self>,
        source: &Source,
        registered: &[Registered],
    ) -> Result<(), EngineError> {
        if registered.is_empty() {
            return Ok(());
        }
        let ids: Vec<u64> = registered.iter().map(|hook| hook.id).collect();
        let params = Params::new().body(json!({ "webhookIds": ids }));
        self.client_of(source).call(&jira::WEBHOOK_DELETE, &params).await?;
        tracing::info!(source.id = %source.id, "registrations for changes were taken back");
        Ok(())
    }
}
