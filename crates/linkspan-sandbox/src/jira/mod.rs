//! The Jira APIs: platform versions 2 and 3, Agile and Jira Service Management.

mod agile;
mod body;
pub(crate) mod deliveries;
mod endpoints;
mod jql;
mod jsm;
mod json;
mod refusal;
mod search;
mod session;
mod time;
mod upload;
mod view;
mod write;

pub use endpoints::router;
