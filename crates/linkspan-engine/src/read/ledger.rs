//! The ledger as the vendor sees it: whether all that upstream has is here, and how old that knowledge is.

use jiff::Timestamp;
use linkspan_model::ids::{LinkedAccountId, RecordId, SourceId};
use linkspan_model::product::Product;
use linkspan_model::record::{Body, Model};
use linkspan_store::{ContainerState, LedgerRow, LedgerTotals, Reach, StreamProgress};

use crate::accounts::AccountScope;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::sync::{CENSUS, is_unexplained};

/// A page of an account's ledger.
#[derive(Clone, Debug)]
pub struct LedgerPage {
    /// All rows together.
    pub totals: LedgerTotals,
    /// Everything that upstream had in them at this moment is here; `None` while one of them was never compared.
    pub fresh_as_of: Option<Timestamp>,
    /// How much the account behind the grant sees; `None` before its containers were first listed.
    pub reach: Option<Reach>,
    /// How the census stands; `None` before it first ran.
    pub census: Option<StreamProgress>,
    /// What hangs on articles, and is compared for the whole site: comments and attachments of Confluence.
    pub attached: Vec<LedgerEntry>,
    /// The rows of this page.
    pub rows: Vec<LedgerEntry>,
    /// Behind which container the next page begins.
    pub next: Option<RecordId>,
}

/// The row of one project or space, or of what hangs on articles all over a site.
#[derive(Clone, Debug)]
pub struct LedgerEntry {
    /// What is known.
    pub row: LedgerRow,
    /// The key that people know the container by, and its name.
    pub key: Option<String>,
    /// See `key`.
    pub name: Option<String>,
    /// Everything that upstream had at this moment is here; `None` while that is in doubt.
    pub fresh_as_of: Option<Timestamp>,
}

impl Engine {
    /// A page of a linked account's ledger, behind a container; `None` when there is no such account.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn ledger(
        &self,
        account: LinkedAccountId,
        after: Option<RecordId>,
        limit: usize,
    ) -> Result<Option<LedgerPage>, EngineError> {
        let Some(scope) = self.ledger_scope(account).await? else { return Ok(None) };
        let (store, source) = (&self.inner.store, scope.source.id);
        let containers = scope.containers.as_deref();
        let wanted = u32::try_from(limit.saturating_add(1)).unwrap_or(u32::MAX);
        let mut rows = store.ledger(source, containers, after, wanted).await?;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| has_more).map(|row| row.container);
        let ids: Vec<RecordId> = rows.iter().map(|row| row.container).collect();
        let records = store.get_records(source, &ids).await?;
        let counted = match scope.source.product {
            Product::Jira => &["issues"][..],
            Product::Confluence => &["pages", "blogposts"],
        };
        let read_at = self.live_as_of(source, counted).await?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in rows {
            let record = records.iter().find(|record| record.id == row.container);
            let (key, name) = match record.map(linkspan_store::StoredRecord::instance).transpose()? {
                Some(Body::Collection(project)) => (Some(project.key), Some(project.name)),
                Some(Body::Container(space)) => (space.key, Some(space.name)),
                _ => (None, None),
            };
            let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
            let fresh_as_of = fresh_as_of(&row, read_at);
            entries.push(LedgerEntry { row, key: filled(key), name: filled(name), fresh_as_of });
        }
        let totals = store.ledger_totals(source, containers).await?;
        Ok(Some(LedgerPage {
            fresh_as_of: all_fresh_as_of(&totals, read_at),
            totals,
            reach: store.reach(source).await?,
            census: store.get_stream(source, CENSUS).await?.map(|state| state.progress),
            attached: self.attached_of(source).await?,
            rows: entries,
            next,
        }))
    }

    async fn attached_of(&self, source: SourceId) -> Result<Vec<LedgerEntry>, EngineError> {
        let mut attached = Vec::new();
        for (model, stream) in [(Model::Comment, "comments"), (Model::Attachment, "attachments")] {
            let container = LedgerRow::of_site(source, model).container;
            let Some(row) = self.inner.store.ledger_row(source, container, model).await? else { continue };
            let fresh_as_of = fresh_as_of(&row, self.live_as_of(source, &[stream]).await?);
            attached.push(LedgerEntry { row, key: None, name: None, fresh_as_of });
        }
        Ok(attached)
    }

    /// Asks for a census of an account's containers, or of one of them, by its record. It is taken with the next reading.
    /// Gives over how many; `None` when there is no such account, or no such container of it that is listed or archived.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn ask_for_census(
        &self,
        account: LinkedAccountId,
        container: Option<RecordId>,
    ) -> Result<Option<u64>, EngineError> {
        let Some(scope) = self.ledger_scope(account).await? else { return Ok(None) };
        let (store, source, now) = (&self.inner.store, scope.source.id, self.inner.clock.now());
        let asked = match (container, scope.containers.as_deref()) {
            (Some(container), Some(own)) if !own.contains(&container) => 0,
            (Some(container), _) => store.request_census(source, Some(container), now).await?,
            (None, None) => store.request_census(source, None, now).await?,
            (None, Some(own)) => {
                let mut asked = 0;
                for container in own {
                    asked += store.request_census(source, Some(*container), now).await?;
                }
                asked
            }
        };
        self.inner.wake.notify_one();
        Ok(Some(asked).filter(|asked| *asked > 0 || container.is_none()))
    }

    /// Accepts what the account behind the grant sees now, however much less that is than before: what it lost is hidden
    /// with the next reading. Whether its reach was reduced at all; `None` when there is no such account.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn accept_reach(&self, account: LinkedAccountId) -> Result<Option<bool>, EngineError> {
        let Some(scope) = self.ledger_scope(account).await? else { return Ok(None) };
        let accepted = self.inner.store.accept_reach(scope.source.id, self.inner.clock.now()).await?;
        if accepted {
            // The containers are listed with the next reading, not when that would be due.
            let mut remembered =
                self.inner.remembered.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            remembered.remove(&scope.source.id);
        }
        self.inner.wake.notify_one();
        Ok(Some(accepted))
    }

    /// The reach of a source; `None` before its containers were first listed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn reach(&self, source: SourceId) -> Result<Option<Reach>, EngineError> {
        Ok(self.inner.store.reach(source).await?)
    }

    async fn ledger_scope(&self, account: LinkedAccountId) -> Result<Option<AccountScope>, EngineError> {
        match self.inner.store.linked_account(account).await? {
            Some(account) => self.scope_of(account).await,
            None => Ok(None),
        }
    }

    /// When the latest reading of these streams began that read every change; earlier where something that was pointed at then
    /// is still to be read by its id.
    async fn live_as_of(&self, source: SourceId, streams: &[&str]) -> Result<Option<Timestamp>, EngineError> {
        let (_, mut oldest) = self.inner.store.pending_hints(source).await?;
        for stream in streams {
            let progress = self.inner.store.get_stream(source, stream).await?.map(|state| state.progress);
            let Some(began) = progress.and_then(|progress| progress.fresh_as_of) else { return Ok(None) };
            oldest = Some(oldest.map_or(began, |oldest: Timestamp| oldest.min(began)));
        }
        Ok(oldest)
    }
}

/// Up to when all containers are complete: those that are in doubt were when they were last compared.
fn all_fresh_as_of(totals: &LedgerTotals, read_at: Option<Timestamp>) -> Option<Timestamp> {
    let compared = totals.fresh_at?;
    let read = read_at.map_or(compared, |read| read.max(compared));
    Some(totals.doubted_fresh_at.map_or(read, |doubted| doubted.min(read)))
}

/// Up to when a container is complete. Where nothing was missing when that was last compared, what changed since is read
/// as it changes.
fn fresh_as_of(row: &LedgerRow, read_at: Option<Timestamp>) -> Option<Timestamp> {
    let compared = row.fresh_at?;
    let is_listed = row.state == ContainerState::Listed
        || (row.state == ContainerState::Archived && row.model == Model::Article);
    let is_short = row.upstream > row.stored;
    let is_clean = is_listed && row.suspected_at.is_none() && !is_short && !is_unexplained(row);
    Some(read_at.filter(|_| is_clean).map_or(compared, |read| read.max(compared)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s23_what_is_in_doubt_is_no_fresher_than_when_it_was_last_compared() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let row = LedgerRow {
            upstream: Some(3),
            stored: Some(3),
            fresh_at: Some(at(100)),
            ..LedgerRow::new(RecordId(uuid::Uuid::nil()), Model::Ticket, "1".to_owned())
        };
        assert_eq!(fresh_as_of(&row, Some(at(500))), Some(at(500)));
        assert_eq!(fresh_as_of(&row, None), Some(at(100)));
        let differs = LedgerRow { stored: Some(2), ..row.clone() };
        assert_eq!(fresh_as_of(&differs, Some(at(500))), Some(at(100)));
        let short = LedgerRow { stored: Some(2), difference: Some(1), ..row.clone() };
        assert_eq!(fresh_as_of(&short, Some(at(500))), Some(at(100)), "one is known to be missing");
        let suspected = LedgerRow { suspected_at: Some(at(200)), ..row.clone() };
        assert_eq!(fresh_as_of(&suspected, Some(at(500))), Some(at(100)));
        let gone = LedgerRow { state: ContainerState::LostAccess, ..row.clone() };
        assert_eq!(fresh_as_of(&gone, Some(at(500))), Some(at(100)));
        assert_eq!(fresh_as_of(&LedgerRow { fresh_at: None, ..row }, Some(at(500))), None);
        let totals = LedgerTotals { fresh_at: Some(at(100)), ..LedgerTotals::default() };
        assert_eq!(all_fresh_as_of(&totals, Some(at(500))), Some(at(500)));
        assert_eq!(all_fresh_as_of(&totals, None), Some(at(100)));
        let doubted = LedgerTotals { doubted_fresh_at: Some(at(200)), ..totals };
        assert_eq!(all_fresh_as_of(&doubted, Some(at(500))), Some(at(200)));
        assert_eq!(all_fresh_as_of(&LedgerTotals { fresh_at: None, ..doubted }, Some(at(500))), None);
    }
}
