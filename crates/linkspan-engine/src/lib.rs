//! What Linkspan does: link, keep tokens fresh, sync, read. No HTTP handlers and no SQL live here.

mod accounts;
mod adopt;
mod engine;
mod error;
pub mod files;
mod gaps;
mod keys;
pub mod link;
mod privacy;
pub mod progress;
pub mod read;
pub mod sync;
mod tokens;
mod upstream;
mod who;

pub use accounts::{AccountScope, AccountSummary};
pub use engine::{Engine, Settings, Vendor};
pub use error::EngineError;
pub use gaps::{Gap, GapExtent, SourceGaps};
pub use keys::{IssuedKey, KeyHolder};
pub use linkspan_store::{Erasure, ReportCounts, Touched};
pub use privacy::{PersonalDataStatus, ReceiptsPage, ReportTurn};
pub use tokens::GrantError;
