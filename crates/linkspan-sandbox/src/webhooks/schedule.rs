//! When deliveries start, how many at once, and which are tried again (`atlassian-platform.md` 4.7). Pure: time and dice
//! are handed in.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use super::Flow;
use crate::world::Millis;

/// Most attempts after the first.
pub(super) const MOST_RETRIES: u32 = 5;
/// The shortest and the longest wait before another attempt.
pub(super) const RETRY_WAIT_MS: (Millis, Millis) = (5 * 60_000, 15 * 60_000);
/// A host that fails for so long gets one attempt for each delivery.
const DEGRADED_AFTER_MS: Millis = 30 * 60_000;
/// Deliveries under way to one host of one site.
const PRIMARY_IN_FLIGHT: usize = 20;
/// The same for what follows from changes.
const SECONDARY_IN_FLIGHT: usize = 10;
/// Deliveries that wait; further ones are dropped.
const MOST_WAITING: usize = 50_000;
/// Bytes of bodies that wait; further deliveries are dropped.
const MOST_WAITING_BYTES: usize = 512 * 1024 * 1024;

/// Where deliveries share the limits: a site and the host of the address.
pub(super) type Host = (String, String);

/// A delivery as the schedule knows it.
pub(super) trait Scheduled {
    /// Site and host.
    fn host(&self) -> &Host;
    /// Flow.
    fn flow(&self) -> Flow;
    /// What it is about: of two deliveries about the same thing the later one waits until the earlier one was answered.
    fn topic(&self) -> u64;
    /// Bytes of the body.
    fn size(&self) -> usize;
}

/// Deliveries in the order of their starts.
#[derive(Debug)]
pub(super) struct Schedule<D> {
    /// By start and number.
    waiting: BTreeMap<(Millis, u64), D>,
    lanes: HashMap<(Host, Flow), Lane<D>>,
    /// Lanes in which something may start.
    stirred: HashSet<(Host, Flow)>,
    /// Hosts that failed last, and since when.
    failing: HashMap<Host, Millis>,
    count: usize,
    bytes: usize,
    last: u64,
}

#[derive(Debug)]
struct Lane<D> {
    in_flight: usize,
    /// What waited for its topic and may start now.
    next: VecDeque<D>,
    ready: VecDeque<D>,
    /// Topics under way, each with what waits for its end.
    topics: HashMap<u64, VecDeque<D>>,
}

impl<D: Scheduled> Default for Schedule<D> {
    fn default() -> Self {
        Self {
            waiting: BTreeMap::new(),
            lanes: HashMap::new(),
            stirred: HashSet::new(),
            failing: HashMap::new(),
            count: 0,
            bytes: 0,
            last: 0,
        }
    }
}

impl<D: Scheduled> Schedule<D> {
    /// Lets a delivery wait for its start; gives it back when too much waits already.
    pub(super) fn put(&mut self, start: Millis, delivery: D) -> Result<(), D> {
        let bytes = self.bytes.saturating_add(delivery.size());
        if self.count >= MOST_WAITING || bytes > MOST_WAITING_BYTES {
            return Err(delivery);
        }
        self.count += 1;
        self.bytes = bytes;
        self.last += 1;
        self.waiting.insert((start, self.last), delivery);
        Ok(())
    }

    /// The next delivery that may start now; it is under way until [`Schedule::ended`].
    pub(super) fn start(&mut self, now: Millis) -> Option<D> {
        while let Some(entry) = self.waiting.first_entry().filter(|entry| entry.key().0 <= now) {
            let delivery = entry.remove();
            let lane = (delivery.host().clone(), delivery.flow());
            self.stirred.insert(lane.clone());
            self.lanes.entry(lane).or_default().ready.push_back(delivery);
        }
        while let Some(name) = self.stirred.iter().next().cloned() {
            let most = if name.1 == Flow::Primary { PRIMARY_IN_FLIGHT } else { SECONDARY_IN_FLIGHT };
            if let Some(delivery) = self.lanes.get_mut(&name).and_then(|lane| lane.start(most)) {
                self.count -= 1;
                self.bytes = self.bytes.saturating_sub(delivery.size());
                return Some(delivery);
            }
            self.stirred.remove(&name);
        }
        None
    }

    /// When the next delivery is to start that is not due yet.
    pub(super) fn next_start(&self) -> Option<Millis> {
        self.waiting.first_key_value().map(|((start, _), _)| *start)
    }

    /// Notes the end of an attempt, and tells whether its host is degraded.
    pub(super) fn ended(&mut self, delivery: &D, succeeded: bool, now: Millis) -> bool {
        self.released(delivery);
        let host = delivery.host();
        if succeeded {
            self.failing.remove(host);
            return false;
        }
        let since = *self.failing.entry(host.clone()).or_insert(now);
        now.saturating_sub(since) >= DEGRADED_AFTER_MS
    }

    /// Makes room for another delivery to its host, and about its topic.
    pub(super) fn released(&mut self, delivery: &D) {
        let name = (delivery.host().clone(), delivery.flow());
        if let Some(lane) = self.lanes.get_mut(&name) {
            lane.in_flight = lane.in_flight.saturating_sub(1);
            let mut held = lane.topics.remove(&delivery.topic()).unwrap_or_default();
            if let Some(next) = held.pop_front() {
                lane.topics.insert(next.topic(), held);
                lane.next.push_back(next);
            }
            if lane.in_flight == 0 && lane.ready.is_empty() && lane.next.is_empty() {
                self.lanes.remove(&name);
            } else {
                self.stirred.insert(name);
            }
        }
    }
}

impl<D> Default for Lane<D> {
    fn default() -> Self {
        Self { in_flight: 0, next: VecDeque::new(), ready: VecDeque::new(), topics: HashMap::new() }
    }
}

impl<D: Scheduled> Lane<D> {
    /// The next delivery, unless `most` are under way.
    fn start(&mut self, most: usize) -> Option<D> {
        if self.in_flight >= most {
            return None;
        }
        // What waited for its topic is older than whatever is ready.
        let mut found = self.next.pop_front();
        while found.is_none() {
            let delivery = self.ready.pop_front()?;
            if let Some(held) = self.topics.get_mut(&delivery.topic()) {
                held.push_back(delivery);
            } else {
                self.topics.insert(delivery.topic(), VecDeque::new());
                found = Some(delivery);
            }
        }
        self.in_flight += 1;
        found
    }
}

/// Whether an answer asks for another attempt.
pub(super) fn is_retried(status: u16) -> bool {
    matches!(status, 408 | 409 | 425 | 429 | 500..=599)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Parcel(u32, Host, Flow, u64);

    impl Scheduled for Parcel {
        fn host(&self) -> &Host {
            &self.1
        }
        fn flow(&self) -> Flow {
            self.2
        }
        fn size(&self) -> usize {
            1
        }
        fn topic(&self) -> u64 {
            self.3
        }
    }

    fn parcel(number: u32, host: &str) -> Parcel {
        Parcel(number, ("site".to_owned(), host.to_owned()), Flow::Primary, number.into())
    }

    #[test]
    fn deliveries_start_in_their_order_and_twenty_at_once_for_each_host() {
        let mut schedule = Schedule::default();
        for number in 0..30 {
            schedule.put(0, parcel(number, "a")).unwrap();
        }
        schedule.put(0, parcel(100, "b")).unwrap();
        let started: Vec<u32> = std::iter::from_fn(|| schedule.start(0)).map(|it| it.0).collect();
        let of_a: Vec<u32> = started.iter().copied().filter(|number| *number < 100).collect();
        assert_eq!(of_a, (0..20).collect::<Vec<_>>());
        assert_eq!(started.len(), 21, "the other host is not held up");
        schedule.ended(&parcel(0, "a"), true, 0);
        assert_eq!(schedule.start(0).map(|it| it.0), Some(20));
        assert_eq!(schedule.start(0), None);
    }

    #[test]
    fn what_is_about_one_thing_starts_one_after_the_other() {
        let mut schedule = Schedule::default();
        let about = |number, topic| Parcel(number, ("site".to_owned(), "a".to_owned()), Flow::Primary, topic);
        for (number, topic) in [(1, 7), (2, 7), (3, 8), (4, 7), (5, 8)] {
            schedule.put(0, about(number, topic)).unwrap();
        }
        let mut started = || std::iter::from_fn(|| schedule.start(0)).collect::<Vec<_>>();
        assert_eq!(started().iter().map(|it| it.0).collect::<Vec<_>>(), [1, 3]);
        schedule.ended(&about(1, 7), true, 0);
        assert_eq!(schedule.start(0).map(|it| it.0), Some(2));
        assert_eq!(schedule.start(0), None);
        schedule.ended(&about(2, 7), false, 0);
        schedule.ended(&about(3, 8), true, 0);
        assert_eq!(schedule.start(0).map(|it| it.0), Some(4));
        assert_eq!(schedule.start(0).map(|it| it.0), Some(5));
        schedule.ended(&about(4, 7), true, 0);
        schedule.ended(&about(5, 8), true, 0);
        assert!(schedule.lanes.is_empty() && schedule.start(0).is_none() && schedule.count == 0);
    }

    #[test]
    fn nothing_starts_before_its_time() {
        let mut schedule = Schedule::default();
        schedule.put(10, parcel(1, "a")).unwrap();
        assert_eq!((schedule.start(9), schedule.next_start()), (None, Some(10)));
        assert_eq!(schedule.start(10).map(|it| it.0), Some(1));
    }

    #[test]
    fn a_host_is_degraded_after_half_an_hour_of_failures_until_one_success() {
        let mut schedule = Schedule::<Parcel>::default();
        let mut failed = |at, succeeded| schedule.ended(&parcel(0, "a"), succeeded, at);
        assert!(!failed(0, false));
        assert!(!failed(DEGRADED_AFTER_MS - 1, false));
        assert!(failed(DEGRADED_AFTER_MS, false));
        assert!(!failed(DEGRADED_AFTER_MS, true));
        assert!(!failed(DEGRADED_AFTER_MS + 1, false));
    }

    #[test]
    fn what_finds_no_room_is_given_back() {
        let mut schedule = Schedule::default();
        for number in 0..MOST_WAITING {
            schedule.put(0, parcel(u32::try_from(number).unwrap(), "a")).unwrap();
        }
        assert!(schedule.put(0, parcel(0, "a")).is_err());
        schedule.start(0).unwrap();
        assert!(schedule.put(0, parcel(0, "a")).is_ok());
    }

    #[test]
    fn only_some_refusals_are_tried_again() {
        for status in [408, 409, 425, 429, 500, 503, 599] {
            assert!(is_retried(status), "{status}");
        }
        for status in [200, 301, 400, 401, 403, 404, 410, 422] {
            assert!(!is_retried(status), "{status}");
        }
    }
}
