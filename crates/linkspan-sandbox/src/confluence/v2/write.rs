//! Writes of API v2. A change that is refused for want of rights answers 404, as the document has it.

use axum::body::Bytes;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use std::sync::Arc;

use super::comments::{self, Place};
use super::content;
use super::misc::read_json;
use crate::confluence::answer::{Answer, Refusal, no_content, written};
use crate::confluence::body::BodyFormat;
use crate::confluence::body_input::BodyInput;
use crate::confluence::edit::{self, Creation, Update};
use crate::confluence::view::{Ask, path_id};
use crate::world::confluence::{CommentPlace, ContentKind, Detail};
use crate::world::{Body, ContentId, SpaceId};

/// An id given as a string or as a number.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum IdInput {
    Text(String),
    Number(u64),
}

impl IdInput {
    fn read(self) -> Result<u64, Refusal> {
        match self {
            Self::Number(number) => Ok(number),
            Self::Text(text) => path_id(&text),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContentInput {
    space_id: Option<IdInput>,
    status: Option<String>,
    title: Option<String>,
    parent_id: Option<IdInput>,
    body: Option<BodyInput>,
    version: Option<VersionInput>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VersionInput {
    number: u32,
    #[serde(default)]
    message: String,
    #[serde(default)]
    minor_edit: bool,
}

fn is_draft(status: Option<&str>) -> Result<bool, Refusal> {
    match status {
        None | Some("current") => Ok(false),
        Some("draft") => Ok(true),
        Some(other) => Err(Refusal::wrong_type(other, "status", "current or draft")),
    }
}

/// `POST /pages`
pub(super) async fn create_page(ask: Ask, body: Bytes) -> Answer {
    create(&ask, &body, ContentKind::Page)
}

/// `POST /blogposts`
pub(super) async fn create_blogpost(ask: Ask, body: Bytes) -> Answer {
    create(&ask, &body, ContentKind::BlogPost)
}

fn create(ask: &Ask, body: &Bytes, kind: ContentKind) -> Answer {
    let input: ContentInput = read_json(body)?;
    let is_draft = is_draft(input.status.as_deref())?;
    let title = input.title.unwrap_or_default();
    if title.trim().is_empty() && !is_draft {
        return Err(Refusal::bad_request("a title is required"));
    }
    let at_root = ask.parameters.flag("root-level");
    if at_root && input.parent_id.is_some() {
        return Err(Refusal::bad_request("parentId may not be given with root-level"));
    }
    let creation = Creation {
        kind,
        space: SpaceId(input.space_id.ok_or_else(|| Refusal::bad_request("spaceId is required"))?.read()?),
        parent: input.parent_id.map(IdInput::read).transpose()?.map(ContentId),
        at_root,
        title,
        body: input.body.map_or(Ok(Body::Empty), BodyInput::into_body)?,
        is_draft,
        is_private: ask.parameters.flag("private"),
        detail: Detail::Plain,
    };
    let id = edit::create(ask, creation).map_err(hide)?;
    answer_content(ask, id, kind)
}

/// `PUT /pages/{id}`
pub(super) async fn update_page(ask: Ask, Path(id): Path<String>, body: Bytes) -> Answer {
    update(&ask, &id, &body, ContentKind::Page)
}

/// `PUT /blogposts/{id}`
pub(super) async fn update_blogpost(ask: Ask, Path(id): Path<String>, body: Bytes) -> Answer {
    update(&ask, &id, &body, ContentKind::BlogPost)
}

fn update(ask: &Ask, id: &str, body: &Bytes, kind: ContentKind) -> Answer {
    let id = ContentId(path_id(id)?);
    let input: ContentInput = read_json(body)?;
    let version = input.version.ok_or_else(|| Refusal::bad_request("version.number is required"))?;
    if let Some(space) = input.space_id {
        let space = SpaceId(space.read()?);
        let stays = ask.read(|view| view.head(id).is_none_or(|head| head.space == space));
        if !stays {
            return Err(Refusal::bad_request("content cannot be moved to another space this way"));
        }
    }
    let change = Update {
        title: input.title,
        body: input.body.map(BodyInput::into_body).transpose()?,
        version: version.number,
        message: version.message,
        minor_edit: version.minor_edit,
        is_draft: is_draft(input.status.as_deref())?,
        parent: input.parent_id.map(IdInput::read).transpose()?.map(ContentId),
    };
    edit::update(ask, id, Some(kind), change).map_err(hide)?;
    answer_content(ask, id, kind)
}

/// `PUT /pages/{id}/title`: a new version that changes nothing else.
pub(super) async fn retitle_page(ask: Ask, Path(id): Path<String>, body: Bytes) -> Answer {
    let id = ContentId(path_id(&id)?);
    let input: ContentInput = read_json(&body)?;
    let title = input.title.ok_or_else(|| Refusal::bad_request("a title is required"))?;
    let present = ask.read(|view| view.content(id, ContentKind::Page).map(|content| content.head.version))?;
    let is_draft = is_draft(input.status.as_deref())?;
    let change = Update {
        title: Some(title),
        body: None,
        version: if is_draft { 1 } else { present + 1 },
        message: String::new(),
        minor_edit: false,
        is_draft,
        parent: None,
    };
    edit::update(&ask, id, Some(ContentKind::Page), change).map_err(hide)?;
    answer_content(&ask, id, ContentKind::Page)
}

fn answer_content(ask: &Ask, id: ContentId, kind: ContentKind) -> Answer {
    ask.read(|view| {
        let content = view.content(id, kind)?;
        let json = content::write_single(view, &content, Some(BodyFormat::Storage), &ask.parameters);
        Ok(written(StatusCode::OK, json))
    })
}

/// `DELETE /pages/{id}`
pub(super) async fn delete_page(ask: Ask, Path(id): Path<String>) -> Answer {
    delete(&ask, &id, ContentKind::Page)
}

/// `DELETE /blogposts/{id}`
pub(super) async fn delete_blogpost(ask: Ask, Path(id): Path<String>) -> Answer {
    delete(&ask, &id, ContentKind::BlogPost)
}

fn delete(ask: &Ask, id: &str, kind: ContentKind) -> Answer {
    edit::delete(ask, ContentId(path_id(id)?), Some(kind), ask.parameters.flag("purge")).map_err(hide)?;
    Ok(no_content())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommentInput {
    page_id: Option<IdInput>,
    blog_post_id: Option<IdInput>,
    parent_comment_id: Option<IdInput>,
    attachment_id: Option<String>,
    custom_content_id: Option<IdInput>,
    body: Option<BodyInput>,
    inline_comment_properties: Option<SelectionInput>,
    version: Option<VersionInput>,
    resolved: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SelectionInput {
    text_selection: String,
}

/// `POST /footer-comments` and `POST /inline-comments`
pub(super) fn create_comment(ask: &Ask, body: &Bytes, place: Place) -> Answer {
    let input: CommentInput = read_json(body)?;
    if input.attachment_id.is_some() || input.custom_content_id.is_some() {
        return Err(Refusal::not_found());
    }
    let container = input.page_id.or(input.blog_post_id).map(IdInput::read).transpose()?.map(ContentId);
    let parent = input.parent_comment_id.map(IdInput::read).transpose()?.map(ContentId);
    if container.is_some() == parent.is_some() {
        return Err(Refusal::bad_request("give exactly one of pageId, blogPostId and parentCommentId"));
    }
    let place = match (place, input.inline_comment_properties) {
        (Place::Footer, _) => CommentPlace::Footer,
        (Place::Inline, Some(selected)) => CommentPlace::Inline {
            marker: Arc::from(format!("inline-{}", ask.now())),
            selection: Arc::from(selected.text_selection),
            resolution: "open",
            resolved_by: None,
        },
        // A reply stands where its root stands.
        (Place::Inline, None) if parent.is_some() => CommentPlace::Footer,
        (Place::Inline, None) => return Err(Refusal::bad_request("inlineCommentProperties is required")),
    };
    let body = input.body.ok_or_else(|| Refusal::bad_request("a body is required"))?.into_body()?;
    let id = edit::comment(ask, container, parent, place, body).map_err(hide)?;
    answer_comment(ask, id, StatusCode::CREATED)
}

/// `PUT /footer-comments/{comment-id}` and its inline twin
pub(super) fn update_comment(ask: &Ask, id: &str, body: &Bytes, place: Place) -> Answer {
    let input: CommentInput = read_json(body)?;
    let version = input.version.ok_or_else(|| Refusal::bad_request("version.number is required"))?;
    let (_, comment) = ask.read(|view| comments::find(view, id, place))?;
    let is_resolved = matches!(comment.place, CommentPlace::Inline { resolution: "resolved", .. });
    if input.resolved.is_some_and(|wanted| wanted != is_resolved) {
        return Err(Refusal::bad_request("the resolution of inline comments cannot be changed on this site"));
    }
    let body = input.body.map_or_else(|| Ok(comment.body), BodyInput::into_body)?;
    edit::edit_comment(ask, comment.id, version.number, body).map_err(hide)?;
    answer_comment(ask, comment.id, StatusCode::OK)
}

fn answer_comment(ask: &Ask, id: ContentId, status: StatusCode) -> Answer {
    ask.read(|view| {
        let (content, comment) = view.comment(id)?;
        let json =
            comments::write_single(view, &content, &comment, Some(BodyFormat::Storage), &ask.parameters);
        Ok(written(status, json))
    })
}

/// `DELETE /footer-comments/{comment-id}` and its inline twin
pub(super) fn delete_comment(ask: &Ask, id: &str, place: Place) -> Answer {
    let (_, comment) = ask.read(|view| comments::find(view, id, place))?;
    edit::delete_comment(ask, comment.id).map_err(hide)?;
    Ok(no_content())
}

/// What the caller has no right to do looks like what is not there.
pub(super) fn hide(refusal: Refusal) -> Refusal {
    if refusal.status() == StatusCode::FORBIDDEN { Refusal::not_found() } else { refusal }
}

/// `DELETE /attachments/{id}`: into the trash, and with `purge=true` out of it for good.
pub(super) async fn delete_attachment(ask: Ask, Path(id): Path<String>) -> Result<Response, Refusal> {
    edit::delete_file(&ask, super::file_id(&id)?, ask.parameters.flag("purge")).map_err(hide)?;
    Ok(no_content())
}
