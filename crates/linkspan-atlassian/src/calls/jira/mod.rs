//! Jira's operations, with those of Jira Software and Jira Service Management.

mod boards;
mod changes;
mod configuration;
mod details;
mod issues;
mod people;
mod projects;
mod service;
mod site;

pub use self::boards::*;
pub use self::changes::*;
pub use self::configuration::*;
pub use self::details::*;
pub use self::issues::*;
pub use self::people::*;
pub use self::projects::*;
pub use self::service::*;
pub use self::site::*;
use super::{Call, Scopes, all_of};

const READ_WORK: Scopes = all_of!["read:jira-work"];
const WRITE_WORK: Scopes = all_of!["write:jira-work"];
const READ_USER: Scopes = all_of!["read:jira-user"];
const CONFIGURATION: Scopes = all_of!["manage:jira-configuration"];
const WEBHOOK: Scopes = all_of!["read:jira-work", "manage:jira-webhook"];

/// Every Jira operation of the table.
pub(super) fn all() -> impl Iterator<Item = &'static Call> {
    let files = [
        issues::ALL,
        projects::ALL,
        people::ALL,
        changes::ALL,
        configuration::ALL,
        details::ALL,
        site::ALL,
        boards::ALL,
        service::ALL,
    ];
    files.into_iter().flatten().copied()
}
