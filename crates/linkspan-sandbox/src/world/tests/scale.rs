//! S17: a million issues cost little memory.

use super::{options, world};
use crate::world::WorldOptions;

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
