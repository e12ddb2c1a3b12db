//! One pool of points with who waits for them. Pure.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use linkspan_atlassian::limit::Gate;
use linkspan_model::ids::SourceId;
use linkspan_model::product::Product;

use super::allowance::{Allowance, KnownQuota};
use super::lane::{Lane, OfLanes};
use super::queue::{FairQueue, Place};

/// Calls that may wait in one pool; a further one is refused.
pub const WAITING_CAP: usize = 10_000;
/// Sources whose spending is shown; what further ones spend is counted in the whole alone.
const SPENDERS_CAP: usize = 10_000;

/// A call that wants to go.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// For whom it is.
    pub(crate) source: SourceId,
    /// The source's weight among those of its lane; 1 is usual.
    pub(crate) weight: u32,
    /// What it is for.
    pub(crate) lane: Lane,
    /// The product that answers it.
    pub(crate) product: Product,
    /// The site.
    pub(crate) cloud_id: Arc<str>,
    /// Its name in the call table.
    pub(crate) call: &'static str,
    /// The most points that it is thought to cost.
    pub(crate) points: u64,
}

/// Points, and the calls that share them.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) allowance: Allowance,
    queues: [FairQueue<Ask>; 4],
    spenders: HashMap<SourceId, u64>,
}

impl Pool {
    pub(super) fn new(quota: KnownQuota) -> Self {
        Self {
            allowance: Allowance::new(quota),
            queues: std::array::from_fn(|_| FairQueue::new()),
            spenders: HashMap::new(),
        }
    }

    /// Begins a new hour if it has turned.
    pub(super) fn turn(&mut self, now: Timestamp) {
        if self.allowance.turn(now) {
            self.spenders.clear();
        }
    }

    /// Lets a call go at once where nobody waits and nothing holds it; `false` where it has to stand in line.
    pub(super) fn pass(&mut self, now: Timestamp, gate: &mut Gate, ask: &Ask) -> bool {
        let is_free = self.is_idle()
            && gate.earliest(now, ask.product, &ask.cloud_id, ask.call) <= now
            && self.allowance.when(now, ask.lane, ask.points, OfLanes::default(), false) <= now;
        if is_free {
            self.queues[ask.lane as usize].passed(ask.source, ask.points, ask.weight);
            self.send(now, gate, ask);
        }
        is_free
    }

    /// When enough points are released for a call.
    pub(super) fn released_at(&self, now: Timestamp, ask: &Ask) -> Timestamp {
        if self.allowance.turns_at() <= now {
            return now;
        }
        self.allowance.when(now, ask.lane, ask.points, OfLanes::default(), false)
    }

    /// Puts a call in line; `None` when too many wait already.
    pub(super) fn push(&mut self, number: u64, ask: Ask) -> Option<Place> {
        if self.queues.iter().map(FairQueue::len).sum::<usize>() >= WAITING_CAP {
            return None;
        }
        let queue = &mut self.queues[ask.lane as usize];
        Some(queue.push(number, ask.source, ask.points, ask.weight, ask))
    }

    /// Puts a call in line that stood in another pool's.
    pub(super) fn push_at(&mut self, place: Place, ask: Ask) {
        let queue = &mut self.queues[ask.lane as usize];
        queue.push_at(place, ask.source, ask.points, ask.weight, ask);
    }

    /// Takes a call out that gave up.
    pub(super) fn give_up(&mut self, lane: Lane, place: Place) {
        let queue = &mut self.queues[lane as usize];
        if let Some(ask) = queue.get(place) {
            let (source, points, weight) = (ask.source, ask.points, ask.weight);
            queue.give_up(place, source, points, weight);
        }
    }

    /// Lets go whoever may: gives them with their places, and when to look again.
    pub(super) fn advance(
        &mut self,
        now: Timestamp,
        gate: &mut Gate,
    ) -> (Vec<(Place, Ask)>, Option<Timestamp>) {
        self.turn(now);
        let (mut gone, mut look): (Vec<(Place, Ask)>, Option<Timestamp>) = (Vec::new(), None);
        let sooner = |look: Option<Timestamp>, at: Timestamp| Some(look.map_or(at, |look| look.min(at)));
        let mut is_behind = false;
        for lane in Lane::ALL {
            for place in self.queues[lane as usize].places() {
                let Some(ask) = self.queues[lane as usize].get(place) else { continue };
                // A limit on one kind of call, or on one site, holds up nobody else (hazard R2).
                let open_at = gate.earliest(now, ask.product, &ask.cloud_id, ask.call);
                if open_at > now {
                    look = sooner(look, open_at);
                    continue;
                }
                let at = self.allowance.when(now, lane, ask.points, self.waiting_in(), is_behind);
                if at > now {
                    // Dear calls are not passed by cheap ones: they would never go.
                    look = sooner(look, at);
                    is_behind = true;
                    break;
                }
                if let Some(ask) = self.queues[lane as usize].admit(place) {
                    self.send(now, gate, &ask);
                    gone.push((place, ask));
                }
            }
        }
        (gone, look)
    }

    /// Ends a call. `left` is what upstream says is left of the pool.
    pub(super) fn settle(&mut self, now: Timestamp, ask: &Ask, cost: u64, left: Option<u64>) {
        self.turn(now);
        self.allowance.settle(ask.lane, ask.points, cost, left);
        self.queues[ask.lane as usize].correct(ask.source, ask.points, cost, ask.weight);
        if self.spenders.len() < SPENDERS_CAP || self.spenders.contains_key(&ask.source) {
            *self.spenders.entry(ask.source).or_default() += cost;
        }
    }

    /// Takes everybody out who waits to call a site: they stand in line elsewhere.
    pub(super) fn take_site(&mut self, cloud_id: &str) -> Vec<(Place, Ask)> {
        let mut taken = Vec::new();
        for queue in &mut self.queues {
            for place in queue.places() {
                let found = queue.get(place).filter(|ask| *ask.cloud_id == *cloud_id);
                if let Some((source, points, weight)) = found.map(|ask| (ask.source, ask.points, ask.weight))
                {
                    taken.extend(queue.give_up(place, source, points, weight).map(|ask| (place, ask)));
                }
            }
        }
        taken
    }

    /// Calls that wait, by lane.
    pub(super) fn waiting(&self, lane: Lane) -> usize {
        self.queues[lane as usize].len()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.queues.iter().all(FairQueue::is_empty)
    }

    /// What each source spent this hour.
    pub(super) fn spenders(&self) -> &HashMap<SourceId, u64> {
        &self.spenders
    }

    fn waiting_in(&self) -> OfLanes<bool> {
        let mut waiting = OfLanes::default();
        for lane in Lane::ALL {
            *waiting.of_mut(lane) = !self.queues[lane as usize].is_empty();
        }
        waiting
    }

    fn send(&mut self, now: Timestamp, gate: &mut Gate, ask: &Ask) {
        self.allowance.hold(ask.lane, ask.points);
        gate.sent(now, &ask.cloud_id, ask.call);
    }
}
