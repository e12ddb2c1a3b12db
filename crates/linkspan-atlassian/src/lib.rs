//! The upstream: what Atlassian Cloud offers, how it is called, and how its answers become common models.
//!
//! The client half reads as one path: a [`calls::Call`] of the table is sent by [`client::Upstream`] with
//! [`client::Params`], a listing is walked by [`page::Pager`], what goes wrong is a [`error::CallError`], and
//! [`retry::next_wait`] and [`limit::Gate`] say when to go on. Nothing here retries, stores or refreshes by itself.

pub mod calls;
pub mod client;
pub mod convert;
pub mod error;
pub mod limit;
pub mod oauth;
pub mod page;
pub mod personal;
pub mod query;
pub mod resources;
pub mod retry;
pub mod rich;
pub mod wire;
