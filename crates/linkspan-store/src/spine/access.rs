//! Who may see what. Records point at interned rules; content is in other tables (hazard P8).

use std::collections::HashMap;

use linkspan_model::access::{AccessRule, RuleKey};
use linkspan_model::ids::{RecordId, SourceId};

use crate::Store;
use crate::error::StoreError;

/// What guards a stored record. A record without an entry is guarded like one whose access is unknown: nobody may see it
/// (hazard P7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StoredAccess {
    /// The rule with this key.
    Rule(RuleKey),
    /// Unknown: nobody may see it.
    Unknown,
    /// Not guarded by itself.
    Unguarded,
}

impl Store {
    /// What guards these records. Every id is answered; those without an entry are [`StoredAccess::Unknown`].
    pub async fn record_access(
        &self,
        source: SourceId,
        records: &[RecordId],
    ) -> Result<HashMap<RecordId, StoredAccess>, StoreError> {
        let _ = (source, records);
        unimplemented!()
    }

    /// All rules of a source.
    pub async fn access_rules(&self, source: SourceId) -> Result<Vec<(RuleKey, AccessRule)>, StoreError> {
        let _ = source;
        unimplemented!()
    }
}
