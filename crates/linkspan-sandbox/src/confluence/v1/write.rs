//! Writes of v1: the classic content calls, moves and labels.

use axum::body::Bytes;
use http::StatusCode;
use serde::Deserialize;

use super::content::{Item, write_single};
use super::expand::Expand;
use super::legacy::{content_id, label_list};
use crate::confluence::answer::{Answer, Refusal, no_content, written};
use crate::confluence::body_input::BodyInput;
use crate::confluence::edit::{self, Creation, Update};
use crate::confluence::json::JsonWriter;
use crate::confluence::v2::read_json;
use crate::confluence::view::Ask;
use crate::world::confluence::{CommentPlace, ContentKind, ContentStatus};
use crate::world::{Body, ContentId, SpaceId};

/// What is expanded in the answer to a write, unless `expand` says otherwise.
const EXPANDED: &str = "expand=body.storage,history,space,version,ancestors";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContentInput {
    #[serde(rename = "type")]
    kind: Option<String>,
    title: Option<String>,
    space: Option<SpaceInput>,
    #[serde(default)]
    ancestors: Vec<Reference>,
    container: Option<Reference>,
    body: Option<BodyInput>,
    status: Option<String>,
    version: Option<VersionInput>,
}

#[derive(Debug, Deserialize)]
struct SpaceInput {
    key: Option<String>,
    id: Option<IdInput>,
}

#[derive(Debug, Deserialize)]
struct Reference {
    id: IdInput,
}

/// Ids are sent as strings or numbers.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum IdInput {
    Text(String),
    Number(u64),
}

impl IdInput {
    fn read(&self) -> Result<u64, Refusal> {
        match self {
            Self::Number(number) => Ok(*number),
            Self::Text(text) => text.parse().map_err(|_| Refusal::wrong_type(text, "id", "long")),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VersionInput {
    number: u32,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    minor_edit: bool,
}

fn is_draft(status: Option<&str>) -> bool {
    status == Some("draft")
}

/// `POST /rest/api/content`
pub(super) fn create(ask: &Ask, body: &Bytes) -> Answer {
    let input: ContentInput = read_json(body)?;
    let content_body = input.body.map_or(Ok(Body::Empty), BodyInput::into_body)?;
    let kind = match input.kind.as_deref() {
        Some("comment") => {
            let (container, parent) = (input.container.as_ref(), input.ancestors.last());
            let container = container.map(|container| container.id.read()).transpose()?.map(ContentId);
            let parent = parent.map(|parent| parent.id.read()).transpose()?.map(ContentId);
            let id = edit::comment(ask, container, parent, CommentPlace::Footer, content_body)?;
            return answer(ask, &id.to_string());
        }
        Some("page") => ContentKind::Page,
        Some("blogpost") => ContentKind::BlogPost,
        Some(other) => {
            return Err(Refusal::bad_request(format!("content of type {other} cannot be created")));
        }
        None => return Err(Refusal::bad_request("the type of the content is required")),
    };
    let title = input.title.filter(|title| !title.trim().is_empty());
    let creation = Creation {
        kind,
        space: space_of(ask, input.space.as_ref())?,
        parent: input.ancestors.last().map(|parent| parent.id.read()).transpose()?.map(ContentId),
        at_root: false,
        title: title.ok_or_else(|| Refusal::bad_request("A title is required"))?,
        body: content_body,
        is_draft: is_draft(input.status.as_deref()),
        is_private: false,
        detail: crate::world::confluence::Detail::Plain,
    };
    let id = edit::create(ask, creation)?;
    answer(ask, &id.to_string())
}

fn space_of(ask: &Ask, input: Option<&SpaceInput>) -> Result<SpaceId, Refusal> {
    let input = input.ok_or_else(|| Refusal::bad_request("A space is required"))?;
    ask.read(|view| {
        let found = match (&input.key, &input.id) {
            (Some(key), _) => view.space_by_key(key),
            (None, Some(id)) => view.space(SpaceId(id.read()?)),
            (None, None) => None,
        };
        found.map(|space| space.id).ok_or_else(Refusal::not_found)
    })
}

/// `PUT /rest/api/content/{id}`
pub(super) fn update(ask: &Ask, id: &str, body: &Bytes) -> Answer {
    let input: ContentInput = read_json(body)?;
    let version =
        input.version.ok_or_else(|| Refusal::bad_request("the number of the new version is required"))?;
    let content_body = input.body.map(BodyInput::into_body).transpose()?;
    match ask.read(|view| Item::find_in_any_status(view, id))? {
        Item::File(..) => return Err(Refusal::bad_request("attachments are updated under their container")),
        Item::Comment(_, comment) => {
            edit::edit_comment(ask, comment.id, version.number, content_body.unwrap_or(comment.body))?;
        }
        Item::Content(content) => {
            let change = Update {
                title: input.title,
                body: content_body,
                version: version.number,
                message: version.message.unwrap_or_default(),
                minor_edit: version.minor_edit,
                is_draft: is_draft(input.status.as_deref()),
                parent: input.ancestors.last().map(|parent| parent.id.read()).transpose()?.map(ContentId),
            };
            edit::update(ask, content.head.id, None, change)?;
        }
    }
    answer(ask, id)
}

fn answer(ask: &Ask, id: &str) -> Answer {
    let expand =
        if ask.parameters.has("expand") { Expand::read(&ask.parameters) } else { Expand::parse(EXPANDED) };
    ask.read(|view| {
        let item = Item::find(view, id)?;
        let mut json = JsonWriter::default();
        write_single(&mut json, view, &item, &expand);
        Ok(written(StatusCode::OK, json))
    })
}

/// `DELETE /rest/api/content/{id}`: into the trash, and with `status=trashed` out of it for good.
pub(super) fn delete(ask: &Ask, id: &str) -> Answer {
    let purge = ask.parameters.text("status") == Some("trashed");
    match ask.read(|view| Item::find_in_any_status(view, id))? {
        Item::Content(content) => edit::delete(ask, content.head.id, None, purge)?,
        Item::Comment(_, comment) => edit::delete_comment(ask, comment.id)?,
        Item::File(_, file) => edit::delete_file(ask, file.id, purge)?,
    }
    Ok(no_content())
}

/// `PUT /rest/api/content/{pageId}/move/{position}/{targetId}`
pub(super) fn relocate(ask: &Ask, id: &str, position: &str, target: &str) -> Answer {
    let (id, target) = (content_id(id)?, content_id(target)?);
    let head = ask
        .read(|view| view.head(target).filter(|head| head.status == ContentStatus::Current))
        .ok_or_else(Refusal::not_found)?;
    let parent = match position {
        "append" => Some(target),
        // Among the target's siblings; where exactly is the world's to say.
        "before" | "after" => head.parent,
        other => {
            return Err(Refusal::bad_request(format!(
                "{other} is not a position; use append, before or after"
            )));
        }
    };
    edit::move_below(ask, id, head.space, parent)?;
    let mut json = JsonWriter::default();
    json.object(|json| json.key("pageId").display(id));
    Ok(written(StatusCode::OK, json))
}

#[derive(Debug, Deserialize)]
struct LabelInput {
    name: String,
}

/// One label, or several, bare or under `results`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum LabelsInput {
    Many(Vec<LabelInput>),
    Enveloped { results: Vec<LabelInput> },
    One(LabelInput),
}

/// `POST /rest/api/content/{id}/label`
pub(super) fn add_labels(ask: &Ask, id: &str, body: &Bytes) -> Answer {
    let labels = match read_json(body)? {
        LabelsInput::Many(labels) | LabelsInput::Enveloped { results: labels } => labels,
        LabelsInput::One(label) => vec![label],
    };
    let content = content_id(id)?;
    for label in labels {
        let name = label.name.trim().to_lowercase();
        if name.is_empty() || name.len() > 255 || name.contains(char::is_whitespace) {
            return Err(Refusal::bad_request(format!("'{name}' cannot be a label")));
        }
        edit::label(ask, content, &name, true)?;
    }
    ask.read(|view| Ok(written(StatusCode::OK, label_list(ask, view, &Item::find(view, id)?)?)))
}

/// `DELETE /rest/api/content/{id}/label` and `…/label/{label}`
pub(super) fn remove_label(ask: &Ask, id: &str, name: &str) -> Answer {
    edit::label(ask, content_id(id)?, name, false)?;
    Ok(no_content())
}
