//! The engine: one handle over store, upstream, keys and clock.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use linkspan_atlassian::calls::Feature;
use linkspan_atlassian::client::Upstream;
use linkspan_model::clock::Clock;
use linkspan_model::entropy::Entropy;
use linkspan_model::ids::{GrantId, SourceId};
use linkspan_model::product::Product;
use linkspan_store::Store;
use linkspan_vault::{DataKey, DigestKey, KeyRing, SealContext};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;
use uuid::Uuid;

use crate::error::EngineError;
use crate::files::{FileSettings, Files};
use crate::live::Live;
use crate::locks::Locks;
use crate::privacy::ErasedAccounts;
use crate::progress::ProgressBoard;
use crate::quota::{PointsQuota, Turnstile};
use crate::reach::Reaches;
use crate::sync::{CensusAllowance, CensusSettings, Remembered};
use crate::tokens::Refresher;
use crate::webhooks::{KnownProjects, Outbound};

/// Who runs this server, as its customers see it.
#[derive(Clone, Debug)]
pub struct Vendor {
    /// Name shown on the link page.
    pub name: String,
    /// The address at which browsers reach the server, without a trailing slash.
    pub public_url: Url,
}

/// What the engine is told at the start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who runs the server.
    pub vendor: Vendor,
    /// How often a source is read for changes.
    pub sync_every: Duration,
    /// How late upstream's search may show a change: so far back it is looked again.
    pub index_lag: jiff::SignedDuration,
    /// How many lists of one source are read at a time.
    pub parallel_lists: usize,
    /// What is read, of all that a grant allows.
    pub features: Vec<Feature>,
    /// Types of Confluence custom content to read, such as `ac:com.example.app:note`.
    pub custom_content_types: Vec<String>,
    /// When what is stored is compared with what upstream has.
    pub census: CensusSettings,
    /// What is done about the content of attachments.
    pub files: FileSettings,
    /// Where people may be sent once they proved who they are, letter by letter.
    pub identity_redirects: Vec<Url>,
    /// Networks to which webhooks may go besides public addresses.
    pub webhook_networks: Vec<ipnet::IpNet>,
    /// How many points each app has in an hour, of each product.
    pub points_quota: PointsQuota,
}

/// One handle over everything the use cases need. Clones share it.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) upstream: Upstream,
    pub(crate) ring: KeyRing,
    pub(crate) digest_key: DigestKey,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) settings: Settings,
    pub(crate) progress: ProgressBoard,
    pub(crate) files: Files,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
    /// Names this process where a lease has to say who holds it.
    pub(crate) node: Uuid,
    /// When this process last tried to read a source.
    pub(crate) attempts: Mutex<HashMap<SourceId, jiff::Timestamp>>,
    /// Sources that are to be read without waiting for their time.
    pub(crate) hurried: Mutex<HashSet<SourceId>>,
    /// Sources that are being erased by this process.
    pub(crate) erasing: Mutex<HashSet<SourceId>>,
    /// How the intervals of sources stand to the one that was set.
    pub(crate) paces: Mutex<HashMap<SourceId, f64>>,
    /// Wakes the worker: there may be something to read.
    pub(crate) wake: Notify,
    /// Live changes.
    pub(crate) live: Live,
    /// Who stores issues of a source, so that what was read before does not take the place of what was read since.
    pub(crate) issue_writers: Locks<SourceId>,
    /// Counts up when something was added to the feed, for those that follow it.
    pub(crate) feed: watch::Sender<u64>,
    /// Sends webhooks.
    pub(crate) outbound: Outbound,
    pub(crate) known_projects: KnownProjects,
    /// What the last reading of access data found, by source.
    pub(crate) remembered: Mutex<HashMap<SourceId, Remembered>>,
    /// What every call to a product passes.
    pub(crate) turnstile: Turnstile,
    pub(crate) refreshers: Mutex<HashMap<GrantId, Arc<Refresher>>>,
    /// Sources that upstream turns away as a whole.
    pub(crate) reaches: Reaches,
    /// Accounts that were erased and must not come back.
    pub(crate) erased: ErasedAccounts,
    /// The points that walks of the census took in this hour, of each product.
    pub(crate) census: Mutex<HashMap<Product, CensusAllowance>>,
    /// Sources being read by this process: a source has one reader at a time.
    pub(crate) reading: Mutex<HashMap<SourceId, CancellationToken>>,
}

/// The server secret under which the key of all digests is kept.
const DIGEST_KEY: &str = "digest-key";

impl Engine {
    /// Opens the engine over a store.
    ///
    /// # Errors
    /// When the store fails, when its secrets were sealed with a master key that is not on the ring, or when the folder for
    /// attachments cannot be used.
    pub async fn open(
        store: Store,
        upstream: Upstream,
        ring: KeyRing,
        clock: Clock,
        entropy: Entropy,
        settings: Settings,
    ) -> Result<Self, EngineError> {
        let context = SealContext::new("server_secrets", DIGEST_KEY.as_bytes(), "sealed");
        let fresh = DigestKey::generate(&entropy).sealed(&ring, context, &entropy);
        let sealed = store.ensure_server_secret(DIGEST_KEY, &fresh, clock.now()).await?;
        let digest_key = DigestKey::open(&ring, context, &sealed)?;
        let node = entropy.uuid();
        let files = Files::open(&settings.files, &store).await?;
        let (live, intake) = Live::new();
        let outbound = Outbound::new(&settings.webhook_networks)?;
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let turnstile = Turnstile::new(settings.points_quota, clock.clone(), tasks.clone(), stop.clone());
        let engine = Self {
            inner: Arc::new(Inner {
                store,
                upstream,
                ring,
                digest_key,
                clock,
                entropy,
                settings,
                progress: ProgressBoard::default(),
                files,
                tasks,
                stop,
                node,
                attempts: Mutex::default(),
                hurried: Mutex::default(),
                erasing: Mutex::default(),
                paces: Mutex::default(),
                wake: Notify::new(),
                feed: watch::Sender::new(0),
                live,
                issue_writers: Locks::default(),
                outbound,
                known_projects: KnownProjects::default(),
                remembered: Mutex::default(),
                turnstile,
                refreshers: Mutex::default(),
                reaches: Reaches::default(),
                erased: ErasedAccounts::default(),
                census: Mutex::default(),
                reading: Mutex::default(),
            }),
        };
        engine.inner.renew_erased().await?;
        engine.inner.tasks.spawn(Arc::clone(&engine.inner).take_in(intake));
        Ok(engine)
    }

    /// Who runs this server.
    pub fn vendor(&self) -> &Vendor {
        &self.inner.settings.vendor
    }

    /// What is being read right now.
    pub fn progress(&self) -> &ProgressBoard {
        &self.inner.progress
    }

    /// The clock that everything here goes by.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// Ends when the engine is shut down: for work that has no end of its own.
    pub fn stopping(&self) -> CancellationToken {
        self.inner.stop.clone()
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), EngineError> {
        Ok(self.inner.store.ping().await?)
    }

    /// Stops all background work: what is under way ends at its next safe point, within `patience`.
    pub async fn shut_down(&self, patience: Duration) {
        self.inner.stop.cancel();
        self.inner.tasks.close();
        if tokio::time::timeout(patience, self.inner.tasks.wait()).await.is_err() {
            tracing::warn!(
                "background work did not stop in time; it continues from its checkpoint at the next start"
            );
        }
        self.inner.store.close().await;
    }
}

impl Inner {
    /// The data key of a grant or linked account, made when there is none yet.
    pub(crate) async fn data_key(&self, owner: Uuid) -> Result<DataKey, EngineError> {
        let fresh = self.ring.wrap(owner.as_bytes(), &DataKey::generate(&self.entropy), &self.entropy);
        let wrapped = self.store.ensure_data_key(owner, &fresh, self.clock.now()).await?;
        Ok(self.ring.unwrap(owner.as_bytes(), &wrapped)?)
    }
}
