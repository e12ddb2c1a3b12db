//! HTTP surfaces.

pub mod wire;
