//! Points of Atlassian's hourly quotas, as the native API shows them.

use std::collections::BTreeMap;

use linkspan_model::ids::SourceId;
use serde::Serialize;
use utoipa::ToSchema;

use super::Time;

/// How the points of every app stand.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuotaList {
    /// One entry for each app and product.
    pub results: Vec<QuotaRow>,
}

/// How the points of an app stand for one product.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuotaRow {
    /// The app's client id.
    pub client_id: String,
    /// `jira` (with Jira Service Management) or `confluence`.
    pub product: String,
    /// Points of an hour; null while no limit is known.
    #[schema(required = true)]
    pub points_per_hour: Option<u64>,
    /// Where that is known from: `default`, `setting`, `headers`, or `nothing` while no limit is known.
    pub known_from: String,
    /// Points spent in this hour, by the published price list.
    pub spent: u64,
    /// Points left of this hour's quota.
    #[schema(required = true)]
    pub left: Option<u64>,
    /// When the hour turns.
    pub turns_at: Time,
    /// Until when Atlassian refuses everything for the product.
    #[schema(required = true)]
    pub closed_until: Option<Time>,
    /// Points of every hour that only writes may touch.
    #[schema(required = true)]
    pub write_reserve: Option<u64>,
    /// Points of every hour that only writes, and reads that somebody waits for, may touch.
    #[schema(required = true)]
    pub live_reserve: Option<u64>,
    /// Calls that wait for their turn, by lane: `write`, `live`, `upkeep`, `backfill`.
    pub waiting: BTreeMap<String, u64>,
    /// A limit that Atlassian announces and does not enforce yet.
    #[schema(required = true)]
    pub announced: Option<QuotaAnnounced>,
    /// What sources spent in this hour, the largest first.
    pub sources: Vec<QuotaSpender>,
    /// Sites that have points of their own, the most used first.
    pub sites: Vec<QuotaSite>,
}

/// A limit that Atlassian announces and does not enforce yet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuotaAnnounced {
    pub policy: String,
    #[schema(required = true)]
    pub points_per_hour: Option<u64>,
    #[schema(required = true)]
    pub left: Option<u64>,
    pub seen_at: Time,
}

/// What a source spent in this hour.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuotaSpender {
    #[schema(value_type = Uuid)]
    pub source_id: SourceId,
    pub points: u64,
}

/// How the points of an app stand on a site that has points of its own.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuotaSite {
    pub cloud_id: String,
    #[schema(required = true)]
    pub points_per_hour: Option<u64>,
    pub spent: u64,
    #[schema(required = true)]
    pub left: Option<u64>,
    #[schema(required = true)]
    pub closed_until: Option<Time>,
}
