//! What hangs on articles that come back: comments and attachments went with them.

use std::collections::BTreeSet;

use linkspan_atlassian::calls::confluence;
use linkspan_atlassian::client::Params;
use linkspan_atlassian::query::{Cql, CqlType};
use linkspan_model::absence::Absence;
use linkspan_model::ids::RecordId;
use linkspan_model::record::Model;
use linkspan_store::ListFilter;

use super::super::run::Run;
use super::access::Learner;
use super::articles::{Kind, convert_text, kind_of, with_articles};
use crate::error::EngineError;

/// Articles in one question: a query has its length.
const ARTICLES_PER_SEARCH: usize = 50;
/// Content in a page of a search.
const SEARCHED_PER_PAGE: u32 = 100;
/// Stored pieces converted at a time.
const RAWS_AT_ONCE: usize = 200;
/// What hangs on one article.
const CHILDREN_CAP: u32 = 2_000;

/// All pages of a search.
pub(super) async fn search(run: &Run, cql: &Cql, expand: &'static str) -> Result<Vec<String>, EngineError> {
    let params = Params::new()
        .query("cql", cql.to_string())
        .query("expand", expand)
        .query("includeArchivedSpaces", "true");
    run.pages(&confluence::CONTENT_SEARCH, params, Some(SEARCHED_PER_PAGE)).all().await
}

/// Brings back what went with an article, from what is stored of it.
pub(super) async fn revive(
    run: &Run,
    learner: &mut Learner<'_>,
    articles: &BTreeSet<u64>,
) -> Result<(), EngineError> {
    for article in articles {
        let parent = RecordId::of(run.id(), Model::Article, &article.to_string());
        let filter = ListFilter { parent: Some(parent), include_deleted: true, ..ListFilter::default() };
        let mut ids = Vec::new();
        for model in [Model::Attachment, Model::Comment] {
            let children = run.inner.store.list_records(run.id(), model, &filter, None, CHILDREN_CAP).await?;
            // What was removed by itself stays so; what is alive may lie in another space now.
            let went_along = |absence: Option<Absence>| absence != Some(Absence::Removed);
            ids.extend(children.iter().filter(|child| went_along(child.absence)).map(|child| child.id));
        }
        let mut by_kind: Vec<(Kind, Vec<String>)> = Vec::new();
        for raw in run.inner.store.get_raws_for(run.id(), &ids).await? {
            let Some(kind) = kind_of(&raw.kind, &raw.path) else { continue };
            match by_kind.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, texts)) => texts.push(raw.json),
                None => by_kind.push((kind, vec![raw.json])),
            }
        }
        for (kind, texts) in by_kind {
            for texts in texts.chunks(RAWS_AT_ONCE) {
                let json = format!("{{\"results\":[{}]}}", texts.join(","));
                let converted = convert_text(kind, learner, json.into()).await?;
                let converted = with_articles(run, learner, converted).await?;
                run.write(converted, None).await?;
            }
        }
    }
    Ok(())
}

/// Reads what hangs on articles, where a search is open: while they were out of sight, it may have changed.
pub(super) async fn read_again(
    run: &Run,
    learner: &mut Learner<'_>,
    articles: &BTreeSet<u64>,
) -> Result<(), EngineError> {
    if !run.opens(&confluence::CONTENT_SEARCH) {
        return Ok(());
    }
    let kinds = [
        (CqlType::Attachment, "container,history,version"),
        (
            CqlType::Comment,
            "container,ancestors,history,version,body.storage,extensions.inlineProperties,extensions.resolution",
        ),
    ];
    let articles: Vec<u64> = articles.iter().copied().collect();
    for (content_type, expand) in kinds {
        for part in articles.chunks(ARTICLES_PER_SEARCH) {
            let cql = Cql::types(&[content_type]).containers(part.iter().copied());
            for page in search(run, &cql, expand).await? {
                let converted = convert_text(Kind::Searched, learner, page.into()).await?;
                let converted = with_articles(run, learner, converted).await?;
                run.write(converted, None).await?;
            }
        }
    }
    Ok(())
}
