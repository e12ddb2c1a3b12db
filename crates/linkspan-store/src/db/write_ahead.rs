//! SQLite's write-ahead log, moved into the database file while the writer goes on.
//!
//! Left to itself, SQLite moves the log within the commit that makes it too long, and the writer, of which there is one,
//! waits for the disk. Here another connection does most of that work; the writer moves only what was added meanwhile,
//! after which its next transaction begins the log anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::sqlite::SqlitePool;
use tokio::sync::{Mutex, Notify};

/// Content after which the log is moved. The log is about twice as long then: besides rows it holds pages of indexes.
const MOVE_AFTER_BYTES: u64 = 32 * 1024 * 1024;
/// Moves as much as can be moved without waiting for anybody.
pub(crate) const MOVE_LOG: &str = "PRAGMA wal_checkpoint(PASSIVE)";
/// Moves everything and cuts the log, so that it keeps nothing of what was erased.
pub(crate) const TRUNCATE_LOG: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// Writes the whole file anew, so that nothing is left between its rows.
pub(crate) const WRITE_ANEW: &str = "VACUUM";

/// The log of one database file.
pub(crate) struct WriteAheadLog {
    /// Bytes of content written since the log was last begun anew.
    written: AtomicU64,
    due: Notify,
    /// Held by whoever moves the log: SQLite does not wait for another who does, it gives up.
    moving: Mutex<()>,
    mover: SqlitePool,
    writer: SqlitePool,
}

impl WriteAheadLog {
    /// `mover` is a pool of its own over the file that `writer` writes.
    pub(crate) fn new(mover: SqlitePool, writer: SqlitePool) -> Arc<Self> {
        let (written, due, moving) = (AtomicU64::new(0), Notify::new(), Mutex::new(()));
        Arc::new(Self { written, due, moving, mover, writer })
    }

    /// Notes what a transaction wrote.
    pub(crate) fn note(&self, bytes: u64) {
        if self.written.fetch_add(bytes, Ordering::Relaxed) + bytes >= MOVE_AFTER_BYTES {
            self.due.notify_one();
        }
    }

    /// Moves the log whenever it is due, until the store is closed.
    pub(crate) async fn keep_short(self: Arc<Self>) {
        loop {
            self.due.notified().await;
            // Whoever wrote while the log was being moved called too, for what has been moved by now.
            if self.written.load(Ordering::Relaxed) < MOVE_AFTER_BYTES {
                continue;
            }
            match self.make_short().await {
                Ok(()) => {}
                // The last connection to close moves the log.
                Err(sqlx::Error::PoolClosed) => return,
                // The writer moves the log itself when it has become far longer.
                Err(error) => {
                    tracing::warn!(%error, "the write-ahead log could not be moved into the database file");
                }
            }
        }
    }

    async fn make_short(&self) -> Result<(), sqlx::Error> {
        let _alone = self.moving.lock().await;
        sqlx::query(MOVE_LOG).execute(&self.mover).await?;
        let mut writer = self.writer.acquire().await?;
        self.written.store(0, Ordering::Relaxed);
        sqlx::query(MOVE_LOG).execute(&mut *writer).await?;
        Ok(())
    }

    /// Leaves nothing of erased rows in the log.
    pub(crate) async fn truncate(&self) -> Result<(), sqlx::Error> {
        let _alone = self.moving.lock().await;
        sqlx::query(TRUNCATE_LOG).execute(&self.writer).await?;
        Ok(())
    }

    pub(crate) async fn close(&self) {
        self.mover.close().await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::db::{Db, args};
    use crate::testing::fresh_sqlite;

    const WRITE: &str =
        "INSERT INTO server_secrets (name, sealed, created_at) VALUES ($1, zeroblob(1000000), 0)";

    #[tokio::test]
    async fn the_log_is_moved_into_the_file_and_begun_anew() {
        let (store, directory) = fresh_sqlite().await.unwrap();
        let Db::Sqlite(pools) = &*store.db else { unreachable!("the store is SQLite") };
        let length = |ending: &str| {
            let files = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
            let mut found = files.filter(|path| path.to_str().unwrap().ends_with(ending));
            found.next().unwrap().metadata().unwrap().len()
        };
        store.db.write(WRITE, args!["a"]).await.unwrap();
        let (file, log) = (length(".db"), length("-wal"));
        assert!(log > 1_000_000 && file < 1_000_000, "{file} {log}");

        pools.log.note(MOVE_AFTER_BYTES);
        let began = Instant::now();
        while pools.log.written.load(Ordering::Relaxed) > 0 {
            assert!(began.elapsed() < Duration::from_secs(10), "the log is not moved");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        drop(pools.log.moving.lock().await);
        assert!(length(".db") > 1_000_000);
        // The log is written from its beginning again, so it does not become longer.
        store.db.write(WRITE, args!["b"]).await.unwrap();
        assert_eq!(length("-wal"), log);
    }
}
