//! Live changes: Jira tells of changes by dynamic webhooks (`atlassian-platform.md` section 4).
//!
//! A delivery is a hint. It is proved, made durable and answered within milliseconds (`intake`); what it points at is read again by
//! id, together with whatever else was pointed at in the same moment (`reader`). What is registered upstream follows a
//! desired set (`registrar`). Deliveries get lost, come late, twice and in any order: none of that matters here, because none of
//! them says what is there; readings of changes find what no delivery told. Confluence tells OAuth apps of nothing (hazard
//! W8): it is read by modification order.

mod delivery;
mod intake;
mod reader;
mod registered;
mod registrar;
mod removal;
mod status;

use std::collections::HashMap;
use std::sync::Mutex;

use jiff::Timestamp;
use linkspan_model::ids::{GrantId, SourceId};
use linkspan_store::Source;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

pub use self::intake::{DeliveryHeaders, DeliveryProblem, Taken};
pub use self::status::{LiveState, LiveStatus};

use self::intake::Waiting;
use crate::locks::{Held, Locks};

/// The raw kind at which hints of Jira point.
pub(crate) const ISSUE: &str = "jira.issue";

/// What this process knows of live changes.
pub(crate) struct Live {
    /// Deliveries that wait to be made durable.
    queue: mpsc::Sender<Waiting>,
    /// Wakes who looks at hints.
    hinted: Notify,
    /// Sources whose hints are being looked at, and when those of others last were.
    readers: Mutex<HashMap<SourceId, ReaderState>>,
    /// Wakes who looks after registrations.
    register: Notify,
    /// Who changes what an account has registered on a site: two at once would leave orphans (`atlassian-platform.md` 4.2).
    registrars: Locks<(GrantId, String)>,
    /// When a site that is not known last caused a look for renamed ones.
    renamed: Mutex<Option<Timestamp>>,
}

/// Where the reading of a source's hints stands.
enum ReaderState {
    /// It is going on.
    Reading,
    /// It ended then.
    Ended(Instant),
}

/// The end of the queue from which deliveries are made durable.
pub(crate) struct Intake(mpsc::Receiver<Waiting>);

impl Live {
    pub(crate) fn new() -> (Self, Intake) {
        let (queue, waiting) = mpsc::channel(intake::QUEUE);
        let (hinted, register) = (Notify::new(), Notify::new());
        let live = Self {
            queue,
            hinted,
            readers: Mutex::default(),
            register,
            registrars: Locks::default(),
            renamed: Mutex::default(),
        };
        (live, Intake(waiting))
    }

    /// Waits until nobody else changes what is registered for a source by the account that reads it.
    async fn registrar(&self, source: &Source) -> Held {
        self.registrars.hold((source.grant, source.cloud_id.clone())).await
    }

    /// Has registrations looked after soon: a source was linked.
    pub(crate) fn wake_registrar(&self) {
        self.register.notify_one();
    }
}
