//! How much a first reading will bring, asked before it begins: for the price of a few calls, the person who waits learns how
//! long it takes (hazard R4). A count that upstream refuses is a courtesy less, and fails nothing.

use jiff::Timestamp;
use linkspan_atlassian::calls::{Feature, confluence, jira};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::query::{Cql, CqlType, Jql};
use linkspan_model::record::Model;
use serde::Deserialize;
use serde_json::json;

use super::run::Run;
use crate::error::EngineError;

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

/// Counts the content of a site that was not read yet.
pub(super) async fn of_confluence(run: &Run) -> Result<(), EngineError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Found {
        total_size: u64,
    }
    if !run.opens(&confluence::SEARCH_CQL) {
        return Ok(());
    }
    for (stream, content_type, feature) in [
        ("pages", CqlType::Page, Feature::Articles),
        ("blogposts", CqlType::Blogpost, Feature::Articles),
        ("comments", CqlType::Comment, Feature::Articles),
        ("attachments", CqlType::Attachment, Feature::Articles),
    ] {
        if !run.wants(feature) || run.was_read(stream).await? {
            continue;
        }
        let cql = Cql::types(&[content_type]).to_string();
        let params =
            Params::new().query("cql", cql).query("limit", "1").query("includeArchivedSpaces", "true");
        if let Ok(reply) = run.client.call(&confluence::SEARCH_CQL, &params).await
            && let Ok(Found { total_size }) = reply.json()
        {
            run.expect(stream, total_size);
        }
    }
    Ok(())
}
