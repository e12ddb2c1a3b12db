//! Raising requests, commenting on them, and moving them on.

use axum::extract::Path;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Answer, JsmRefusal, desks,
    files::Text,
    is_agent,
    portal::{FormField, chosen, form_fields},
    requests::{comment_object, request, visible},
    stamp,
    status::open_to,
};
use crate::{
    gateway::Charge,
    jira::{
        body::JsonBody,
        json,
        session::{Session, Version, json_answer, no_content},
        view::View,
        write::rich_text,
    },
    world::{
        AccountIndex, Rich, SiteState,
        jira::{CustomValue, FieldChange, NewComment, NewIssue, Request, RequestType},
    },
};

/// Longest comment, in characters.
const MAX_TEXT: usize = 32_767;
/// Most participants named when a request is raised.
const MAX_PARTICIPANTS: usize = 100;

#[derive(Debug, Deserialize)]
struct CommentRequest {
    body: String,
    #[serde(default = "always")]
    public: bool,
}

const fn always() -> bool {
    true
}

fn checked(text: String) -> Result<Rich, JsmRefusal> {
    if text.trim().is_empty() || text.chars().count() > MAX_TEXT {
        return Err(JsmRefusal::bad_request("The comment must have between 1 and 32,767 characters."));
    }
    Ok(Rich::Wiki(text.into()))
}

/// Customers add public comments only; the body is wiki markup.
pub(super) async fn add_comment(Path(name): Path<String>, session: Session, body: JsonBody) -> Answer {
    let wanted: CommentRequest = body
        .read()
        .map_err(|_| JsmRefusal::bad_request("The body needs a text `body` and may have a flag `public`."))?;
    let text = checked(wanted.body)?;
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let issue = {
        let view = session.view(&site);
        let issue = visible(&view, &name)?;
        if !wanted.public && !site.can_see_issue(&view.reader, &issue.head()) {
            return Err(JsmRefusal::not_an_agent());
        }
        issue.id
    };
    let new = NewComment { body: text, visibility: None, public: wanted.public };
    let id = site.add_comment(stamp, issue, new)?;
    let view = session.view(&site);
    let (issue, comment) = site.comment(id).ok_or_else(JsmRefusal::no_request)?;
    let text = json::text(|json| comment_object(json, &session, &view, &issue, &comment, &[]));
    Ok(json_answer(StatusCode::CREATED, text, Charge::WRITE))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Transition {
    id: String,
    additional_comment: Option<Text>,
}

/// `POST request/{}/transition`, with a public comment if there is one.
pub(super) async fn transition(Path(name): Path<String>, session: Session, body: JsonBody) -> Answer {
    let wanted: Transition =
        body.read().map_err(|_| JsmRefusal::bad_request("The body needs the `id` of a transition."))?;
    let comment = wanted.additional_comment.and_then(|text| text.body).map(checked).transpose()?;
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let (issue, status) = {
        let view = session.view(&site);
        let issue = visible(&view, &name)?;
        let status = open_to(&view, &issue).into_iter().find(|it| it.id.to_string() == wanted.id);
        let status = status.ok_or_else(|| {
            JsmRefusal::bad_request("The transition does not exist, or you may not make it.")
        })?;
        (issue.id, status.id)
    };
    site.edit_issue(stamp, issue, vec![FieldChange::Status(status)])?;
    if let Some(body) = comment {
        site.add_comment(stamp, issue, NewComment { body, visibility: None, public: true })?;
    }
    Ok(no_content())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewRequest {
    service_desk_id: String,
    request_type_id: String,
    #[serde(default)]
    request_field_values: Map<String, Value>,
    #[serde(default)]
    request_participants: Vec<String>,
    raise_on_behalf_of: Option<String>,
    #[serde(default)]
    is_adf_request: bool,
}

/// `POST request`
pub(super) async fn create(session: Session, body: JsonBody) -> Answer {
    let wanted: NewRequest = body.read().map_err(|_| {
        JsmRefusal::bad_request("The body needs `serviceDeskId`, `requestTypeId` and `requestFieldValues`.")
    })?;
    if wanted.request_participants.len() > MAX_PARTICIPANTS {
        return Err(JsmRefusal::bad_request("At most 100 participants can be named."));
    }
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let new = {
        let view = session.view(&site);
        let (project, desk) = desks::named(&view, &wanted.service_desk_id)?;
        let kind = desks::named_type(desk, &wanted.request_type_id)?;
        let (summary, mut fields) = form_values(&site, kind, &wanted)?;
        let reporter = match &wanted.raise_on_behalf_of {
            None => stamp.by,
            Some(id) => on_behalf_of(&view, id)?,
        };
        fields.push(FieldChange::Reporter(Some(reporter)));
        let mut raised = Request::new(kind.id, "api");
        for id in &wanted.request_participants {
            raised.participants.push(account(&site, id)?);
        }
        raised.participants.sort_unstable();
        raised.participants.dedup();
        raised.participants.retain(|account| *account != reporter);
        NewIssue {
            project: project.id,
            issue_type: kind.issue_type,
            summary: summary.into(),
            fields,
            request: Some(raised),
        }
    };
    let id = site.create_issue(stamp, new)?;
    let view = session.view(&site);
    let issue = site.issue(id).ok_or_else(JsmRefusal::no_request)?;
    let text = json::text(|json| request(json, &session, &view, &issue, &[]));
    Ok(json_answer(StatusCode::CREATED, text, Charge::WRITE))
}

fn account(site: &SiteState, id: &str) -> Result<AccountIndex, JsmRefusal> {
    let account = site.account_by_id(id).map(|account| account.index);
    account.ok_or_else(|| JsmRefusal::bad_request(format!("The account '{id}' does not exist.")))
}

/// Agents raise requests for others, whom they name by account id or e-mail.
fn on_behalf_of(view: &View<'_>, name: &str) -> Result<AccountIndex, JsmRefusal> {
    if !is_agent(view) {
        return Err(JsmRefusal::not_an_agent());
    }
    let by_email = || {
        let account = view.site.directory().by_email(name)?;
        view.site.is_present(account.index).then_some(account.index)
    };
    account(view.site, name).or_else(|error| by_email().ok_or(error))
}

/// The summary and the other values of a form; fields that the form does not have are refused.
fn form_values(
    site: &SiteState,
    kind: &RequestType,
    wanted: &NewRequest,
) -> Result<(String, Vec<FieldChange>), JsmRefusal> {
    let form = form_fields(site, kind);
    let mut summary = None;
    let mut fields = Vec::new();
    for (name, value) in &wanted.request_field_values {
        let field = form.iter().find(|field| field.id() == *name).ok_or_else(|| {
            JsmRefusal::bad_request(format!("The field '{name}' is not part of this request type."))
        })?;
        match field {
            FormField::Summary => summary = value.as_str().map(str::to_owned),
            FormField::Description if value.is_null() => {}
            FormField::Description => {
                let version = if wanted.is_adf_request { Version::V3 } else { Version::V2 };
                let text = rich_text(version, value).map_err(JsmRefusal::bad_request)?;
                fields.push(FieldChange::Description(Some(text)));
            }
            FormField::Choice(choice) => {
                let option = chosen(choice, value).ok_or_else(|| {
                    JsmRefusal::bad_request(format!("The field '{name}' has no such option."))
                })?;
                fields.push(FieldChange::Custom(choice.id, Some(CustomValue::Option(option))));
            }
        }
    }
    let summary = summary.filter(|text| !text.trim().is_empty() && text.chars().count() <= 255);
    let summary = summary
        .ok_or_else(|| JsmRefusal::bad_request("You must specify a summary of 1 to 255 characters."))?;
    Ok((summary, fields))
}
