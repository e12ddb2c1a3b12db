//! How the customer rated a request: the reporter's, once it is resolved. The rating is the value of the issue's custom field.

use axum::extract::Path;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::{
    Answer, JsmRefusal, desks,
    files::Text,
    requests::{own_request, sees_as_agent, visible},
    stamp,
};
use crate::{
    gateway::Charge,
    jira::{
        body::JsonBody,
        session::{Session, json_answer, no_content},
        view::View,
    },
    world::{
        FieldId, IssueId, SiteState, Stamp,
        jira::{CustomValue, FieldChange, FieldKind, Issue},
    },
};

/// Longest comment beside a rating, in characters.
const MAX_COMMENT: usize = 32_767;

fn field(site: &SiteState) -> Result<FieldId, JsmRefusal> {
    let field = site.jira().field_of_kind(FieldKind::RequestFeedback).map(|field| field.id);
    field.ok_or_else(|| JsmRefusal::bad_request("Feedback is switched off on this site."))
}

fn rating(site: &SiteState, issue: &Issue) -> Option<u64> {
    let Some(CustomValue::Json(text)) = issue.custom_value(field(site).ok()?) else { return None };
    serde_json::from_str::<serde_json::Value>(text).ok()?.get("rating")?.as_u64()
}

fn no_feedback() -> JsmRefusal {
    JsmRefusal::new(StatusCode::NOT_FOUND, "sd.error.feedback.not.found", "The request has no feedback.")
}

fn body_of(site: &SiteState, issue: &Issue) -> Result<String, JsmRefusal> {
    let rating = rating(site, issue).ok_or_else(no_feedback)?;
    let mut body = json!({ "type": "csat", "rating": rating });
    if let Some(comment) = &own_request(issue)?.feedback {
        body["comment"] = json!({ "body": &**comment });
    }
    Ok(body.to_string())
}

pub(super) async fn show(Path(name): Path<String>, session: Session, headers: HeaderMap) -> Answer {
    desks::require_opt_in(&headers)?;
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible(&view, &name)?;
    require_involved(&view, &issue)?;
    Ok(json_answer(StatusCode::OK, body_of(&site, &issue)?, Charge::BASE))
}

fn require_involved(view: &View<'_>, issue: &Issue) -> Result<(), JsmRefusal> {
    let reporter = issue.reporter.is_some() && issue.reporter == view.reader.account();
    if reporter || sees_as_agent(view, issue) { Ok(()) } else { Err(JsmRefusal::not_an_agent()) }
}

#[derive(Debug, Deserialize)]
struct Feedback {
    rating: u64,
    comment: Option<Text>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

pub(super) async fn give(
    Path(name): Path<String>,
    session: Session,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer {
    desks::require_opt_in(&headers)?;
    let given: Feedback = body.read().map_err(|_| JsmRefusal::bad_request("The body needs a `rating`."))?;
    if !(1..=5).contains(&given.rating) || given.kind.as_deref().is_some_and(|kind| kind != "csat") {
        return Err(JsmRefusal::bad_request("The rating must be 1 to 5 and the type `csat`."));
    }
    let comment = given.comment.and_then(|text| text.body).filter(|text| !text.is_empty());
    if comment.as_ref().is_some_and(|text| text.chars().count() > MAX_COMMENT) {
        return Err(JsmRefusal::bad_request("The comment has more than 32,767 characters."));
    }
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let id = own_resolved(&session.view(&site), &name)?;
    let value = CustomValue::Json(json!({ "rating": given.rating }).to_string().into());
    set(&mut site, stamp, id, Some(value), comment)?;
    let issue = site.issue(id).ok_or_else(JsmRefusal::no_request)?;
    Ok(json_answer(StatusCode::CREATED, body_of(&site, &issue)?, Charge::WRITE))
}

pub(super) async fn take_back(Path(name): Path<String>, session: Session, headers: HeaderMap) -> Answer {
    desks::require_opt_in(&headers)?;
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let id = own_resolved(&session.view(&site), &name)?;
    if site.issue(id).is_none_or(|issue| rating(&site, &issue).is_none()) {
        return Err(no_feedback());
    }
    set(&mut site, stamp, id, None, None)?;
    Ok(no_content())
}

/// The request of a path, which the caller reported and somebody resolved.
fn own_resolved(view: &View<'_>, name: &str) -> Result<IssueId, JsmRefusal> {
    let issue = visible(view, name)?;
    if issue.reporter.is_none() || issue.reporter != view.reader.account() {
        return Err(JsmRefusal::not_an_agent());
    }
    if issue.resolution.is_none() {
        return Err(JsmRefusal::bad_request("Feedback can be given once the request is resolved."));
    }
    Ok(issue.id)
}

fn set(
    site: &mut SiteState,
    stamp: Stamp,
    id: IssueId,
    value: Option<CustomValue>,
    comment: Option<String>,
) -> Result<(), JsmRefusal> {
    let field = field(site)?;
    site.edit_issue(stamp, id, vec![FieldChange::Custom(field, value)])?;
    site.edit_request(stamp, id, |request| {
        request.feedback = comment.map(Into::into);
        Ok(())
    })?;
    Ok(())
}
