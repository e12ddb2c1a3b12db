//! The way to the endpoints. Each has places of its own, so a slow or dead one holds up no other; while one keeps failing,
//! a single delivery at a time finds out whether it is back.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::SignedDuration;
use linkspan_model::ids::WebhookEndpointId;
use linkspan_store::WebhookEndpoint;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::EventPresenter;
use super::attempt::{Claimed, Outcome};
use super::endpoints::MAX_ENDPOINTS;
use super::schedule::PROBE_AFTER;
use super::upkeep::Upkeep;
use crate::engine::Engine;
use crate::error::EngineError;

/// Deliveries to one endpoint that are under way at a time.
const PER_ENDPOINT: usize = 8;
/// Deliveries that are under way at a time. Enough for every endpoint's own, so none waits for another.
const IN_ALL: usize = PER_ENDPOINT * MAX_ENDPOINTS;
/// New deliveries are claimed when so many places of an endpoint are free: fewer claims, each of several.
const CLAIM_FROM: usize = PER_ENDPOINT / 2;
/// How long a claim lasts: longer than an attempt can take, with the time to make the body and to note the end.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// How often to look, at the least. What is written wakes this at once.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a turn came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryTurn {
    /// Taken by their endpoints.
    pub delivered: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Ended without an attempt: what they are about is gone.
    pub dropped: u64,
}

impl Engine {
    /// Starts to deliver webhooks in the background; it ends with [`Engine::shut_down`].
    pub fn start_deliveries(&self, presenter: Arc<dyn EventPresenter>) {
        let deliveries = Deliveries::new(self.clone(), presenter);
        self.inner.tasks.spawn(deliveries.run().boxed());
    }

    /// Delivers what is due at this moment, and returns when that is done. For tests on a clock of their own, and beside
    /// no background work.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tend_webhooks(
        &self,
        presenter: Arc<dyn EventPresenter>,
    ) -> Result<DeliveryTurn, EngineError> {
        let mut deliveries = Deliveries::new(self.clone(), presenter);
        loop {
            while self.fan_out().boxed().await? {}
            deliveries.claim_all().await?;
            if deliveries.running.is_empty() {
                Upkeep::default().tend(self).await?;
                return Ok(deliveries.turn);
            }
            while let Some(endpoint) = deliveries.next_done().await {
                deliveries.claim(endpoint).await?;
            }
        }
    }
}

/// Why the loop goes on.
enum Wake {
    /// The feed grew, or it is time to look.
    Look,
    /// A place of this endpoint is free.
    Done(Option<WebhookEndpointId>),
    Stop,
}

struct Deliveries {
    engine: Engine,
    presenter: Arc<dyn EventPresenter>,
    /// Of each endpoint, how many are under way.
    under_way: HashMap<WebhookEndpointId, usize>,
    running: JoinSet<(WebhookEndpointId, Option<Outcome>)>,
    turn: DeliveryTurn,
}

impl Deliveries {
    fn new(engine: Engine, presenter: Arc<dyn EventPresenter>) -> Self {
        Self {
            engine,
            presenter,
            under_way: HashMap::new(),
            running: JoinSet::new(),
            turn: DeliveryTurn::default(),
        }
    }

    async fn run(mut self) {
        let mut feed = self.engine.inner.feed.subscribe();
        let mut upkeep = Upkeep::default();
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut wake = Wake::Look;
        let mut is_behind = false;
        loop {
            let went_well = match wake {
                Wake::Look => self.look(&mut upkeep).boxed().await.map(|behind| is_behind = behind),
                Wake::Done(Some(endpoint)) => self.claim(endpoint).boxed().await,
                Wake::Done(None) => Ok(()),
                // What is under way may end; what does not is taken up again when its lease ends.
                Wake::Stop => return while self.next_done().await.is_some() {},
            };
            if let Err(error) = went_well {
                tracing::warn!(%error, "webhooks could not be looked after");
                is_behind = false;
            }
            // In no fixed order: neither what ends nor what happens keeps the other from being seen.
            wake = tokio::select! {
                () = self.engine.inner.stop.cancelled() => Wake::Stop,
                done = self.running.join_next(), if !self.running.is_empty() => Wake::Done(self.ended(done)),
                _ = feed.changed() => Wake::Look,
                _ = look.tick() => Wake::Look,
                () = std::future::ready(()), if is_behind => Wake::Look,
            };
        }
    }

    /// Whether there is more in the feed than one look takes.
    async fn look(&mut self, upkeep: &mut Upkeep) -> Result<bool, EngineError> {
        // Trouble with what is new holds up nothing that waits already.
        let is_behind = self.engine.fan_out().await;
        self.claim_all().await?;
        upkeep.tend(&self.engine).await?;
        is_behind
    }

    /// Claims for every endpoint. One endpoint's trouble is not the others'.
    async fn claim_all(&mut self) -> Result<(), EngineError> {
        let mut failed = None;
        for endpoint in self.engine.inner.store.webhook_endpoints().await? {
            if let Err(error) = self.claim_for(endpoint).await {
                failed.get_or_insert(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn claim(&mut self, endpoint: WebhookEndpointId) -> Result<(), EngineError> {
        if self.free_places(endpoint) < CLAIM_FROM {
            return Ok(());
        }
        match self.engine.inner.store.webhook_endpoint(endpoint).await? {
            Some(endpoint) => self.claim_for(endpoint).await,
            None => Ok(()),
        }
    }

    fn free_places(&self, endpoint: WebhookEndpointId) -> usize {
        let used = self.under_way.get(&endpoint).copied().unwrap_or_default();
        (PER_ENDPOINT - used.min(PER_ENDPOINT)).min(IN_ALL - self.running.len().min(IN_ALL))
    }

    /// Claims as many deliveries as the endpoint has places, or one while it keeps failing, and sends them.
    async fn claim_for(&mut self, endpoint: WebhookEndpoint) -> Result<(), EngineError> {
        let inner = &self.engine.inner;
        let now = inner.clock.now();
        let is_failing = endpoint.failures >= PROBE_AFTER;
        if endpoint.disabled.is_some() || endpoint.rests_until.is_some_and(|until| now < until) {
            return Ok(());
        }
        let places = match self.free_places(endpoint.id) {
            PER_ENDPOINT if is_failing => 1,
            _ if is_failing => 0,
            free => free,
        };
        if places == 0 {
            return Ok(());
        }
        // First: without them nothing can be sent, and what was claimed would wait for its claim to end.
        let signers = inner.signers(endpoint.id).await?;
        let claim = inner.entropy.uuid();
        let limit = u32::try_from(places).unwrap_or(u32::MAX);
        let claimed = inner.store.claim_deliveries(endpoint.id, limit, claim, now, now + LEASE).await?;
        if claimed.is_empty() {
            return Ok(());
        }
        *self.under_way.entry(endpoint.id).or_default() += claimed.len();
        let endpoint = Arc::new(endpoint);
        for delivery in claimed {
            let claimed =
                Claimed { endpoint: Arc::clone(&endpoint), signers: signers.clone(), delivery, claim };
            let (engine, presenter) = (self.engine.clone(), Arc::clone(&self.presenter));
            self.running.spawn(async move {
                let outcome = engine.attempt(&*presenter, &claimed).boxed().await;
                if let Err(error) = &outcome {
                    tracing::warn!(delivery.id = %claimed.delivery.id, %error, "a webhook could not be noted");
                }
                (claimed.endpoint.id, outcome.ok())
            });
        }
        Ok(())
    }

    /// Waits until one of those under way ends; `None` when none is.
    async fn next_done(&mut self) -> Option<WebhookEndpointId> {
        let done = self.running.join_next().await?;
        match self.ended(Some(done)) {
            Some(endpoint) => Some(endpoint),
            // One that broke down says not whose it was. Its claim ends by itself.
            None => Box::pin(self.next_done()).await,
        }
    }

    fn ended(
        &mut self,
        done: Option<Result<(WebhookEndpointId, Option<Outcome>), tokio::task::JoinError>>,
    ) -> Option<WebhookEndpointId> {
        let (endpoint, outcome) = match done? {
            Ok(done) => done,
            Err(error) => {
                tracing::error!(%error, "a webhook's attempt broke down");
                // Nobody knows whose place it held: all are counted anew from none. Claims keep what is under way apart.
                self.under_way.clear();
                return None;
            }
        };
        if let Some(used) = self.under_way.get_mut(&endpoint) {
            *used = used.saturating_sub(1);
        }
        match outcome {
            Some(Outcome::Delivered) => self.turn.delivered += 1,
            Some(Outcome::Failed) => self.turn.failed += 1,
            Some(Outcome::Dropped) => self.turn.dropped += 1,
            Some(Outcome::Released) | None => {}
        }
        Some(endpoint)
    }
}
