//! Linkspan.
fn main() {}
