//! The handle to an open store.

use std::sync::Arc;

use crate::db::{Db, postgres, sqlite};
use crate::error::StoreError;
use crate::migrate;
use crate::url::{DatabaseUrl, Place};

/// An open store. Cheap to clone: clones share the connections.
#[derive(Clone)]
pub struct Store {
    pub(crate) db: Arc<Db>,
}

impl Store {
    /// Opens the database and brings its schema up to date. Several processes may do so at once.
    ///
    /// # Errors
    /// [`StoreError::Open`] when it cannot be reached, [`StoreError::Migrate`] when a newer version wrote it.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let db = match &url.0 {
            Place::Sqlite(path) => Db::Sqlite(sqlite::Pools::open(path).await?),
            Place::Postgres(url) => Db::Postgres(postgres::open(url).await?),
        };
        migrate::run(&db).await?;
        Ok(Self { db: Arc::new(db) })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.db.first("SELECT 1", Vec::new()).await.map(|_| ())
    }

    /// Closes all connections once they are idle. Calls on clones fail afterwards.
    pub async fn close(&self) {
        self.db.close().await;
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &*self.db {
            Db::Sqlite(_) => "Store(sqlite)",
            Db::Postgres(_) => "Store(postgres)",
        })
    }
}
