//! The change feed as the vendor's programs read it: from any position, in order, each entry at least once. A program may
//! keep its own position, or let this server keep it as a *follower*.

use std::collections::{BTreeSet, HashMap};

use linkspan_model::ids::{LinkedAccountId, RecordId, SourceId};
use linkspan_model::record::Model;
use tokio::sync::watch;

use linkspan_store::{Event, NewFollower, StoreError, StoredRecord};
pub use linkspan_store::{FeedEntry, Follower, MAX_FOLLOWERS};

use crate::accounts::AccountScope;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::read::{as_seen, is_visible};

/// The longest name of a follower.
const NAME_CAP: usize = 64;

/// Which part of the feed is read.
#[derive(Clone, Debug, Default)]
pub struct FeedView {
    /// What one linked account sees; `None`: everything.
    pub scope: Option<AccountScope>,
    /// Only these models; empty: all.
    pub models: Vec<Model>,
}

/// A stretch of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedSlice {
    /// The entries that the view shows, in order.
    pub entries: Vec<FeedEntry>,
    /// Where to go on. Moves on even over stretches of which the view shows nothing.
    pub next: i64,
    /// There was nothing behind `next` when this was read.
    pub is_end: bool,
}

/// Where a follower is to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowFrom {
    /// Where it stands, or at the beginning if it is new.
    Here,
    /// Before the first entry: everything comes.
    Beginning,
    /// Behind the last entry: only what is still to happen comes.
    Now,
    /// Behind this position.
    Position(i64),
}

impl Engine {
    /// Entries of the feed behind the position `after` (0 is the beginning), looking at `limit` of them at most. Every entry
    /// comes at least once to who goes on from [`FeedSlice::next`].
    ///
    /// # Errors
    /// When the store fails.
    pub async fn changes(&self, view: &FeedView, after: i64, limit: u32) -> Result<FeedSlice, EngineError> {
        let source = view.scope.as_ref().map(|scope| scope.source.id);
        let page = self.inner.store.read_feed(source, after, limit).await?;
        let is_end = page.entries.len() < limit as usize;
        let mut entries = page.entries;
        entries.retain(|entry| match entry {
            FeedEntry::Change(change) => view.models.is_empty() || view.models.contains(&change.model),
            // Who asks for some models asks for nothing else.
            FeedEntry::Event(_) => view.models.is_empty(),
        });
        if let Some(scope) = &view.scope {
            self.keep_seen(scope, &mut entries).await?;
        }
        Ok(FeedSlice { entries, next: page.next, is_end })
    }

    /// Keeps the entries that concern the account: of records that it sees, and events about it.
    async fn keep_seen(&self, scope: &AccountScope, entries: &mut Vec<FeedEntry>) -> Result<(), EngineError> {
        let is_its_own = |event: &Event| event.account.is_none_or(|account| account == scope.account.id);
        entries.retain(|entry| match entry {
            FeedEntry::Change(change) => scope.offers(change.model),
            FeedEntry::Event(event) => is_its_own(event),
        });
        if scope.containers.is_none() {
            return Ok(());
        }
        let changed = |entry: &FeedEntry| match entry {
            FeedEntry::Change(change) => Some(change.record),
            FeedEntry::Event(_) => None,
        };
        let ids: BTreeSet<RecordId> = entries.iter().filter_map(changed).collect();
        let ids: Vec<RecordId> = ids.into_iter().collect();
        let records = self.inner.store.get_records(scope.source.id, &ids).await?;
        let records: HashMap<RecordId, StoredRecord> =
            records.into_iter().map(|record| (record.id, record)).collect();
        let seen = std::mem::take(entries).into_iter().filter_map(|entry| match entry {
            FeedEntry::Change(change) => {
                let record = records.get(&change.record);
                as_seen(scope, change, record).map(FeedEntry::Change)
            }
            event @ FeedEntry::Event(_) => Some(event),
        });
        *entries = seen.collect();
        Ok(())
    }

    /// The records of these ids that an account sees, tombstones too: what goes with entries of the feed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn records_of_feed(
        &self,
        scope: &AccountScope,
        ids: &[RecordId],
    ) -> Result<Vec<StoredRecord>, EngineError> {
        let mut records = self.inner.store.get_records(scope.source.id, ids).await?;
        records.retain(|record| is_visible(scope, record));
        Ok(records)
    }

    /// Moves on whenever this process adds to the feed. What other processes add is seen by looking again after a while.
    pub fn feed_moves(&self) -> watch::Receiver<u64> {
        self.inner.feed.subscribe()
    }

    /// What a linked account sees of its source, for the vendor, who may see all of its accounts; `None` when there is no
    /// such account.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn scope_of_account(&self, id: LinkedAccountId) -> Result<Option<AccountScope>, EngineError> {
        match self.inner.store.linked_account(id).await? {
            Some(account) => self.scope_of(account).await,
            None => Ok(None),
        }
    }

    /// Makes a follower, or changes the one of this name.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] for a name that is none, a linked account that does not exist, a position that the feed has not
    /// reached, or when there are [`MAX_FOLLOWERS`] already.
    pub async fn put_follower(
        &self,
        name: &str,
        account: Option<LinkedAccountId>,
        models: Vec<Model>,
        from: FollowFrom,
    ) -> Result<Follower, EngineError> {
        let is_name = (1..=NAME_CAP).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !is_name {
            return Err(EngineError::Invalid(format!(
                "A follower's name has 1 to {NAME_CAP} letters, digits, `-`, `_` and `.`."
            )));
        }
        if let Some(id) = account
            && self.inner.store.linked_account(id).await?.is_none()
        {
            return Err(EngineError::Invalid("There is no linked account of this id.".to_owned()));
        }
        let horizon = self.inner.store.feed_horizon().await?;
        let position = match from {
            FollowFrom::Here => None,
            FollowFrom::Beginning => Some(0),
            FollowFrom::Now => Some(horizon),
            FollowFrom::Position(position) => Some(reached(position, horizon)?),
        };
        let new = NewFollower { name: name.to_owned(), account, models, position };
        match self.inner.store.put_follower(&new, self.inner.clock.now()).await {
            Err(error @ StoreError::LimitReached { .. }) => Err(EngineError::Invalid(error.to_string())),
            result => Ok(result?),
        }
    }

    /// A follower; `None` when there is none of this name.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn follower(&self, name: &str) -> Result<Option<Follower>, EngineError> {
        Ok(self.inner.store.follower(name).await?)
    }

    /// All followers, by name.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn followers(&self) -> Result<Vec<Follower>, EngineError> {
        Ok(self.inner.store.followers().await?)
    }

    /// Forgets a follower; `false` when there is none of this name.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn delete_follower(&self, name: &str) -> Result<bool, EngineError> {
        Ok(self.inner.store.delete_follower(name).await?)
    }

    /// Notes that a follower has dealt with everything up to a position. One that it has passed already changes nothing.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is no such follower; [`EngineError::Invalid`] for a position that the feed has not
    /// reached.
    pub async fn acknowledge_changes(&self, name: &str, position: i64) -> Result<Follower, EngineError> {
        let store = &self.inner.store;
        let position = reached(position, store.feed_horizon().await?)?;
        store.acknowledge_changes(name, position, self.inner.clock.now()).await?;
        store.follower(name).await?.ok_or(EngineError::NotFound)
    }

    /// The part of the feed that a follower sees.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when its linked account is gone.
    pub async fn view_of(&self, follower: &Follower) -> Result<FeedView, EngineError> {
        let scope = match follower.account {
            Some(id) => Some(self.scope_of_account(id).await?.ok_or(EngineError::NotFound)?),
            None => None,
        };
        Ok(FeedView { scope, models: follower.models.clone() })
    }

    /// The position up to which the feed is complete.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn feed_horizon(&self) -> Result<i64, EngineError> {
        Ok(self.inner.store.feed_horizon().await?)
    }

    /// Whether the feed has come as far as a position.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] when it has not: whoever goes on behind it would miss what comes before.
    pub async fn has_reached(&self, position: i64) -> Result<(), EngineError> {
        reached(position, self.inner.store.feed_horizon().await?).map(drop)
    }

    /// The linked accounts over these sources.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn accounts_over(
        &self,
        sources: &[SourceId],
    ) -> Result<Vec<(SourceId, Vec<LinkedAccountId>)>, EngineError> {
        let mut accounts = Vec::with_capacity(sources.len());
        for &source in sources {
            let filter = linkspan_store::AccountFilter { source: Some(source), ..Default::default() };
            let of_source = self.inner.store.list_linked_accounts(&filter, None, ACCOUNTS_NAMED).await?;
            accounts.push((source, of_source.into_iter().map(|account| account.id).collect()));
        }
        Ok(accounts)
    }
}

/// Linked accounts of one source that are named with its changes.
const ACCOUNTS_NAMED: u32 = 100;

fn reached(position: i64, horizon: i64) -> Result<i64, EngineError> {
    if (0..=horizon).contains(&position) {
        return Ok(position);
    }
    Err(EngineError::Invalid(format!(
        "The feed has not reached the position {position}: it ends at {horizon}. Send a position that this server gave out."
    )))
}
