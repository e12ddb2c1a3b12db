//! Reading a Jira source.
//!
//! Who may see what is read first, because every record is stored with the rule that guards it: groups, projects with
//! their roles and schemes, people; then the issues, project by project.

mod children;
mod issues;
mod people;
mod projects;
mod reconsider;
mod waiting;

use std::sync::Arc;

use futures_util::FutureExt as _;
use linkspan_atlassian::calls::{Call, jira};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::FieldCatalogue;
use linkspan_atlassian::convert::{Catalogue, JiraContext, catalogue};

use super::remembered::Known;
use super::run::{Run, text};
use crate::error::EngineError;

/// The streams, in the order in which they are read.
const STREAMS: [&str; 5] = ["catalogues", "groups", "projects", "people", "issues"];

/// Reads everything, or what changed. Who may see what is read again only when it has grown old.
pub(super) async fn read(run: &Run) -> Result<(), EngineError> {
    let (ctx, projects) = if let Some(Known::Jira(ctx, projects)) = run.recall() {
        run.announce(&["issues"]);
        (ctx, projects)
    } else {
        run.announce(&STREAMS);
        surroundings(run).boxed().await?
    };
    run.stream("issues", issues::issues(run, ctx, &projects).boxed()).await?;
    Ok(())
}

/// What issues are converted with: fields, groups, projects with who may browse them, people.
async fn surroundings(run: &Run) -> Result<(Arc<JiraContext>, Arc<[String]>), EngineError> {
    let began = run.inner.clock.now();
    let mut ctx = JiraContext::new(run.id(), run.source.site_url.clone());
    let fields = run.stream("catalogues", catalogues(run, &ctx).boxed()).await?;
    let groups = run.stream("groups", people::groups(run, &ctx).boxed()).await?;
    let is_whole = fields.is_some() && groups.is_some();
    ctx.fields = fields.unwrap_or_default();
    if let Some(groups) = groups {
        groups.apply(&mut ctx)?;
    }
    let found = run.stream("projects", projects::projects(run, &ctx).boxed()).await?;
    let Some(found) = found else { return Ok((Arc::new(ctx), Arc::from([]))) };
    ctx.access = found.access;
    let is_whole = run.stream("people", people::users(run, &ctx).boxed()).await?.is_some() && is_whole;
    let (ctx, projects) = (Arc::new(ctx), Arc::from(found.ids));
    if found.access_changed {
        run.stream("issues", reconsider::issues(run, &ctx).boxed()).await?;
    }
    // What was read in part is read again with the next run.
    if is_whole {
        run.remember(began, Known::Jira(Arc::clone(&ctx), Arc::clone(&projects)));
    }
    Ok((ctx, projects))
}

/// Lists without a common model, kept as received.
async fn catalogues(run: &Run, ctx: &JiraContext) -> Result<FieldCatalogue, EngineError> {
    let mut fields = FieldCatalogue::default();
    for (call, of) in [
        (&jira::FIELDS, Catalogue::Fields),
        (&jira::ISSUE_TYPES, Catalogue::IssueTypes),
        (&jira::STATUSES, Catalogue::Statuses),
        (&jira::PRIORITIES, Catalogue::Priorities),
        (&jira::RESOLUTIONS, Catalogue::Resolutions),
    ] {
        let mut pages = run.pages(call, Params::new(), None);
        while let Some(page) = pages.next().await? {
            if of == Catalogue::Fields {
                fields.add(&page)?;
            }
            let converted = catalogue(&page, of, ctx)?;
            run.add("catalogues", converted.raws.len() as u64);
            run.write(converted, None).await?;
        }
    }
    Ok(fields)
}

/// The answer of a call that is no list, as text.
async fn whole(run: &Run, call: &'static Call, params: Params) -> Result<String, EngineError> {
    let reply = run.client.call(call, &params).await?;
    Ok(text(&reply.body)?.to_owned())
}
