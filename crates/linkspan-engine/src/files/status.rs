//! What is known of an attachment's content, for callers.

use jiff::Timestamp;
use linkspan_model::ids::RecordId;
use linkspan_model::models::Attachment;
use linkspan_model::record::Model;
use linkspan_store::{FileState, StoredFile};

use super::folder::hex;
use super::wanted::Wanted;
use crate::accounts::AccountScope;
use crate::engine::Engine;
use crate::error::EngineError;

/// What is known of an attachment's content.
#[derive(Clone, Debug, PartialEq)]
pub struct AttachmentStatus {
    /// The attachment.
    pub id: RecordId,
    /// Upstream's id of it.
    pub remote_id: Option<String>,
    /// The attachment as it is stored.
    pub attachment: Attachment,
    /// Whether the content is here, and if not, why.
    pub state: FileState,
    /// Why it is not here, for people.
    pub reason: Option<String>,
    /// Its size in bytes: as read, else as upstream says.
    pub size: Option<u64>,
    /// Its SHA-256 in hexadecimal, once it was read to the end.
    pub sha256: Option<String>,
    /// When it was last read to the end.
    pub fetched_at: Option<Timestamp>,
    /// Fetches that failed since.
    pub tries: u32,
    /// When it will be fetched; `None`: when somebody asks for it.
    pub next_try_at: Option<Timestamp>,
}

impl Engine {
    /// What is known of the content of an attachment of the account; `None` when it is not the account's, or was deleted.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn attachment_status(
        &self,
        scope: &AccountScope,
        id: RecordId,
    ) -> Result<Option<AttachmentStatus>, EngineError> {
        let record = self.get_record(scope, Model::Attachment, id).await?;
        let Some(wanted) = record.map(Wanted::of).transpose()?.flatten() else { return Ok(None) };
        let row = self.inner.store.file(scope.source.id, id).await?;
        // What is known of another version says nothing about this one.
        let row = row.filter(|row| row.version == wanted.version).unwrap_or_else(|| StoredFile {
            state: FileState::Upstream,
            ..StoredFile::unknown(id, wanted.version.clone())
        });
        let files = &self.inner.files;
        let (state, next_try_at) = match row.state {
            // Written under other settings: nothing looks into the folder, or fetches by itself, any more.
            FileState::Stored if files.folder.is_none() => (FileState::Upstream, None),
            FileState::Pending if !files.ahead => (FileState::Upstream, None),
            state => (state, row.next_try_at.filter(|_| files.ahead)),
        };
        Ok(Some(AttachmentStatus {
            id,
            remote_id: wanted.record.remote_id,
            state,
            reason: row.reason,
            size: row.size.or(wanted.attachment.size),
            // While a new version is waited for, the row still names the copy of the old one.
            sha256: row.sha256.filter(|_| row.state != FileState::Pending).map(|hash| hex(&hash)),
            fetched_at: row.fetched_at.filter(|_| row.state != FileState::Pending),
            tries: row.tries,
            next_try_at,
            attachment: wanted.attachment,
        }))
    }
}
