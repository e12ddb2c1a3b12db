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
use linkspan_atlassian::calls::Feature;
use linkspan_atlassian::convert::ConfluenceContext;

use self::access::Learner;
use super::remembered::Known;
use super::run::Run;
use super::{audit, listed};
use crate::error::EngineError;

/// The streams of what content is converted with, in the order in which they are read.
const SURROUNDINGS: [&str; 3] = ["groups", "spaces", "restrictions"];
/// The streams of content.
const CONTENT: [&str; 6] = ["attachments", "pages", "blogposts", "comments", "people", "versions"];

/// Reads everything, or what changed. Who may see what is read again only when it has grown old.
pub(super) async fn read(run: &Run) -> Result<(), EngineError> {
    let lists = listed::due(run, &[Feature::Audit]).await?;
    let with_audit = audit::is_due(run).await?;
    let remembered = run.recall();
    let mut streams: Vec<&'static str> = Vec::new();
    if remembered.is_none() {
        streams.extend(SURROUNDINGS);
    }
    streams.extend(CONTENT);
    streams.extend(lists.iter().map(|feature| feature.as_str()));
    streams.extend(with_audit.then_some(audit::STREAM));
    run.announce(&streams);
    let mut learner = match remembered {
        Some(Known::Confluence(ctx)) => Learner::new(run, ctx),
        _ => surroundings(run).boxed().await?,
    };
    run.stream("attachments", articles::attachments(run, &mut learner).boxed()).await?;
    run.stream("pages", articles::pages(run, &mut learner).boxed()).await?;
    run.stream("blogposts", articles::blogposts(run, &mut learner).boxed()).await?;
    run.stream("comments", articles::comments(run, &mut learner).boxed()).await?;
    run.stream("people", people::authors(run, &learner).boxed()).await?;
    run.stream("versions", versions::versions(run, &learner).boxed()).await?;
    for feature in lists {
        run.stream(feature.as_str(), listed::read(run, feature).boxed()).await?;
    }
    if with_audit {
        run.stream(audit::STREAM, audit::read(run).boxed()).await?;
    }
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
