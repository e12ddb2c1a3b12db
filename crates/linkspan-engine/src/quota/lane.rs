//! What a call is for, which decides who goes first when points are scarce.

use std::fmt;

/// What a call is for. Earlier lanes go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// It changes something upstream: somebody waits for it, and it may not be possible later.
    Write,
    /// What changed, and what a person waits for.
    Live,
    /// What is read again from time to time: access data, lists, reports.
    Upkeep,
    /// First readings, and files ahead of demand.
    Backfill,
}

impl Lane {
    /// Every lane, the first to go first.
    pub const ALL: [Self; 4] = [Self::Write, Self::Live, Self::Upkeep, Self::Backfill];

    /// A word for metrics and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Live => "live",
            Self::Upkeep => "upkeep",
            Self::Backfill => "backfill",
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something for each lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OfLanes<T>([T; 4]);

impl<T> OfLanes<T> {
    /// That of one lane.
    pub fn of(&self, lane: Lane) -> &T {
        &self.0[lane as usize]
    }

    /// That of one lane, to be changed.
    pub(super) fn of_mut(&mut self, lane: Lane) -> &mut T {
        &mut self.0[lane as usize]
    }
}
