use linkspan_model::ids::SourceId;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database URL cannot be used.
    #[error("unusable database URL: {0}; expected `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`")]
    Url(String),
    /// The database could not be opened.
    #[error("cannot open the database: {0}")]
    Open(#[source] DatabaseError),
    /// The schema could not be brought up to date.
    #[error("cannot migrate the database: {0}")]
    Migrate(String),
    /// Other writers held the database, or all connections were taken, for longer than the bounded wait. Try again.
    #[error("the database stayed busy: try again")]
    Busy,
    /// The database refused a statement or failed.
    #[error("the database failed: {0}")]
    Database(#[source] DatabaseError),
    /// A stored value cannot be read back: it was altered from outside or by a newer version.
    #[error("a stored value cannot be read: {0}")]
    Corrupt(String),
    /// The source does not exist or is being erased: nothing may be written for it.
    #[error("the source {0} does not exist or is being erased")]
    SourceGone(SourceId),
    /// A source was to change hands, and another customer reads through it.
    #[error("the source {0} is read by another customer too, and cannot change hands: link again")]
    SourceShared(SourceId),
    /// A batch exceeds what one transaction may hold.
    #[error("a batch has {rows} rows; at most {max} fit one transaction: write it in parts")]
    BatchTooLarge {
        /// Rows in the batch.
        rows: usize,
        /// Rows that would have been accepted.
        max: usize,
    },
    /// An account was erased since the batch was made: it could bring back what was erased. Look at
    /// [`Store::erased_since`](crate::Store::erased_since) and make the batch anew.
    #[error("an account was erased meanwhile: make the batch anew")]
    ErasuresMoved,
    /// A row that must not exist yet does.
    #[error("{0} exists already")]
    Exists(&'static str),
    /// What is to be deleted is still used.
    #[error("cannot be deleted: {0}")]
    InUse(&'static str),
    /// There are as many as there may be.
    #[error("there are {most} {what} already, which is the most: delete one first")]
    LimitReached {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        most: i64,
    },
}

impl StoreError {
    /// Whether the same call may succeed if it is made again after a pause.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Busy => true,
            Self::Database(error) | Self::Open(error) => error.is_transient(),
            _ => false,
        }
    }

    pub(crate) fn corrupt(what: impl std::fmt::Display) -> Self {
        Self::Corrupt(what.to_string())
    }
}

/// What the database driver reported. Statements and their arguments are never part of it.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct DatabaseError(sqlx::Error);

impl DatabaseError {
    fn is_transient(&self) -> bool {
        match &self.0 {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => true,
            // 40001 serialization failure, 40P01 deadlock, 57P01-57P03 the server is restarting.
            sqlx::Error::Database(error) => error
                .code()
                .is_some_and(|code| matches!(&*code, "40001" | "40P01" | "57P01" | "57P02" | "57P03")),
            _ => false,
        }
    }
}

impl From<sqlx::Error> for DatabaseError {
    fn from(error: sqlx::Error) -> Self {
        Self(error)
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut => Self::Busy,
            // SQLite reports its primary result code in the low byte: 5 is SQLITE_BUSY, 6 SQLITE_LOCKED. PostgreSQL's
            // codes have five characters, so the two cannot be confused.
            sqlx::Error::Database(database)
                if database.code().is_some_and(|code| {
                    code.len() < 5 && code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6))
                }) =>
            {
                Self::Busy
            }
            _ => Self::Database(DatabaseError(error)),
        }
    }
}
