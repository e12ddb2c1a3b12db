//! What Linkspan does: link, keep tokens fresh, sync, read. No HTTP handlers and no SQL live here.

mod accounts;
mod adopt;
mod apps;
pub mod doctor;
mod engine;
mod error;
mod gaps;
mod keys;
pub mod link;
pub mod progress;
pub mod read;
pub mod sync;
mod tokens;
mod upstream;
mod who;

pub use accounts::{AccountScope, AccountSummary};
pub use apps::{AppCard, NewApp, usual_scopes};
pub use engine::{Engine, Settings, Vendor};
pub use error::EngineError;
pub use gaps::{Gap, GapExtent, SourceGaps};
pub use keys::{IssuedKey, KeyHolder};
pub use tokens::GrantError;
