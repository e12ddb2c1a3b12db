//! Custom content: what apps store beside pages. Lists want its type; one that nobody registered is 404
//! (`atlassian-endpoints.md` 6.7).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use super::OneId;
use super::content::write_included;
use super::list::{self, Cut};
use super::misc::read_json;
use super::{shape, spaces};
use crate::confluence::answer::{Answer, Refusal, no_content, ok, written};
use crate::confluence::body::{BodyFormat, write_body};
use crate::confluence::body_input::BodyInput;
use crate::confluence::edit::{self, Creation, Update};
use crate::confluence::json::JsonWriter;
use crate::confluence::links::WebUi;
use crate::confluence::paging::Position;
use crate::confluence::parameters::Parameters;
use crate::confluence::time::Iso;
use crate::confluence::view::{Ask, View, former, path_id};
use crate::gateway::Charge;
use crate::world::confluence::{Content, ContentHead, ContentKind, ContentStatus, Detail};
use crate::world::{Body, ContentId, SpaceId};

const SORTS: [&str; 4] = ["id", "created-date", "modified-date", "title"];

/// The body as the app wrote it has no format of ours.
fn formats(parameters: &Parameters, single: bool) -> Result<Option<BodyFormat>, Refusal> {
    if parameters.text("body-format") == Some("raw") {
        return Ok(Some(BodyFormat::Storage));
    }
    if single { BodyFormat::single(parameters) } else { BodyFormat::listed(parameters) }
}

fn type_of(content: &Content) -> &str {
    match &content.detail {
        Detail::Custom(name) => name,
        Detail::Plain | Detail::Embed(_) => "",
    }
}

/// Visible custom content whose containers are not in the trash.
pub(super) fn find(view: &View<'_>, id: ContentId) -> Result<Arc<Content>, Refusal> {
    let content = view.content(id, ContentKind::Custom)?;
    let trashed = |id: &ContentId| {
        view.state.content_head(*id).is_none_or(|head| head.status == ContentStatus::Trashed)
    };
    if view.state.content_ancestors(id).iter().any(trashed) { Err(Refusal::not_found()) } else { Ok(content) }
}

/// `GET /custom-content`
pub(super) async fn of_site(ask: Ask) -> Answer {
    let ids = ask.parameters.ids("id")?;
    let spaces = ask.parameters.ids("space-id")?;
    answer_typed(&ask, |head| {
        ids.as_ref().is_none_or(|ids| ids.contains(&head.id.0))
            && spaces.as_ref().is_none_or(|spaces| spaces.contains(&head.space.0))
    })
}

/// `GET /spaces/{id}/custom-content`
pub(super) async fn of_space(ask: Ask, Path(id): OneId) -> Answer {
    let space = ask.read(|view| spaces::find(view, &id).map(|space| space.id))?;
    answer_typed(&ask, |head| head.space == space)
}

/// `GET /pages/{id}/custom-content` and its blog post twin
pub(super) fn of_content(ask: &Ask, id: &str, kind: ContentKind) -> Answer {
    let id = ContentId(path_id(id)?);
    ask.read(|view| view.content(id, kind).map(|_| ()))?;
    answer_typed(ask, |head| head.parent == Some(id))
}

fn answer_typed(ask: &Ask, holds: impl Fn(&ContentHead) -> bool) -> Answer {
    let parameters = &ask.parameters;
    let wanted = parameters.text("type").ok_or_else(|| Refusal::bad_request("type is required"))?;
    let cut = Cut::read(parameters, "id", &SORTS, 25)?;
    let format = formats(parameters, false)?;
    ask.read(|view| {
        let mut typed = view.state.custom_content().filter(|it| type_of(it) == wanted).peekable();
        if typed.peek().is_none() {
            return Err(Refusal::not_found());
        }
        let found = typed.filter(|it| holds(&it.head)).filter_map(|it| find(view, it.head.id).ok());
        let page = cut.apply(found, |content| position(&cut, content));
        let charge = Charge::core(page.items.len());
        Ok(list::answer(parameters, view, &page, charge, |json, content| {
            json.object(|json| {
                members(json, view, content, format, parameters);
                links(json, view, content, None);
            });
        }))
    })
}

fn position(cut: &Cut, content: &Content) -> Position {
    let head = content.head;
    match cut.by() {
        "created-date" => Position::number(head.created, head.id.0),
        "modified-date" => Position::number(head.modified, head.id.0),
        "title" => Position::text(&content.title, head.id.0),
        _ => Position::number(0, head.id.0),
    }
}

fn members(
    json: &mut JsonWriter,
    view: &View<'_>,
    content: &Content,
    format: Option<BodyFormat>,
    parameters: &Parameters,
) {
    let head = content.head;
    json.key("id").display(head.id);
    json.key("type").string(type_of(content));
    json.key("status").string(head.status.as_str());
    json.key("title").string(&content.title);
    json.key("spaceId").display(head.space);
    if let Some(parent) = head.parent {
        json.key(shape::container_key(view.state.content_head(parent).map(|it| it.kind))).display(parent);
    }
    json.key("authorId").string(view.account_id(head.author));
    json.key("createdAt").display(Iso(head.created));
    json.key("version").object(|json| shape::present_version(json, view, content));
    json.key("body").object(|json| {
        if parameters.text("body-format") == Some("raw") {
            json.key("raw").object(|json| {
                json.key("representation").string("raw");
                json.key("value").string(&content.body.storage());
            });
        } else if let Some(format) = format {
            write_body(json, view, &content.body, format);
        }
    });
}

fn links(json: &mut JsonWriter, view: &View<'_>, content: &Content, base: Option<&str>) {
    json.key("_links").object(|json| {
        let space_key = view.space_key(content.head.space);
        json.key("webui").display(WebUi { space_key, head: content.head, title: &content.title });
        if let Some(base) = base {
            json.key("base").string(base);
        }
    });
}

/// `GET /custom-content/{id}`
pub(super) async fn one(ask: Ask, Path(id): OneId) -> Answer {
    let id = ContentId(path_id(&id)?);
    let version = ask.parameters.number::<u32>("version")?;
    ask.read(|view| {
        let content = find(view, id)?;
        let content = match version.filter(|number| *number != content.head.version) {
            Some(number) => former(&content, number).ok_or_else(Refusal::not_found)?,
            None => content,
        };
        Ok(ok(single(&ask, view, &content)?, Charge::core(1)))
    })
}

fn single(ask: &Ask, view: &View<'_>, content: &Content) -> Result<JsonWriter, Refusal> {
    let parameters = &ask.parameters;
    let format = formats(parameters, true)?;
    let path = format!("/wiki/api/v2/custom-content/{}", content.head.id);
    let mut json = JsonWriter::default();
    json.object(|json| {
        members(json, view, content, format, parameters);
        write_included(json, view, content, &path, parameters);
        links(json, view, content, Some(view.base()));
    });
    Ok(json)
}

/// `GET /custom-content/{id}/children`
pub(super) async fn children(ask: Ask, Path(id): OneId) -> Answer {
    let id = ContentId(path_id(&id)?);
    let cut = Cut::read(&ask.parameters, "id", &SORTS, 25)?;
    ask.read(|view| {
        find(view, id)?;
        let below = view.state.content_children(id).into_iter().filter_map(|id| find(view, id).ok());
        let page = cut.apply(below, |content| position(&cut, content));
        let charge = Charge::core(page.items.len());
        Ok(list::answer(&ask.parameters, view, &page, charge, |json, content| {
            json.object(|json| {
                json.key("id").display(content.head.id);
                json.key("status").string(content.head.status.as_str());
                json.key("title").string(&content.title);
                json.key("type").string(type_of(content));
                json.key("spaceId").display(content.head.space);
            });
        }))
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    #[serde(rename = "type")]
    kind: Option<String>,
    space_id: Option<String>,
    page_id: Option<String>,
    blog_post_id: Option<String>,
    custom_content_id: Option<String>,
    title: Option<String>,
    body: Option<BodyInput>,
    version: Option<VersionInput>,
}

#[derive(Debug, Deserialize)]
struct VersionInput {
    number: u32,
    #[serde(default)]
    message: String,
}

/// Longest type name, in bytes.
const MAX_TYPE: usize = 255;

/// `POST /custom-content`
pub(super) async fn create(ask: Ask, body: Bytes) -> Answer {
    let input: Input = read_json(&body)?;
    let kind = input.kind.filter(|kind| kind.starts_with("ac:") && kind.len() <= MAX_TYPE);
    let kind = kind.ok_or_else(|| Refusal::bad_request("a type such as ac:app:module is required"))?;
    let containers: Vec<String> =
        [input.page_id, input.blog_post_id, input.custom_content_id].into_iter().flatten().collect();
    let parent = match (containers.as_slice(), &input.space_id) {
        ([one], _) => Some(ContentId(path_id(one)?)),
        ([], Some(_)) => None,
        _ => return Err(Refusal::bad_request("name one of pageId, blogPostId, customContentId and spaceId")),
    };
    let space = match (parent, input.space_id) {
        (Some(parent), _) => ask.read(|view| view.head(parent).map(|head| head.space)),
        (None, Some(space)) => Some(SpaceId(path_id(&space)?)),
        (None, None) => None,
    };
    let creation = Creation {
        kind: ContentKind::Custom,
        space: space.ok_or_else(Refusal::not_found)?,
        parent,
        at_root: false,
        title: input.title.ok_or_else(|| Refusal::bad_request("a title is required"))?,
        body: input.body.map_or(Ok(Body::Empty), BodyInput::into_body)?,
        is_draft: false,
        is_private: false,
        detail: Detail::Custom(kind.into()),
    };
    let id = edit::create(&ask, creation).map_err(super::write::hide)?;
    answer_written(&ask, id, StatusCode::CREATED)
}

fn answer_written(ask: &Ask, id: ContentId, status: StatusCode) -> Answer {
    let response: Result<Response, Refusal> =
        ask.read(|view| Ok(written(status, single(ask, view, &*find(view, id)?)?)));
    response
}

/// `PUT /custom-content/{id}`
pub(super) async fn update(ask: Ask, Path(id): OneId, body: Bytes) -> Answer {
    let id = ContentId(path_id(&id)?);
    let input: Input = read_json(&body)?;
    let version = input.version.ok_or_else(|| Refusal::bad_request("version.number is required"))?;
    ask.read(|view| find(view, id).map(|_| ()))?;
    let change = Update {
        title: input.title,
        body: input.body.map(BodyInput::into_body).transpose()?,
        version: version.number,
        message: version.message,
        minor_edit: false,
        is_draft: false,
        parent: None,
    };
    edit::update(&ask, id, Some(ContentKind::Custom), change).map_err(super::write::hide)?;
    answer_written(&ask, id, StatusCode::OK)
}

/// `DELETE /custom-content/{id}`
pub(super) async fn delete(ask: Ask, Path(id): OneId) -> Answer {
    let id = ContentId(path_id(&id)?);
    edit::delete(&ask, id, Some(ContentKind::Custom), ask.parameters.flag("purge"))
        .map_err(super::write::hide)?;
    Ok(no_content())
}
