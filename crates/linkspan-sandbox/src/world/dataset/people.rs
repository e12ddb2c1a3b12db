//! The people a dataset mentions, with made-up account ids.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

use super::SEED;
use super::read::each_line;
use crate::world::WorldError;
use crate::world::account::{AccountStatus, AccountType, Directory, NewAccount};
use crate::world::build::people::{account_id, api_token, name};
use crate::world::ids::AccountIndex;
use crate::world::seed::Dice;

#[derive(Deserialize)]
struct RawUser {
    id: String,
    display_name: String,
    active: bool,
    time_zone: Option<String>,
}

/// People by the ids of the data, entered into the directory.
#[derive(Debug, Default)]
pub(in crate::world) struct DatasetPeople {
    by_id: HashMap<String, AccountIndex>,
}

impl DatasetPeople {
    /// Enters the people of `jira-issues/users`.
    pub(in crate::world) fn load(folder: &Path, directory: &mut Directory) -> Result<Self, WorldError> {
        let mut people = Self::default();
        each_line(&folder.join("jira-issues/users"), |user: RawUser| {
            people.enter(directory, &user.id, Some((user.display_name, user.active, user.time_zone)));
        })?;
        Ok(people)
    }

    /// The account of a person; somebody the data does not describe gets a made-up name.
    pub(super) fn get(&mut self, directory: &mut Directory, id: &str) -> AccountIndex {
        match self.by_id.get(id) {
            Some(index) => *index,
            None => self.enter(directory, id, None),
        }
    }

    /// All of them, ascending.
    pub(in crate::world) fn all(&self) -> Vec<AccountIndex> {
        let mut all: Vec<AccountIndex> = self.by_id.values().copied().collect();
        all.sort_unstable();
        all
    }

    fn enter(
        &mut self,
        directory: &mut Directory,
        id: &str,
        known: Option<(String, bool, Option<String>)>,
    ) -> AccountIndex {
        // The place follows from the id alone, so that the account id does not depend on what was read before.
        let place = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let (name, active, zone) =
            known.unwrap_or_else(|| (name(&mut Dice::at(SEED, 0x9e0e, place)), true, None));
        let index = directory.add(NewAccount {
            account_id: account_id(SEED, place),
            email: format!("{id}@people.example.com"),
            email_hidden: Dice::at(SEED, 0xe3a1, place).chance(300),
            name,
            account_type: AccountType::Atlassian,
            time_zone: zone.unwrap_or_else(|| "UTC".to_owned()),
            locale: "en_US".to_owned(),
            api_token: api_token(SEED, place),
            status: if active { AccountStatus::Active } else { AccountStatus::Inactive },
        });
        self.by_id.insert(id.to_owned(), index);
        index
    }
}
