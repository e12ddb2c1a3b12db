//! Limits and their fair use: every call to a product passes here (hazards R2, R3).
//!
//! ```text
//! allowance  the points of an hour, and how much of them each lane may have spent by now ┐
//! queue      who goes next within a lane                                                 ├ pure
//! pool       one allowance with its lanes                                                │
//! governor   the pools and the gate of every app                                         ┘
//! turnstile  callers that wait: woken one by one, in order, by whoever makes room
//! status     what is shown of it
//! ```
//! A call that may go takes one short lock. Nothing here reads a clock or draws a number by itself.

mod allowance;
mod governor;
mod lane;
mod pool;
mod queue;
mod status;
mod turnstile;

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

pub use self::allowance::{KnownFrom, USUAL_QUOTA};
pub use self::governor::{BetaNotice, PointsQuota};
pub use self::lane::{Lane, OfLanes};
pub use self::pool::WAITING_CAP;
pub use self::status::{QuotaStatus, SiteQuotaStatus, Spender};

pub(crate) use self::pool::Ask;
pub(crate) use self::turnstile::{Permit, Turnstile};
