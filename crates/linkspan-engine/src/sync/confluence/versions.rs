//! Older versions of articles: who changed what when. One call for each article that has any, so they come last, and only
//! for articles that changed since the last reading.

use futures_util::FutureExt as _;
use linkspan_atlassian::calls::confluence;
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{ConfluenceContext, Converted, version_page};
use linkspan_atlassian::error::CallError;
use linkspan_model::ids::RecordId;
use linkspan_model::record::{Body, Model};
use linkspan_store::{ListFilter, RecordPosition, StoredRecord};
use serde::{Deserialize, Serialize};

use super::super::run::{Run, at_a_time, text};
use super::access::Learner;
use super::articles::version_with_history;
use super::spaces::PAGE_SIZE;
use crate::error::EngineError;

/// Articles looked through at a time.
const ARTICLES_PER_READ: u32 = 200;
/// Articles whose versions are read at a time.
const PARALLEL_ARTICLES: usize = 8;

/// Up to which change of an article versions were read: the stream follows the order in which articles change here.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct VersionsCheckpoint {
    modified_at: i64,
    id: RecordId,
}

pub(super) async fn versions(run: &Run, learner: &Learner<'_>) -> Result<(), EngineError> {
    let ctx = learner.context();
    let mut after = run.checkpoint::<VersionsCheckpoint>("versions").await?.and_then(|at| {
        Some(RecordPosition {
            modified_at: jiff::Timestamp::from_millisecond(at.modified_at).ok()?,
            id: at.id,
        })
    });
    loop {
        let articles = run
            .inner
            .store
            .list_records(run.id(), Model::Article, &ListFilter::default(), after, ARTICLES_PER_READ)
            .await?;
        let Some(last) = articles.last() else { return Ok(()) };
        let position = last.position();
        let mut with_history = Vec::new();
        for article in &articles {
            let body = article.instance()?;
            if version_with_history(&body).is_some() {
                with_history.push((article, matches!(&body, Body::Article(article) if article.article_type.as_deref() == Some("BLOG_POST"))));
            }
        }
        run.expect("versions", with_history.len() as u64);
        let reads = with_history
            .into_iter()
            .map(|(article, is_blog_post)| of_article(run, article, is_blog_post, &ctx).boxed())
            .collect();
        let mut converted = Converted::default();
        for part in at_a_time(PARALLEL_ARTICLES, reads).await? {
            run.add("versions", 1);
            converted.absorb(part);
        }
        let checkpoint =
            VersionsCheckpoint { modified_at: position.modified_at.as_millisecond(), id: position.id };
        let mark = Run::mark("versions", &checkpoint)?;
        run.write(converted, Some(mark)).await?;
        after = Some(position);
    }
}

async fn of_article(
    run: &Run,
    article: &StoredRecord,
    is_blog_post: bool,
    ctx: &ConfluenceContext,
) -> Result<Converted, EngineError> {
    let mut converted = Converted::default();
    let Some(id) = article.remote_id.as_deref() else { return Ok(converted) };
    let call = if is_blog_post { &confluence::BLOGPOST_VERSIONS } else { &confluence::PAGE_VERSIONS };
    let mut pager = run.client.pager(call, Params::new().path("id", id), Some(PAGE_SIZE));
    loop {
        match run.client.next(call, &mut pager).await {
            Ok(Some(page)) => converted.absorb(version_page(text(&page.reply.body)?, id, ctx)?),
            Ok(None) => return Ok(converted),
            // Gone since it was listed; the next reading of articles will tell.
            Err(EngineError::Call(CallError::NotFound { .. })) => return Ok(Converted::default()),
            Err(error) => return Err(error),
        }
    }
}
