//! What is being read right now, for progress bars, the link page and the sync status.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use linkspan_model::ids::SourceId;
use tokio::sync::watch;

use crate::estimate::{Estimate, LISTED_PRICE};

/// How far one stream is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamProgress {
    /// The stream's name, such as `issues`.
    pub stream: &'static str,
    /// Items read so far in this run.
    pub done: u64,
    /// Items to expect, where upstream told.
    pub expected: Option<u64>,
    /// What it costs to list one of them, in thousandths of a point.
    pub listed_price: u64,
    /// Where it stands.
    pub phase: Phase,
}

/// Where a stream stands in its run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not begun.
    Waiting,
    /// Being read.
    Running,
    /// Read to its end.
    Done,
    /// Given up for this run; the next run tries again.
    Failed(String),
    /// Not read, for a reason such as a missing scope.
    Skipped(String),
}

/// What one run has asked of upstream.
#[derive(Debug, Default)]
pub struct RunMeter {
    requests: AtomicU64,
    points: AtomicU64,
    listed: AtomicU64,
    listed_points: AtomicU64,
    prepared: AtomicU64,
}

/// What a run has spent on content so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ContentCount {
    /// Points of the whole run.
    pub(crate) points: u64,
    /// Items of content that lists have brought, stored or not.
    pub(crate) listed: u64,
    /// Points that these lists cost.
    pub(crate) listed_points: u64,
    /// Items for which everything was read that belongs to them.
    pub(crate) prepared: u64,
}

impl RunMeter {
    /// Counts one answered request and the points it cost by the price list.
    pub fn count(&self, points: u64) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.points.fetch_add(points, Ordering::Relaxed);
    }

    /// Counts items of content that a list brought, and its points (which [`RunMeter::count`] counts too).
    pub(crate) fn list(&self, items: u64, points: u64) {
        self.listed.fetch_add(items, Ordering::Relaxed);
        self.listed_points.fetch_add(points, Ordering::Relaxed);
    }

    /// Counts items for which everything was read that belongs to them.
    pub(crate) fn prepare(&self, items: u64) {
        self.prepared.fetch_add(items, Ordering::Relaxed);
    }

    /// What was spent on content so far.
    pub(crate) fn content(&self) -> ContentCount {
        ContentCount {
            points: self.points(),
            listed: self.listed.load(Ordering::Relaxed),
            listed_points: self.listed_points.load(Ordering::Relaxed),
            prepared: self.prepared.load(Ordering::Relaxed),
        }
    }

    /// Requests answered so far.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Points spent so far, by the price list.
    pub fn points(&self) -> u64 {
        self.points.load(Ordering::Relaxed)
    }
}

/// The progress of every source, in the order in which its streams were announced.
#[derive(Clone)]
pub struct ProgressBoard {
    sources: Arc<Mutex<HashMap<SourceId, Vec<StreamProgress>>>>,
    estimates: Arc<Mutex<HashMap<SourceId, Estimate>>>,
    changed: watch::Sender<u64>,
}

impl Default for ProgressBoard {
    fn default() -> Self {
        Self { sources: Arc::default(), estimates: Arc::default(), changed: watch::Sender::new(0) }
    }
}

impl ProgressBoard {
    /// Announces the streams of a run that begins: all wait.
    pub fn announce(&self, source: SourceId, streams: &[&'static str]) {
        let rows = streams
            .iter()
            .map(|stream| StreamProgress {
                stream,
                done: 0,
                expected: None,
                listed_price: LISTED_PRICE,
                phase: Phase::Waiting,
            })
            .collect();
        self.lock().insert(source, rows);
        self.notify();
    }

    /// Raises what a stream is expected to bring.
    pub fn expect(&self, source: SourceId, stream: &'static str, more: u64) {
        self.update(source, stream, |row| row.expected = Some(row.expected.unwrap_or(0) + more));
    }

    /// Notes what it costs to list an item of a stream, in thousandths of a point.
    pub(crate) fn price(&self, source: SourceId, stream: &'static str, listed_price: u64) {
        self.update(source, stream, |row| row.listed_price = listed_price);
    }

    /// Notes items read.
    pub fn add(&self, source: SourceId, stream: &'static str, items: u64) {
        self.update(source, stream, |row| {
            row.done += items;
            if row.phase == Phase::Waiting {
                row.phase = Phase::Running;
            }
        });
    }

    /// Moves a stream to another phase.
    pub fn set(&self, source: SourceId, stream: &'static str, phase: Phase) {
        self.update(source, stream, |row| row.phase = phase);
    }

    /// The streams of a source as they stand.
    pub fn of(&self, source: SourceId) -> Vec<StreamProgress> {
        self.lock().get(&source).cloned().unwrap_or_default()
    }

    /// Notes what a reading still takes; `None` once it is over.
    pub fn estimated(&self, source: SourceId, estimate: Option<Estimate>) {
        {
            let mut estimates = self.estimates.lock().unwrap_or_else(PoisonError::into_inner);
            match estimate {
                Some(estimate) => estimates.insert(source, estimate),
                None => estimates.remove(&source),
            };
        }
        self.notify();
    }

    /// What the reading of a source still takes; `None` while it is not read for the first time, or nobody knows.
    pub fn estimate_of(&self, source: SourceId) -> Option<Estimate> {
        self.estimates.lock().unwrap_or_else(PoisonError::into_inner).get(&source).cloned()
    }

    /// Wakes whenever something changed; look with [`ProgressBoard::of`].
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn update(&self, source: SourceId, stream: &'static str, change: impl FnOnce(&mut StreamProgress)) {
        if let Some(row) =
            self.lock().get_mut(&source).and_then(|rows| rows.iter_mut().find(|row| row.stream == stream))
        {
            change(row);
        }
        self.notify();
    }

    fn notify(&self) {
        self.changed.send_modify(|version| *version += 1);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SourceId, Vec<StreamProgress>>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
