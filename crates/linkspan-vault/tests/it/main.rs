//! The vault from outside.

mod digests;
mod opaque;
mod sealing;
mod secrecy;
