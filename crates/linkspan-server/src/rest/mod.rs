//! The REST handlers, one file per subject.

pub(crate) mod accounts;
pub(crate) mod actions;
pub(crate) mod apps;
pub(crate) mod change_stream;
pub(crate) mod changes;
pub(crate) mod content;
pub(crate) mod control;
mod file_headers;
pub(crate) mod files;
pub(crate) mod followers;
pub(crate) mod identities;
pub(crate) mod keys;
pub(crate) mod ledger;
pub(crate) mod link_tokens;
pub(crate) mod models;
pub(crate) mod personal_data;
pub(crate) mod quota;
pub(crate) mod receipts;
pub(crate) mod sources;
pub(crate) mod status;
pub(crate) mod webhook_deliveries;
pub(crate) mod webhooks;
