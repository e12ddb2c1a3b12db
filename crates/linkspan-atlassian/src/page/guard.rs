//! What keeps a walk from going round for ever (hazard S6).

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::{Deserialize, Serialize};

/// The most pages of one walk.
pub const PAGES_CAP: u64 = 1_000_000;

/// The most pages in a row that hold nothing and yet promise more.
pub const EMPTY_PAGES_CAP: u32 = 100;

/// Notices a value that comes again, at any distance, with the memory of one value: Brent's cycle detection. A
/// value is compared with a remembered one, and the remembered one is renewed after 1, 2, 4, 8 … values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Guard {
    remembered: Option<u64>,
    since: u64,
    reach: u64,
}

impl Guard {
    /// Takes in the next value; `true` when it has been seen before.
    pub(super) fn repeats(&mut self, value: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        let digest = hasher.finish();
        if self.remembered == Some(digest) {
            return true;
        }
        self.since += 1;
        if self.since >= self.reach {
            self.remembered = Some(digest);
            self.since = 0;
            self.reach = (self.reach * 2).max(1);
        }
        false
    }
}
