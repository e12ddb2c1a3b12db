//! Approvals of a request: looking, and deciding.

use axum::extract::Path;
use serde::Deserialize;

use super::{Answer, JsmRefusal, Slice, base_price, requests::visible, stamp, user};
use crate::{
    gateway::Charge,
    jira::{
        body::JsonBody,
        json::{self, Json},
        session::{Session, json_answer, ok},
        view::View,
    },
    world::{
        EditError,
        jira::{Issue, Request},
    },
};

/// A request has one approval at most, with the id of its issue.
fn asked_for(issue: &Issue) -> Option<&Request> {
    issue.request.as_ref().filter(|request| !request.approvers.is_empty())
}

fn named<'i>(issue: &'i Issue, id: &str) -> Result<&'i Request, JsmRefusal> {
    let request = asked_for(issue).filter(|_| issue.id.to_string() == id);
    request.ok_or_else(|| {
        JsmRefusal::new(
            http::StatusCode::NOT_FOUND,
            "sd.error.approval.not.found",
            "The approval does not exist.",
        )
    })
}

pub(super) async fn all(Path(name): Path<String>, session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible(&view, &name)?;
    let listed: Vec<&Request> = asked_for(&issue).into_iter().collect();
    Ok(slice.answer(&session, &listed, base_price, |json, request| approval(json, &view, &issue, request)))
}

pub(super) async fn one(Path((name, id)): Path<(String, String)>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible(&view, &name)?;
    let request = named(&issue, &id)?;
    Ok(ok(Charge::BASE, |json| approval(json, &view, &issue, request)))
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Decision {
    Approve,
    Decline,
}

#[derive(Debug, Deserialize)]
struct Decided {
    decision: Decision,
}

/// Only an approver who has not answered may answer, while the approval is open.
pub(super) async fn decide(
    Path((name, id)): Path<(String, String)>,
    session: Session,
    body: JsonBody,
) -> Answer {
    let Decided { decision } = body
        .read()
        .map_err(|_| JsmRefusal::bad_request("The body needs a `decision`: `approve` or `decline`."))?;
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let issue = {
        let view = session.view(&site);
        let issue = visible(&view, &name)?;
        let request = named(&issue, &id)?;
        if !request.approvers.iter().any(|(approver, _)| *approver == stamp.by) {
            return Err(JsmRefusal::not_an_agent());
        }
        if !may_answer(request, Some(stamp.by)) {
            return Err(JsmRefusal::new(
                http::StatusCode::CONFLICT,
                "sd.error.approval.already.answered",
                "The approval was answered already.",
            ));
        }
        issue.id
    };
    let yes = matches!(decision, Decision::Approve);
    site.edit_request(stamp, issue, |request| {
        let own = request.approvers.iter_mut().find(|(approver, _)| *approver == stamp.by);
        own.ok_or(EditError::Missing("the approver"))?.1 = Some(yes);
        request.decided = request.decision().map(|_| stamp.at);
        Ok(())
    })?;
    let view = session.view(&site);
    let issue = site.issue(issue).ok_or_else(JsmRefusal::no_request)?;
    let request = named(&issue, &id)?;
    let text = json::text(|json| approval(json, &view, &issue, request));
    Ok(json_answer(http::StatusCode::OK, text, Charge::WRITE))
}

fn may_answer(request: &Request, account: Option<crate::world::AccountIndex>) -> bool {
    let waits = |(approver, decision): &(crate::world::AccountIndex, Option<bool>)| {
        decision.is_none() && Some(*approver) == account
    };
    request.decision().is_none() && request.approvers.iter().any(waits)
}

fn word(decision: Option<bool>) -> &'static str {
    match decision {
        None => "pending",
        Some(true) => "approved",
        Some(false) => "declined",
    }
}

fn approval(json: &mut Json, view: &View<'_>, issue: &Issue, request: &Request) {
    json.object(|json| {
        json.key("id").plain(issue.id);
        json.key("name").string("Waiting for approval");
        json.key("finalDecision").string(word(request.decision()));
        json.key("canAnswerApproval").boolean(may_answer(request, view.reader.account()));
        json.key("approvers").array(|json| {
            for (approver, decision) in &request.approvers {
                json.object(|json| {
                    json.key("approver");
                    user(json, view, *approver);
                    json.key("approverDecision").string(word(*decision));
                });
            }
        });
        json.key("createdDate");
        view.jsm_date(json, issue.created);
        if let Some(decided) = request.decided {
            json.key("completedDate");
            view.jsm_date(json, decided);
        }
        json.key("_links").object(|json| {
            json.key("self").plain(format_args!(
                "{}/rest/servicedeskapi/request/{}/approval/{}",
                view.url, issue.id, issue.id
            ));
        });
    });
}
