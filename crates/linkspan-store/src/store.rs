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

/// How a database's schema stands to this version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// Nothing is in it yet.
    Empty,
    /// It is this version's.
    Current,
    /// An older version wrote it; opening it brings it up to date.
    Older {
        /// Steps that are missing.
        behind: usize,
    },
    /// A newer version wrote it, or another program.
    Unknown {
        /// The first step that this version does not know.
        step: String,
    },
}

impl Store {
    /// Looks at a database without changing its schema. A SQLite file that does not exist is made.
    ///
    /// # Errors
    /// [`StoreError::Open`] when it cannot be reached.
    pub async fn inspect(url: &DatabaseUrl) -> Result<SchemaState, StoreError> {
        let db = connect(url).await?;
        let state = migrate::inspect(&db).await;
        db.close().await;
        state
    }

    /// Opens the database and brings its schema up to date. Several processes may do so at once.
    ///
    /// # Errors
    /// [`StoreError::Open`] when it cannot be reached, [`StoreError::Migrate`] when a newer version wrote it.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let db = connect(url).await?;
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

async fn connect(url: &DatabaseUrl) -> Result<Db, StoreError> {
    Ok(match &url.0 {
        Place::Sqlite(path) => Db::Sqlite(sqlite::Pools::open(path).await?),
        Place::Postgres(url) => Db::Postgres(postgres::open(url).await?),
    })
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &*self.db {
            Db::Sqlite(_) => "Store(sqlite)",
            Db::Postgres(_) => "Store(postgres)",
        })
    }
}
