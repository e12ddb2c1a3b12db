//! Reading a Confluence source.
//!
//! Who may see what is read first: groups, spaces with their permissions, one sweep that brings restrictions, the tree and
//! labels of all content for the price of a list, and what else stands in the tree. Then attachments, pages with the folders
//! they stand in, blog posts and comments, from the lists of the second generation or, where the grant has no scopes for
//! them, by search; last the older versions, one call for each article that has any.

mod access;
mod articles;
mod attached;
mod by_id;
mod census;
mod containers;
mod lists;
mod people;
mod revival;
mod searches;
mod spaces;
mod tree;
mod versions;

use std::sync::Arc;

use futures_util::FutureExt as _;
use linkspan_atlassian::calls::Feature;
use linkspan_atlassian::convert::ConfluenceContext;

use self::access::Learner;
use super::remembered::Known;
use super::run::{Run, digest_of};
use super::{audit, counts, listed};
use crate::error::EngineError;

/// The streams of what content is converted with, in the order in which they are read.
const SURROUNDINGS: [&str; 3] = ["groups", "spaces", "restrictions"];
/// The streams of content.
const CONTENT: [&str; 6] = ["attachments", "pages", "blogposts", "comments", "people", "versions"];

/// Reads everything, or what changed. Who may see what is read again only when it has grown old.
///
/// Each kind is read by the best way that the grant opens; what no way leads to is skipped, and costs the others nothing.
pub(super) async fn read(run: &Run) -> Result<(), EngineError> {
    let lists = listed::due(run, &[Feature::Audit]).await?;
    let with_audit = audit::is_due(run).await?;
    let with_census = census::is_due(run).await?;
    let remembered = run.recall();
    let mut streams: Vec<&'static str> = Vec::new();
    if remembered.is_none() {
        streams.extend(SURROUNDINGS);
        streams.push(tree::STREAM);
    }
    streams.extend(CONTENT);
    streams.extend(lists.iter().map(|feature| feature.as_str()));
    streams.extend(with_audit.then_some(audit::STREAM));
    streams.extend(with_census.then_some(super::census::STREAM));
    run.announce(&streams);
    counts::of_confluence(run).await?;
    let mut learner = match remembered {
        Some(Known::Confluence(ctx)) => Learner::new(run, ctx),
        _ => surroundings(run).boxed().await?,
    };
    let known = &mut learner;
    run.stream_by_way("attachments", "confluence.attachment", |way| {
        articles::attachments(run, known, way).boxed()
    })
    .await?;
    let known = &mut learner;
    run.stream_by_way("pages", "confluence.page", |way| articles::pages(run, known, way).boxed()).await?;
    let known = &mut learner;
    run.stream_by_way("blogposts", "confluence.blogpost", |way| articles::blogposts(run, known, way).boxed())
        .await?;
    let known = &mut learner;
    run.stream_by_way("comments", "confluence.comment", |way| articles::comments(run, known, way).boxed())
        .await?;
    run.stream_by_way("people", "confluence.user", |way| people::authors(run, &learner, way).boxed()).await?;
    run.stream_by_way("versions", "confluence.version", |_| versions::versions(run, &learner).boxed())
        .await?;
    for feature in lists {
        run.stream(feature.as_str(), listed::read(run, feature).boxed()).await?;
    }
    if with_audit {
        run.stream(audit::STREAM, audit::read(run).boxed()).await?;
    }
    // Last: by then everything that changed is here, so that what differs was missed.
    if with_census && !run.has_failed(&CONTENT) {
        run.stream(super::census::STREAM, census::take(run, learner).boxed()).await?;
    }
    Ok(())
}

/// What content is converted with: groups, spaces with who may see them, restrictions, the tree, labels.
async fn surroundings(run: &Run) -> Result<Learner<'_>, EngineError> {
    let began = run.inner.clock.now();
    let mut ctx = ConfluenceContext::new(run.id(), run.source.site_url.clone());
    let groups =
        run.stream_by_way("groups", "confluence.group", |_| people::groups(run, &ctx).boxed()).await?;
    ctx.memberships = groups.unwrap_or_default();
    // The same scope opens the spaces themselves.
    let spaces = run
        .stream_by_way("spaces", "confluence.spacepermission", |_| spaces::spaces(run, &ctx).boxed())
        .await?;
    let spaces = spaces.unwrap_or_default();
    ctx.access = spaces.access;
    ctx.space_keys = spaces.keys;
    let swept = run
        .stream_by_way("restrictions", "confluence.restriction", |_| access::sweep(run, &mut ctx).boxed())
        .await?;
    let mut learner = Learner::new(run, Arc::new(ctx));
    tree::read(run, &mut learner).boxed().await?;
    if !run.has_failed(&SURROUNDINGS) {
        run.stream("restrictions", learner.ask_again().boxed()).await?;
    }
    let is_whole = !run.has_failed(&SURROUNDINGS);
    let digest = digest_of(&(spaces.digest + &swept.unwrap_or_default()));
    let mut is_settled = true;
    // Without the one half it cannot be told whether anything changed.
    if run.found_access(is_whole.then_some(digest), is_whole).await? {
        let work = articles::reconsider_access(run, &mut learner).boxed();
        is_settled = run.stream("restrictions", work).await?.is_some();
        if is_settled && is_whole {
            run.access_is_settled().await?;
        }
    }
    // What was read or gone through in part is so again with the next run.
    if is_whole && is_settled {
        run.remember(began, Known::Confluence(learner.context()));
    }
    Ok(learner)
}
