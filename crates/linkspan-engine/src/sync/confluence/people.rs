//! Groups with their members, and authors who are in no group.

use std::collections::HashSet;

use futures_util::FutureExt as _;
use linkspan_atlassian::calls::confluence;
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{
    ConfluenceContext, Memberships, confluence_group_page, confluence_user_page,
};
use linkspan_atlassian::resources::Way;
use linkspan_model::ids::RecordId;
use linkspan_model::record::Model;
use linkspan_store::{ListFilter, StoredRecord};

use super::super::run::{Run, at_a_time, text};
use super::access::Learner;
use crate::error::EngineError;

/// Accounts in one call (`atlassian-endpoints.md` 6.14).
const ACCOUNTS_PER_CALL: usize = 100;
/// Calls under way at a time.
const PARALLEL_CALLS: usize = 4;
/// People looked through at a time.
const PEOPLE_PER_READ: u32 = 500;

pub(super) async fn groups(run: &Run, ctx: &ConfluenceContext) -> Result<Memberships, EngineError> {
    let lists = run.pages(&confluence::GROUPS, Params::new(), Some(200)).all().await?;
    let mut ids = Vec::new();
    for page in &lists {
        ids.extend(confluence_group_page(page, ctx)?.ids);
    }
    run.expect("groups", ids.len() as u64);
    let mut memberships = Memberships::default();
    let mut people = Vec::new();
    for id in &ids {
        let mut members = Vec::new();
        let params = Params::new().path("groupId", id.as_str());
        let mut pages = run.pages(&confluence::GROUP_MEMBERS, params, Some(200));
        while let Some(page) = pages.next().await? {
            members.extend(confluence_user_page(&page, ctx)?.ids);
            people.push(page);
        }
        // Stored only when the listing came to its end: a part of a group is never taken for the group (hazard P14).
        run.inner.store.replace_group_members(run.id(), id, &members).await?;
        memberships.add(id, &members);
        run.add("groups", 1);
    }
    let ctx = ConfluenceContext { memberships, ..ctx.clone() };
    let mut written = HashSet::new();
    for page in &people {
        let mut converted = confluence_user_page(page, &ctx)?;
        // Somebody in many groups is written once.
        converted.records.retain(|person| written.insert(person.id));
        run.write(converted, None).await?;
    }
    for page in &lists {
        run.write(confluence_group_page(page, &ctx)?, None).await?;
    }
    Ok(ctx.memberships)
}

/// Reads people who were met in content and are in no group that was read.
pub(super) async fn authors(run: &Run, learner: &Learner<'_>, way: &'static Way) -> Result<(), EngineError> {
    if !way.calls.iter().any(|call| call.name == confluence::USER_BULK.name) {
        return Ok(());
    }
    let ctx = learner.context();
    let unread = without_profile(run).await?;
    run.expect("people", unread.len() as u64);
    let reads = unread.chunks(ACCOUNTS_PER_CALL).map(|accounts| read_people(run, accounts).boxed()).collect();
    for answer in at_a_time(PARALLEL_CALLS, reads).await? {
        let converted = confluence_user_page(&answer, &ctx)?;
        run.add("people", converted.ids.len() as u64);
        run.write(converted, None).await?;
    }
    Ok(())
}

async fn read_people(run: &Run, accounts: &[String]) -> Result<String, EngineError> {
    let params = accounts.iter().fold(Params::new(), |params, id| params.query("accountId", id.as_str()));
    let reply = run.client.call(&confluence::USER_BULK, &params).await?;
    Ok(text(&reply.body)?.to_owned())
}

/// Account ids of people whose own profile is not stored: content tells a part of it, or the id alone.
async fn without_profile(run: &Run) -> Result<Vec<String>, EngineError> {
    let store = &run.inner.store;
    let mut accounts = Vec::new();
    let mut after = None;
    loop {
        let page =
            store.list_records(run.id(), Model::User, &ListFilter::default(), after, PEOPLE_PER_READ).await?;
        let Some(last) = page.last() else { return Ok(accounts) };
        after = Some(last.position());
        let ids: Vec<RecordId> = page.iter().map(|person| person.id).collect();
        let profiles = store.get_raws_for(run.id(), &ids).await?;
        let read: HashSet<RecordId> = profiles.into_iter().filter_map(|raw| raw.record).collect();
        let is_unread = |person: &&StoredRecord| !read.contains(&person.id);
        accounts.extend(page.iter().filter(is_unread).filter_map(|person| person.remote_id.clone()));
    }
}
