//! Who goes next within a lane: start-time fair queueing over points. Pure.
//!
//! Every call gets a tag: where its source stands on a virtual clock, which moves with what is admitted. A source that
//! comes new stands where the clock is, so it goes before the backlog of one that has asked for much; a source that was
//! served moves on by the points it got, divided by its weight.

use std::collections::{BTreeMap, HashMap};

use linkspan_model::ids::SourceId;

/// Virtual time of a point for a source of weight 1: large, so that weights divide it finely.
const SCALE: u64 = 1_000;
/// Sources that are remembered before those that are not ahead of the clock are forgotten.
const REMEMBERED: usize = 1_024;

/// A place in the order: the tag, then who came first.
pub(super) type Place = (u64, u64);

/// What waits, in order.
#[derive(Debug, Default)]
pub(super) struct FairQueue<T> {
    waiting: BTreeMap<Place, T>,
    /// Where each source stands, if it is ahead of the clock.
    ahead: HashMap<SourceId, u64>,
    clock: u64,
}

impl<T> FairQueue<T> {
    pub(super) fn new() -> Self {
        Self { waiting: BTreeMap::new(), ahead: HashMap::new(), clock: 0 }
    }

    /// Puts a call in line; `number` grows with every call. Its place tells who it is.
    pub(super) fn push(&mut self, number: u64, source: SourceId, points: u64, weight: u32, call: T) -> Place {
        let place = (self.tag(source, points, weight), number);
        self.waiting.insert(place, call);
        place
    }

    /// Puts a call in line at the place that it had in another.
    pub(super) fn push_at(&mut self, place: Place, source: SourceId, points: u64, weight: u32, call: T) {
        let ahead = self.ahead.entry(source).or_default();
        *ahead = place.0.saturating_add(span(points, weight)).max(*ahead);
        self.waiting.insert(place, call);
    }

    /// Notes a call that goes without waiting.
    pub(super) fn passed(&mut self, source: SourceId, points: u64, weight: u32) {
        self.clock = self.tag(source, points, weight);
    }

    /// What stands at a place.
    pub(super) fn get(&self, place: Place) -> Option<&T> {
        self.waiting.get(&place)
    }

    /// The places of what waits, the first first.
    pub(super) fn places(&self) -> Vec<Place> {
        self.waiting.keys().copied().collect()
    }

    /// Lets a call go.
    pub(super) fn admit(&mut self, place: Place) -> Option<T> {
        let call = self.waiting.remove(&place)?;
        self.clock = self.clock.max(place.0);
        Some(call)
    }

    /// Takes a call out that gave up; its source gets back what it would have paid.
    pub(super) fn give_up(&mut self, place: Place, source: SourceId, points: u64, weight: u32) -> Option<T> {
        let call = self.waiting.remove(&place)?;
        self.correct(source, points, 0, weight);
        Some(call)
    }

    /// Corrects a source for a call that cost another number of points than was thought.
    pub(super) fn correct(&mut self, source: SourceId, thought: u64, cost: u64, weight: u32) {
        if let Some(ahead) = self.ahead.get_mut(&source) {
            *ahead = ahead.saturating_sub(span(thought, weight)).saturating_add(span(cost, weight));
        }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    fn tag(&mut self, source: SourceId, points: u64, weight: u32) -> u64 {
        if self.ahead.len() >= REMEMBERED {
            let clock = self.clock;
            self.ahead.retain(|_, ahead| *ahead > clock);
        }
        let ahead = self.ahead.entry(source).or_default();
        let tag = (*ahead).max(self.clock);
        *ahead = tag.saturating_add(span(points, weight));
        tag
    }
}

fn span(points: u64, weight: u32) -> u64 {
    points.saturating_mul(SCALE) / u64::from(weight.max(1))
}
