//! Confluence of a site.

mod audit;
pub mod edit;
pub mod extras;
mod extras_edit;
pub mod model;
pub mod parts;
pub(in crate::world) mod store;
pub mod tasks;

pub use audit::AuditRecord;
pub use edit::{ContentChange, NewContent};
pub use extras::{ContentState, Holder, LEVELS, Level, LongTask, Property, SPACE_STATES, Watched};
pub use model::*;
pub use parts::NewContentComment;
pub use tasks::{InlineTask, container_of_task, place_of_task, tasks_of, with_task};
