//! Sub-tasks whose security level is their parent's: nobody sees them until the parent's level is known.

use std::sync::Arc;

use linkspan_atlassian::convert::{Converted, JiraContext, issue, levels_of};

use super::super::run::Run;
use super::{fresh, hinted};
use crate::error::EngineError;

/// Remembers the levels of a page's issues for the sub-tasks of later pages.
pub(super) fn learn_levels(page: &mut Converted, ctx: &mut Arc<JiraContext>) {
    if !page.levels.is_empty() {
        Arc::make_mut(ctx).parent_levels.extend(page.levels.drain(..));
    }
}

/// Works out anew who may see sub-tasks, from what is stored of them and of their parents. Those whose parents are not
/// stored stay closed. Gives those whose children could not all be listed: they are read again later.
pub(super) async fn resolve(
    run: &Run,
    waiting: &[(String, String)],
    ctx: &Arc<JiraContext>,
) -> Result<Vec<String>, EngineError> {
    let mut ctx = Arc::clone(ctx);
    let mut unread = Vec::new();
    for (subtask, parent) in waiting {
        if !ctx.parent_levels.contains_key(parent) {
            let Some(raw) = run.inner.store.get_raw(run.id(), "jira.issue", parent).await? else { continue };
            Arc::make_mut(&mut ctx).parent_levels.extend(levels_of(&raw.json)?);
        }
        let Some(raw) = run.inner.store.get_raw(run.id(), "jira.issue", subtask).await? else { continue };
        let Some(raw) = run.alive(vec![raw]).await?.pop() else { continue };
        let names = run.names_in(&raw.json, &ctx.names).await?;
        if !names.is_empty() {
            Arc::make_mut(&mut ctx).names.extend(names);
        }
        let mut converted = issue(&raw.json, &ctx)?;
        unread.extend(hinted::complete(run, &mut converted, &ctx).await?);
        fresh::write(run, converted, None).await?;
    }
    Ok(unread)
}
