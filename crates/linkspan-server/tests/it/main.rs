//! Tests of the HTTP surfaces as a whole.

mod contract;
