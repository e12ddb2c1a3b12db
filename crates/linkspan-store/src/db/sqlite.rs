//! SQLite: one writer connection and a few readers, in write-ahead mode.

use std::path::Path;
use std::time::Duration;

use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{Arguments as _, AssertSqlSafe, ConnectOptions as _, Sqlite};

use super::{Arg, Sql};
use crate::error::{DatabaseError, StoreError};

/// Readers that run at once; more wait.
const READERS: u32 = 4;
/// Longest wait for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest wait for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Rows of a result that may wait to be taken.
const ROW_BUFFER: usize = 256;
/// Size of a page of a new file. Rows of issues are a few KiB; larger pages hold them with less waste, smaller ones cost
/// less where a single entry of an index changes.
const PAGE_BYTES: u32 = 8 * 1024;
/// Size at which the write-ahead log is moved into the file, and to which it is cut.
const LOG_BYTES: u32 = 64 * 1024 * 1024;
/// Page cache of the writer, in KiB.
const WRITER_CACHE_KIB: u32 = 64 * 1024;
/// Page cache of each reader, in KiB.
const READER_CACHE_KIB: u32 = 4 * 1024;

/// The connections to one database file.
pub(crate) struct Pools {
    /// A pool of one: who has the connection is the writer.
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
}

impl Pools {
    pub(crate) async fn open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .page_size(PAGE_BYTES)
            .journal_mode(SqliteJournalMode::Wal)
            // In write-ahead mode NORMAL keeps the database whole after a power cut; only the last transactions may be
            // missing, and a sync resumes from the checkpoint that is missing with them.
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(false)
            .statement_cache_capacity(256)
            // Rows wait here to be taken; a batch of look-ups fits, so the database need not wait for its reader.
            .row_buffer_size(ROW_BUFFER)
            .pragma("temp_store", "memory")
            .disable_statement_logging();
        let writer = pool(1)
            .connect_with(
                options
                    .clone()
                    .thread_name(|_| "store-writer".to_owned())
                    .pragma("cache_size", format!("-{WRITER_CACHE_KIB}"))
                    // What is deleted is overwritten, so that erasing a source leaves nothing in the file.
                    .pragma("secure_delete", "on")
                    .pragma("wal_autocheckpoint", (LOG_BYTES / PAGE_BYTES).to_string())
                    .pragma("journal_size_limit", LOG_BYTES.to_string()),
            )
            .await
            .map_err(|error| StoreError::Open(DatabaseError::from(error)))?;
        let readers = pool(READERS).connect_lazy_with(
            options
                .thread_name(|id| format!("store-reader-{id}"))
                .pragma("cache_size", format!("-{READER_CACHE_KIB}"))
                .pragma("query_only", "1"),
        );
        Ok(Self { writer, readers })
    }

    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // A connection to a file does not go stale, and keeps its prepared statements and cache.
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

pub(crate) fn query(sql: Sql, args: Vec<Arg>) -> Result<Query<'static, Sqlite, SqliteArguments>, StoreError> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(args.len(), 0);
    for arg in args {
        match arg {
            Arg::Text(value) => arguments.add(value),
            Arg::Int(value) => arguments.add(value),
            Arg::Bytes(value) => arguments.add(value),
            Arg::Bool(value) => arguments.add(value),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(match sql {
        Sql::Constant(text) => sqlx::query_with(text, arguments),
        Sql::Built(text) => sqlx::query_with(AssertSqlSafe(text), arguments),
    })
}
