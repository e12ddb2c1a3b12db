//! What a reading of people, projects, spaces and permissions found, kept between runs: access data is read on a clock of
//! its own, because it costs more points than the changes it guards.

use std::sync::{Arc, PoisonError};

use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::convert::{ConfluenceContext, JiraContext};

use super::run::Run;

/// How old access data may be before it is read again.
const ACCESS_EVERY: SignedDuration = SignedDuration::from_hours(1);

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
        (self.inner.clock.now() < found.at + ACCESS_EVERY).then_some(found.known)
    }

    /// Keeps what a reading that began at `at` found.
    pub(super) fn remember(&self, at: Timestamp, known: Known) {
        let mut remembered = self.inner.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.insert(self.id(), Remembered { at, known });
    }
}
