//! Tests of the world as a whole.

mod conversions;
mod dataset;
mod derived;
mod holders;
mod mutations;
mod pages;
mod parts;
mod scale;
mod texts;

use super::{Account, AccountIndex, Clock, Reader, SiteState, Stamp, Viewer, World, WorldOptions};

/// 2026-05-01T00:00:00Z.
const NOW: i64 = 1_777_593_600_000;

fn options(issues: u32, pages: u32) -> WorldOptions {
    WorldOptions {
        seed: 7,
        sites: 2,
        projects: 14,
        issues,
        spaces: 10,
        pages,
        users: 60,
        groups: 8,
        dataset: None,
    }
}

fn world(options: &WorldOptions) -> World {
    World::new(options, Clock::starting_at(NOW)).unwrap()
}

fn stamp(by: AccountIndex) -> Stamp {
    Stamp { at: NOW, by }
}

fn reader(state: &SiteState, account: AccountIndex) -> Reader {
    state.reader(Viewer::Account(account))
}

/// Active people of the site who hold Jira and are not its administrators.
fn ordinary(state: &SiteState) -> Vec<AccountIndex> {
    let fits = |account: &Account| {
        let reader = reader(state, account.index);
        reader.uses_jira() && !reader.admin && account.is_active()
    };
    state.accounts().iter().copied().filter(|index| fits(state.account(*index))).collect()
}
