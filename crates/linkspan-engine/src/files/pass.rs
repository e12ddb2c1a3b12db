//! Files for callers: from the copy that is kept, or passed through from upstream piece by piece, no faster than the caller
//! takes them, while a copy is made on the way.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _};
use linkspan_model::ids::{LinkedAccountId, RecordId};
use linkspan_model::record::Model;
use linkspan_store::{FileState, Source, StoredFile};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, SeekFrom};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::folder::{Incoming, hex};
use super::problem::FileProblem;
use super::transfer::Transfer;
use super::wanted::Wanted;
use crate::accounts::AccountScope;
use crate::engine::{Engine, Inner};
use crate::error::EngineError;
use crate::quota::Lane;

/// Bytes read from a copy at a time.
const PIECE: usize = 64 << 10;
/// Pieces that wait between upstream and a caller who is slower.
const PIECES_AHEAD: usize = 4;
/// How long upstream may take to begin to send a file, repeats included: shorter than a request may take.
const BEGIN_PATIENCE: Duration = Duration::from_secs(40);
/// How long a caller may take for one piece.
const CALLER_PATIENCE: Duration = Duration::from_mins(2);
/// How long one file may take in all.
pub(super) const TRANSFER_TIME: Duration = Duration::from_hours(6);
/// A limit of upstream's that passes sooner is waited for.
pub(super) const SHORT_WAIT: Duration = Duration::from_secs(5);
const PURPOSE: &str = "attachment-content";

/// An attachment of the caller's whose content can be asked for.
pub struct AttachmentFile {
    inner: Arc<Inner>,
    source: Arc<Source>,
    wanted: Wanted,
    copy: Option<Copy>,
}

/// A copy that is here, whole.
struct Copy {
    file: File,
    size: u64,
    sha256: String,
}

/// The bytes of a file, or of a part of it.
pub struct FileStream {
    /// How many will come, where that is known.
    pub length: Option<u64>,
    /// The bytes. An error ends them: the caller has to be left with a transfer that is visibly broken.
    pub bytes: BoxStream<'static, Result<Bytes, io::Error>>,
}

impl Engine {
    /// The content of an attachment of the account.
    ///
    /// # Errors
    /// [`FileProblem::NotFound`] when it is not the account's, or was deleted.
    pub async fn attachment_file(
        &self,
        scope: &AccountScope,
        id: RecordId,
    ) -> Result<AttachmentFile, FileProblem> {
        let record = self.get_record(scope, Model::Attachment, id).await.map_err(FileProblem::Internal)?;
        let wanted = record.map(Wanted::of).transpose()?.flatten().ok_or(FileProblem::NotFound)?;
        let copy = self.inner.find_copy(&scope.source, &wanted).await?;
        Ok(AttachmentFile { inner: Arc::clone(&self.inner), source: Arc::clone(&scope.source), wanted, copy })
    }

    /// The address at which an attachment's content can be had for a while, without headers.
    pub fn attachment_url(&self, scope: &AccountScope, id: RecordId) -> String {
        let account = scope.account.id;
        let base = self.inner.settings.vendor.public_url.as_str().trim_end_matches('/');
        format!("{base}/files/{account}/{id}?{}", self.signed_query(PURPOSE, account, id))
    }

    /// The content of an attachment, for the holder of such an address.
    ///
    /// # Errors
    /// [`FileProblem::NotFound`] when the signature is wrong, its time is over, or the attachment is gone: the three are not
    /// told apart.
    pub async fn signed_attachment_file(
        &self,
        account: LinkedAccountId,
        id: RecordId,
        expires: i64,
        signature: &str,
    ) -> Result<AttachmentFile, FileProblem> {
        if !self.is_signed(PURPOSE, account, id, expires, signature) {
            return Err(FileProblem::NotFound);
        }
        let account = self.inner.store.linked_account(account).await?.ok_or(FileProblem::NotFound)?;
        let scope = self.scope_of(account).await.map_err(FileProblem::Internal)?;
        self.attachment_file(&scope.ok_or(FileProblem::NotFound)?, id).await
    }
}

impl Inner {
    /// The copy of an attachment in its present version. One that has disappeared from the disk is forgotten.
    async fn find_copy(&self, source: &Source, wanted: &Wanted) -> Result<Option<Copy>, FileProblem> {
        let row = self.store.file(source.id, wanted.record.id).await?;
        let Some(row) = row.filter(|row| row.state == FileState::Stored && row.version == wanted.version)
        else {
            return Ok(None);
        };
        let (Some(folder), Some(size), Some(hash)) = (&self.files.folder, row.size, row.sha256) else {
            return Ok(None);
        };
        match folder.find(source.id, hash, size).await {
            Ok(Some(file)) => return Ok(Some(Copy { file, size, sha256: hex(&hash) })),
            Ok(None) => {
                tracing::warn!(source.id = %source.id, "the copy of an attachment is gone from the disk");
            }
            Err(error) => {
                tracing::error!(source.id = %source.id, %error, "the copy of an attachment cannot be read");
            }
        }
        let lost = StoredFile {
            next_try_at: self.files.ahead.then(|| self.clock.now()),
            ..StoredFile::unknown(row.record, row.version)
        };
        self.put_file(source.id, &lost).await?;
        Ok(None)
    }
}

impl AttachmentFile {
    /// What it is called; may be empty.
    pub fn name(&self) -> &str {
        &self.wanted.attachment.file_name
    }

    /// Its MIME type as upstream gave it.
    pub fn content_type(&self) -> Option<&str> {
        self.wanted.attachment.content_type.as_deref()
    }

    /// Its size in bytes: that of the copy, else what upstream says of it.
    pub fn size(&self) -> Option<u64> {
        self.copy.as_ref().map(|copy| copy.size).or(self.wanted.attachment.size)
    }

    /// The SHA-256 of the copy in hexadecimal; `None` while there is none. Only what has a copy can be read in parts.
    pub fn sha256(&self) -> Option<&str> {
        self.copy.as_ref().map(|copy| copy.sha256.as_str())
    }

    /// Its bytes; those of `part` alone where a copy is here.
    ///
    /// # Errors
    /// Why upstream does not give them; the reason is kept beside the attachment.
    pub async fn open(mut self, part: Option<Range<u64>>) -> Result<FileStream, FileProblem> {
        match self.copy.take() {
            Some(copy) => read_copy(copy, part).await,
            None => self.pass().boxed().await,
        }
    }

    /// Begins to pass the file through.
    async fn pass(self) -> Result<FileStream, FileProblem> {
        let Self { inner, source, wanted, .. } = self;
        let place = Arc::clone(&inner.files.passes).try_acquire_owned().map_err(|_| FileProblem::Busy)?;
        let begun = begin(&inner, &source, &wanted).await;
        let transfer = match begun {
            Ok(transfer) => transfer,
            Err(problem) => {
                tracing::info!(source.id = %source.id, %problem, "a file could not be read");
                inner.note_failed_pass(source.id, &wanted, &problem).await;
                return Err(problem);
            }
        };
        let length = transfer.expected();
        let (sender, receiver) = mpsc::channel(PIECES_AHEAD);
        let pass = Pass { inner: Arc::clone(&inner), source, wanted, sender, _place: place };
        inner.tasks.spawn(pass.run(transfer));
        let bytes = stream::unfold(receiver, async |mut receiver| {
            receiver.recv().await.map(|piece| (piece.map_err(io::Error::other), receiver))
        });
        Ok(FileStream { length, bytes: bytes.boxed() })
    }
}

/// Asks upstream for the file, within the time that a caller waits.
async fn begin(inner: &Arc<Inner>, source: &Arc<Source>, wanted: &Wanted) -> Result<Transfer, FileProblem> {
    let content = wanted.call(source.product).ok_or(FileProblem::NoContent)?;
    let cap = inner.files.max_bytes;
    if wanted.attachment.size.is_some_and(|size| size > cap) {
        return Err(FileProblem::TooLarge { cap });
    }
    let client = inner.file_client(source, Lane::Live);
    let wait = client.wait_of(content.call).await.map_err(FileProblem::Internal)?;
    if wait > SHORT_WAIT {
        let why = "the limit of calls is used up".to_owned();
        return Err(FileProblem::Throttled { why, retry_after: wait });
    }
    let call = content.call;
    match tokio::time::timeout(BEGIN_PATIENCE, Transfer::begin(client, content, cap)).await {
        Ok(begun) => begun.map_err(|error| FileProblem::of(error, call)),
        Err(_) => Err(FileProblem::TimedOut),
    }
}

/// A file that is being passed through.
struct Pass {
    inner: Arc<Inner>,
    source: Arc<Source>,
    wanted: Wanted,
    sender: mpsc::Sender<Result<Bytes, FileProblem>>,
    _place: OwnedSemaphorePermit,
}

impl Pass {
    async fn run(self, transfer: Transfer) {
        let passed = tokio::time::timeout(TRANSFER_TIME, self.pieces(transfer));
        let problem = match passed.await {
            Ok(Ok(())) => return,
            Ok(Err(problem)) => problem,
            Err(_) => FileProblem::TimedOut,
        };
        tracing::info!(source.id = %self.source.id, %problem, "a file broke off on its way to the caller");
        self.inner.note_failed_pass(self.source.id, &self.wanted, &problem).await;
        // The caller may be gone; then nobody needs to know.
        let _ = self.sender.send_timeout(Err(problem), CALLER_PATIENCE).await;
    }

    /// Hands all pieces on. The last one is held back until the copy is kept: who has the whole file finds it here.
    async fn pieces(&self, mut transfer: Transfer) -> Result<(), FileProblem> {
        let content = self.wanted.call(self.source.product).ok_or(FileProblem::NoContent)?;
        let mut copy = self.inner.begin_copy().await;
        let mut held: Option<Bytes> = None;
        loop {
            let next = tokio::select! {
                next = transfer.next() => next,
                () = self.inner.stop.cancelled() => Err(EngineError::Stopped),
            };
            let Some(piece) = next.map_err(|error| FileProblem::of(error, content.call))? else { break };
            copy = written(copy, &piece).await;
            if let Some(before) = held.replace(piece) {
                self.hand_on(before).await?;
            }
        }
        self.inner.keep_file(self.source.id, &self.wanted, copy, transfer.finish()).await?;
        match held {
            Some(last) => self.hand_on(last).await,
            None => Ok(()),
        }
    }

    async fn hand_on(&self, piece: Bytes) -> Result<(), FileProblem> {
        self.sender.send_timeout(Ok(piece), CALLER_PATIENCE).await.map_err(|_| FileProblem::Abandoned)
    }
}

/// Appends a piece to a copy; `None` when the disk does not take it.
pub(super) async fn written(copy: Option<Incoming>, piece: &[u8]) -> Option<Incoming> {
    let mut copy = copy?;
    match copy.write(piece).await {
        Ok(()) => Some(copy),
        Err(error) => {
            tracing::error!(%error, "an attachment cannot be kept");
            None
        }
    }
}

/// The bytes of a copy.
async fn read_copy(copy: Copy, part: Option<Range<u64>>) -> Result<FileStream, FileProblem> {
    let failed = |error: io::Error| {
        tracing::error!(%error, "the copy of an attachment cannot be read");
        FileProblem::Unreachable { why: "the copy that is kept here cannot be read".to_owned() }
    };
    let part = part.unwrap_or(0..copy.size);
    let mut file = copy.file;
    if part.start > 0 {
        file.seek(SeekFrom::Start(part.start)).await.map_err(failed)?;
    }
    let length = part.end.saturating_sub(part.start);
    let bytes = stream::try_unfold((file, length), async |(mut file, left)| {
        if left == 0 {
            return Ok(None);
        }
        let room = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        let mut piece = BytesMut::zeroed(room);
        let read = file.read(&mut piece).await?;
        if read == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        piece.truncate(read);
        Ok(Some((piece.freeze(), (file, left - read as u64))))
    });
    Ok(FileStream { length: Some(length), bytes: bytes.boxed() })
}
