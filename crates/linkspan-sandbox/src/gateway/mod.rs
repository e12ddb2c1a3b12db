//! The front door: every Atlassian host behind one origin, told apart by path (`atlassian-platform.md` 0).
//!
//! A product handler sees three things from here: [`AppState`] (the axum state), [`Caller`] (an extractor) and
//! [`charged`], by which it tells the meter what it returned. Product routers hold the site host's paths (`/rest/…`,
//! `/wiki/…`); the gateway strips what precedes them.

mod caller;
mod charge;
mod credentials;
mod destination;
pub mod errors;
mod injected;
mod limits;
mod media;
pub mod operations;
mod paging;
mod people;
mod served;
mod service;
mod state;

pub use caller::{Auth, Bearer, Caller, SiteIndex};
pub use charge::{Charge, charged};
pub(crate) use credentials::bearer_token;
pub(crate) use media::MediaFile;
pub(crate) use paging::PageCap;
pub(crate) use people::is_accessible;
pub use served::{ServedOperation, served_operations};
pub(crate) use service::{Dropped, Gateway};
pub use state::AppState;
