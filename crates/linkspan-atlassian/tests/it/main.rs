//! The client against a server on this machine that behaves as badly as real ones do.

mod answers;
mod downloads;
mod oauth;
mod paging;
mod upstream;
