//! Issue type schemes, workflow schemes, priority schemes and classification levels.

use axum::{Router, routing::get};

use crate::{
    gateway::{AppState, Charge},
    jira::{
        json::Json,
        refusal::{Answer, Refusal},
        session::{Page, Session, ok},
        view::View,
    },
    world::{
        IssueTypeId, SiteState,
        jira::{IssueTypeScheme, Project, WorkflowScheme},
    },
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/issuetypescheme", get(issue_type_schemes))
        .route("/issuetypescheme/mapping", get(issue_type_mapping))
        .route("/issuetypescheme/project", get(issue_type_schemes_of_projects))
        .route("/workflowscheme", get(workflow_schemes))
        .route("/workflowscheme/project", get(workflow_schemes_of_projects))
        .route("/priorityscheme", get(priority_schemes))
        .route("/classification-levels", get(classification_levels))
}

/// The `projectId` parameter of listings that cannot do without.
pub(super) fn wanted_projects(session: &Session) -> Result<Vec<&str>, Refusal> {
    let ids = session.query.list("projectId");
    if ids.is_empty() {
        return Err(Refusal::bad_request("The 'projectId' query parameter needs to be provided"));
    }
    Ok(ids)
}

/// Those of some projects that were asked for, as printed ids.
pub(super) fn among(projects: &[&Project], wanted: &[&str]) -> Vec<String> {
    let ids = projects.iter().map(|project| project.id.to_string());
    ids.filter(|id| wanted.contains(&id.as_str())).collect()
}

fn issue_type_scheme(json: &mut Json, scheme: &IssueTypeScheme<'_>) {
    json.object(|json| {
        json.key("id").plain(scheme.id);
        json.key("name").string(&scheme.name);
        json.key("description").string("");
        if let Some(first) = scheme.types.first() {
            json.key("defaultIssueTypeId").plain(first);
        }
        json.key("isDefault").boolean(scheme.is_default);
    });
}

async fn issue_type_schemes(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    session.require_admin(&site)?;
    let ids = session.query.list("id");
    let text = session.query.text("queryString").map(str::to_lowercase);
    let mut schemes = site.jira().issue_type_schemes();
    schemes.retain(|scheme| {
        (ids.is_empty() || ids.contains(&scheme.id.to_string().as_str()))
            && text.as_ref().is_none_or(|text| scheme.name.to_lowercase().contains(text))
    });
    let order = session.query.text("orderBy").unwrap_or("id").trim_start_matches(['+', ' ']);
    match order.trim_start_matches('-') {
        "id" => {}
        "name" => schemes.sort_by_key(|scheme| scheme.name.to_lowercase()),
        other => return Err(Refusal::bad_request(format!("The orderBy value '{other}' is not supported."))),
    }
    if order.starts_with('-') {
        schemes.reverse();
    }
    Ok(ok(Charge::BASE, |json| page.write(json, &session, &schemes, issue_type_scheme)))
}

async fn issue_type_mapping(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    session.require_admin(&site)?;
    let wanted = session.query.list("issueTypeSchemeId");
    let rows: Vec<(u64, IssueTypeId)> = site
        .jira()
        .issue_type_schemes()
        .iter()
        .filter(|scheme| wanted.is_empty() || wanted.contains(&scheme.id.to_string().as_str()))
        .flat_map(|scheme| scheme.types.iter().map(|kind| (scheme.id, *kind)))
        .collect();
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &rows, |json, (scheme, kind)| {
            json.object(|json| {
                json.key("issueTypeSchemeId").plain(scheme);
                json.key("issueTypeId").plain(kind);
            });
        });
    }))
}

async fn issue_type_schemes_of_projects(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let wanted = wanted_projects(&session)?;
    let site = session.site().read();
    session.require_admin(&site)?;
    let schemes = site.jira().issue_type_schemes();
    let rows = schemes.iter().map(|scheme| (scheme, among(&scheme.projects, &wanted)));
    let rows: Vec<_> = rows.filter(|(_, projects)| !projects.is_empty()).collect();
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &rows, |json, (scheme, projects)| {
            json.object(|json| {
                json.key("issueTypeScheme");
                issue_type_scheme(json, scheme);
                json.key("projectIds").array(|json| projects.iter().for_each(|id| json.string(id)));
            });
        });
    }))
}

fn workflow_scheme(json: &mut Json, view: &View<'_>, scheme: &WorkflowScheme<'_>) {
    json.object(|json| {
        json.key("id").number(scheme.id);
        json.key("name").string(&scheme.name);
        json.key("description").string("");
        json.key("defaultWorkflow").string(&scheme.workflow);
        json.key("issueTypeMappings").object(|_| {});
        json.key("draft").boolean(false);
        json.key("self").string(&view.link(format_args!("workflowscheme/{}", scheme.id)));
    });
}

async fn workflow_schemes(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    session.require_admin(&site)?;
    let view = session.view(&site);
    let schemes = site.jira().workflow_schemes();
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &schemes, |json, scheme| workflow_scheme(json, &view, scheme));
    }))
}

async fn workflow_schemes_of_projects(session: Session) -> Answer {
    let wanted = wanted_projects(&session)?;
    let site = session.site().read();
    session.require_admin(&site)?;
    let view = session.view(&site);
    let schemes = site.jira().workflow_schemes();
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("values").array(|json| {
                for scheme in &schemes {
                    let projects = among(&scheme.projects, &wanted);
                    if projects.is_empty() {
                        continue;
                    }
                    json.object(|json| {
                        json.key("projectIds").array(|json| projects.iter().for_each(|id| json.string(id)));
                        json.key("workflowScheme");
                        workflow_scheme(json, &view, scheme);
                    });
                }
            });
        });
    }))
}

/// One priority scheme serves all projects: every project offers every priority.
const PRIORITY_SCHEME: (&str, &str) = ("1", "Default priority scheme");

async fn priority_schemes(session: Session) -> Answer {
    let page = session.query.page(50, 50)?;
    session.signed_in()?;
    let site = session.site().read();
    let view = session.view(&site);
    let (ids, name) = (session.query.list("schemeId"), session.query.text("schemeName").unwrap_or_default());
    let known = |id: &&str| site.jira().priorities.iter().any(|priority| priority.id.to_string() == **id);
    let priorities = session.query.list("priorityId");
    let wanted = (ids.is_empty() || ids.contains(&PRIORITY_SCHEME.0))
        && PRIORITY_SCHEME.1.to_lowercase().contains(&name.to_lowercase())
        && (priorities.is_empty() || priorities.iter().any(known));
    let schemes: &[()] = if wanted { &[()] } else { &[] };
    let expand = session.query.list("expand");
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, schemes, |json, ()| {
            priority_scheme(json, &session, &site, &view, &expand);
        });
    }))
}

fn priority_scheme(json: &mut Json, session: &Session, site: &SiteState, view: &View<'_>, expand: &[&str]) {
    let inner = Page { start: 0, size: 50 };
    json.object(|json| {
        json.key("id").string(PRIORITY_SCHEME.0);
        json.key("name").string(PRIORITY_SCHEME.1);
        json.key("description").string("");
        json.key("self").string(&view.link(format_args!("priorityscheme/{}", PRIORITY_SCHEME.0)));
        json.key("isDefault").boolean(true);
        if let Some(default) = site.jira().priorities.iter().find(|priority| priority.is_default) {
            json.key("defaultPriorityId").plain(default.id);
        }
        if expand.contains(&"priorities") {
            json.key("priorities");
            inner.write(json, session, &site.jira().priorities, |json, it| view.priority_whole(json, it));
        }
        if expand.contains(&"projects") {
            let projects = site.jira().projects.iter();
            let projects: Vec<&Project> =
                projects.filter(|project| site.can_browse_project(&view.reader, project)).collect();
            json.key("projects");
            inner.write(json, session, &projects, |json, project| view.project_brief(json, project));
        }
    });
}

/// Classification levels of the organization: id, name, colour, rank.
const CLASSIFICATIONS: [(&str, &str, &str, u32); 3] = [
    ("5c0f6a2e-2f5d-4b1f-9a53-0a1b9b0c1d01", "Public", "GREEN", 1),
    ("5c0f6a2e-2f5d-4b1f-9a53-0a1b9b0c1d02", "Internal", "YELLOW", 2),
    ("5c0f6a2e-2f5d-4b1f-9a53-0a1b9b0c1d03", "Confidential", "RED", 3),
];

async fn classification_levels(session: Session) -> Answer {
    session.signed_in()?;
    // All levels are published: a listing of drafts or archived ones is empty.
    let states = session.query.list("status");
    let shown = states.is_empty() || states.contains(&"PUBLISHED");
    let mut levels: Vec<_> = CLASSIFICATIONS.iter().filter(|_| shown).collect();
    if session.query.text("orderBy") == Some("-rank") {
        levels.reverse();
    }
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("classifications").array(|json| {
                for (id, name, color, rank) in levels {
                    json.object(|json| {
                        json.key("id").string(id);
                        json.key("status").string("PUBLISHED");
                        json.key("name").string(name);
                        json.key("description").string("");
                        json.key("guideline").string("");
                        json.key("color").string(color);
                        json.key("rank").number(rank);
                    });
                }
            });
        });
    }))
}
