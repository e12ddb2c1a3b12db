//! Webhook endpoints and deliveries, as the native API shows and takes them.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Time;

/// An address to which events are sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookEndpoint {
    pub id: Uuid,
    pub url: String,
    pub description: String,
    /// Names, groups such as `ticket.*`, or `*`.
    pub events: Vec<String>,
    /// Only events of these linked accounts; null: of all.
    #[schema(required = true)]
    pub linked_accounts: Option<Vec<Uuid>>,
    /// Only events of accounts of these integrations; null: of all.
    #[schema(required = true)]
    pub integrations: Option<Vec<String>>,
    /// `linkspan` (Standard Webhooks) or `merge`.
    pub format: String,
    pub disabled: bool,
    /// `vendor`: you disabled it. `gone`: it answered 410. `failing`: nothing but failures for five days.
    #[schema(required = true)]
    pub disabled_reason: Option<String>,
    #[schema(required = true)]
    pub disabled_at: Option<Time>,
    /// Since when every attempt failed; null while all is well.
    #[schema(required = true)]
    pub failing_since: Option<Time>,
    pub created_at: Time,
    pub modified_at: Time,
}

/// Every endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookEndpointList {
    pub results: Vec<WebhookEndpoint>,
}

/// An endpoint that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookEndpointCreated {
    #[serde(flatten)]
    pub endpoint: WebhookEndpoint,
    /// The secret that signs what is sent; shown only now.
    pub secret: String,
}

/// An endpoint to make.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct WebhookEndpointRequest {
    /// An https address.
    pub url: String,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// Names, groups such as `ticket.*`, or `*`. Default: everything.
    pub events: Option<Vec<String>>,
    /// Only events of these linked accounts.
    pub linked_accounts: Option<Vec<Uuid>>,
    /// Only events of accounts of these integrations, by slug.
    pub integrations: Option<Vec<String>>,
    /// `linkspan` (default) or `merge`.
    pub format: Option<String>,
    /// Make it without sending anything to it yet.
    #[serde(default)]
    pub disabled: bool,
}

/// What is to change about an endpoint; what is left out stays.
#[expect(clippy::option_option, reason = "a filter can be left as it is, taken away, or set")]
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct WebhookEndpointPatch {
    pub url: Option<String>,
    pub description: Option<String>,
    pub events: Option<Vec<String>>,
    /// Null: of all accounts.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<Uuid>>)]
    pub linked_accounts: Option<Option<Vec<Uuid>>>,
    /// Null: of all integrations.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>)]
    pub integrations: Option<Option<Vec<String>>>,
    pub disabled: Option<bool>,
}

/// Tells a member that is null from one that is left out.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// How a secret is to be rotated.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct WebhookSecretRotation {
    /// Let all former secrets end at once instead of after a day: one became known.
    #[serde(default)]
    pub expire_former_now: bool,
}

/// A new secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookSecretRotated {
    /// The new secret; shown only now.
    pub secret: String,
}

/// One event on its way to one endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookDelivery {
    pub id: Uuid,
    pub webhook_endpoint_id: Uuid,
    /// The id that receivers see as `webhook-id`, however often it is sent.
    pub event_id: Uuid,
    /// Name of the event in the endpoint's format.
    pub event: String,
    /// Position in the feed.
    pub position: String,
    #[schema(required = true)]
    pub linked_account_id: Option<Uuid>,
    /// The record it is about.
    #[schema(required = true)]
    pub record_id: Option<Uuid>,
    /// `pending`, `delivered`, `failed` (every attempt), `missed` (the endpoint was disabled) or `dropped` (what it is about
    /// is gone).
    pub state: String,
    /// Attempts so far.
    pub attempts: i64,
    /// When the next attempt is due.
    #[schema(required = true)]
    pub due_at: Option<Time>,
    /// Why the latest attempt failed, or why it was dropped.
    #[schema(required = true)]
    pub reason: Option<String>,
    pub happened_at: Time,
    pub created_at: Time,
    #[schema(required = true)]
    pub finished_at: Option<Time>,
}

/// A delivery with its attempts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookDeliveryDetails {
    #[serde(flatten)]
    pub delivery: WebhookDelivery,
    /// First to last.
    pub attempt_log: Vec<WebhookAttempt>,
}

/// One attempt.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookAttempt {
    /// 1 is the first.
    pub no: i64,
    pub at: Time,
    pub duration_ms: i64,
    /// `delivered`, `refused`, `gone`, `timeout`, `unreachable` or `forbidden` (the address is not public).
    pub outcome: String,
    /// Status of the answer.
    #[schema(required = true)]
    pub status: Option<i64>,
    #[schema(required = true)]
    pub error: Option<String>,
    /// The beginning of the answer, without what echoes the request.
    #[schema(required = true)]
    pub response: Option<String>,
}

/// Which deliveries are sent again. Give `after` or `since`.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct WebhookReplayRequest {
    /// What lies behind this position of the feed.
    pub after: Option<String>,
    /// What happened then or later.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// What happened then or earlier.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// How many deliveries are sent again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookReplay {
    pub replayed: u64,
}
