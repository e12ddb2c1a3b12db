//! Real data from a folder: issues, people and projects of a public tracker, pages of a public wiki.
//!
//! Texts, numeric ids, keys, dates and people stay as they are. What the data lacks (account ids, roles, schemes,
//! permissions, ids of pages) is made up, always the same way.

mod issue;
pub(in crate::world) mod issues;
pub(in crate::world) mod loader;
pub(in crate::world) mod pages;
mod people;
mod read;
mod spaces;
mod storage;

pub(in crate::world) use people::DatasetPeople;

use std::path::Path;

use super::WorldError;

/// Seed of all that is made up for a dataset, whatever the world's seed: the same data gives the same site.
const SEED: u64 = 0x0da7_a5e7;

/// Refuses a folder that holds no dataset at all.
pub(in crate::world) fn check(folder: &Path) -> Result<(), WorldError> {
    if folder.join("jira-issues").is_dir() || folder.join("confluence-pages").is_dir() {
        return Ok(());
    }
    Err(WorldError::EmptyDataset { path: folder.to_owned() })
}
