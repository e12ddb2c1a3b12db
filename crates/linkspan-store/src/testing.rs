//! Helpers for tests of this crate and of those above it.

use linkspan_model::change::ChangeKind;
use linkspan_model::ids::{RecordId, SourceId};
use linkspan_model::record::Model;
use tempfile::TempDir;

use crate::db::{Sql, Tx};
use crate::error::StoreError;
use crate::spine::changes;
use crate::{DatabaseUrl, Store};

/// The environment variable that names a PostgreSQL server for tests, as a `postgres://` URL without parameters.
pub const POSTGRES_VARIABLE: &str = "LINKSPAN_TEST_POSTGRES";

/// An empty store in a SQLite file of its own, which lasts as long as the directory.
pub async fn fresh_sqlite() -> Result<(Store, TempDir), StoreError> {
    let directory = tempfile::tempdir().map_err(|error| StoreError::Url(error.to_string()))?;
    let store = Store::open(&DatabaseUrl::sqlite(directory.path().join("linkspan.db"))).await?;
    Ok((store, directory))
}

/// An empty store in a PostgreSQL schema of its own, called `name`; `None`, with a line that says so, when
/// [`POSTGRES_VARIABLE`] names no server.
pub async fn fresh_postgres(name: &str) -> Result<Option<Store>, StoreError> {
    match fresh_postgres_url(name).await? {
        Some(url) => Store::open(&url).await.map(Some),
        None => Ok(None),
    }
}

/// The URL of an empty PostgreSQL schema called `name`; `None`, with a line that says so, when [`POSTGRES_VARIABLE`]
/// names no server.
pub async fn fresh_postgres_url(name: &str) -> Result<Option<DatabaseUrl>, StoreError> {
    fresh_postgres_text(name).await?.map(|url| url.parse()).transpose()
}

/// As [`fresh_postgres_url`], in the form in which a command takes it.
pub async fn fresh_postgres_text(name: &str) -> Result<Option<String>, StoreError> {
    #[expect(clippy::disallowed_methods, reason = "tests have no configuration module")]
    let Ok(server) = std::env::var(POSTGRES_VARIABLE) else {
        #[expect(clippy::print_stderr, reason = "who runs the tests is to know what was not tested")]
        {
            eprintln!("skipped on PostgreSQL: {POSTGRES_VARIABLE} names no server");
        }
        return Ok(None);
    };
    let admin = crate::db::postgres::open(&linkspan_model::secret::Secret::new(server.clone())).await?;
    let admin = crate::db::Db::Postgres(admin);
    let schema: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    for text in [format!("DROP SCHEMA IF EXISTS {schema} CASCADE"), format!("CREATE SCHEMA {schema}")] {
        admin.write(Sql::Built(text.into()), Vec::new()).await?;
    }
    admin.close().await;
    Ok(Some(format!("{server}?options[search_path]={schema}")))
}

/// A writer that has taken its place in the change feed and has not committed yet.
pub struct HeldWrite(Tx);

impl HeldWrite {
    /// Begins a write to `source` that adds one entry, for `record`, to the feed.
    pub async fn begin(store: &Store, source: SourceId, record: RecordId) -> Result<Self, StoreError> {
        let mut tx = store.db.begin().await?;
        tx.lock_source(source).await?;
        let entry = changes::Entry {
            id: record,
            model: Model::Ticket,
            kind: ChangeKind::Created,
            absence: None,
            left: None,
        };
        changes::append(&mut tx, source, &[entry], 0).await?;
        Ok(Self(tx))
    }

    /// Commits it.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.0.commit().await
    }
}

/// Runs a statement of a test's own, to bring about states that the border cannot.
pub async fn tamper(store: &Store, statement: &'static str) -> Result<u64, StoreError> {
    store.db.write(statement, Vec::new()).await
}
