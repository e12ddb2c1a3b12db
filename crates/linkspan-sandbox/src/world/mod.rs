//! The simulated world: accounts, sites, and everything in their Jira and Confluence.
//!
//! A [`World`] holds a directory of accounts, a movable clock and some [`Site`]s. A site's data is computed on demand from
//! the seed, or loaded from a dataset; what was changed at run time lies over it. Read with [`Site::read`], change with
//! [`Site::write`]; hold either guard as briefly as a request takes, never across an await, and never twice in one thread.

pub mod access;
pub mod account;
pub mod audit;
mod build;
pub mod clock;
pub mod confluence;
mod containers;
mod dataset;
pub mod edit;
mod generated;
pub mod group;
pub mod ids;
pub mod jira;
mod lag;
pub mod log;
pub mod mutate;
mod names;
pub mod oracle;
pub mod outbox;
pub mod people_edit;
pub mod rich;
mod seed;
pub mod site;
#[cfg(test)]
mod tests;
mod text;

use std::path::PathBuf;
use std::sync::Arc;

pub(crate) use build::sharing::board_filter;

pub use access::Reader;
pub use account::{Account, AccountStatus, AccountType, Directory};
pub use clock::Clock;
pub use edit::{EditError, Stamp};
pub use group::{ApplicationRole, Group, Product};
pub use ids::*;
pub use lag::IndexLag;
pub use log::{Change, ChangeLog, Subject};
pub use mutate::{MOST_MUTATIONS, Mutation, MutationKind};
pub use oracle::{Counts, Visible};
pub use outbox::{Detail, IssueEvent, Outbox};
pub use rich::{Body, Rich};
pub use site::{Site, SiteState, Viewer};

/// What a world is made from.
#[derive(Debug, Clone)]
pub struct WorldOptions {
    /// Seed of everything made up.
    pub seed: u64,
    /// Number of sites, at least one. The first has the data; the others are small.
    pub sites: u32,
    /// Jira projects to generate.
    pub projects: u32,
    /// Issues to generate.
    pub issues: u32,
    /// Confluence spaces to generate.
    pub spaces: u32,
    /// Pages to generate (blog posts and folders come on top).
    pub pages: u32,
    /// People to generate (app accounts and portal customers come on top).
    pub users: u32,
    /// Groups to generate (the default groups of a site come on top).
    pub groups: u32,
    /// Folder with a dataset; replaces the generated Jira and Confluence of the first site.
    pub dataset: Option<PathBuf>,
}

/// Why a world cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// A dataset file cannot be read.
    #[error("cannot read {path}: {source}; pass a folder laid out as `--dataset` describes")]
    Unreadable {
        /// File.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// A line of a dataset file is not what it should be.
    #[error("line {line} of {path} is not a record of that file: {reason}")]
    Malformed {
        /// File.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// The folder holds none of the dataset's files.
    #[error(
        "{path} holds neither `jira-issues` nor `confluence-pages`; pass a folder laid out as `--dataset` describes"
    )]
    EmptyDataset {
        /// Folder.
        path: PathBuf,
    },
}

/// The simulated world.
#[derive(Debug)]
pub struct World {
    seed: u64,
    clock: Arc<Clock>,
    directory: Arc<Directory>,
    sites: Vec<Site>,
}

impl World {
    /// Seed the world was made from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The world's clock.
    pub fn clock(&self) -> &Arc<Clock> {
        &self.clock
    }

    /// All accounts.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// All sites, the main one first.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// The site with a cloud id.
    pub fn site(&self, cloud_id: &str) -> Option<&Site> {
        self.sites.iter().find(|site| site.cloud_id() == cloud_id)
    }

    /// The main site.
    pub fn main_site(&self) -> &Site {
        &self.sites[0]
    }
}
