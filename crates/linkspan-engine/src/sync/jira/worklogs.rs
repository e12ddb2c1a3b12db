//! Worklogs that changed or went without their issue showing it: upstream keeps two feeds of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::calls::{Call, jira};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{JiraContext, PageProblem, parent_of_issue, worklog_page};
use linkspan_model::ids::RecordId;
use linkspan_model::record::Model;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::super::retreat::bisect;
use super::super::run::{Run, text};
use crate::error::EngineError;

/// The stream's name.
pub(super) const STREAM: &str = "worklogs";
/// Upstream hides the latest minute from both feeds (`atlassian-endpoints.md` 3.5).
const HIDDEN: SignedDuration = SignedDuration::from_secs(60);
/// Worklogs in one call.
const WORKLOGS_PER_CALL: usize = 1_000;

/// Since when the feeds are to be read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct FeedCheckpoint {
    /// By upstream's clock, in epoch milliseconds.
    since: Option<i64>,
}

/// Whether the grant opens the feeds, and what they point at.
pub(super) fn is_open(run: &Run) -> bool {
    [&jira::WORKLOG_UPDATED, &jira::WORKLOG_DELETED, &jira::WORKLOG_LIST]
        .into_iter()
        .all(|call| run.opens(call))
}

/// Reads the feeds from where they were read before. `began` is upstream's time before the issues of this run were read:
/// what an issue shows is read with it, so that the feeds begin there.
pub(super) async fn feeds(run: &Run, ctx: &Arc<JiraContext>, began: Timestamp) -> Result<(), EngineError> {
    let known: FeedCheckpoint = run.checkpoint(STREAM).await?.unwrap_or_default();
    if let Some(since) = known.since {
        let changed = ids(run, &jira::WORKLOG_UPDATED, since).await?;
        for part in changed.chunks(WORKLOGS_PER_CALL) {
            let asked = bisect(part, |part| changed_worklogs(run, ctx, part).boxed()).await?;
            for (id, error) in asked.refused {
                run.refuse(format!("{STREAM}/{id}"), error.to_string()).await?;
            }
            run.add(STREAM, part.len() as u64);
        }
        let gone = ids(run, &jira::WORKLOG_DELETED, since).await?;
        let removed: Vec<(Model, RecordId)> = gone
            .iter()
            .map(|id| (Model::Worklog, RecordId::of(run.id(), Model::Worklog, &id.to_string())))
            .collect();
        if !removed.is_empty() {
            run.add(STREAM, removed.len() as u64);
            run.remove(removed).await?;
        }
    }
    let next = FeedCheckpoint { since: Some((began - HIDDEN).as_millisecond()) };
    let mark = Run::mark(STREAM, &next)?;
    run.write(linkspan_atlassian::convert::Converted::default(), Some(mark)).await
}

/// The ids of a feed since a moment.
async fn ids(run: &Run, call: &'static Call, since: i64) -> Result<Vec<u64>, EngineError> {
    #[derive(Deserialize)]
    struct Feed {
        values: Vec<Entry>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Entry {
        worklog_id: u64,
    }
    let mut ids = Vec::new();
    let mut pages = run.pages(call, Params::new().query("since", since.to_string()), None);
    while let Some(page) = pages.next().await? {
        let feed: Feed = serde_json::from_str(&page).map_err(PageProblem::NotJson)?;
        ids.extend(feed.values.into_iter().map(|entry| entry.worklog_id));
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Reads worklogs by id and stores those of issues that are stored; those of other issues come with them.
async fn changed_worklogs(run: &Run, ctx: &Arc<JiraContext>, ids: &[u64]) -> Result<(), EngineError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct OfIssue {
        issue_id: String,
    }
    let params = Params::new().body(json!({ "ids": ids }));
    let reply = run.client.call_for(&jira::WORKLOG_LIST, &params, ids.len()).await?;
    let found: Vec<&RawValue> = serde_json::from_str(text(&reply.body)?).map_err(PageProblem::NotJson)?;
    let mut by_issue: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for raw in found {
        if let Ok(OfIssue { issue_id }) = serde_json::from_str(raw.get()) {
            by_issue.entry(issue_id).or_default().push(raw.get());
        }
    }
    for (issue, worklogs) in by_issue {
        let Some(stored) = run.inner.store.get_raw(run.id(), "jira.issue", &issue).await? else { continue };
        let Some(stored) = run.alive(vec![stored]).await?.pop() else { continue };
        let Some(parent) = parent_of_issue(&stored.json, ctx)? else { continue };
        let page = format!("[{}]", worklogs.join(","));
        run.write(worklog_page(&page, &parent, ctx)?, None).await?;
    }
    Ok(())
}
