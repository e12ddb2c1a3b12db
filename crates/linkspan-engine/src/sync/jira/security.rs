//! Issue security levels, and who belongs to them.

use std::collections::HashMap;

use linkspan_atlassian::calls::jira;
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{
    Catalogue, Converted, JiraAccess, JiraContext, ListOwner, PageProblem, catalogue, listing_page, member_of,
};
use linkspan_atlassian::query::Jql;
use linkspan_atlassian::resources::Resource;
use serde::Deserialize;

use super::super::run::{Run, digest_of};
use super::projects::optional;
use super::whole;
use crate::error::EngineError;

/// Levels that are looked for by the issues that have them. A site with more keeps the rest closed.
const LEVELS_CAP: usize = 500;

/// Reads the members of every security level of the site, and gives a digest of them. Where the list of schemes may not
/// be read, the schemes are found by the levels of issues.
pub(super) async fn levels(
    run: &Run,
    ctx: &JiraContext,
    access: &mut JiraAccess,
) -> Result<String, EngineError> {
    let schemes = if run.opens(&jira::SECURITY_SCHEMES) {
        let Some(schemes) = optional(whole(run, &jira::SECURITY_SCHEMES, Params::new()).await)? else {
            return Ok(String::new());
        };
        let schemes = catalogue(&schemes, Catalogue::SecuritySchemes, ctx)?;
        let ids = schemes.ids.clone();
        run.write(schemes, None).await?;
        ids
    } else if run.opens(&jira::SECURITY_LEVEL) && run.opens(&jira::SEARCH_JQL) {
        schemes_of_issues(run).await?
    } else {
        return Ok(String::new());
    };
    let mut seen = String::new();
    if !run.opens(&jira::SECURITY_SCHEME_MEMBERS) {
        return Ok(seen);
    }
    for id in schemes {
        let params = Params::new().path("issueSecuritySchemeId", id);
        let mut pages = run.pages(&jira::SECURITY_SCHEME_MEMBERS, params, Some(50));
        while let Some(page) = pages.next().await? {
            access.add_level_members(&page)?;
            seen += &digest_of(&page);
            run.write(catalogue(&page, Catalogue::SecurityLevelMembers, ctx)?, None).await?;
        }
    }
    Ok(seen)
}

/// The schemes of the levels that issues have. Each question finds one issue with a level that was not met yet, so there
/// is one for every level.
async fn schemes_of_issues(run: &Run) -> Result<Vec<String>, EngineError> {
    let mut levels: Vec<u64> = Vec::new();
    let mut schemes = Vec::new();
    while levels.len() < LEVELS_CAP {
        let Some(level) = another_level(run, &levels).await? else { break };
        levels.push(level);
        let params = Params::new().path("id", level.to_string());
        let Some(json) = optional(whole(run, &jira::SECURITY_LEVEL, params).await)? else { continue };
        schemes.extend(member_of(&json, "issueSecuritySchemeId"));
        keep_level(run, &json).await?;
    }
    schemes.sort_unstable();
    schemes.dedup();
    Ok(schemes)
}

/// A level that some issue has and that is not among the known ones.
async fn another_level(run: &Run, known: &[u64]) -> Result<Option<u64>, EngineError> {
    let jql = Jql::new().other_security_level(known.iter().copied());
    let level = member_of_one_issue(run, &jql, "security").await?;
    // An answer that ignores the question must not be asked for ever.
    Ok(level.filter(|level| !known.contains(level)))
}

/// The id of what one of the found issues has in a field.
pub(super) async fn member_of_one_issue(
    run: &Run,
    jql: &Jql,
    field: &'static str,
) -> Result<Option<u64>, EngineError> {
    #[derive(Deserialize)]
    struct Found {
        issues: Vec<Issue>,
    }
    #[derive(Deserialize)]
    struct Issue {
        fields: HashMap<String, Option<Named>>,
    }
    #[derive(Deserialize)]
    struct Named {
        id: String,
    }
    let params = Params::new().query("jql", jql.to_string()).query("fields", field).query("maxResults", "1");
    let json = whole(run, &jira::SEARCH_JQL, params).await?;
    let found: Found = serde_json::from_str(&json).map_err(PageProblem::NotJson)?;
    let mut held = found.issues.into_iter().filter_map(|mut issue| issue.fields.remove(field).flatten());
    Ok(held.next().and_then(|named| named.id.parse().ok()))
}

async fn keep_level(run: &Run, json: &str) -> Result<(), EngineError> {
    let Some((resource, listing)) =
        Resource::of_kind("jira.securitylevel").and_then(|resource| Some((resource, resource.listing()?)))
    else {
        return Ok(());
    };
    let page = format!("[{json}]");
    let owner = ListOwner::default();
    let raws = listing_page(
        &page,
        resource.kind,
        listing,
        linkspan_atlassian::calls::Items::Bare,
        &owner,
        run.id(),
    )?;
    run.write(Converted { raws: raws.raws, ..Converted::default() }, None).await
}
