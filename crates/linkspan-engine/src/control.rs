//! What the vendor wants of the reading of a source: pause, resume, read anew, how often, how important.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use jiff::SignedDuration;
use linkspan_model::ids::SourceId;
pub use linkspan_store::SourceControl;
use linkspan_store::{Source, SourceState};

use crate::engine::{Engine, Inner};
use crate::error::EngineError;
use crate::sync;

/// The largest weight of a source.
pub const MAX_WEIGHT: u32 = 100;
/// The shortest time between two readings that can be asked for, in seconds: each costs points.
pub const SHORTEST: u32 = 5;
/// The longest, in seconds: a month.
pub const LONGEST: u32 = 30 * 24 * 3_600;
/// How long a reading that is broken off may take to end.
const BREAKS_OFF_WITHIN: std::time::Duration = std::time::Duration::from_secs(10);

/// How often a source is to be read for changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// As often as the server reads.
    AsServer,
    /// Every so many seconds.
    Seconds(u32),
}

/// Changes of what is wanted of a source; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ControlChange {
    /// Whether it is to be read.
    pub paused: Option<bool>,
    /// Its weight among the sources that share an app's points.
    pub weight: Option<u32>,
    /// How often it is read for changes.
    pub sync_every: Option<Interval>,
    /// How often streams on a clock of their own are read, in seconds; `None` gives a stream its usual time back.
    pub schedules: BTreeMap<String, Option<u32>>,
}

impl Engine {
    /// What the vendor wants of a source.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is no such source.
    pub async fn source_control(&self, id: SourceId) -> Result<SourceControl, EngineError> {
        self.inner.active(id).await?;
        Ok(self.inner.store.source_control(id).await?)
    }

    /// Changes what is wanted of a source; how it is wanted then. A source that is paused stops at its next safe point and goes
    /// on from there when it is resumed; what upstream tells meanwhile is kept.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is no such source; [`EngineError::Invalid`] for numbers out of bounds and for streams
    /// that have no clock of their own.
    pub async fn control_source(
        &self,
        id: SourceId,
        change: &ControlChange,
    ) -> Result<SourceControl, EngineError> {
        let source = self.inner.active(id).await?;
        check(change, &sync::scheduled(source.product))?;
        let now = self.inner.clock.now();
        let apply = |control: &mut SourceControl| {
            match change.paused {
                Some(true) => control.paused_at = control.paused_at.or(Some(now)),
                Some(false) => control.paused_at = None,
                None => {}
            }
            control.weight = change.weight.unwrap_or(control.weight);
            match change.sync_every {
                Some(Interval::AsServer) => control.sync_every = None,
                Some(Interval::Seconds(seconds)) => control.sync_every = Some(seconds),
                None => {}
            }
            for (stream, every) in &change.schedules {
                match every {
                    Some(every) => drop(control.schedules.insert(stream.clone(), *every)),
                    None => drop(control.schedules.remove(stream)),
                }
            }
        };
        let control = self.inner.store.change_source_control(id, apply).await?;
        match change.paused {
            Some(true) => {
                tracing::info!(source.id = %id, "paused");
                self.inner.break_off(id);
            }
            Some(false) => {
                tracing::info!(source.id = %id, "resumed");
                self.inner.hurry(id);
            }
            None => {}
        }
        Ok(control)
    }

    /// Reads a source anew, or one stream of it: everything is fetched again. What is the same as what is stored is not written
    /// and makes no change; ids stay.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is no such source, or no such stream of it.
    pub async fn read_anew(&self, id: SourceId, stream: Option<&str>) -> Result<(), EngineError> {
        self.inner.active(id).await?;
        let known = self.inner.store.get_streams(id).await?;
        let belongs = |name: &str, stream: &str| {
            name == stream || name.strip_prefix(stream).is_some_and(|rest| rest.starts_with('/'))
        };
        let names: Vec<&str> = known
            .iter()
            .map(|state| state.stream.as_str())
            .filter(|name| *name != KEPT && stream.is_none_or(|stream| belongs(name, stream)))
            .collect();
        if names.is_empty() && stream.is_some() {
            return Err(EngineError::NotFound);
        }
        // One that is being read would put its place back.
        self.inner.break_off(id);
        let began = tokio::time::Instant::now();
        while self.inner.is_reading(id) && began.elapsed() < BREAKS_OFF_WITHIN {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        for name in names {
            self.inner.store.rewind_stream(id, name).await?;
        }
        self.inner.remembered.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        self.inner.hurry(id);
        tracing::info!(source.id = %id, stream, "is read anew");
        Ok(())
    }

    /// Has a source read for changes without waiting for its time.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is no such source.
    pub async fn read_soon(&self, id: SourceId) -> Result<(), EngineError> {
        self.inner.active(id).await?;
        self.inner.hurry(id);
        Ok(())
    }
}

/// Whether stored records are guarded by the newest access data: no place in a list, so that it is never put back.
const KEPT: &str = "access";

impl Inner {
    async fn active(&self, id: SourceId) -> Result<Source, EngineError> {
        let source = self.store.source(id).await?;
        source.filter(|source| source.state == SourceState::Active).ok_or(EngineError::NotFound)
    }

    /// Stops the reading of a source at its next safe point.
    fn break_off(&self, id: SourceId) {
        if let Some(reading) = self.reading.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            reading.cancel();
        }
    }

    /// How often a source is read for changes.
    pub(crate) fn sync_every_of(&self, source: SourceId, control: &SourceControl) -> std::time::Duration {
        match control.sync_every {
            Some(seconds) => std::time::Duration::from_secs(u64::from(seconds)),
            // What the vendor asked for is kept to; what nobody did follows how much happens.
            None => self.pace_of(source, self.settings.sync_every),
        }
    }
}

/// How often a stream on a clock of its own is read: as the vendor wants, or as usual.
pub(crate) fn every(control: &SourceControl, stream: &str, usual: SignedDuration) -> SignedDuration {
    match control.schedules.get(stream) {
        Some(seconds) => SignedDuration::from_secs(i64::from(*seconds)),
        None => usual,
    }
}

fn check(change: &ControlChange, scheduled: &[&str]) -> Result<(), EngineError> {
    let invalid = |what: String| Err(EngineError::Invalid(what));
    if change.weight.is_some_and(|weight| !(1..=MAX_WEIGHT).contains(&weight)) {
        return invalid(format!("`priority` takes a whole number from 1 to {MAX_WEIGHT}."));
    }
    let set = match change.sync_every {
        Some(Interval::Seconds(seconds)) => Some(seconds),
        Some(Interval::AsServer) | None => None,
    };
    if change
        .schedules
        .values()
        .copied()
        .flatten()
        .chain(set)
        .any(|seconds| !(SHORTEST..=LONGEST).contains(&seconds))
    {
        return invalid(format!("Times are given in seconds, from {SHORTEST} to {LONGEST}."));
    }
    // What cannot be set can still be taken away.
    let is_unknown =
        |(name, every): &(&String, &Option<u32>)| every.is_some() && !scheduled.contains(&name.as_str());
    match change.schedules.iter().find(is_unknown) {
        Some(_) => invalid(format!(
            "Schedules are taken for these streams: {}. Everything else is read as often as `sync_every_seconds` says.",
            scheduled.join(", ")
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_read_as_often_as_is_wanted_and_otherwise_as_usual() {
        let schedules = BTreeMap::from([("customers".to_owned(), 60)]);
        let control = SourceControl { schedules, ..SourceControl::default() };
        let usual = SignedDuration::from_hours(6);
        assert_eq!(every(&control, "customers", usual), SignedDuration::from_mins(1));
        assert_eq!(every(&control, "audit", usual), usual);
    }

    #[test]
    fn numbers_out_of_bounds_are_refused_in_words() {
        let refused = |change: &ControlChange| check(change, &["access"]).unwrap_err().to_string();
        let weight = ControlChange { weight: Some(0), ..ControlChange::default() };
        assert!(refused(&weight).contains("from 1 to 100"));
        let often = ControlChange { sync_every: Some(Interval::Seconds(1)), ..ControlChange::default() };
        assert!(refused(&often).contains("from 5 to"));
        let unknown = BTreeMap::from([("isues".to_owned(), Some(60))]);
        assert!(
            refused(&ControlChange { schedules: unknown, ..ControlChange::default() }).contains("access")
        );
        let usual = ControlChange { sync_every: Some(Interval::AsServer), ..ControlChange::default() };
        assert!(check(&usual, &["access"]).is_ok());
    }
}
