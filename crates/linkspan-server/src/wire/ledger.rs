//! The ledger, as the native API shows it.

use std::collections::BTreeMap;

use linkspan_engine::read::Reach;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Time;
use super::page::Page;
use super::sources::SourceReach;

/// Whether all that upstream has is here, and how old that knowledge is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ledger {
    pub totals: LedgerSummary,
    /// How much of the site the account behind the grant sees; none before its projects or spaces were first listed.
    pub reach: Option<SourceReach>,
    /// When the census last ran; none before it first did.
    pub census: Option<CensusRun>,
    /// What the ledger counts, and what it does not, in words.
    pub coverage: String,
    /// Comments and attachments of Confluence, which are compared for the whole site.
    pub attached: Vec<LedgerAttached>,
    /// One row for each project or space.
    pub containers: Page<LedgerContainer>,
}

/// All projects or spaces together that are neither archived nor gone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LedgerSummary {
    pub containers: u64,
    /// How many records upstream had when it was last asked.
    pub upstream: u64,
    /// How many were here then.
    pub stored: u64,
    /// Everything that upstream had at this moment is here; none while a container was never compared.
    pub complete_as_of: Option<Time>,
    /// When counts were last compared.
    pub looked_at: Option<Time>,
    /// When ids were last compared.
    pub walked_at: Option<Time>,
    /// Containers in which nothing is removed before a second walk says the same.
    pub suspected: u64,
    /// Containers whose ids are being compared.
    pub walking: u64,
    /// Containers whose census was asked for and is still to come.
    pub requested: u64,
}

/// How the census stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CensusRun {
    /// `running`, `done` or `failed`.
    pub phase: String,
    pub started_at: Option<Time>,
    pub finished_at: Option<Time>,
    pub last_success_at: Option<Time>,
    /// Why the latest run did not end well; the rows tell which container it was.
    pub last_error: Option<String>,
}

/// One project or space.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LedgerContainer {
    /// The record of the project or space.
    pub id: Uuid,
    /// Upstream's immutable id of it.
    pub remote_id: String,
    pub key: Option<String>,
    pub name: Option<String>,
    /// What is counted: `ticket`, or `article` for pages and blog posts.
    pub model: String,
    /// `listed`, `archived`, `trashed`, `lost_access`, `removed`, or `unreachable` while the reach is in doubt.
    pub state: String,
    /// How many upstream had when it was last asked; archived ones are not counted.
    pub upstream: Option<u64>,
    /// How many were here then.
    pub stored: Option<u64>,
    /// Everything that upstream had at this moment is here; none before that was first compared.
    pub complete_as_of: Option<Time>,
    /// When counts were last compared.
    pub looked_at: Option<Time>,
    /// When ids were last compared.
    pub walked_at: Option<Time>,
    /// Whether a census was asked for and is still to come.
    pub is_requested: bool,
    /// What the latest walk found, by kind: `missing`, `surplus`, `moved`, `stale`, `archived`.
    pub drift_found: BTreeMap<String, u64>,
    /// What all walks together repaired, by kind.
    pub drift_repaired: BTreeMap<String, u64>,
    /// How the latest look or walk ended, in words.
    pub outcome: Option<String>,
    /// Since when a second walk is awaited before anything is removed.
    pub suspected_at: Option<Time>,
}

/// What hangs on articles all over a site: those on articles that are neither archived nor gone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LedgerAttached {
    /// `comment` or `attachment`.
    pub model: String,
    /// How many upstream listed when the ids were last compared.
    pub upstream: Option<u64>,
    /// How many were here then.
    pub stored: Option<u64>,
    /// Everything that upstream had at this moment is here; none before that was first compared.
    pub complete_as_of: Option<Time>,
    /// When ids were last compared.
    pub walked_at: Option<Time>,
    /// Whether a census was asked for and is still to come.
    pub is_requested: bool,
    /// What the latest walk found, by kind: `missing`, `surplus`, `stale`.
    pub drift_found: BTreeMap<String, u64>,
    /// What all walks together repaired, by kind.
    pub drift_repaired: BTreeMap<String, u64>,
    /// How the latest walk ended, in words.
    pub outcome: Option<String>,
    /// Since when a second walk is awaited before anything is removed.
    pub suspected_at: Option<Time>,
}

/// Body of a request for a census. Without a container: all of them.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CensusRequest {
    /// Only this project or space, by the id of its record.
    #[serde(default)]
    pub container: Option<Uuid>,
}

/// What a request for a census came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CensusRequested {
    /// Over how many projects or spaces the census will be taken, with the next reading.
    pub containers: u64,
}

/// What accepting a reach came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReachAccepted {
    /// Whether the reach was reduced at all.
    pub was_reduced: bool,
}

impl From<Reach> for SourceReach {
    fn from(reach: Reach) -> Self {
        Self {
            known: reach.known,
            missing: reach.missing,
            reduced_at: reach.reduced_at.map(Time),
            accepted_at: reach.accepted_at.map(Time),
        }
    }
}
