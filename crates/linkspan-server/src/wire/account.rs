//! Bodies that are not models: linking, linked accounts, sync status (`merge-wire.md` 5.1, 8.1).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Time;

/// What can be linked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AccountIntegration {
    /// Display name.
    pub name: String,
    /// Short display name.
    pub abbreviated_name: String,
    /// Categories it belongs to.
    pub categories: Vec<String>,
    /// Picture URL.
    #[schema(required = true)]
    pub image: Option<String>,
    /// Square picture URL.
    #[schema(required = true)]
    pub square_image: Option<String>,
    /// Colour, as `#0052CC`.
    pub color: String,
    /// Slug.
    pub slug: String,
    /// Upstream documentation by topic.
    pub api_endpoints_to_documentation_urls: BTreeMap<String, String>,
    /// How to set up webhooks.
    #[schema(required = true)]
    pub webhook_setup_guide_url: Option<String>,
    /// Beta status by category.
    pub category_beta_status: BTreeMap<String, String>,
}

/// Answer of `account-token/{public_token}`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AccountToken {
    /// The token that names the linked account in `X-Account-Token`. Does not expire.
    pub account_token: String,
    /// Id of the linked account.
    pub id: Uuid,
    /// What was linked.
    pub integration: AccountIntegration,
}

/// Answer of `account-details`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AccountDetails {
    /// Id of the linked account.
    pub id: Uuid,
    /// Display name of the integration.
    pub integration: String,
    /// Slug of the integration.
    pub integration_slug: String,
    /// Category.
    pub category: String,
    /// The vendor's id of the customer.
    pub end_user_origin_id: String,
    /// The customer's name.
    pub end_user_organization_name: String,
    /// The customer's e-mail.
    pub end_user_email_address: String,
    /// `COMPLETE`, `INCOMPLETE`, `RELINK_NEEDED`, `IDLE`.
    pub status: String,
    /// Where upstream's webhooks for this account arrive.
    pub webhook_listener_url: String,
    /// The same site is linked more than once for this customer.
    #[schema(required = true)]
    pub is_duplicate: Option<bool>,
    /// `PRODUCTION` or `TEST`.
    pub account_type: String,
    /// When linking was completed.
    #[schema(required = true)]
    pub completed_at: Option<Time>,
    /// The linked site's immutable id.
    #[schema(required = true)]
    pub instance_id: Option<String>,
    /// The linked site's address.
    #[schema(required = true)]
    pub instance_display_value: Option<String>,
}

/// The integration of a row of `linked-accounts`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AccountDetailsAndActionsIntegration {
    /// Display name.
    pub name: String,
    /// Categories it belongs to.
    pub categories: Vec<String>,
    /// Picture URL.
    #[schema(required = true)]
    pub image: Option<String>,
    /// Square picture URL.
    #[schema(required = true)]
    pub square_image: Option<String>,
    /// Colour, as `#0052CC`.
    pub color: String,
    /// Slug.
    pub slug: String,
    /// Whether upstream can be called through `passthrough`.
    pub passthrough_available: bool,
    /// What can be done with which model.
    #[schema(required = true)]
    pub available_model_operations: Option<Vec<ModelOperation>>,
}

/// A row of `linked-accounts`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AccountDetailsAndActions {
    /// Id of the linked account.
    pub id: Uuid,
    /// Category.
    #[schema(required = true)]
    pub category: Option<String>,
    /// `COMPLETE`, `INCOMPLETE`, `RELINK_NEEDED`, `IDLE`.
    pub status: String,
    /// Why, in words.
    #[schema(required = true)]
    pub status_detail: Option<String>,
    /// The vendor's id of the customer.
    #[schema(required = true)]
    pub end_user_origin_id: Option<String>,
    /// The customer's name.
    pub end_user_organization_name: String,
    /// The customer's e-mail.
    pub end_user_email_address: String,
    /// First label of the linked site's host.
    #[schema(required = true)]
    pub subdomain: Option<String>,
    /// Where upstream's webhooks for this account arrive.
    pub webhook_listener_url: String,
    /// The same site is linked more than once for this customer.
    #[schema(required = true)]
    pub is_duplicate: Option<bool>,
    /// What was linked.
    pub integration: AccountDetailsAndActionsIntegration,
    /// `PRODUCTION` or `TEST`.
    pub account_type: String,
    /// When linking was completed.
    pub completed_at: Time,
}

/// What can be done with a model.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ModelOperation {
    /// Model name.
    pub model_name: String,
    /// `FETCH`, `CREATE`, `EDIT`.
    pub available_operations: Vec<String>,
    /// Members that a creation needs.
    pub required_post_parameters: Vec<String>,
    /// Members that are filled.
    pub supported_fields: Vec<String>,
}

/// Answer of `available-actions`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AvailableActions {
    /// What was linked.
    pub integration: AccountIntegration,
    /// Whether upstream can be called through `passthrough`.
    pub passthrough_available: bool,
    /// What can be done with which model.
    pub available_model_operations: Vec<ModelOperation>,
}

/// How fresh a model is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SyncStatus {
    /// Model name, such as `Ticket`.
    pub model_name: String,
    /// Model id, such as `ticketing.Ticket`.
    pub model_id: String,
    /// When the latest sync began.
    #[schema(required = true)]
    pub last_sync_start: Option<Time>,
    /// When the latest finished sync ended.
    #[schema(required = true)]
    pub last_sync_finished: Option<Time>,
    /// How it ended, in the words of `status`.
    #[schema(required = true)]
    pub last_sync_result: Option<String>,
    /// When the next one is due.
    #[schema(required = true)]
    pub next_sync_start: Option<Time>,
    /// `SYNCING`, `DONE`, `FAILED`, `DISABLED`, `PAUSED`, `PARTIALLY_SYNCED`.
    pub status: String,
    /// Whether the first sync is not finished yet.
    pub is_initial_sync: bool,
    /// Null: nothing is left out by selection.
    #[schema(required = true)]
    pub selective_sync_configurations_usage: Option<String>,
    /// Start of the latest successful sync: what upstream held then is held here.
    #[schema(required = true)]
    pub data_fresh_as_of: Option<Time>,
    /// Null: all of upstream's history is read.
    #[schema(required = true)]
    pub historical_data_since: Option<Time>,
    /// Why the status is what it is, in words.
    #[schema(required = true)]
    pub sync_status_reason: Option<String>,
}

/// Body of `POST link-token`. Members that are not listed are accepted and ignored.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct LinkTokenRequest {
    /// The customer's e-mail.
    pub end_user_email_address: String,
    /// The customer's name.
    pub end_user_organization_name: String,
    /// The vendor's id of the customer.
    pub end_user_origin_id: String,
    /// Which categories the link page offers.
    pub categories: Vec<String>,
    /// Slug of the only integration to offer.
    #[serde(default)]
    pub integration: Option<String>,
    /// Minutes until the token expires: 30 to 720, with a magic link up to 10080. Default 30.
    #[serde(default)]
    pub link_expiry_mins: Option<i64>,
    /// Also answer `magic_link_url`.
    #[serde(default)]
    pub should_create_magic_link_url: Option<bool>,
}

/// Answer of `POST link-token`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LinkToken {
    /// The token for the link page; for one use.
    pub link_token: String,
    /// Display name of the integration, where only one is offered.
    #[schema(required = true)]
    pub integration_name: Option<String>,
    /// Address of the hosted link page, where asked for.
    #[schema(required = true)]
    pub magic_link_url: Option<String>,
}

/// Body of `POST generate-key` and `POST regenerate-key`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct KeyRequest {
    /// The key's name.
    pub name: String,
}

/// Answer of `POST generate-key` and `POST regenerate-key`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RemoteKey {
    /// The key's name.
    pub name: String,
    /// The key; shown only now.
    pub key: String,
}

/// Answer of `POST account-token/regenerate`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RegenerateAccountToken {
    /// Id of the linked account.
    pub linked_account_id: Uuid,
    /// The new token; the old one no longer works.
    pub account_token: String,
}
