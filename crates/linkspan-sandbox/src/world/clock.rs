//! The world's clock: runs with real time from wherever it was set, and can be moved.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use tokio::sync::Notify;

use super::ids::Millis;

/// A movable clock shared by everything in one world. It never runs backwards by itself; `set` may move it either way.
#[derive(Debug)]
pub struct Clock {
    started: Instant,
    /// World time at `started`; moving the clock moves this.
    origin: AtomicI64,
    /// Woken by every move.
    moved: OnceLock<Arc<Notify>>,
}

impl Clock {
    /// A clock that shows `start` now and then runs with real time.
    pub fn starting_at(start: Millis) -> Self {
        Self { started: Instant::now(), origin: AtomicI64::new(start), moved: OnceLock::new() }
    }

    /// A clock that starts at the real time of this machine.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the sandbox reads the real time; all else asks this clock"
    )]
    pub fn system() -> Self {
        let since_epoch =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self::starting_at(since_epoch.as_millis().try_into().unwrap_or(Millis::MAX))
    }

    /// The world's time now.
    pub fn now_ms(&self) -> Millis {
        self.origin.load(Ordering::Acquire).saturating_add(self.running())
    }

    /// The time as running clocks of requests are read: the full hour since this clock started, on top of all moves. Two
    /// reads within an hour agree unless somebody moved the clock between them.
    pub fn hourly_ms(&self) -> Millis {
        const HOUR: Millis = 3_600_000;
        self.origin.load(Ordering::Acquire).saturating_add(self.running() / HOUR * HOUR)
    }

    /// The world's time now in whole seconds.
    pub fn now_seconds(&self) -> i64 {
        self.now_ms().div_euclid(1000)
    }

    /// Moves the clock by `milliseconds` (backwards when negative) and returns the new time.
    pub fn advance(&self, milliseconds: i64) -> Millis {
        let step = |origin: i64| Some(origin.saturating_add(milliseconds));
        // The closure never refuses, so the update always happens.
        let _ = self.origin.fetch_update(Ordering::AcqRel, Ordering::Acquire, step);
        self.tell_of_move();
        self.now_ms()
    }

    /// Sets the clock to `time` and returns it.
    pub fn set(&self, time: Millis) -> Millis {
        self.origin.store(time.saturating_sub(self.running()), Ordering::Release);
        self.tell_of_move();
        time
    }

    /// Says who is to be woken when the clock is moved. Only the first call counts.
    pub fn wake_with(&self, moved: Arc<Notify>) {
        let _ = self.moved.set(moved);
    }

    fn tell_of_move(&self) {
        if let Some(moved) = self.moved.get() {
            moved.notify_one();
        }
    }

    fn running(&self) -> Millis {
        self.started.elapsed().as_millis().try_into().unwrap_or(Millis::MAX)
    }
}
