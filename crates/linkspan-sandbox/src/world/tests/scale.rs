//! S17: a million issues cost little memory, and a few changes of them little time.

use super::{options, world};
use crate::world::{MutationKind, WorldOptions};

/// Resident memory of this process in MB; `None` where the system does not tell.
fn resident_megabytes() -> Option<u64> {
    let pages: u64 = std::fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4 / 1024)
}

#[test]
fn s17_a_million_issues_fit_into_sixty_megabytes() {
    let Some(before) = resident_megabytes() else { return };
    let world = world(&WorldOptions { users: 3_000, groups: 40, ..options(1_000_000, 200_000) });
    let state = world.main_site().read();
    let heads = state.issue_ids().filter_map(|id| state.issue_head(id));
    let latest = heads.map(|head| head.updated).max();
    assert!(latest.is_some());
    let bodies = state.issue_ids().step_by(1_000).filter_map(|id| state.issue(id));
    assert_eq!(bodies.count(), 1_000);
    let grown = resident_megabytes().unwrap_or(before).saturating_sub(before);
    assert!(grown < 60, "the world took {grown} MB");
}

/// The first call makes the lists that changes pick from; the next ones find them made.
#[test]
fn a_handful_of_changes_costs_little_on_a_large_site() {
    let world = world(&WorldOptions { users: 3_000, groups: 40, ..options(300_000, 100_000) });
    let kinds = [MutationKind::EditIssue, MutationKind::Comment, MutationKind::EditPage];
    let timed = |seeds: std::ops::Range<u64>| {
        let started = std::time::Instant::now();
        for seed in seeds {
            assert_eq!(world.mutate(world.main_site(), seed, 20, &kinds).len(), 20);
        }
        started.elapsed()
    };
    let (first, next) = (timed(0..1), timed(1..6));
    assert!(next < first, "five further calls took {next:?}, the first {first:?}");
}
