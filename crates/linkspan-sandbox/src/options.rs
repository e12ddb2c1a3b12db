//! How a sandbox is started.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use jiff::Timestamp;

/// Everything that shapes a sandbox: its address, its data, its limits and its clock.
///
/// The defaults make a site whose first sync takes a few seconds.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes any free port.
    pub listen: SocketAddr,
    /// Seeds the generated data, the tokens and the dice of the faults: the same seed gives the same sandbox.
    pub seed: u64,
    /// Jira projects to generate.
    pub projects: u32,
    /// Issues to generate, over all projects.
    pub issues: u32,
    /// Confluence spaces to generate.
    pub spaces: u32,
    /// Pages to generate, over all spaces.
    pub pages: u32,
    /// People to generate.
    pub users: u32,
    /// Groups to generate.
    pub groups: u32,
    /// A folder with real data to load instead of generated issues and pages.
    pub dataset: Option<PathBuf>,
    /// Added to every answer, in milliseconds.
    pub latency_ms: u64,
    /// Points an app may spend per UTC hour; 0 switches every limit off. Atlassian's default pool is 65 000.
    pub points_quota: u64,
    /// Where the sandbox's clock starts; `None` follows the machine's clock.
    pub clock: Option<Timestamp>,
    /// The callback of the pre-registered app.
    pub redirect_uri: String,
    /// Sites to create, at least one.
    pub sites: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: 1,
            projects: 5,
            issues: 400,
            spaces: 4,
            pages: 120,
            users: 40,
            groups: 8,
            dataset: None,
            latency_ms: 0,
            points_quota: 0,
            clock: None,
            redirect_uri: "http://127.0.0.1:8080/oauth/callback".to_owned(),
            sites: 1,
        }
    }
}
