//! Reading a Jira source.
//!
//! Who may see what is read first, because every record is stored with the rule that guards it: groups, projects with
//! their roles and schemes, people; then the issues, project by project.

mod census;
mod children;
mod customers;
mod fresh;
mod heavy;
mod hinted;
mod issues;
mod people;
mod projects;
mod reconsider;
mod security;
mod settle;
mod waiting;
mod worklogs;

use std::sync::Arc;

use futures_util::FutureExt as _;
use linkspan_atlassian::calls::{Call, Feature, jira};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{FieldCatalogue, JiraContext};

use linkspan_store::StoredHint;

pub(super) use self::customers::STREAM as CUSTOMERS;
use super::remembered::Known;
use super::run::{Run, text};
use super::{audit, counts, listed};
use crate::error::EngineError;

/// The streams of what issues are converted with, in the order in which they are read.
const SURROUNDINGS: [&str; 4] = ["catalogues", "groups", "projects", "people"];

/// Reads everything, or what changed. Who may see what is read again only when it has grown old.
pub(super) async fn read(run: &Run) -> Result<(), EngineError> {
    // The lists of the one feature are among the surroundings, those of the other belong to a stream of its own.
    let lists = listed::due(run, &[Feature::Tickets, Feature::Customers]).await?;
    let with_customers = customers::is_due(run).await?;
    let with_audit = audit::is_due(run).await?;
    let with_census = census::is_due(run).await?;
    let remembered = run.recall();
    let mut streams: Vec<&'static str> = Vec::new();
    if remembered.is_none() {
        streams.extend(SURROUNDINGS);
    }
    streams.push("issues");
    streams.extend((worklogs::is_open(run) && run.wants(Feature::Worklogs)).then_some(worklogs::STREAM));
    streams.extend(lists.iter().map(|feature| feature.as_str()));
    streams.extend(with_customers.then_some(customers::STREAM));
    streams.extend(with_audit.then_some(audit::STREAM));
    streams.extend(with_census.then_some(super::census::STREAM));
    run.announce(&streams);
    counts::of_jira(run).await?;
    let (ctx, projects) = match remembered {
        Some(Known::Jira(ctx, projects)) => (ctx, projects),
        _ => surroundings(run).boxed().await?,
    };
    // Upstream's clock, asked before anything is read: whatever changes from here on belongs to the next reading.
    let began = issues::upstream_now(run).await?;
    if run.opens(&jira::SEARCH_JQL) {
        run.stream("issues", issues::issues(run, Arc::clone(&ctx), &projects, began).boxed()).await?;
    } else {
        run.skip_kind("issues", "jira.issue").await?;
    }
    if worklogs::is_open(run) && run.wants(Feature::Worklogs) {
        run.stream(worklogs::STREAM, worklogs::feeds(run, &ctx, began).boxed()).await?;
    }
    for feature in lists {
        run.stream(feature.as_str(), listed::read(run, feature).boxed()).await?;
    }
    // After the lists, which bring the service desks.
    if with_customers {
        run.stream(customers::STREAM, customers::read(run).boxed()).await?;
    }
    if with_audit {
        run.stream(audit::STREAM, audit::read(run).boxed()).await?;
    }
    // Last: by then everything that changed is here, so that what differs was missed.
    if with_census && !run.has_failed(&["issues"]) {
        run.stream(super::census::STREAM, census::take(run, &ctx).boxed()).await?;
    }
    Ok(())
}

/// Looks again at issues that deliveries pointed at, with what the last reading found around them. Gives those that upstream
/// could not read this time.
///
/// # Errors
/// [`EngineError::NotReady`] while nothing was read around them yet.
pub(super) async fn look_again(run: &Run, hints: &[StoredHint]) -> Result<Vec<String>, EngineError> {
    let recall = || match run.recall_whatever_its_age() {
        Some(Known::Jira(ctx, _)) => Ok(ctx),
        _ => Err(EngineError::NotReady),
    };
    let mut ctx = recall()?;
    let read = loop {
        let read = hinted::look_again(run, Arc::clone(&ctx), hints).boxed().await?;
        let present = recall()?;
        // What was stored by rules that were read anew meanwhile is read again: else it would keep them, behind whoever goes
        // through what is stored.
        if Arc::ptr_eq(&ctx, &present) {
            break read;
        }
        ctx = present;
    };
    if read.in_unknown_projects {
        // A project that was made since, or whose permissions could not be read: it is read now, not in an hour.
        run.surroundings_are_outdated();
    }
    Ok(read.unread)
}

/// What issues are converted with: fields, groups, projects with who may browse them, people.
async fn surroundings(run: &Run) -> Result<(Arc<JiraContext>, Arc<[String]>), EngineError> {
    let began = run.inner.clock.now();
    let mut ctx = JiraContext::new(run.id(), run.source.site_url.clone());
    ctx.customers_are_listed = customers::are_listed(run);
    let fields = run.stream("catalogues", catalogues(run).boxed()).await?;
    let groups = if run.opens(&jira::GROUP_BULK) {
        run.stream("groups", people::groups(run, &ctx).boxed()).await?
    } else {
        run.skip_kind("groups", "jira.group").await?;
        Some(people::Groups::default())
    };
    let is_whole = fields.is_some() && groups.is_some();
    ctx.fields = fields.unwrap_or_default();
    if let Some(groups) = groups {
        groups.apply(&mut ctx)?;
    }
    let (mut ids, mut digest) = (Vec::new(), None);
    let mut is_whole = is_whole;
    if run.opens(&jira::PROJECT_SEARCH) {
        let found = run.stream("projects", projects::projects(run, &ctx).boxed()).await?;
        is_whole &= found.is_some();
        if let Some(found) = found {
            ctx.access = found.access;
            ctx.project_keys = found.keys;
            ids = found.ids;
            digest = Some(found.digest);
        }
    } else {
        run.skip_kind("projects", "jira.project").await?;
        if run.opens(&jira::SEARCH_JQL) {
            ids = projects::found_by_issues(run).await?;
        }
    }
    if run.opens(&jira::USERS) {
        is_whole &= run.stream("people", people::users(run, &ctx).boxed()).await?.is_some();
    } else {
        run.skip_kind("people", "jira.user").await?;
    }
    let (ctx, projects) = (Arc::new(ctx), Arc::from(ids));
    let mut is_settled = true;
    // Before what is stored is gone through: what is told of meanwhile must not be stored by the former rules.
    run.remember(jiff::Timestamp::UNIX_EPOCH, Known::Jira(Arc::clone(&ctx), Arc::clone(&projects)));
    if run.found_access(digest, is_whole).await? {
        is_settled = run.stream("issues", reconsider::issues(run, &ctx).boxed()).await?.is_some();
        if is_settled && is_whole {
            run.access_is_settled().await?;
        }
    }
    // What was read or gone through in part is so again with the next run; until then, live changes go by it.
    let at = if is_whole && is_settled { began } else { jiff::Timestamp::UNIX_EPOCH };
    run.remember(at, Known::Jira(Arc::clone(&ctx), Arc::clone(&projects)));
    run.inner.projects_are_known(run.id()).await?;
    Ok((ctx, projects))
}

/// The words that issues use: fields, types, statuses, priorities. Fields that were read are used, whatever became of the
/// other lists: without them, tickets would lose what their own fields say.
async fn catalogues(run: &Run) -> Result<FieldCatalogue, EngineError> {
    let (mut fields, mut has_fields) = (FieldCatalogue::default(), false);
    let look = |kind: &str, page: &str| {
        if kind != "jira.field" {
            return Ok(());
        }
        has_fields = true;
        Ok(fields.add(page)?)
    };
    match listed::read_with(run, Feature::Tickets, "catalogues", look).await {
        // Why is told beside the list that failed.
        Err(EngineError::Call(_) | EngineError::Page(_)) if has_fields => Ok(fields),
        result => result.map(|()| fields),
    }
}

/// The answer of a call that is no list, as text.
async fn whole(run: &Run, call: &'static Call, params: Params) -> Result<String, EngineError> {
    let reply = run.client.call(call, &params).await?;
    Ok(text(&reply.body)?.to_owned())
}
