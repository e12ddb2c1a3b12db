//! Reading issues: one, many, and what hangs on one.

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use http::StatusCode;
use serde::Deserialize;

use crate::{
    gateway::{AppState, Charge},
    jira::{
        body::JsonBody,
        json::Json,
        refusal::{Answer, Refusal},
        search::Visibility,
        session::{Session, json_answer, ok},
        view::{Embedded, Expansions, Selection, SelectionDefault, View},
    },
    world::{
        IssueId, IssueLinkId, IssueTypeId, RemoteLinkId,
        jira::{Issue, IssueHead, Project},
    },
};

/// Most issues of a bulk read.
const MAX_BULK: usize = 100;
/// Most issues of a bulk read that names at most as many plain fields.
const MAX_BULK_LIGHT: usize = 1_000;
/// Fields whose presence makes a bulk read heavy.
const HEAVY_FIELDS: [&str; 8] = [
    "comment",
    "worklog",
    "attachment",
    "issuelinks",
    "subtasks",
    "description",
    "environment",
    "aggregateprogress",
];

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/issue/bulkfetch", post(bulk_fetch))
        .route("/issue/picker", get(picker))
        .route("/issue/createmeta", get(create_meta_all))
        .route("/issue/createmeta/{project}/issuetypes", get(create_meta_types))
        .route("/issue/createmeta/{project}/issuetypes/{type}", get(create_meta_fields))
        .route("/issue/{issue}/editmeta", get(edit_meta))
        .route("/issue/{issue}/remotelink/{link}", get(remote_link))
        .route("/issueLinkType", get(link_types))
        .route("/issueLinkType/{id}", get(link_type))
}

/// The issue of an id or key, present or former, if the caller may see it.
pub(in crate::jira) fn visible_issue(view: &View<'_>, id_or_key: &str) -> Result<Arc<Issue>, Refusal> {
    let id = view.site.find_issue(id_or_key).ok_or_else(Refusal::no_issue)?;
    visible_by_id(view, id)
}

/// The same by its numeric id.
pub(super) fn visible_by_id(view: &View<'_>, id: IssueId) -> Result<Arc<Issue>, Refusal> {
    let head = view.site.issue_head(id).filter(|head| view.site.can_see_issue(&view.reader, head));
    head.and_then(|head| view.site.issue(head.id)).ok_or_else(Refusal::no_issue)
}

/// The project of an id or key, present or former, if the caller may see it.
pub(super) fn visible_project<'s>(view: &View<'s>, id_or_key: &str) -> Result<&'s Project, Refusal> {
    let seen = |project: &&Project| {
        let site = view.site;
        site.can_browse_project(&view.reader, project) || site.can_administer_project(&view.reader, project)
    };
    view.site.find_project(id_or_key).filter(seen).ok_or_else(|| Refusal::no_project(id_or_key))
}

pub(super) async fn get_issue(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible_issue(&view, &id_or_key)?;
    let selection = Selection::parse(&session.query.list("fields"), SelectionDefault::All, site.jira());
    let properties = wanted_properties(&session.query.list("properties"), &issue);
    let expand = Expansions::parse(&session.query.list("expand"), properties);
    let mut json = Json::with_capacity(8_000);
    view.issue(&mut json, &issue, &selection, &expand, Embedded::ALONE);
    Ok(json_answer(StatusCode::OK, json.finish(), Charge::core(1)))
}

/// `*all` stands for every property of the issue.
fn wanted_properties(names: &[&str], issue: &Issue) -> Vec<String> {
    if names.contains(&"*all") {
        return issue.properties.iter().map(|(key, _)| key.clone()).collect();
    }
    names.iter().map(|&name| name.to_owned()).collect()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BulkFetchRequest {
    issue_ids_or_keys: Vec<serde_json::Value>,
    fields: Option<Vec<String>>,
    expand: Option<Vec<String>>,
    properties: Option<Vec<String>>,
    /// Keys of fields equal their ids here, so this changes nothing.
    #[serde(rename = "fieldsByKeys")]
    _fields_by_keys: Option<bool>,
}

async fn bulk_fetch(session: Session, body: JsonBody) -> Answer {
    let request: BulkFetchRequest = body.read()?;
    let site = session.site().read();
    let view = session.view(&site);
    let fields = request.fields.unwrap_or_default();
    let selection = Selection::parse(&fields, SelectionDefault::Navigable, site.jira());
    let expand =
        Expansions::parse(&request.expand.unwrap_or_default(), request.properties.unwrap_or_default());
    let light = !fields.is_empty()
        && selection.len() <= MAX_BULK
        && expand == Expansions::default()
        && !HEAVY_FIELDS.iter().any(|field| selection.has(field));
    let most = if light { MAX_BULK_LIGHT } else { MAX_BULK };
    if request.issue_ids_or_keys.is_empty() || request.issue_ids_or_keys.len() > most {
        return Err(Refusal::bad_request(format!(
            "The number of issues to fetch must be between 1 and {most}."
        )));
    }
    let mut ids = Vec::with_capacity(request.issue_ids_or_keys.len());
    for name in &request.issue_ids_or_keys {
        let text = match name {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Number(number) => number.to_string(),
            _ => return Err(Refusal::payload()),
        };
        ids.extend(site.find_issue(&text));
    }
    // Ascending, each once; what is missing or hidden is left out without a word.
    ids.sort_unstable();
    ids.dedup();
    let mut json = Json::with_capacity(ids.len() * 6_000);
    let mut returned = 0;
    json.object(|json| {
        json.key("issues").array(|json| {
            for issue in ids.iter().filter_map(|id| visible_by_id(&view, *id).ok()) {
                view.issue(json, &issue, &selection, &expand, Embedded::IN_LISTS);
                returned += 1;
            }
        });
        json.key("issueErrors").array(|_| {});
    });
    Ok(json_answer(StatusCode::OK, json.finish(), Charge::core(returned)))
}

/// Most suggestions of the issue picker.
const MAX_SUGGESTED: usize = 20;

/// Suggests issues by the beginning of their key or by words of their summary.
async fn picker(session: Session) -> Answer {
    let query = session.query.text("query").unwrap_or_default().trim().to_lowercase();
    let site = session.site().read();
    let view = session.view(&site);
    let visibility = Visibility::new(&site, &view.reader);
    let matching = |id: &IssueId| {
        let head = site.issue_head(*id).filter(|head| visibility.finds(head));
        let named = |head: IssueHead<'_>| {
            site.key_of(head.project, head.number).to_lowercase().starts_with(&query)
                || site.issue_summary(*id).is_some_and(|summary| summary.to_lowercase().contains(&query))
        };
        !query.is_empty() && head.is_some_and(named)
    };
    let found: Vec<IssueId> = site.issue_ids().filter(matching).take(MAX_SUGGESTED).collect();
    Ok(ok(Charge::core(found.len()), |json| {
        json.object(|json| {
            json.key("sections").array(|json| {
                json.object(|json| {
                    json.key("label").string("Current Search");
                    json.key("sub").string(&format!(
                        "Showing {} of {} matching issues",
                        found.len(),
                        found.len()
                    ));
                    json.key("id").string("cs");
                    json.key("issues").array(|json| found.iter().for_each(|id| suggested(json, &view, *id)));
                });
            });
        });
    }))
}

fn suggested(json: &mut Json, view: &View<'_>, id: IssueId) {
    let key = view.site.issue_key(id).unwrap_or_default();
    let summary = view.site.issue_summary(id).unwrap_or_default();
    json.object(|json| {
        json.key("id").number(id);
        json.key("key").string(&key);
        json.key("keyHtml").string(&key);
        json.key("img").string("/rest/api/2/universal_avatar/view/type/issuetype/avatar/10318?size=medium");
        json.key("summary").string(&summary);
        json.key("summaryText").string(&summary);
    });
}

async fn edit_meta(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible_issue(&view, &id_or_key)?;
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("fields");
            view.edit_fields(json, &issue);
        });
    }))
}

pub(super) async fn transitions(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible_issue(&view, &id_or_key)?;
    let with_fields = session.query.list("expand").iter().any(|word| word.starts_with("transitions"));
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("expand").string("transitions");
            json.key("transitions");
            view.transitions(json, &issue, with_fields);
        });
    }))
}

/// Whether the caller may see who watches and votes; the numbers are for everybody.
fn sees_watchers(view: &View<'_>, issue: &Issue) -> bool {
    let project = view.site.project(issue.project);
    project.is_some_and(|project| {
        view.site.has_permission(&view.reader, "VIEW_VOTERS_AND_WATCHERS", project, Some(&issue.head()))
    })
}

pub(super) async fn watchers(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible_issue(&view, &id_or_key)?;
    let listed: &[_] = if sees_watchers(&view, &issue) { &issue.watchers } else { &[] };
    Ok(ok(Charge::identity(listed.len()), |json| {
        json.object(|json| {
            json.key("self").string(&view.link(format_args!("issue/{}/watchers", issue.id)));
            let own = view.reader.account();
            json.key("isWatching").boolean(own.is_some_and(|own| issue.watchers.contains(&own)));
            json.key("watchCount").number(issue.watchers.len());
            json.key("watchers").array(|json| listed.iter().for_each(|user| view.user(json, *user)));
        });
    }))
}

pub(super) async fn votes(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible_issue(&view, &id_or_key)?;
    let listed: &[_] = if sees_watchers(&view, &issue) { &issue.voters } else { &[] };
    Ok(ok(Charge::identity(listed.len()), |json| {
        json.object(|json| {
            json.key("self").string(&view.link(format_args!("issue/{}/votes", issue.id)));
            json.key("votes").number(issue.voters.len());
            let own = view.reader.account();
            json.key("hasVoted").boolean(own.is_some_and(|own| issue.voters.contains(&own)));
            json.key("voters").array(|json| listed.iter().for_each(|user| view.user(json, *user)));
        });
    }))
}

pub(super) async fn remote_links(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible_issue(&view, &id_or_key)?;
    if let Some(global_id) = session.query.text("globalId") {
        let link = issue.remote_links.iter().find(|link| link.global_id == global_id);
        let link = link.ok_or_else(|| Refusal::not_found("The remote issue link does not exist."))?;
        return Ok(ok(Charge::BASE, |json| view.remote_link(json, &issue, link)));
    }
    Ok(ok(Charge::BASE, |json| {
        json.array(|json| issue.remote_links.iter().for_each(|link| view.remote_link(json, &issue, link)));
    }))
}

async fn remote_link(Path((id_or_key, link)): Path<(String, String)>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible_issue(&view, &id_or_key)?;
    let id = RemoteLinkId::parse(&link);
    let link = issue.remote_links.iter().find(|link| Some(link.id) == id);
    let link = link.ok_or_else(|| Refusal::not_found("The remote issue link does not exist."))?;
    Ok(ok(Charge::BASE, |json| view.remote_link(json, &issue, link)))
}

pub(super) async fn properties(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible_issue(&view, &id_or_key)?;
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("keys").array(|json| {
                for (key, _) in &issue.properties {
                    json.object(|json| {
                        json.key("self")
                            .string(&view.link(format_args!("issue/{}/properties/{key}", issue.id)));
                        json.key("key").string(key);
                    });
                }
            });
        });
    }))
}

pub(super) async fn property(Path((id_or_key, key)): Path<(String, String)>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible_issue(&view, &id_or_key)?;
    let found = issue.properties.iter().find(|(present, _)| *present == key);
    let (key, value) =
        found.ok_or_else(|| Refusal::not_found(format!("The property {key} does not exist.")))?;
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("key").string(key);
            json.key("value").raw(value);
        });
    }))
}

pub(super) async fn get_issue_link(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let missing = || Refusal::not_found(format!("No issue link with id '{id}' exists."));
    let (source, link) = IssueLinkId::parse(&id).and_then(|id| site.issue_link(id)).ok_or_else(missing)?;
    if !site.can_see_issue_id(&view.reader, source.id) || !site.can_see_issue_id(&view.reader, link.other) {
        return Err(missing());
    }
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("id").plain(link.id);
            json.key("self").string(&view.link(format_args!("issueLink/{}", link.id)));
            if let Some(kind) = site.jira().link_type(link.link_type) {
                json.key("type");
                view.link_type(json, kind);
            }
            json.key("inwardIssue");
            view.issue_brief(json, source.id);
            json.key("outwardIssue");
            view.issue_brief(json, link.other);
        });
    }))
}

async fn link_types(session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("issueLinkTypes").array(|json| {
                site.jira().link_types.iter().for_each(|kind| view.link_type(json, kind));
            });
        });
    }))
}

async fn link_type(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let kind = site.jira().link_types.iter().find(|kind| kind.id.to_string() == id);
    let kind = kind.ok_or_else(|| Refusal::not_found(format!("No issue link type with id '{id}' found.")))?;
    Ok(ok(Charge::BASE, |json| view.link_type(json, kind)))
}

async fn create_meta_types(Path(project): Path<String>, session: Session) -> Answer {
    let page = session.query.page(50, 200)?;
    let site = session.site().read();
    let view = session.view(&site);
    let project = visible_project(&view, &project)?;
    let kinds: Vec<_> = project.issue_types.iter().filter_map(|id| site.jira().issue_type(*id)).collect();
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("maxResults").number(page.size);
            json.key("startAt").number(page.start);
            json.key("total").number(kinds.len());
            json.key("issueTypes")
                .array(|json| page.of(&kinds).iter().for_each(|kind| view.issue_type(json, kind)));
        });
    }))
}

async fn create_meta_fields(Path((project, kind)): Path<(String, String)>, session: Session) -> Answer {
    let page = session.query.page(50, 200)?;
    let site = session.site().read();
    let view = session.view(&site);
    let project = visible_project(&view, &project)?;
    let id = IssueTypeId::parse(&kind).filter(|id| project.issue_types.contains(id));
    let kind = id.and_then(|id| site.jira().issue_type(id));
    let kind = kind.ok_or_else(|| Refusal::bad_request("The issue type selected is invalid."))?;
    let fields = view.create_fields(project, kind);
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("maxResults").number(page.size);
            json.key("startAt").number(page.start);
            json.key("total").number(fields.len());
            json.key("fields").array(|json| page.of(&fields).iter().for_each(|field| json.raw(field)));
        });
    }))
}

/// The deprecated form: every project's types, and their fields when asked for.
async fn create_meta_all(session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let (keys, ids) = (session.query.list("projectKeys"), session.query.list("projectIds"));
    let (types, names) = (session.query.list("issuetypeIds"), session.query.list("issuetypeNames"));
    let with_fields = session.query.list("expand").contains(&"projects.issuetypes.fields");
    let wanted = |project: &&Project| {
        let is_asked_for = keys.is_empty() && ids.is_empty()
            || keys.iter().any(|key| project.key.eq_ignore_ascii_case(key))
            || ids.iter().any(|id| project.id.to_string() == *id);
        is_asked_for && site.can_browse_project(&view.reader, project)
    };
    let projects: Vec<&Project> = site.jira().projects.iter().filter(wanted).collect();
    Ok(ok(Charge::core(projects.len()), |json| {
        json.object(|json| {
            json.key("expand").string("projects");
            json.key("projects").array(|json| {
                for project in projects {
                    json.object(|json| {
                        json.key("self").string(&view.link(format_args!("project/{}", project.id)));
                        json.key("id").plain(project.id);
                        json.key("key").string(&project.key);
                        json.key("name").string(&project.name);
                        json.key("issuetypes").array(|json| {
                            let all = project.issue_types.iter().filter_map(|id| site.jira().issue_type(*id));
                            for kind in all {
                                let id = kind.id.to_string();
                                let is_asked_for = types.is_empty() && names.is_empty()
                                    || types.contains(&id.as_str())
                                    || names.iter().any(|name| kind.name.eq_ignore_ascii_case(name));
                                if !is_asked_for {
                                    continue;
                                }
                                json.object(|json| {
                                    json.key("self").string(&view.link(format_args!("issuetype/{id}")));
                                    json.key("id").string(&id);
                                    json.key("description").string(&kind.description);
                                    json.key("name").string(&kind.name);
                                    json.key("subtask").boolean(kind.is_subtask());
                                    if with_fields {
                                        json.key("fields")
                                            .object(|json| view.create_fields_by_id(json, project, kind));
                                    }
                                });
                            }
                        });
                    });
                }
            });
        });
    }))
}
