//! Secrets of the server as a whole, such as the key of token digests, sealed by the key ring.

use jiff::Timestamp;
use linkspan_vault::Sealed;

use crate::Store;
use crate::db::{args, statements};
use crate::error::StoreError;

statements! {
    INSERT = "INSERT INTO server_secrets (name, sealed, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
    ONE = "SELECT sealed FROM server_secrets WHERE name = $1";
    REPLACE = "UPDATE server_secrets SET sealed = $3 WHERE name = $1 AND sealed = $2";
}

impl Store {
    /// The server secret `name`; `fresh` becomes it if there is none yet. Of several nodes that start at once, all get
    /// the same one.
    pub async fn ensure_server_secret(
        &self,
        name: &'static str,
        fresh: &Sealed,
        now: Timestamp,
    ) -> Result<Sealed, StoreError> {
        self.db.write(INSERT, args![name, fresh, now]).await?;
        let row = self.db.first(ONE, args![name]).await?;
        row.ok_or_else(|| StoreError::corrupt("a server secret vanished"))?.sealed(0)
    }

    /// The server secret `name`.
    pub async fn server_secret(&self, name: &'static str) -> Result<Option<Sealed>, StoreError> {
        self.db.first(ONE, args![name]).await?.map(|row| row.sealed(0)).transpose()
    }

    /// Stores a resealed server secret; `false` when it is no longer the one in `old`.
    pub async fn replace_server_secret(
        &self,
        name: &'static str,
        old: &Sealed,
        new: &Sealed,
    ) -> Result<bool, StoreError> {
        Ok(self.db.write(REPLACE, args![name, old, new]).await? > 0)
    }
}
