//! Tests of the engine over a store, without upstream.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it must be")]

mod webhooks;
