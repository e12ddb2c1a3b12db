//! Workflows, and which projects use a workflow or a status.

use axum::{Router, extract::Path, routing::get};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use crate::{
    gateway::{AppState, Charge},
    jira::{
        body::JsonBody,
        json::Json,
        refusal::{Answer, Refusal},
        session::{Page, Session, ok},
        view::{View, transition_id},
    },
    world::{
        ProjectId, SiteState, StatusId,
        jira::{Project, Status, Workflow},
    },
};

use super::catalogue::admin_status_members;

/// Most ids and names of one read of workflows.
const MAX_NAMED: usize = 200;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/workflows/search", get(search))
        .route("/workflows", axum::routing::post(named))
        .route("/workflow/search", get(search_deprecated))
        .route("/workflow/rule/config", get(rules))
        .route("/workflow/{workflow}/projectUsages", get(projects_of_workflow))
        .route("/statuses/{status}/projectUsages", get(projects_of_status))
}

/// The documents give 401 where the caller may not administer: these operations know no 403.
fn no_right() -> Refusal {
    Refusal::new(
        http::StatusCode::UNAUTHORIZED,
        "You must have the global permission 'Administer Jira' or the project permission 'Administer projects'.",
    )
}

/// The workflows the caller may read: all for administrators of Jira, those of their projects for administrators of some.
fn readable<'s>(session: &Session, site: &'s SiteState) -> Result<Vec<Workflow<'s>>, Refusal> {
    session.signed_in()?;
    let view = session.view(site);
    let mut workflows = site.jira().workflows();
    if !view.reader.admin {
        let administers = |project: &&Project| site.can_administer_project(&view.reader, project);
        workflows.retain(|workflow| workflow.projects.iter().any(administers));
        if workflows.is_empty() {
            return Err(no_right());
        }
    }
    Ok(workflows)
}

fn statuses_of<'s>(site: &'s SiteState, workflows: &[&Workflow<'_>]) -> Vec<&'s Status> {
    let used = |status: &&Status| workflows.iter().any(|workflow| workflow.statuses.contains(&status.id));
    site.jira().statuses.iter().filter(used).collect()
}

/// The scope of a workflow or status of the administration API.
fn scope(json: &mut Json, project: Option<ProjectId>) {
    json.object(|json| match project {
        Some(project) => {
            json.key("type").string("PROJECT");
            json.key("project").object(|json| json.key("id").plain(project));
        }
        None => json.key("type").string("GLOBAL"),
    });
}

fn status_list(json: &mut Json, site: &SiteState, workflows: &[&Workflow<'_>]) {
    json.array(|json| {
        for status in statuses_of(site, workflows) {
            json.object(|json| {
                json.key("statusReference").plain(status.id);
                admin_status_members(json, status);
            });
        }
    });
}

fn workflow(json: &mut Json, site: &SiteState, workflow: &Workflow<'_>) {
    let statuses: Vec<&Status> =
        workflow.statuses.iter().filter_map(|status| site.jira().status(*status)).collect();
    json.object(|json| {
        json.key("id").string(&workflow.id);
        json.key("name").string(&workflow.name);
        json.key("description").string("");
        json.key("isEditable").boolean(true);
        json.key("scope");
        scope(json, workflow.scope);
        json.key("version").object(|json| {
            json.key("versionNumber").number(1);
            json.key("id").string(&workflow.id);
        });
        json.key("statuses").array(|json| {
            for status in &statuses {
                json.object(|json| {
                    json.key("statusReference").plain(status.id);
                    json.key("deprecated").boolean(false);
                    json.key("properties").object(|_| {});
                });
            }
        });
        json.key("transitions").array(|json| {
            if let Some(first) = statuses.first() {
                transition(json, "1", "Create", "INITIAL", first);
            }
            for status in &statuses {
                transition(json, &transition_id(status).to_string(), &status.name, "GLOBAL", status);
            }
        });
    });
}

fn transition(json: &mut Json, id: &str, name: &str, kind: &str, to: &Status) {
    json.object(|json| {
        json.key("id").string(id);
        json.key("name").string(name);
        json.key("description").string("");
        json.key("type").string(kind);
        json.key("toStatusReference").plain(to.id);
        json.key("links").array(|_| {});
        for rules in ["actions", "triggers", "validators"] {
            json.key(rules).array(|_| {});
        }
        json.key("properties").object(|_| {});
    });
}

async fn search(session: Session) -> Answer {
    let page = session.query.page(50, 200)?;
    let site = session.site().read();
    let mut workflows = readable(&session, &site)?;
    let query = &session.query;
    let text = query.text("queryString").map(str::to_lowercase);
    let wanted_scope = query.text("scope").map(str::to_uppercase);
    let project = query.text("projectId");
    let active = query.text("isActive").map(|value| value.eq_ignore_ascii_case("true"));
    workflows.retain(|it| {
        text.as_ref().is_none_or(|text| it.name.to_lowercase().contains(text))
            && wanted_scope.as_ref().is_none_or(|scope| (scope == "PROJECT") == it.scope.is_some())
            && project.is_none_or(|id| it.projects.iter().any(|project| project.id.to_string() == id))
            && active.is_none_or(|active| active != it.projects.is_empty())
    });
    sort(&mut workflows, query.text("orderBy"))?;
    let shown: Vec<&Workflow<'_>> = page.of(&workflows).iter().collect();
    Ok(ok(Charge::BASE, |json| {
        page.write_with(
            json,
            &session,
            &workflows,
            |json, it| workflow(json, &site, it),
            |json| {
                json.key("statuses");
                status_list(json, &site, &shown);
            },
        );
    }))
}

/// Workflows have no history here, so that the orders by time leave them as they are.
fn sort(workflows: &mut [Workflow<'_>], order: Option<&str>) -> Result<(), Refusal> {
    let order = order.unwrap_or("name").trim_start_matches(['+', ' ']);
    match order.trim_start_matches('-') {
        "name" => workflows.sort_by(|a, b| a.name.cmp(&b.name)),
        "created" | "updated" => {}
        other => {
            return Err(Refusal::bad_request(format!(
                "The orderBy value '{other}' is not supported for workflows."
            )));
        }
    }
    if order.starts_with('-') {
        workflows.reverse();
    }
    Ok(())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ReadRequest {
    #[serde(default)]
    workflow_ids: Vec<String>,
    #[serde(default)]
    workflow_names: Vec<String>,
    #[serde(default)]
    project_and_issue_types: Vec<ProjectAndIssueType>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProjectAndIssueType {
    project_id: String,
    issue_type_id: String,
}

async fn named(session: Session, body: JsonBody) -> Answer {
    let request: ReadRequest = body.read()?;
    let named =
        request.workflow_ids.len() + request.workflow_names.len() + request.project_and_issue_types.len();
    if named > MAX_NAMED {
        return Err(Refusal::bad_request(format!("At most {MAX_NAMED} workflows can be read at once.")));
    }
    let site = session.site().read();
    let mut workflows = readable(&session, &site)?;
    workflows.retain(|it| {
        let of_pair = |pair: &ProjectAndIssueType| {
            it.projects.iter().any(|project| {
                project.id.to_string() == pair.project_id
                    && project.issue_types.iter().any(|kind| kind.to_string() == pair.issue_type_id)
            })
        };
        request.workflow_ids.contains(&it.id)
            || request.workflow_names.contains(&it.name)
            || request.project_and_issue_types.iter().any(of_pair)
    });
    let shown: Vec<&Workflow<'_>> = workflows.iter().collect();
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("statuses");
            status_list(json, &site, &shown);
            json.key("workflows").array(|json| workflows.iter().for_each(|it| workflow(json, &site, it)));
        });
    }))
}

/// The older listing, for administrators of Jira alone; it leaves out the workflows of team-managed projects.
async fn search_deprecated(session: Session) -> Answer {
    let page = session.query.page(50, 50)?;
    let site = session.site().read();
    session.require_admin(&site)?;
    let view = session.view(&site);
    let names = session.query.repeated("workflowName");
    let text = session.query.text("queryString").map(str::to_lowercase);
    let mut workflows = site.jira().workflows();
    workflows.retain(|it| {
        it.scope.is_none()
            && (names.is_empty() || names.contains(&it.name.as_str()))
            && text.as_ref().is_none_or(|text| it.name.to_lowercase().contains(text))
    });
    sort(&mut workflows, session.query.text("orderBy"))?;
    let expand = session.query.list("expand");
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &workflows, |json, it| deprecated(json, &view, it, &expand));
    }))
}

fn deprecated(json: &mut Json, view: &View<'_>, workflow: &Workflow<'_>, expand: &[&str]) {
    let statuses: Vec<&Status> =
        workflow.statuses.iter().filter_map(|status| view.site.jira().status(*status)).collect();
    json.object(|json| {
        json.key("id").object(|json| {
            json.key("name").string(&workflow.name);
            json.key("entityId").string(&workflow.id);
        });
        json.key("description").string("");
        json.key("isDefault").boolean(false);
        if expand.contains(&"statuses") {
            json.key("statuses").array(|json| {
                for status in &statuses {
                    json.object(|json| {
                        json.key("id").plain(status.id);
                        json.key("name").string(&status.name);
                        json.key("properties").object(|_| {});
                    });
                }
            });
        }
        if expand.iter().any(|word| word.starts_with("transitions")) {
            json.key("transitions").array(|json| {
                let first = statuses.first().map(|first| ("1".to_owned(), "Create", "initial", *first));
                let global = statuses
                    .iter()
                    .map(|to| (transition_id(to).to_string(), to.name.as_str(), "global", *to));
                for (id, name, kind, to) in first.into_iter().chain(global) {
                    json.object(|json| {
                        json.key("id").string(&id);
                        json.key("name").string(name);
                        json.key("description").string("");
                        json.key("from").array(|_| {});
                        json.key("to").plain(to.id);
                        json.key("type").string(kind);
                    });
                }
            });
        }
        if expand.contains(&"projects") {
            json.key("projects").array(|json| {
                workflow.projects.iter().for_each(|project| view.project_brief(json, project));
            });
        }
    });
}

/// Rules belong to apps: only Connect and Forge apps may read theirs, and no OAuth app is one.
async fn rules(session: Session) -> Answer {
    session.signed_in()?;
    Err(Refusal::forbidden("Only Connect and Forge apps can use this resource."))
}

/// One page of project ids behind a token, as the usage listings answer.
fn usages(session: &Session, member: &str, id: &str, projects: &[ProjectId]) -> Answer {
    let bad_token = || Refusal::bad_request("The provided nextPageToken is invalid.");
    let start = match session.query.text("nextPageToken") {
        None => 0,
        Some(token) => {
            let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| bad_token())?;
            let text = String::from_utf8(bytes).map_err(|_| bad_token())?;
            text.strip_prefix("start=").and_then(|start| start.parse().ok()).ok_or_else(bad_token)?
        }
    };
    let size = session.query.page(50, 200)?.size;
    if size == 0 {
        return Err(Refusal::bad_request("The value of maxResults must be between 1 and 200."));
    }
    let shown = Page { start, size }.of(projects);
    let next = start.saturating_add(shown.len());
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key(member).string(id);
            json.key("projects").object(|json| {
                if next < projects.len() {
                    json.key("nextPageToken").string(&URL_SAFE_NO_PAD.encode(format!("start={next}")));
                }
                json.key("values").array(|json| {
                    for project in shown {
                        json.object(|json| json.key("id").plain(project));
                    }
                });
            });
        });
    }))
}

async fn projects_of_workflow(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    require_admin(&session, &site)?;
    let workflows = site.jira().workflows();
    let found = workflows.iter().find(|workflow| workflow.id == id);
    let found = found.ok_or_else(|| Refusal::not_found("The workflow with the given ID does not exist."))?;
    let projects: Vec<ProjectId> = found.projects.iter().map(|project| project.id).collect();
    usages(&session, "workflowId", &id, &projects)
}

async fn projects_of_status(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    require_admin(&session, &site)?;
    let status = StatusId::parse(&id).and_then(|id| site.jira().status(id));
    let status = status.ok_or_else(|| Refusal::not_found("The status with the given ID does not exist."))?;
    let projects = site.jira().projects.iter().filter(|project| project.statuses.contains(&status.id));
    let projects: Vec<ProjectId> = projects.map(|project| project.id).collect();
    usages(&session, "statusId", &id, &projects)
}

fn require_admin(session: &Session, site: &SiteState) -> Result<(), Refusal> {
    session.signed_in()?;
    session.require_admin(site).map_err(|_| no_right())
}
