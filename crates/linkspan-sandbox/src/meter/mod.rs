//! What requests cost and how often they may come (`atlassian-platform.md` 5).

mod burst;
pub mod headers;
mod points;
mod stats;

use jiff::Timestamp;

pub use burst::{Burst, IssueWrites, steady_rate};
pub use points::Points;
pub use stats::{Stats, StatsReport};

/// All meters of a sandbox.
#[derive(Debug, Default)]
pub struct Meter {
    /// Points per app and hour.
    pub points: Points,
    /// Token buckets per site, method and path template.
    pub burst: Burst,
    /// Writes per issue.
    pub issue_writes: IssueWrites,
    /// What was asked and what it cost since the last reset.
    pub stats: Stats,
}

/// Seconds until the UTC hour turns: between 1 and 3600.
pub fn seconds_to_next_hour(now: Timestamp) -> i64 {
    3600 - now.as_second().rem_euclid(3600)
}
