//! Jira's operations.

mod changes;
mod issues;
mod people;
mod projects;

pub use self::changes::*;
pub use self::issues::*;
pub use self::people::*;
pub use self::projects::*;
use super::{Call, Scopes, all_of};

const READ_WORK: Scopes = all_of!["read:jira-work"];
const WRITE_WORK: Scopes = all_of!["write:jira-work"];
const READ_USER: Scopes = all_of!["read:jira-user"];
const CONFIGURATION: Scopes = all_of!["manage:jira-configuration"];
const WEBHOOK: Scopes = all_of!["read:jira-work", "manage:jira-webhook"];

/// Every Jira operation of the table.
pub(super) fn all() -> impl Iterator<Item = &'static Call> {
    [issues::ALL, projects::ALL, people::ALL, changes::ALL].into_iter().flatten().copied()
}
