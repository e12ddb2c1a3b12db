//! Linkspan.
