//! Projects and the roles in them.

use linkspan_model::models::{Collection, Role};
use linkspan_model::record::{Body, Model, NewRecord};
use serde_json::value::RawValue;

use super::sink::{Sink, items, one, unguarded};
use super::{Converted, JiraContext, PageProblem};
use crate::wire::jira;
use crate::wire::{Shape as _, read_object};

/// Converts an answer of `project/search`, or of `project/{id}`.
pub fn project_page(json: &str, ctx: &JiraContext) -> Result<Converted, PageProblem> {
    let mut sink = Sink::new(ctx.source);
    for raw in items(json, "values").or_else(|_| one(json).map(|project| vec![project]))? {
        let id = put_project(raw, ctx, &mut sink);
        sink.out.ids.push(id);
    }
    Ok(sink.out)
}

fn put_project(raw: &RawValue, ctx: &JiraContext, sink: &mut Sink) -> String {
    let path = "/rest/api/3/project/";
    let project = match read_object::<jira::Project<'_>>(raw) {
        Ok(project) => project,
        Err(problem) => return sink.refuse("jira.project", None, path, raw, problem),
    };
    let Some(id) = project.id.id() else {
        return sink.refuse("jira.project", None, path, raw, "a project without an id".to_owned());
    };
    let mut odd = Vec::new();
    project.list_odd(&mut odd);
    let record = ctx.id(Model::Collection, id);
    let key = project.key.text().unwrap_or_default().to_owned();
    let lead = project.lead.get().and_then(|user| sink.person(user));
    sink.out.records.push(NewRecord {
        id: record,
        remote_id: Some(id.to_owned()),
        parent: None,
        // A project lies in itself, so that a view of some projects shows these projects and what is in them.
        container: Some(record),
        remote_created_at: None,
        remote_updated_at: None,
        body: Body::Collection(Collection {
            name: project.name.text().unwrap_or_default().to_owned(),
            description: project.description.filled().map(str::to_owned),
            url: (!key.is_empty()).then(|| format!("{}/browse/{key}", ctx.site())),
            project_type: project.type_key.filled().map(str::to_owned),
            access_level: Some(ctx.access.access_level_of_project(id).to_owned()),
            lead: lead.map(|person| person.id),
            archived: project.archived.is_set(),
            key,
        }),
        access: ctx.access.rule_for_project(id),
    });
    sink.raw("jira.project", id, format!("{path}{id}"), raw, Some(record), &odd);
    id.to_owned()
}

/// Converts the answer of `role`: the site's role definitions.
pub fn role_page(json: &str, ctx: &JiraContext) -> Result<Converted, PageProblem> {
    let mut sink = Sink::new(ctx.source);
    for raw in items(json, "values")? {
        let id = put_role(raw, "jira.role", None, ctx, &mut sink);
        sink.out.ids.push(id);
    }
    Ok(sink.out)
}

/// Converts an answer of `project/{id}/role/{id}`: a role with its actors in one project.
pub fn project_role(json: &str, project_id: &str, ctx: &JiraContext) -> Result<Converted, PageProblem> {
    let mut sink = Sink::new(ctx.source);
    let id = put_role(one(json)?, "jira.projectrole", Some(project_id), ctx, &mut sink);
    sink.out.ids.push(id);
    Ok(sink.out)
}

fn put_role(
    raw: &RawValue,
    kind: &'static str,
    project_id: Option<&str>,
    ctx: &JiraContext,
    sink: &mut Sink,
) -> String {
    let path = match project_id {
        Some(project) => format!("/rest/api/3/project/{project}/role/"),
        None => "/rest/api/3/role/".to_owned(),
    };
    let role = match read_object::<jira::Role<'_>>(raw) {
        Ok(role) => role,
        Err(problem) => return sink.refuse(kind, None, &path, raw, problem),
    };
    let Some(id) = role.id.id() else {
        return sink.refuse(kind, None, &path, raw, "a role without an id".to_owned());
    };
    let mut odd = Vec::new();
    role.list_odd(&mut odd);
    let record = ctx.id(Model::Role, id);
    let body = Role {
        name: role.name.text().unwrap_or_default().to_owned(),
        description: role.description.filled().map(str::to_owned),
    };
    sink.out.records.push(unguarded(record, id, Body::Role(body)));
    let remote_id = project_id.map_or_else(|| id.to_owned(), |project| format!("{project}/{id}"));
    sink.raw(kind, &remote_id, format!("{path}{id}"), raw, Some(record), &odd);
    id.to_owned()
}
