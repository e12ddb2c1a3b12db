//! Spaces for the pages of a dataset, open to everybody who uses Confluence.

use std::collections::HashMap;

use crate::world::build::people::group;
use crate::world::build::spaces::{OF_ADMINS, OF_WRITERS};
use crate::world::confluence::{Space, SpaceKind, SpacePermission, SpacePrincipal};
use crate::world::ids::{AccountIndex, ContentId, SpaceId};

/// Creation time of made-up spaces: 2008-01-01T00:00:00Z.
const CREATED: i64 = 1_199_145_600_000;

pub(super) struct Spaces {
    made: Vec<Space>,
    by_key: HashMap<String, SpaceId>,
    admin: AccountIndex,
}

impl Spaces {
    pub(super) fn new(admin: AccountIndex) -> Self {
        Self { made: Vec::new(), by_key: HashMap::new(), admin }
    }

    /// The space with a key, made when it is first named.
    pub(super) fn of_key(&mut self, key: &str) -> SpaceId {
        match self.by_key.get(key) {
            Some(id) => *id,
            None => self.make(key),
        }
    }

    /// A new space with the wanted key, or with the spare one when that is taken.
    pub(super) fn fresh(&mut self, wanted: Option<&str>, spare: &str) -> SpaceId {
        let key = wanted.filter(|key| !self.by_key.contains_key(*key)).unwrap_or(spare);
        let mut key: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
        while self.by_key.contains_key(&key) {
            key.push('x');
        }
        self.make(&key)
    }

    fn make(&mut self, key: &str) -> SpaceId {
        let place = self.made.len() as u64;
        let id = SpaceId(65_538 + place * 2);
        let writers = OF_WRITERS.iter().map(|row| (SpacePrincipal::Group(group::CONFLUENCE_USERS), *row));
        let admins =
            OF_WRITERS.iter().chain(&OF_ADMINS).map(|row| (SpacePrincipal::Group(group::ADMINS), *row));
        let rows = (1_000_000 + place * 1_000..).zip(writers.chain(admins));
        self.made.push(Space {
            id,
            key: key.to_owned(),
            former_keys: Vec::new(),
            name: key.to_owned(),
            description: String::new(),
            kind: SpaceKind::Global,
            archived: false,
            trashed: false,
            author: self.admin,
            created: CREATED,
            homepage: None,
            permissions: rows
                .map(|(id, (principal, (operation, target)))| SpacePermission {
                    id,
                    principal,
                    operation,
                    target,
                })
                .collect(),
        });
        self.by_key.insert(key.to_owned(), id);
        id
    }

    fn get(&mut self, id: SpaceId) -> Option<&mut Space> {
        self.made.iter_mut().find(|space| space.id == id)
    }

    pub(super) fn has_no_home(&mut self, id: SpaceId) -> bool {
        self.get(id).is_some_and(|space| space.homepage.is_none())
    }

    pub(super) fn set_home(&mut self, id: SpaceId, home: ContentId) {
        if let Some(space) = self.get(id) {
            space.homepage = Some(home);
        }
    }

    pub(super) fn finish(self) -> Vec<Space> {
        self.made
    }
}
