//! Projects, the roles in them, and who may browse them.

use std::collections::HashMap;

use futures_util::FutureExt as _;
use linkspan_atlassian::calls::{Call, jira};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{
    Catalogue, Converted, JiraAccess, JiraContext, catalogue, member_of, project_page, project_role,
    role_page,
};
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::query::Jql;
use linkspan_model::record::Body;
use serde::Deserialize;

use super::super::run::{Run, at_a_time, digest_of};
use super::{census, security, whole};
use crate::error::EngineError;

/// Projects whose roles and schemes are read at a time.
const PARALLEL_PROJECTS: usize = 4;
/// Projects that are looked for by their issues.
const PROJECTS_CAP: usize = 2_000;
/// People asked for at a time.
const BROWSERS_PER_PAGE: u32 = 1_000;

/// What the projects tell the readers of issues.
pub(super) struct Projects {
    pub(super) access: JiraAccess,
    /// A digest of everything that decides who may browse what.
    pub(super) digest: String,
    /// Project ids, in upstream's order.
    pub(super) ids: Vec<String>,
    /// Their present keys, by id.
    pub(super) keys: HashMap<String, String>,
}

/// The security scheme of a project.
enum SecurityScheme {
    /// It could not be read.
    Unread,
    /// It has none.
    None,
    /// As upstream tells it.
    Is(String),
}

/// What was read about one project.
struct ProjectFacts {
    id: String,
    permission_scheme: Option<String>,
    /// Pages of people who may browse it, where the scheme may not be read.
    browsers: Vec<String>,
    security_scheme: SecurityScheme,
    roles: Vec<String>,
}

pub(super) async fn projects(run: &Run, ctx: &JiraContext) -> Result<Projects, EngineError> {
    let mut access = ctx.access.clone();
    // Issues are shown by keys and addresses that follow from these.
    let mut seen = digest_of(&run.source.site_url);
    let params =
        Params::new().query("expand", "description,lead").query("status", "live").query("status", "archived");
    let pages = run.pages(&jira::PROJECT_SEARCH, params, Some(50)).all().await?;
    let (mut ids, mut keys) = (Vec::new(), HashMap::new());
    for page in &pages {
        let converted = project_page(page, ctx)?;
        for record in converted.records {
            if let (Body::Collection(project), Some(id)) = (record.body, record.remote_id) {
                keys.insert(id, project.key);
            }
        }
        ids.extend(converted.ids);
        access.add_projects(page)?;
        seen += &digest_of(page);
    }
    run.expect("projects", ids.len() as u64);
    census::settle_projects(run, &pages).await?;
    // Stored at once: what hangs on a project is asked for by what is stored of it. Who may see it follows below.
    for page in &pages {
        let raws = project_page(page, ctx)?.raws;
        run.write(Converted { raws, ..Converted::default() }, None).await?;
    }

    if run.opens(&jira::ROLES)
        && let Some(roles) = optional(whole(run, &jira::ROLES, Params::new()).await)?
    {
        run.write(role_page(&roles, ctx)?, None).await?;
    }
    if run.opens(&jira::APPLICATION_ROLES)
        && let Some(roles) = optional(whole(run, &jira::APPLICATION_ROLES, Params::new()).await)?
    {
        access.set_application_roles(&roles)?;
        seen += &digest_of(&roles);
        run.write(catalogue(&roles, Catalogue::ApplicationRoles, ctx)?, None).await?;
    }
    seen += &security::levels(run, ctx, &mut access).await?;

    let reads = ids.iter().cloned().map(|id| project_facts(run, id).boxed()).collect();
    for facts in at_a_time(PARALLEL_PROJECTS, reads).await? {
        let mut kept = Converted::default();
        seen += &facts.digest();
        if let Some(scheme) = &facts.permission_scheme {
            access.set_permission_scheme(&facts.id, scheme)?;
            kept.absorb(catalogue(scheme, Catalogue::PermissionSchemes, ctx)?);
        }
        for page in &facts.browsers {
            access.add_browsers(&facts.id, page)?;
        }
        match &facts.security_scheme {
            SecurityScheme::Unread => {}
            SecurityScheme::None => access.set_security_scheme(&facts.id, false),
            SecurityScheme::Is(scheme) => {
                access.set_security_scheme(&facts.id, true);
                kept.absorb(catalogue(scheme, Catalogue::SecuritySchemes, ctx)?);
            }
        }
        for role in &facts.roles {
            access.set_project_role(&facts.id, role)?;
            kept.absorb(project_role(role, &facts.id, ctx)?);
        }
        run.write(kept, None).await?;
        run.add("projects", 1);
    }

    let ctx = JiraContext { access, ..ctx.clone() };
    for page in &pages {
        run.write(project_page(page, &ctx)?, None).await?;
    }
    Ok(Projects { access: ctx.access, digest: digest_of(&seen), ids, keys })
}

impl ProjectFacts {
    fn digest(&self) -> String {
        let mut text = self.roles.concat();
        text += &self.browsers.concat();
        text += self.permission_scheme.as_deref().unwrap_or("unread");
        text += match &self.security_scheme {
            SecurityScheme::Unread => "unread",
            SecurityScheme::None => "none",
            SecurityScheme::Is(scheme) => scheme,
        };
        digest_of(&text)
    }
}

/// Reads what decides who may browse a project. What may not be read stays unknown: nobody sees the project's issues
/// then, and the run goes on (hazards P2, S15).
async fn project_facts(run: &Run, id: String) -> Result<ProjectFacts, EngineError> {
    let of_project = |call: &'static Call| (call, Params::new().path("projectKeyOrId", id.as_str()));
    let (call, params) = of_project(&jira::PROJECT_PERMISSION_SCHEME);
    let permission_scheme =
        if run.opens(call) { optional(whole(run, call, params.query("expand", "all")).await)? } else { None };
    let browsers = if permission_scheme.is_none() { browsers(run, &id).await? } else { Vec::new() };
    let (call, params) = of_project(&jira::PROJECT_SECURITY_SCHEME);
    let security_scheme = if run.opens(call) {
        match whole(run, call, params).await {
            // A project without a scheme answers 404.
            Err(EngineError::Call(CallError::NotFound { .. })) => SecurityScheme::None,
            result => optional(result)?.map_or(SecurityScheme::Unread, SecurityScheme::Is),
        }
    } else {
        SecurityScheme::Unread
    };
    let params = Params::new().path("projectIdOrKey", id.as_str());
    let mut roles = Vec::new();
    if run.opens(&jira::PROJECT_ROLES)
        && let Some(listed) = optional(whole(run, &jira::PROJECT_ROLES, params.clone()).await)?
    {
        for role in role_ids(&listed)? {
            if let Some(role) =
                optional(whole(run, &jira::PROJECT_ROLE, params.clone().path("id", role)).await)?
            {
                roles.push(role);
            }
        }
    }
    Ok(ProjectFacts { id, permission_scheme, browsers, security_scheme, roles })
}

/// The ids of projects by the issues that lie in them, for grants that may not list projects. Who may see them is not
/// known then, so nobody does.
pub(super) async fn found_by_issues(run: &Run) -> Result<Vec<String>, EngineError> {
    let mut known: Vec<u64> = Vec::new();
    while known.len() < PROJECTS_CAP {
        let jql = Jql::new().other_project(known.iter().copied());
        let Some(project) = security::member_of_one_issue(run, &jql, "project").await? else { break };
        // An answer that ignores the question must not be asked for ever.
        if known.contains(&project) {
            break;
        }
        known.push(project);
    }
    Ok(known.iter().map(u64::to_string).collect())
}

/// Pages of people who may browse a project, for grants that may not read its permission scheme. Upstream looks at the
/// first thousand people of a site: whoever is not among them sees nothing (`atlassian-permissions.md` 2.7).
async fn browsers(run: &Run, id: &str) -> Result<Vec<String>, EngineError> {
    let call = &jira::USER_PERMISSION_SEARCH;
    if !run.opens(call) || run.opens(&jira::PROJECT_PERMISSION_SCHEME) {
        return Ok(Vec::new());
    }
    // Upstream takes the project by its key alone.
    let Some(key) = run.inner.store.get_raw(run.id(), "jira.project", id).await? else {
        return Ok(Vec::new());
    };
    let Some(key) = member_of(&key.json, "key") else { return Ok(Vec::new()) };
    let params = Params::new().query("permissions", "BROWSE_PROJECTS").query("projectKey", key);
    match run.pages(call, params, Some(BROWSERS_PER_PAGE)).all().await {
        Ok(pages) => Ok(pages),
        Err(EngineError::Call(error @ (CallError::Forbidden { .. } | CallError::NotFound { .. }))) => {
            tracing::warn!(%error, "who may browse a project may not be read; its issues stay hidden");
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}

/// The role ids in an answer of `project/{id}/role`, which maps role names to URLs that end in them.
fn role_ids(json: &str) -> Result<Vec<String>, EngineError> {
    #[derive(Deserialize)]
    struct Listed(std::collections::BTreeMap<String, String>);
    let Listed(roles) = serde_json::from_str(json)
        .map_err(|error| EngineError::Page(linkspan_atlassian::convert::PageProblem::NotJson(error)))?;
    let mut ids: Vec<String> = roles
        .into_values()
        .filter_map(|url| url.rsplit('/').next().map(str::to_owned))
        .filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// `None` for a read that this grant may not make: its absence closes access instead of failing the stream. A team-managed
/// project without a scheme of its own answers 404 as a matter of course.
pub(super) fn optional(result: Result<String, EngineError>) -> Result<Option<String>, EngineError> {
    match result {
        Ok(text) => Ok(Some(text)),
        Err(EngineError::Call(error @ CallError::NotFound { .. })) => {
            tracing::debug!(%error, "no such access data");
            Ok(None)
        }
        Err(EngineError::Call(error @ (CallError::Forbidden { .. } | CallError::ScopeMissing { .. }))) => {
            tracing::warn!(%error, "access data may not be read; what it guards stays hidden");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
