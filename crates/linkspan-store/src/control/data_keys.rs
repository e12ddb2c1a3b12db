//! Wrapped data keys. A data key belongs to a grant or a linked account and is named by that id.

use jiff::Timestamp;
use linkspan_vault::Sealed;
use uuid::Uuid;

use crate::Store;
use crate::db::{args, statements};
use crate::error::StoreError;

statements! {
    INSERT = "INSERT INTO data_keys (owner, wrapped, created_at) VALUES ($1, $2, $3) ON CONFLICT (owner) DO NOTHING";
    ONE = "SELECT wrapped FROM data_keys WHERE owner = $1";
    PAGE = "SELECT owner, wrapped FROM data_keys WHERE owner > $1 ORDER BY owner LIMIT $2";
    REPLACE = "UPDATE data_keys SET wrapped = $3 WHERE owner = $1 AND wrapped = $2";
    DESTROY = "DELETE FROM data_keys WHERE owner = $1";
}

/// A wrapped data key and whose it is.
#[derive(Clone, Debug)]
pub struct StoredDataKey {
    /// The grant or linked account.
    pub owner: Uuid,
    /// The key, wrapped by the key ring.
    pub wrapped: Sealed,
}

impl Store {
    /// The wrapped data key of `owner`; `fresh` becomes it if there is none yet. Of several callers at once, all get the
    /// same key.
    pub async fn ensure_data_key(
        &self,
        owner: Uuid,
        fresh: &Sealed,
        now: Timestamp,
    ) -> Result<Sealed, StoreError> {
        if self.db.write(INSERT, args![owner, fresh, now]).await? > 0 {
            return Ok(fresh.clone());
        }
        // Gone again only if the owner unlinked in between; then nothing may be sealed for it any more.
        self.data_key(owner)
            .await?
            .ok_or_else(|| StoreError::corrupt("a data key was destroyed while it was read"))
    }

    /// The wrapped data key of `owner`; `None` when there is none or it was destroyed.
    pub async fn data_key(&self, owner: Uuid) -> Result<Option<Sealed>, StoreError> {
        self.db.first(ONE, args![owner]).await?.map(|row| row.sealed(0)).transpose()
    }

    /// Wrapped data keys in the order of their owners, behind `after`: for rewrapping after a change of master key.
    pub async fn data_keys(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<StoredDataKey>, StoreError> {
        let rows = self.db.all(PAGE, args![after.unwrap_or(Uuid::nil()), i64::from(limit)]).await?;
        rows.iter().map(|row| Ok(StoredDataKey { owner: row.uuid(0)?, wrapped: row.sealed(1)? })).collect()
    }

    /// Stores a rewrapped data key; `false` when it is no longer the one in `old`.
    pub async fn replace_data_key(
        &self,
        owner: Uuid,
        old: &Sealed,
        new: &Sealed,
    ) -> Result<bool, StoreError> {
        Ok(self.db.write(REPLACE, args![owner, old, new]).await? > 0)
    }

    /// Destroys the data key of `owner`: what it sealed can never be opened again.
    pub async fn destroy_data_key(&self, owner: Uuid) -> Result<bool, StoreError> {
        Ok(self.db.write(DESTROY, args![owner]).await? > 0)
    }
}
