//! Confluence of a site.

pub mod edit;
pub mod model;
pub(in crate::world) mod store;

pub use edit::{ContentChange, NewContent, NewContentComment};
pub use model::*;
