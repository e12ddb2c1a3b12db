//! Properties of comments, worklogs and people, and what an attached archive holds.

use axum::{Router, extract::Path, routing::get};

use super::{attachments::visible, comments::no_comment, issues::visible_issue};
use crate::{
    gateway::{AppState, Charge},
    jira::{
        refusal::{Answer, Refusal},
        session::{Session, ok},
        view::View,
    },
    world::{CommentId, WorklogId, jira::Attachment},
};

/// The property that says whether a comment of a request is public.
const PUBLIC_COMMENT: &str = "sd.public.comment";

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/comment/{comment}/properties", get(keys_of_comment))
        .route("/comment/{comment}/properties/{key}", get(property_of_comment))
        .route("/issue/{issue}/worklog/{worklog}/properties", get(keys_of_worklog))
        .route("/issue/{issue}/worklog/{worklog}/properties/{key}", get(property_of_worklog))
        .route("/user/properties", get(keys_of_user))
        .route("/user/properties/{key}", get(property_of_user))
        .route("/attachment/{id}/expand/human", get(archive))
}

/// Whether a comment the caller sees is an internal note.
fn is_internal(view: &View<'_>, id: &str) -> Result<bool, Refusal> {
    let found = CommentId::parse(id).and_then(|id| view.site.comment(id)).filter(|(issue, comment)| {
        view.site.can_see_issue(&view.reader, &issue.head())
            && view.site.can_see_comment(&view.reader, issue, comment)
    });
    found.map(|(_, comment)| !comment.public).ok_or_else(|| no_comment(id))
}

async fn keys_of_comment(Path(comment): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let internal = is_internal(&view, &comment)?;
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("keys").array(|json| {
                if internal {
                    json.object(|json| {
                        json.key("self").string(
                            &view.link(format_args!("comment/{comment}/properties/{PUBLIC_COMMENT}")),
                        );
                        json.key("key").string(PUBLIC_COMMENT);
                    });
                }
            });
        });
    }))
}

fn no_property(key: &str) -> Refusal {
    Refusal::not_found(format!("The property with key '{key}' does not exist."))
}

async fn property_of_comment(Path((comment, key)): Path<(String, String)>, session: Session) -> Answer {
    let site = session.site().read();
    let internal = is_internal(&session.view(&site), &comment)?;
    if !internal || key != PUBLIC_COMMENT {
        return Err(no_property(&key));
    }
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("key").string(PUBLIC_COMMENT);
            json.key("value").object(|json| json.key("internal").boolean(true));
        });
    }))
}

fn require_worklog(view: &View<'_>, issue: &str, worklog: &str) -> Result<(), Refusal> {
    let issue = visible_issue(view, issue)?;
    let id = WorklogId::parse(worklog);
    let found = view.visible_worklogs(&issue).into_iter().any(|it| Some(it.id) == id);
    if found { Ok(()) } else { Err(Refusal::not_found(format!("Cannot find worklog with id: '{worklog}'."))) }
}

/// Worklogs have no properties here: no app writes them.
async fn keys_of_worklog(Path((issue, worklog)): Path<(String, String)>, session: Session) -> Answer {
    let site = session.site().read();
    require_worklog(&session.view(&site), &issue, &worklog)?;
    Ok(ok(Charge::BASE, |json| json.object(|json| json.key("keys").array(|_| {}))))
}

async fn property_of_worklog(
    Path((issue, worklog, key)): Path<(String, String, String)>,
    session: Session,
) -> Answer {
    let site = session.site().read();
    require_worklog(&session.view(&site), &issue, &worklog)?;
    Err(no_property(&key))
}

/// The properties of a person are for that person and for administrators.
fn require_person(session: &Session) -> Result<(), Refusal> {
    let own = session.signed_in()?;
    let id = session.query.text("accountId");
    let id =
        id.ok_or_else(|| Refusal::bad_request("The 'accountId' query parameter needs to be provided"))?;
    let site = session.site().read();
    if id != own.account_id {
        session.require_admin(&site)?;
    }
    let found = site.account_by_id(id);
    found.map(|_| ()).ok_or_else(|| Refusal::not_found("The user does not exist."))
}

async fn keys_of_user(session: Session) -> Answer {
    require_person(&session)?;
    Ok(ok(Charge::BASE, |json| json.object(|json| json.key("keys").array(|_| {}))))
}

async fn property_of_user(Path(key): Path<String>, session: Session) -> Answer {
    require_person(&session)?;
    Err(no_property(&key))
}

/// What an attached archive holds, by its names: the sandbox keeps no contents, so the entries follow from the id.
async fn archive(Path(id): Path<String>, session: Session) -> Answer {
    let (_, attachment) = visible(&session, &id)?;
    if &*attachment.mime_type != "application/zip" {
        return Err(Refusal::new(
            http::StatusCode::CONFLICT,
            "The attachment is not an archive of a supported format.",
        ));
    }
    let entries = entries(&attachment);
    Ok(ok(Charge::core(1), |json| {
        json.object(|json| {
            json.key("id").number(attachment.id);
            json.key("name").string(&attachment.filename);
            json.key("mediaType").string(&attachment.mime_type);
            json.key("totalEntryCount").number(entries.len());
            json.key("entries").array(|json| {
                for (index, (path, size)) in entries.iter().enumerate() {
                    json.object(|json| {
                        json.key("path").string(path);
                        json.key("index").number(index);
                        json.key("label").string(path.rsplit('/').next().unwrap_or(path));
                        json.key("mediaType").string("text/plain");
                        json.key("size").string(&format!("{size} kB"));
                    });
                }
            });
        });
    }))
}

fn entries(attachment: &Attachment) -> Vec<(String, u64)> {
    let count = 1 + attachment.id.0 % 4;
    let share = (attachment.size / 1_024 / count).max(1);
    (0..count).map(|n| (format!("export/part-{n}.txt"), share)).collect()
}
