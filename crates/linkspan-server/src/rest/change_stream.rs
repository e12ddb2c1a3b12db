//! The change feed as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, Stream, StreamExt as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use super::changes::{Asked, rows};
use crate::App;
use crate::extract::Vendor;
use crate::problem::ApiError;

/// Streams open at a time: each holds a connection.
const MAX_STREAMS: usize = 100;
/// Entries read at a time: the next are read when these were sent.
const ENTRIES_PER_READ: u32 = 500;
/// How often a stream looks for what other processes added.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often it is looked whether the reader may still read.
const CHECK_EVERY: Duration = Duration::from_secs(1);
/// How often something is sent, so that nobody between takes the connection for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long the reader is to wait before it connects again.
const RECONNECT_AFTER: Duration = Duration::from_secs(1);

/// The streams that are open.
#[derive(Clone)]
pub(crate) struct ChangeStreams(Arc<Semaphore>);

impl ChangeStreams {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(MAX_STREAMS)))
    }
}

/// A stream that is open.
struct Following {
    app: App,
    vendor: Vendor,
    asked: Asked,
    /// When it was last seen that the key, and what is asked for, are still there.
    checked: Instant,
    after: i64,
    /// When the reader was last told where it stands.
    told: Instant,
    moves: watch::Receiver<u64>,
    stopping: CancellationToken,
    _place: OwnedSemaphorePermit,
}

/// Opens a stream behind a position.
///
/// # Errors
/// When as many are open as may be.
pub(super) fn open(app: &App, vendor: Vendor, asked: Asked, after: i64) -> Result<Response, ApiError> {
    let place = Arc::clone(&app.streams.0).try_acquire_owned().map_err(|_| {
        ApiError::unavailable(format!(
            "{MAX_STREAMS} streams of changes are open, which is the most: close one."
        ))
    })?;
    let following = Following {
        app: app.clone(),
        vendor,
        asked,
        checked: Instant::now(),
        after,
        told: Instant::now(),
        moves: app.engine.feed_moves(),
        stopping: app.engine.stopping(),
        _place: place,
    };
    // With an id from the first: who asked for what comes from now on, and connects again before anything came, goes on here.
    let first = stream::iter([Ok(Event::default().id(after.to_string()).retry(RECONNECT_AFTER))]);
    let events = first.chain(events(following));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

/// The entries as events; ends when the server stops, or cannot read on: the reader comes back with its last position.
fn events(following: Following) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(following, async |mut following| {
        let events = following.next().await?;
        Some((stream::iter(events.into_iter().map(Ok)), following))
    })
    .flatten()
}

impl Following {
    /// Whether the key is still one, and what is asked for still there. A scope that grew since shows what it shows now.
    async fn is_allowed(&mut self) -> bool {
        if self.checked.elapsed() < CHECK_EVERY {
            return true;
        }
        self.checked = Instant::now();
        self.vendor.is_one(&self.app).await && matches!(self.asked.refresh(&self.app).await, Ok(true))
    }

    /// The next events, waiting for some if need be; `None` at the end.
    async fn next(&mut self) -> Option<Vec<Event>> {
        loop {
            if self.stopping.is_cancelled() {
                return None;
            }
            if !self.is_allowed().await {
                return None;
            }
            self.moves.mark_unchanged();
            let slice = match self.app.engine.changes(&self.asked.view, self.after, ENTRIES_PER_READ).await {
                Ok(slice) => slice,
                Err(error) => {
                    tracing::warn!(%error, "a stream of changes ends: the feed cannot be read");
                    return None;
                }
            };
            let is_end = slice.is_end;
            let has_moved = slice.next > self.after;
            self.after = slice.next;
            if !slice.entries.is_empty() {
                let rows = rows(&self.app.engine, &self.asked, slice).await.ok()?;
                let event = |row: &crate::wire::changes::ChangeRow| {
                    Event::default().event("change").id(&row.position).json_data(row)
                };
                self.told = Instant::now();
                return rows.iter().map(event).collect::<Result<_, _>>().ok();
            }
            // An id alone shows nothing, and whoever connects again goes on behind what it has no part in.
            if has_moved && (!is_end || self.told.elapsed() >= KEEP_ALIVE) {
                self.told = Instant::now();
                return Some(vec![Event::default().id(self.after.to_string())]);
            }
            if is_end {
                tokio::select! {
                    () = self.stopping.cancelled() => return None,
                    _ = self.moves.changed() => {}
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                }
            }
        }
    }
}
