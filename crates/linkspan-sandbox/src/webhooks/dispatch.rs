//! The task that follows the sites' changes and delivers them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::attempt::{self, Answer, Request, Signature};
use super::record::{Attempt, Delivered, Outcome};
use super::schedule::{Host, MOST_RETRIES, RETRY_WAIT_MS, Schedule, Scheduled, is_retried};
use super::{Flow, Owner, Webhook, WebhookSettings};
use crate::apps::Distribution;
use crate::gateway::AppState;
use crate::jira::deliveries::{self, Message};
use crate::world::{IssueEvent, Millis, Outbox};

/// Changes looked at in one go: deliveries of the first ones start while further ones are looked at.
const BATCH: usize = 100;
/// Larger bodies are dropped (`atlassian-platform.md` 4.7).
const MAX_BODY: usize = 25 * 1024 * 1024;
/// The longest sleep; whatever happens wakes the task before.
const LONGEST_SLEEP: Duration = Duration::from_hours(1);

/// A delivery on its way.
#[derive(Debug)]
struct Delivery {
    /// Its number in the record.
    number: u64,
    host: Host,
    flow: Flow,
    /// The issue it is about.
    issue: u64,
    client_id: String,
    url: Url,
    by: String,
    identifier: String,
    webhooks: Arc<[u64]>,
    body: Bytes,
    /// Attempts before the next one.
    attempts: u32,
}

impl Scheduled for Delivery {
    fn host(&self) -> &Host {
        &self.host
    }

    fn flow(&self) -> Flow {
        self.flow
    }

    fn size(&self) -> usize {
        self.body.len()
    }

    fn topic(&self) -> u64 {
        self.issue
    }
}

/// Follows every site of a sandbox and delivers to the webhooks registered there.
pub(crate) struct Dispatcher {
    state: AppState,
    stopping: CancellationToken,
    wake: Arc<Notify>,
    /// One for each site, in their order.
    outboxes: Vec<Arc<Outbox>>,
    client: reqwest::Client,
    schedule: Schedule<Delivery>,
    attempts: JoinSet<(Delivery, Answer)>,
    dice: StdRng,
}

impl Dispatcher {
    /// A dispatcher that works until `stopping`.
    ///
    /// # Errors
    /// The client cannot be built.
    pub(crate) fn new(state: AppState, stopping: CancellationToken) -> Result<Self, reqwest::Error> {
        let wake = Arc::new(Notify::new());
        let world = state.world();
        let outboxes: Vec<_> = world.sites().iter().map(|site| Arc::clone(site.read().outbox())).collect();
        for outbox in &outboxes {
            outbox.wake_with(Arc::clone(&wake));
        }
        world.clock().wake_with(Arc::clone(&wake));
        let dice = StdRng::seed_from_u64(world.seed() ^ 0x7765_6268_6f6f_6b73);
        let client = attempt::client()?;
        let (schedule, attempts) = (Schedule::default(), JoinSet::new());
        Ok(Self { state, stopping, wake, outboxes, client, schedule, attempts, dice })
    }

    /// Works until the sandbox stops. Attempts under way are broken off then.
    pub(crate) async fn run(mut self) {
        while !self.stopping.is_cancelled() {
            let more = self.look().await;
            self.start_due();
            if !more {
                self.wait().await;
            }
            while let Some(done) = self.attempts.try_join_next() {
                self.ended(done.ok());
            }
        }
    }

    /// Waits until something is due, ends, or is changed.
    async fn wait(&mut self) {
        let now = self.state.world().clock().now_ms();
        let span = self.schedule.next_start().map_or(LONGEST_SLEEP, |start| {
            let span = u64::try_from(start.saturating_sub(now).max(1)).unwrap_or(1);
            Duration::from_millis(span).min(LONGEST_SLEEP)
        });
        let ended = tokio::select! {
            () = self.stopping.cancelled() => return,
            () = self.wake.notified() => return,
            () = tokio::time::sleep(span) => return,
            Some(done) = self.attempts.join_next() => done,
        };
        self.ended(ended.ok());
    }

    /// Looks at the oldest changes of every site. Returns whether more may wait.
    async fn look(&mut self) -> bool {
        let mut more = false;
        for (at, outbox) in self.outboxes.clone().iter().enumerate() {
            if outbox.is_empty() {
                continue;
            }
            // Set before anything is taken: whoever asks must not find neither a change nor what it makes.
            self.state.deliveries().set_planning(true);
            let events = outbox.take(BATCH);
            more |= events.len() == BATCH;
            self.plan(at, outbox, events).await;
            self.state.deliveries().set_planning(false);
        }
        more
    }

    async fn plan(&mut self, at: usize, outbox: &Outbox, events: Vec<IssueEvent>) {
        let settings = self.state.settings().webhooks.clone();
        let hooks = self.hooks_of(at, outbox);
        if !settings.deliver || hooks.is_empty() {
            return;
        }
        let (state, merge) = (self.state.clone(), settings.merge);
        let written = tokio::task::spawn_blocking(move || {
            let site = state.world().sites().get(at)?;
            Some(deliveries::messages(site, state.world().clock(), &events, &hooks, merge))
        });
        let messages = written.await.ok().flatten().unwrap_or_default();
        for message in messages {
            self.make(at, message, &settings);
        }
    }

    /// The webhooks of a site that may be served. When nobody listens there, its changes are not kept any longer.
    fn hooks_of(&self, at: usize, outbox: &Outbox) -> Vec<Webhook> {
        let world = self.state.world();
        let Some(site) = world.sites().get(at) else { return Vec::new() };
        let hooks: Vec<Webhook> = {
            let webhooks = self.state.webhooks();
            let hooks: Vec<_> = webhooks.on(site.cloud_id(), world.clock().now_ms()).cloned().collect();
            if hooks.is_empty() {
                // Under the lock of the registry, so that a registration cannot come between.
                outbox.follow(false);
            }
            hooks
        };
        hooks.into_iter().filter(|hook| self.may_serve(&hook.owner)).collect()
    }

    /// Whether an owner is entitled to deliveries: an active account that lets the app act on the site where it
    /// is installed, and for an app
    /// that is not shared, the app's own owner.
    fn may_serve(&self, owner: &Owner) -> bool {
        let account = self.state.world().directory().get(owner.account);
        let app_may = self.state.registry().get(&owner.client_id).is_some_and(|app| {
            app.distribution != Distribution::NotSharing || app.owner == account.account_id
        });
        account.is_active()
            && app_may
            && self.state.is_installed(&owner.client_id, &owner.cloud_id)
            && self.state.grants().allows(&owner.client_id, &owner.cloud_id, &account.account_id)
    }

    /// Makes the copies of a delivery, as the settings want them.
    fn make(&mut self, at: usize, message: Message, settings: &WebhookSettings) {
        let cloud_id = self.state.world().sites().get(at).map(|site| site.cloud_id().to_owned());
        let (Some(cloud_id), Some(url)) = (cloud_id, attempt::address(&message.url, &message.by)) else {
            return;
        };
        let identifier = self.identifier();
        let extra = if self.chance(settings.duplicate) { settings.duplicates } else { 0 };
        let host = (cloud_id.clone(), url.host_str().unwrap_or_default().to_owned());
        let (webhooks, body): (Arc<[u64]>, Bytes) = (message.webhooks.clone().into(), message.body.into());
        for _ in 0..=extra {
            let number = self.state.deliveries().begin(Delivered {
                identifier: identifier.clone(),
                event: message.event,
                subject: message.subject.clone(),
                flow: message.flow,
                cloud_id: cloud_id.clone(),
                client_id: message.client_id.clone(),
                webhooks: message.webhooks.clone(),
                outcome: "pending",
                attempts: Vec::new(),
            });
            if body.len() > MAX_BODY || self.chance(settings.drop) {
                self.state.deliveries().end(number, Outcome::Dropped);
                continue;
            }
            let delivery = Delivery {
                number,
                host: host.clone(),
                flow: message.flow,
                issue: message.issue,
                client_id: message.client_id.clone(),
                url: url.clone(),
                by: message.by.clone(),
                identifier: identifier.clone(),
                webhooks: Arc::clone(&webhooks),
                body: body.clone(),
                attempts: 0,
            };
            let start = self.start_of(message.flow, settings);
            self.put(start, delivery);
        }
    }

    fn start_of(&mut self, flow: Flow, settings: &WebhookSettings) -> Millis {
        let mut delay = match flow {
            Flow::Primary => settings.primary_delay_ms,
            Flow::Secondary => self.dice.random_range(0..=settings.secondary_delay_ms),
        };
        if settings.shuffle_ms > 0 {
            delay = delay.saturating_add(self.dice.random_range(0..=settings.shuffle_ms));
        }
        if self.chance(settings.late) {
            delay = delay.saturating_add(settings.late_ms);
        }
        self.state.world().clock().now_ms().saturating_add(Millis::try_from(delay).unwrap_or(Millis::MAX))
    }

    fn put(&mut self, start: Millis, delivery: Delivery) {
        if let Err(delivery) = self.schedule.put(start, delivery) {
            self.state.deliveries().end(delivery.number, Outcome::Dropped);
        }
    }

    fn start_due(&mut self) {
        let now = self.state.world().clock().now_ms();
        while let Some(delivery) = self.schedule.start(now) {
            match self.request(&delivery) {
                Some(request) => {
                    let client = self.client.clone();
                    self.attempts.spawn(async move {
                        let answer = attempt::send(client, request).await;
                        (delivery, answer)
                    });
                }
                None => self.withdraw(&delivery, now),
            }
        }
    }

    /// Ends a delivery to which nobody is entitled any more.
    fn withdraw(&mut self, delivery: &Delivery, now: Millis) {
        self.schedule.released(delivery);
        tracing::debug!(number = delivery.number, now, "a delivery lost its last owner");
        self.state.deliveries().end(delivery.number, Outcome::Dropped);
    }

    /// The request of the next attempt, if a registration that it matches still stands.
    fn request(&mut self, delivery: &Delivery) -> Option<Request> {
        let now = self.state.now();
        let standing: Vec<Owner> = {
            let webhooks = self.state.webhooks();
            let matched = webhooks
                .on(&delivery.host.0, now.as_millisecond())
                .filter(|hook| delivery.webhooks.contains(&hook.id));
            matched.map(|hook| hook.owner.clone()).collect()
        };
        if !standing.iter().any(|owner| self.may_serve(owner)) {
            return None;
        }
        let token_id = self.identifier();
        let client_secret = self.state.registry().get(&delivery.client_id)?.client_secret.clone();
        let signature = Signature {
            client_id: &delivery.client_id,
            client_secret: &client_secret,
            by: &delivery.by,
            token_id: &token_id,
            now: now.as_second(),
        };
        Some(Request {
            url: delivery.url.clone(),
            identifier: delivery.identifier.clone(),
            flow: delivery.flow,
            retry: delivery.attempts,
            authorization: signature.header(),
            body: delivery.body.clone(),
        })
    }

    /// Records the end of an attempt and decides whether there is another.
    fn ended(&mut self, done: Option<(Delivery, Answer)>) {
        // An attempt cannot panic, and is aborted only when the sandbox stops.
        let Some((mut delivery, answer)) = done else { return };
        let now = self.state.world().clock().now_ms();
        let succeeded = matches!(answer, Ok(200..=299));
        let degraded = self.schedule.ended(&delivery, succeeded, now);
        let again = match &answer {
            Ok(status) => is_retried(*status),
            Err(_) => true,
        };
        let retry = delivery.attempts > 0;
        let attempt = Attempt {
            at: Timestamp::from_millisecond(now).unwrap_or(Timestamp::MAX),
            status: answer.as_ref().ok().copied(),
            error: answer.err(),
        };
        let (last, number) = (delivery.attempts >= MOST_RETRIES || degraded, delivery.number);
        {
            let mut deliveries = self.state.deliveries();
            deliveries.attempted(number, retry, attempt);
            if succeeded || !again || last {
                deliveries.end(number, if succeeded { Outcome::Delivered } else { Outcome::Failed });
                return;
            }
        }
        delivery.attempts += 1;
        let (shortest, longest) = RETRY_WAIT_MS;
        let start = now.saturating_add(self.dice.random_range(shortest..=longest));
        self.put(start, delivery);
    }

    fn chance(&mut self, chance: f64) -> bool {
        chance > 0.0 && self.dice.random::<f64>() < chance
    }

    fn identifier(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.dice.random()).into_uuid().to_string()
    }
}
