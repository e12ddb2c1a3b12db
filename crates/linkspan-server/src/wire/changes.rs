//! The change feed, as the native API shows it.

use linkspan_model::ids::{LinkedAccountId, RecordId, SourceId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Time;

/// One entry of the feed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ChangeRow {
    /// Where it stands in the feed: a whole number as text, because it may exceed what JSON readers keep exact. It grows, with
    /// gaps.
    pub position: String,
    /// What happened to a record: `created` (or back after it was gone), `updated`, `removed`, or `access`: who may see it
    /// changed, its content did not. Or an event, such as `linked_account.relink_needed`.
    pub kind: String,
    /// The model of the record, such as `ticket`; null for events.
    #[schema(required = true)]
    pub model: Option<String>,
    /// The record; null for events.
    #[schema(required = true, value_type = Option<Uuid>)]
    pub record_id: Option<RecordId>,
    /// Why a record went: `removed`, `trashed` or `lost_access`. What is archived stays, and is `updated`.
    #[schema(required = true)]
    pub absence: Option<String>,
    /// The source; null for events that outlive it.
    #[schema(required = true, value_type = Option<Uuid>)]
    pub source_id: Option<SourceId>,
    /// The linked accounts over its source. One of `jira-service-management` sees its service projects alone.
    #[schema(value_type = Vec<Uuid>)]
    pub linked_account_ids: Vec<LinkedAccountId>,
    /// Figures and words about an event.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub details: Option<Value>,
    /// The record as it is now, in the shape of its category's API; only where `include_record` asks for it; left out where
    /// the API does not show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub record: Option<Value>,
    /// When it was stored here.
    pub at: Time,
}

/// A stretch of the feed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangeList {
    pub results: Vec<ChangeRow>,
    /// Send it as `after` to go on. It moves on even where nothing was to be shown.
    pub next: String,
    /// Whether there may be more at once. Without more, ask again later or keep a stream open.
    pub has_more: bool,
}

/// A follower of the feed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FollowerRow {
    pub name: String,
    /// Only what happens in this linked account; none: everything.
    #[schema(value_type = Option<Uuid>)]
    pub linked_account_id: Option<LinkedAccountId>,
    /// Only these models; empty: all.
    pub models: Vec<String>,
    /// The last position that was acknowledged.
    pub position: String,
    /// Where the feed ends. The follower has caught up when it stands there.
    pub end: String,
    pub created_at: Time,
    pub acknowledged_at: Option<Time>,
}

/// Every follower.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FollowerList {
    pub results: Vec<FollowerRow>,
}

/// What a follower is to be.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FollowerRequest {
    /// Only what happens in this linked account.
    #[serde(default)]
    pub linked_account_id: Option<Uuid>,
    /// Only these models, such as `ticket`; empty: all.
    #[serde(default)]
    pub models: Vec<String>,
    /// Where it is to stand: `beginning`, `now`, or a position. Without it, a new follower stands at the beginning, and one
    /// that exists stays where it is.
    #[serde(default)]
    pub from: Option<String>,
}

/// What a follower has dealt with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Acknowledgement {
    /// `position` of the last entry that was dealt with, or `next` of the stretch.
    pub position: String,
}
