//! Adding a comment to a request.

use axum::{
    extract::{FromRequest, Path, Request},
    response::IntoResponse,
};
use http::StatusCode;
use serde::Deserialize;

use super::{
    Answer, JsmRefusal,
    requests::{comment_object, visible},
};
use crate::{
    gateway::Charge,
    jira::{
        body::JsonBody,
        json,
        session::{Session, json_answer},
    },
    world::{Rich, Stamp, jira::NewComment},
};

/// Longest comment, in characters.
const MAX_TEXT: usize = 32_767;

#[derive(Debug, Deserialize)]
struct CommentRequest {
    body: String,
    #[serde(default = "always")]
    public: bool,
}

const fn always() -> bool {
    true
}

/// Customers add public comments only; the body is wiki markup.
pub(super) async fn add_comment(Path(name): Path<String>, session: Session, request: Request) -> Answer {
    let body = match JsonBody::from_request(request, &()).await {
        Ok(body) => body,
        Err(refusal) => return Ok(refusal.into_response()),
    };
    let request: CommentRequest = body
        .read()
        .map_err(|_| JsmRefusal::bad_request("The body needs a text `body` and may have a flag `public`."))?;
    if request.body.trim().is_empty() || request.body.chars().count() > MAX_TEXT {
        return Err(JsmRefusal::bad_request("The comment must have between 1 and 32,767 characters."));
    }
    let by = session.account().ok_or_else(JsmRefusal::unauthenticated)?.index;
    let mut site = session.site().write();
    let issue = {
        let view = session.view(&site);
        let issue = visible(&view, &name)?;
        if !request.public && !site.can_see_issue(&view.reader, &issue.head()) {
            return Err(JsmRefusal::not_an_agent());
        }
        issue.id
    };
    let new = NewComment { body: Rich::Wiki(request.body.into()), visibility: None, public: request.public };
    let id = site
        .add_comment(Stamp { at: session.now_ms(), by }, issue, new)
        .map_err(|error| JsmRefusal::bad_request(error.to_string()))?;
    let view = session.view(&site);
    let (issue, comment) = site.comment(id).ok_or_else(JsmRefusal::no_request)?;
    let text = json::text(|json| comment_object(json, &view, &issue, &comment));
    Ok(json_answer(StatusCode::CREATED, text, Charge::WRITE))
}
