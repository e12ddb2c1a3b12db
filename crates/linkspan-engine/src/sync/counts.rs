//! How much a first reading will bring, asked before it begins: for the price of a few calls, the person who waits learns how
//! long it takes (hazard R4). A count that upstream refuses is a courtesy less, and fails nothing.

use jiff::Timestamp;
use linkspan_atlassian::calls::{Call, confluence, jira};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::query::{Cql, CqlType, Jql};
use linkspan_atlassian::resources::Resource;
use linkspan_model::record::Model;
use serde::Deserialize;
use serde_json::json;

use super::run::Run;
use crate::error::EngineError;

/// Items in a page of a list that has no ceiling of its own: searches with bodies are asked for so many.
const SEARCHED_PER_PAGE: u64 = 100;

/// Counts the issues of a site that were not read yet.
pub(super) async fn of_jira(run: &Run) -> Result<(), EngineError> {
    #[derive(Deserialize)]
    struct Counted {
        count: u64,
    }
    const STREAM: &str = "issues";
    if !run.opens(&jira::APPROXIMATE_COUNT) || !run.opens(&jira::SEARCH_JQL) || run.was_read(STREAM).await? {
        return Ok(());
    }
    // A search without a restriction is refused.
    let jql = Jql::new().created_since(Timestamp::UNIX_EPOCH);
    let params = Params::new().body(json!({ "jql": jql.to_string() }));
    if let Ok(reply) = run.client.call(&jira::APPROXIMATE_COUNT, &params).await
        && let Ok(Counted { count }) = reply.json()
    {
        let stored = run.inner.store.count_records(run.id(), Model::Ticket, false).await?;
        run.expect(STREAM, count.saturating_sub(stored));
    }
    Ok(())
}

/// Counts the content of a site that was not read yet, and notes what the lists cost that will bring it: some cost a point for
/// each item, others one for a whole page.
pub(super) async fn of_confluence(run: &Run) -> Result<(), EngineError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Found {
        total_size: u64,
    }
    if !run.opens(&confluence::SEARCH_CQL) {
        return Ok(());
    }
    for (stream, kind, content_type) in [
        ("pages", "confluence.page", CqlType::Page),
        ("blogposts", "confluence.blogpost", CqlType::Blogpost),
        ("comments", "confluence.comment", CqlType::Comment),
        ("attachments", "confluence.attachment", CqlType::Attachment),
    ] {
        let Some(way) = Resource::of_kind(kind).and_then(|resource| run.way_to(resource)) else { continue };
        if run.was_read(stream).await? {
            continue;
        }
        if let Some(listing) = way.calls.first() {
            run.inner.progress.price(run.id(), stream, listed_price(listing));
        }
        let cql = Cql::types(&[content_type]).to_string();
        let params =
            Params::new().query("cql", cql).query("limit", "1").query("includeArchivedSpaces", "true");
        if let Ok(reply) = run.client.call(&confluence::SEARCH_CQL, &params).await
            && let Ok(Found { total_size }) = reply.json()
        {
            // What a reading stored that was broken off does not come again.
            let (stored, _) = run.inner.store.count_raws(run.id(), kind).await?;
            run.expect(stream, total_size.saturating_sub(stored));
        }
    }
    Ok(())
}

/// What it costs to list one item by a call, in thousandths of a point: its own price, and its part of the page's.
fn listed_price(call: &Call) -> u64 {
    let ceiling = call.paging.size().and_then(|size| size.max).map(u64::from);
    let per_page = ceiling.unwrap_or(SEARCHED_PER_PAGE).max(1);
    call.price.of(per_page).saturating_mul(1_000) / per_page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r4_an_item_is_priced_by_the_list_that_brings_it() {
        assert_eq!(listed_price(&confluence::PAGES), 1_004);
        assert_eq!(listed_price(&confluence::ATTACHMENTS), 1_004);
        assert_eq!(listed_price(&confluence::FOOTER_COMMENTS), 4);
        assert_eq!(listed_price(&confluence::CONTENT_SEARCH), 1_010);
    }
}
