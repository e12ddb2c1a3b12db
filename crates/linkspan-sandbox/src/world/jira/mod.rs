//! Jira of a site.

mod changes;
pub mod config;
pub mod desk;
mod desk_edit;
pub mod edit;
pub mod field;
pub mod issue;
pub mod parts;
pub mod project;
pub mod scheme;
pub mod sla;
pub(in crate::world) mod store;
pub mod workflow;

pub use config::*;
pub use desk::*;
pub use edit::{FieldChange, NewIssue};
pub use field::*;
pub use issue::*;
pub use parts::{NewComment, NewWorklog};
pub use project::*;
pub use scheme::*;
pub use sla::*;
pub use workflow::*;
