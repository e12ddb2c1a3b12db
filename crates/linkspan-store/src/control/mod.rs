//! Control tables: the vendor's own and those of the link flow.

pub(crate) mod accounts;
pub(crate) mod api_keys;
pub(crate) mod apps;
mod completion;
pub(crate) mod data_keys;
pub(crate) mod erasures;
pub(crate) mod followers;
pub(crate) mod grants;
pub(crate) mod identities;
pub(crate) mod identity_passes;
pub(crate) mod links;
pub(crate) mod reports;
pub(crate) mod server_secrets;
pub(crate) mod setup_tokens;
pub(crate) mod source_controls;
pub(crate) mod sources;
pub(crate) mod sync_notices;
pub(crate) mod unlink_receipts;
pub(crate) mod webhook_deliveries;
pub(crate) mod webhook_endpoints;
pub(crate) mod webhook_log;
