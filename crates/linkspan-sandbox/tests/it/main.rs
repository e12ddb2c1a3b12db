//! Integration tests of the sandbox, one module per subject.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod acts;
mod confluence;
mod consent;
mod console;
mod control;
mod deliveries;
mod doors;
mod faults;
mod faults_paging;
mod grants;
mod jira_administration;
mod jira_configuration;
mod jira_issues;
mod jira_person;
mod jira_search;
mod jira_shapes;
mod jira_software;
mod jira_webhooks;
mod jsm;
mod limits;
mod openapi;
mod operations;
mod privacy;
mod reports;
mod support;
mod tokens;
mod writes;
