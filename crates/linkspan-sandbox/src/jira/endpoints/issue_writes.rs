//! Creating, changing and deleting issues.

use axum::{Router, extract::Path, routing::post};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{comment_writes::new_comment, issues::visible_issue, worklog_writes::new_worklog};
use crate::{
    gateway::{AppState, Charge},
    jira::{
        body::JsonBody,
        json::{self, Json},
        refusal::{Answer, Refusal},
        session::{Session, json_answer, no_content},
        view::{Embedded, Expansions, Selection, SelectionDefault, View},
        write::{Target, field_changes, issue_type, require, stamp},
    },
    world::{
        IssueId, IssueLinkId, SiteState, Stamp, StatusId,
        jira::{FieldChange, Issue, NewComment, NewIssue, NewWorklog, Project},
    },
};

/// Most issues of a bulk creation.
const MAX_BULK: usize = 50;

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/issue", post(create)).route("/issue/bulk", post(create_bulk))
}

/// The body of creating and editing.
#[derive(Debug, Default, Deserialize)]
struct IssueRequest {
    #[serde(default)]
    fields: Map<String, Value>,
    #[serde(default)]
    update: Map<String, Value>,
    transition: Option<TransitionRequest>,
    #[serde(default)]
    properties: Vec<PropertyRequest>,
}

#[derive(Debug, Deserialize)]
struct TransitionRequest {
    id: Value,
}

#[derive(Debug, Deserialize)]
struct PropertyRequest {
    key: String,
    value: Value,
}

/// Members of `update` that add something beside the fields.
const BESIDE: [&str; 5] = ["comment", "worklog", "issuelinks", "project", "attachment"];

async fn create(session: Session, body: JsonBody) -> Answer {
    let request: IssueRequest = body.read()?;
    let mut site = session.site().write();
    let id = create_one(&session, &mut site, &request)?;
    let view = session.view(&site);
    Ok(json_answer(StatusCode::CREATED, json::text(|json| created(json, &view, id)), Charge::WRITE))
}

/// The short form of an issue that was just made.
fn created(json: &mut Json, view: &View<'_>, id: IssueId) {
    json.object(|json| {
        json.key("id").plain(id);
        json.key("key").string(&view.site.issue_key(id).unwrap_or_default());
        json.key("self").string(&view.link(format_args!("issue/{id}")));
    });
}

fn create_one(session: &Session, site: &mut SiteState, request: &IssueRequest) -> Result<IssueId, Refusal> {
    let stamp = stamp(session)?;
    let (new, beside) = {
        let view = session.view(site);
        let project = new_project(&view, &request.fields)?;
        require(session, site, "CREATE_ISSUES", project, None)?;
        let target = Target { view: &view, project, issue: None };
        let mut errors = Vec::new();
        let kind = request.fields.get("issuetype").map(|value| issue_type(&target, value));
        let kind = kind.unwrap_or_else(|| Err("Specify a valid issue type".to_owned()));
        if let Err(message) = &kind {
            errors.push(("issuetype".to_owned(), message.clone()));
        }
        if !request.fields.contains_key("summary") {
            errors.push(("summary".to_owned(), "You must specify a summary of the issue.".to_owned()));
        }
        let skip = [&BESIDE[..], &["issuetype", "project"]].concat();
        let changes = field_changes(&target, &request.fields, &request.update, &skip);
        let mut changes = changes.unwrap_or_else(|found| {
            errors.extend(found);
            Vec::new()
        });
        if !errors.is_empty() {
            return Err(Refusal::fields(errors));
        }
        let Ok(kind) = kind else { return Err(Refusal::payload()) };
        let at = changes.iter().position(|change| matches!(change, FieldChange::Summary(_)));
        let Some(FieldChange::Summary(summary)) = at.map(|at| changes.swap_remove(at)) else {
            return Err(Refusal::field("summary", "You must specify a summary of the issue."));
        };
        let new =
            NewIssue { project: project.id, issue_type: kind.id, summary, fields: changes, request: None };
        (new, Beside::read(&view, project, &request.update)?)
    };
    let id = site.create_issue(stamp, new)?;
    beside.apply(site, stamp, id)?;
    for property in &request.properties {
        site.set_issue_property(stamp, id, &property.key, Some(property.value.to_string().into()))?;
    }
    Ok(id)
}

fn new_project<'s>(view: &View<'s>, fields: &Map<String, Value>) -> Result<&'s Project, Refusal> {
    let invalid = || Refusal::field("project", "Specify a valid project ID or key");
    let value = fields.get("project").ok_or_else(invalid)?;
    let named = value.get("id").or_else(|| value.get("key")).and_then(Value::as_str).ok_or_else(invalid)?;
    let found = view.site.find_project(named).filter(|it| view.site.can_browse_project(&view.reader, it));
    found.ok_or_else(invalid)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BulkRequest {
    issue_updates: Vec<IssueRequest>,
}

async fn create_bulk(session: Session, body: JsonBody) -> Answer {
    let request: BulkRequest = body.read()?;
    if request.issue_updates.is_empty() || request.issue_updates.len() > MAX_BULK {
        return Err(Refusal::bad_request(format!("Between 1 and {MAX_BULK} issues can be created at once.")));
    }
    let mut site = session.site().write();
    let results: Vec<_> =
        request.issue_updates.iter().map(|one| create_one(&session, &mut site, one)).collect();
    let view = session.view(&site);
    let failed = results.iter().all(Result::is_err);
    let text = json::text(|json| {
        json.object(|json| {
            json.key("issues").array(|json| {
                results.iter().flatten().for_each(|id| created(json, &view, *id));
            });
            json.key("errors").array(|json| {
                for (at, refusal) in
                    results.iter().enumerate().filter_map(|(at, it)| Some((at, it.as_ref().err()?)))
                {
                    json.object(|json| {
                        json.key("status").number(refusal.status.as_u16());
                        json.key("elementErrors").object(|json| {
                            json.key("errorMessages")
                                .array(|json| refusal.messages.iter().for_each(|it| json.string(it)));
                            json.key("errors").object(|json| {
                                refusal.errors.iter().for_each(|(field, it)| json.data_key(field).string(it));
                            });
                        });
                        json.key("failedElementNumber").number(at);
                    });
                }
            });
        });
    });
    let status = if failed { StatusCode::BAD_REQUEST } else { StatusCode::CREATED };
    Ok(json_answer(status, text, Charge::WRITE))
}

/// What `update` adds to an issue beside its fields.
#[derive(Default)]
struct Beside {
    comments: Vec<NewComment>,
    worklogs: Vec<NewWorklog>,
    links: Vec<(crate::world::LinkTypeId, bool, IssueId)>,
}

impl Beside {
    fn read(view: &View<'_>, project: &Project, update: &Map<String, Value>) -> Result<Self, Refusal> {
        let added = |name: &str| -> Vec<&Value> {
            let list = update.get(name).and_then(Value::as_array);
            list.into_iter().flatten().filter_map(|operation| operation.get("add")).collect()
        };
        let comments = added("comment").into_iter().map(|value| new_comment(view, project, value, None));
        let worklogs = added("worklog").into_iter().map(|value| new_worklog(view, project, value, None));
        let links = added("issuelinks").into_iter().map(|value| super::link_writes::named_link(view, value));
        Ok(Self {
            comments: comments.collect::<Result<_, _>>()?,
            worklogs: worklogs.collect::<Result<_, _>>()?,
            links: links.collect::<Result<_, _>>()?,
        })
    }

    fn apply(self, site: &mut SiteState, stamp: Stamp, id: IssueId) -> Result<(), Refusal> {
        for comment in self.comments {
            site.add_comment(stamp, id, comment)?;
        }
        for worklog in self.worklogs {
            site.add_worklog(stamp, id, worklog)?;
        }
        for (kind, outward, other) in self.links {
            let (source, target) = if outward { (id, other) } else { (other, id) };
            let _: IssueLinkId = site.link_issues(stamp, kind, source, target)?;
        }
        Ok(())
    }
}

/// The changes a request asks of an existing issue, and what it adds.
fn asked(
    view: &View<'_>,
    issue: &Issue,
    request: &IssueRequest,
) -> Result<(Vec<FieldChange>, Beside), Refusal> {
    let project = view.site.project(issue.project).ok_or_else(Refusal::no_issue)?;
    let target = Target { view, project, issue: Some(issue) };
    let changes =
        field_changes(&target, &request.fields, &request.update, &BESIDE).map_err(Refusal::fields)?;
    Ok((changes, Beside::read(view, project, &request.update)?))
}

/// Refuses those without a permission for an issue.
fn require_for(session: &Session, site: &SiteState, issue: &Issue, permission: &str) -> Result<(), Refusal> {
    let project = site.project(issue.project).ok_or_else(Refusal::no_issue)?;
    require(session, site, permission, project, Some(&issue.head()))
}

pub(super) async fn edit(Path(id_or_key): Path<String>, session: Session, body: JsonBody) -> Answer {
    let request: IssueRequest = body.read()?;
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let (issue, changes, beside) = {
        let view = session.view(&site);
        let issue = visible_issue(&view, &id_or_key)?;
        require_for(&session, &site, &issue, "EDIT_ISSUES")?;
        let (changes, beside) = asked(&view, &issue, &request)?;
        (issue, changes, beside)
    };
    site.edit_issue(stamp, issue.id, changes)?;
    beside.apply(&mut site, stamp, issue.id)?;
    for property in &request.properties {
        site.set_issue_property(stamp, issue.id, &property.key, Some(property.value.to_string().into()))?;
    }
    if !session.query.flag("returnIssue", false) {
        return Ok(no_content());
    }
    let view = session.view(&site);
    let issue = visible_issue(&view, &issue.id.to_string())?;
    let selection = Selection::parse::<&str>(&[], SelectionDefault::All, site.jira());
    let expand = Expansions::parse(&session.query.list("expand"), Vec::new());
    let text = json::text(|json| view.issue(json, &issue, &selection, &expand, Embedded::ALONE));
    Ok(json_answer(StatusCode::OK, text, Charge::WRITE))
}

pub(super) async fn transition(Path(id_or_key): Path<String>, session: Session, body: JsonBody) -> Answer {
    let request: IssueRequest = body.read()?;
    let stamp = stamp(&session)?;
    let wanted =
        request.transition.as_ref().ok_or_else(|| Refusal::bad_request("Missing 'transition' identifier"))?;
    let wanted = match &wanted.id {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return Err(Refusal::bad_request("Missing 'transition' identifier")),
    };
    let mut site = session.site().write();
    let (issue, mut changes, beside) = {
        let view = session.view(&site);
        let issue = visible_issue(&view, &id_or_key)?;
        require_for(&session, &site, &issue, "TRANSITION_ISSUES")?;
        let project = site.project(issue.project).ok_or_else(Refusal::no_issue)?;
        // A transition has the id of the status it leads to.
        let status = StatusId::parse(&wanted).filter(|status| project.statuses.contains(status));
        let status = status.ok_or_else(|| {
            Refusal::bad_request(format!("Transition id '{wanted}' is not valid for this issue."))
        })?;
        let (mut changes, beside) = asked(&view, &issue, &request)?;
        changes.insert(0, FieldChange::Status(status));
        (issue, changes, beside)
    };
    // A resolution chosen with the transition wins over the one the new status brings.
    changes.sort_by_key(|change| matches!(change, FieldChange::Resolution(_)));
    site.edit_issue(stamp, issue.id, changes)?;
    beside.apply(&mut site, stamp, issue.id)?;
    Ok(no_content())
}

pub(super) async fn delete(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let issue = visible_issue(&session.view(&site), &id_or_key)?;
    require_for(&session, &site, &issue, "DELETE_ISSUES")?;
    let is_subtask = |id: &IssueId| {
        let kind = site.issue_head(*id).and_then(|head| site.jira().issue_type(head.issue_type));
        kind.is_some_and(crate::world::jira::IssueType::is_subtask)
    };
    if site.issue_children(issue.id).iter().any(is_subtask) && !session.query.flag("deleteSubtasks", false) {
        return Err(Refusal::bad_request(format!(
            "The issue '{}' has subtasks. You must specify the 'deleteSubtasks' parameter to delete this issue and all its subtasks.",
            site.key_of(issue.project, issue.number)
        )));
    }
    site.delete_issue(stamp, issue.id)?;
    Ok(no_content())
}

pub(super) async fn assign(Path(id_or_key): Path<String>, session: Session, body: JsonBody) -> Answer {
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let (issue, change) = {
        let view = session.view(&site);
        let issue = visible_issue(&view, &id_or_key)?;
        require_for(&session, &site, &issue, "ASSIGN_ISSUES")?;
        let mut fields = Map::new();
        fields.insert("assignee".to_owned(), body.0);
        let request = IssueRequest { fields, ..IssueRequest::default() };
        let (changes, _) = asked(&view, &issue, &request)?;
        (issue, changes)
    };
    site.edit_issue(stamp, issue.id, change)?;
    Ok(no_content())
}

pub(super) async fn set_property(
    Path((id_or_key, key)): Path<(String, String)>,
    session: Session,
    body: JsonBody,
) -> Answer {
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let issue = visible_issue(&session.view(&site), &id_or_key)?;
    require_for(&session, &site, &issue, "EDIT_ISSUES")?;
    let existed = issue.properties.iter().any(|(present, _)| *present == key);
    site.set_issue_property(stamp, issue.id, &key, Some(body.0.to_string().into()))?;
    let status = if existed { StatusCode::OK } else { StatusCode::CREATED };
    Ok(json_answer(status, "{}".to_owned(), Charge::WRITE))
}

pub(super) async fn delete_property(
    Path((id_or_key, key)): Path<(String, String)>,
    session: Session,
) -> Answer {
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let issue = visible_issue(&session.view(&site), &id_or_key)?;
    require_for(&session, &site, &issue, "EDIT_ISSUES")?;
    if !issue.properties.iter().any(|(present, _)| *present == key) {
        return Err(Refusal::not_found(format!("The property {key} does not exist.")));
    }
    site.set_issue_property(stamp, issue.id, &key, None)?;
    Ok(no_content())
}
