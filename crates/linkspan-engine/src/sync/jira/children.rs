//! Completing child lists that upstream cut inside issues (hazard S8).

use std::collections::HashMap;

use futures_util::FutureExt as _;
use linkspan_atlassian::calls::{Call, jira};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{
    ChildKind, CompleteChildren, Converted, IncompleteChildren, JiraContext, ParentIssue,
    bulk_changelog_page, comment_page, worklog_page,
};
use linkspan_atlassian::error::CallError;
use linkspan_model::ids::RecordId;
use linkspan_model::record::{Access, Model};
use serde_json::json;

use super::super::retreat::bisect;
use super::super::run::{Run, at_a_time};
use crate::error::EngineError;

/// Issues whose child lists are read at a time.
const PARALLEL_ISSUES: usize = 4;
/// Issues in one call for change histories (`atlassian-platform.md` 6.2).
const ISSUES_PER_BULK: usize = 1000;
/// Histories in one answer of that call.
const HISTORIES_PER_PAGE: u32 = 10_000;
/// Comments or worklogs asked for at a time: an issue holds 5 000 at most.
const CHILDREN_PER_PAGE: u32 = 5_000;

/// Reads what upstream left out of a page of issues, so that the page is stored whole. Gives the issues of which upstream could
/// not list everything this time, and why: they are to be looked at again, and keep up no other (hazard S15).
pub(super) async fn complete(
    run: &Run,
    page: &mut Converted,
    ctx: &JiraContext,
) -> Result<Vec<(String, CallError)>, EngineError> {
    // What the grant does not open stays as upstream cut it; the source's gaps tell.
    let incomplete: Vec<IncompleteChildren> =
        page.incomplete.drain(..).filter(|children| run.opens(call_for(children.kind))).collect();
    if incomplete.is_empty() {
        return Ok(Vec::new());
    }
    let (changelogs, lists): (Vec<_>, Vec<_>) =
        incomplete.into_iter().partition(|children| children.kind == ChildKind::Changelog);
    let access: HashMap<RecordId, Access> =
        page.records.iter().map(|record| (record.id, record.access.clone())).collect();
    let reads = lists
        .into_iter()
        .map(|children| {
            let access = access.get(&children.parent).cloned().unwrap_or(Access::Unknown);
            list(run, children, access, ctx).boxed()
        })
        .collect();
    let mut unread = Vec::new();
    for listed in at_a_time(PARALLEL_ISSUES, reads).await? {
        match listed {
            Listed::Whole(part) => absorb(page, part),
            Listed::OutOfSight => {}
            Listed::Unread(issue, error) => unread.push((issue, error)),
        }
    }
    for part in changelogs.chunks(ISSUES_PER_BULK) {
        let asked = bisect(part, |part| histories(run, part, ctx).boxed()).await?;
        for histories in asked.read.into_iter().flatten() {
            absorb(page, histories);
        }
        for (issue, error) in asked.refused {
            run.refuse(format!("changelog/{}", issue.parent_remote_id), error.to_string()).await?;
        }
    }
    Ok(unread)
}

/// What asking for the children of one issue came to.
enum Listed {
    Whole(Converted),
    /// The issue is out of sight by now.
    OutOfSight,
    /// Upstream could not list them this time; of which issue, and why.
    Unread(String, CallError),
}

/// Adds what belongs to issues of a page. The page's own items stay what they are.
fn absorb(page: &mut Converted, mut part: Converted) {
    part.ids.clear();
    page.absorb(part);
}

/// The call that completes a list of this kind.
fn call_for(kind: ChildKind) -> &'static Call {
    match kind {
        ChildKind::Worklogs => &jira::ISSUE_WORKLOGS,
        ChildKind::Comments => &jira::ISSUE_COMMENTS,
        ChildKind::Changelog => &jira::CHANGELOG_BULKFETCH,
    }
}

/// All comments or worklogs of an issue. That it is out of sight by now, or that upstream fails at it, fails no other (hazard
/// S15).
async fn list(
    run: &Run,
    children: IncompleteChildren,
    access: Access,
    ctx: &JiraContext,
) -> Result<Listed, EngineError> {
    let call = call_for(children.kind);
    let model = if children.kind == ChildKind::Worklogs { Model::Worklog } else { Model::Comment };
    let issue = ParentIssue {
        issue_id: children.parent_remote_id.clone(),
        project_id: children.project_remote_id.clone().unwrap_or_default(),
        access,
    };
    let mut whole = Converted::default();
    let params = Params::new().path("issueIdOrKey", children.parent_remote_id.as_str());
    let mut pages = run.pages(call, params, Some(CHILDREN_PER_PAGE));
    loop {
        let page = match pages.next().await {
            Ok(Some(page)) => page,
            Ok(None) => break,
            Err(EngineError::Call(error @ (CallError::NotFound { .. } | CallError::Forbidden { .. }))) => {
                tracing::info!(source.id = %run.id(), issue = issue.issue_id, %error, "its children are not listed");
                return Ok(Listed::OutOfSight);
            }
            Err(EngineError::Call(error))
                if matches!(error, CallError::Unavailable { .. }) || error.is_size() =>
            {
                tracing::warn!(source.id = %run.id(), issue = issue.issue_id, %error, "its children will be listed later");
                return Ok(Listed::Unread(issue.issue_id, error));
            }
            Err(error) => return Err(error),
        };
        whole.absorb(match model {
            Model::Worklog => worklog_page(&page, &issue, ctx)?,
            _ => comment_page(&page, &issue, ctx)?,
        });
    }
    let ids =
        whole.records.iter().filter(|record| record.body.model() == model).map(|record| record.id).collect();
    whole.complete.push(CompleteChildren { parent: children.parent, model, ids });
    Ok(Listed::Whole(whole))
}

/// All change histories of issues, in bulk: one call serves a thousand issues.
async fn histories(
    run: &Run,
    issues: &[IncompleteChildren],
    ctx: &JiraContext,
) -> Result<Vec<Converted>, EngineError> {
    let ids: Vec<&str> = issues.iter().map(|children| children.parent_remote_id.as_str()).collect();
    let params = Params::new().body(json!({ "issueIdsOrKeys": ids }));
    let mut answers = run.pages(&jira::CHANGELOG_BULKFETCH, params, Some(HISTORIES_PER_PAGE));
    let mut histories = Vec::new();
    while let Some(answer) = answers.next().await? {
        histories.push(bulk_changelog_page(&answer, ctx)?);
    }
    Ok(histories)
}
