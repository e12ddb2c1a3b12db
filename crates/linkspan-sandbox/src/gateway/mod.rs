//! The front door: every Atlassian host behind one origin, told apart by path (`atlassian-platform.md` 0).
//!
//! A product handler sees three things from here: [`AppState`] (the axum state), [`Caller`] (an extractor) and
//! [`charged`], by which it tells the meter what it returned.

mod caller;
mod charge;
pub mod errors;
pub mod operations;
mod state;

pub use caller::{Auth, Bearer, Caller, SiteIndex};
pub use charge::{Charge, charged};
pub use state::AppState;
