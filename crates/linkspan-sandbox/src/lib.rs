//! An Atlassian Cloud in a box: OAuth, gateway, Jira, Jira Service Management and Confluence with made-up or real data.
//!
//! It is an independent witness: it shares no code with the product it tests, and is judged by Atlassian's published
//! documents and by third-party clients. `world` is what exists, `jira` and `confluence` are the APIs over it, `gateway`,
//! `oauth`, `apps` and `meter` stand before them, `control` moves the strings.

pub mod apps;
pub mod confluence;
pub mod control;
pub mod faults;
pub mod gateway;
pub mod info;
pub mod jira;
pub mod meter;
pub mod oauth;
pub mod options;
mod query;
pub mod server;
pub mod webhooks;
pub mod world;

pub use info::SandboxInfo;
pub use options::Options;
pub use server::{Handle, Sandbox, StartError};
