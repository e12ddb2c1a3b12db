//! SQLite: one writer connection and a few readers, in write-ahead mode.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{Arguments as _, AssertSqlSafe, ConnectOptions as _, Sqlite, Transaction};
use tokio::task::JoinSet;

use super::write_ahead::WriteAheadLog;
use super::{Arg, Sql};
use crate::error::{DatabaseError, StoreError};

/// Readers that run at once; more wait.
const READERS: u32 = 4;
/// Longest wait for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest wait for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// SQLite's code for a file that another connection holds.
const BUSY_CODE: &str = "5";
/// Tries to open a file that another process opens at the same time.
const OPEN_TRIES: u32 = 100;
/// How long to wait between them.
const OPEN_PAUSE: Duration = Duration::from_millis(20);
/// Rows of a result that may wait to be taken.
const ROW_BUFFER: usize = 256;
/// Size of a page of a new file. A change of one entry of an index costs a page, so smaller ones are written sooner; rows
/// longer than a page go on in further pages.
const PAGE_BYTES: u32 = 4 * 1024;
/// Size to which the write-ahead log is cut when it was longer for once.
const LOG_BYTES: u32 = 64 * 1024 * 1024;
/// Size at which the writer itself moves the log into the file, should [`WriteAheadLog`] not have done so.
const LOG_MAX_BYTES: u32 = 4 * LOG_BYTES;
/// Page cache of the writer, in KiB.
const WRITER_CACHE_KIB: u32 = 64 * 1024;
/// Page cache of each reader, in KiB.
const READER_CACHE_KIB: u32 = 4 * 1024;

/// The connections to one database file.
pub(crate) struct Pools {
    /// A pool of one: who has the connection is the writer.
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
    pub(crate) log: Arc<WriteAheadLog>,
    pub(crate) path: PathBuf,
    /// Keeps the log short; ends with the pools.
    _log_keeper: JoinSet<()>,
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
        let writer = open_writer(
            &options
                .clone()
                .thread_name(|_| "store-writer".to_owned())
                .pragma("cache_size", format!("-{WRITER_CACHE_KIB}"))
                // What is deleted is overwritten, so that erasing a source leaves nothing in the file.
                .pragma("secure_delete", "on")
                .pragma("wal_autocheckpoint", (LOG_MAX_BYTES / PAGE_BYTES).to_string())
                .pragma("journal_size_limit", LOG_BYTES.to_string()),
        )
        .await?;
        let readers = pool(READERS).connect_lazy_with(
            options
                .clone()
                .thread_name(|id| format!("store-reader-{id}"))
                .pragma("cache_size", format!("-{READER_CACHE_KIB}"))
                .pragma("query_only", "1"),
        );
        let mover = pool(1).connect_lazy_with(
            options
                .thread_name(|_| "store-log-mover".to_owned())
                .pragma("cache_size", format!("-{READER_CACHE_KIB}")),
        );
        let log = WriteAheadLog::new(mover, writer.clone());
        let mut log_keeper = JoinSet::new();
        log_keeper.spawn(Arc::clone(&log).keep_short());
        Ok(Self { writer, readers, log, path: path.to_owned(), _log_keeper: log_keeper })
    }

    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.log.close().await;
        self.writer.close().await;
    }
}

/// A write transaction.
pub(crate) struct WriteTransaction {
    pub(crate) inner: Transaction<'static, Sqlite>,
    /// Bytes of content written so far.
    pub(crate) written: u64,
    log: Arc<WriteAheadLog>,
}

impl WriteTransaction {
    pub(crate) async fn begin(pools: &Pools) -> Result<Self, StoreError> {
        let inner = pools.writer.begin_with("BEGIN IMMEDIATE").await?;
        Ok(Self { inner, written: 0, log: Arc::clone(&pools.log) })
    }

    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        self.inner.commit().await?;
        self.log.note(self.written);
        Ok(())
    }
}

/// Opens the file for writing. Two processes that open a new file at once both switch it to write-ahead mode, for which
/// SQLite does not wait: one of them is told that the file is locked, and tries again.
async fn open_writer(options: &SqliteConnectOptions) -> Result<SqlitePool, StoreError> {
    let mut tries = 1;
    loop {
        match pool(1).connect_with(options.clone()).await {
            Ok(writer) => return Ok(writer),
            Err(sqlx::Error::Database(error))
                if error.code().as_deref() == Some(BUSY_CODE) && tries < OPEN_TRIES =>
            {
                tries += 1;
                tokio::time::sleep(OPEN_PAUSE).await;
            }
            Err(error) => return Err(StoreError::Open(DatabaseError::from(error))),
        }
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
