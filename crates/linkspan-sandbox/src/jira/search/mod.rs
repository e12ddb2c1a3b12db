//! Issue search: a query is bound to the site, run for the caller, and walked by pages.

mod bind;
mod names;
mod order;
mod run;
mod test;
mod token;
mod values;
mod visibility;
mod words;

pub(crate) use bind::Bound;
pub(crate) use run::{Index, Snapshot, Snapshots, bind, count, ids, matches, prepare, prepare_within};
pub(crate) use test::Subject;
pub(crate) use token::{Token, fingerprint};
pub(crate) use visibility::Visibility;
