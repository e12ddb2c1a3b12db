//! Organizations and customers of service desks, on the slow clock of the lists.
//!
//! A customer's record follows from the account id, so it does not matter whether issues that name the customer are read
//! before. Who is on no list any more goes, but only when every list was read whole, and where much would go, twice
//! (hazard S12).

use std::collections::{BTreeSet, HashSet};

use futures_util::FutureExt as _;
use linkspan_atlassian::calls::{Call, Feature, jira};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{
    Converted, CustomerOrganizations, ListOwner, by_number, desk_customer_page, listing_page,
    organization_page, organization_user_page, unlisted_customer,
};
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::resources::{Reading, Resource};
use linkspan_model::ids::RecordId;
use linkspan_model::record::Model;
use linkspan_store::{RawFilter, StoredRaw};

use super::super::listed::{self, ListedCheckpoint, page_size};
use super::super::run::{Run, at_a_time};
use crate::error::EngineError;

/// The stream's name.
pub(in crate::sync) const STREAM: &str = "customers";
/// Lists read at a time.
const PARALLEL_LISTS: usize = 4;
/// Lists held in memory at a time.
const LISTS_PER_TURN: usize = 16;
/// Stored things looked through at a time.
const STORED_PER_READ: u32 = 500;
/// Records removed in one transaction.
const REMOVED_PER_BATCH: usize = 4_000;
/// How often a list is read at most that seems to have lost most of what it had.
const LISTINGS: usize = 2;
/// Losing no more than these needs no second look.
const SMALL_LOSS: usize = 10;

/// The kinds that this stream reads and the grant opens.
fn open_kinds(run: &Run) -> Vec<&'static str> {
    let is_own = |resource: &&'static Resource| matches!(resource.reading, Reading::Stream(STREAM));
    let open = Resource::all().filter(is_own).filter(|resource| run.way_to(resource).is_some());
    open.map(|resource| resource.kind).collect()
}

/// Whether customers are read at all.
pub(super) fn are_listed(run: &Run) -> bool {
    !open_kinds(run).is_empty()
}

/// The kinds of the whole feature that the grant opens: this stream's, and the plain lists that are read with them.
fn feature_kinds(run: &Run) -> Vec<&'static str> {
    open_kinds(run).into_iter().chain(listed::open_kinds(run, Feature::Customers)).collect()
}

/// Whether there is anything to read now.
pub(super) async fn is_due(run: &Run) -> Result<bool, EngineError> {
    let open = feature_kinds(run);
    let known: ListedCheckpoint = run.checkpoint(STREAM).await?.unwrap_or_default();
    Ok(!open.is_empty() && !known.covers(run, STREAM, &open))
}

/// Reads organizations, their customers, and those of service desks.
pub(super) async fn read(run: &Run) -> Result<(), EngineError> {
    let began = run.inner.clock.now();
    // Whatever fails here, the plain lists of the feature are read (hazard S15).
    let own = if are_listed(run) { own_lists(run).await } else { Ok(()) };
    let failed = match own {
        Err(error @ (EngineError::Call(_) | EngineError::Page(_))) => Some(error),
        own => own.map(|()| None)?,
    };
    listed::read_with(run, Feature::Customers, STREAM, |_, _| Ok(())).await?;
    if let Some(error) = failed {
        return Err(error);
    }
    let mark = Run::mark(STREAM, &ListedCheckpoint::of(began, &feature_kinds(run)))?;
    run.write(Converted::default(), Some(mark)).await
}

async fn own_lists(run: &Run) -> Result<(), EngineError> {
    let mut reading = CustomerReading::new(run);
    reading.read_organizations().await?;
    reading.read_all_members().await?;
    reading.read_all_customers().await?;
    reading.settle().await?;
    for list in reading.lists() {
        if list.is_open {
            listed::note(run, list.kind, list.ids.len() as u64, list.refused.clone()).await?;
        }
    }
    Ok(())
}

/// One kind of list, and what was seen on it.
struct Seen {
    kind: &'static str,
    /// The grant opens it.
    is_open: bool,
    ids: HashSet<String>,
    /// Why a part of it was refused.
    refused: Option<String>,
}

impl Seen {
    fn new(kind: &'static str, open: &[&'static str]) -> Self {
        Self { kind, is_open: open.contains(&kind), ids: HashSet::new(), refused: None }
    }

    /// What is not on it is gone.
    fn is_whole(&self) -> bool {
        self.is_open && self.refused.is_none()
    }

    /// Whether more than half of what is stored would go.
    async fn loses_much(&self, run: &Run) -> Result<bool, EngineError> {
        if !self.is_whole() {
            return Ok(false);
        }
        let stored = stored_ids(run, self.kind, None).await?;
        let lost = stored.iter().filter(|id| !self.ids.contains(*id)).count();
        let much = lost > SMALL_LOSS && lost * 2 > stored.len();
        if much {
            tracing::warn!(source.id = %run.id(), kind = self.kind, lost, "most are gone; they are listed once more");
        }
        Ok(much)
    }

    fn refuse(&mut self, error: &CallError) {
        self.refused.get_or_insert(error.to_string());
    }
}

/// One reading of all lists.
struct CustomerReading<'a> {
    run: &'a Run,
    known: CustomerOrganizations,
    organizations: Seen,
    members: Seen,
    customers: Seen,
}

impl<'a> CustomerReading<'a> {
    fn new(run: &'a Run) -> Self {
        let open = open_kinds(run);
        Self {
            run,
            known: CustomerOrganizations::default(),
            organizations: Seen::new("jsm.organization", &open),
            members: Seen::new("jsm.organizationuser", &open),
            customers: Seen::new("jsm.customer", &open),
        }
    }

    fn lists(&self) -> [&Seen; 3] {
        [&self.organizations, &self.members, &self.customers]
    }

    /// Reads the list of organizations, and once more if most of them would go by it: what else is read hangs on it.
    async fn read_organizations(&mut self) -> Result<(), EngineError> {
        for _ in 0..LISTINGS {
            if !self.organizations.is_open {
                break;
            }
            match list(self.run, &jira::ORGANIZATIONS, Params::new()).await? {
                Ok(pages) => {
                    for page in pages {
                        let converted = organization_page(&page, self.run.id())?;
                        keep(self.run, converted, &mut self.organizations).await?;
                    }
                }
                Err(error) => self.organizations.refuse(&error),
            }
            if !self.organizations.loses_much(self.run).await? {
                break;
            }
        }
        Ok(())
    }

    /// Reads who is in each organization, and once more if most would go by it.
    async fn read_all_members(&mut self) -> Result<(), EngineError> {
        let run = self.run;
        // The lowest id first: it is the organization that counts for a customer of several.
        let mut organizations = owners(run, self.organizations.kind).await?;
        if self.organizations.is_whole() {
            organizations.retain(|id| self.organizations.ids.contains(id));
        }
        organizations.sort_unstable_by(|one, other| by_number(one, other));
        for _ in 0..LISTINGS {
            for turn in organizations.chunks(LISTS_PER_TURN) {
                self.read_members(turn).await?;
            }
            if !self.members.loses_much(run).await? {
                break;
            }
        }
        Ok(())
    }

    /// Reads who was added to each service desk, and once more if most would go by it.
    async fn read_all_customers(&mut self) -> Result<(), EngineError> {
        if !self.customers.is_open {
            return Ok(());
        }
        let desks = desks(self.run).await?;
        for _ in 0..LISTINGS {
            for turn in desks.chunks(LISTS_PER_TURN) {
                self.read_customers(turn).await?;
            }
            if !self.customers.loses_much(self.run).await? {
                break;
            }
        }
        Ok(())
    }

    async fn read_members(&mut self, organizations: &[String]) -> Result<(), EngineError> {
        let run = self.run;
        let read = |id: &String| {
            let params = Params::new().path("organizationId", id.as_str());
            list(run, &jira::ORGANIZATION_USERS, params).boxed()
        };
        let lists = if self.members.is_open {
            at_a_time(PARALLEL_LISTS, organizations.iter().map(read).collect()).await?
        } else {
            Vec::new()
        };
        let mut lists = lists.into_iter();
        for id in organizations {
            match lists.next() {
                Some(Ok(pages)) => {
                    for page in pages {
                        let converted = organization_user_page(&page, id, &mut self.known, run.id())?;
                        keep(run, converted, &mut self.members).await?;
                    }
                    continue;
                }
                Some(Err(error)) => self.members.refuse(&error),
                None => {}
            }
            // What was read before counts where nothing can be read now: else its customers would lose it.
            for member in stored_ids(run, self.members.kind, Some(id)).await? {
                self.known.add(account_of(&member), Some(id));
            }
        }
        Ok(())
    }

    async fn read_customers(&mut self, desks: &[String]) -> Result<(), EngineError> {
        let run = self.run;
        let read = |id: &String| {
            list(run, &jira::DESK_CUSTOMERS, Params::new().path("serviceDeskId", id.as_str())).boxed()
        };
        let lists = at_a_time(PARALLEL_LISTS, desks.iter().map(read).collect()).await?;
        for (id, pages) in desks.iter().zip(lists) {
            match pages {
                Ok(pages) => {
                    for page in pages {
                        let converted = desk_customer_page(&page, id, &mut self.known, run.id())?;
                        keep(run, converted, &mut self.customers).await?;
                    }
                }
                Err(error) => self.customers.refuse(&error),
            }
        }
        Ok(())
    }

    /// Removes what is on no list any more. The records first: a reading that is killed in between does it again.
    async fn settle(&mut self) -> Result<(), EngineError> {
        let run = self.run;
        let mut removed: Vec<(Model, RecordId)> = Vec::new();
        if self.organizations.is_whole() {
            let stored = stored_ids(run, self.organizations.kind, None).await?;
            let gone = stored.iter().filter(|id| !self.organizations.ids.contains(*id));
            removed.extend(gone.map(|id| (Model::Account, RecordId::of(run.id(), Model::Account, id))));
        }
        let gone = self.gone_customers().await?;
        let unlisted = self.keep_unlisted().await?;
        let contact = |account: &String| RecordId::of(run.id(), Model::Contact, account);
        let gone = gone.iter().map(contact).filter(|id| !unlisted.contains(id));
        removed.extend(gone.map(|id| (Model::Contact, id)));
        for part in removed.chunks(REMOVED_PER_BATCH) {
            run.remove(part.to_vec()).await?;
        }
        for list in self.lists().into_iter().filter(|list| list.is_whole()) {
            run.inner.store.settle_raws(run.id(), list.kind, None, &list.ids).await?;
        }
        Ok(())
    }

    /// The accounts that were on a list and are on none now. Those of lists that were not read whole are still on them.
    async fn gone_customers(&mut self) -> Result<BTreeSet<String>, EngineError> {
        let mut gone = BTreeSet::new();
        for list in [&self.members, &self.customers] {
            for id in stored_ids(self.run, list.kind, None).await? {
                if list.ids.contains(&id) {
                    continue;
                }
                if list.is_whole() {
                    gone.insert(account_of(&id).to_owned());
                } else {
                    self.known.add(account_of(&id), None);
                }
            }
        }
        gone.retain(|account| !self.known.knows(account));
        Ok(gone)
    }

    /// Keeps the customers of the site whom no list names, as the site's list of accounts has them.
    async fn keep_unlisted(&self) -> Result<HashSet<RecordId>, EngineError> {
        let run = self.run;
        let mut kept = HashSet::new();
        let mut after: Option<String> = None;
        loop {
            let raws =
                run.inner.store.list_raws(run.id(), "jira.user", after.as_deref(), STORED_PER_READ).await?;
            let Some(last) = raws.last() else { return Ok(kept) };
            after = Some(last.remote_id.clone());
            let mut records = Vec::new();
            for raw in raws.iter().filter(|raw| raw.problem.is_none()) {
                records.extend(unlisted_customer(&raw.json, &self.known, run.id())?);
            }
            kept.extend(records.iter().map(|record| record.id));
            run.write(Converted { records, ..Converted::default() }, None).await?;
        }
    }
}

/// The account in the id of a customer on a list, `{owner}/{account}`.
fn account_of(id: &str) -> &str {
    id.split_once('/').map_or(id, |(_, account)| account)
}

/// Stores what a page became.
async fn keep(run: &Run, converted: Converted, seen: &mut Seen) -> Result<(), EngineError> {
    run.add(STREAM, converted.raws.len() as u64);
    seen.ids.extend(converted.ids.iter().cloned());
    run.write(converted, None).await
}

/// The ids of what is stored of a kind, of one owner where one is given.
async fn stored_ids(run: &Run, kind: &str, owner: Option<&str>) -> Result<Vec<String>, EngineError> {
    let filter = RawFilter { owner: owner.map(str::to_owned), ..RawFilter::default() };
    let mut ids: Vec<String> = Vec::new();
    loop {
        let after = ids.last().map(String::as_str);
        let raws = run.inner.store.find_raws(run.id(), kind, &filter, after, STORED_PER_READ).await?;
        if raws.is_empty() {
            return Ok(ids);
        }
        ids.extend(raws.into_iter().map(|raw| raw.remote_id));
    }
}

/// The service desks: as the lists of requests have them, or, where those are not wanted, read here.
async fn desks(run: &Run) -> Result<Vec<String>, EngineError> {
    const KIND: &str = "jsm.servicedesk";
    let listing =
        Resource::of_kind(KIND).and_then(Resource::listing).filter(|_| !run.wants(Feature::Requests));
    if let Some(listing) = listing
        && let Ok(pages) = list(run, &jira::SERVICE_DESKS, Params::new()).await?
    {
        for page in pages {
            let items = jira::SERVICE_DESKS.items;
            run.write(listing_page(&page, KIND, listing, items, &ListOwner::default(), run.id())?, None)
                .await?;
        }
    }
    owners(run, KIND).await
}

/// The ids of the stored things of a kind that can be asked for by their ids.
async fn owners(run: &Run, kind: &str) -> Result<Vec<String>, EngineError> {
    let mut ids = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let raws = run.inner.store.list_raws(run.id(), kind, after.as_deref(), STORED_PER_READ).await?;
        let Some(last) = raws.last() else { return Ok(ids) };
        after = Some(last.remote_id.clone());
        let has_id = |raw: &StoredRaw| raw.record.is_some() || raw.problem.is_none();
        ids.extend(raws.into_iter().filter(has_id).map(|raw| raw.remote_id));
    }
}

/// The pages of one list, whole. The inner error is a refusal that concerns this list alone.
async fn list(
    run: &Run,
    call: &'static Call,
    params: Params,
) -> Result<Result<Vec<String>, CallError>, EngineError> {
    match run.pages(call, params, page_size(call)).all().await {
        Ok(pages) => Ok(Ok(pages)),
        Err(EngineError::Call(error)) if listed::is_refusal(&error) => Ok(Err(error)),
        Err(error) => Err(error),
    }
}
