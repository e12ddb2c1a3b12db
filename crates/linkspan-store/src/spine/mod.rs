//! What was read from customers' sites. Every function takes the source first.

pub(crate) mod absent;
pub(crate) mod access;
pub(crate) mod batch;
pub(crate) mod census;
pub(crate) mod changes;
pub(crate) mod erase;
pub(crate) mod events;
pub(crate) mod files;
pub(crate) mod fingerprint;
pub(crate) mod hints;
pub(crate) mod ledger;
pub(crate) mod live;
pub(crate) mod memberships;
pub(crate) mod named_accounts;
pub(crate) mod plan;
pub(crate) mod raws;
pub(crate) mod reach;
pub(crate) mod records;
pub(crate) mod redaction;
pub(crate) mod streams;
pub(crate) mod write;
