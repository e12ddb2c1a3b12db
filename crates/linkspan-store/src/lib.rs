//! Storage: SQLite and PostgreSQL behind one border, with one SQL text for both.
//!
//! Two halves. The *control* tables hold what the vendor and the link flow need: apps, keys, links, accounts, grants,
//! sealed keys. The *spine* holds what was read from customers' sites: every function of it takes the [`SourceId`]
//! first, and [`Store::write_batch`] is the one way in. It writes raw JSON, records, access rules, the stream's
//! checkpoint and the change feed in one transaction (invariant 1 of `ARCHITECTURE.md`).
//!
//! Times are handed in and kept in milliseconds. No function waits without a bound.
//!
//! [`SourceId`]: linkspan_model::ids::SourceId

mod control;
mod db;
mod error;
mod migrate;
#[cfg(test)]
mod prepared;
mod spine;
mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod url;

pub use control::accounts::{AccountFilter, AccountStatus, AccountUnlinked, LinkedAccount, Unlinked};
pub use control::api_keys::ApiKey;
pub use control::apps::{App, PreviousSecret};
pub use control::data_keys::StoredDataKey;
pub use control::erasures::{Erasure, Touched};
pub use control::followers::{Follower, MAX_FOLLOWERS, NewFollower};
pub use control::grants::{Grant, GrantState, NewTokens};
pub use control::identities::{ConfirmedBy, Identity, IdentityFilter, IdentityProof, Redeemed};
pub use control::identity_passes::{IdentityAnswer, IdentityPass, NewIdentityPass};
pub use control::links::{
    Completion, EndUser, Link, LinkCompleted, LinkState, NewLink, PublicTokenUse, StateAnswer,
};
pub use control::reports::{
    AnsweredReport, DueAccount, Enrolment, PendingAccount, ReportCounts, ReportCycle, ReportState,
};
pub use control::setup_tokens::SetupTokenKind;
pub use control::source_controls::SourceControl;
pub use control::sources::{NewSource, Source, SourceState};
pub use control::sync_notices::SyncNotice;
pub use control::unlink_receipts::UnlinkReceipt;
pub use control::webhook_deliveries::{Delivery, DeliveryState, NewAttempt, NewDelivery, Noted, Verdict};
pub use control::webhook_endpoints::{
    DisabledReason, EndpointSettings, FailurePolicy, StoredWebhookSecret, WebhookEndpoint, WebhookFormat,
};
pub use control::webhook_log::{Attempt, DeliveryFilter, ReplayRange};
pub use error::{DatabaseError, StoreError};
pub use spine::absent::LET_GO_PER_STEP;
pub use spine::access::StoredAccess;
pub use spine::batch::{Batch, BatchOutcome, Checkpoint, ChildSet, ModelCounts, Removal};
pub use spine::census::{Contained, RecordState};
pub use spine::changes::FeedPage;
pub use spine::events::{Event, Feed, FeedEntry, NewEvent};
pub use spine::files::{FileHash, FileState, StoredFile};
pub use spine::fingerprint::{Fingerprint, FingerprintPart};
pub use spine::hints::{Hint, InboundDelivery, StoredHint};
pub use spine::ledger::{ContainerState, DriftCounts, LedgerRow, LedgerTotals};
pub use spine::live::{LiveCheck, LiveSource};
pub use spine::raws::{RawFilter, RawKind, StoredRaw};
pub use spine::reach::Reach;
pub use spine::records::{ListFilter, RecordPosition, StoredRecord};
pub use spine::redaction::Redaction;
pub use spine::streams::{StreamProgress, StreamState};
pub use store::{SchemaState, Store};
pub use url::DatabaseUrl;
