//! Whether everything stored is guarded by the rules that the newest reading of access data gave.
//!
//! The mark that it is not is written before the first record changes, and taken back behind the last one: whatever breaks
//! off in between, the next run does it again (hazards P2, P12).
//!
//! Upstream may refuse to tell of single pieces of content and tell later, with nothing else changed. What was refused is
//! noted, and asked for again whenever access data is read.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::run::Run;
use crate::error::EngineError;
use linkspan_atlassian::convert::Converted;

/// The stream under which the mark is kept.
const STREAM: &str = "access";
/// Pieces of content that are remembered for being asked for again; what hangs on further ones is hidden until other access
/// data changes.
const UNTOLD_CAP: usize = 2_000;

/// What stored records are guarded by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct AccessCheckpoint {
    /// A digest of the access data: differs when anything may have changed.
    digest: String,
    /// Every stored record is guarded by just that. Not so while records are gone through, nor after some were read while a
    /// part of the access data was not to be had: those are hidden.
    settled: bool,
    /// Content of which upstream would not tell who may see it, so that what hangs on it is hidden; with how often access data
    /// was read since.
    untold: BTreeMap<String, u32>,
}

impl Run {
    /// Notes what access data was found, by its digest where there is one, before anything is converted with it. Whether
    /// what is stored has to be gone through.
    pub(super) async fn found_access(
        &self,
        digest: Option<String>,
        is_whole: bool,
    ) -> Result<bool, EngineError> {
        let Some(before) = self.checkpoint::<AccessCheckpoint>(STREAM).await? else {
            // The first reading: nothing is stored yet.
            let first = AccessCheckpoint {
                digest: digest.unwrap_or_default(),
                settled: is_whole,
                ..AccessCheckpoint::default()
            };
            self.put_access(&first).await?;
            return Ok(false);
        };
        let digest = digest.unwrap_or_else(|| before.digest.clone());
        let is_changed = digest != before.digest;
        let settled = before.settled && is_whole && !is_changed;
        let after = AccessCheckpoint { digest, settled, untold: before.untold.clone() };
        if after != before {
            self.put_access(&after).await?;
        }
        Ok(is_changed || (is_whole && !after.settled))
    }

    /// Notes that everything stored was gone through with the whole of the access data.
    pub(super) async fn access_is_settled(&self) -> Result<(), EngineError> {
        let found = self.checkpoint::<AccessCheckpoint>(STREAM).await?.unwrap_or_default();
        self.put_access(&AccessCheckpoint { settled: true, ..found }).await
    }

    /// Notes content of which upstream would not tell who may see it, before anything is stored that is hidden for that.
    pub(super) async fn note_untold(&self, content: BTreeSet<String>) -> Result<(), EngineError> {
        let mut found = self.checkpoint::<AccessCheckpoint>(STREAM).await?.unwrap_or_default();
        let before = found.untold.len();
        for id in content {
            if found.untold.len() < UNTOLD_CAP {
                found.untold.entry(id).or_default();
            }
        }
        if found.untold.len() > before { self.put_access(&found).await } else { Ok(()) }
    }

    /// The content among it that is to be asked for again now: seldomer the more often it was refused.
    pub(super) async fn untold(&self) -> Result<BTreeSet<String>, EngineError> {
        let mut found = self.checkpoint::<AccessCheckpoint>(STREAM).await?.unwrap_or_default();
        for readings in found.untold.values_mut() {
            *readings = readings.saturating_add(1);
        }
        if !found.untold.is_empty() {
            self.put_access(&found).await?;
        }
        Ok(found
            .untold
            .into_iter()
            .filter(|(_, readings)| readings.is_power_of_two())
            .map(|(id, _)| id)
            .collect())
    }

    /// Notes that upstream has told of some of it: what is stored has to be gone through.
    pub(super) async fn note_told(&self, told: &BTreeSet<String>) -> Result<(), EngineError> {
        let mut found = self.checkpoint::<AccessCheckpoint>(STREAM).await?.unwrap_or_default();
        found.untold.retain(|id, _| !told.contains(id));
        found.settled = false;
        self.put_access(&found).await
    }

    async fn put_access(&self, checkpoint: &AccessCheckpoint) -> Result<(), EngineError> {
        let mark = Self::mark(STREAM, checkpoint)?;
        self.write(Converted::default(), Some(mark)).await
    }
}
