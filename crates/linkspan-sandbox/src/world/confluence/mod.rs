//! Confluence of a site.

pub mod model;
pub(in crate::world) mod store;

pub use model::*;
