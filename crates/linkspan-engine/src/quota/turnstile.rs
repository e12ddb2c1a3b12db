//! Where callers wait until their call may go.
//!
//! One lock guards the governor. Who has to wait gets a channel of its own, through which whoever makes room sends the
//! permit: an answer that came, or one task that sleeps until the next moment at which anything can change.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use linkspan_atlassian::calls::Call;
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::limit::LimitHeaders;
use linkspan_model::clock::Clock;
use linkspan_model::ids::{AppId, SourceId};
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::governor::{Answer, Governor, PointsQuota, Sent, Ticket, Turn};
use super::pool::Ask;
use crate::error::EngineError;
use crate::estimate::Budget;

/// The longest sleep of the task that looks for whoever may go: clocks jump when a machine wakes up.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The place that every call to a product passes.
#[derive(Clone)]
pub(crate) struct Turnstile(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// There is something earlier to look for.
    sooner: Notify,
    /// A call began to rest.
    rested: Notify,
    clock: Clock,
    tasks: TaskTracker,
    stop: CancellationToken,
}

struct State {
    governor: Governor,
    waiting: HashMap<u64, (SourceId, oneshot::Sender<Permit>)>,
    /// How many calls of a source rest before they are repeated.
    resting: HashMap<SourceId, usize>,
    /// Whether a task looks for whoever may go.
    is_watched: bool,
}

/// The right to send one call. It is given back with what became of it.
pub(crate) struct Permit {
    turnstile: Turnstile,
    sent: Option<Sent>,
    /// Points of a call that is under way, should nobody see its end.
    risk: u64,
}

/// A call that failed and rests before it is repeated; it stands in no line meanwhile.
pub(crate) struct Rest {
    turnstile: Turnstile,
    source: SourceId,
}

/// A caller that waits; it leaves the line when it gives up.
struct Waiting<'a> {
    shared: &'a Shared,
    ticket: Ticket,
}

impl Turnstile {
    pub(crate) fn new(quota: PointsQuota, clock: Clock, tasks: TaskTracker, stop: CancellationToken) -> Self {
        let governor = Governor::new(quota);
        let (waiting, resting) = (HashMap::new(), HashMap::new());
        let state = Mutex::new(State { governor, waiting, resting, is_watched: false });
        let (sooner, rested) = (Notify::new(), Notify::new());
        Self(Arc::new(Shared { state, sooner, rested, clock, tasks, stop }))
    }

    /// Waits until a call may go. `page_size` is the number of objects it asks for, where somebody chose it.
    ///
    /// # Errors
    /// [`EngineError::Stopped`] when `stop` is cancelled first, [`EngineError::Crowded`] when too many wait.
    pub(crate) async fn pass(
        &self,
        app: AppId,
        call: &'static Call,
        page_size: Option<u32>,
        mut ask: Ask,
        stop: &CancellationToken,
    ) -> Result<Permit, EngineError> {
        let (waiting, permit) = {
            let mut state = self.0.lock();
            ask.points = state.governor.price(call, page_size);
            let (risk, source) = (call.price.of(0), ask.source);
            match state.governor.ask(self.0.clock.now(), app, ask) {
                Answer::Go(sent) => {
                    return Ok(Permit { turnstile: self.clone(), sent: Some(sent), risk });
                }
                Answer::Full => return Err(EngineError::Crowded),
                Answer::Wait(ticket) => {
                    let (sender, permit) = oneshot::channel();
                    state.waiting.insert(ticket.number(), (source, sender));
                    if !state.is_watched {
                        state.is_watched = true;
                        self.0.tasks.spawn(self.clone().watch());
                    }
                    (Waiting { shared: &self.0, ticket }, permit)
                }
            }
        };
        self.0.sooner.notify_one();
        tracing::debug!(call = call.name, "waits for its turn");
        let turn = tokio::select! {
            permit = permit => permit.map_err(|_| EngineError::Stopped),
            () = stop.cancelled() => Err(EngineError::Stopped),
        };
        drop(waiting);
        turn
    }

    /// How long a call would be held up by limits, if nobody stood in line before it.
    pub(crate) fn wait_of(&self, app: AppId, call: &'static Call, mut ask: Ask) -> Duration {
        let now = self.0.clock.now();
        let state = self.0.lock();
        ask.points = state.governor.price(call, None);
        let until = state.governor.earliest(now, app, &ask);
        Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO)
    }

    /// The points that a first reading can have where this call counts; `None` where no limit is known.
    pub(crate) fn budget(&self, app: AppId, ask: &Ask) -> Option<Budget> {
        self.0.lock().governor.budget(app, ask)
    }

    /// The sources that have calls waiting, for their turn or before they are repeated.
    pub(crate) fn waiting_sources(&self) -> HashSet<SourceId> {
        let state = self.0.lock();
        let in_line = state.waiting.values().map(|(source, _)| *source);
        in_line.chain(state.resting.keys().copied()).collect()
    }

    /// Notes that a call of a source rests, until what is given back is dropped.
    pub(crate) fn rest(&self, source: SourceId) -> Rest {
        *self.0.lock().resting.entry(source).or_default() += 1;
        self.0.rested.notify_one();
        Rest { turnstile: self.clone(), source }
    }

    /// Comes back when a call began to rest. One task may wait for that.
    pub(crate) async fn rested(&self) {
        self.0.rested.notified().await;
    }

    /// Looks at the governor.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Governor, Timestamp) -> T) -> T {
        look(&self.0.lock().governor, self.0.clock.now())
    }

    /// Changes the governor, and hands permits to whoever may go then.
    fn change(&self, change: impl FnOnce(&mut Governor, Timestamp) -> Turn) -> Option<Timestamp> {
        let mut state = self.0.lock();
        let turn = change(&mut state.governor, self.0.clock.now());
        let mut permits = Vec::with_capacity(turn.gone.len());
        for (number, sent) in turn.gone {
            let permit = Permit { turnstile: self.clone(), sent: Some(sent), risk: 1 };
            permits.push((state.waiting.remove(&number), permit));
        }
        // Outside the lock: a permit that nobody takes gives itself back.
        drop(state);
        for (waiting, permit) in permits {
            if let Some((_, waiting)) = waiting {
                let _ = waiting.send(permit);
            }
        }
        turn.look
    }

    /// Lets go whoever may until nobody waits.
    async fn watch(self) {
        loop {
            let look = self.change(Governor::advance);
            let pause = {
                let mut state = self.0.lock();
                if state.waiting.is_empty() {
                    state.is_watched = false;
                    return;
                }
                let now = self.0.clock.now();
                let until = look.and_then(|at| Duration::try_from(at.duration_since(now)).ok());
                until.unwrap_or(LOOK_EVERY).clamp(Duration::from_millis(1), LOOK_EVERY)
            };
            tokio::select! {
                () = self.0.stop.cancelled() => {
                    // Who waits learns that the engine stops.
                    let mut state = self.0.lock();
                    state.waiting.clear();
                    state.is_watched = false;
                    return;
                }
                () = self.0.sooner.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        let mut state = self.turnstile.0.lock();
        if let Entry::Occupied(mut calls) = state.resting.entry(self.source) {
            *calls.get_mut() -= 1;
            if *calls.get() == 0 {
                calls.remove();
            }
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        let sender = state.waiting.remove(&self.ticket.number());
        // Who was let go has left the line already.
        if sender.is_some() {
            state.governor.give_up(&self.ticket);
        }
    }
}

impl Permit {
    /// Gives it back with an answer of so many objects, at so many points.
    pub(crate) fn answered(mut self, limits: &LimitHeaders, objects: u64, points: u64) {
        if let Some(sent) = self.sent.take() {
            self.turnstile.change(|governor, now| governor.answered(now, &sent, limits, objects, points));
        }
    }

    /// Gives it back with a failure.
    pub(crate) fn refused(mut self, error: &CallError) {
        if let Some(sent) = self.sent.take() {
            self.turnstile.change(|governor, now| governor.refused(now, &sent, error));
        }
    }

    /// Gives it back unused.
    pub(crate) fn unused(mut self) {
        self.risk = 0;
    }
}

impl Drop for Permit {
    /// A call that was dropped on its way counts as one: upstream may have answered it.
    fn drop(&mut self) {
        if let Some(sent) = self.sent.take() {
            let risk = self.risk;
            self.turnstile.change(|governor, now| governor.abandoned(now, &sent, risk));
        }
    }
}
