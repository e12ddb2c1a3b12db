//! Custom fields from the administrator's side: the trash, contexts with their options, and where a field is shown.

use axum::{Router, extract::Path, routing::get};

use super::{arrangements::wanted_projects, catalogue::Listed, issues::visible_project};
use crate::{
    gateway::{AppState, Charge},
    jira::{
        refusal::{Answer, Refusal},
        session::{Page, Session, ok},
        view::View,
    },
    world::{
        FieldId, IssueTypeId, SiteState,
        jira::{Field, FieldContext, Project},
    },
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/field/search/trashed", get(trashed))
        .route("/field/{field}/association/project", get(associations))
        .route("/field/{field}/context", get(contexts))
        .route("/field/{field}/context/projectmapping", get(project_mapping))
        .route("/field/{field}/context/issuetypemapping", get(issue_type_mapping))
        .route("/field/{field}/context/defaultValues", get(default_values))
        .route("/field/{field}/context/{context}/option", get(options))
        .route("/projects/fields", get(fields_of_projects))
}

async fn trashed(session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    session.require_admin(&site)?;
    let ids = session.query.list("id");
    let text = session.query.text("query").map(str::to_lowercase);
    let found: Vec<&Field> = site
        .jira()
        .trashed_fields
        .iter()
        .map(|(field, ..)| field)
        .filter(|field| {
            (ids.is_empty() || ids.contains(&field.id.to_string().as_str()))
                && text.as_ref().is_none_or(|text| field.name.to_lowercase().contains(text))
        })
        .collect();
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &found, |json, field| Listed::Custom(field).write(json));
    }))
}

/// The custom field of an id such as `customfield_10055`.
fn custom_field<'s>(site: &'s SiteState, id: &str) -> Result<&'s Field, Refusal> {
    let found = FieldId::parse(id).and_then(|id| site.jira().field(id));
    found.ok_or_else(|| Refusal::not_found(format!("The custom field '{id}' was not found.")))
}

/// The contexts of a field that the request selects.
fn selected(session: &Session, site: &SiteState, id: &str) -> Result<Vec<FieldContext>, Refusal> {
    session.require_admin(site)?;
    let field = custom_field(site, id)?;
    let wanted = session.query.list("contextId");
    let mut contexts = site.jira().contexts(field);
    contexts.retain(|context| wanted.is_empty() || wanted.contains(&context.id.to_string().as_str()));
    Ok(contexts)
}

async fn contexts(Path(id): Path<String>, session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    let mut found = selected(&session, &site, &id)?;
    let flag = |name| session.query.text(name).map(|value| value.eq_ignore_ascii_case("true"));
    let (any_type, global) = (flag("isAnyIssueType"), flag("isGlobalContext"));
    found.retain(|context| {
        any_type.is_none_or(|wanted| context.issue_types.is_empty() == wanted)
            && global.is_none_or(|wanted| context.projects.is_empty() == wanted)
    });
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &found, |json, context| {
            json.object(|json| {
                json.key("id").plain(context.id);
                json.key("name").string(&context.name);
                json.key("description").string("");
                json.key("isGlobalContext").boolean(context.projects.is_empty());
                json.key("isAnyIssueType").boolean(context.issue_types.is_empty());
            });
        });
    }))
}

async fn project_mapping(Path(id): Path<String>, session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    let contexts = selected(&session, &site, &id)?;
    let rows: Vec<_> = contexts.iter().flat_map(|it| rows_of(it.id, &it.projects)).collect();
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &rows, |json, (context, project)| {
            json.object(|json| {
                json.key("contextId").plain(context);
                match project {
                    Some(project) => json.key("projectId").plain(project),
                    None => json.key("isGlobalContext").boolean(true),
                }
            });
        });
    }))
}

async fn issue_type_mapping(Path(id): Path<String>, session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    let contexts = selected(&session, &site, &id)?;
    let rows: Vec<_> = contexts.iter().flat_map(|it| rows_of(it.id, &it.issue_types)).collect();
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &rows, |json, (context, kind)| {
            json.object(|json| {
                json.key("contextId").plain(context);
                match kind {
                    Some(kind) => json.key("issueTypeId").plain(kind),
                    None => json.key("isAnyIssueType").boolean(true),
                }
            });
        });
    }))
}

/// One row for each id; a single row without one where there is no restriction.
fn rows_of<T: Copy>(context: u64, ids: &[T]) -> Vec<(u64, Option<T>)> {
    if ids.is_empty() {
        return vec![(context, None)];
    }
    ids.iter().map(|id| (context, Some(*id))).collect()
}

/// No field has a default value: the edit screens say the same.
async fn default_values(Path(id): Path<String>, session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    let site = session.site().read();
    let contexts = selected(&session, &site, &id)?;
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &contexts, |json, context| {
            json.object(|json| {
                json.key("contextId").number(context.id);
                json.key("defaultValues").array(|_| {});
            });
        });
    }))
}

async fn options(Path((id, context)): Path<(String, String)>, session: Session) -> Answer {
    let page = session.query.page(100, 1_000)?;
    let site = session.site().read();
    session.require_admin(&site)?;
    let field = custom_field(&site, &id)?;
    if !site.jira().contexts(field).iter().any(|it| it.id.to_string() == context) {
        return Err(Refusal::not_found(format!(
            "The context '{context}' does not belong to the field '{id}'."
        )));
    }
    let wanted = session.query.number("optionId")?;
    let only_parents = session.query.flag("onlyOptions", false);
    let mut rows = Vec::new();
    for parent in &field.options {
        rows.push((parent, None));
        if !only_parents {
            rows.extend(parent.children.iter().map(|child| (child, Some(parent.id))));
        }
    }
    rows.retain(|(option, _)| wanted.is_none_or(|id| i64::try_from(option.id.0) == Ok(id)));
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &rows, |json, (option, parent)| {
            json.object(|json| {
                json.key("id").plain(option.id);
                json.key("value").string(&option.value);
                if let Some(parent) = parent {
                    json.key("optionId").plain(parent);
                }
                json.key("disabled").boolean(false);
            });
        });
    }))
}

/// The projects a field is shown in, as far as the caller sees them.
async fn associations(Path(id): Path<String>, session: Session) -> Answer {
    let page = session.query.page(50, 1_000)?;
    session.signed_in()?;
    let site = session.site().read();
    let view = session.view(&site);
    let projects = match FieldId::parse(&id).and_then(|id| site.jira().field(id)) {
        Some(field) => site.jira().projects_of_field(field),
        None if crate::jira::view::system_field(&id).is_some() => site.jira().projects.iter().collect(),
        None => return Err(Refusal::bad_request(format!("The field '{id}' was not found."))),
    };
    let seen = |project: &&Project| site.can_browse_project(&view.reader, project);
    let projects: Vec<&Project> = projects.into_iter().filter(seen).collect();
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &projects, |json, project| {
            json.object(|json| json.key("projectId").plain(project.id));
        });
    }))
}

/// A field of one project and type.
type ProjectField = (u64, u64, String, bool, String);

/// What the create screens of some projects hold, by project and issue type.
async fn fields_of_projects(session: Session) -> Answer {
    let page: Page = session.query.page(50, 100)?;
    session.signed_in()?;
    let site = session.site().read();
    let view = session.view(&site);
    let kinds = session.query.list("workTypeId");
    if kinds.is_empty() {
        return Err(Refusal::bad_request("The 'workTypeId' query parameter needs to be provided"));
    }
    let wanted = session.query.list("fieldId");
    let mut rows: Vec<ProjectField> = Vec::new();
    for id in wanted_projects(&session)? {
        let project = visible_project(&view, id).map_err(|_| {
            Refusal::forbidden(format!("You do not have permission to view the project '{id}'."))
        })?;
        let kinds = kinds.iter().filter_map(|kind| IssueTypeId::parse(kind));
        for kind in kinds.filter(|kind| project.issue_types.contains(kind)) {
            rows.extend(fields_of(&view, project, kind, &wanted));
        }
    }
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &rows, |json, (project, kind, field, required, description)| {
            json.object(|json| {
                json.key("fieldId").string(field);
                json.key("projectId").number(project);
                json.key("workTypeId").number(kind);
                json.key("isRequired").boolean(*required);
                json.key("description").string(description);
            });
        });
    }))
}

fn fields_of(view: &View<'_>, project: &Project, kind: IssueTypeId, wanted: &[&str]) -> Vec<ProjectField> {
    let mut fields = view.created_with(project);
    fields.retain(|(id, ..)| wanted.is_empty() || wanted.contains(&id.as_str()));
    fields
        .into_iter()
        .map(|(id, required, description)| (project.id.0, kind.0, id, required, description))
        .collect()
}
