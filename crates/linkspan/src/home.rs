//! Where data is kept: a directory, its database, and the lock that keeps a second process out.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use linkspan_engine::files::FileSettings;
use linkspan_model::entropy::Entropy;
use linkspan_model::secret::Secret;
use linkspan_store::DatabaseUrl;
use linkspan_vault::KeyRing;
use tempfile::TempDir;

use crate::cli::{Attachments, Content, Storage};

/// The directory used when none is named.
const USUAL: &str = "linkspan-data";
/// The database in it.
const DATABASE: &str = "linkspan.db";
/// The directory of attachments in it.
const FILES: &str = "files";
/// The file in which `demo` keeps its key ring.
const KEY_FILE: &str = "master-key";
/// The most bytes of a key file: rings hold a handful of keys.
const KEY_FILE_MAX: u64 = 64 << 10;

/// An open data directory.
pub(crate) struct Home {
    directory: PathBuf,
    database: DatabaseUrl,
    /// Held as long as the database is used; the system gives it back when the process ends in whatever way.
    _lock: Option<File>,
    /// Deletes the directory at the end.
    _temporary: Option<TempDir>,
}

impl Home {
    /// The directory and database that were asked for, or the usual ones.
    pub(crate) fn open(storage: &Storage) -> anyhow::Result<Self> {
        let directory = storage.data_dir.clone().unwrap_or_else(|| PathBuf::from(USUAL));
        Self::at(directory, storage.database.clone(), None)
    }

    /// As [`Home::open`], but beside a process that may be using the same database: for commands that read, or write
    /// single rows, and read no sources.
    pub(crate) fn beside(storage: &Storage) -> anyhow::Result<Self> {
        let home = Self::as_named(storage);
        make_private(&home.directory)
            .with_context(|| format!("cannot make the data directory {}", home.directory.display()))?;
        Ok(home)
    }

    /// The directory and database that were asked for, whether they exist or not.
    pub(crate) fn as_named(storage: &Storage) -> Self {
        let directory = storage.data_dir.clone().unwrap_or_else(|| PathBuf::from(USUAL));
        let database = storage.database.clone();
        let database = database.unwrap_or_else(|| DatabaseUrl::sqlite(directory.join(DATABASE)));
        Self { directory, database, _lock: None, _temporary: None }
    }

    /// As [`Home::open`], but without a named directory a temporary one.
    pub(crate) fn open_or_temporary(storage: &Storage) -> anyhow::Result<Self> {
        if storage.data_dir.is_some() {
            return Self::open(storage);
        }
        let temporary = tempfile::Builder::new()
            .prefix("linkspan-demo-")
            .tempdir()
            .context("cannot make a temporary directory; name one with --data-dir")?;
        Self::at(temporary.path().to_owned(), storage.database.clone(), Some(temporary))
    }

    fn at(
        directory: PathBuf,
        database: Option<DatabaseUrl>,
        temporary: Option<TempDir>,
    ) -> anyhow::Result<Self> {
        make_private(&directory)
            .with_context(|| format!("cannot make the data directory {}", directory.display()))?;
        let database = database.unwrap_or_else(|| DatabaseUrl::sqlite(directory.join(DATABASE)));
        let lock = database.sqlite_path().map(lock).transpose()?;
        Ok(Self { directory, database, _lock: lock, _temporary: temporary })
    }

    /// The database.
    pub(crate) fn database(&self) -> &DatabaseUrl {
        &self.database
    }

    /// The directory.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// What the command line says about attachments, with the directory for copies in this one unless it names another.
    pub(crate) fn files(&self, asked: &Attachments) -> FileSettings {
        let folder = || asked.attachment_dir.clone().unwrap_or_else(|| self.directory.join(FILES));
        FileSettings {
            folder: (asked.content != Content::PassThrough).then(folder),
            ahead: asked.content == Content::Eager,
            max_bytes: asked.attachment_max_bytes,
        }
    }

    /// The key ring that is kept in the directory itself, made at the first start. Whoever has the directory has the key:
    /// for demonstrations alone.
    pub(crate) fn kept_key_ring(&self, entropy: &Entropy) -> anyhow::Result<KeyRing> {
        let path = self.directory.join(KEY_FILE);
        if path.exists() {
            return read_key_ring(&path);
        }
        let ring = KeyRing::generate(entropy);
        // Written elsewhere and moved, so that a half-written ring is never found. Temporary files are their owner's alone.
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
            file.write_all(ring.to_text().expose().as_bytes())?;
            file.as_file().sync_all()?;
            file.persist_noclobber(&path)?;
            Ok(())
        };
        write().with_context(|| format!("cannot write {}", path.display()))?;
        Ok(ring)
    }
}

/// Reads master keys from a file.
pub(crate) fn read_key_ring(path: &Path) -> anyhow::Result<KeyRing> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(KEY_FILE_MAX).read_to_string(&mut text))
        .with_context(|| format!("cannot read the master keys in {}", path.display()))?;
    let text = Secret::new(text);
    KeyRing::parse(&Secret::new(text.expose().trim()))
        .with_context(|| format!("cannot use the master keys in {}", path.display()))
}

/// Keeps a second process from working on the same SQLite file: both would read every source.
fn lock(database: &Path) -> anyhow::Result<File> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!(
            "another linkspan process uses {}: stop it, or choose another directory with --data-dir",
            database.display()
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}

fn make_private(directory: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storage(directory: &Path) -> Storage {
        Storage { data_dir: Some(directory.to_owned()), database: None }
    }

    #[test]
    fn l11_the_kept_key_ring_is_readable_by_its_owner_alone_and_found_again() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::open(&storage(&directory.path().join("new"))).unwrap();
        let ring = home.kept_key_ring(&Entropy::seeded(1)).unwrap();
        let again = home.kept_key_ring(&Entropy::seeded(2)).unwrap();
        assert_eq!(ring.to_text().expose(), again.to_text().expose());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&home.directory().join(KEY_FILE)), 0o600);
            assert_eq!(mode(home.directory()), 0o700);
        }
    }

    #[test]
    fn a_second_process_is_kept_out_until_the_first_ends() {
        let directory = tempfile::tempdir().unwrap();
        let first = Home::open(&storage(directory.path())).unwrap();
        let refused = Home::open(&storage(directory.path())).err().unwrap();
        assert!(refused.to_string().starts_with("another linkspan process uses"), "{refused}");
        drop(first);
        Home::open(&storage(directory.path())).unwrap();
    }

    #[test]
    fn a_key_file_with_something_else_in_it_is_named() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(KEY_FILE), "nonsense").unwrap();
        let home = Home::open(&storage(directory.path())).unwrap();
        let error = home.kept_key_ring(&Entropy::seeded(1)).unwrap_err();
        let words = crate::failure::in_words(&error);
        assert!(words.contains(KEY_FILE) && !words.contains("nonsense"), "{words}");
    }
}
