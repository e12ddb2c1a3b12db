//! Sources that upstream turns away as a whole: the app was uninstalled from the site, or the account behind the grant may
//! no longer use the product (`atlassian-platform.md` 1.11).
//!
//! Both answers have been seen passing, so one proves nothing: only when they go on for a while, with no good answer in
//! between, the source is marked. A marked source is tried once an hour, keeps all its data, and is read again as soon as a
//! call works.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::calls::{Call, confluence, jira};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::error::CallError;
use linkspan_model::ids::SourceId;
use linkspan_model::product::Product;
use linkspan_store::{Source, StreamProgress, StreamState};

use crate::engine::{Engine, Inner};
use crate::error::EngineError;
use crate::upstream::SourceClient;

/// How long a source is turned away before it is marked.
const TURNED_AWAY_FOR: SignedDuration = SignedDuration::from_mins(15);
/// How often it is turned away before it is marked.
const TURNED_AWAY_TIMES: u32 = 3;
/// How often a marked source is tried.
pub(crate) const PROBE_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// The stream under which it is kept that a source is marked.
const STREAM: &str = "reach";

/// Why a source is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReachLoss {
    /// The app is not installed on the site (any more).
    Uninstalled,
    /// The account behind the grant may no longer use the product.
    ProductAccessLost,
}

impl ReachLoss {
    /// The word in answers and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uninstalled => "uninstalled",
            Self::ProductAccessLost => "product_access_lost",
        }
    }

    fn of(error: &CallError) -> Option<Self> {
        match error {
            CallError::NotInstalled { .. } => Some(Self::Uninstalled),
            CallError::ProductAccessLost { .. } => Some(Self::ProductAccessLost),
            _ => None,
        }
    }

    fn named(word: &str) -> Option<Self> {
        [Self::Uninstalled, Self::ProductAccessLost].into_iter().find(|loss| loss.as_str() == word)
    }

    /// What is wrong, and what to do.
    fn in_words(self, product: Product) -> String {
        match self {
            Self::Uninstalled => format!(
                "the app is not installed on the site any more; nothing of it is lost here. It is tried every hour: ask the \
                 customer's administrator to allow the app for {product}, or let the customer consent again"
            ),
            Self::ProductAccessLost => format!(
                "the account behind the grant may no longer use {product}; nothing is lost here. It is tried every hour: ask \
                 the customer to give the account access again, or let another person consent"
            ),
        }
    }
}

/// Since when and why a source is turned away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceReach {
    /// Why.
    pub loss: ReachLoss,
    /// Since when.
    pub since: Option<Timestamp>,
    /// What is wrong and what to do, in words.
    pub reason: String,
}

impl SourceReach {
    /// What the streams of a source say of it; `None` while it is let in, as far as known.
    pub(crate) fn of(streams: &[StreamState]) -> Option<Self> {
        let progress = &streams.iter().find(|stream| stream.stream == STREAM)?.progress;
        Some(Self {
            loss: ReachLoss::named(&progress.phase)?,
            since: progress.started_at,
            reason: progress.last_error.clone().unwrap_or_default(),
        })
    }
}

/// How often in a row a source was turned away.
#[derive(Clone, Copy, Debug)]
struct Row {
    loss: ReachLoss,
    since: Timestamp,
    times: u32,
    is_marked: bool,
}

/// What this process has seen of sources that are turned away.
#[derive(Debug, Default)]
pub(crate) struct Reaches {
    rows: Mutex<HashMap<SourceId, Row>>,
    /// How many rows there are, so that good answers take no lock while there are none.
    count: AtomicUsize,
}

impl Reaches {
    fn lock(&self) -> MutexGuard<'_, HashMap<SourceId, Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a source was turned away; since when it has been, if it is to be marked now.
    fn turned_away(&self, now: Timestamp, source: SourceId, loss: ReachLoss) -> Option<Timestamp> {
        let mut rows = self.lock();
        let fresh = Row { loss, since: now, times: 0, is_marked: false };
        let row = rows.entry(source).or_insert(fresh);
        if row.loss != loss {
            *row = fresh;
        }
        row.times = row.times.saturating_add(1);
        let is_enough = row.times >= TURNED_AWAY_TIMES && now >= row.since + TURNED_AWAY_FOR;
        let since = (is_enough && !row.is_marked).then_some(row.since);
        row.is_marked |= is_enough;
        self.count.store(rows.len(), Ordering::Relaxed);
        since
    }

    /// Notes a good answer; whether the source was marked.
    fn let_in(&self, source: SourceId) -> bool {
        if self.count.load(Ordering::Relaxed) == 0 {
            return false;
        }
        let mut rows = self.lock();
        let row = rows.remove(&source);
        self.count.store(rows.len(), Ordering::Relaxed);
        row.is_some_and(|row| row.is_marked)
    }

    /// Takes over that a source is marked, from the store.
    fn know(&self, source: SourceId, reach: &SourceReach, now: Timestamp) {
        let mut rows = self.lock();
        let (loss, since) = (reach.loss, reach.since.unwrap_or(now));
        rows.insert(source, Row { loss, since, times: TURNED_AWAY_TIMES, is_marked: true });
        self.count.store(rows.len(), Ordering::Relaxed);
    }
}

impl Inner {
    /// Notes that a source was turned away as a whole.
    pub(crate) async fn turned_away(&self, source: &Source, error: &CallError) -> Result<(), EngineError> {
        let now = self.clock.now();
        let Some(loss) = ReachLoss::of(error) else { return Ok(()) };
        let Some(since) = self.reaches.turned_away(now, source.id, loss) else { return Ok(()) };
        tracing::warn!(source.id = %source.id, reason = loss.as_str(), "upstream turns a source away; it is tried every hour");
        let progress = StreamProgress {
            phase: loss.as_str().to_owned(),
            started_at: Some(since),
            last_error: Some(loss.in_words(source.product)),
            ..StreamProgress::default()
        };
        let state = StreamState { stream: STREAM.to_owned(), state: None, progress };
        Ok(self.store.put_stream_state(source.id, &state).await?)
    }

    /// Notes a good answer.
    pub(crate) async fn let_in(&self, source: &Source) {
        if !self.reaches.let_in(source.id) {
            return;
        }
        tracing::info!(source.id = %source.id, "upstream lets a source in again");
        let progress =
            StreamProgress { last_success_at: Some(self.clock.now()), ..StreamProgress::default() };
        let state = StreamState { stream: STREAM.to_owned(), state: None, progress };
        if let Err(error) = self.store.put_stream_state(source.id, &state).await {
            // The next run finds it marked, tries once more, and heals it then.
            tracing::warn!(source.id = %source.id, %error, "that a source is let in again could not be noted");
        }
    }

    /// Tries a marked source with one call, before a run makes many.
    ///
    /// # Errors
    /// What upstream said, when it still turns the source away or says nothing.
    pub(crate) async fn probe_reach(
        &self,
        source: &Source,
        client: &SourceClient,
    ) -> Result<(), EngineError> {
        let streams = self.store.get_streams(source.id).await?;
        let Some(reach) = SourceReach::of(&streams) else { return Ok(()) };
        self.reaches.know(source.id, &reach, self.clock.now());
        let probe: &'static Call = match source.product {
            Product::Jira => &jira::SERVER_INFO,
            Product::Confluence => &confluence::CURRENT_USER,
        };
        match client.call(probe, &Params::new()).await {
            Ok(_) => Ok(()),
            // The product itself answered.
            Err(EngineError::Call(
                CallError::Forbidden { .. } | CallError::ScopeMissing { .. } | CallError::NotFound { .. },
            )) => {
                self.let_in(source).await;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

impl Engine {
    /// Why and since when upstream turns a source away; `None` while it is let in, as far as known.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn source_reach(&self, source: SourceId) -> Result<Option<SourceReach>, EngineError> {
        Ok(SourceReach::of(&self.inner.store.get_streams(source).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    #[test]
    fn l13_a_source_is_marked_only_when_it_is_turned_away_often_and_for_long() {
        let (reaches, source) = (Reaches::default(), SourceId(uuid::Uuid::nil()));
        for minute in 0..15 {
            assert_eq!(reaches.turned_away(at(minute), source, ReachLoss::Uninstalled), None);
        }
        assert_eq!(reaches.turned_away(at(15), source, ReachLoss::Uninstalled), Some(at(0)));
        assert_eq!(reaches.turned_away(at(16), source, ReachLoss::Uninstalled), None, "it is told once");
        assert!(reaches.let_in(source));
        assert!(!reaches.let_in(source));
        // Rare and long ago is not often.
        assert_eq!(reaches.turned_away(at(20), source, ReachLoss::Uninstalled), None);
        assert_eq!(reaches.turned_away(at(90), source, ReachLoss::Uninstalled), None);
        assert_eq!(reaches.turned_away(at(91), source, ReachLoss::ProductAccessLost), None, "another reason");
    }

    #[test]
    fn l13_one_good_answer_in_between_begins_the_count_anew() {
        let (reaches, source) = (Reaches::default(), SourceId(uuid::Uuid::nil()));
        for minute in (0..60).step_by(10) {
            assert_eq!(reaches.turned_away(at(minute), source, ReachLoss::Uninstalled), None);
            assert_eq!(reaches.turned_away(at(minute + 9), source, ReachLoss::Uninstalled), None);
            assert!(!reaches.let_in(source));
        }
    }
}
