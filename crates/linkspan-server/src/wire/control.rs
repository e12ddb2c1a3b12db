//! What the vendor wants of the reading of a source, and receipts of unlinking, as the native API shows them.

use std::collections::BTreeMap;

use linkspan_engine::control::Interval;
use linkspan_model::ids::{LinkedAccountId, SourceId};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Time;

/// What is wanted of the reading of a source.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceControlRow {
    /// Whether it is not to be read at present.
    pub paused: bool,
    #[schema(required = true)]
    pub paused_at: Option<Time>,
    /// Its weight among the sources that share an app's points, 1 to 100; 1 is usual.
    pub priority: u32,
    /// How often it is read for changes, in seconds; null: as often as the server reads.
    #[schema(required = true)]
    pub sync_every_seconds: Option<u32>,
    /// How often streams on a clock of their own are read, in seconds: those of `streams` that are not content, and `access`
    /// for who may see what. Those that are not named are read as usual.
    pub schedules: BTreeMap<String, u32>,
}

/// Changes of what is wanted of a source. What is not named stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceControlRequest {
    #[serde(default)]
    pub paused: Option<bool>,
    /// 1 to 100; 1 is usual.
    #[serde(default)]
    pub priority: Option<u32>,
    /// 5 to 2592000; null: as often as the server reads.
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<u32>)]
    pub sync_every_seconds: Option<Interval>,
    /// Seconds by stream; null gives a stream its usual time back.
    #[serde(default)]
    pub schedules: BTreeMap<String, Option<u32>>,
}

/// Tells `null` apart from a member that is not there.
fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Interval>, D::Error> {
    let told = Option::deserialize(deserializer)?;
    Ok(Some(told.map_or(Interval::AsServer, Interval::Seconds)))
}

/// What is to be read anew.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResyncRequest {
    /// One stream, such as `issues`; without it, all.
    #[serde(default)]
    pub stream: Option<String>,
}

/// What is left of a linked account that was unlinked. Nothing in it says anything about a person or a site.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnlinkReceiptRow {
    pub id: Uuid,
    #[schema(value_type = Uuid)]
    pub linked_account_id: LinkedAccountId,
    /// Slug of what had been linked.
    pub integration: String,
    #[schema(value_type = Uuid)]
    pub source_id: SourceId,
    /// When the account was unlinked, and the key destroyed that opened its token.
    pub unlinked_at: Time,
    /// The key that opened the grant's tokens was destroyed too: nothing else used it.
    pub grant_destroyed: bool,
    /// Another linked account reads the same source, which therefore stays.
    pub source_shared: bool,
    /// When everything that was read through the source was erased; null while that goes on, or where the source stays.
    #[schema(required = true)]
    pub erased_at: Option<Time>,
    /// How many rows were erased, by table.
    pub erased: BTreeMap<String, u64>,
}
