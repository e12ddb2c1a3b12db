//! What hangs on a project: properties, features, and how many issues its components and versions have.

use axum::{Router, extract::Path, routing::get};

use super::issues::visible_project;
use crate::{
    gateway::{AppState, Charge},
    jira::{
        refusal::{Answer, Refusal},
        search::Visibility,
        session::{Session, ok},
        view::View,
    },
    world::{
        ComponentId, VersionId,
        jira::{CustomValue, FieldKind, IssueHead, Project, ProjectKind, Version},
    },
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/project/{project}/properties", get(properties))
        .route("/project/{project}/properties/{key}", get(property))
        .route("/project/{project}/features", get(features))
        .route("/component/{id}/relatedIssueCounts", get(issues_of_component))
        .route("/version/{id}/relatedIssueCounts", get(issues_of_version))
        .route("/version/{id}/unresolvedIssueCount", get(unresolved_of_version))
}

async fn properties(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let project = visible_project(&view, &id_or_key)?;
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("keys").array(|json| {
                for (key, _) in project.properties() {
                    json.object(|json| {
                        json.key("self")
                            .string(&view.link(format_args!("project/{}/properties/{key}", project.id)));
                        json.key("key").string(key);
                    });
                }
            });
        });
    }))
}

async fn property(Path((id_or_key, key)): Path<(String, String)>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let project = visible_project(&view, &id_or_key)?;
    let found = project.properties().into_iter().find(|(known, _)| *known == key);
    let (key, value) =
        found.ok_or_else(|| Refusal::not_found(format!("The property with key '{key}' does not exist.")))?;
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("key").string(key);
            json.key("value").raw(&value);
        });
    }))
}

/// Features: name, key, and the kinds of projects that have them on.
const FEATURES: [(&str, &str, &[ProjectKind]); 5] = [
    ("Board", "jsw.agility.board", &[ProjectKind::Software, ProjectKind::Business]),
    ("Backlog", "jsw.agility.backlog", &[ProjectKind::Software]),
    ("Sprints", "jsw.agility.sprints", &[ProjectKind::Software]),
    ("Reports", "jsw.agility.reports", &[ProjectKind::Software]),
    ("Timeline", "jsw.classic.roadmap", &[ProjectKind::Software, ProjectKind::Business]),
];

async fn features(Path(id_or_key): Path<String>, session: Session) -> Answer {
    session.signed_in()?;
    let site = session.site().read();
    let view = session.view(&site);
    let project = visible_project(&view, &id_or_key)?;
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("features").array(|json| {
                for (name, key, kinds) in FEATURES {
                    json.object(|json| {
                        json.key("projectId").number(project.id);
                        json.key("state").string(if kinds.contains(&project.kind) {
                            "ENABLED"
                        } else {
                            "DISABLED"
                        });
                        json.key("toggleLocked").boolean(!project.is_team_managed());
                        json.key("feature").string(key);
                        json.key("prerequisites").array(|json| {
                            if key == "jsw.agility.sprints" {
                                json.string("jsw.agility.backlog");
                            }
                        });
                        json.key("localisedName").string(name);
                        json.key("localisedDescription").string("");
                        json.key("imageUri").string("");
                    });
                }
            });
        });
    }))
}

/// The issues of a project that the caller's search finds.
fn found<'s>(view: &'s View<'_>, project: &Project) -> Vec<IssueHead<'s>> {
    let visibility = Visibility::new(view.site, &view.reader);
    let heads = view.site.issue_ids_in(project.id).filter_map(|id| view.site.issue_head(id));
    heads.filter(|head| visibility.finds(head)).collect()
}

async fn issues_of_component(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let missing = || Refusal::not_found(format!("The component with id {id} does not exist."));
    let found_component = ComponentId::parse(&id).and_then(|id| site.jira().component(id));
    let (project, component) = found_component.ok_or_else(missing)?;
    visible_project(&view, &project.id.to_string()).map_err(|_| missing())?;
    let count = found(&view, project).iter().filter(|head| head.components.contains(&component.id)).count();
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("self").string(&view.link(format_args!("component/{}", component.id)));
            json.key("issueCount").number(count);
        });
    }))
}

fn visible_version<'s>(view: &View<'s>, id: &str) -> Result<(&'s Project, &'s Version), Refusal> {
    let missing = || Refusal::not_found(format!("Could not find version for id '{id}'"));
    let found = VersionId::parse(id).and_then(|id| view.site.jira().version(id));
    let (project, version) = found.ok_or_else(missing)?;
    visible_project(view, &project.id.to_string()).map_err(|_| missing())?;
    Ok((project, version))
}

async fn issues_of_version(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let (project, version) = visible_version(&view, &id)?;
    let heads = found(&view, project);
    let fixed = heads.iter().filter(|head| head.fix_versions.contains(&version.id)).count();
    let affected = heads.iter().filter(|head| head.versions.contains(&version.id)).count();
    let pickers = site
        .jira()
        .fields
        .iter()
        .filter(|field| matches!(field.kind, FieldKind::VersionPicker | FieldKind::MultiVersionPicker));
    let mut usage: Vec<_> = pickers.map(|field| (field, 0_u64)).collect();
    let mut showing = 0_u64;
    for issue in heads.iter().filter_map(|head| site.issue(head.id)) {
        let mut shows = false;
        for (field, count) in &mut usage {
            let names = matches!(issue.custom_value(field.id), Some(CustomValue::Versions(ids)) if ids.contains(&version.id));
            *count += u64::from(names);
            shows |= names;
        }
        showing += u64::from(shows);
    }
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("self").string(&view.link(format_args!("version/{}", version.id)));
            json.key("issuesFixedCount").number(fixed);
            json.key("issuesAffectedCount").number(affected);
            json.key("issueCountWithCustomFieldsShowingVersion").number(showing);
            json.key("customFieldUsage").array(|json| {
                for (field, count) in usage.iter().filter(|(_, count)| *count > 0) {
                    json.object(|json| {
                        json.key("fieldName").string(&field.name);
                        json.key("customFieldId").number(field.id.0);
                        json.key("issueCountWithVersionInCustomField").number(count);
                    });
                }
            });
        });
    }))
}

async fn unresolved_of_version(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let (project, version) = visible_version(&view, &id)?;
    let heads = found(&view, project);
    let of_version: Vec<_> = heads.iter().filter(|head| head.fix_versions.contains(&version.id)).collect();
    let unresolved = of_version.iter().filter(|head| head.resolution.is_none()).count();
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("self").string(&view.link(format_args!("version/{}", version.id)));
            json.key("issuesCount").number(of_version.len());
            json.key("issuesUnresolvedCount").number(unresolved);
        });
    }))
}
