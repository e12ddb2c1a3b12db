//! Sources, as the native API shows them.

use linkspan_model::ids::{LinkedAccountId, SourceId};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Time;

/// What is read from one site through one grant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceRow {
    #[schema(value_type = Uuid)]
    pub id: SourceId,
    /// `jira` (with Jira Service Management) or `confluence`.
    pub product: String,
    /// Atlassian's immutable id of the site.
    pub cloud_id: String,
    pub site_name: String,
    pub site_url: String,
    pub created_at: Time,
}

/// Every source.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceList {
    pub results: Vec<SourceRow>,
}

/// A source with how it is read, and what its grant does not open.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceDetails {
    #[serde(flatten)]
    pub source: SourceRow,
    /// Scopes that the grant holds.
    pub scopes: Vec<String>,
    pub streams: Vec<SourceStream>,
    /// How changes come to be known.
    pub live: SourceLive,
    /// What its first reading still takes; null while it is not being read for the first time.
    #[schema(required = true)]
    pub estimate: Option<SourceEstimate>,
    /// Why upstream turns all calls to it away; null while they are let in, as far as known.
    #[schema(required = true)]
    pub turned_away: Option<SourceTurnedAway>,
    /// Whether the customer should consent anew although everything works: a consent of almost a year may end by itself.
    pub reconsent_advisable: bool,
    /// What the grant does not open of what is wanted; empty when nothing is missing.
    pub gaps: Vec<SourceGap>,
    /// Every missing scope once.
    pub missing_scopes: Vec<String>,
    /// How to close the gaps; none when there are none.
    pub remedy: Option<SourceRemedy>,
    /// How much of the site the account behind the grant sees; none before its projects or spaces were first listed.
    pub reach: Option<SourceReach>,
    pub linked_accounts: Vec<SourceAccount>,
}

/// How changes of a source come to be known.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceLive {
    /// `live` (Jira tells of changes within seconds, and reading finds what it did not tell), `silent` (it is to tell, and does
    /// not), or `polling` (they are found by reading alone).
    pub state: String,
    /// Why not better than that.
    pub reason: Option<String>,
    /// When the first of the registrations at Jira ends, if it is not prolonged.
    pub registrations_end_at: Option<Time>,
    /// When Jira last told of a change.
    pub delivered_at: Option<Time>,
    /// How often it did.
    pub deliveries: u64,
    /// When a reading found a change of which Jira had not told, for the first time since it last told of anything.
    pub missed_at: Option<Time>,
    /// How many changes readings found before it told of them.
    pub missed: u64,
    /// Issues that wait to be read again.
    pub waiting: u64,
    /// Since when the first of them does.
    pub waiting_since: Option<Time>,
}

/// How much of a site the account behind a grant sees.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceReach {
    /// How many projects or spaces it saw before.
    pub known: u64,
    /// How many of them it does not see now.
    pub missing: u64,
    /// Since when so many are missing at once that nothing is concluded from it; none while that is not so.
    pub reduced_at: Option<Time>,
    /// When somebody accepted what it sees now; the next reading acts by it.
    pub accepted_at: Option<Time>,
}

/// What a first reading still takes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceEstimate {
    /// Items of content read in this run.
    pub items_done: u64,
    /// Items of content that it is expected to bring.
    pub items_expected: u64,
    /// How far it is, in percent of its points.
    pub percent: f64,
    /// Points spent by this run.
    pub points_spent: u64,
    /// Points that it still needs.
    pub points_needed: u64,
    /// When it will be finished; null while too little was seen.
    #[schema(required = true)]
    pub finishes_at: Option<Time>,
    /// What decides that: `speed`, or `quota` where an hour has too few points for it.
    pub limited_by: String,
}

/// Why upstream turns all calls to a source away. Nothing stored is lost; it is tried every hour.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceTurnedAway {
    /// `uninstalled`, or `product_access_lost`.
    pub state: String,
    #[schema(required = true)]
    pub since: Option<Time>,
    /// What is wrong and what to do.
    pub reason: String,
}

/// How one stream stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceStream {
    pub name: String,
    /// `running`, `done`, `failed`, or `refused` for a kind that upstream does not show to the person who linked.
    pub phase: String,
    pub items: i64,
    pub started_at: Option<Time>,
    pub finished_at: Option<Time>,
    pub last_success_at: Option<Time>,
    /// Why the latest reading did not end well.
    pub last_error: Option<String>,
}

/// A kind of thing that the grant does not open, or not whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceGap {
    /// The raw kind, such as `jira.dashboard`.
    pub kind: String,
    /// What people call it.
    pub title: String,
    /// The feature that suffers.
    pub feature: String,
    /// `closed`, or `partial` when a lesser way is open.
    pub extent: String,
    /// What the lesser way does not bring.
    pub lacks: Option<String>,
    /// The fewest scopes that would close the gap.
    pub missing_scopes: Vec<String>,
}

/// What to do about gaps.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceRemedy {
    /// Scopes to add first to the app at which the customers consent now: in Atlassian's developer console, and to the
    /// app's list here.
    pub add_to_app: Vec<String>,
    /// The steps in words, with the app and where its list is changed.
    pub steps: Vec<String>,
}

/// A linked account over the source.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceAccount {
    #[schema(value_type = Uuid)]
    pub id: LinkedAccountId,
    pub integration: String,
    pub end_user_origin_id: String,
    /// Where the customer consents again: to be passed on to them. It keeps the account, its data and its ids.
    pub consent_url: String,
}

/// A kind of thing, and what is stored of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RawKindRow {
    pub kind: String,
    /// What people call it.
    pub title: String,
    /// The feature it belongs to.
    pub feature: String,
    /// The common model it becomes, if any.
    pub model: Option<String>,
    /// `sync`, or `on_demand` for what is read when it is asked for.
    pub reading: String,
    /// The kind it hangs on, by whose upstream id it is asked for (`parent`).
    pub parent_kind: Option<String>,
    /// Whether it answers questions only (`question`).
    pub needs_question: bool,
    /// How many are stored; none for kinds of which there may be millions.
    pub count: Option<u64>,
    /// When the newest was stored.
    pub newest_at: Option<Time>,
    /// `open`, `partial` or `closed`.
    pub access: String,
    pub missing_scopes: Vec<String>,
    /// Why upstream refuses it to the person who linked.
    pub refused: Option<String>,
}

/// Every kind of a source.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RawKindList {
    pub results: Vec<RawKindRow>,
}

/// A piece of upstream JSON.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RawRow {
    pub kind: String,
    /// Upstream's immutable id within the kind.
    pub remote_id: String,
    /// The API path from which one would read it alone.
    pub path: String,
    /// When this version of it was stored here.
    pub stored_at: Time,
    /// The record made from it.
    pub record_id: Option<Uuid>,
    /// Why no record, or only part of one, could be made from it.
    pub problem: Option<String>,
    /// Why upstream does not list the record any more: `removed`, `trashed`, `archived` or `lost_access`; none while it
    /// does.
    pub absence: Option<String>,
    /// The JSON exactly as received.
    #[schema(value_type = serde_json::Value)]
    pub data: Box<RawValue>,
}
