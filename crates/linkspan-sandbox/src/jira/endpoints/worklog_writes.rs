//! Adding, changing and deleting worklogs.

use axum::extract::Path;
use http::StatusCode;
use serde_json::Value;

use super::{issues::visible_issue, worklogs::no_worklog};
use crate::{
    gateway::Charge,
    jira::{
        body::JsonBody,
        json,
        refusal::{Answer, Refusal},
        session::{Session, json_answer, no_content},
        time,
        view::View,
        write::{duration_seconds, project_of, require, require_all_or_own, rich_text, stamp, visibility},
    },
    world::{
        SiteState, WorklogId,
        jira::{Issue, NewWorklog, Project, Worklog},
    },
};

/// The worklog a request describes. What an edit leaves out stays as it is.
pub(super) fn new_worklog(
    view: &View<'_>,
    project: &Project,
    value: &Value,
    present: Option<&Worklog>,
) -> Result<NewWorklog, Refusal> {
    let seconds = value.get("timeSpentSeconds").and_then(Value::as_u64).and_then(|it| u32::try_from(it).ok());
    let words = value.get("timeSpent").and_then(Value::as_str);
    let spent = match (seconds, words) {
        (Some(seconds), _) => Some(seconds),
        (None, Some(words)) => duration_seconds(words),
        (None, None) => present.map(|worklog| worklog.seconds),
    };
    let seconds = spent.filter(|seconds| *seconds >= 60);
    let seconds =
        seconds.ok_or_else(|| Refusal::field("timeLogged", "You must indicate the time spent working."))?;
    let started = match value.get("started").and_then(Value::as_str) {
        Some(text) => {
            let at = time::parse(text);
            at.ok_or_else(|| {
                Refusal::field(
                    "started",
                    format!("The date '{text}' is not in the format yyyy-MM-dd'T'HH:mm:ss.SSSZ."),
                )
            })?
        }
        None => present.map_or(view.now, |worklog| worklog.started),
    };
    let comment = match value.get("comment") {
        None | Some(Value::Null) => present.and_then(|worklog| worklog.comment.clone()),
        Some(text) => {
            Some(rich_text(view.version, text).map_err(|message| Refusal::field("comment", message))?)
        }
    };
    let visibility = match value.get("visibility") {
        None => present.and_then(|worklog| worklog.visibility),
        restricted => {
            visibility(view, project, restricted).map_err(|message| Refusal::field("visibility", message))?
        }
    };
    Ok(NewWorklog { comment, started, seconds, visibility })
}

pub(super) async fn add(Path(id_or_key): Path<String>, session: Session, body: JsonBody) -> Answer {
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let (issue, new) = {
        let view = session.view(&site);
        let issue = visible_issue(&view, &id_or_key)?;
        let project = project_of(&site, &issue)?;
        require(&session, &site, "WORK_ON_ISSUES", project, Some(&issue.head()))?;
        let new = new_worklog(&view, project, &body.0, None)?;
        (issue.id, new)
    };
    let id = site.add_worklog(stamp, issue, new)?;
    answer(&session, &site, id, StatusCode::CREATED)
}

fn answer(session: &Session, site: &SiteState, id: WorklogId, status: StatusCode) -> Answer {
    let view = session.view(site);
    let (issue, worklog) = site.worklog(id).ok_or_else(|| no_worklog(&id.to_string()))?;
    let text = json::text(|json| view.worklog(json, issue.id, &worklog));
    Ok(json_answer(status, text, Charge::WRITE))
}

/// A visible worklog the caller may change: with the permission for all worklogs, or for the own ones.
fn changeable(
    session: &Session,
    site: &SiteState,
    (id_or_key, worklog): (&str, &str),
    verb: &str,
) -> Result<(std::sync::Arc<Issue>, Worklog), Refusal> {
    let view = session.view(site);
    let issue = visible_issue(&view, id_or_key)?;
    let id = WorklogId::parse(worklog);
    let found = view.visible_worklogs(&issue).into_iter().find(|it| Some(it.id) == id).cloned();
    let found = found.ok_or_else(|| no_worklog(worklog))?;
    require_all_or_own(session, site, (verb, "WORKLOGS"), &issue, found.author)?;
    Ok((issue, found))
}

pub(super) async fn edit(
    Path((id_or_key, worklog)): Path<(String, String)>,
    session: Session,
    body: JsonBody,
) -> Answer {
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let (id, new) = {
        let (issue, present) = changeable(&session, &site, (&id_or_key, &worklog), "EDIT")?;
        let view = session.view(&site);
        let new = new_worklog(&view, project_of(&site, &issue)?, &body.0, Some(&present))?;
        (present.id, new)
    };
    site.edit_worklog(stamp, id, new)?;
    answer(&session, &site, id, StatusCode::OK)
}

pub(super) async fn delete(Path((id_or_key, worklog)): Path<(String, String)>, session: Session) -> Answer {
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let (_, present) = changeable(&session, &site, (&id_or_key, &worklog), "DELETE")?;
    site.delete_worklog(stamp, present.id)?;
    Ok(no_content())
}
