//! What becomes of a file once it was read or could not be: the copy, and the row about it.

use std::sync::Arc;

use linkspan_model::ids::{RecordId, SourceId};
use linkspan_store::{FileHash, FileState, StoreError, StoredFile};

use super::folder::Incoming;
use super::problem::FileProblem;
use super::wanted::Wanted;
use crate::engine::Inner;
use crate::quota::Lane;
use crate::upstream::SourceClient;

impl Inner {
    /// A client of its own for the files of a source: what it spends is no run's.
    pub(super) fn file_client(
        self: &Arc<Self>,
        source: &Arc<linkspan_store::Source>,
        lane: Lane,
    ) -> SourceClient {
        let stop = self.stop.child_token();
        SourceClient::new(Arc::clone(self), Arc::clone(source), lane, Arc::default(), stop)
    }

    /// Begins a copy, where copies are kept. A disk that does not take it costs the copy, not the file.
    pub(super) async fn begin_copy(&self) -> Option<Incoming> {
        let folder = self.files.folder.as_ref()?;
        match folder.receive(self.entropy.uuid()).await {
            Ok(incoming) => Some(incoming),
            Err(error) => {
                tracing::error!(%error, "attachments cannot be kept");
                None
            }
        }
    }

    /// Keeps a file that was read whole: its copy, if there is one, and what is known of it.
    pub(super) async fn keep_file(
        &self,
        source: SourceId,
        wanted: &Wanted,
        copy: Option<Incoming>,
        (size, hash): (u64, FileHash),
    ) -> Result<StoredFile, StoreError> {
        let is_stored = match (&self.files.folder, copy) {
            (Some(folder), Some(copy)) => match folder.keep(copy, source, hash).await {
                Ok(()) => true,
                Err(error) => {
                    tracing::error!(source.id = %source, %error, "an attachment could not be kept");
                    false
                }
            },
            _ => false,
        };
        let file = StoredFile {
            state: if is_stored { FileState::Stored } else { FileState::Upstream },
            size: Some(size),
            sha256: Some(hash),
            fetched_at: Some(self.clock.now()),
            ..StoredFile::unknown(wanted.record.id, wanted.version.clone())
        };
        if let Err(error) = self.put_file(source, &file).await {
            if is_stored
                && matches!(error, StoreError::SourceGone(_))
                && let Err(error) = self.files.erase(source).await
            {
                // It is cleared at the next start, because the source is not known any more.
                tracing::error!(source.id = %source, %error, "a copy that came too late was left");
            }
            return Err(error);
        }
        Ok(file)
    }

    /// Notes that a file could not be read for who asked for it. When it is to be read ahead, that is left as it is.
    pub(super) async fn note_failed_pass(&self, source: SourceId, wanted: &Wanted, problem: &FileProblem) {
        if !problem.is_of_the_file() {
            return;
        }
        let noted = async {
            let before = self.store.file(source, wanted.record.id).await?;
            let before = before.filter(|file| file.version == wanted.version);
            let mut file =
                before.unwrap_or_else(|| StoredFile::unknown(wanted.record.id, wanted.version.clone()));
            file.state = FileState::Failed;
            file.reason = Some(problem.to_string());
            file.tries = file.tries.saturating_add(1);
            self.put_file(source, &file).await
        };
        if let Err(error) = noted.await {
            tracing::warn!(source.id = %source, %error, "why a file could not be read was not noted");
        }
    }

    /// Stores a row, and unlinks the copy that nothing refers to any more.
    pub(super) async fn put_file(&self, source: SourceId, file: &StoredFile) -> Result<(), StoreError> {
        let dropped = self.store.put_file(source, file).await?;
        self.drop_copy(source, dropped).await;
        Ok(())
    }

    /// Forgets a file whose attachment is gone.
    pub(super) async fn forget_file(&self, source: SourceId, record: RecordId) -> Result<(), StoreError> {
        // Most attachments that are gone were never asked for: a look costs less than a transaction.
        if self.store.file(source, record).await?.is_none() {
            return Ok(());
        }
        let dropped = self.store.forget_file(source, record).await?;
        self.drop_copy(source, dropped).await;
        Ok(())
    }

    async fn drop_copy(&self, source: SourceId, hash: Option<FileHash>) {
        if let (Some(folder), Some(hash)) = (&self.files.folder, hash)
            && let Err(error) = folder.remove(source, hash).await
        {
            tracing::warn!(source.id = %source, %error, "a copy of an attachment could not be unlinked");
        }
    }
}
