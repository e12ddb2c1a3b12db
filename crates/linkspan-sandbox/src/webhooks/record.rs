//! What became of deliveries: totals, and the newest one by one.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;

use super::Flow;

/// Deliveries that are remembered one by one; older ones are in the totals only.
const MOST_REMEMBERED: usize = 10_000;

/// Numbers since the start. What was made is delivered, failed, dropped or pending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Deliveries made, copies included.
    pub made: u64,
    /// Taken by the receiver.
    pub delivered: u64,
    /// Given up after the last attempt.
    pub failed: u64,
    /// Lost on purpose, for want of room, or because nobody was entitled to them any more.
    pub dropped: u64,
    /// Not attempted yet, under way, or waiting for another attempt.
    pub pending: u64,
    /// Attempts beyond the first.
    pub retries: u64,
}

/// One remembered delivery.
#[derive(Clone, Debug, Serialize)]
pub struct Delivered {
    /// `X-Atlassian-Webhook-Identifier`.
    pub identifier: String,
    /// Event name.
    pub event: &'static str,
    /// What it is about: `issue 10001`.
    pub subject: String,
    /// Flow.
    pub flow: Flow,
    /// The site.
    pub cloud_id: String,
    /// The app.
    pub client_id: String,
    /// The registrations.
    pub webhooks: Vec<u64>,
    /// `pending`, `delivered`, `failed` or `dropped`.
    pub outcome: &'static str,
    /// Every attempt, oldest first.
    pub attempts: Vec<Attempt>,
}

/// One attempt.
#[derive(Clone, Debug, Serialize)]
pub struct Attempt {
    /// When it ended, on the sandbox's clock.
    pub at: Timestamp,
    /// What the receiver answered, if it did.
    pub status: Option<u16>,
    /// Why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Delivered,
    Failed,
    Dropped,
}

/// All deliveries since the start.
#[derive(Debug, Default)]
pub struct Deliveries {
    totals: Totals,
    newest: VecDeque<Delivered>,
    /// Number of the oldest remembered one.
    first: u64,
    /// Changes that are being looked at.
    planning: bool,
}

impl Deliveries {
    /// Numbers since the start.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// The newest deliveries, oldest first.
    pub fn newest(&self) -> impl DoubleEndedIterator<Item = &Delivered> {
        self.newest.iter()
    }

    /// Whether changes are being looked at that may make deliveries.
    pub(crate) fn is_planning(&self) -> bool {
        self.planning
    }

    pub(crate) fn set_planning(&mut self, planning: bool) {
        self.planning = planning;
    }

    /// Enters a delivery that was made, and returns its number.
    pub(super) fn begin(&mut self, delivered: Delivered) -> u64 {
        self.totals.made += 1;
        self.totals.pending += 1;
        self.newest.push_back(delivered);
        if self.newest.len() > MOST_REMEMBERED {
            self.newest.pop_front();
            self.first += 1;
        }
        self.totals.made - 1
    }

    /// Notes an attempt; `retry` tells that it was not the first.
    pub(super) fn attempted(&mut self, number: u64, retry: bool, attempt: Attempt) {
        self.totals.retries += u64::from(retry);
        if let Some(delivered) = self.remembered(number) {
            delivered.attempts.push(attempt);
        }
    }

    /// Notes the end of a delivery.
    pub(super) fn end(&mut self, number: u64, outcome: Outcome) {
        self.totals.pending = self.totals.pending.saturating_sub(1);
        let (total, text) = match outcome {
            Outcome::Delivered => (&mut self.totals.delivered, "delivered"),
            Outcome::Failed => (&mut self.totals.failed, "failed"),
            Outcome::Dropped => (&mut self.totals.dropped, "dropped"),
        };
        *total += 1;
        if let Some(delivered) = self.remembered(number) {
            delivered.outcome = text;
        }
    }

    fn remembered(&mut self, number: u64) -> Option<&mut Delivered> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.newest.get_mut(at)
    }
}
