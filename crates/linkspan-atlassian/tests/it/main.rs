//! The client against a server on this machine that behaves as badly as real ones do.

#![expect(clippy::unwrap_used, reason = "a step that fails fails its test")]

mod answers;
mod downloads;
mod oauth;
mod paging;
mod upstream;
