//! Issues that upstream cannot answer whole, not even alone (hazard S9): they are stored with their short fields, marked with
//! the reason, and keep up no other issue.

use std::sync::Arc;

use linkspan_atlassian::calls::jira;
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{Converted, JiraContext, PageProblem};
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::query::Jql;
use serde::Deserialize;

use super::super::run::Run;
use super::issues::{convert, learn_names};
use super::waiting;
use crate::error::EngineError;

/// Issues of one reading that are stored in part; more of them fail it.
pub(super) const CAP: usize = 200;
/// What is asked of such an issue: fields that are short by nature.
const SHORT_FIELDS: &str = "summary,status,issuetype,project,created,updated,resolution,resolutiondate,priority,labels,\
    duedate,assignee,reporter,creator,parent,security,components,fixVersions,versions";
/// Pages of ids that are looked through for it: it stands near the place where the walk broke off.
const PAGES: usize = 5;
const IDS_PER_PAGE: u32 = 100;

/// The issue at which a walk cannot go on, with its short fields and marked with the reason; and its id. `last` is the last
/// issue that the walk has brought, `jql` what is left to be read from there.
pub(super) async fn in_part(
    run: &Run,
    jql: &Jql,
    last: Option<&str>,
    error: &CallError,
    ctx: &mut Arc<JiraContext>,
) -> Result<Option<(Converted, u64)>, EngineError> {
    let Some(id) = id_behind(run, jql, last).await? else { return Ok(None) };
    let alone = Jql::new().ids([id]).to_string();
    let params = Params::new().query("jql", alone).query("fields", SHORT_FIELDS);
    let mut pager = run.client.pager(&jira::SEARCH_JQL, params, Some(1));
    let Some(page) = run.client.next(&jira::SEARCH_JQL, &mut pager).await? else { return Ok(None) };
    learn_names(run, &page, ctx).await?;
    let mut converted = convert(page, ctx).await?;
    waiting::learn_levels(&mut converted, ctx);
    // What was not asked for is not gone: lists of children stay as they are.
    converted.incomplete.clear();
    converted.complete.clear();
    let why = format!("upstream cannot answer it whole, so that only its short fields are here: {error}");
    tracing::warn!(source.id = %run.id(), issue = id, why, "an issue is stored in part");
    for raw in &mut converted.raws {
        raw.problem.get_or_insert_with(|| why.clone());
    }
    Ok(Some((converted, id)))
}

/// The id that stands behind `last` in a search; the first without it.
async fn id_behind(run: &Run, jql: &Jql, last: Option<&str>) -> Result<Option<u64>, EngineError> {
    #[derive(Deserialize)]
    struct Ids {
        issues: Vec<Id>,
    }
    #[derive(Deserialize)]
    struct Id {
        id: String,
    }
    let params = Params::new().query("jql", jql.to_string()).query("fields", "created");
    let mut pages = run.pages(&jira::SEARCH_JQL, params, Some(IDS_PER_PAGE));
    let mut is_behind = last.is_none();
    for _ in 0..PAGES {
        let Some(page) = pages.next().await? else { break };
        let found: Ids = serde_json::from_str(&page).map_err(PageProblem::NotJson)?;
        for Id { id } in found.issues {
            if is_behind {
                return Ok(id.parse().ok());
            }
            is_behind = last == Some(id.as_str());
        }
    }
    Ok(None)
}
