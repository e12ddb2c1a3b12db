//! How long a first reading takes and what it costs (hazard R4): from counts before it begins, and from what was seen while
//! it goes on.
//!
//! Lists run ahead of what is stored, and what hangs on an item (further comments, names) is read behind its list. So the
//! two are counted apart: listing at the listed price of each stream for what no list has brought yet, the rest by what it
//! came to for the items that are complete.

use jiff::{SignedDuration, Timestamp};

use crate::progress::{ContentCount, Phase, StreamProgress};

/// Streams whose items are the bulk of a first reading.
const CONTENT: [&str; 5] = ["issues", "pages", "blogposts", "comments", "attachments"];
/// Items with nothing hanging on them that are mixed with what was seen: the first of a reading meet names that nobody has
/// met yet.
const BARE_ITEMS: u64 = 100;
/// What listing an item usually costs, in thousandths of a point: a point, and a hundredth of a page's.
pub(crate) const LISTED_PRICE: u64 = 1_010;
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What a reading still takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Items read in this run.
    pub items_done: u64,
    /// Items that it is expected to bring.
    pub items_expected: u64,
    /// How far it is, in percent of its points.
    pub percent: f64,
    /// Points spent by this run.
    pub points_spent: u64,
    /// Points that it still needs.
    pub points_needed: u64,
    /// When it will be finished; `None` while too little was seen.
    pub finishes_at: Option<Timestamp>,
    /// What decides that.
    pub limited_by: LimitedBy,
}

/// What decides when a reading is finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitedBy {
    /// How fast upstream answers and this server stores.
    Speed,
    /// The points that an hour has for it.
    Quota,
}

impl LimitedBy {
    /// The word in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Speed => "speed",
            Self::Quota => "quota",
        }
    }
}

/// The points that a first reading can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    /// In this hour.
    pub(crate) left: u64,
    /// In every whole hour.
    pub(crate) hourly: u64,
    /// When the hour turns.
    pub(crate) turns_at: Timestamp,
}

/// What was seen of a reading.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    /// When its content began to be read.
    pub(crate) began: Timestamp,
    pub(crate) now: Timestamp,
    /// What was spent before that.
    pub(crate) before: ContentCount,
    /// What was spent until now.
    pub(crate) spent: ContentCount,
    pub(crate) budget: Option<Budget>,
}

impl Estimate {
    /// The estimate for a run whose streams stand like this; `None` where nobody told how much is to be expected.
    pub(crate) fn of(course: &Course, streams: &[StreamProgress]) -> Option<Self> {
        let content = || streams.iter().filter(|row| CONTENT.contains(&row.stream));
        let items_expected: u64 = content().filter_map(|row| row.expected).sum();
        let items_done: u64 = content().filter(|row| row.expected.is_some()).map(|row| row.done).sum();
        if items_expected == 0 {
            return None;
        }
        let left: u64 = content().map(left_of).sum();
        let (before, spent) = (course.before, course.spent);
        let listed = spent.listed.saturating_sub(before.listed);
        let beside = (spent.points - before.points)
            .saturating_sub(spent.listed_points.saturating_sub(before.listed_points));
        let complete = spent.prepared.saturating_sub(before.prepared).max(items_done);
        let ahead = listed.saturating_sub(content().map(|row| row.done).sum());
        let to_complete = left.min(items_expected.saturating_sub(complete));
        let points_needed =
            points_of_lists(content(), ahead) + to_complete.saturating_mul(beside) / (BARE_ITEMS + complete);
        let whole = spent.points + points_needed;
        let by_speed = finish_by_speed(course, items_done, left);
        let by_quota = course.budget.and_then(|budget| finish_by_quota(course.now, budget, points_needed));
        #[expect(clippy::cast_precision_loss, reason = "points are far fewer than a float can count")]
        let percent = if whole == 0 { 0.0 } else { spent.points as f64 * 100.0 / whole as f64 };
        Some(Self {
            items_done,
            items_expected,
            percent,
            points_spent: spent.points,
            points_needed,
            finishes_at: by_speed.max(by_quota),
            limited_by: if by_quota > by_speed { LimitedBy::Quota } else { LimitedBy::Speed },
        })
    }
}

/// Items that a stream is still expected to bring.
fn left_of(row: &StreamProgress) -> u64 {
    match (&row.phase, row.expected) {
        (Phase::Waiting | Phase::Running, Some(expected)) => expected.saturating_sub(row.done),
        _ => 0,
    }
}

/// The points of the lists that are still to come. What lists have brought and is not stored belongs to streams that are
/// under way.
fn points_of_lists<'a>(streams: impl Iterator<Item = &'a StreamProgress>, mut ahead: u64) -> u64 {
    let mut thousandths: u64 = 0;
    for row in streams {
        let mut left = left_of(row);
        if row.phase == Phase::Running {
            let brought = left.min(ahead);
            left -= brought;
            ahead -= brought;
        }
        thousandths = thousandths.saturating_add(left.saturating_mul(row.listed_price));
    }
    thousandths / 1_000
}

fn finish_by_speed(course: &Course, done: u64, left: u64) -> Option<Timestamp> {
    let took = course.now.duration_since(course.began).as_millis();
    if done == 0 || took <= 0 {
        return None;
    }
    let wait = took.saturating_mul(i128::from(left)) / i128::from(done);
    course.now.checked_add(SignedDuration::from_millis(i64::try_from(wait).ok()?)).ok()
}

/// When so many points can have been spent. `None` where this hour has enough: then the quota decides nothing.
fn finish_by_quota(now: Timestamp, budget: Budget, points: u64) -> Option<Timestamp> {
    if points <= budget.left {
        return None;
    }
    let hourly = budget.hourly.max(1);
    let beyond = points - budget.left;
    let whole_hours = i32::try_from((beyond - 1) / hourly).ok()?;
    let of_last = i64::try_from(((beyond - 1) % hourly).saturating_mul(3_600) / hourly).ok()?;
    let turns_at = budget.turns_at.max(now);
    turns_at.checked_add(HOUR * whole_hours + SignedDuration::from_secs(of_last)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn row(stream: &'static str, done: u64, expected: Option<u64>) -> StreamProgress {
        StreamProgress { stream, done, expected, listed_price: LISTED_PRICE, phase: Phase::Running }
    }

    /// So many items came by lists at a point each, and cost so much beside that.
    fn course(listed: u64, beside: u64, budget: Option<Budget>) -> Course {
        let before = ContentCount { points: 500, ..ContentCount::default() };
        let points = 500 + listed + beside;
        let spent = ContentCount { points, listed, listed_points: listed, prepared: 0 };
        let (began, now) = (at("2026-03-26T12:00:00Z"), at("2026-03-26T12:10:00Z"));
        Course { began, now, before, spent, budget }
    }

    #[test]
    fn r4_before_the_first_item_counts_times_the_price_tell_what_is_needed() {
        let estimate = Estimate::of(&course(0, 0, None), &[row("issues", 0, Some(100_000))]).unwrap();
        assert_eq!((estimate.points_needed, estimate.finishes_at), (101_000, None));
        assert!(estimate.percent < 1.0);
        assert_eq!(Estimate::of(&course(0, 0, None), &[row("issues", 7, None)]), None);
        assert_eq!(Estimate::of(&course(0, 0, None), &[row("projects", 7, Some(8))]), None);
    }

    #[test]
    fn r4_what_was_seen_counts_more_and_more() {
        // Ten minutes for a tenth, at two points an item.
        let rows = [row("issues", 10_000, Some(100_000)), row("people", 3, Some(4))];
        let estimate = Estimate::of(&course(10_000, 10_000, None), &rows).unwrap();
        assert!((179_000..181_000).contains(&estimate.points_needed), "{estimate:?}");
        assert_eq!(estimate.finishes_at, Some(at("2026-03-26T13:40:00Z")));
        assert_eq!(estimate.limited_by, LimitedBy::Speed);
        assert!((10.0..11.0).contains(&estimate.percent));
    }

    #[test]
    fn r4_lists_that_run_ahead_of_what_is_stored_mislead_nobody() {
        // Everything was listed, nothing of it is complete.
        let rows = [row("issues", 0, Some(1_000))];
        let estimate = Estimate::of(&course(1_000, 50, None), &rows).unwrap();
        assert_eq!(estimate.points_needed, 500, "what hangs on the items is still to come");
        let rows = [row("issues", 900, Some(1_000))];
        let estimate = Estimate::of(&course(1_000, 450, None), &rows).unwrap();
        assert!((40..=50).contains(&estimate.points_needed), "{estimate:?}");
    }

    #[test]
    fn r4_a_quota_that_is_too_small_decides_when_it_is_finished() {
        let budget = Budget { left: 9_000, hourly: 50_000, turns_at: at("2026-03-26T13:00:00Z") };
        let rows = [row("issues", 10_000, Some(100_000))];
        let estimate = Estimate::of(&course(10_000, 10_000, Some(budget)), &rows).unwrap();
        assert_eq!(estimate.limited_by, LimitedBy::Quota);
        // 9 000 now, three whole hours of 50 000 behind the turn, and a part of the next.
        let finish = estimate.finishes_at.unwrap();
        assert!(finish > at("2026-03-26T16:15:00Z") && finish < at("2026-03-26T16:30:00Z"), "{finish}");
        let plenty = Budget { left: 900_000, ..budget };
        assert_eq!(
            Estimate::of(&course(10_000, 10_000, Some(plenty)), &rows).unwrap().limited_by,
            LimitedBy::Speed
        );
    }

    /// Comments of Confluence as the lists of the second generation bring them: 250 for one point.
    fn comments(done: u64, expected: u64, phase: Phase) -> StreamProgress {
        StreamProgress { listed_price: 4, phase, ..row("comments", done, Some(expected)) }
    }

    #[test]
    fn r4_what_lists_bring_for_nothing_is_not_priced_by_the_item() {
        // The truth: 10 000 pages at a point and 100 000 comments at a point a page of 250, with the pages' own calls.
        let rows = [row("pages", 0, Some(10_000)), comments(0, 100_000, Phase::Waiting)];
        let estimate = Estimate::of(&course(0, 0, None), &rows).unwrap();
        let truth = 10_000 + 10_000 / 250 + 100_000 / 250;
        assert!(estimate.points_needed.abs_diff(truth) * 100 <= truth * 30, "{estimate:?}");
        // By search, each costs a point.
        let rows = [row("pages", 0, Some(10_000)), row("comments", 0, Some(100_000))];
        let estimate = Estimate::of(&course(0, 0, None), &rows).unwrap();
        assert_eq!(estimate.points_needed, 111_100);
    }

    #[test]
    fn r4_what_is_listed_ahead_is_of_the_stream_under_way() {
        // A page of 250 was listed and is not stored yet; no comment was listed.
        let rows = [row("pages", 750, Some(1_000)), comments(0, 10_000, Phase::Waiting)];
        let estimate = Estimate::of(&course(1_000, 0, None), &rows).unwrap();
        assert_eq!(estimate.points_needed, 40);
        let rows = [row("pages", 1_000, Some(1_000)), comments(250, 10_000, Phase::Running)];
        let estimate = Estimate::of(&course(1_500, 0, None), &rows).unwrap();
        assert_eq!(estimate.points_needed, 38, "250 comments are on their way");
    }

    #[test]
    fn r4_streams_that_ended_need_nothing_more() {
        let mut rows = [row("pages", 900, Some(1_000)), row("comments", 0, Some(100))];
        rows[0].phase = Phase::Done;
        let estimate = Estimate::of(&course(1_000, 0, None), &rows).unwrap();
        assert!(estimate.points_needed <= 101, "{estimate:?}");
    }
}
