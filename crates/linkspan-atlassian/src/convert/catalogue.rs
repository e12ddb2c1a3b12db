//! Access data, kept as received by the streams that judge by it.

use serde_json::value::RawValue;

use super::sink::{Sink, items, one};
use super::{ConfluenceContext, Converted, JiraContext, PageProblem};
use crate::wire::jira::Keyed;
use crate::wire::read_object;

/// A list of access data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Catalogue {
    /// `permissionscheme`, or one of a project.
    PermissionSchemes,
    /// `issuesecurityschemes`, or one of a project.
    SecuritySchemes,
    /// `issuesecurityschemes/{id}/members`.
    SecurityLevelMembers,
    /// `applicationrole`.
    ApplicationRoles,
}

impl Catalogue {
    /// Raw kind, name of the list in an answer that is an object, path of one item, name of the id.
    fn facts(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::PermissionSchemes => {
                ("jira.permissionscheme", "permissionSchemes", "/rest/api/3/permissionscheme/", "id")
            }
            Self::SecuritySchemes => {
                ("jira.securityscheme", "issueSecuritySchemes", "/rest/api/3/issuesecurityschemes/", "id")
            }
            Self::SecurityLevelMembers => (
                "jira.securitylevelmember",
                "values",
                "/rest/api/3/issuesecurityschemes/level/member?id=",
                "id",
            ),
            Self::ApplicationRoles => {
                ("jira.applicationrole", "values", "/rest/api/3/applicationrole/", "key")
            }
        }
    }
}

/// Keeps the items of a list, or the one item an answer consists of.
pub fn catalogue(json: &str, of: Catalogue, ctx: &JiraContext) -> Result<Converted, PageProblem> {
    let (kind, list, path, id_name) = of.facts();
    let mut sink = Sink::new(ctx.source);
    for raw in items(json, list).or_else(|_| one(json).map(|item| vec![item]))? {
        let id = keep(raw, kind, path, id_name, None, &mut sink);
        sink.out.ids.push(id);
    }
    Ok(sink.out)
}

/// Keeps an answer of `spaces/{id}/permissions`.
pub fn space_permission_page(
    json: &str,
    space_id: &str,
    ctx: &ConfluenceContext,
) -> Result<Converted, PageProblem> {
    let mut sink = Sink::new(ctx.source);
    let path = format!("/wiki/api/v2/spaces/{space_id}/permissions");
    for raw in items(json, "results")? {
        let id = keep(raw, "confluence.spacepermission", &path, "id", Some(space_id), &mut sink);
        sink.out.ids.push(id);
    }
    Ok(sink.out)
}

/// Keeps one item. Within `owner` ids are unique only together with the owner's, and items have no path of their own.
fn keep(
    raw: &RawValue,
    kind: &'static str,
    path: &str,
    id_name: &str,
    owner: Option<&str>,
    sink: &mut Sink,
) -> String {
    match (id_of(raw, id_name), owner) {
        (Ok(id), None) => {
            sink.raw(kind, &id, format!("{path}{id}"), raw, None, &[]);
            id
        }
        (Ok(id), Some(owner)) => {
            sink.raw(kind, &format!("{owner}/{id}"), path.to_owned(), raw, None, &[]);
            id
        }
        (Err(problem), _) => sink.refuse(kind, None, path, raw, problem),
    }
}

fn id_of(raw: &RawValue, name: &str) -> Result<String, String> {
    let keyed = read_object::<Keyed<'_>>(raw)?;
    let id = if name == "key" { keyed.key.id() } else { keyed.id.id() };
    id.map(str::to_owned).ok_or_else(|| format!("no `{name}`"))
}
