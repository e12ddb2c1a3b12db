//! The commands by which a vendor sets its server up.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use linkspan_model::product::AppPurpose;
use linkspan_model::secret::Secret;
use linkspan_vault::KeyRing;
use url::Url;

use super::{App, Storage, Want};
use crate::failure::misuse;
use crate::home::read_key_ring;

/// The keys that seal what is stored.
#[derive(Debug, Args)]
pub(crate) struct Master {
    /// Master keys as printed by `linkspan keys generate`, the active one first, separated by commas.
    #[arg(long, env = "LINKSPAN_MASTER_KEY", hide_env_values = true, value_name = "KEYS")]
    pub(crate) master_key: Option<Secret>,
    /// A file with the master keys.
    #[arg(long, env = "LINKSPAN_MASTER_KEY_FILE", value_name = "FILE", conflicts_with = "master_key")]
    pub(crate) master_key_file: Option<PathBuf>,
}

impl Master {
    /// The master keys, from wherever they were given; `None` when they were not.
    pub(crate) fn given(&self) -> anyhow::Result<Option<KeyRing>> {
        match (&self.master_key, &self.master_key_file) {
            (Some(text), _) => {
                KeyRing::parse(text).map(Some).map_err(|error| misuse(format!("--master-key: {error}")))
            }
            (None, Some(path)) => read_key_ring(path).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// The master keys. Nothing is started without one (hazard L11).
    pub(crate) fn ring(&self) -> anyhow::Result<KeyRing> {
        self.given()?.ok_or_else(|| {
            misuse(
                "no master key was given, and customers' tokens are never kept unsealed. Make one with `linkspan keys \
                 generate`, keep it apart from the data, and pass it in LINKSPAN_MASTER_KEY, or in a file with \
                 --master-key-file",
            )
        })
    }
}

/// Where the data is, and what opens it.
#[derive(Debug, Args)]
pub(crate) struct SealedStorage {
    #[command(flatten)]
    pub(crate) master: Master,
    #[command(flatten)]
    pub(crate) storage: Storage,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The address at which browsers reach the server.
    #[arg(long, env = "LINKSPAN_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<Url>,
    #[command(flatten)]
    pub(crate) app: App,
    /// The scopes that the app asks for, separated by spaces. Default: the smallest list for everything that is read.
    #[arg(long, env = "LINKSPAN_SCOPES", value_name = "SCOPES")]
    pub(crate) scopes: Option<String>,
    /// Send what is meant for any Atlassian host to this origin, such as a sandbox.
    #[arg(long, env = "LINKSPAN_ATLASSIAN_ORIGIN", value_name = "ORIGIN")]
    pub(crate) atlassian_origin: Option<Url>,
    #[command(flatten)]
    pub(crate) want: Want,
    #[command(flatten)]
    pub(crate) sealed: SealedStorage,
    /// Print one JSON line.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What an app of the vendor serves.
#[derive(Debug, Args)]
pub(crate) struct Purpose {
    /// What the app serves: `all`, `jira`, `jira-service-management`, `confluence`, or `identity` for people who prove who
    /// they are.
    #[arg(long, value_name = "INTEGRATION")]
    pub(crate) integration: AppPurpose,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AppCommand {
    /// Register an app, or replace what is registered.
    Set(Box<AppSet>),
    /// List the apps. Of secrets, the last four characters are shown.
    List(AppList),
    /// Print an address that opens the set-up guide of the server once, within a day.
    SetupUrl(AppSetupUrl),
    /// Remove the app of an integration: the app for all takes its place. Customers who linked through it stay linked.
    Remove(AppRemove),
}

#[derive(Debug, Args)]
pub(crate) struct AppSet {
    #[command(flatten)]
    pub(crate) purpose: Purpose,
    #[command(flatten)]
    pub(crate) app: App,
    /// Scopes to ask for, separated by spaces. Default: the smallest list for what is read.
    #[arg(long, value_name = "SCOPES")]
    pub(crate) scopes: Option<String>,
    /// The address at which browsers reach the server; the callback URL follows from it.
    #[arg(long, env = "LINKSPAN_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<Url>,
    /// The callback URL, where it does not follow from the public address.
    #[arg(long, value_name = "URL")]
    pub(crate) redirect_uri: Option<Url>,
    #[command(flatten)]
    pub(crate) want: Want,
    #[command(flatten)]
    pub(crate) sealed: SealedStorage,
    /// Print one JSON line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AppList {
    #[command(flatten)]
    pub(crate) sealed: SealedStorage,
    /// Print one JSON line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AppSetupUrl {
    /// The address at which browsers reach the server.
    #[arg(long, env = "LINKSPAN_PUBLIC_URL", value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub(crate) public_url: Url,
    #[command(flatten)]
    pub(crate) sealed: SealedStorage,
}

#[derive(Debug, Args)]
pub(crate) struct AppRemove {
    #[command(flatten)]
    pub(crate) purpose: Purpose,
    #[command(flatten)]
    pub(crate) sealed: SealedStorage,
}
