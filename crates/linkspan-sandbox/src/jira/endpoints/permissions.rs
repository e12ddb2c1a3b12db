//! Permissions: what the caller may do, schemes, and checks for others.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use serde::Deserialize;

use super::issues::{visible_by_id, visible_issue, visible_project};
use crate::{
    gateway::{AppState, Charge},
    jira::{
        body::JsonBody,
        json::Json,
        refusal::{Answer, Refusal},
        session::{Session, ok},
        view::HolderExpansions,
    },
    world::{
        CommentId, IssueId, PermissionSchemeId, ProjectId, Reader, SiteState, Viewer,
        jira::{IssueHead, PermissionScheme, Project},
    },
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/mypermissions", get(mine))
        .route("/permissions", get(all))
        .route("/permissions/check", post(check))
        .route("/permissions/project", post(permitted_projects))
        .route("/permissionscheme", get(schemes))
        .route("/permissionscheme/{id}", get(scheme))
        .route("/project/{project}/permissionscheme", get(project_scheme))
}

/// Global permissions: key and name.
const GLOBAL: [(&str, &str); 8] = [
    ("ADMINISTER", "Administer Jira"),
    ("SYSTEM_ADMIN", "Administer Jira system"),
    ("USER_PICKER", "Browse users and groups"),
    ("CREATE_SHARED_OBJECTS", "Share dashboards and filters"),
    ("MANAGE_GROUP_FILTER_SUBSCRIPTIONS", "Manage group filter subscriptions"),
    ("BULK_CHANGE", "Make bulk changes"),
    ("CREATE_PROJECT", "Create team-managed projects"),
    ("USE", "Use Jira"),
];

/// Project permissions: key and name.
const PROJECT: [(&str, &str); 38] = [
    ("ADMINISTER_PROJECTS", "Administer Projects"),
    ("EDIT_WORKFLOW", "Edit Workflows"),
    ("EDIT_ISSUE_LAYOUT", "Edit Issue Layout"),
    ("BROWSE_PROJECTS", "Browse Projects"),
    ("VIEW_DEV_TOOLS", "View Development Tools"),
    ("VIEW_READONLY_WORKFLOW", "View Read-Only Workflow"),
    ("MANAGE_SPRINTS_PERMISSION", "Manage Sprints"),
    ("SERVICEDESK_AGENT", "Service Project Agent"),
    ("ASSIGNABLE_USER", "Assignable User"),
    ("ASSIGN_ISSUES", "Assign Issues"),
    ("CLOSE_ISSUES", "Close Issues"),
    ("CREATE_ISSUES", "Create Issues"),
    ("DELETE_ISSUES", "Delete Issues"),
    ("EDIT_ISSUES", "Edit Issues"),
    ("LINK_ISSUES", "Link Issues"),
    ("MODIFY_REPORTER", "Modify Reporter"),
    ("MOVE_ISSUES", "Move Issues"),
    ("RESOLVE_ISSUES", "Resolve Issues"),
    ("SCHEDULE_ISSUES", "Schedule Issues"),
    ("SET_ISSUE_SECURITY", "Set Issue Security"),
    ("TRANSITION_ISSUES", "Transition Issues"),
    ("UNARCHIVE_ISSUES", "Restore Issues"),
    ("ARCHIVE_ISSUES", "Archive Issues"),
    ("MANAGE_WATCHERS", "Manage Watchers"),
    ("VIEW_VOTERS_AND_WATCHERS", "View Voters and Watchers"),
    ("ADD_COMMENTS", "Add Comments"),
    ("DELETE_ALL_COMMENTS", "Delete All Comments"),
    ("DELETE_OWN_COMMENTS", "Delete Own Comments"),
    ("EDIT_ALL_COMMENTS", "Edit All Comments"),
    ("EDIT_OWN_COMMENTS", "Edit Own Comments"),
    ("CREATE_ATTACHMENTS", "Create Attachments"),
    ("DELETE_ALL_ATTACHMENTS", "Delete All Attachments"),
    ("DELETE_OWN_ATTACHMENTS", "Delete Own Attachments"),
    ("DELETE_ALL_WORKLOGS", "Delete All Worklogs"),
    ("DELETE_OWN_WORKLOGS", "Delete Own Worklogs"),
    ("EDIT_ALL_WORKLOGS", "Edit All Worklogs"),
    ("EDIT_OWN_WORKLOGS", "Edit Own Worklogs"),
    ("WORK_ON_ISSUES", "Work On Issues"),
];

/// Every permission with its kind: its id in listings is its position.
fn catalogue() -> impl Iterator<Item = (usize, &'static str, &'static str, bool)> {
    let global = GLOBAL.iter().map(|(key, name)| (*key, *name, true));
    let project = PROJECT.iter().map(|(key, name)| (*key, *name, false));
    global.chain(project).enumerate().map(|(id, (key, name, global))| (id, key, name, global))
}

/// A permission of the catalogue by its key.
pub(super) fn known_permission(key: &str) -> Result<&'static str, Refusal> {
    let found = PROJECT.iter().find(|(known, _)| *known == key);
    found
        .map(|(known, _)| *known)
        .ok_or_else(|| Refusal::bad_request(format!("The permission '{key}' is not a project permission.")))
}

fn has_global(reader: &Reader, key: &str) -> bool {
    match key {
        "ADMINISTER" | "SYSTEM_ADMIN" | "MANAGE_GROUP_FILTER_SUBSCRIPTIONS" => reader.admin,
        _ => reader.signed_in && (reader.uses_jira() || reader.admin),
    }
}

pub(super) fn has_in_project(
    site: &SiteState,
    reader: &Reader,
    key: &str,
    project: &Project,
    issue: Option<&IssueHead<'_>>,
) -> bool {
    match (key, issue) {
        ("BROWSE_PROJECTS", Some(head)) => site.can_see_issue(reader, head),
        ("BROWSE_PROJECTS", None) => site.can_browse_project(reader, project),
        ("ADMINISTER_PROJECTS", _) => site.can_administer_project(reader, project),
        _ => site.can_browse_project(reader, project) && site.has_permission(reader, key, project, issue),
    }
}

async fn mine(session: Session) -> Answer {
    let query = &session.query;
    let wanted = query.list("permissions");
    if wanted.is_empty() {
        return Err(Refusal::bad_request("The 'permissions' query parameter needs to be provided"));
    }
    if let Some(unknown) = wanted.iter().find(|key| !catalogue().any(|(_, known, _, _)| known == **key)) {
        return Err(Refusal::bad_request(format!("Unrecognized permission: {unknown}")));
    }
    let site = session.site().read();
    let view = session.view(&site);
    let issue = match query.text("issueKey").or_else(|| query.text("issueId")) {
        Some(name) => Some(visible_issue(&view, name)?),
        None => match query.text("commentId") {
            Some(id) => {
                let found = CommentId::parse(id).and_then(|id| site.comment(id));
                let (issue, comment) = found.ok_or_else(|| super::comments::no_comment(id))?;
                let issue = visible_by_id(&view, issue.id)?;
                if !site.can_see_comment(&view.reader, &issue, &comment) {
                    return Err(super::comments::no_comment(id));
                }
                Some(issue)
            }
            None => None,
        },
    };
    let project = match (&issue, query.text("projectKey").or_else(|| query.text("projectId"))) {
        (Some(issue), _) => site.project(issue.project),
        (None, Some(name)) => Some(visible_project(&view, name)?),
        (None, None) => None,
    };
    let head = issue.as_ref().map(|issue| issue.head());
    let has = |key: &str, global: bool| match (global, project) {
        (true, _) => has_global(&view.reader, key),
        (false, Some(project)) => has_in_project(&site, &view.reader, key, project, head.as_ref()),
        // Without a context: whether there is a project where it holds.
        (false, None) => {
            site.jira().projects.iter().any(|it| has_in_project(&site, &view.reader, key, it, None))
        }
    };
    let listed: Vec<_> = catalogue().filter(|(_, key, _, _)| wanted.contains(key)).collect();
    Ok(ok(Charge::identity(listed.len()), |json| {
        json.object(|json| {
            json.key("permissions").object(|json| {
                for (id, key, name, global) in listed {
                    json.key(key).object(|json| {
                        described(json, id, key, name, global);
                        json.key("havePermission").boolean(has(key, global));
                    });
                }
            });
        });
    }))
}

fn described(json: &mut Json, id: usize, key: &str, name: &str, global: bool) {
    json.key("id").plain(id);
    json.key("key").string(key);
    json.key("name").string(name);
    json.key("type").string(if global { "GLOBAL" } else { "PROJECT" });
    json.key("description").string(&format!("Ability to: {}.", name.to_lowercase()));
}

async fn all(session: Session) -> Answer {
    session.signed_in()?;
    Ok(ok(Charge::identity(catalogue().count()), |json| {
        json.object(|json| {
            json.key("permissions").object(|json| {
                for (_, key, name, global) in catalogue() {
                    json.key(key).object(|json| {
                        json.key("key").string(key);
                        json.key("name").string(name);
                        json.key("type").string(if global { "GLOBAL" } else { "PROJECT" });
                        json.key("description").string(&format!("Ability to: {}.", name.to_lowercase()));
                    });
                }
            });
        });
    }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CheckRequest {
    account_id: Option<String>,
    #[serde(default)]
    global_permissions: Vec<String>,
    #[serde(default)]
    project_permissions: Vec<ProjectPermissions>,
}

#[derive(Debug, Deserialize)]
struct ProjectPermissions {
    permissions: Vec<String>,
    #[serde(default)]
    projects: Vec<u64>,
    #[serde(default)]
    issues: Vec<u64>,
}

/// Most projects and most issues of one check.
const MAX_CHECKED: usize = 1_000;

async fn check(session: Session, body: JsonBody) -> Answer {
    let request: CheckRequest = body.read()?;
    let own = session.signed_in()?;
    let projects: usize = request.project_permissions.iter().map(|it| it.projects.len()).sum();
    let issues: usize = request.project_permissions.iter().map(|it| it.issues.len()).sum();
    if projects > MAX_CHECKED || issues > MAX_CHECKED {
        return Err(Refusal::bad_request(format!(
            "At most {MAX_CHECKED} projects and {MAX_CHECKED} issues can be checked."
        )));
    }
    let site = session.site().read();
    let account = match request.account_id.as_deref() {
        None => own.index,
        Some(id) if id == own.account_id => own.index,
        Some(id) => {
            session.require_admin(&site)?;
            let found = site.account_by_id(id);
            found.ok_or_else(|| Refusal::bad_request(format!("The account id '{id}' does not exist.")))?.index
        }
    };
    let unknown = |key: &&String| !catalogue().any(|(_, known, _, _)| known == key.as_str());
    let named =
        request.project_permissions.iter().flat_map(|it| &it.permissions).chain(&request.global_permissions);
    if let Some(key) = named.into_iter().find(unknown) {
        return Err(Refusal::bad_request(format!("Unrecognized permission: {key}")));
    }
    let reader = site.reader(Viewer::Account(account));
    let mut granted: BTreeMap<&str, (Vec<u64>, Vec<u64>)> = BTreeMap::new();
    for group in &request.project_permissions {
        for key in &group.permissions {
            let entry = granted.entry(key).or_default();
            entry.0.extend(group.projects.iter().filter(|id| {
                site.project(ProjectId(**id))
                    .is_some_and(|project| has_in_project(&site, &reader, key, project, None))
            }));
            entry.1.extend(group.issues.iter().filter(|id| {
                site.issue_head(IssueId(**id)).is_some_and(|head| {
                    let project = site.project(head.project);
                    // In service desks the portal's view counts as browsing (`atlassian-permissions.md` 2.8).
                    let in_portal = || {
                        key == "BROWSE_PROJECTS"
                            && site.issue(head.id).is_some_and(|issue| site.can_see_request(&reader, &issue))
                    };
                    project.is_some_and(|project| has_in_project(&site, &reader, key, project, Some(&head)))
                        || in_portal()
                })
            }));
        }
    }
    let global: Vec<&String> =
        request.global_permissions.iter().filter(|key| has_global(&reader, key)).collect();
    let rows = granted.values().map(|(projects, issues)| projects.len() + issues.len()).sum::<usize>()
        + global.len();
    Ok(ok(Charge::identity(rows), |json| {
        json.object(|json| {
            json.key("globalPermissions").array(|json| global.iter().for_each(|key| json.string(key)));
            json.key("projectPermissions").array(|json| {
                for (key, (projects, issues)) in &granted {
                    json.object(|json| {
                        json.key("permission").string(key);
                        json.key("issues").array(|json| issues.iter().for_each(|id| json.number(id)));
                        json.key("projects").array(|json| projects.iter().for_each(|id| json.number(id)));
                    });
                }
            });
        });
    }))
}

#[derive(Debug, Deserialize)]
struct PermittedRequest {
    permissions: Vec<String>,
}

async fn permitted_projects(session: Session, body: JsonBody) -> Answer {
    let request: PermittedRequest = body.read()?;
    session.signed_in()?;
    let site = session.site().read();
    let view = session.view(&site);
    let holds = |project: &&Project| {
        request.permissions.iter().all(|key| has_in_project(&site, &view.reader, key, project, None))
    };
    let projects: Vec<&Project> = site.jira().projects.iter().filter(holds).collect();
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("projects").array(|json| {
                for project in projects {
                    json.object(|json| {
                        json.key("id").number(project.id);
                        json.key("key").string(&project.key);
                    });
                }
            });
        });
    }))
}

async fn schemes(session: Session) -> Answer {
    session.signed_in()?;
    let site = session.site().read();
    let view = session.view(&site);
    let expand = HolderExpansions::parse(&session.query.list("expand"));
    let all = &site.jira().permission_schemes;
    let rows: usize = if expand.permissions { all.iter().map(|scheme| scheme.grants.len()).sum() } else { 0 };
    Ok(ok(Charge::identity(rows), |json| {
        json.object(|json| {
            json.key("permissionSchemes").array(|json| {
                for scheme in all {
                    view.permission_scheme(json, scheme, expand);
                }
            });
        });
    }))
}

pub(super) fn named_scheme<'s>(site: &'s SiteState, id: &str) -> Result<&'s PermissionScheme, Refusal> {
    let found = PermissionSchemeId::parse(id).and_then(|id| site.jira().permission_scheme(id));
    found.ok_or_else(|| Refusal::not_found("The permission scheme does not exist."))
}

async fn scheme(Path(id): Path<String>, session: Session) -> Answer {
    session.signed_in()?;
    let site = session.site().read();
    let view = session.view(&site);
    let scheme = named_scheme(&site, &id)?;
    let expand = HolderExpansions::parse(&session.query.list("expand"));
    let rows = if expand.permissions { scheme.grants.len() } else { 0 };
    Ok(ok(Charge::identity(rows), |json| view.permission_scheme(json, scheme, expand)))
}

pub(super) async fn grants(Path(id): Path<String>, session: Session) -> Answer {
    session.signed_in()?;
    let site = session.site().read();
    let view = session.view(&site);
    let scheme = named_scheme(&site, &id)?;
    let expand = HolderExpansions::parse(&session.query.list("expand"));
    Ok(ok(Charge::identity(scheme.grants.len()), |json| {
        json.object(|json| {
            json.key("permissions").array(|json| {
                scheme.grants.iter().for_each(|grant| view.grant(json, scheme, grant, expand));
            });
            json.key("expand").string("user,group,projectRole,field,all");
        });
    }))
}

pub(super) async fn grant(Path((id, grant)): Path<(String, String)>, session: Session) -> Answer {
    session.signed_in()?;
    let site = session.site().read();
    let view = session.view(&site);
    let scheme = named_scheme(&site, &id)?;
    let found = scheme.grants.iter().find(|it| it.id.to_string() == grant);
    let found = found.ok_or_else(|| Refusal::not_found("The permission grant does not exist."))?;
    let expand = HolderExpansions::parse(&session.query.list("expand"));
    Ok(ok(Charge::identity(1), |json| view.grant(json, scheme, found, expand)))
}

/// The scheme of a company-managed project, for those who administer it; team-managed projects have none.
async fn project_scheme(Path(id_or_key): Path<String>, session: Session) -> Answer {
    session.signed_in()?;
    let site = session.site().read();
    let view = session.view(&site);
    let project = visible_project(&view, &id_or_key)?;
    if !site.can_administer_project(&view.reader, project) {
        return Err(Refusal::forbidden("You cannot edit the configuration of this project."));
    }
    let missing = || Refusal::not_found("The permission scheme does not exist.");
    if project.is_team_managed() {
        return Err(missing());
    }
    let scheme = site.jira().permission_scheme(project.permission_scheme).ok_or_else(missing)?;
    let expand = HolderExpansions::parse(&session.query.list("expand"));
    let rows = if expand.permissions { scheme.grants.len() } else { 0 };
    Ok(ok(Charge::identity(rows), |json| view.permission_scheme(json, scheme, expand)))
}
