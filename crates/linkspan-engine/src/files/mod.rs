//! The content of attachments (hazard S21). It is read from upstream when somebody asks for it, or ahead of that; what was
//! read once is kept, named by its SHA-256, unless the settings say otherwise. Records never wait for content: a file that
//! cannot be read leaves its record as it is, with the reason beside it.

mod folder;
mod follow;
mod keep;
mod pass;
mod problem;
mod status;
mod transfer;
mod wanted;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use linkspan_model::ids::SourceId;
use linkspan_store::Store;
use tokio::sync::Semaphore;

pub use self::pass::{AttachmentFile, FileStream};
pub use self::problem::FileProblem;
pub use self::status::AttachmentStatus;
pub use linkspan_store::{FileHash, FileState};

use self::folder::Folder;
use crate::error::EngineError;

/// The largest file that is read from upstream at all, unless the settings say otherwise.
pub const MAX_BYTES: u64 = 5 << 30;
/// The largest file that is read before anybody asks for it: larger ones are left upstream until then.
pub const MAX_BYTES_AHEAD: u64 = 1 << 30;
/// Files on their way from upstream to callers at a time; further callers are told to come back.
const PARALLEL_PASSES: usize = 32;

/// What is done about the content of attachments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSettings {
    /// Where copies are kept; `None`: content passes through to who asked and nothing is kept.
    pub folder: Option<PathBuf>,
    /// Whether files are read before anybody asks for them. Needs a folder.
    pub ahead: bool,
    /// The largest file that is read, in bytes.
    pub max_bytes: u64,
}

impl Default for FileSettings {
    fn default() -> Self {
        Self { folder: None, ahead: false, max_bytes: MAX_BYTES }
    }
}

/// What an engine holds for the content of attachments.
pub(crate) struct Files {
    max_bytes: u64,
    ahead: bool,
    folder: Option<Folder>,
    passes: Arc<Semaphore>,
    /// Sources whose files are not read ahead before this moment.
    resting: Mutex<HashMap<SourceId, Timestamp>>,
}

impl Files {
    /// Opens the folder, and clears it of what an earlier process left half done.
    pub(crate) async fn open(settings: &FileSettings, store: &Store) -> Result<Self, EngineError> {
        let folder = match &settings.folder {
            None => None,
            Some(path) => {
                let known: Vec<SourceId> =
                    store.sources().await?.into_iter().map(|source| source.id).collect();
                let opened = Folder::open(path, &known).await.map_err(|error| {
                    EngineError::Invalid(format!(
                        "cannot keep attachments in {}: {error}; choose another folder with --attachment-dir",
                        path.display()
                    ))
                })?;
                Some(opened)
            }
        };
        Ok(Self {
            max_bytes: settings.max_bytes,
            ahead: settings.ahead && folder.is_some(),
            folder,
            passes: Arc::new(Semaphore::new(PARALLEL_PASSES)),
            resting: Mutex::default(),
        })
    }

    /// Unlinks every copy of a source that is being erased.
    pub(crate) async fn erase(&self, source: SourceId) -> Result<(), EngineError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        folder.remove_source(source).await.map_err(|error| {
            EngineError::Invalid(format!("copies of attachments could not be unlinked: {error}"))
        })
    }
}
