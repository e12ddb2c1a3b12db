//! The vault from outside.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first error")]

mod digests;
mod opaque;
mod sealing;
mod secrecy;
