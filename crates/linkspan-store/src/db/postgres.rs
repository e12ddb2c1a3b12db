//! PostgreSQL.

use std::str::FromStr as _;
use std::time::Duration;

use linkspan_model::secret::Secret;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::query::Query;
use sqlx::{Arguments as _, AssertSqlSafe, ConnectOptions as _, Postgres};

use super::{Arg, Sql};
use crate::error::{DatabaseError, StoreError};

/// Connections of one node.
const CONNECTIONS: u32 = 16;
/// Longest wait for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) async fn open(url: &Secret) -> Result<PgPool, StoreError> {
    let options = PgConnectOptions::from_str(url.expose())
        // The driver's message may repeat the URL with its password.
        .map_err(|_| StoreError::Url("it is not a PostgreSQL URL".to_owned()))?
        .application_name("linkspan")
        .statement_cache_capacity(256)
        .options([
            // A statement that waits for a lock longer than this gives up; nothing in the store holds one for long.
            ("lock_timeout", "30s"),
            ("statement_timeout", "120s"),
            // A plan made while a table is small walks all of it, and would be kept while a first sync fills it:
            // measured, ten times slower than planning each time.
            ("plan_cache_mode", "force_custom_plan"),
            // The planner's default is that of rotating disks and makes it read whole indexes for a list of ids.
            ("random_page_cost", "1.1"),
        ])
        .disable_statement_logging();
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options)
        .await
        .map_err(|error| StoreError::Open(DatabaseError::from(error)))
}

pub(crate) fn query(sql: Sql, args: Vec<Arg>) -> Result<Query<'static, Postgres, PgArguments>, StoreError> {
    let mut arguments = PgArguments::default();
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
