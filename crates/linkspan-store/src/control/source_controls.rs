//! What the vendor wants of the reading of a source.

use std::collections::BTreeMap;

use jiff::Timestamp;
use linkspan_model::ids::SourceId;

use crate::Store;
use crate::db::{Row, args, statements};
use crate::error::StoreError;
use crate::spine::write::require_active;

statements! {
    ONE = "SELECT paused_at, weight, sync_every, schedules FROM source_controls WHERE source_id = $1";
    PUT = "INSERT INTO source_controls (source_id, paused_at, weight, sync_every, schedules) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (source_id) DO UPDATE SET paused_at = excluded.paused_at, weight = excluded.weight,
            sync_every = excluded.sync_every, schedules = excluded.schedules";
}

/// What the vendor wants of the reading of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceControl {
    /// Since when it is not to be read.
    pub paused_at: Option<Timestamp>,
    /// Its weight among the sources that share an app's points; 1 is usual.
    pub weight: u32,
    /// How often it is read for changes, in seconds; `None`: as often as the server reads.
    pub sync_every: Option<u32>,
    /// How often streams on a clock of their own are read, in seconds, by stream.
    pub schedules: BTreeMap<String, u32>,
}

impl Default for SourceControl {
    fn default() -> Self {
        Self { paused_at: None, weight: 1, sync_every: None, schedules: BTreeMap::new() }
    }
}

impl Store {
    /// What the vendor wants of a source; what is usual where nothing was said.
    pub async fn source_control(&self, source: SourceId) -> Result<SourceControl, StoreError> {
        let row = self.db.first(ONE, args![source]).await?;
        row.map(|row| read(&row)).transpose().map(Option::unwrap_or_default)
    }

    /// Changes what the vendor wants of a source, after whoever changes it at the same time; what is wanted then.
    ///
    /// # Errors
    /// [`StoreError::SourceGone`] when the source does not exist or is being erased.
    pub async fn change_source_control(
        &self,
        source: SourceId,
        change: impl FnOnce(&mut SourceControl) + Send,
    ) -> Result<SourceControl, StoreError> {
        let mut tx = self.db.begin().await?;
        tx.lock_source(source).await?;
        require_active(&mut tx, source).await?;
        let known = tx.first(ONE, args![source]).await?;
        let mut control = known.map(|row| read(&row)).transpose()?.unwrap_or_default();
        change(&mut control);
        let schedules = serde_json::to_string(&control.schedules).map_err(StoreError::corrupt)?;
        let (weight, sync_every) = (i64::from(control.weight), control.sync_every.map(i64::from));
        tx.execute(PUT, args![source, control.paused_at, weight, sync_every, schedules]).await?;
        tx.commit().await?;
        Ok(control)
    }
}

fn read(row: &Row) -> Result<SourceControl, StoreError> {
    let number = |number: i64| u32::try_from(number).map_err(StoreError::corrupt);
    Ok(SourceControl {
        paused_at: row.optional_time(0)?,
        weight: number(row.int(1)?)?,
        sync_every: row.optional_int(2)?.map(number).transpose()?,
        schedules: serde_json::from_str(&row.text(3)?).map_err(StoreError::corrupt)?,
    })
}
