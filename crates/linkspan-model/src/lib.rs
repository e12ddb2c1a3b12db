//! The vocabulary of Linkspan: identifiers, common models, access rules, absence, changes, events. Pure: no I/O, no async, and the
//! only place where the system clock and the system's randomness are touched ([`clock`], [`entropy`]).

pub mod absence;
pub mod access;
pub mod change;
pub mod clock;
pub mod entropy;
pub mod event;
pub mod ids;
pub mod models;
pub mod person;
pub mod product;
pub mod record;
pub mod rich;
pub mod secret;
