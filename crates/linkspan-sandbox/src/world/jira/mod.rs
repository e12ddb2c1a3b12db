//! Jira of a site.

mod changes;
pub mod config;
pub mod edit;
pub mod issue;
pub(in crate::world) mod store;

pub use config::*;
pub use edit::{FieldChange, NewComment, NewIssue, NewWorklog};
pub use issue::*;
