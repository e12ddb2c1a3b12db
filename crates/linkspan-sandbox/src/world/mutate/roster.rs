//! What random changes pick from, kept from one call to the next: on a large site the lists take longer to make than a
//! handful of changes.

use crate::world::ids::{ContentId, IssueId};
use crate::world::log::{ChangeLog, Subject};
use crate::world::site::SiteState;

/// All issues and all content of a site, ascending.
#[derive(Debug, Default)]
pub(in crate::world) struct Roster {
    /// Whether the lists were ever made.
    pub(super) made: bool,
    /// The change of the log up to which the lists are whole.
    pub(super) whole: u64,
    pub(super) issues: Vec<IssueId>,
    pub(super) contents: Vec<ContentId>,
}

impl Roster {
    #[cfg(test)]
    pub(in crate::world) fn issues(&self) -> &[IssueId] {
        &self.issues
    }

    #[cfg(test)]
    pub(in crate::world) fn contents(&self) -> &[ContentId] {
        &self.contents
    }

    /// Follows the log. Returns false when it has forgotten too much.
    fn follow(&mut self, log: &ChangeLog) -> bool {
        for change in log.since(self.whole) {
            if change.sequence != self.whole + 1 {
                return false;
            }
            self.whole = change.sequence;
            match change.subject {
                Subject::IssueCreated(id) => enter(&mut self.issues, id),
                Subject::IssueDeleted(id, _) => strike(&mut self.issues, &id),
                Subject::ContentCreated(id) => enter(&mut self.contents, id),
                Subject::ContentDeleted(id) => strike(&mut self.contents, &id),
                _ => {}
            }
        }
        true
    }
}

/// New ids are the highest, so that this rarely moves anything.
fn enter<T: Ord>(list: &mut Vec<T>, id: T) {
    if let Err(at) = list.binary_search(&id) {
        list.insert(at, id);
    }
}

fn strike<T: Ord>(list: &mut Vec<T>, id: &T) {
    if let Ok(at) = list.binary_search(id) {
        list.remove(at);
    }
}

impl SiteState {
    /// The lists as they are now, out of what was kept or made anew.
    pub(in crate::world) fn take_roster(&mut self) -> Roster {
        let mut kept = std::mem::take(&mut self.roster);
        if kept.made && kept.follow(&self.log) {
            return kept;
        }
        let mut contents: Vec<ContentId> = self.content_ids().collect();
        contents.sort_unstable();
        Roster { made: true, whole: self.log.last_sequence(), issues: self.issue_ids().collect(), contents }
    }
}
