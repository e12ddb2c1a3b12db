//! The upstream: what Atlassian Cloud offers, how it is called, and how its answers become common models.

pub mod calls;
pub mod client;
pub mod convert;
pub mod error;
pub mod limit;
pub mod oauth;
pub mod page;
pub mod query;
pub mod rich;
pub mod wire;
