//! Requests and their comments, as agents and as customers see them.

use std::sync::Arc;

use axum::extract::Path;

use super::{Answer, JsmRefusal, Slice, desks::request_type_object, is_agent, user};
use crate::{
    gateway::Charge,
    jira::{
        json::Json,
        session::{Session, ok},
        view::View,
    },
    world::{
        CommentId, SiteState,
        jira::{Comment, Issue, Request, StatusCategory},
    },
};

/// Whether the caller sees a request in the Jira view, where internal notes are.
fn sees_as_agent(view: &View<'_>, issue: &Issue) -> bool {
    issue.request.is_some() && view.site.can_see_issue(&view.reader, &issue.head())
}

/// The request of an issue id or key, if the caller may see it.
pub(super) fn visible(view: &View<'_>, name: &str) -> Result<Arc<Issue>, JsmRefusal> {
    let issue =
        view.site.find_issue(name).and_then(|id| view.site.issue(id)).filter(|issue| issue.request.is_some());
    let seen =
        issue.filter(|issue| sees_as_agent(view, issue) || view.site.can_see_request(&view.reader, issue));
    seen.ok_or_else(JsmRefusal::no_request)
}

/// The comments of a request the caller may see: customers see public ones only.
fn visible_comments<'i>(view: &View<'_>, issue: &'i Issue) -> Vec<&'i Comment> {
    if sees_as_agent(view, issue) {
        return view.visible_comments(issue);
    }
    issue.comments.iter().filter(|comment| SiteState::can_see_request_comment(comment)).collect()
}

pub(super) async fn all(session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    if view.reader.account().is_none() {
        return Err(JsmRefusal::unauthenticated());
    }
    let ownership = session.query.list("requestOwnership");
    let everything = ownership.contains(&"ALL_REQUESTS") && is_agent(&view);
    let own = view.reader.account();
    let owned = |issue: &Issue| {
        let Some(request) = &issue.request else { return false };
        let reported = issue.reporter.is_some() && issue.reporter == own;
        let takes_part = own.is_some_and(|own| request.participants.contains(&own));
        let shared = request.organizations.iter().any(|it| view.reader.organizations.contains(it));
        let approves = request.approvers.iter().any(|(approver, _)| Some(*approver) == own);
        if ownership.is_empty() {
            return reported || takes_part || shared;
        }
        ownership.iter().any(|kind| match *kind {
            "OWNED_REQUESTS" => reported,
            "PARTICIPATED_REQUESTS" => takes_part,
            "ORGANIZATION" | "ALL_ORGANIZATIONS" => shared,
            "APPROVER" => approves,
            _ => false,
        })
    };
    let status = session.query.text("requestStatus").unwrap_or("ALL_REQUESTS");
    let in_status = |issue: &Issue| match status {
        "OPEN_REQUESTS" => issue.resolution.is_none(),
        "CLOSED_REQUESTS" => issue.resolution.is_some(),
        _ => true,
    };
    let (desk, kind) = (session.query.text("serviceDeskId"), session.query.text("requestTypeId"));
    let text = session.query.text("searchTerm").map(str::to_lowercase);
    let desks = site.jira().projects.iter().filter(|project| {
        let own_desk = project.service_desk.as_ref();
        own_desk.is_some_and(|it| desk.is_none_or(|desk| it.id.to_string() == desk))
    });
    let mut found: Vec<Arc<Issue>> = desks
        .flat_map(|project| site.issue_ids_in(project.id))
        .filter_map(|id| site.issue(id))
        .filter(|issue| issue.archived.is_none() && in_status(issue))
        .filter(|issue| {
            if everything {
                sees_as_agent(&view, issue)
            } else {
                owned(issue) && site.can_see_request(&view.reader, issue)
            }
        })
        .filter(|issue| {
            kind.is_none_or(|kind| {
                issue.request.as_ref().is_some_and(|it| it.request_type.to_string() == kind)
            })
        })
        .filter(|issue| text.as_ref().is_none_or(|text| issue.summary.to_lowercase().contains(text)))
        .collect();
    // Latest activity first.
    found.sort_by_key(|issue| (std::cmp::Reverse(issue.updated), issue.id));
    let expand = session.query.list("expand");
    Ok(slice.answer(&session, &found, |json, issue| request(json, &session, &view, issue, &expand)))
}

pub(super) async fn one(Path(name): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible(&view, &name)?;
    let expand = session.query.list("expand");
    Ok(ok(Charge::BASE, |json| request(json, &session, &view, &issue, &expand)))
}

fn request(json: &mut Json, session: &Session, view: &View<'_>, issue: &Issue, expand: &[&str]) {
    let Some(own) = &issue.request else { return };
    let key = view.site.key_of(issue.project, issue.number);
    let project = view.site.project(issue.project);
    let desk = project.and_then(|project| project.service_desk.as_ref());
    let desk_id = desk.map(|desk| desk.id).unwrap_or_default();
    json.object(|json| {
        json.key("_expands").array(|json| {
            let words = [
                "participant",
                "status",
                "sla",
                "requestType",
                "serviceDesk",
                "attachment",
                "action",
                "comment",
            ];
            for word in words {
                json.string(word);
            }
        });
        json.key("issueId").plain(issue.id);
        json.key("issueKey").string(&key);
        json.key("summary").string(&issue.summary);
        json.key("requestTypeId").plain(own.request_type);
        if expand.contains(&"requestType")
            && let Some((_, kind)) = view.site.jira().request_type(own.request_type)
        {
            json.key("requestType");
            request_type_object(json, view, desk_id, kind);
        }
        json.key("serviceDeskId").plain(desk_id);
        json.key("createdDate");
        view.jsm_date(json, issue.created);
        if let Some(reporter) = issue.reporter {
            json.key("reporter");
            user(json, view, reporter);
        }
        json.key("requestFieldValues").array(|json| field_values(json, issue));
        json.key("currentStatus");
        status(json, view, issue);
        let whole = Slice { start: 0, limit: super::MAX_LIMIT };
        if expand.contains(&"participant") {
            json.key("participants");
            whole.write(json, session, &own.participants, |json, account| user(json, view, *account));
        }
        if expand.contains(&"status") {
            json.key("status");
            whole.write(json, session, &[()], |json, ()| status(json, view, issue));
        }
        if expand.iter().any(|word| word.split('.').next() == Some("comment")) {
            json.key("comments");
            let comments = visible_comments(view, issue);
            whole.write(json, session, &comments, |json, comment| comment_object(json, view, issue, comment));
        }
        json.key("_links").object(|json| {
            json.key("jiraRest").plain(format_args!("{}/rest/api/2/issue/{}", view.url, issue.id));
            json.key("web").plain(format_args!("{}/servicedesk/customer/portal/{desk_id}/{key}", view.url));
            json.key("agent").plain(format_args!("{}/browse/{key}", view.url));
            json.key("self").plain(format_args!("{}/rest/servicedeskapi/request/{}", view.url, issue.id));
        });
    });
}

fn field_values(json: &mut Json, issue: &Issue) {
    json.object(|json| {
        json.key("fieldId").string("summary");
        json.key("label").string("Summary");
        json.key("value").string(&issue.summary);
    });
    if let Some(description) = &issue.description {
        json.object(|json| {
            json.key("fieldId").string("description");
            json.key("label").string("Description");
            json.key("value").string(&description.wiki());
        });
    }
}

fn status(json: &mut Json, view: &View<'_>, issue: &Issue) {
    let status = view.site.jira().status(issue.status);
    json.object(|json| {
        json.key("status").string(status.map_or("", |status| status.name.as_str()));
        json.key("statusCategory").string(match status.map(|status| status.category) {
            None => "UNDEFINED",
            Some(StatusCategory::ToDo) => "NEW",
            Some(StatusCategory::InProgress) => "INDETERMINATE",
            Some(StatusCategory::Done) => "DONE",
        });
        json.key("statusDate");
        view.jsm_date(json, issue.status_category_changed);
    });
}

/// A comment as JSM shows it: the body is wiki markup in every version.
pub(super) fn comment_object(json: &mut Json, view: &View<'_>, issue: &Issue, comment: &Comment) {
    json.object(|json| {
        json.key("_expands")
            .array(|json| ["attachment", "renderedBody"].iter().for_each(|word| json.string(word)));
        json.key("id").plain(comment.id);
        json.key("body").string(&comment.body.wiki());
        json.key("public").boolean(comment.public);
        if let Some(author) = comment.author {
            json.key("author");
            user(json, view, author);
        }
        json.key("created");
        view.jsm_date(json, comment.created);
        json.key("_links").object(|json| {
            json.key("self").plain(format_args!(
                "{}/rest/servicedeskapi/request/{}/comment/{}",
                view.url, issue.id, comment.id
            ));
        });
    });
}

/// Without access the page is empty and no error: an empty page is no proof that there are no comments.
pub(super) async fn comments(Path(name): Path<String>, session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    let (public, internal) = (session.query.flag("public", true), session.query.flag("internal", true));
    let issue = visible(&view, &name).ok();
    let mut comments: Vec<(&Issue, &Comment)> = Vec::new();
    if let Some(issue) = &issue {
        let wanted = |comment: &&Comment| if comment.public { public } else { internal };
        comments.extend(
            visible_comments(&view, issue).into_iter().filter(wanted).map(|comment| (&**issue, comment)),
        );
    }
    Ok(slice
        .answer(&session, &comments, |json, (issue, comment)| comment_object(json, &view, issue, comment)))
}

pub(super) async fn comment(Path((name, comment)): Path<(String, String)>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible(&view, &name)?;
    let id = CommentId::parse(&comment);
    let found = visible_comments(&view, &issue).into_iter().find(|it| Some(it.id) == id);
    let found = found.ok_or_else(|| {
        JsmRefusal::new(
            http::StatusCode::NOT_FOUND,
            "sd.error.comment.not.found",
            "The comment does not exist.",
        )
    })?;
    Ok(ok(Charge::BASE, |json| comment_object(json, &view, &issue, found)))
}

fn own_request(issue: &Issue) -> Result<&Request, JsmRefusal> {
    issue.request.as_ref().ok_or_else(JsmRefusal::no_request)
}

pub(super) async fn participants(Path(name): Path<String>, session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible(&view, &name)?;
    Ok(slice
        .answer(&session, &own_request(&issue)?.participants, |json, account| user(json, &view, *account)))
}

pub(super) async fn statuses(Path(name): Path<String>, session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible(&view, &name)?;
    Ok(slice.answer(&session, &[()], |json, ()| status(json, &view, &issue)))
}

pub(super) async fn approvals(Path(name): Path<String>, session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible(&view, &name)?;
    let request = own_request(&issue)?;
    let listed: &[()] = if request.approvers.is_empty() { &[] } else { &[()] };
    Ok(slice.answer(&session, listed, |json, ()| approval(json, &view, &issue, request)))
}

fn approval(json: &mut Json, view: &View<'_>, issue: &Issue, request: &Request) {
    let decisions = || request.approvers.iter().map(|(_, decision)| *decision);
    let word = |decision: Option<bool>| match decision {
        None => "pending",
        Some(true) => "approved",
        Some(false) => "declined",
    };
    let last = if decisions().any(|it| it == Some(false)) {
        Some(false)
    } else {
        decisions().all(|it| it == Some(true)).then_some(true)
    };
    json.object(|json| {
        json.key("id").plain(issue.id);
        json.key("name").string("Waiting for approval");
        json.key("finalDecision").string(word(last));
        let own = view.reader.account();
        let may_answer =
            request.approvers.iter().any(|(approver, decision)| decision.is_none() && Some(*approver) == own);
        json.key("canAnswerApproval").boolean(may_answer);
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
        json.key("_links").object(|json| {
            json.key("self").plain(format_args!(
                "{}/rest/servicedeskapi/request/{}/approval/{}",
                view.url, issue.id, issue.id
            ));
        });
    });
}
