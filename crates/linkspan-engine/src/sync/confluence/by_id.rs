//! Articles by their ids.

use std::collections::BTreeSet;
use std::sync::Arc;

use linkspan_atlassian::calls::{Call, confluence};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::query::{Cql, CqlType};

use super::super::run::Run;
use super::access::{Learner, learn_from_search};
use super::articles::Kind;
use super::containers::placed_in;
use super::revival::search;
use super::searches::ARTICLE_EXPAND;
use super::spaces::PAGE_SIZE;
use crate::error::EngineError;

/// Ids in one question: a query has its length.
pub(super) const IDS_PER_CALL: usize = 50;
/// The kinds of article, each with the list that answers for ids.
pub(super) static LISTS: [(Kind, &Call); 2] =
    [(Kind::Page, &confluence::PAGES), (Kind::BlogPost, &confluence::BLOGPOSTS)];

/// Pages of a list of articles by their ids.
pub(super) async fn listed(
    run: &Run,
    call: &'static Call,
    ids: &[u64],
    words: &[(&'static str, &'static str)],
) -> Result<Vec<String>, EngineError> {
    let params = ids.iter().fold(Params::new(), |params, id| params.query("id", id.to_string()));
    let params = words.iter().fold(params, |params, (name, value)| params.query(name, *value));
    run.pages(call, params, Some(PAGE_SIZE)).all().await
}

/// What an article that is not in the trash can be. Blog posts are never archived, and a list that does not know the word may
/// refuse it.
pub(super) fn statuses(kind: Kind) -> &'static [(&'static str, &'static str)] {
    match kind {
        Kind::Page => &[("status", "current"), ("status", "archived")],
        _ => &[("status", "current")],
    }
}

/// Reads articles that are not in the trash, by the best way that the grant opens.
pub(super) async fn articles(
    run: &Run,
    learner: &mut Learner<'_>,
    ids: &[u64],
) -> Result<Vec<(Kind, Arc<str>)>, EngineError> {
    let mut answers: Vec<(Kind, Arc<str>)> = Vec::new();
    if run.opens(&confluence::PAGES) {
        for (kind, call) in &LISTS {
            let words = [&[("body-format", "storage")], statuses(*kind)].concat();
            let pages = listed(run, call, ids, &words).await?;
            answers.extend(pages.into_iter().map(|page| (*kind, page.into())));
        }
        return Ok(answers);
    }
    let cql = Cql::types(&[CqlType::Page, CqlType::Blogpost]).ids(ids.iter().copied());
    for page in search(run, &cql, ARTICLE_EXPAND).await? {
        learn_from_search(run, learner.context_mut(), &page).await?;
        answers.push((Kind::Searched, page.into()));
    }
    Ok(answers)
}

/// Those of these articles that are there now and not in the trash. Gives none where the grant has no scopes for a look by id.
pub(super) async fn present(run: &Run, ids: &BTreeSet<u64>) -> Result<BTreeSet<u64>, EngineError> {
    let ids: Vec<u64> = ids.iter().copied().collect();
    let mut present = BTreeSet::new();
    for (kind, call) in &LISTS {
        if !run.opens(call) {
            continue;
        }
        for part in ids.chunks(IDS_PER_CALL) {
            for page in listed(run, call, part, statuses(*kind)).await? {
                present.extend(placed_in(&page)?.iter().filter_map(|content| content.id.parse::<u64>().ok()));
            }
        }
    }
    Ok(present)
}
