//! Tests of the whole: the binary, the crates together, and the rules of the house.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test stops at the first thing that is not as it must be, and says what it skips"
)]

mod access;
mod canary;
mod changes;
mod clients;
mod commands;
mod coverage;
mod dataset;
mod demo;
mod grants;
mod guides;
mod guides_confluence;
mod house;
mod killed;
mod ledger;
mod link;
mod live;
mod personal_data;
mod quota;
mod service_desk;
mod setup;
mod support;
mod sync;
mod webhooks_out;
