//! Properties of content, comments, files and spaces: one form for all holders, the space's with its own member names.

use axum::body::Bytes;
use axum::routing::{MethodRouter, get};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::list::{self, Cut};
use super::misc::read_json;
use super::shape;
use super::{OneId, TwoIds};
use crate::confluence::answer::{Answer, Refusal, no_content, ok, written};
use crate::confluence::json::JsonWriter;
use crate::confluence::paging::Position;
use crate::confluence::time::Iso;
use crate::confluence::view::{Ask, View, path_id};
use crate::gateway::{AppState, Charge};
use crate::world::confluence::{ContentKind, Holder, Property};
use crate::world::{ContentId, SiteState, SpaceId, Stamp};
use axum::extract::Path;

/// What a path names as the holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HolderKind {
    Content(ContentKind),
    Comment,
    File,
    Space,
}

impl HolderKind {
    /// The visible holder with an id.
    fn find(self, view: &View<'_>, id: &str) -> Result<Holder, Refusal> {
        match self {
            Self::Content(kind) => {
                let id = ContentId(path_id(id)?);
                view.content(id, kind).map(|_| Holder::Content(id))
            }
            Self::Comment => {
                let id = ContentId(path_id(id)?);
                view.comment(id).map(|_| Holder::Comment(id))
            }
            Self::File => {
                let id = super::file_id(id)?;
                view.file(id).map(|_| Holder::File(id))
            }
            Self::Space => {
                let id = SpaceId(path_id(id)?);
                view.space(id).map(|_| Holder::Space(id)).ok_or_else(Refusal::not_found)
            }
        }
    }

    /// Whether the caller may write properties of a holder.
    fn may_write(view: &View<'_>, holder: Holder) -> bool {
        let content = |id: ContentId| {
            view.head(id).is_some_and(|head| view.state.can_edit_content(&view.reader, &head))
        };
        match holder {
            Holder::Content(id) => content(id),
            Holder::Comment(id) => view.state.content_of_comment(id).is_some_and(content),
            Holder::File(id) => view.state.content_of_file(id).is_some_and(content),
            Holder::Space(id) => view.state.has_space_permission(&view.reader, id, "administer", "space"),
        }
    }
}

/// `…/properties`: list and create.
pub(super) fn list_routes(kind: HolderKind) -> MethodRouter<AppState> {
    get(move |ask: Ask, Path(id): OneId| async move { all(&ask, &id, kind) })
        .post(move |ask: Ask, Path(id): OneId, body: Bytes| async move { create(&ask, &id, &body, kind) })
}

/// `…/properties/{property-id}`: read, write, delete.
pub(super) fn single_routes(kind: HolderKind) -> MethodRouter<AppState> {
    get(move |ask: Ask, Path((id, property)): TwoIds| async move { one(&ask, &id, &property, kind) })
        .put(move |ask: Ask, Path((id, property)): TwoIds, body: Bytes| async move {
            update(&ask, &id, &property, &body, kind)
        })
        .delete(
            move |ask: Ask, Path((id, property)): TwoIds| async move { delete(&ask, &id, &property, kind) },
        )
}

/// A property. Those of spaces name their makers, as the document has it.
pub(super) fn write(json: &mut JsonWriter, view: &View<'_>, of_space: bool, property: &Property) {
    json.object(|json| {
        json.key("id").display(property.id);
        json.key("key").string(&property.key);
        json.key("value").raw(&property.value);
        if of_space {
            json.key("createdAt").display(Iso(property.created));
            json.key("createdBy").string(view.account_id(property.author));
            json.key("version").object(|json| {
                json.key("createdAt").display(Iso(property.modified));
                json.key("createdBy").string(view.account_id(property.editor));
                json.key("message").string(&property.message);
                json.key("number").integer(i64::from(property.version));
            });
        } else {
            json.key("version").object(|json| {
                shape::plain_version(json, view, property.version, property.modified, property.editor);
            });
        }
    });
}

fn all(ask: &Ask, id: &str, kind: HolderKind) -> Answer {
    let cut = Cut::read(&ask.parameters, "key", &["key"], 25)?;
    let wanted = ask.parameters.text("key");
    ask.read(|view| {
        let holder = kind.find(view, id)?;
        let properties = view.state.properties(holder).into_iter();
        let properties = properties.filter(|it| wanted.is_none_or(|wanted| *it.key == *wanted));
        let page = cut.apply(properties, |it| Position::text(&it.key, it.id));
        Ok(list::answer(&ask.parameters, view, &page, Charge::BASE, |json, property| {
            write(json, view, kind == HolderKind::Space, property);
        }))
    })
}

fn one(ask: &Ask, id: &str, property: &str, kind: HolderKind) -> Answer {
    let wanted = path_id(property)?;
    ask.read(|view| {
        let holder = kind.find(view, id)?;
        let found = view.state.properties(holder).into_iter().find(|it| it.id == wanted);
        Ok(ok(single(view, kind, &found.ok_or_else(Refusal::not_found)?), Charge::BASE))
    })
}

fn single(view: &View<'_>, kind: HolderKind, property: &Property) -> JsonWriter {
    let mut json = JsonWriter::default();
    write(&mut json, view, kind == HolderKind::Space, property);
    json
}

#[derive(Debug, Deserialize)]
struct Input {
    key: Option<String>,
    #[serde(default)]
    value: Value,
    version: Option<VersionInput>,
}

#[derive(Debug, Deserialize)]
struct VersionInput {
    number: u32,
    #[serde(default)]
    message: String,
}

/// Changes the properties of a holder that the caller sees and may write; without the right it looks absent.
fn change<T>(
    ask: &Ask,
    id: &str,
    kind: HolderKind,
    change: impl FnOnce(&mut SiteState, Stamp, Holder) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let stamp = Stamp { at: ask.now(), by: ask.actor()? };
    let mut state = ask.site().write();
    let holder = {
        let view = ask.view(ask.site(), &state);
        let holder = kind.find(&view, id)?;
        if !HolderKind::may_write(&view, holder) {
            return Err(Refusal::not_found());
        }
        holder
    };
    change(&mut state, stamp, holder)
}

fn create(ask: &Ask, id: &str, body: &Bytes, kind: HolderKind) -> Answer {
    let input: Input = read_json(body)?;
    let key = input.key.ok_or_else(|| Refusal::bad_request("a key is required"))?;
    let value = input.value.to_string();
    let made =
        change(
            ask,
            id,
            kind,
            |state, stamp, holder| Ok(state.create_property(stamp, holder, &key, &value)?),
        )?;
    // Spaces answer 201, everything else 200, as the document has it.
    let status = if kind == HolderKind::Space { StatusCode::CREATED } else { StatusCode::OK };
    ask.read(|view| Ok(written(status, single(view, kind, &made))))
}

fn update(ask: &Ask, id: &str, property: &str, body: &Bytes, kind: HolderKind) -> Answer {
    let wanted = path_id(property)?;
    let input: Input = read_json(body)?;
    let version = input.version.ok_or_else(|| Refusal::bad_request("version.number is required"))?;
    let key = input.key.ok_or_else(|| Refusal::bad_request("a key is required"))?;
    let value = input.value.to_string();
    let made = change(ask, id, kind, |state, stamp, holder| {
        let next = (version.number, version.message.as_str());
        Ok(state.edit_property(stamp, holder, wanted, (&key, &value), next)?)
    })?;
    ask.read(|view| Ok(written(StatusCode::OK, single(view, kind, &made))))
}

fn delete(ask: &Ask, id: &str, property: &str, kind: HolderKind) -> Answer {
    let wanted = path_id(property)?;
    change(ask, id, kind, |state, _, holder| Ok(state.delete_property(holder, wanted)?))?;
    Ok(no_content())
}
