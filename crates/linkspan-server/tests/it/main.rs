//! Tests of the HTTP surfaces as a whole.
#![expect(clippy::unwrap_used, reason = "a failed step ends a test")]

mod contract;
