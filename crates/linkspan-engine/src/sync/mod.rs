//! Reading a source: everything the first time, what changed afterwards.
//!
//! A run reads the *streams* of a source in an order in which each finds what it needs. A stream that fails is shown as
//! failed and the others go on (hazards S5, S15); what was written stays, and its checkpoint says where to go on.

mod audit;
mod census;
mod confluence;
mod counts;
mod jira;
mod listed;
mod names;
mod pace;
mod pages;
mod remembered;
mod retreat;
mod run;
mod settled;
mod worker;

use std::sync::{Arc, PoisonError};

use futures_util::FutureExt as _;
use linkspan_atlassian::calls::Feature;
use linkspan_model::ids::SourceId;
use linkspan_model::product::Product;
use linkspan_store::{SourceState, StoredHint};
use tokio_util::sync::CancellationToken;

pub use self::census::CensusSettings;
pub(crate) use self::census::{CensusAllowance, STREAM as CENSUS, is_unexplained};
pub(crate) use self::listed::{owner_of, page_size, params_of};
pub(crate) use self::pages::OneList;
pub(crate) use self::remembered::Remembered;
use self::run::Run;
use crate::engine::{Engine, Inner};
use crate::error::EngineError;
use crate::quota::Lane;

/// How late upstream's search may show a change, unless the operator knows better: hours have been seen after bulk edits.
pub const INDEX_LAG: jiff::SignedDuration = jiff::SignedDuration::from_hours(12);

/// The streams of a product that are read on clocks of their own, by name.
pub(crate) fn scheduled(product: Product) -> Vec<&'static str> {
    let mut streams = vec![remembered::ACCESS, audit::STREAM];
    // Customers come by themselves; the lists of tickets are the words that they use, and are read with access data.
    let apart = [Feature::Audit, Feature::Customers, Feature::Tickets];
    if product == Product::Jira {
        streams.push(jira::CUSTOMERS);
    }
    let listed = listed::features_of(product).into_iter().filter(|feature| !apart.contains(feature));
    streams.extend(listed.map(Feature::as_str));
    streams
}

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub struct SyncReport {
    /// Streams that could not be read to their end, and why.
    pub failed: Vec<(&'static str, String)>,
    /// Requests answered.
    pub requests: u64,
    /// Points spent, by the published price list.
    pub points: u64,
    /// Entries that it made in the change feed.
    pub changed: u64,
}

impl Engine {
    /// Reads a source: everything that was not read yet, and what changed since. Returns when it is done. A source has
    /// one reader at a time in a process.
    ///
    /// # Errors
    /// When the source is gone, is being read already, its grant gives no token, or the store fails. A stream that
    /// upstream refuses is no error of the run; the report names it.
    pub async fn sync_source(&self, source: SourceId) -> Result<SyncReport, EngineError> {
        self.inner.sync(source).boxed().await
    }
}

/// The right to read a source. It takes the source off the list of those being read, however the reading ends.
struct Reading {
    inner: Arc<Inner>,
    source: SourceId,
    stop: CancellationToken,
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.inner.reading.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.source);
        self.inner.progress.estimated(self.source, None);
    }
}

/// Looks again at what deliveries pointed at; gives what upstream could not read this time. Runs beside a reading of the source: live changes do not wait for a first reading.
///
/// # Errors
/// [`EngineError::NotFound`] when the source is gone; otherwise what keeps upstream from being asked.
pub(crate) async fn look_again(
    inner: &Arc<Inner>,
    id: SourceId,
    hints: &[StoredHint],
) -> Result<Vec<String>, EngineError> {
    let source = inner.store.source(id).await?.filter(|source| source.state == SourceState::Active);
    let source = source.ok_or(EngineError::NotFound)?;
    let granted = inner.scopes_of(&source).await?;
    let control = inner.store.source_control(id).await?;
    let run = Run::new(Arc::clone(inner), source, granted, control, inner.stop.child_token());
    run.client.change_lane(Lane::Live);
    match run.source.product {
        Product::Jira => jira::look_again(&run, hints).boxed().await,
        // Confluence tells of nothing.
        Product::Confluence => Ok(Vec::new()),
    }
}

impl Inner {
    pub(crate) async fn sync(self: &Arc<Self>, id: SourceId) -> Result<SyncReport, EngineError> {
        let reading = self
            .begin_reading(id)
            .ok_or_else(|| EngineError::Invalid("the source is being read already".to_owned()))?;
        self.read_source(&reading).await
    }

    /// Puts a source on the list of those being read; `None` when it is there already.
    fn begin_reading(self: &Arc<Self>, source: SourceId) -> Option<Reading> {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        if reading.contains_key(&source) {
            return None;
        }
        let stop = self.stop.child_token();
        reading.insert(source, stop.clone());
        Some(Reading { inner: Arc::clone(self), source, stop })
    }

    async fn read_source(self: &Arc<Self>, reading: &Reading) -> Result<SyncReport, EngineError> {
        let (id, stop) = (reading.source, reading.stop.clone());
        let source = self.store.source(id).await?.ok_or(EngineError::NotFound)?;
        // A grant that gives no token fails the run at once, in one place, instead of every stream.
        self.access_token(source.grant, None).await?;
        let granted = self.scopes_of(&source).await?;
        let control = self.store.source_control(id).await?;
        let run = Run::new(Arc::clone(self), source, granted, control, stop);
        self.tell_sync_started(id).await?;
        census::let_go(&run).await?;
        self.probe_reach(&run.source, &run.client).await?;
        match run.source.product {
            Product::Jira => jira::read(&run).boxed().await?,
            Product::Confluence => confluence::read(&run).boxed().await?,
        }
        let report = run.report();
        self.note_pace(id, run.source.product, report.changed > 0);
        self.tell_sync_completed(id, &report).await?;
        tracing::info!(
            source.id = %id,
            requests = report.requests,
            points = report.points,
            failed = report.failed.len(),
            "source read"
        );
        Ok(report)
    }

    /// Whether a source is being read by this process.
    pub(crate) fn is_reading(&self, source: SourceId) -> bool {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&source)
    }
}
