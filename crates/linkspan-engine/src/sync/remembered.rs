//! What a reading of people, projects, spaces and permissions found, kept between runs: access data is read on a clock of
//! its own, because it costs more points than the changes it guards.

use std::sync::{Arc, PoisonError};

use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::convert::{ConfluenceContext, JiraContext};

use super::run::Run;

/// How old access data may be before it is read again.
const ACCESS_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// The name under which a schedule for access data is kept.
pub(super) const ACCESS: &str = "access";
/// How often a change may cause access data to be read before it has grown old.
const OUTDATED_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// What converting needs to know of a source.
#[derive(Clone)]
pub(crate) struct Remembered {
    /// When it began to be read.
    at: Timestamp,
    known: Known,
}

/// Per product.
#[derive(Clone)]
pub(super) enum Known {
    /// The context, and the ids of the projects.
    Jira(Arc<JiraContext>, Arc<[String]>),
    /// The context.
    Confluence(Arc<ConfluenceContext>),
}

impl Run {
    /// What the last reading found, unless it is too old.
    pub(super) fn recall(&self) -> Option<Known> {
        let remembered = self.inner.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let found = remembered.get(&self.id()).cloned()?;
        (self.inner.clock.now() < found.at + self.every(ACCESS, ACCESS_EVERY)).then_some(found.known)
    }

    /// What the last reading found, however old: who stores a change at once goes by what is known.
    pub(super) fn recall_whatever_its_age(&self) -> Option<Known> {
        let remembered = self.inner.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.get(&self.id()).map(|found| found.known.clone())
    }

    /// Has what is around items read again with the next reading, which comes soon; not more often than once in
    /// [`OUTDATED_EVERY`].
    pub(super) fn surroundings_are_outdated(&self) {
        {
            let mut remembered = self.inner.remembered.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(found) = remembered.get_mut(&self.id()) else { return };
            let now = self.inner.clock.now();
            if now < found.at + OUTDATED_EVERY {
                return;
            }
            found.at = now - self.every(ACCESS, ACCESS_EVERY);
        }
        self.inner.attempts.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id());
        self.inner.hurry(self.id());
    }

    /// Keeps what a reading that began at `at` found.
    pub(super) fn remember(&self, at: Timestamp, known: Known) {
        let mut remembered = self.inner.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.insert(self.id(), Remembered { at, known });
    }
}
