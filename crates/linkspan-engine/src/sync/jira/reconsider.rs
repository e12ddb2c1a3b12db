//! Working out anew who may see stored issues, after permissions changed: from what is stored, without reading it again.

use std::sync::Arc;

use linkspan_atlassian::convert::{Converted, JiraContext, issue_page};

use super::super::run::Run;
use super::{children, fresh, waiting};
use crate::error::EngineError;

/// Stored issues converted again at a time.
const ISSUES_PER_READ: u32 = 100;

/// Converts every stored issue again. Content that is the same is not written; access that differs is.
pub(super) async fn issues(run: &Run, ctx: &Arc<JiraContext>) -> Result<(), EngineError> {
    let mut ctx = Arc::clone(ctx);
    let mut after: Option<String> = None;
    let (mut pending, mut unread) = (Vec::new(), Vec::new());
    loop {
        let raws =
            run.inner.store.list_raws(run.id(), "jira.issue", after.as_deref(), ISSUES_PER_READ).await?;
        let Some(last) = raws.last() else { break };
        after = Some(last.remote_id.clone());
        let raws = run.alive(raws).await?;
        for raw in &raws {
            let names = run.names_in(&raw.json, &ctx.names).await?;
            if !names.is_empty() {
                Arc::make_mut(&mut ctx).names.extend(names);
            }
        }
        let mut converted = convert_again(raws.iter().map(|raw| raw.json.as_str()).collect(), &ctx).await?;
        waiting::learn_levels(&mut converted, &mut ctx);
        unread.extend(children::complete(run, &mut converted, &ctx).await?);
        pending.extend(converted.waiting.drain(..).map(|waiting| (waiting.remote_id, waiting.needs)));
        fresh::write(run, converted, None).await?;
    }
    waiting::resolve(run, &pending, &ctx).await?;
    // What was not listed is still guarded as before: the next reading goes through it again.
    match unread.into_iter().next() {
        Some((_, error)) => Err(error.into()),
        None => Ok(()),
    }
}

async fn convert_again(issues: Vec<&str>, ctx: &Arc<JiraContext>) -> Result<Converted, EngineError> {
    let page = format!("{{\"issues\":[{}]}}", issues.join(","));
    let ctx = Arc::clone(ctx);
    tokio::task::spawn_blocking(move || Ok(issue_page(&page, &ctx)?))
        .await
        .map_err(|error| EngineError::Invalid(format!("stored issues could not be converted: {error}")))?
}
