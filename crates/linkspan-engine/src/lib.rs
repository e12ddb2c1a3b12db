//! What Linkspan does: link, keep tokens fresh, sync, read. No HTTP handlers and no SQL live here.

mod accounts;
mod adopt;
mod apps;
mod callback;
pub mod control;
pub mod doctor;
mod engine;
mod error;
mod estimate;
pub mod feed;
pub mod files;
mod gaps;
pub mod identity;
mod keep_alive;
mod keys;
pub mod link;
pub mod live;
mod locks;
mod privacy;
pub mod progress;
pub mod quota;
mod reach;
pub mod read;
mod setup;
pub mod sync;
mod tokens;
mod upstream;
pub mod webhooks;
mod who;

pub use accounts::{AccountScope, AccountSummary};
pub use apps::{AppCard, NewApp, usual_scopes};
pub use engine::{Engine, Settings, Vendor};
pub use error::EngineError;
pub use estimate::{Estimate, LimitedBy};
/// Scope lists, for pages that propose them.
pub mod scopes {
    pub use linkspan_atlassian::calls::{
        DEAD_SCOPES, Feature, SCOPE_WARNING, ScopeFamily, ScopeList, ScopeSet, products_for, smallest_scopes,
        with_duties, with_search,
    };
}
pub use gaps::{ConsentApp, Gap, GapExtent, SourceGaps};
pub use keep_alive::{CONSENT_GROWS_OLD, ExerciseTurn, IDLE_AFTER};
pub use keys::{IssuedKey, KeyHolder};
pub use linkspan_store::{Erasure, ReportCounts, Touched, UnlinkReceipt};
pub use privacy::{PersonalDataStatus, ReceiptsPage, ReportTurn};
pub use reach::{ReachLoss, SourceReach};
pub use sync::CensusSettings;
pub use tokens::GrantError;
