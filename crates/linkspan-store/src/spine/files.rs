//! The content of attachments: what is kept of it, or why nothing is. The bytes themselves lie outside the database.

use jiff::Timestamp;
use linkspan_model::ids::{RecordId, SourceId};
use linkspan_model::product::UnknownWord;

use super::write::require_active;
use crate::Store;
use crate::db::{Arg, Row, args, bulks, statements};
use crate::error::StoreError;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT record_id, state, version, size, sha256, reason, tries, next_try_at, fetched_at FROM files ",
            $rest
        )
    };
}

statements! {
    ONE = select!("WHERE source_id = $1 AND record_id = $2");
    DUE = select!("WHERE source_id = $1 AND next_try_at <= $2 ORDER BY next_try_at, record_id LIMIT $3");
    PUT = "INSERT INTO files (source_id, record_id, state, version, size, sha256, reason, tries, next_try_at, fetched_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (source_id, record_id) DO UPDATE SET state = excluded.state, version = excluded.version,
            size = excluded.size, sha256 = excluded.sha256, reason = excluded.reason, tries = excluded.tries,
            next_try_at = excluded.next_try_at, fetched_at = excluded.fetched_at";
    FORGET = "DELETE FROM files WHERE source_id = $1 AND record_id = $2";
    IS_KEPT = "SELECT 1 FROM files WHERE source_id = $1 AND sha256 = $2 LIMIT 1";
    COUNTS = "SELECT state, COUNT(*) FROM files WHERE source_id = $1 GROUP BY state ORDER BY state";
}

bulks! {
    // A copy of an older version stays named, so that it can be found and dropped once the new one is here.
    EXPECT = "INSERT INTO files (source_id, state, tries, next_try_at, record_id, version) VALUES ",
        "($1, 'pending', 0, $2, ?, ?)",
        " ON CONFLICT (source_id, record_id) DO UPDATE SET state = 'pending', version = excluded.version, reason = NULL,
            tries = 0, next_try_at = excluded.next_try_at
          WHERE files.version <> excluded.version OR (files.state <> 'stored' AND files.next_try_at IS NULL)";
}

/// The SHA-256 of a file.
pub type FileHash = [u8; 32];

/// What is known of an attachment's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileState {
    /// It is to be fetched.
    Pending,
    /// It is kept here.
    Stored,
    /// It could not be fetched.
    Failed,
    /// It is not kept here by choice; upstream has it.
    Upstream,
}

impl FileState {
    /// The state's word in storage and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Stored => "stored",
            Self::Failed => "failed",
            Self::Upstream => "upstream",
        }
    }
}

impl std::str::FromStr for FileState {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        [Self::Pending, Self::Stored, Self::Failed, Self::Upstream]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| UnknownWord {
                what: "file state",
                word: text.to_owned(),
                known: "pending, stored, failed, upstream",
            })
    }
}

/// The content of one attachment, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// The attachment.
    pub record: RecordId,
    /// What is known.
    pub state: FileState,
    /// Names the version of the content, in the engine's words.
    pub version: String,
    /// Its size in bytes, once it was read to the end.
    pub size: Option<u64>,
    /// Its SHA-256, once it was read to the end.
    pub sha256: Option<FileHash>,
    /// Why it is not kept, for people.
    pub reason: Option<String>,
    /// Fetches that failed since the last success.
    pub tries: u32,
    /// When it is to be fetched; `None`: not by itself.
    pub next_try_at: Option<Timestamp>,
    /// When it was last read to the end.
    pub fetched_at: Option<Timestamp>,
}

impl StoredFile {
    /// Nothing is known of this version yet.
    pub fn unknown(record: RecordId, version: String) -> Self {
        Self {
            record,
            state: FileState::Pending,
            version,
            size: None,
            sha256: None,
            reason: None,
            tries: 0,
            next_try_at: None,
            fetched_at: None,
        }
    }
}

impl Store {
    /// What is known of an attachment's content; `None` when it was never asked for.
    pub async fn file(&self, source: SourceId, record: RecordId) -> Result<Option<StoredFile>, StoreError> {
        self.db.first(ONE, args![source, record]).await?.map(|row| read(&row)).transpose()
    }

    /// Notes that the content of these attachments, each with the name of its version, is to be fetched from `now` on.
    /// What is kept in this version, or is to be fetched already, stays as it is.
    ///
    /// # Errors
    /// [`StoreError::SourceGone`] when the source does not exist or is being erased.
    pub async fn expect_files(
        &self,
        source: SourceId,
        files: &[(RecordId, String)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if files.is_empty() {
            return Ok(());
        }
        let values =
            files.iter().flat_map(|(record, version)| [Arg::from(*record), version.into()]).collect();
        let mut tx = self.db.begin().await?;
        tx.lock_source(source).await?;
        require_active(&mut tx, source).await?;
        tx.run(EXPECT.rows(tx.dialect(), args![source, now], values)).await?;
        tx.commit().await
    }

    /// Files that are to be fetched by `now`, longest due first.
    pub async fn due_files(
        &self,
        source: SourceId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<StoredFile>, StoreError> {
        self.db.all(DUE, args![source, now, i64::from(limit)]).await?.iter().map(read).collect()
    }

    /// Stores what became of an attachment's content; gives the hash of the copy that nothing refers to any more. That a
    /// version could not be fetched does not displace a copy of it.
    ///
    /// # Errors
    /// [`StoreError::SourceGone`] when the source does not exist or is being erased.
    pub async fn put_file(
        &self,
        source: SourceId,
        file: &StoredFile,
    ) -> Result<Option<FileHash>, StoreError> {
        let mut tx = self.db.begin().await?;
        tx.lock_source(source).await?;
        require_active(&mut tx, source).await?;
        let before = tx.first(ONE, args![source, file.record]).await?.map(|row| read(&row)).transpose()?;
        let is_kept = before
            .as_ref()
            .is_some_and(|before| before.state == FileState::Stored && before.version == file.version);
        if is_kept && matches!(file.state, FileState::Failed | FileState::Upstream) {
            return Ok(None);
        }
        #[expect(clippy::cast_possible_wrap, reason = "no file has 2^63 bytes")]
        let size = file.size.map(|size| size as i64);
        let args = args![
            source,
            file.record,
            file.state.as_str(),
            &file.version,
            size,
            file.sha256.map(|hash| hash.to_vec()),
            file.reason.as_deref(),
            i64::from(file.tries),
            file.next_try_at,
            file.fetched_at,
        ];
        tx.execute(PUT, args).await?;
        let dropped = before.and_then(|before| before.sha256).filter(|hash| Some(*hash) != file.sha256);
        let dropped = unreferenced(&mut tx, source, dropped).await?;
        tx.commit().await?;
        Ok(dropped)
    }

    /// Forgets what is known of an attachment's content; gives the hash of the copy that nothing refers to any more.
    pub async fn forget_file(
        &self,
        source: SourceId,
        record: RecordId,
    ) -> Result<Option<FileHash>, StoreError> {
        let mut tx = self.db.begin().await?;
        tx.lock_source(source).await?;
        let before = tx.first(ONE, args![source, record]).await?.map(|row| read(&row)).transpose()?;
        tx.execute(FORGET, args![source, record]).await?;
        let dropped = unreferenced(&mut tx, source, before.and_then(|before| before.sha256)).await?;
        tx.commit().await?;
        Ok(dropped)
    }

    /// How many attachments of a source are in each state; states without any are left out.
    pub async fn count_files(&self, source: SourceId) -> Result<Vec<(FileState, u64)>, StoreError> {
        let rows = self.db.all(COUNTS, args![source]).await?;
        rows.iter().map(|row| Ok((row.word(0)?, row.int(1)?.cast_unsigned()))).collect()
    }
}

/// The hash, if no attachment has the content any more.
async fn unreferenced(
    tx: &mut crate::db::Tx,
    source: SourceId,
    hash: Option<FileHash>,
) -> Result<Option<FileHash>, StoreError> {
    let Some(hash) = hash else { return Ok(None) };
    let kept = tx.first(IS_KEPT, args![source, hash.as_slice()]).await?.is_some();
    Ok((!kept).then_some(hash))
}

fn read(row: &Row) -> Result<StoredFile, StoreError> {
    let hash = |bytes: Vec<u8>| {
        FileHash::try_from(bytes).map_err(|_| StoreError::corrupt("a SHA-256 is not 32 bytes long"))
    };
    Ok(StoredFile {
        record: RecordId(row.uuid(0)?),
        state: row.word(1)?,
        version: row.text(2)?,
        size: row.optional_int(3)?.map(i64::cast_unsigned),
        sha256: row.optional_bytes(4)?.map(hash).transpose()?,
        reason: row.optional_text(5)?,
        tries: u32::try_from(row.int(6)?).map_err(StoreError::corrupt)?,
        next_try_at: row.optional_time(7)?,
        fetched_at: row.optional_time(8)?,
    })
}
