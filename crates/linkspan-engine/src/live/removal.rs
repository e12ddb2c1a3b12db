//! Taking registrations back when a source is not read any more.

use std::sync::Arc;
use std::time::Duration;

use linkspan_atlassian::calls::jira;
use linkspan_atlassian::client::Params;
use linkspan_model::ids::LinkedAccountId;
use linkspan_store::AccountFilter;
use serde_json::json;

use super::registrar::Registered;
use crate::engine::Inner;
use crate::error::EngineError;

/// How long unlinking waits for upstream. What is left there ends by itself within 30 days, and leads nowhere.
const PATIENCE: Duration = Duration::from_secs(10);

impl Inner {
    /// Takes back what is registered for the source of an account that is about to be unlinked, if no other account uses
    /// it. Afterwards there is no token to do it with.
    pub(crate) async fn take_back_registrations(
        self: &Arc<Self>,
        account: LinkedAccountId,
    ) -> Result<(), EngineError> {
        let Some(account) = self.store.linked_account(account).await? else { return Ok(()) };
        let filter = AccountFilter { source: Some(account.source), ..AccountFilter::default() };
        if self.store.list_linked_accounts(&filter, None, 2).await?.len() > 1 {
            return Ok(());
        }
        let Some(live) = self.store.live_source(account.source).await? else { return Ok(()) };
        let ids: Vec<u64> = Registered::read(&live.registered).iter().map(|hook| hook.id).collect();
        let Some(source) = self.store.source(account.source).await?.filter(|_| !ids.is_empty()) else {
            return Ok(());
        };
        let client = self.client_of(&source);
        let params = Params::new().body(json!({ "webhookIds": ids }));
        let call = client.call(&jira::WEBHOOK_DELETE, &params);
        match tokio::time::timeout(PATIENCE, call).await {
            Ok(Ok(_)) => tracing::info!(source.id = %source.id, "registrations for changes were taken back"),
            Ok(Err(error)) => {
                tracing::warn!(source.id = %source.id, %error, "registrations for changes could not be taken back");
            }
            Err(_) => {
                tracing::warn!(source.id = %source.id, "upstream did not take registrations back in time");
            }
        }
        Ok(())
    }
}
