//! Everything in which the two engines differ.

use linkspan_model::ids::SourceId;

use super::{Tx, args};
use crate::error::StoreError;

/// The engine a text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite = 0,
    Postgres = 1,
}

/// Waits for whoever writes to the source, until the transaction ends. An advisory lock takes no transaction id.
const LOCK_SOURCE: &str = "SELECT pg_advisory_xact_lock($1)";

impl Tx {
    /// Makes this transaction the only writer of a source until it ends. On SQLite it is the only writer anyhow.
    pub(crate) async fn lock_source(&mut self, source: SourceId) -> Result<(), StoreError> {
        if self.dialect() == Dialect::Postgres {
            let (high, _) = source.0.as_u64_pair();
            self.first(LOCK_SOURCE, args![high.cast_signed()]).await?;
        }
        Ok(())
    }
}
