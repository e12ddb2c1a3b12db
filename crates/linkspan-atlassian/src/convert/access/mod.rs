//! Who may see what, computed from upstream's permission reads (`atlassian-permissions.md`).
//!
//! Facts are added as they are read; what was not read, could not be read or is not understood lets nobody through
//! (hazards P2, P3, P7). Rules are built from the facts for each record.

mod confluence;
mod confluence_rules;
mod holder;
mod jira;
mod jira_rules;

pub use self::confluence::ConfluenceAccess;
pub(super) use self::confluence::restricts_reading;
pub use self::confluence_rules::Article;
pub(super) use self::confluence_rules::visibility_of;
pub use self::jira::JiraAccess;
pub(super) use self::jira_rules::{IssueFacts, Level};

/// What a permission read contained that could not be understood. Nobody gets access through it; operators should
/// hear of it.
pub type Remarks = Vec<String>;
