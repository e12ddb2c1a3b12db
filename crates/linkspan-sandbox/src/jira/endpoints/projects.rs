//! Projects, their parts and their roles.

use axum::{Router, extract::Path, routing::get};

use super::issues::visible_project;
use crate::{
    gateway::{AppState, Charge},
    jira::{
        refusal::{Answer, Refusal},
        session::{Session, ok},
        view::View,
    },
    world::{
        RoleId,
        jira::{Project, ProjectState},
    },
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/project", get(all))
        .route("/project/search", get(search))
        .route("/project/recent", get(recent))
        .route("/project/type", get(types))
        .route("/project/type/accessible", get(types))
        .route("/project/type/{type}", get(type_by_key))
        .route("/project/type/{type}/accessible", get(type_by_key))
        .route("/project/{project}", get(one))
        .route("/project/{project}/statuses", get(statuses))
        .route("/project/{project}/hierarchy", get(hierarchy))
        .route("/project/{project}/components", get(components))
        .route("/project/{project}/component", get(components_paged))
        .route("/project/{project}/versions", get(versions))
        .route("/project/{project}/version", get(versions_paged))
        .route("/project/{project}/role", get(roles))
        .route("/project/{project}/role/{role}", get(role))
        .route("/project/{project}/roledetails", get(role_details))
        .route("/component/{id}", get(component))
        .route("/version/{id}", get(version))
        .route("/projectCategory", get(categories))
        .route("/projectCategory/{id}", get(category))
        .route("/role", get(all_roles))
        .route("/role/{id}", get(role_by_id))
        .route("/role/{id}/actors", get(default_actors))
}

/// The live projects the caller may see, by key.
fn visible<'s>(view: &View<'s>) -> Vec<&'s Project> {
    let site = view.site;
    let live = site.jira().projects.iter().filter(|project| project.state == ProjectState::Live);
    let mut seen: Vec<&Project> = live
        .filter(|project| {
            site.can_browse_project(&view.reader, project)
                || site.can_administer_project(&view.reader, project)
        })
        .collect();
    seen.sort_by(|a, b| a.key.cmp(&b.key));
    seen
}

async fn all(session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let projects = visible(&view);
    let expand = session.query.list("expand");
    Ok(ok(Charge::core(projects.len()), |json| {
        json.array(|json| projects.iter().for_each(|project| view.project_listed(json, project, &expand)));
    }))
}

async fn recent(session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let mut projects = visible(&view);
    projects.truncate(20);
    let expand = session.query.list("expand");
    Ok(ok(Charge::core(projects.len()), |json| {
        json.array(|json| projects.iter().for_each(|project| view.project_listed(json, project, &expand)));
    }))
}

async fn search(session: Session) -> Answer {
    let query = &session.query;
    let page = query.page(50, 100)?;
    let site = session.site().read();
    let view = session.view(&site);
    let mut projects: Vec<&Project> = Vec::new();
    let states = query.list("status");
    let states = if states.is_empty() { vec!["live"] } else { states };
    for state in states {
        match state {
            "live" => projects.extend(visible(&view)),
            "archived" | "deleted" => {
                let archived = state == "archived";
                let wanted = |project: &&Project| match project.state {
                    ProjectState::Live => false,
                    ProjectState::Archived { .. } => archived,
                    ProjectState::Trashed { .. } => !archived,
                };
                let seen = |project: &&Project| site.can_administer_project(&view.reader, project);
                projects.extend(site.jira().projects.iter().filter(wanted).filter(seen));
            }
            other => {
                return Err(Refusal::bad_request(format!("The project status '{other}' is not supported.")));
            }
        }
    }
    match query.text("action").unwrap_or("view") {
        "view" => {}
        "browse" => projects.retain(|project| site.can_browse_project(&view.reader, project)),
        "edit" => projects.retain(|project| site.can_administer_project(&view.reader, project)),
        "create" => {
            projects.retain(|project| site.has_permission(&view.reader, "CREATE_ISSUES", project, None));
        }
        other => return Err(Refusal::bad_request(format!("The action '{other}' is not supported."))),
    }
    let (ids, keys, types) = (query.list("id"), query.list("keys"), query.list("typeKey"));
    let text = query.text("query").map(str::to_lowercase);
    let category = query.number("categoryId")?;
    projects.retain(|project| {
        let in_category = category.is_none_or(|wanted| {
            project.category.is_some_and(|at| i64::try_from(at).is_ok_and(|at| at + 10_000 == wanted))
        });
        in_category
            && (ids.is_empty() || ids.contains(&project.id.to_string().as_str()))
            && (keys.is_empty() || keys.iter().any(|key| project.key.eq_ignore_ascii_case(key)))
            && (types.is_empty() || types.contains(&project.kind.key()))
            && text.as_ref().is_none_or(|text| {
                project.key.to_lowercase().contains(text) || project.name.to_lowercase().contains(text)
            })
    });
    sort(&mut projects, &view, query.text("orderBy").unwrap_or("key"))?;
    let expand = query.list("expand");
    let shown = page.of(&projects).len();
    Ok(ok(Charge::core(shown), |json| {
        page.write(json, &session, &projects, |json, project| view.project_listed(json, project, &expand));
    }))
}

fn sort(projects: &mut [&Project], view: &View<'_>, order: &str) -> Result<(), Refusal> {
    let (descending, key) = match order.strip_prefix('-') {
        Some(key) => (true, key),
        None => (false, order.trim_start_matches(['+', ' '])),
    };
    match key {
        "key" => projects.sort_by(|a, b| a.key.cmp(&b.key)),
        "name" => projects.sort_by_key(|project| project.name.to_lowercase()),
        "category" => projects.sort_by_key(|project| project.category),
        "owner" => {
            projects.sort_by_key(|project| view.site.account(project.lead).display_name().to_lowercase());
        }
        "issueCount" | "lastIssueUpdatedTime" => {
            let by_count = key == "issueCount";
            projects.sort_by_cached_key(|project| {
                let heads = view.site.issue_ids_in(project.id).filter_map(|id| view.site.issue_head(id));
                if by_count {
                    heads.count() as u64
                } else {
                    heads.map(|it| it.updated).max().unwrap_or(0).cast_unsigned()
                }
            });
        }
        "archivedDate" | "deletedDate" => projects.sort_by_key(|project| match project.state {
            ProjectState::Live => 0,
            ProjectState::Archived { at, .. } | ProjectState::Trashed { at, .. } => at,
        }),
        other => {
            return Err(Refusal::bad_request(format!(
                "The orderBy value '{other}' is not supported for projects."
            )));
        }
    }
    if descending {
        projects.reverse();
    }
    Ok(())
}

async fn one(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let project = visible_project(&view, &id_or_key)?;
    let expand = session.query.list("expand");
    Ok(ok(Charge::core(1), |json| view.project_whole(json, project, &expand)))
}

const TYPES: [(&str, &str); 3] =
    [("software", "Software"), ("service_desk", "Service Desk"), ("business", "Business")];

async fn types() -> Answer {
    Ok(ok(Charge::BASE, |json| {
        json.array(|json| TYPES.iter().for_each(|(key, name)| project_type(json, key, name)));
    }))
}

async fn type_by_key(Path(key): Path<String>) -> Answer {
    let found = TYPES.iter().find(|(known, _)| *known == key);
    let (key, name) =
        found.ok_or_else(|| Refusal::not_found(format!("The project type '{key}' does not exist.")))?;
    Ok(ok(Charge::BASE, |json| project_type(json, key, name)))
}

fn project_type(json: &mut crate::jira::json::Json, key: &str, name: &str) {
    json.object(|json| {
        json.key("key").string(key);
        json.key("formattedKey").string(name);
        json.key("descriptionI18nKey").string(&format!("jira.project.type.{key}.description"));
        json.key("icon").string("");
        json.key("color").string("#F5A623");
    });
}

async fn statuses(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let project = visible_project(&view, &id_or_key)?;
    Ok(ok(Charge::BASE, |json| {
        json.array(|json| {
            for kind in project.issue_types.iter().filter_map(|id| site.jira().issue_type(*id)) {
                json.object(|json| {
                    json.key("self").string(&view.link(format_args!("issuetype/{}", kind.id)));
                    json.key("id").plain(kind.id);
                    json.key("name").string(&kind.name);
                    json.key("subtask").boolean(kind.is_subtask());
                    json.key("statuses").array(|json| {
                        let all = project.statuses.iter().filter_map(|id| site.jira().status(*id));
                        all.for_each(|status| view.status(json, status));
                    });
                });
            }
        });
    }))
}

async fn hierarchy(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let project = visible_project(&view, &id_or_key)?;
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("projectId").number(project.id);
            json.key("hierarchy").array(|json| {
                for (level, name) in [(1, "Epic"), (0, "Base"), (-1, "Subtask")] {
                    let kinds = project.issue_types.iter().filter_map(|id| site.jira().issue_type(*id));
                    let kinds: Vec<_> = kinds.filter(|kind| kind.hierarchy_level == level).collect();
                    if kinds.is_empty() {
                        continue;
                    }
                    json.object(|json| {
                        json.key("level").number(level);
                        json.key("name").string(name);
                        json.key("issueTypes").array(|json| {
                            for kind in kinds {
                                json.object(|json| {
                                    json.key("id").number(kind.id);
                                    json.key("name").string(&kind.name);
                                    json.key("avatarId").number(kind.avatar);
                                });
                            }
                        });
                    });
                }
            });
        });
    }))
}

async fn components(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let project = visible_project(&view, &id_or_key)?;
    Ok(ok(Charge::BASE, |json| {
        json.array(|json| project.components.iter().for_each(|it| view.component_whole(json, it, project)));
    }))
}

async fn components_paged(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    let view = session.view(&site);
    let project = visible_project(&view, &id_or_key)?;
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &project.components, |json, it| view.component_whole(json, it, project));
    }))
}

async fn component(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let found = id.parse().ok().and_then(|id| site.jira().component(crate::world::ComponentId(id)));
    let missing = || Refusal::not_found(format!("The component with id {id} does not exist."));
    let (project, component) = found.ok_or_else(missing)?;
    visible_project(&view, &project.id.to_string()).map_err(|_| missing())?;
    Ok(ok(Charge::BASE, |json| view.component_whole(json, component, project)))
}

async fn versions(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let project = visible_project(&view, &id_or_key)?;
    Ok(ok(Charge::BASE, |json| {
        json.array(|json| project.versions.iter().for_each(|it| view.version_whole(json, it, project.id)));
    }))
}

async fn versions_paged(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    let view = session.view(&site);
    let project = visible_project(&view, &id_or_key)?;
    let states = session.query.list("status");
    let text = session.query.text("query").map(str::to_lowercase);
    let wanted = project.versions.iter().filter(|version| {
        let in_state = states.is_empty()
            || states.contains(&"released") && version.released
            || states.contains(&"unreleased") && !version.released && !version.archived
            || states.contains(&"archived") && version.archived;
        in_state && text.as_ref().is_none_or(|text| version.name.to_lowercase().contains(text))
    });
    let versions: Vec<_> = wanted.collect();
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &versions, |json, it| view.version_whole(json, it, project.id));
    }))
}

async fn version(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let found = id.parse().ok().and_then(|id| site.jira().version(crate::world::VersionId(id)));
    let missing = || Refusal::not_found(format!("Could not find version for id '{id}'"));
    let (project, version) = found.ok_or_else(missing)?;
    visible_project(&view, &project.id.to_string()).map_err(|_| missing())?;
    Ok(ok(Charge::BASE, |json| view.version_whole(json, version, project.id)))
}

async fn categories(session: Session) -> Answer {
    session.signed_in()?;
    let site = session.site().read();
    let view = session.view(&site);
    Ok(ok(Charge::BASE, |json| {
        json.array(|json| (0..site.jira().categories.len()).for_each(|at| view.category(json, at)));
    }))
}

async fn category(Path(id): Path<String>, session: Session) -> Answer {
    session.signed_in()?;
    let site = session.site().read();
    let view = session.view(&site);
    let at = id.parse::<usize>().ok().and_then(|id| id.checked_sub(10_000));
    let at = at.filter(|at| *at < site.jira().categories.len());
    let at =
        at.ok_or_else(|| Refusal::not_found(format!("Could not find project category with id '{id}'.")))?;
    Ok(ok(Charge::BASE, |json| view.category(json, at)))
}

/// A project whose roles the caller may read: administrators only, to everybody else it does not exist.
fn administered<'s>(view: &View<'s>, id_or_key: &str) -> Result<&'s Project, Refusal> {
    let project = visible_project(view, id_or_key)?;
    if view.site.can_administer_project(&view.reader, project) {
        return Ok(project);
    }
    Err(Refusal::not_found("You do not have the permissions to view the roles of this project."))
}

async fn roles(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let project = administered(&view, &id_or_key)?;
    let count = view.roles_of(project).count();
    Ok(ok(Charge::identity(count), |json| {
        json.object(|json| {
            for role in view.roles_of(project) {
                let link = view.link(format_args!("project/{}/role/{}", project.id, role.id));
                json.data_key(&role.name).string(&link);
            }
        });
    }))
}

async fn role(Path((id_or_key, role)): Path<(String, String)>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let project = administered(&view, &id_or_key)?;
    let id = RoleId::parse(&role);
    let found = view.roles_of(project).find(|it| Some(it.id) == id);
    let found = found.ok_or_else(|| Refusal::not_found(format!("Can not find role with id '{role}'.")))?;
    Ok(ok(Charge::identity(1), |json| view.role_in_project(json, found, project)))
}

async fn role_details(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let project = administered(&view, &id_or_key)?;
    let roles: Vec<_> = view.roles_of(project).collect();
    Ok(ok(Charge::identity(roles.len()), |json| {
        json.array(|json| roles.iter().for_each(|role| view.role_detailed(json, role)));
    }))
}

async fn all_roles(session: Session) -> Answer {
    let site = session.site().read();
    session.require_admin(&site)?;
    let view = session.view(&site);
    let roles = &site.jira().roles;
    Ok(ok(Charge::identity(roles.len()), |json| {
        json.array(|json| roles.iter().for_each(|role| view.role(json, role)));
    }))
}

async fn role_by_id(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    session.require_admin(&site)?;
    let view = session.view(&site);
    let role = RoleId::parse(&id).and_then(|id| site.jira().role(id));
    let role = role.ok_or_else(|| Refusal::not_found(format!("Can not find role with id '{id}'.")))?;
    Ok(ok(Charge::identity(1), |json| view.role(json, role)))
}

/// Whom new projects get in a role: the administrators' group in the role of administrators, nobody else.
async fn default_actors(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    session.require_admin(&site)?;
    let view = session.view(&site);
    let role = RoleId::parse(&id).and_then(|id| site.jira().role(id)).filter(|role| role.scope.is_none());
    let role = role.ok_or_else(|| Refusal::not_found(format!("Can not find role with id '{id}'.")))?;
    Ok(ok(Charge::identity(1), |json| view.role_defaults(json, role)))
}
