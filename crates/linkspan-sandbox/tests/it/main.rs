//! Integration tests of the sandbox, one module per subject.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod confluence;
mod consent;
mod console;
mod control;
mod doors;
mod faults;
mod grants;
mod jira_issues;
mod jira_person;
mod jira_search;
mod jira_shapes;
mod jsm;
mod limits;
mod openapi;
mod operations;
mod privacy;
mod reports;
mod support;
mod tokens;
