//! Reading a Confluence source.
//!
//! Who may see what is read first: groups, spaces with their permissions, and one sweep that brings restrictions, the tree
//! and labels of all content for the price of a list. Then attachments, pages with the folders they stand in, blog posts and comments; last the older
//! versions, one call for each article that has any.

mod access;
mod articles;
mod containers;
mod people;
mod spaces;
mod versions;

use std::sync::Arc;

use futures_util::FutureExt as _;
use linkspan_atlassian::convert::ConfluenceContext;

use self::access::Learner;
use super::remembered::Known;
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

/// Reads everything, or what changed. Who may see what is read again only when it has grown old.
pub(super) async fn read(run: &Run) -> Result<(), EngineError> {
    let mut learner = if let Some(Known::Confluence(ctx)) = run.recall() {
        run.announce(&STREAMS[3..]);
        Learner::new(run, ctx)
    } else {
        run.announce(&STREAMS);
        surroundings(run).boxed().await?
    };
    run.stream("attachments", articles::attachments(run, &mut learner).boxed()).await?;
    run.stream("pages", articles::pages(run, &mut learner).boxed()).await?;
    run.stream("blogposts", articles::blogposts(run, &mut learner).boxed()).await?;
    run.stream("comments", articles::comments(run, &mut learner).boxed()).await?;
    run.stream("people", people::authors(run, &learner).boxed()).await?;
    run.stream("versions", versions::versions(run, &learner).boxed()).await?;
    Ok(())
}

/// What content is converted with: groups, spaces with who may see them, restrictions, the tree, labels.
async fn surroundings(run: &Run) -> Result<Learner<'_>, EngineError> {
    let began = run.inner.clock.now();
    let mut ctx = ConfluenceContext::new(run.id(), run.source.site_url.clone());
    let memberships = run.stream("groups", people::groups(run, &ctx).boxed()).await?;
    let is_whole = memberships.is_some();
    ctx.memberships = memberships.unwrap_or_default();
    let spaces = run.stream("spaces", spaces::spaces(run, &ctx).boxed()).await?;
    let is_whole = spaces.is_some() && is_whole;
    ctx.access = spaces.unwrap_or_default();
    let before = run.checkpoint::<access::SweepCheckpoint>("restrictions").await?;
    let swept = run.stream("restrictions", access::sweep(run, &mut ctx).boxed()).await?;
    let is_whole = swept.is_some() && is_whole;
    let ctx = Arc::new(ctx);
    // What was read in part is read again with the next run.
    if is_whole {
        run.remember(began, Known::Confluence(Arc::clone(&ctx)));
    }
    let mut learner = Learner::new(run, ctx);
    if let (Some(before), Some(swept)) = (before, swept)
        && before != swept
    {
        run.stream("restrictions", articles::reconsider_access(run, &mut learner).boxed()).await?;
    }
    Ok(learner)
}
