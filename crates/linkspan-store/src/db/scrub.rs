//! Searching SQLite's file for traces of what was erased, and writing it anew.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::sqlite::Pools;
use crate::error::{DatabaseError, StoreError};

/// Bytes of the file that are looked at a time.
const WINDOW: usize = 1 << 20;
/// Shorter traces would be found by chance, so they are not searched for: the file is written anew.
const SHORTEST_TRACE: usize = 5;
/// The longest trace that is searched for whole.
const LONGEST_TRACE: usize = 1_024;

impl Pools {
    /// See [`Store::scrub`](crate::Store::scrub).
    pub(crate) async fn scrub(&self, traces: &[String]) -> Result<bool, StoreError> {
        self.log.truncate().await?;
        let traces: Vec<Vec<u8>> =
            traces.iter().map(|trace| trace.as_bytes()[..trace.len().min(LONGEST_TRACE)].to_vec()).collect();
        if !traces.is_empty() && traces.iter().all(|trace| trace.len() >= SHORTEST_TRACE) {
            let path = self.path.clone();
            let found = tokio::task::spawn_blocking(move || holds_any(&path, &traces)).await;
            let found = found.unwrap_or_else(|error| Err(std::io::Error::other(error)));
            if !found
                .map_err(|error| DatabaseError::from(sqlx::Error::Io(error)))
                .map_err(StoreError::Database)?
            {
                return Ok(false);
            }
        }
        // One statement, on the one connection that writes: writers wait, readers go on.
        sqlx::query(super::write_ahead::WRITE_ANEW).execute(&self.writer).await?;
        self.log.truncate().await?;
        Ok(true)
    }
}

/// Whether the file or its log holds one of the texts, byte by byte.
fn holds_any(path: &Path, traces: &[Vec<u8>]) -> std::io::Result<bool> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    for file in [path.to_owned(), PathBuf::from(log)] {
        match std::fs::File::open(file) {
            Ok(file) => {
                if holds(file, traces)? {
                    return Ok(true);
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

fn holds(mut file: impl Read, traces: &[Vec<u8>]) -> std::io::Result<bool> {
    let finders: Vec<_> = traces.iter().map(memchr::memmem::Finder::new).collect();
    let mut window = Vec::with_capacity(WINDOW + LONGEST_TRACE);
    loop {
        // What a window ends with may be the beginning of a trace.
        let kept = window.len().saturating_sub(LONGEST_TRACE);
        window.drain(..kept);
        let before = window.len();
        let read = Read::take(&mut file, WINDOW as u64).read_to_end(&mut window)?;
        if finders.iter().any(|finder| finder.find(&window).is_some()) {
            return Ok(true);
        }
        if read == 0 || window.len() == before {
            return Ok(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_found_wherever_it_lies() {
        let trace = b"planted name".to_vec();
        for start in [0, 1, WINDOW - 6, WINDOW, 2 * WINDOW - 1, 3 * WINDOW - trace.len()] {
            let mut bytes = vec![b'.'; 3 * WINDOW];
            bytes[start..start + trace.len()].copy_from_slice(&trace);
            assert!(holds(&bytes[..], std::slice::from_ref(&trace)).unwrap(), "{start}");
        }
        assert!(!holds(&vec![b'.'; 3 * WINDOW][..], &[trace]).unwrap());
    }
}
