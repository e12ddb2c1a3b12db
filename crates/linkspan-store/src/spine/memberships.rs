//! Which accounts are in which groups.

use std::collections::BTreeSet;

use linkspan_model::ids::SourceId;

use super::write::require_active;
use crate::Store;
use crate::db::{Arg, Row, args, bulks, statements};
use crate::error::StoreError;

statements! {
    MEMBERS = "SELECT account_id FROM group_members WHERE source_id = $1 AND group_id = $2 ORDER BY account_id";
    GROUPS_OF = "SELECT group_id FROM group_members WHERE source_id = $1 AND account_id = $2 ORDER BY group_id";
    GROUPS = "SELECT DISTINCT group_id FROM group_members WHERE source_id = $1 ORDER BY group_id";
}

bulks! {
    ADD = "INSERT INTO group_members (source_id, group_id, account_id) VALUES ", "($1, $2, ?)", "";
    REMOVE = "DELETE FROM group_members WHERE source_id = $1 AND group_id = $2 AND account_id IN (", "?", ")";
}

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
        let mut tx = self.db.begin().await?;
        tx.lock_source(source).await?;
        require_active(&mut tx, source).await?;
        let wanted: BTreeSet<&str> = accounts.iter().map(String::as_str).collect();
        let present = texts(&tx.all(MEMBERS, args![source, group]).await?)?;
        let present: BTreeSet<&str> = present.iter().map(String::as_str).collect();
        if wanted == present {
            return Ok(false);
        }
        let shared = args![source, group];
        let added = wanted.difference(&present).map(|&account| Arg::from(account)).collect();
        tx.run(ADD.rows(tx.dialect(), shared.clone(), added)).await?;
        let removed = present.difference(&wanted).map(|&account| Arg::from(account)).collect();
        tx.run(REMOVE.lookup(tx.dialect(), shared, removed)).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The groups an account is in, ordered.
    pub async fn groups_of(&self, source: SourceId, account: &str) -> Result<Vec<String>, StoreError> {
        texts(&self.db.all(GROUPS_OF, args![source, account]).await?)
    }

    /// The members of a group, ordered.
    pub async fn group_members(&self, source: SourceId, group: &str) -> Result<Vec<String>, StoreError> {
        texts(&self.db.all(MEMBERS, args![source, group]).await?)
    }

    /// The groups with members, ordered.
    pub async fn groups_with_members(&self, source: SourceId) -> Result<Vec<String>, StoreError> {
        texts(&self.db.all(GROUPS, args![source]).await?)
    }
}

fn texts(rows: &[Row]) -> Result<Vec<String>, StoreError> {
    rows.iter().map(|row| row.text(0)).collect()
}
