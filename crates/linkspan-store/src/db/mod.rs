//! The door to the database: two engines, one [`Row`], one [`Arg`].

pub(crate) mod args;
pub(crate) mod bulk;
pub(crate) mod dialect;
pub(crate) mod postgres;
pub(crate) mod row;
mod scrub;
pub(crate) mod sqlite;
pub(crate) mod statement;
pub(crate) mod write_ahead;

use std::future::Future;

use futures_util::TryStreamExt as _;
use sqlx::{Postgres, Transaction};

pub(crate) use args::{Arg, args};
pub(crate) use bulk::{Bulk, bulks};
pub(crate) use dialect::Dialect;
pub(crate) use row::Row;
pub(crate) use statement::{Query, Sql, statements};

use crate::error::StoreError;

/// An open database.
pub(crate) enum Db {
    Sqlite(sqlite::Pools),
    Postgres(sqlx::PgPool),
}

/// A write transaction. It is rolled back unless [`Tx::commit`] returns.
pub(crate) enum Tx {
    Sqlite(sqlite::WriteTransaction),
    Postgres(Transaction<'static, Postgres>),
}

impl Db {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Begins a write transaction. On SQLite there is one writer at a time, and it holds the write lock from here on.
    pub(crate) async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite(pools) => Tx::Sqlite(sqlite::WriteTransaction::begin(pools).await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// All rows of a query outside any transaction.
    pub(crate) async fn all(&self, sql: impl Into<Sql>, args: Vec<Arg>) -> Result<Vec<Row>, StoreError> {
        let sql = sql.into();
        Ok(match self {
            Self::Sqlite(pools) => {
                collect(sqlite::query(sql, args)?.fetch(&pools.readers), Row::Sqlite).await?
            }
            Self::Postgres(pool) => collect(postgres::query(sql, args)?.fetch(pool), Row::Postgres).await?,
        })
    }

    /// The first row of a query outside any transaction.
    pub(crate) async fn first(&self, sql: impl Into<Sql>, args: Vec<Arg>) -> Result<Option<Row>, StoreError> {
        let sql = sql.into();
        Ok(match self {
            Self::Sqlite(pools) => {
                sqlite::query(sql, args)?.fetch_optional(&pools.readers).await?.map(Row::Sqlite)
            }
            Self::Postgres(pool) => {
                postgres::query(sql, args)?.fetch_optional(pool).await?.map(Row::Postgres)
            }
        })
    }

    /// Runs one writing statement in a transaction of its own; the number of rows it touched.
    pub(crate) async fn write(&self, sql: impl Into<Sql>, args: Vec<Arg>) -> Result<u64, StoreError> {
        let sql = sql.into();
        Ok(match self {
            Self::Sqlite(pools) => sqlite::query(sql, args)?.execute(&pools.writer).await?.rows_affected(),
            Self::Postgres(pool) => postgres::query(sql, args)?.execute(pool).await?.rows_affected(),
        })
    }

    /// Runs one writing statement with RETURNING in a transaction of its own; the first row it returns.
    pub(crate) async fn write_returning(
        &self,
        sql: impl Into<Sql>,
        args: Vec<Arg>,
    ) -> Result<Option<Row>, StoreError> {
        let sql = sql.into();
        Ok(match self {
            // All rows are taken: a statement that is abandoned after its first row might not be finished.
            Self::Sqlite(pools) => {
                sqlite::query(sql, args)?.fetch_all(&pools.writer).await?.into_iter().next().map(Row::Sqlite)
            }
            Self::Postgres(pool) => {
                postgres::query(sql, args)?.fetch_optional(pool).await?.map(Row::Postgres)
            }
        })
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(pools) => pools.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    pub(crate) async fn all(&mut self, sql: impl Into<Sql>, args: Vec<Arg>) -> Result<Vec<Row>, StoreError> {
        let sql = sql.into();
        Ok(match self {
            Self::Sqlite(tx) => collect(sqlite::query(sql, args)?.fetch(&mut *tx.inner), Row::Sqlite).await?,
            Self::Postgres(tx) => {
                collect(postgres::query(sql, args)?.fetch(&mut **tx), Row::Postgres).await?
            }
        })
    }

    pub(crate) async fn first(
        &mut self,
        sql: impl Into<Sql>,
        args: Vec<Arg>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.all(sql, args).await?.into_iter().next())
    }

    pub(crate) async fn execute(&mut self, sql: impl Into<Sql>, args: Vec<Arg>) -> Result<u64, StoreError> {
        let sql = sql.into();
        Ok(match self {
            Self::Sqlite(tx) => {
                tx.written += args.iter().map(Arg::size).sum::<u64>();
                sqlite::query(sql, args)?.execute(&mut *tx.inner).await?.rows_affected()
            }
            Self::Postgres(tx) => postgres::query(sql, args)?.execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// Runs statements one after another.
    pub(crate) async fn run(
        &mut self,
        statements: impl Iterator<Item = (Sql, Vec<Arg>)>,
    ) -> Result<(), StoreError> {
        for (sql, args) in statements {
            self.execute(sql, args).await?;
        }
        Ok(())
    }

    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

/// Takes all rows of a stream.
fn collect<R>(
    rows: impl futures_util::Stream<Item = Result<R, sqlx::Error>>,
    wrap: fn(R) -> Row,
) -> impl Future<Output = Result<Vec<Row>, sqlx::Error>> {
    rows.map_ok(wrap).try_collect()
}
