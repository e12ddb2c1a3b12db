//! Folders, whiteboards, databases and smart links: what stands in the page tree beside pages. Bodies of whiteboards and
//! databases are not exposed (`atlassian-endpoints.md` 6.10).

use std::sync::Arc;

use axum::body::Bytes;
use http::StatusCode;
use serde::Deserialize;

use super::content::{operations_on, write_operation};
use super::list::included;
use super::misc::read_json;
use super::tree::{children_of, write_child};
use super::{properties, shape};
use crate::confluence::answer::{Answer, Refusal, no_content, ok, written};
use crate::confluence::edit::{self, Creation};
use crate::confluence::json::JsonWriter;
use crate::confluence::links::WebUi;
use crate::confluence::time::Iso;
use crate::confluence::view::{Ask, View, path_id};
use crate::gateway::Charge;
use crate::world::confluence::{Content, ContentKind, ContentStatus, Detail, Holder};
use crate::world::{Body, ContentId, SpaceId};

/// The segment of a kind's addresses.
pub(super) fn segment(kind: ContentKind) -> &'static str {
    match kind {
        ContentKind::Page => "pages",
        ContentKind::BlogPost => "blogposts",
        ContentKind::Folder => "folders",
        ContentKind::Whiteboard => "whiteboards",
        ContentKind::Database => "databases",
        ContentKind::Embed => "embeds",
        ContentKind::Custom => "custom-content",
    }
}

/// `GET /folders/{id}` and its twins
pub(super) fn single(ask: &Ask, id: &str, kind: ContentKind) -> Answer {
    let id = ContentId(path_id(id)?);
    ask.read(|view| {
        let node = view.content(id, kind)?;
        if !matches!(node.head.status, ContentStatus::Current | ContentStatus::Archived) {
            return Err(Refusal::not_found());
        }
        Ok(ok(write(ask, view, &node), Charge::core(1)))
    })
}

fn write(ask: &Ask, view: &View<'_>, node: &Content) -> JsonWriter {
    let head = node.head;
    let parameters = &ask.parameters;
    let path = format!("/wiki/api/v2/{}/{}", segment(head.kind), head.id);
    let mut json = JsonWriter::default();
    json.object(|json| {
        json.key("id").display(head.id);
        json.key("type").string(head.kind.as_str());
        json.key("status").string(head.status.as_str());
        json.key("title").string(&node.title);
        shape::parent_members(json, view, head);
        json.key("position").integer(i64::from(head.position));
        json.key("authorId").string(view.account_id(head.author));
        json.key("ownerId").string(view.account_id(head.author));
        json.key("createdAt").display(Iso(head.created));
        if let Detail::Embed(address) = &node.detail {
            json.key("embedUrl").string(address);
        }
        json.key("spaceId").display(head.space);
        json.key("version").object(|json| shape::present_version(json, view, node));
        if parameters.flag("include-operations") {
            let operations = operations_on(view, head);
            included(json, "operations", &format!("{path}/operations"), &operations, |json, operation| {
                write_operation(json, *operation);
            });
        }
        if parameters.flag("include-properties") {
            let own = view.state.properties(Holder::Content(head.id));
            included(json, "properties", &format!("{path}/properties"), &own, |json, property| {
                properties::write(json, view, false, property);
            });
        }
        if parameters.flag("include-direct-children") {
            let children = children_of(view, head.id);
            included(json, "directChildren", &format!("{path}/direct-children"), &children, |json, child| {
                write_child(json, view, *child);
            });
        }
        json.key("_links").object(|json| {
            let space_key = view.space_key(head.space);
            json.key("webui").display(WebUi { space_key, head, title: &node.title });
            json.key("base").string(view.base());
        });
    });
    json
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    space_id: Option<String>,
    title: Option<String>,
    parent_id: Option<String>,
    embed_url: Option<String>,
}

/// Longest address of a smart link, in bytes.
const MAX_ADDRESS: usize = 8_192;

/// `POST /folders` and its twins
pub(super) fn create(ask: &Ask, body: &Bytes, kind: ContentKind) -> Answer {
    let input: Input = read_json(body)?;
    let space = input.space_id.ok_or_else(|| Refusal::bad_request("spaceId is required"))?;
    let detail = match (kind, input.embed_url) {
        (ContentKind::Embed, Some(address)) if !address.is_empty() && address.len() <= MAX_ADDRESS => {
            Detail::Embed(Arc::from(address))
        }
        (ContentKind::Embed, _) => return Err(Refusal::bad_request("embedUrl is required")),
        _ => Detail::Plain,
    };
    let creation = Creation {
        kind,
        space: SpaceId(path_id(&space)?),
        parent: input.parent_id.as_deref().map(path_id).transpose()?.map(ContentId),
        at_root: false,
        title: input.title.unwrap_or_else(|| format!("Untitled {} {}", kind.as_str(), ask.now())),
        body: Body::Empty,
        is_draft: false,
        is_private: ask.parameters.flag("private"),
        detail,
    };
    let id = edit::create(ask, creation).map_err(super::write::hide)?;
    ask.read(|view| Ok(written(StatusCode::OK, write(ask, view, &*view.content(id, kind)?))))
}

/// `DELETE /folders/{id}` and its twins: into the trash.
pub(super) fn delete(ask: &Ask, id: &str, kind: ContentKind) -> Answer {
    edit::delete(ask, ContentId(path_id(id)?), Some(kind), false).map_err(super::write::hide)?;
    Ok(no_content())
}
