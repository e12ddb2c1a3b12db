//! Whether everything stored is guarded by the rules that the newest reading of access data gave.
//!
//! The mark that it is not is written before the first record changes, and taken back behind the last one: whatever breaks
//! off in between, the next run does it again (hazards P2, P12).

use serde::{Deserialize, Serialize};

use super::run::Run;
use crate::error::EngineError;
use linkspan_atlassian::convert::Converted;

/// The stream under which the mark is kept.
const STREAM: &str = "access";

/// What stored records are guarded by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct AccessCheckpoint {
    /// A digest of the access data: differs when anything may have changed.
    digest: String,
    /// Every stored record is guarded by just that. Not so while records are gone through, nor after some were read while a
    /// part of the access data was not to be had: those are hidden.
    settled: bool,
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
            let first = AccessCheckpoint { digest: digest.unwrap_or_default(), settled: is_whole };
            self.put_access(&first).await?;
            return Ok(false);
        };
        let digest = digest.unwrap_or_else(|| before.digest.clone());
        let is_changed = digest != before.digest;
        let after = AccessCheckpoint { digest, settled: before.settled && is_whole && !is_changed };
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

    async fn put_access(&self, checkpoint: &AccessCheckpoint) -> Result<(), EngineError> {
        let mark = Self::mark(STREAM, checkpoint)?;
        self.write(Converted::default(), Some(mark)).await
    }
}
