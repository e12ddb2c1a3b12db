//! Jira of a site.

pub mod config;
pub mod issue;
pub(in crate::world) mod store;

pub use config::*;
pub use issue::*;
