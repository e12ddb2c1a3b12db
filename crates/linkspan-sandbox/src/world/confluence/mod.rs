//! Confluence of a site.

pub mod edit;
pub mod model;
pub mod parts;
pub(in crate::world) mod store;

pub use edit::{ContentChange, NewContent};
pub use model::*;
pub use parts::NewContentComment;
