//! Webhooks to the vendor: endpoints, what is on its way to them, and the way itself.
//!
//! A follower of the feed turns changes and events into deliveries, one for each endpoint and account that is to be told
//! ([`fan_out`]). Deliveries hold ids alone; what is sent is made when it is sent, of what is stored then ([`body`]). Each
//! endpoint goes at its own pace ([`deliver`]), to addresses that the [`guard`] admits.

mod attempt;
mod body;
mod client;
mod deliver;
mod endpoints;
mod fan_out;
mod guard;
mod kept_answer;
mod names;
mod notices;
mod schedule;
mod secrets;
mod upkeep;

use std::collections::HashMap;
use std::sync::Mutex;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use linkspan_model::ids::{RecordId, SourceId};
use linkspan_store::StoredRecord;

pub use self::deliver::DeliveryTurn;
pub use self::endpoints::{CreatedEndpoint, EndpointChange, SecretExpiry};
pub use linkspan_store::{
    Attempt, Delivery, DeliveryFilter, DeliveryState, DisabledReason, EndpointSettings, ReplayRange,
    WebhookEndpoint, WebhookFormat,
};

pub(crate) use self::client::Outbound;
use crate::accounts::{AccountScope, AccountSummary};
use crate::engine::Engine;
use crate::error::EngineError;

/// What receivers are shown, in the shapes of the API: made by whoever knows those shapes.
pub trait EventPresenter: Send + Sync + 'static {
    /// A record as the API shows it to the account; `None` where the API does not serve its model.
    fn record<'a>(
        &'a self,
        engine: &'a Engine,
        scope: &'a AccountScope,
        record: StoredRecord,
    ) -> BoxFuture<'a, Result<Option<serde_json::Value>, EngineError>>;

    /// A linked account as the Merge-compatible API describes it.
    fn account(&self, engine: &Engine, account: &AccountSummary) -> serde_json::Value;

    /// How the models of an account stand, as a map from model id to status (`merge-wire.md` section 9).
    fn sync_status<'a>(
        &'a self,
        engine: &'a Engine,
        scope: &'a AccountScope,
    ) -> BoxFuture<'a, Result<serde_json::Value, EngineError>>;
}

/// The service projects of sources, remembered for a moment: every delivery to a Jira Service Management account asks.
#[derive(Debug, Default)]
pub(crate) struct KnownProjects(Mutex<HashMap<SourceId, ProjectsAt>>);

/// Projects, and when they were read.
type ProjectsAt = (Timestamp, std::sync::Arc<[RecordId]>);
