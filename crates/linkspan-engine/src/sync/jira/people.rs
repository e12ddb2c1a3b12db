//! Groups with their members, and the site's people.

use linkspan_atlassian::calls::jira;
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{JiraContext, Memberships, jira_group_page, jira_user_page};

use super::super::run::Run;
use crate::error::EngineError;

/// What the groups of a site tell the readers of other streams.
#[derive(Default)]
pub(super) struct Groups {
    memberships: Memberships,
    /// The pages of the group list, by which older answers' group names are understood.
    pages: Vec<String>,
}

impl Groups {
    pub(super) fn apply(self, ctx: &mut JiraContext) -> Result<(), EngineError> {
        ctx.memberships = self.memberships;
        for page in &self.pages {
            ctx.access.add_groups(page)?;
        }
        Ok(())
    }
}

pub(super) async fn groups(run: &Run, ctx: &JiraContext) -> Result<Groups, EngineError> {
    let pages = run.pages(&jira::GROUP_BULK, Params::new(), Some(200)).all().await?;
    let mut groups = Groups { pages, ..Groups::default() };
    let mut ids = Vec::new();
    for page in &groups.pages {
        ids.extend(jira_group_page(page, ctx)?.ids);
    }
    // Without its members, a group opens nothing to anybody.
    if !run.opens(&jira::GROUP_MEMBERS) {
        ids.clear();
    }
    run.expect("groups", ids.len() as u64);
    for id in &ids {
        let mut members = Vec::new();
        let params = Params::new().query("groupId", id.as_str()).query("includeInactiveUsers", "false");
        let mut pages = run.pages(&jira::GROUP_MEMBERS, params, Some(200));
        while let Some(page) = pages.next().await? {
            members.extend(jira_user_page(&page, ctx)?.ids);
        }
        // Stored only when the listing came to its end: a part of a group is never taken for the group (hazard P14).
        run.inner.store.replace_group_members(run.id(), id, &members).await?;
        groups.memberships.add(id, &members);
        run.add("groups", 1);
    }
    let ctx = JiraContext { memberships: groups.memberships.clone(), ..ctx.clone() };
    for page in &groups.pages {
        run.write(jira_group_page(page, &ctx)?, None).await?;
    }
    Ok(groups)
}

pub(super) async fn users(run: &Run, ctx: &JiraContext) -> Result<(), EngineError> {
    let mut pages = run.pages(&jira::USERS, Params::new(), Some(1000));
    while let Some(page) = pages.next().await? {
        let converted = jira_user_page(&page, ctx)?;
        run.add("people", converted.ids.len() as u64);
        run.write(converted, None).await?;
    }
    Ok(())
}
