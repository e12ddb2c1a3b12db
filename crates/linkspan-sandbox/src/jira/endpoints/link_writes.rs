//! Links between issues, watchers, and files.

use axum::{
    Router,
    extract::{FromRequest, Path, Request},
    routing::post,
};
use http::StatusCode;
use serde_json::Value;

use super::issues::{visible_by_id, visible_issue};
use crate::{
    gateway::{AppState, Charge},
    jira::{
        body::JsonBody,
        json,
        refusal::{Answer, Refusal},
        session::{Session, json_answer, no_content},
        upload::uploaded,
        view::View,
        write::{require, require_all_or_own, stamp},
    },
    world::{
        AccountIndex, AttachmentId, IssueId, IssueLinkId, LinkTypeId, SiteState,
        jira::{Issue, LinkType},
    },
};

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/issueLink", post(link)).route("/issue/{issue}/attachments", post(attach))
}

fn named_type<'s>(site: &'s SiteState, value: Option<&Value>) -> Result<&'s LinkType, Refusal> {
    let text = |name: &str| value.and_then(|it| it.get(name)).and_then(Value::as_str);
    let (id, name) = (text("id"), text("name"));
    let found = site.jira().link_types.iter().find(|kind| match (id, name) {
        (Some(id), _) => kind.id.to_string() == id,
        (None, Some(name)) => {
            [&kind.name, &kind.inward, &kind.outward].iter().any(|it| it.eq_ignore_ascii_case(name))
        }
        (None, None) => false,
    });
    let shown = name.or(id).unwrap_or_default();
    found.ok_or_else(|| Refusal::not_found(format!("No issue link type with name '{shown}' found.")))
}

fn named_end(view: &View<'_>, value: &Value) -> Result<IssueId, Refusal> {
    let named = value.get("id").or_else(|| value.get("key")).and_then(Value::as_str).unwrap_or_default();
    visible_issue(view, named).map(|issue| issue.id)
}

/// A link as `update.issuelinks` adds it: the type, whether the issue is its source, the other end.
pub(super) fn named_link(view: &View<'_>, value: &Value) -> Result<(LinkTypeId, bool, IssueId), Refusal> {
    let kind = named_type(view.site, value.get("type"))?.id;
    match (value.get("outwardIssue"), value.get("inwardIssue")) {
        (Some(other), None) => Ok((kind, true, named_end(view, other)?)),
        (None, Some(other)) => Ok((kind, false, named_end(view, other)?)),
        _ => Err(Refusal::field("issuelinks", "Either an 'inwardIssue' or an 'outwardIssue' must be given.")),
    }
}

fn require_link(session: &Session, site: &SiteState, issue: &Issue) -> Result<(), Refusal> {
    let project = site.project(issue.project).ok_or_else(Refusal::no_issue)?;
    require(session, site, "LINK_ISSUES", project, Some(&issue.head()))
}

/// The inward issue is the source: it shows the outward text.
async fn link(session: Session, body: JsonBody) -> Answer {
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let (kind, source, target) = {
        let view = session.view(&site);
        let end =
            |name: &str| body.0.get(name).ok_or_else(Refusal::payload).and_then(|it| named_end(&view, it));
        let (source, target) = (end("inwardIssue")?, end("outwardIssue")?);
        require_link(&session, &site, &*visible_by_id(&view, source)?)?;
        (named_type(&site, body.0.get("type"))?.id, source, target)
    };
    site.link_issues(stamp, kind, source, target)?;
    Ok(json_answer(StatusCode::CREATED, String::new(), Charge::WRITE))
}

pub(super) async fn unlink(Path(id): Path<String>, session: Session) -> Answer {
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let missing = || Refusal::not_found(format!("No issue link with id '{id}' exists."));
    let (source, link) = IssueLinkId::parse(&id).and_then(|id| site.issue_link(id)).ok_or_else(missing)?;
    {
        let view = session.view(&site);
        let source = visible_by_id(&view, source.id).map_err(|_| missing())?;
        visible_by_id(&view, link.other).map_err(|_| missing())?;
        require_link(&session, &site, &source)?;
    }
    site.unlink_issues(stamp, link.id)?;
    Ok(no_content())
}

/// The account a watcher call names: itself, or with the permission somebody else.
fn watcher(
    session: &Session,
    site: &SiteState,
    issue: &Issue,
    named: Option<&str>,
) -> Result<AccountIndex, Refusal> {
    let own = session.signed_in()?;
    let Some(id) = named.filter(|id| *id != own.account_id) else { return Ok(own.index) };
    let project = site.project(issue.project).ok_or_else(Refusal::no_issue)?;
    require(session, site, "MANAGE_WATCHERS", project, Some(&issue.head()))?;
    let found = site.account_by_id(id);
    found
        .map(|account| account.index)
        .ok_or_else(|| Refusal::not_found(format!("The user with account ID {id} does not exist.")))
}

pub(super) async fn watch(Path(id_or_key): Path<String>, session: Session, request: Request) -> Answer {
    stamp(&session)?;
    // The body is a JSON string, or empty for oneself.
    let bytes = axum::body::Bytes::from_request(request, &()).await.unwrap_or_default();
    let named: Option<String> = if bytes.is_empty() {
        None
    } else {
        Some(serde_json::from_slice(&bytes).map_err(|_| Refusal::payload())?)
    };
    let mut site = session.site().write();
    let issue = visible_issue(&session.view(&site), &id_or_key)?;
    let account = watcher(&session, &site, &issue, named.as_deref())?;
    site.set_watcher(issue.id, account, true)?;
    Ok(no_content())
}

pub(super) async fn unwatch(Path(id_or_key): Path<String>, session: Session) -> Answer {
    stamp(&session)?;
    let mut site = session.site().write();
    let issue = visible_issue(&session.view(&site), &id_or_key)?;
    let account = watcher(&session, &site, &issue, session.query.text("accountId"))?;
    site.set_watcher(issue.id, account, false)?;
    Ok(no_content())
}

/// A vote for an issue; nobody votes for an issue they reported.
pub(super) async fn vote(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let issue = visible_issue(&session.view(&site), &id_or_key)?;
    if issue.reporter == Some(stamp.by) {
        return Err(Refusal::not_found("You cannot vote for an issue you have reported."));
    }
    site.set_vote(issue.id, stamp.by, true)?;
    Ok(no_content())
}

pub(super) async fn unvote(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let issue = visible_issue(&session.view(&site), &id_or_key)?;
    if !site.set_vote(issue.id, stamp.by, false)? {
        return Err(Refusal::not_found("You have not voted for this issue."));
    }
    Ok(no_content())
}

async fn attach(Path(id_or_key): Path<String>, session: Session, request: Request) -> Answer {
    let stamp = stamp(&session)?;
    let files = uploaded(request).await?;
    let mut site = session.site().write();
    let issue = visible_issue(&session.view(&site), &id_or_key)?;
    let project = site.project(issue.project).ok_or_else(Refusal::no_issue)?;
    require(&session, &site, "CREATE_ATTACHMENTS", project, Some(&issue.head()))?;
    let mut ids = Vec::with_capacity(files.len());
    for file in &files {
        ids.push(site.add_attachment(stamp, issue.id, &file.name, &file.media_type, file.size)?);
    }
    let view = session.view(&site);
    let text = json::text(|json| {
        json.array(|json| {
            let added = ids.iter().filter_map(|id| site.attachment(*id));
            added.for_each(|(_, attachment)| view.attachment(json, &attachment, false));
        });
    });
    Ok(json_answer(StatusCode::OK, text, Charge::WRITE))
}

pub(super) async fn delete_attachment(Path(id): Path<String>, session: Session) -> Answer {
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let missing = || Refusal::not_found(format!("The attachment with id '{id}' does not exist"));
    let found = AttachmentId::parse(&id).and_then(|id| site.attachment(id));
    let (issue, attachment) = found.ok_or_else(missing)?;
    {
        let view = session.view(&site);
        let issue = visible_by_id(&view, issue.id).map_err(|_| missing())?;
        require_all_or_own(&session, &site, ("DELETE", "ATTACHMENTS"), &issue, attachment.author)?;
    }
    site.delete_attachment(stamp, attachment.id)?;
    Ok(no_content())
}
