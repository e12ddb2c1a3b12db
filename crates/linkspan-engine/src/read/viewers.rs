//! Who can see a record.

use std::collections::{BTreeSet, HashMap};

use linkspan_model::access::{AccessRule, Principal, Reader, is_portal_customer};
use linkspan_model::ids::RecordId;
use linkspan_model::record::Model;
use linkspan_store::{StoredAccess, StoredRecord};

use super::cursor::{Cursor, Direction, ListKey};
use crate::accounts::AccountScope;
use crate::engine::Engine;
use crate::error::EngineError;

/// Somebody who can see a record: a user or a group, by their records. Groups are not taken apart into users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordReader {
    /// All members of this group can see it.
    Group(RecordId),
    /// This user can see it, also where no group of theirs can as a whole.
    User(RecordId),
}

/// Who can see a record, as a flat list can say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Everybody, signed in or not.
    Anyone,
    /// Everybody with the product on the site.
    Company,
    /// These, and nobody else. Empty also where it is unknown.
    Only(Vec<RecordReader>),
}

impl Engine {
    /// Who can see each of these records of the account. Equal rules are worked out once.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn audiences(
        &self,
        scope: &AccountScope,
        records: &[StoredRecord],
    ) -> Result<HashMap<RecordId, Audience>, EngineError> {
        let mut by_rule: HashMap<AccessRule, Audience> = HashMap::new();
        let mut audiences = HashMap::new();
        for (record, rule) in self.rules_of(scope, records).await? {
            let audience = match by_rule.get(&rule) {
                Some(known) => known.clone(),
                None if rule.allows(&Reader::anonymous()) => Audience::Anyone,
                None if rule.allows(&Reader::new([Principal::Licensed])) => Audience::Company,
                None => Audience::Only(self.readers_by_rule(scope, &rule).await?),
            };
            by_rule.insert(rule, audience.clone());
            audiences.insert(record, audience);
        }
        Ok(audiences)
    }

    /// The rules that guard these records of the account; a record whose rule is unknown is left out.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn rules_of(
        &self,
        scope: &AccountScope,
        records: &[StoredRecord],
    ) -> Result<HashMap<RecordId, AccessRule>, EngineError> {
        let source = scope.source.id;
        let ids: Vec<RecordId> = records.iter().map(|record| record.id).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let access = self.inner.store.record_access(source, &ids).await?;
        let rules: HashMap<_, _> = self.inner.store.access_rules(source).await?.into_iter().collect();
        Ok(access
            .into_iter()
            .filter_map(|(record, access)| match access {
                StoredAccess::Rule(key) => Some((record, rules.get(&key)?.clone())),
                StoredAccess::Unknown | StoredAccess::Unguarded => None,
            })
            .collect())
    }

    /// Who can see a record of the account, in a fixed order. Where a rule demands several things at once, groups that
    /// meet all of them come as groups, and of the others those members who meet all of them come as users: the list
    /// never names anybody who cannot see the record.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn readers_of(
        &self,
        scope: &AccountScope,
        record: &StoredRecord,
    ) -> Result<Vec<RecordReader>, EngineError> {
        let rules = self.rules_of(scope, std::slice::from_ref(record)).await?;
        match rules.get(&record.id) {
            Some(rule) => self.readers_by_rule(scope, rule).await,
            None => Ok(Vec::new()),
        }
    }

    async fn readers_by_rule(
        &self,
        scope: &AccountScope,
        rule: &AccessRule,
    ) -> Result<Vec<RecordReader>, EngineError> {
        let source = scope.source.id;
        let store = &self.inner.store;
        let user = |account: &str| RecordReader::User(RecordId::of(source, Model::User, account));
        let mut readers = BTreeSet::new();
        let mut candidates = BTreeSet::new();
        let named: BTreeSet<&Principal> = rule.clauses().iter().flat_map(|clause| &clause.any_of).collect();
        let mut groups: BTreeSet<String> = named
            .iter()
            .filter_map(|principal| match principal {
                Principal::Group(id) => Some(id.clone()),
                _ => None,
            })
            .collect();
        if named.iter().any(|principal| matches!(principal, Principal::Licensed | Principal::Anonymous)) {
            // Everybody with the product: the groups of the site stand for them.
            groups.extend(store.groups_with_members(source).await?);
        }
        candidates.extend(named.iter().filter_map(|principal| match principal {
            // Portals show customers their requests; the view that is listed here is Jira's (hazard P15).
            Principal::Account(id) if !is_portal_customer(id) => Some(id.clone()),
            _ => None,
        }));
        for group in groups {
            // Membership of a known group implies the product: only licensed people are in Jira's and Confluence's groups.
            if rule.allows(&Reader::new([Principal::Group(group.clone()), Principal::Licensed])) {
                readers.insert(RecordReader::Group(RecordId::of(source, Model::Group, &group)));
            } else {
                candidates.extend(store.group_members(source, &group).await?);
            }
        }
        for account in candidates {
            let mut holds = vec![Principal::Account(account.clone()), Principal::Licensed];
            holds.extend(store.groups_of(source, &account).await?.into_iter().map(Principal::Group));
            if rule.allows(&Reader::new(holds)) {
                readers.insert(user(&account));
            }
        }
        Ok(readers.into_iter().collect())
    }
}

/// A page of who can see a record.
#[derive(Clone, Debug)]
pub struct ReadersPage {
    /// The readers.
    pub readers: Vec<RecordReader>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

impl Engine {
    /// One page of [`Engine::readers_of`]. The order is fixed, so a page begins behind the last reader of the one before,
    /// whatever changed meanwhile.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] for a cursor of another list.
    pub async fn readers_page(
        &self,
        scope: &AccountScope,
        record: &StoredRecord,
        cursor: Option<&str>,
        page_size: usize,
    ) -> Result<ReadersPage, EngineError> {
        let list = ListKey::of(&[scope.account.id.0.as_bytes(), b"readers", record.id.0.as_bytes()]);
        let after = cursor.map(|text| Cursor::decode(text, list)).transpose()?.map(|cursor| {
            let id = cursor.position.id;
            // The time of the position tells the two kinds apart; see below.
            if cursor.position.modified_at == jiff::Timestamp::UNIX_EPOCH {
                RecordReader::Group(id)
            } else {
                RecordReader::User(id)
            }
        });
        let mut readers = self.readers_of(scope, record).await?;
        readers.retain(|reader| after.is_none_or(|after| *reader > after));
        let has_more = readers.len() > page_size;
        readers.truncate(page_size);
        let next = readers.last().filter(|_| has_more).map(|reader| {
            let (kind, id) = match reader {
                RecordReader::Group(id) => (0, *id),
                RecordReader::User(id) => (1, *id),
            };
            let modified_at = jiff::Timestamp::from_millisecond(kind).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
            let position = linkspan_store::RecordPosition { modified_at, id };
            Cursor { direction: Direction::Forward, position }.encode(list)
        });
        Ok(ReadersPage { readers, next })
    }
}
