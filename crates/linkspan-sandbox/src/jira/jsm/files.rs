//! Files of a request: lists, contents, and the two steps of an upload.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Extension,
    extract::{Path, Request},
};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::{
    Answer, JsmRefusal, Slice, desks,
    requests::{comment_object, sees_as_agent, visible, visible_comments},
    stamp, user,
};
use crate::{
    gateway::{Charge, charged},
    jira::{
        body::JsonBody,
        endpoints::signed_address,
        json::{self, Json},
        refusal::Refusal,
        session::{Session, json_answer},
        upload::{UploadedFile, uploaded},
        view::View,
    },
    world::{
        AccountIndex, AttachmentId, CommentId, Millis, Rich,
        jira::{Attachment, Comment, Issue, NewComment},
    },
};

/// Uploads that wait to be attached, of all sites together; older ones are forgotten.
const MAX_TEMPORARY: usize = 1_000;
/// How long an upload waits to be attached: an hour.
const TEMPORARY_MS: Millis = 3_600_000;

/// A file between its upload and its attachment.
#[derive(Debug, Clone)]
struct Temporary {
    id: String,
    cloud_id: String,
    by: AccountIndex,
    at: Millis,
    file: UploadedFile,
}

/// The uploads that wait.
#[derive(Debug, Clone, Default)]
pub(super) struct Uploads(Arc<Mutex<VecDeque<Temporary>>>);

/// The files of a request the caller may see. Customers see those of the request itself and of public comments; who sees
/// the issue in Jira sees what Jira shows.
pub(super) fn visible_files<'i>(view: &View<'_>, issue: &'i Issue) -> Vec<&'i Attachment> {
    let files = issue.attachments.iter();
    if sees_as_agent(view, issue) {
        return files.filter(|file| view.site.can_see_attachment(&view.reader, issue, file)).collect();
    }
    let mentioned = |file: &Attachment, public: bool| {
        issue
            .comments
            .iter()
            .any(|it| it.public == public && it.body.mentions_file(&file.media_id, &file.filename))
    };
    files.filter(|file| mentioned(file, true) || !mentioned(file, false)).collect()
}

fn of_comment<'i>(view: &View<'_>, issue: &'i Issue, comment: &Comment) -> Vec<&'i Attachment> {
    let files = visible_files(view, issue).into_iter();
    files.filter(|file| comment.body.mentions_file(&file.media_id, &file.filename)).collect()
}

/// A file as JSM shows it.
pub(super) fn file_object(json: &mut Json, view: &View<'_>, issue: &Issue, file: &Attachment) {
    json.object(|json| {
        json.key("filename").string(&file.filename);
        if let Some(author) = file.author {
            json.key("author");
            user(json, view, author);
        }
        json.key("created");
        view.jsm_date(json, file.created);
        json.key("size").number(file.size);
        json.key("mimeType").string(&file.mime_type);
        json.key("_links").object(|json| {
            let (url, id) = (view.url, file.id);
            json.key("self")
                .plain(format_args!("{url}/rest/servicedeskapi/request/{}/attachment/{id}", issue.id));
            json.key("jiraRest").plain(format_args!("{url}/rest/api/2/attachment/{id}"));
            json.key("content").plain(format_args!("{url}/rest/api/2/attachment/content/{id}"));
            json.key("thumbnail").plain(format_args!("{url}/rest/api/2/attachment/thumbnail/{id}"));
        });
    });
}

pub(super) async fn of_request(Path(name): Path<String>, session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible(&view, &name)?;
    let files = visible_files(&view, &issue);
    Ok(slice.answer(&session, &files, Charge::core, |json, file| file_object(json, &view, &issue, file)))
}

pub(super) async fn of_one_comment(
    Path((name, comment)): Path<(String, String)>,
    session: Session,
    headers: http::HeaderMap,
) -> Answer {
    desks::require_opt_in(&headers)?;
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible(&view, &name)?;
    let id = CommentId::parse(&comment);
    let found = visible_comments(&view, &issue).into_iter().find(|it| Some(it.id) == id);
    let found = found.ok_or_else(JsmRefusal::no_comment)?;
    let files = of_comment(&view, &issue, found);
    Ok(slice.answer(&session, &files, Charge::core, |json, file| file_object(json, &view, &issue, file)))
}

/// The contents, by way of the platform's signed address.
pub(super) async fn content(Path((name, file)): Path<(String, String)>, session: Session) -> Answer {
    redirect_to(&session, &name, &file)
}

fn redirect_to(session: &Session, name: &str, file: &str) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible(&view, name)?;
    let id = AttachmentId::parse(file);
    let found = visible_files(&view, &issue).into_iter().any(|it| Some(it.id) == id);
    let address =
        id.filter(|_| found).and_then(|id| HeaderValue::from_str(&signed_address(session, id)).ok());
    let address = address.ok_or_else(|| {
        JsmRefusal::new(
            StatusCode::NOT_FOUND,
            "sd.error.attachment.not.found",
            "The attachment does not exist.",
        )
    })?;
    Ok(charged((StatusCode::SEE_OTHER, [(header::LOCATION, address)]), Charge::core(1)))
}

/// Uploads are refused for the same reasons as on the platform, in JSM's own form.
fn refused_upload(refusal: &Refusal) -> JsmRefusal {
    JsmRefusal::new(refusal.status, "sd.error.attachment.upload.refused", refusal.messages.join(" "))
}

/// `POST …/attachTemporaryFile`
pub(super) async fn upload(
    Path(desk): Path<String>,
    session: Session,
    Extension(uploads): Extension<Uploads>,
    request: Request,
) -> Answer {
    let stamp = stamp(&session)?;
    let files = uploaded(request).await.map_err(|refusal| refused_upload(&refusal))?;
    {
        let site = session.site().read();
        desks::named(&session.view(&site), &desk)?;
    }
    let cloud_id = session.site().cloud_id().to_owned();
    let mut waiting = uploads.0.lock().unwrap_or_else(PoisonError::into_inner);
    waiting.retain(|file| stamp.at - file.at < TEMPORARY_MS);
    let mut ids = Vec::with_capacity(files.len());
    for (number, file) in files.into_iter().enumerate() {
        let mark = format!("{}/{}/{}/{number}/{}", stamp.at, stamp.by.0, file.name, waiting.len());
        let id = format!("temp-{}", uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, mark.as_bytes()));
        if waiting.len() == MAX_TEMPORARY {
            waiting.pop_front();
        }
        ids.push((id.clone(), file.name.clone()));
        let cloud_id = cloud_id.clone();
        waiting.push_back(Temporary { id, cloud_id, by: stamp.by, at: stamp.at, file });
    }
    let text = json::text(|json| {
        json.object(|json| {
            json.key("temporaryAttachments").array(|json| {
                for (id, name) in &ids {
                    json.object(|json| {
                        json.key("temporaryAttachmentId").string(id);
                        json.key("fileName").string(name);
                    });
                }
            });
        });
    });
    Ok(json_answer(StatusCode::CREATED, text, Charge::WRITE))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attaching {
    temporary_attachment_ids: Vec<String>,
    #[serde(default = "yes")]
    public: bool,
    additional_comment: Option<Text>,
}

/// A comment's text as several bodies carry it.
#[derive(Debug, Deserialize)]
pub(super) struct Text {
    pub(super) body: Option<String>,
}

const fn yes() -> bool {
    true
}

/// `POST request/{}/attachment`: attaches uploads of the same caller, with a comment that shows them.
pub(super) async fn attach(
    Path(name): Path<String>,
    session: Session,
    Extension(uploads): Extension<Uploads>,
    body: JsonBody,
) -> Answer {
    let wanted: Attaching =
        body.read().map_err(|_| JsmRefusal::bad_request("The body needs `temporaryAttachmentIds`."))?;
    let stamp = stamp(&session)?;
    let mut site = session.site().write();
    let id = {
        let view = session.view(&site);
        let issue = visible(&view, &name)?;
        if !wanted.public && !sees_as_agent(&view, &issue) {
            return Err(JsmRefusal::not_an_agent());
        }
        issue.id
    };
    let files = take(&uploads, &session, stamp, &wanted.temporary_attachment_ids)?;
    let mut markup = wanted.additional_comment.and_then(|text| text.body).unwrap_or_default();
    let mut attached = Vec::with_capacity(files.len());
    for Temporary { file, .. } in &files {
        attached.push(site.add_attachment(stamp, id, &file.name, &file.media_type, file.size)?);
        // Writing to a `String` cannot fail.
        let _ = write!(markup, "\n\n!{}|thumbnail!", file.name);
    }
    let body = Rich::Wiki(markup.trim().into());
    let comment =
        site.add_comment(stamp, id, NewComment { body, visibility: None, public: wanted.public })?;
    let view = session.view(&site);
    let (issue, comment) = site.comment(comment).ok_or_else(JsmRefusal::no_request)?;
    let files: Vec<&Attachment> = issue.attachments.iter().filter(|it| attached.contains(&it.id)).collect();
    let text = json::text(|json| {
        json.object(|json| {
            json.key("comment");
            comment_object(json, &session, &view, &issue, &comment, &[]);
            json.key("attachments");
            Slice::WHOLE.write(json, &session, &files, |json, file| file_object(json, &view, &issue, file));
        });
    });
    Ok(json_answer(StatusCode::CREATED, text, Charge::WRITE))
}

/// Takes uploads of the caller out of the waiting ones, all or none.
fn take(
    uploads: &Uploads,
    session: &Session,
    stamp: crate::world::Stamp,
    ids: &[String],
) -> Result<Vec<Temporary>, JsmRefusal> {
    let mut waiting = uploads.0.lock().unwrap_or_else(PoisonError::into_inner);
    let own = |file: &Temporary| {
        file.cloud_id == session.site().cloud_id() && file.by == stamp.by && stamp.at - file.at < TEMPORARY_MS
    };
    let find = |id: &String| waiting.iter().find(|file| file.id == *id && own(file)).cloned();
    let found: Option<Vec<Temporary>> = ids.iter().map(find).collect();
    let found = found.filter(|found| !found.is_empty()).ok_or_else(|| {
        JsmRefusal::bad_request("A temporary attachment does not exist, or its time is over.")
    })?;
    waiting.retain(|file| !ids.contains(&file.id));
    Ok(found)
}

/// The member `attachments` of a comment.
pub(super) fn comment_files(
    json: &mut Json,
    session: &Session,
    view: &View<'_>,
    issue: &Issue,
    comment: &Comment,
) {
    let files = of_comment(view, issue, comment);
    Slice::WHOLE.write(json, session, &files, |json, file| file_object(json, view, issue, file));
}
