//! The commands, one file each.

pub(crate) mod app;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod keys;
pub(crate) mod sandbox;
pub(crate) mod scopes;
pub(crate) mod serve;
pub(crate) mod sync;
