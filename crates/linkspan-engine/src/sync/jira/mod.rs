//! Reading a Jira source.
//!
//! Who may see what is read first, because every record is stored with the rule that guards it: groups, projects with
//! their roles and schemes, people; then the issues, project by project.

mod children;
mod issues;
mod people;
mod projects;
mod waiting;

use linkspan_atlassian::calls::{Call, jira};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::FieldCatalogue;
use linkspan_atlassian::convert::{Catalogue, JiraContext, catalogue};

use super::run::{Run, text};
use crate::error::EngineError;

/// The streams, in the order in which they are read.
const STREAMS: [&str; 5] = ["catalogues", "groups", "projects", "people", "issues"];

/// Reads everything, or what changed.
pub(super) async fn read(run: &Run) -> Result<(), EngineError> {
    run.announce(&STREAMS);
    let mut ctx = JiraContext::new(run.id(), run.source.site_url.clone());
    let fields = run.stream("catalogues", catalogues(run, &ctx)).await?;
    ctx.fields = fields.unwrap_or_default();
    if let Some(groups) = run.stream("groups", people::groups(run, &ctx)).await? {
        groups.apply(&mut ctx)?;
    }
    let projects = match run.stream("projects", projects::projects(run, &ctx)).await? {
        Some(found) => {
            ctx.access = found.access;
            found.projects
        }
        None => Vec::new(),
    };
    run.stream("people", people::users(run, &ctx)).await?;
    run.stream("issues", issues::issues(run, ctx, &projects)).await?;
    Ok(())
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
