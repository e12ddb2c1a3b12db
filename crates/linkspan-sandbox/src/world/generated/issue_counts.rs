//! How many comments, worklogs, histories and files an issue has.

use crate::world::seed::Dice;

/// How many parts an issue has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counts {
    pub(super) comments: u32,
    pub(super) worklogs: u32,
    pub(super) histories: u32,
    pub(super) attachments: u32,
}

impl Counts {
    /// The first issues have the numbers that paging goes wrong at: just below, at and above the embedded caps.
    pub(super) fn roll(position: u64, dice: &mut Dice) -> Self {
        let between = |dice: &mut Dice, low: u32, high: u32| {
            low + u32::try_from(dice.below(u64::from(high - low + 1))).unwrap_or(0)
        };
        let comments = match dice.below(1000) {
            0..300 => 0,
            300..520 => 1,
            520..710 => 2,
            710..860 => 3,
            860..960 => between(dice, 4, 8),
            960..990 => between(dice, 9, 20),
            990..999 => between(dice, 21, 60),
            _ => between(dice, 101, 180),
        };
        let worklogs = match dice.below(1000) {
            0..850 => 0,
            850..990 => between(dice, 1, 4),
            990..998 => between(dice, 5, 20),
            _ => between(dice, 21, 45),
        };
        let histories = match dice.below(1000) {
            0..995 => between(dice, 0, 8),
            _ => between(dice, 41, 90),
        };
        let attachments = match dice.below(1000) {
            0..800 => 0,
            800..995 => between(dice, 1, 3),
            _ => between(dice, 4, 20),
        };
        let exact = [
            (0, 0, 0),
            (19, 19, 39),
            (20, 20, 40),
            (21, 21, 41),
            (41, 41, 101),
            (101, 101, 120),
            (250, 120, 210),
        ];
        match usize::try_from(position).ok().and_then(|position| exact.get(position)) {
            Some((comments, worklogs, histories)) => {
                Self { comments: *comments, worklogs: *worklogs, histories: *histories, attachments }
            }
            None => Self { comments, worklogs, histories, attachments },
        }
    }
}
