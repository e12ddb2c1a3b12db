//! Issues read by id, because something pointed at them: a delivery, or a listing that showed another version than is stored.

use std::sync::Arc;

use futures_util::FutureExt as _;
use jiff::SignedDuration;
use linkspan_atlassian::calls::jira;
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{Converted, JiraContext, PageProblem, Waiting, issue_page};
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::query::Jql;
use linkspan_model::ids::RecordId;
use linkspan_model::record::{Access, Model};
use linkspan_store::StoredHint;
use serde::Deserialize;
use serde_json::json;

use super::super::run::{Run, text};
use super::{children, fresh, heavy, waiting};
use crate::error::EngineError;
use crate::live::ISSUE;

/// How long an issue is left alone that upstream could not read.
const UNREAD_REST: SignedDuration = SignedDuration::from_mins(10);
/// Issues in one call (`atlassian-endpoints.md` 3.2).
const ISSUES_PER_CALL: usize = 100;

/// What reading issues by id came to.
#[derive(Debug, Default)]
pub(super) struct ReadByIds {
    /// Those that came, by their upstream ids.
    pub(super) found: Vec<String>,
    /// Those that upstream could not read this time, or not whole.
    pub(super) unread: Vec<String>,
    /// Some lie in projects of which nothing is known yet, and are hidden until it is.
    pub(super) in_unknown_projects: bool,
}

/// Looks again at what deliveries pointed at. An issue that was told to be deleted, and that is not found by its id, is gone: the
/// one alone proves nothing (hazard S3).
pub(super) async fn look_again(
    run: &Run,
    ctx: Arc<JiraContext>,
    hints: &[StoredHint],
) -> Result<ReadByIds, EngineError> {
    let ids: Vec<&str> = hints.iter().map(|hint| hint.remote_id.as_str()).collect();
    let read = by_ids(run, ctx, &ids).await?;
    let gone: Vec<(Model, RecordId)> = hints
        .iter()
        .filter(|hint| {
            hint.gone && !read.found.contains(&hint.remote_id) && !read.unread.contains(&hint.remote_id)
        })
        .map(|hint| (Model::Ticket, RecordId::of(run.id(), Model::Ticket, &hint.remote_id)))
        .collect();
    if !gone.is_empty() {
        let _writer = run.issue_writer().await;
        run.remove(gone).await?;
    }
    Ok(read)
}

/// Has issues read again that upstream could not read, or not whole: noted before they are stored so, or it could be forgotten.
/// Those at which a hint points already keep it, with how often it was looked at.
async fn later(run: &Run, unread: &[String]) -> Result<(), EngineError> {
    if unread.is_empty() {
        return Ok(());
    }
    let now = run.inner.clock.now();
    Ok(run.inner.store.hint_later(run.id(), ISSUE, unread, now, now + UNREAD_REST).await?)
}

/// Completes the child lists of a page's issues. Gives the issues of which they cannot all be listed now: those are read again
/// later.
pub(super) async fn complete(
    run: &Run,
    page: &mut Converted,
    ctx: &JiraContext,
) -> Result<Vec<String>, EngineError> {
    let unread = children::complete(run, page, ctx).await?;
    let unread: Vec<String> = unread.into_iter().map(|(issue, _)| issue).collect();
    later(run, &unread).await?;
    Ok(unread)
}

/// Reads issues by id and stores them whole. Those that are missing or invisible are left out by upstream; those that it could
/// not read this time, or not whole, are read again later.
pub(super) async fn by_ids(run: &Run, ctx: Arc<JiraContext>, ids: &[&str]) -> Result<ReadByIds, EngineError> {
    let mut read = ReadByIds::default();
    let mut ctx = ctx;
    // The parts that are still to be read. One that is too large is halved, down to one (hazard S9).
    let mut parts: Vec<&[&str]> = ids.chunks(ISSUES_PER_CALL).rev().collect();
    while let Some(part) = parts.pop() {
        let params = Params::new()
            .body(json!({ "issueIdsOrKeys": part, "fields": ["*all"], "expand": ["changelog"] }));
        let reply = match run.client.call_for(&jira::ISSUE_BULKFETCH, &params, part.len()).await {
            Ok(reply) => reply,
            Err(EngineError::Call(error)) if error.is_size() => {
                if let [alone] = part {
                    read.found.extend(in_part(run, alone, error, &mut ctx).await?);
                } else {
                    let (one, other) = part.split_at(part.len() / 2);
                    parts.extend([other, one]);
                }
                continue;
            }
            Err(error) => return Err(error),
        };
        let page = text(&reply.body)?;
        store(run, page, &mut ctx, &mut read).boxed().await?;
    }
    if !read.unread.is_empty() {
        tracing::warn!(source.id = %run.id(), issues = ?read.unread, "upstream could not read some issues this time");
    }
    Ok(read)
}

/// The issues of an answer that upstream could not read (`atlassian-endpoints.md` 3.2): unlike those that it leaves out, they may
/// well be there.
fn unread_in(page: &str) -> Result<Vec<String>, EngineError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        #[serde(default)]
        issue_errors: Vec<Unread>,
    }
    #[derive(Deserialize)]
    struct Unread {
        id: String,
    }
    let answer: Answer = serde_json::from_str(page).map_err(PageProblem::NotJson)?;
    Ok(answer.issue_errors.into_iter().map(|issue| issue.id).collect())
}

/// Stores an issue that is too large for upstream even alone, as far as it can be answered; its id, if it was found.
async fn in_part(
    run: &Run,
    id: &str,
    error: CallError,
    ctx: &mut Arc<JiraContext>,
) -> Result<Option<String>, EngineError> {
    let Ok(number) = id.parse() else { return Err(error.into()) };
    let alone = Jql::new().ids([number]);
    let Some((converted, id)) = heavy::in_part(run, &alone, None, &error, ctx).await? else {
        return Ok(None);
    };
    fresh::write_found(run, converted).await?;
    Ok(Some(id.to_string()))
}

async fn store(
    run: &Run,
    page: &str,
    ctx: &mut Arc<JiraContext>,
    read: &mut ReadByIds,
) -> Result<(), EngineError> {
    let names = run.names_in(page, &ctx.names).await?;
    if !names.is_empty() {
        Arc::make_mut(ctx).names.extend(names);
    }
    let mut converted = convert(page, ctx).await?;
    waiting::learn_levels(&mut converted, ctx);
    let unread = unread_in(page)?;
    later(run, &unread).await?;
    read.unread.extend(unread);
    read.unread.extend(complete(run, &mut converted, ctx).await?);
    read.found.extend(converted.ids.iter().cloned());
    read.in_unknown_projects |= converted
        .records
        .iter()
        .any(|record| record.body.model() == Model::Ticket && record.access == Access::Unknown);
    let pending: Vec<(String, String)> =
        converted.waiting.drain(..).map(|Waiting { remote_id, needs, .. }| (remote_id, needs)).collect();
    fresh::write_found(run, converted).await?;
    read.unread.extend(waiting::resolve(run, &pending, ctx).await?);
    Ok(())
}

async fn convert(page: &str, ctx: &Arc<JiraContext>) -> Result<Converted, EngineError> {
    let (page, ctx) = (page.to_owned(), Arc::clone(ctx));
    tokio::task::spawn_blocking(move || Ok(issue_page(&page, &ctx)?))
        .await
        .map_err(|error| EngineError::Invalid(format!("issues could not be converted: {error}")))?
}
