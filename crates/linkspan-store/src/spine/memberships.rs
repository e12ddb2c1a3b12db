//! Which accounts are in which groups.

use linkspan_model::ids::SourceId;

use crate::Store;
use crate::error::StoreError;

impl Store {
    /// Makes `accounts` the members of a group, and nobody else; whether that changed anything.
    ///
    /// # Errors
    /// [`StoreError::SourceGone`] when the source does not exist or is being erased.
    pub async fn replace_group_members(
        &self,
        source: SourceId,
        group: &str,
        accounts: &[String],
    ) -> Result<bool, StoreError> {
        let _ = (source, group, accounts);
        unimplemented!()
    }

    /// The groups an account is in, ordered.
    pub async fn groups_of(&self, source: SourceId, account: &str) -> Result<Vec<String>, StoreError> {
        let _ = (source, account);
        unimplemented!()
    }

    /// The members of a group, ordered.
    pub async fn group_members(&self, source: SourceId, group: &str) -> Result<Vec<String>, StoreError> {
        let _ = (source, group);
        unimplemented!()
    }

    /// The groups with members, ordered.
    pub async fn groups_with_members(&self, source: SourceId) -> Result<Vec<String>, StoreError> {
        let _ = source;
        unimplemented!()
    }
}
