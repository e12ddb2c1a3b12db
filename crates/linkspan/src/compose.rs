//! Puts the parts together: the engine over its store and upstream, and the server over the engine.

use std::time::Duration;

use anyhow::Context as _;
use ipnet::IpNet;
use jiff::SignedDuration;
use linkspan_atlassian::calls::Feature;
use linkspan_atlassian::client::{ClientLimits, Endpoints, Upstream};
use linkspan_engine::files::FileSettings;
use linkspan_engine::quota::PointsQuota;
use linkspan_engine::{CensusSettings, Engine, Settings, Vendor};
use linkspan_model::clock::Clock;
use linkspan_model::entropy::Entropy;
use linkspan_store::{DatabaseUrl, Store};
use linkspan_vault::KeyRing;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

/// Where the server's callback lies below its public address.
const CALLBACK_PATH: &str = "/oauth/callback";
/// Lists of one source that are read at a time: enough to hide the way to Atlassian, few enough for its limits on bursts.
const PARALLEL_LISTS: usize = 8;
/// How long background work may take to stop.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
/// How long requests under way may take when the server stops.
const REQUEST_PATIENCE: Duration = Duration::from_secs(3);
/// How often the metrics recorder folds up its histograms.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// What an engine is made of.
pub(crate) struct Plan<'a> {
    pub(crate) database: &'a DatabaseUrl,
    pub(crate) ring: KeyRing,
    /// One origin in place of all of Atlassian's hosts.
    pub(crate) atlassian_origin: Option<&'a Url>,
    pub(crate) vendor: Vendor,
    pub(crate) sync_every: Duration,
    /// How late upstream's search may show a change.
    pub(crate) index_lag: SignedDuration,
    /// What is read, of all that grants allow.
    pub(crate) features: Vec<Feature>,
    pub(crate) custom_content_types: Vec<String>,
    pub(crate) census: CensusSettings,
    pub(crate) files: FileSettings,
    /// Where people may be sent once they proved who they are.
    pub(crate) identity_redirects: Vec<Url>,
    /// Networks to which webhooks may go besides public addresses.
    pub(crate) webhook_networks: Vec<IpNet>,
    /// Points of an hour that each app may spend; what is usual where nobody said.
    pub(crate) points_per_hour: Option<u64>,
}

/// The engine and the store below it.
pub(crate) struct Core {
    pub(crate) engine: Engine,
    pub(crate) store: Store,
}

impl Core {
    /// Opens the database and the engine over it.
    pub(crate) async fn open(plan: Plan<'_>) -> anyhow::Result<Self> {
        let clock = Clock::system();
        let limits = ClientLimits { file_cap: plan.files.max_bytes, ..ClientLimits::default() };
        let upstream = upstream(plan.atlassian_origin, limits, &clock)?;
        let store = Store::open(plan.database).await?;
        let settings = Settings {
            vendor: plan.vendor,
            sync_every: plan.sync_every,
            index_lag: plan.index_lag,
            parallel_lists: PARALLEL_LISTS,
            features: plan.features,
            custom_content_types: plan.custom_content_types,
            census: plan.census,
            files: plan.files,
            identity_redirects: plan.identity_redirects,
            webhook_networks: plan.webhook_networks,
            points_quota: match (plan.points_per_hour, plan.atlassian_origin) {
                (Some(points), _) => PointsQuota::Set(points),
                (None, None) => PointsQuota::Usual,
                // A simulator has the quota that its headers state.
                (None, Some(_)) => PointsQuota::UntilTold,
            },
        };
        let engine =
            Engine::open(store.clone(), upstream, plan.ring, clock, Entropy::system(), settings).await?;
        Ok(Self { engine, store })
    }

    /// Ends background work and closes the database.
    pub(crate) async fn shut_down(&self) {
        self.engine.shut_down(STOP_PATIENCE).await;
    }
}

/// Atlassian, or one origin in place of all its hosts.
pub(crate) fn upstream(
    origin: Option<&Url>,
    limits: ClientLimits,
    clock: &Clock,
) -> anyhow::Result<Upstream> {
    let endpoints = match origin {
        Some(origin) => Endpoints::single_origin(origin)?,
        None => Endpoints::atlassian(),
    };
    Ok(Upstream::new(endpoints, limits, clock.clone())?)
}

/// The callback URL of a server.
pub(crate) fn callback_url(public_url: &str) -> String {
    format!("{}{CALLBACK_PATH}", public_url.trim_end_matches('/'))
}

/// The public address of the server to which a callback URL leads; `None` for one that does not end as ours do.
pub(crate) fn base_of_callback(callback: &str) -> Option<Url> {
    Url::parse(callback.strip_suffix(CALLBACK_PATH)?).ok()
}

/// A running server.
pub(crate) struct Server {
    serving: JoinSet<std::io::Result<()>>,
    metrics: PrometheusHandle,
    stop: CancellationToken,
}

impl Server {
    /// Serves on a bound listener. Once in a process: it installs the metrics recorder.
    pub(crate) fn start(listener: TcpListener, engine: Engine) -> anyhow::Result<Self> {
        let metrics =
            PrometheusBuilder::new().install_recorder().context("the metrics cannot be recorded")?;
        let stop = CancellationToken::new();
        let mut serving = JoinSet::new();
        serving.spawn(linkspan_server::serve(listener, engine, metrics.clone(), stop.clone()));
        Ok(Self { serving, metrics, stop })
    }

    /// Waits until `stop` is cancelled, or the server ends by itself, which is a failure.
    pub(crate) async fn run_until(&mut self, stop: &CancellationToken) -> anyhow::Result<()> {
        let mut upkeep = tokio::time::interval(METRICS_UPKEEP);
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                _ = upkeep.tick() => self.metrics.run_upkeep(),
                ended = self.serving.join_next() => {
                    if let Some(ended) = ended {
                        ended.context("the server broke down")?.context("the server stopped listening")?;
                    }
                    anyhow::bail!("the server ended by itself");
                }
            }
        }
    }

    /// Takes no new requests, lets those under way finish for a moment, and ends.
    pub(crate) async fn shut_down(mut self) {
        self.stop.cancel();
        let ended = tokio::time::timeout(REQUEST_PATIENCE, self.serving.join_next()).await;
        if ended.is_err() {
            tracing::warn!("requests were still under way when the server stopped");
        }
    }
}
