//! The conformance suite: each case is an `async fn(Store)` written against the border, and runs on SQLite and, when
//! `LINKSPAN_TEST_POSTGRES` names a server, on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first error")]

mod conformance;
mod embedded;
mod fixture;
mod registry;
