//! Rows of results, read by position.

use jiff::Timestamp;
use linkspan_vault::{Digest, Sealed};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::error::StoreError;

/// A row of either engine.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

macro_rules! column {
    ($name:ident: $type:ty) => {
        pub(crate) fn $name(&self, index: usize) -> Result<$type, StoreError> {
            Ok(match self {
                Self::Sqlite(row) => row.try_get(index)?,
                Self::Postgres(row) => row.try_get(index)?,
            })
        }
    };
}

impl Row {
    column!(text: String);
    column!(optional_text: Option<String>);
    column!(int: i64);
    column!(optional_int: Option<i64>);
    column!(bool: bool);
    column!(optional_bool: Option<bool>);
    column!(bytes: Vec<u8>);
    column!(optional_bytes: Option<Vec<u8>>);

    pub(crate) fn time(&self, index: usize) -> Result<Timestamp, StoreError> {
        time(self.int(index)?)
    }

    pub(crate) fn optional_time(&self, index: usize) -> Result<Option<Timestamp>, StoreError> {
        self.optional_int(index)?.map(time).transpose()
    }

    pub(crate) fn uuid(&self, index: usize) -> Result<Uuid, StoreError> {
        Ok(Uuid::from_bytes(self.array(index)?))
    }

    pub(crate) fn optional_uuid(&self, index: usize) -> Result<Option<Uuid>, StoreError> {
        self.optional_bytes(index)?.map(|bytes| Ok(Uuid::from_bytes(array(&bytes)?))).transpose()
    }

    /// A 16-byte value.
    pub(crate) fn array(&self, index: usize) -> Result<[u8; 16], StoreError> {
        array(&self.bytes(index)?)
    }

    pub(crate) fn digest(&self, index: usize) -> Result<Digest, StoreError> {
        Digest::from_bytes(&self.bytes(index)?).map_err(StoreError::corrupt)
    }

    pub(crate) fn optional_digest(&self, index: usize) -> Result<Option<Digest>, StoreError> {
        self.optional_bytes(index)?
            .map(|bytes| Digest::from_bytes(&bytes).map_err(StoreError::corrupt))
            .transpose()
    }

    pub(crate) fn sealed(&self, index: usize) -> Result<Sealed, StoreError> {
        Sealed::from_bytes(self.bytes(index)?).map_err(StoreError::corrupt)
    }

    pub(crate) fn optional_sealed(&self, index: usize) -> Result<Option<Sealed>, StoreError> {
        self.optional_bytes(index)?
            .map(|bytes| Sealed::from_bytes(bytes).map_err(StoreError::corrupt))
            .transpose()
    }

    /// A word of a closed vocabulary.
    pub(crate) fn word<T>(&self, index: usize) -> Result<T, StoreError>
    where
        T: std::str::FromStr<Err: std::fmt::Display>,
    {
        self.text(index)?.parse().map_err(StoreError::corrupt)
    }

    /// A word of a closed vocabulary, where there is one.
    pub(crate) fn optional_word<T>(&self, index: usize) -> Result<Option<T>, StoreError>
    where
        T: std::str::FromStr<Err: std::fmt::Display>,
    {
        self.optional_text(index)?.map(|text| text.parse().map_err(StoreError::corrupt)).transpose()
    }

    /// A list of texts kept as JSON.
    pub(crate) fn list(&self, index: usize) -> Result<Vec<String>, StoreError> {
        serde_json::from_str(&self.text(index)?).map_err(StoreError::corrupt)
    }
}

fn time(millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis).map_err(StoreError::corrupt)
}

fn array(bytes: &[u8]) -> Result<[u8; 16], StoreError> {
    bytes.try_into().map_err(|_| StoreError::corrupt("an id is not 16 bytes long"))
}
