//! Time is handed in: everything that needs "now" takes a [`Clock`].

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// A source of the present moment that tests can own.
#[derive(Clone)]
pub struct Clock(Inner);

#[derive(Clone)]
enum Inner {
    System,
    /// Milliseconds since the Unix epoch, shared by all clones.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Inner::System)
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it; clones share the position.
    pub fn at(start: Timestamp) -> Self {
        Self(Inner::Fixed(Arc::new(AtomicI64::new(start.as_millisecond()))))
    }

    /// The present moment, cut to milliseconds: the resolution in which times are stored.
    pub fn now(&self) -> Timestamp {
        let millis = match &self.0 {
            Inner::System => {
                #[expect(clippy::disallowed_methods, reason = "the one place that reads the system clock")]
                let now = Timestamp::now();
                now.as_millisecond()
            }
            Inner::Fixed(millis) => millis.load(Ordering::SeqCst),
        };
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves a fixed clock forward; the system clock is left alone.
    pub fn advance(&self, by: SignedDuration) {
        if let Inner::Fixed(millis) = &self.0 {
            millis.fetch_add(i64::try_from(by.as_millis()).unwrap_or(0), Ordering::SeqCst);
        }
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Inner::System => f.write_str("Clock::system"),
            Inner::Fixed(_) => write!(f, "Clock::at({})", self.now()),
        }
    }
}
