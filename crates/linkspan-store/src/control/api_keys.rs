//! Keys of the vendor's API callers.

use jiff::Timestamp;
use linkspan_vault::Digest;

use crate::Store;
use crate::db::{Row, args, statements};
use crate::error::StoreError;

statements! {
    INSERT = "INSERT INTO api_keys (digest, name, last_four, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (digest) DO NOTHING";
    ONE = "SELECT digest, name, last_four, created_at, revoked_at FROM api_keys WHERE digest = $1";
    ALL = "SELECT digest, name, last_four, created_at, revoked_at FROM api_keys ORDER BY created_at, digest";
    REVOKE = "UPDATE api_keys SET revoked_at = $2 WHERE digest = $1 AND revoked_at IS NULL";
}

/// A key of the vendor's API: known only by its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Digest of the key.
    pub digest: Digest,
    /// What the vendor calls it.
    pub name: String,
    /// The key's last four characters, by which people tell their keys apart.
    pub last_four: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it is refused.
    pub revoked_at: Option<Timestamp>,
}

impl Store {
    /// Records a new key.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the digest is known already.
    pub async fn create_api_key(
        &self,
        digest: &Digest,
        name: &str,
        last_four: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match self.db.write(INSERT, args![digest, name, last_four, now]).await? {
            0 => Err(StoreError::Exists("this API key")),
            _ => Ok(()),
        }
    }

    /// The key with this digest, revoked or not.
    pub async fn api_key(&self, digest: &Digest) -> Result<Option<ApiKey>, StoreError> {
        self.db.first(ONE, args![digest]).await?.map(|row| read(&row)).transpose()
    }

    /// All keys, oldest first, revoked ones too.
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        self.db.all(ALL, args![]).await?.iter().map(read).collect()
    }

    /// Revokes a key for good; `false` when there is no such key or it was revoked before.
    pub async fn revoke_api_key(&self, digest: &Digest, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.db.write(REVOKE, args![digest, now]).await? > 0)
    }
}

fn read(row: &Row) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        digest: row.digest(0)?,
        name: row.text(1)?,
        last_four: row.text(2)?,
        created_at: row.time(3)?,
        revoked_at: row.optional_time(4)?,
    })
}
