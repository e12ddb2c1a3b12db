//! Reading a Confluence source.
//!
//! Who may see what is read first: groups, spaces with their permissions, and one sweep that brings restrictions, the tree
//! and labels of all content for the price of a list. Then attachments, pages, blog posts and comments; last the older
//! versions, one call for each article that has any.

mod access;
mod articles;
mod people;
mod spaces;
mod versions;

use std::sync::Arc;

use linkspan_atlassian::convert::ConfluenceContext;

use self::access::Learner;
use super::run::Run;
use crate::error::EngineError;

/// The streams, in the order in which they are read.
const STREAMS: [&str; 9] = [
    "groups",
    "spaces",
    "restrictions",
    "attachments",
    "pages",
    "blogposts",
    "comments",
    "people",
    "versions",
];

/// Reads everything, or what changed.
pub(super) async fn read(run: &Run) -> Result<(), EngineError> {
    run.announce(&STREAMS);
    let mut ctx = ConfluenceContext::new(run.id(), run.source.site_url.clone());
    if let Some(memberships) = run.stream("groups", people::groups(run, &ctx)).await? {
        ctx.memberships = memberships;
    }
    if let Some(access) = run.stream("spaces", spaces::spaces(run, &ctx)).await? {
        ctx.access = access;
    }
    let before = run.checkpoint::<access::SweepCheckpoint>("restrictions").await?;
    let swept = run.stream("restrictions", access::sweep(run, &mut ctx)).await?;
    let mut learner = Learner::new(run, Arc::new(ctx));
    run.stream("attachments", articles::attachments(run, &mut learner)).await?;
    run.stream("pages", articles::pages(run, &mut learner)).await?;
    run.stream("blogposts", articles::blogposts(run, &mut learner)).await?;
    run.stream("comments", articles::comments(run, &mut learner)).await?;
    if let (Some(before), Some(swept)) = (before, swept)
        && before.digest != swept.digest
    {
        articles::reconsider_access(run, &mut learner).await?;
    }
    run.stream("people", people::authors(run, &learner)).await?;
    run.stream("versions", versions::versions(run, &learner)).await?;
    Ok(())
}
