//! Adding, changing and deleting comments.

use axum::extract::Path;
use http::StatusCode;
use serde_json::Value;

use super::{
    comments::{expansions, no_comment},
    issues::visible_issue,
};
use crate::{
    gateway::Charge,
    jira::{
        body::JsonBody,
        json,
        refusal::{Answer, Refusal},
        session::{Session, json_answer, no_content},
        view::View,
        write::{project_of, require, require_all_or_own, rich_text, stamp, visibility},
    },
    world::{
        CommentId, SiteState,
        jira::{Comment, Issue, NewComment, Project},
    },
};

/// The comment a request describes. What an edit leaves out stays as it is.
pub(super) fn new_comment(
    view: &View<'_>,
    project: &Project,
    value: &Value,
    present: Option<&Comment>,
) -> Result<NewComment, Refusal> {
    let invalid = |message: String| Refusal::field("comment", message);
    let body = match value.get("body") {
        Some(body) => {
            rich_text(view.version, body).map_err(|_| invalid("Comment body is not valid!".to_owned()))?
        }
        None => return Err(invalid("Comment body can not be empty!".to_owned())),
    };
    if body.wiki().trim().is_empty() {
        return Err(invalid("Comment body can not be empty!".to_owned()));
    }
    let visibility = match value.get("visibility") {
        None => present.and_then(|comment| comment.visibility),
        restricted => visibility(view, project, restricted)
            .map_err(|message| Refusal::field("commentLevel", message))?,
    };
    let internal = value.get("properties").and_then(Value::as_array).and_then(|list| {
        let property =
            list.iter().find(|property| property.get("key") == Some(&Value::from("sd.public.comment")))?;
        property.get("value")?.get("internal")?.as_bool()
    });
    let public = internal.map_or_else(|| present.is_none_or(|comment| comment.public), |internal| !internal);
    Ok(NewComment { body, visibility, public })
}

pub(super) async fn add(Path(id_or_key): Path<String>, session: Session, body: JsonBody) -> Answer {
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let (issue, new) = {
        let view = session.view(&site);
        let issue = visible_issue(&view, &id_or_key)?;
        let project = project_of(&site, &issue)?;
        require(&session, &site, "ADD_COMMENTS", project, Some(&issue.head()))?;
        let new = new_comment(&view, project, &body.0, None)?;
        (issue.id, new)
    };
    let id = site.add_comment(stamp, issue, new)?;
    answer(&session, &site, id, StatusCode::CREATED)
}

fn answer(session: &Session, site: &SiteState, id: CommentId, status: StatusCode) -> Answer {
    let view = session.view(site);
    let (issue, comment) = site.comment(id).ok_or_else(|| no_comment(&id.to_string()))?;
    let text = json::text(|json| view.comment(json, &issue, &comment, expansions(session)));
    Ok(json_answer(status, text, Charge::WRITE))
}

/// A visible comment the caller may change: with the permission for all comments, or for the own ones.
fn changeable(
    session: &Session,
    site: &SiteState,
    (id_or_key, comment): (&str, &str),
    verb: &str,
) -> Result<(std::sync::Arc<Issue>, Comment), Refusal> {
    let view = session.view(site);
    let issue = visible_issue(&view, id_or_key)?;
    let id = CommentId::parse(comment);
    let found = view.visible_comments(&issue).into_iter().find(|it| Some(it.id) == id).cloned();
    let found = found.ok_or_else(|| no_comment(comment))?;
    require_all_or_own(session, site, (verb, "COMMENTS"), &issue, found.author)?;
    Ok((issue, found))
}

pub(super) async fn edit(
    Path((id_or_key, comment)): Path<(String, String)>,
    session: Session,
    body: JsonBody,
) -> Answer {
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let (id, new) = {
        let (issue, present) = changeable(&session, &site, (&id_or_key, &comment), "EDIT")?;
        let view = session.view(&site);
        let new = new_comment(&view, project_of(&site, &issue)?, &body.0, Some(&present))?;
        (present.id, new)
    };
    site.edit_comment(stamp, id, new)?;
    answer(&session, &site, id, StatusCode::OK)
}

pub(super) async fn delete(Path((id_or_key, comment)): Path<(String, String)>, session: Session) -> Answer {
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let (_, present) = changeable(&session, &site, (&id_or_key, &comment), "DELETE")?;
    site.delete_comment(stamp, present.id)?;
    Ok(no_content())
}
