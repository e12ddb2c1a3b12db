//! Requests and their comments, as agents and as customers see them.

use std::sync::Arc;

use axum::extract::Path;

use super::{
    Answer, JsmRefusal, Slice, base_price,
    desks::{desk_object, request_type_object},
    files::{comment_files, file_object, visible_files},
    is_agent,
    people::may_share,
    portal::{FormField, form_fields},
    status::{history, status},
    user,
};
use crate::{
    gateway::Charge,
    jira::{
        json::Json,
        session::{Session, ok},
        view::View,
    },
    world::{
        CommentId, SiteState,
        jira::{Comment, Issue, Request, RequestType, SlaMetric},
    },
};

/// Whether the caller sees a request in the Jira view, where internal notes are.
pub(super) fn sees_as_agent(view: &View<'_>, issue: &Issue) -> bool {
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
pub(super) fn visible_comments<'i>(view: &View<'_>, issue: &'i Issue) -> Vec<&'i Comment> {
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
    Ok(slice
        .answer(&session, &found, Charge::core, |json, issue| request(json, &session, &view, issue, &expand)))
}

pub(super) async fn one(Path(name): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible(&view, &name)?;
    let expand = session.query.list("expand");
    Ok(ok(Charge::core(1), |json| request(json, &session, &view, &issue, &expand)))
}

pub(super) fn request(json: &mut Json, session: &Session, view: &View<'_>, issue: &Issue, expand: &[&str]) {
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
        if expand.iter().any(|word| matches!(*word, "requestType" | "requestType.field"))
            && let Some((_, kind)) = view.site.jira().request_type(own.request_type)
        {
            json.key("requestType");
            let with_form = expand.contains(&"requestType.field");
            request_type_object(json, view, desk_id, kind, with_form);
        }
        json.key("serviceDeskId").plain(desk_id);
        if expand.contains(&"serviceDesk")
            && let (Some(project), Some(desk)) = (project, desk)
        {
            json.key("serviceDesk");
            desk_object(json, view, project, desk);
        }
        json.key("createdDate");
        view.jsm_date(json, issue.created);
        if let Some(reporter) = issue.reporter {
            json.key("reporter");
            user(json, view, reporter);
        }
        let kind = view.site.jira().request_type(own.request_type).map(|(_, kind)| kind);
        json.key("requestFieldValues").array(|json| field_values(json, view, issue, kind));
        json.key("currentStatus");
        status(json, view, (issue.status, issue.status_category_changed));
        expansions(json, session, view, issue, own, expand);
        json.key("_links").object(|json| {
            json.key("jiraRest").plain(format_args!("{}/rest/api/2/issue/{}", view.url, issue.id));
            json.key("web").plain(format_args!("{}/servicedesk/customer/portal/{desk_id}/{key}", view.url));
            json.key("agent").plain(format_args!("{}/browse/{key}", view.url));
            json.key("self").plain(format_args!("{}/rest/servicedeskapi/request/{}", view.url, issue.id));
        });
    });
}

fn expansions(
    json: &mut Json,
    session: &Session,
    view: &View<'_>,
    issue: &Issue,
    own: &Request,
    expand: &[&str],
) {
    let whole = Slice::WHOLE;
    if expand.contains(&"participant") {
        json.key("participants");
        whole.write(json, session, &own.participants, |json, account| user(json, view, *account));
    }
    if expand.contains(&"status") {
        json.key("status");
        whole.write(json, session, &history(view, issue), |json, step| status(json, view, *step));
    }
    if expand.contains(&"sla") && is_agent(view) {
        json.key("sla");
        whole.write(json, session, &SlaMetric::ALL, |json, metric| view.sla(json, issue, *metric));
    }
    if expand.contains(&"attachment") {
        json.key("attachments");
        let files = visible_files(view, issue);
        whole.write(json, session, &files, |json, file| file_object(json, view, issue, file));
    }
    if expand.contains(&"action") {
        let shares = may_share(view, issue);
        json.key("actions").object(|json| {
            for (name, allowed) in [
                ("addAttachment", true),
                ("addComment", true),
                ("addParticipant", shares),
                ("removeParticipant", shares),
            ] {
                json.key(name).object(|json| json.key("allowed").boolean(allowed));
            }
        });
    }
    if expand.iter().any(|word| word.split('.').next() == Some("comment")) {
        json.key("comments");
        let parts: Vec<&str> = expand.iter().filter_map(|word| word.strip_prefix("comment.")).collect();
        let comments = visible_comments(view, issue);
        whole.write(json, session, &comments, |json, comment| {
            comment_object(json, session, view, issue, comment, &parts);
        });
    }
}

/// The text of a comment as HTML: its lines, with everything that HTML would read otherwise escaped.
fn rendered(comment: &Comment) -> String {
    let text = comment.body.wiki();
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let lines: Vec<String> = escaped.lines().map(|line| format!("<p>{line}</p>")).collect();
    lines.concat()
}

fn field_values(json: &mut Json, view: &View<'_>, issue: &Issue, kind: Option<&RequestType>) {
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
    for field in kind.into_iter().flat_map(|kind| form_fields(view.site, kind)) {
        let FormField::Choice(choice) = field else { continue };
        if issue.custom_value(choice.id).is_some() {
            json.object(|json| {
                json.key("fieldId").plain(choice.id);
                json.key("label").string(field.label());
                json.key("value");
                view.custom_value(json, issue, choice);
            });
        }
    }
}

/// A comment as JSM shows it: the body is wiki markup in every version. `expand` may hold `attachment` and `renderedBody`.
pub(super) fn comment_object(
    json: &mut Json,
    session: &Session,
    view: &View<'_>,
    issue: &Issue,
    comment: &Comment,
    expand: &[&str],
) {
    json.object(|json| {
        json.key("_expands")
            .array(|json| ["attachment", "renderedBody"].iter().for_each(|word| json.string(word)));
        json.key("id").plain(comment.id);
        json.key("body").string(&comment.body.wiki());
        if expand.contains(&"renderedBody") {
            json.key("renderedBody").object(|json| json.key("html").string(&rendered(comment)));
        }
        if expand.contains(&"attachment") {
            json.key("attachments");
            comment_files(json, session, view, issue, comment);
        }
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
    let expand = session.query.list("expand");
    let issue = visible(&view, &name).ok();
    let mut comments: Vec<(&Issue, &Comment)> = Vec::new();
    if let Some(issue) = &issue {
        let wanted = |comment: &&Comment| if comment.public { public } else { internal };
        comments.extend(
            visible_comments(&view, issue).into_iter().filter(wanted).map(|comment| (&**issue, comment)),
        );
    }
    Ok(slice.answer(&session, &comments, base_price, |json, (issue, comment)| {
        comment_object(json, &session, &view, issue, comment, &expand);
    }))
}

pub(super) async fn comment(Path((name, comment)): Path<(String, String)>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible(&view, &name)?;
    let id = CommentId::parse(&comment);
    let found = visible_comments(&view, &issue).into_iter().find(|it| Some(it.id) == id);
    let found = found.ok_or_else(JsmRefusal::no_comment)?;
    let expand = session.query.list("expand");
    Ok(ok(Charge::BASE, |json| comment_object(json, &session, &view, &issue, found, &expand)))
}

/// The request of an issue that is one.
pub(super) fn own_request(issue: &Issue) -> Result<&Request, JsmRefusal> {
    issue.request.as_ref().ok_or_else(JsmRefusal::no_request)
}
