//! The folder of copies: `SOURCE/ab/abcd…`, each file named by the SHA-256 of its content. What is still being written
//! lies in `incoming` and is moved when it is whole and on the disk.

use std::io;
use std::path::{Path, PathBuf};

use linkspan_model::ids::SourceId;
use linkspan_store::FileHash;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

/// Where files lie until they are whole.
const INCOMING: &str = "incoming";
/// Keeps a second process out.
const LOCK: &str = ".lock";

/// An open folder.
pub(super) struct Folder {
    root: PathBuf,
    /// Held as long as the folder is used; the system gives it back when the process ends in whatever way.
    _lock: std::fs::File,
}

/// A copy that is being written. Dropped before it is whole, it is unlinked.
pub(super) struct Incoming {
    file: File,
    path: PathBuf,
}

impl Folder {
    /// Opens the folder, made if absent, and clears it of half-written files and of sources that are not known any more.
    pub(super) async fn open(root: &Path, known: &[SourceId]) -> io::Result<Self> {
        make_private(root)?;
        let lock = std::fs::File::create(root.join(LOCK))?;
        lock.try_lock().map_err(|error| match error {
            std::fs::TryLockError::WouldBlock => io::Error::other("another process uses it"),
            std::fs::TryLockError::Error(error) => error,
        })?;
        remove_tree(&root.join(INCOMING)).await?;
        make_private(&root.join(INCOMING))?;
        let folder = Self { root: root.to_owned(), _lock: lock };
        for source in folder.sources().await? {
            if !known.contains(&source) {
                folder.remove_source(source).await?;
            }
        }
        Ok(folder)
    }

    /// A copy, opened for reading; `None` when it is not there, or not of this size, so that it must be read again.
    pub(super) async fn find(&self, source: SourceId, hash: FileHash, size: u64) -> io::Result<Option<File>> {
        match File::open(self.place(source, hash)).await {
            Ok(file) => Ok((file.metadata().await?.len() == size).then_some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Begins a copy.
    pub(super) async fn receive(&self, name: Uuid) -> io::Result<Incoming> {
        let path = self.root.join(INCOMING).join(name.to_string());
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        Ok(Incoming { file: options.open(&path).await?, path })
    }

    /// Makes a whole copy durable under its hash.
    pub(super) async fn keep(
        &self,
        mut incoming: Incoming,
        source: SourceId,
        hash: FileHash,
    ) -> io::Result<()> {
        incoming.file.flush().await?;
        incoming.file.sync_all().await?;
        let place = self.place(source, hash);
        let directory = place.parent().unwrap_or(&self.root).to_owned();
        make_private(&directory)?;
        tokio::fs::rename(&incoming.path, &place).await?;
        sync_directory(&directory).await
    }

    /// Unlinks a copy; that it is gone already is no failure.
    pub(super) async fn remove(&self, source: SourceId, hash: FileHash) -> io::Result<()> {
        absent_is_fine(tokio::fs::remove_file(self.place(source, hash)).await)
    }

    /// Unlinks every copy of a source.
    pub(super) async fn remove_source(&self, source: SourceId) -> io::Result<()> {
        remove_tree(&self.root.join(source.to_string())).await
    }

    /// The sources that have copies.
    async fn sources(&self) -> io::Result<Vec<SourceId>> {
        let mut sources = Vec::new();
        let mut entries = tokio::fs::read_dir(&self.root).await?;
        while let Some(entry) = entries.next_entry().await? {
            sources.extend(entry.file_name().to_str().and_then(|name| name.parse().ok()).map(SourceId));
        }
        Ok(sources)
    }

    fn place(&self, source: SourceId, hash: FileHash) -> PathBuf {
        let name = hex(&hash);
        self.root.join(source.to_string()).join(&name[..2]).join(name)
    }
}

impl Incoming {
    /// Appends a piece.
    pub(super) async fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.file.write_all(piece).await
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // After the move there is nothing by this name. Otherwise nobody is left to tell of a failure: the next start
        // clears the place.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A hash as text.
pub(super) fn hex(hash: &FileHash) -> String {
    use std::fmt::Write as _;
    hash.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Makes a directory that its owner alone can enter.
fn make_private(directory: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Makes the names in a directory durable, where the system has that.
async fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory).await?.sync_all().await } else { Ok(()) }
}

async fn remove_tree(directory: &Path) -> io::Result<()> {
    absent_is_fine(tokio::fs::remove_dir_all(directory).await)
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: SourceId = SourceId(Uuid::from_u128(1));
    const TWO: SourceId = SourceId(Uuid::from_u128(2));
    const HASH: FileHash = [0xab; 32];

    async fn put(folder: &Folder, source: SourceId) {
        let mut incoming = folder.receive(Uuid::from_u128(7)).await.unwrap();
        incoming.write(b"some").await.unwrap();
        incoming.write(b"thing").await.unwrap();
        folder.keep(incoming, source, HASH).await.unwrap();
    }

    fn incoming(directory: &Path) -> usize {
        std::fs::read_dir(directory.join(INCOMING)).unwrap().count()
    }

    #[tokio::test]
    async fn a_copy_is_found_by_its_hash_once_it_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::open(directory.path(), &[]).await.unwrap();
        assert!(folder.find(ONE, HASH, 9).await.unwrap().is_none());
        put(&folder, ONE).await;
        assert!(folder.find(ONE, HASH, 9).await.unwrap().is_some());
        assert!(folder.find(ONE, HASH, 8).await.unwrap().is_none(), "of another size, it is not whole");
        assert!(folder.find(TWO, HASH, 9).await.unwrap().is_none(), "m5: copies belong to a source");
        assert_eq!(std::fs::read(folder.place(ONE, HASH)).unwrap(), b"something");
        // The same content again is the same copy.
        put(&folder, ONE).await;
        assert_eq!(incoming(directory.path()), 0);
        folder.remove(ONE, HASH).await.unwrap();
        folder.remove(ONE, HASH).await.unwrap();
        assert!(folder.find(ONE, HASH, 9).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn what_is_abandoned_or_left_by_a_killed_process_is_unlinked() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::open(directory.path(), &[]).await.unwrap();
        drop(folder.receive(Uuid::from_u128(1)).await.unwrap());
        assert_eq!(incoming(directory.path()), 0);
        put(&folder, ONE).await;
        put(&folder, TWO).await;
        // As a killed process does, whose destructors never run.
        std::mem::forget(folder.receive(Uuid::from_u128(2)).await.unwrap());
        assert_eq!(incoming(directory.path()), 1);
        drop(folder);
        let folder = Folder::open(directory.path(), &[ONE]).await.unwrap();
        assert_eq!(incoming(directory.path()), 0);
        assert!(folder.find(ONE, HASH, 9).await.unwrap().is_some());
        assert!(folder.find(TWO, HASH, 9).await.unwrap().is_none(), "its source was erased");
    }

    #[tokio::test]
    async fn a_second_process_is_kept_out_and_others_cannot_read() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("files");
        let folder = Folder::open(&root, &[]).await.unwrap();
        let refused = Folder::open(&root, &[]).await.err().unwrap();
        assert_eq!(refused.to_string(), "another process uses it");
        put(&folder, ONE).await;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&root), mode(&folder.place(ONE, HASH))), (0o700, 0o600));
        }
    }
}
