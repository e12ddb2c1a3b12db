//! The command line: every command and flag, with examples in the help.

mod setup;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use jiff::Timestamp;
use linkspan_atlassian::calls::{Feature, ScopeFamily, with_duties};
use linkspan_model::product::Product;
use linkspan_model::secret::Secret;
use linkspan_store::DatabaseUrl;
use url::Url;

pub(crate) use self::setup::{AppCommand, AppSet, Doctor, Master, SealedStorage};

/// Link, sync, serve and search your customers' Jira, Jira Service Management and Confluence Cloud sites.
#[derive(Debug, Parser)]
#[command(name = "linkspan", version, about, propagate_version = true, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// What to log, as in `info` or `linkspan_engine=debug,warn`. Logs go to standard error.
    #[arg(
        long,
        global = true,
        env = "LINKSPAN_LOG",
        default_value = "warn",
        value_name = "FILTER",
        help_heading = "Logs"
    )]
    pub(crate) log: String,

    /// Write logs as JSON lines.
    #[arg(long, global = true, env = "LINKSPAN_LOG_JSON", help_heading = "Logs")]
    pub(crate) log_json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Try everything without an Atlassian site: sandbox and server in one process, already linked and synced.
    #[command(after_help = "Examples:
  linkspan demo
  linkspan demo --issues 100000 --pages 20000
  linkspan demo --dataset ../data --json")]
    Demo(Demo),

    /// Run the server, for real Atlassian unless told otherwise.
    #[command(after_help = "Examples:
  LINKSPAN_MASTER_KEY=$(linkspan keys generate) linkspan serve --client-id ID --client-secret SECRET \\
      --public-url https://link.example.com --data-dir /var/lib/linkspan
  linkspan serve --atlassian-origin http://127.0.0.1:8090 --client-id ID --client-secret SECRET --json")]
    Serve(Serve),

    /// Run only the simulator of Atlassian Cloud.
    #[command(after_help = "Examples:
  linkspan sandbox
  linkspan sandbox --listen 127.0.0.1:0 --issues 1000000 --points-quota 65000 --json")]
    Sandbox(Sandbox),

    /// Read a site without running a server.
    ///
    /// A run that was interrupted goes on when the same command is given again; a run after a complete one reads what
    /// changed. The grant's newest refresh token is kept sealed in the data directory, so the same command line works
    /// every time.
    #[command(after_help = "Examples:
  linkspan sync --once --client-id ID --client-secret SECRET --refresh-token TOKEN \\
      --cloud-id 11223344-a1b2-3b33-c444-def123456789 --product jira --data-dir copy
  linkspan sync --once --atlassian-origin http://127.0.0.1:8090 … --json")]
    Sync(Sync),

    /// Show the smallest scope list for what you want, or compare with what an app or a grant has.
    #[command(after_help = "Examples:
  linkspan scopes --models tickets,articles,users,groups --write tickets,comments --webhooks --search
  linkspan scopes --compare guide-u
  linkspan scopes --models tickets --compare 'read:jira-work offline_access'
  linkspan scopes --family granular --json")]
    Scopes(Scopes),

    /// Check configuration, credentials, callback, reachability and grants, and say how to mend each finding.
    ///
    /// Works beside a running server and changes nothing but tokens that are due. Exits with 0 when nothing is a problem.
    #[command(after_help = "Examples:
  linkspan doctor --public-url https://link.example.com
  linkspan doctor --atlassian-origin http://127.0.0.1:8090 --client-id ID --client-secret SECRET --json")]
    Doctor(Doctor),

    /// Register your OAuth apps: one for everything, or one for each integration.
    ///
    /// Works beside a running server, which uses what is registered from the next link on. Secrets are stored sealed and
    /// never shown again.
    #[command(
        subcommand,
        after_help = "Examples:
  LINKSPAN_CLIENT_SECRET=… linkspan app set --integration jira --client-id ID --public-url https://link.example.com
  linkspan app set --integration identity --client-id ID --redirect-uri https://link.example.com/oauth/callback
  linkspan app list
  linkspan app setup-url --public-url https://link.example.com
  linkspan app remove --integration jira"
    )]
    App(AppCommand),

    /// Make keys.
    #[command(
        subcommand,
        after_help = "Examples:
  export LINKSPAN_MASTER_KEY=$(linkspan keys generate)"
    )]
    Keys(Keys),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Print a new master key, for `LINKSPAN_MASTER_KEY`. Keep it apart from the data it protects.
    Generate,
}

/// Where data is kept.
#[derive(Debug, Args)]
pub(crate) struct Storage {
    /// The directory that holds the database, made if absent. Default: `linkspan-data` (`demo`: a temporary one).
    #[arg(long, env = "LINKSPAN_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// A database elsewhere: `sqlite:PATH` or `postgres://…`. Default: SQLite in the data directory.
    #[arg(long, env = "LINKSPAN_DATABASE", hide_env_values = true, value_name = "URL")]
    pub(crate) database: Option<DatabaseUrl>,
}

/// What the simulator holds.
#[derive(Debug, Args)]
pub(crate) struct World {
    /// Everything generated follows from this number.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// Sites to create, each with data of its own; `demo` links the first.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=50))]
    pub(crate) sites: u32,
    /// Projects to generate.
    #[arg(long, value_name = "N")]
    pub(crate) projects: Option<u32>,
    /// Issues to generate.
    #[arg(long, value_name = "N")]
    pub(crate) issues: Option<u32>,
    /// Confluence spaces to generate.
    #[arg(long, value_name = "N")]
    pub(crate) spaces: Option<u32>,
    /// Confluence pages and blog posts to generate.
    #[arg(long, value_name = "N")]
    pub(crate) pages: Option<u32>,
    /// Accounts to generate.
    #[arg(long, value_name = "N")]
    pub(crate) users: Option<u32>,
    /// Groups to generate.
    #[arg(long, value_name = "N")]
    pub(crate) groups: Option<u32>,
    /// Load this data set instead of generating; any part of it may be missing.
    #[arg(long, value_name = "DIR")]
    pub(crate) dataset: Option<PathBuf>,
    /// Delay every answer of the simulator by this much.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) latency_ms: u64,
    /// Points an app may spend in an hour, as Atlassian meters them; 0 = no limit.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) points_quota: u64,
    /// Start the simulator's clock here instead of at the present, as in `2026-11-25T08:00:00Z`.
    #[arg(long, value_name = "RFC3339")]
    pub(crate) clock: Option<Timestamp>,
}

/// What is done about the content of attachments.
#[derive(Debug, Args)]
pub(crate) struct Attachments {
    /// When the content of attachments is read. Failures never hold up what they are attached to.
    #[arg(
        long = "attachments",
        env = "LINKSPAN_ATTACHMENTS",
        value_enum,
        default_value_t = Content::OnDemand,
        value_name = "WHEN",
        help_heading = "Attachments"
    )]
    pub(crate) content: Content,
    /// The largest file that is read, in bytes; larger ones are refused with the reason. Ahead of demand, files of more than
    /// 1 GiB are not read in any case.
    #[arg(
        long,
        env = "LINKSPAN_ATTACHMENT_MAX_BYTES",
        default_value_t = linkspan_engine::files::MAX_BYTES,
        value_name = "BYTES",
        value_parser = clap::value_parser!(u64).range(1..),
        help_heading = "Attachments"
    )]
    pub(crate) attachment_max_bytes: u64,
    /// The directory in which copies are kept, made if absent. Default: `files` in the data directory.
    #[arg(long, env = "LINKSPAN_ATTACHMENT_DIR", value_name = "DIR", help_heading = "Attachments")]
    pub(crate) attachment_dir: Option<PathBuf>,
}

/// When the content of attachments is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Content {
    /// When somebody asks for it; nothing is kept.
    PassThrough,
    /// When somebody asks for it; a copy is kept, so that the next reader does not wait for Atlassian.
    OnDemand,
    /// As soon as the attachment is known, in the background; a copy is kept.
    Eager,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where the server listens; port 0 takes any free port. Default: 127.0.0.1:8080, or a free port if that is taken.
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Where the simulator listens. Default: 127.0.0.1:8090, or a free port if that is taken.
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) sandbox_listen: Option<SocketAddr>,
    #[command(flatten)]
    pub(crate) storage: Storage,
    #[command(flatten)]
    pub(crate) attachments: Attachments,
    #[command(flatten)]
    pub(crate) world: World,
    /// Print one JSON line when the first sync is complete, and nothing else on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What reading needs to be told besides.
#[derive(Debug, Default, Args)]
pub(crate) struct Extras {
    /// Types of Confluence custom content to read, separated by commas, such as `ac:com.example.app:note`: Confluence lists
    /// none without its type.
    #[arg(long, env = "LINKSPAN_CUSTOM_CONTENT_TYPES", value_delimiter = ',', value_name = "TYPE,…")]
    pub(crate) custom_content_types: Vec<String>,

    /// Points of Atlassian's hourly quota that each app may spend, of each product. Default: 65000 until Atlassian's headers
    /// say otherwise; with --atlassian-origin none until then. Where several processes share an app, give each its part.
    #[arg(long = "points-quota-per-hour", env = "LINKSPAN_POINTS_QUOTA_PER_HOUR", value_name = "POINTS",
        value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) points_per_hour: Option<u64>,
}

/// The vendor's OAuth registration.
#[derive(Debug, Args)]
pub(crate) struct App {
    /// Client id of your OAuth 2.0 (3LO) app.
    #[arg(long, env = "LINKSPAN_CLIENT_ID", value_name = "ID")]
    pub(crate) client_id: Option<String>,
    /// Client secret of that app. Prefer the environment: arguments are visible to other users of the machine.
    #[arg(
        long,
        env = "LINKSPAN_CLIENT_SECRET",
        hide_env_values = true,
        allow_hyphen_values = true,
        value_name = "SECRET"
    )]
    pub(crate) client_secret: Option<Secret>,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where the server listens; port 0 takes any free port.
    #[arg(long, env = "LINKSPAN_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDR:PORT")]
    pub(crate) listen: SocketAddr,
    /// The address at which browsers reach this server. Default: the address it listens on.
    #[arg(long, env = "LINKSPAN_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<Url>,
    #[command(flatten)]
    pub(crate) app: App,
    /// The name your customers see on the link page.
    #[arg(long, env = "LINKSPAN_VENDOR_NAME", default_value = "Linkspan", value_name = "NAME")]
    pub(crate) vendor_name: String,
    /// Scopes to ask for, separated by spaces. Default: the smallest list for everything that is read.
    #[arg(long, env = "LINKSPAN_SCOPES", value_name = "SCOPES")]
    pub(crate) scopes: Option<String>,
    #[command(flatten)]
    pub(crate) master: Master,
    /// Send what is meant for any Atlassian host to this origin, such as a sandbox.
    #[arg(long, env = "LINKSPAN_ATLASSIAN_ORIGIN", value_name = "ORIGIN")]
    pub(crate) atlassian_origin: Option<Url>,
    #[command(flatten)]
    pub(crate) want: Want,
    #[command(flatten)]
    pub(crate) extras: Extras,
    /// Addresses to which people may be sent once they proved who they are, separated by commas.
    #[arg(long, env = "LINKSPAN_IDENTITY_REDIRECTS", value_delimiter = ',', value_name = "URL,…")]
    pub(crate) identity_redirect: Vec<Url>,
    /// A network to which webhooks may go besides public addresses, such as `10.1.0.0/16`; may be repeated. Plain http goes
    /// to loopback addresses alone, and only where their network is given here.
    #[arg(
        long,
        env = "LINKSPAN_ALLOW_WEBHOOK_NETWORK",
        value_delimiter = ',',
        value_name = "CIDR",
        help_heading = "Webhooks"
    )]
    pub(crate) allow_webhook_network: Vec<IpNet>,
    /// How often each source is read for changes, in seconds.
    #[arg(long, env = "LINKSPAN_SYNC_EVERY", default_value_t = 60, value_name = "SECONDS",
        value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) sync_every: u32,
    /// How late Jira's search may show a change, in hours: so far back it is looked again for changes that it did not show.
    #[arg(long, env = "LINKSPAN_INDEX_LAG_HOURS", default_value_t = 12, value_name = "HOURS",
        value_parser = clap::value_parser!(u32).range(1..=168))]
    pub(crate) index_lag_hours: u32,
    /// How often counts are compared with upstream's, project by project and space by space, in seconds.
    #[arg(long, env = "LINKSPAN_CENSUS_LOOK_EVERY", default_value_t = 3_600, value_name = "SECONDS",
        value_parser = clap::value_parser!(u32).range(60..))]
    pub(crate) census_look_every: u32,
    /// How often ids are compared although the counts agree, in seconds: a point of the quota for each id.
    #[arg(long, env = "LINKSPAN_CENSUS_WALK_EVERY", default_value_t = 604_800, value_name = "SECONDS",
        value_parser = clap::value_parser!(u32).range(3_600..))]
    pub(crate) census_walk_every: u32,
    #[command(flatten)]
    pub(crate) storage: Storage,
    #[command(flatten)]
    pub(crate) attachments: Attachments,
    /// Print one JSON line when ready, and nothing else on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Sandbox {
    /// Where the simulator listens; port 0 takes any free port.
    #[arg(long, default_value = "127.0.0.1:8090", value_name = "ADDR:PORT")]
    pub(crate) listen: SocketAddr,
    /// The callback URL of the app that is registered from the start.
    #[arg(long, default_value = "http://127.0.0.1:8080/oauth/callback", value_name = "URL")]
    pub(crate) redirect_uri: Url,
    #[command(flatten)]
    pub(crate) world: World,
    /// Print one JSON line when ready, and nothing else on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Sync {
    /// Read everything, or what changed since the last run, then exit.
    #[arg(long, required = true)]
    pub(crate) once: bool,
    #[command(flatten)]
    pub(crate) app: App,
    /// The grant to read with. It is rotated; the newest one is in the `--json` line and, sealed, in the data directory.
    #[arg(
        long,
        env = "LINKSPAN_REFRESH_TOKEN",
        hide_env_values = true,
        allow_hyphen_values = true,
        value_name = "TOKEN"
    )]
    pub(crate) refresh_token: Option<Secret>,
    /// The site to read.
    #[arg(long, env = "LINKSPAN_CLOUD_ID", value_name = "ID")]
    pub(crate) cloud_id: String,
    /// What to read there: `jira` (with Jira Service Management) or `confluence`.
    #[arg(long, value_name = "PRODUCT")]
    pub(crate) product: Product,
    #[command(flatten)]
    pub(crate) want: Want,
    #[command(flatten)]
    pub(crate) extras: Extras,
    /// Send what is meant for any Atlassian host to this origin, such as a sandbox.
    #[arg(long, env = "LINKSPAN_ATLASSIAN_ORIGIN", value_name = "ORIGIN")]
    pub(crate) atlassian_origin: Option<Url>,
    #[command(flatten)]
    pub(crate) storage: Storage,
    /// Print one JSON line at the end, and nothing else on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Scopes {
    #[command(flatten)]
    pub(crate) want: Want,
    /// Models to write, separated by commas: `tickets`, `comments`, `attachments`, `articles`.
    #[arg(long, value_delimiter = ',', value_name = "MODEL,…", value_parser = writable)]
    pub(crate) write: Vec<Feature>,
    /// Be told by Jira when something changes.
    #[arg(long)]
    pub(crate) webhooks: bool,
    /// Search that shows each person what Atlassian would show them: adds who may see what.
    #[arg(long)]
    pub(crate) search: bool,
    /// Only for this product; may be repeated. Default: the products that hold what you want.
    #[arg(long, value_name = "PRODUCT")]
    pub(crate) product: Vec<Product>,
    /// What to compare with: `guide-u`, `guide-m`, `app:CLIENT_ID`, `grant:ID`, or scopes separated by spaces.
    #[arg(long, value_name = "WHAT")]
    pub(crate) compare: Option<String>,
    /// Which vocabulary to prefer.
    #[arg(long, default_value = "classic", value_name = "FAMILY", value_parser = family)]
    pub(crate) family: ScopeFamily,
    /// The database in which `app:` and `grant:` are looked up.
    #[command(flatten)]
    pub(crate) storage: Storage,
    /// Print one JSON line.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is to be read.
#[derive(Debug, Args)]
pub(crate) struct Want {
    /// What to read, separated by commas, in the words of models (`tickets`, `users`, `groups`) or features (`dashboards`,
    /// `boards`, `audit` …). Default: everything that Linkspan knows.
    #[arg(
        long,
        env = "LINKSPAN_MODELS",
        value_delimiter = ',',
        value_name = "MODEL,…",
        value_parser = Feature::of_model
    )]
    pub(crate) models: Vec<Feature>,
}

impl Want {
    /// What is wanted, and the duty that follows from it.
    pub(crate) fn features(&self) -> Vec<Feature> {
        if self.models.is_empty() { Feature::usual() } else { with_duties(&self.models) }
    }
}

/// Each of the words once, in their order.
pub(crate) fn distinct<T: Copy + PartialEq>(words: &[T]) -> Vec<T> {
    let mut distinct: Vec<T> = Vec::new();
    for word in words {
        if !distinct.contains(word) {
            distinct.push(*word);
        }
    }
    distinct
}

fn writable(word: &str) -> Result<Feature, String> {
    match word {
        "tickets" => Ok(Feature::WriteTickets),
        "comments" => Ok(Feature::WriteComments),
        "attachments" => Ok(Feature::WriteAttachments),
        "articles" => Ok(Feature::WriteArticles),
        _ => Err(format!("`{word}` cannot be written: expected tickets, comments, attachments or articles")),
    }
}

fn family(word: &str) -> Result<ScopeFamily, String> {
    let known = ScopeFamily::ALL.into_iter().find(|family| family.as_str() == word);
    known.ok_or_else(|| "expected classic, granular or mixed".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn secrets_may_begin_with_a_hyphen() {
        let line = "linkspan sync --once --client-id a --client-secret -b --refresh-token --c --cloud-id d --product jira";
        let Command::Sync(sync) = Cli::try_parse_from(line.split(' ')).unwrap().command else {
            unreachable!()
        };
        assert_eq!(sync.app.client_secret.unwrap().expose(), "-b");
        assert_eq!(sync.refresh_token.unwrap().expose(), "--c");
    }
}
