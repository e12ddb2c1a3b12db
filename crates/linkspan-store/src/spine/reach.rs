//! The reach of a source: how many containers the account behind the grant sees, and whether they suddenly became fewer
//! (hazard L13).

use jiff::Timestamp;
use linkspan_model::ids::SourceId;

use super::write::require_active;
use crate::Store;
use crate::db::{args, statements};
use crate::error::StoreError;

statements! {
    ONE = "SELECT known, missing, reduced_at, accepted_at FROM reaches WHERE source_id = $1";
    PUT = "INSERT INTO reaches (source_id, known, missing, reduced_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (source_id) DO UPDATE SET known = excluded.known, missing = excluded.missing,
            reduced_at = excluded.reduced_at, accepted_at = NULL
        WHERE COALESCE(reaches.accepted_at, 0) = $5";
    ACCEPT = "UPDATE reaches SET accepted_at = $2 WHERE source_id = $1 AND reduced_at IS NOT NULL";
}

/// How much of a site the account behind a grant sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// How many projects or spaces it saw before.
    pub known: u64,
    /// How many of them it does not see now.
    pub missing: u64,
    /// Since when so many are missing at once that nothing is concluded from it; `None` while that is not so.
    pub reduced_at: Option<Timestamp>,
    /// When somebody accepted what the account sees now; the next reading acts by it.
    pub accepted_at: Option<Timestamp>,
}

impl Store {
    /// The reach of a source; `None` before its containers were first listed.
    pub async fn reach(&self, source: SourceId) -> Result<Option<Reach>, StoreError> {
        let row = self.db.first(ONE, args![source]).await?;
        row.map(|row| {
            Ok(Reach {
                known: row.int(0)?.cast_unsigned(),
                missing: row.int(1)?.cast_unsigned(),
                reduced_at: row.optional_time(2)?,
                accepted_at: row.optional_time(3)?,
            })
        })
        .transpose()
    }

    /// Stores what a listing of containers came to. The acceptance by which it was taken in, `used`, is used up; one that came
    /// meanwhile stands, and the next listing is taken in by it.
    ///
    /// # Errors
    /// [`StoreError::SourceGone`] when the source does not exist or is being erased.
    pub async fn put_reach(
        &self,
        source: SourceId,
        reach: Reach,
        used: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        tx.lock_source(source).await?;
        require_active(&mut tx, source).await?;
        let (known, missing) = (reach.known.cast_signed(), reach.missing.cast_signed());
        let used = used.map_or(0, Timestamp::as_millisecond);
        tx.execute(PUT, args![source, known, missing, reach.reduced_at, used]).await?;
        tx.commit().await
    }

    /// Accepts what the account sees now; whether anything was in doubt.
    pub async fn accept_reach(&self, source: SourceId, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.db.write(ACCEPT, args![source, now]).await? > 0)
    }
}
