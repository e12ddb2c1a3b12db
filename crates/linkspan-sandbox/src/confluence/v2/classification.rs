//! Data classification: the site's levels, the default of a space, and the level of content.

use axum::body::Bytes;
use axum::extract::Path;
use axum::response::Response;
use serde::Deserialize;

use super::OneId;
use super::misc::read_json;
use crate::confluence::answer::{Answer, Refusal, no_content, ok};
use crate::confluence::json::JsonWriter;
use crate::confluence::view::{Ask, View, path_id};
use crate::gateway::Charge;
use crate::world::confluence::{ContentKind, LEVELS, Level};
use crate::world::{ContentId, SpaceId, Stamp};

fn write(json: &mut JsonWriter, level: &Level) {
    json.object(|json| {
        json.key("id").string(level.id);
        json.key("status").string("PUBLISHED");
        let order = LEVELS.iter().position(|it| it.id == level.id).unwrap_or(0);
        json.key("order").size(order);
        json.key("name").string(level.name);
        json.key("description").string(level.description);
        json.key("guideline").string("");
        json.key("color").string(level.color);
    });
}

fn answer(level: &Level) -> Response {
    let mut json = JsonWriter::default();
    write(&mut json, level);
    ok(json, Charge::BASE)
}

/// `GET /classification-levels`
pub(super) async fn levels(_ask: Ask) -> Answer {
    let mut json = JsonWriter::default();
    json.array(|json| LEVELS.iter().for_each(|level| write(json, level)));
    Ok(ok(json, Charge::BASE))
}

#[derive(Debug, Deserialize)]
struct Input {
    id: String,
}

fn level_of(body: &Bytes) -> Result<&'static Level, Refusal> {
    let Input { id } = read_json(body)?;
    Level::named(&id).ok_or_else(|| Refusal::bad_request("there is no classification level with this id"))
}

/// `GET /spaces/{id}/classification-level/default`
pub(super) async fn of_space(ask: Ask, Path(id): OneId) -> Answer {
    let id = SpaceId(path_id(&id)?);
    ask.read(|view| {
        view.space(id).ok_or_else(Refusal::not_found)?;
        Ok(answer(view.state.space_level(id).ok_or_else(Refusal::not_found)?))
    })
}

/// `PUT /spaces/{id}/classification-level/default`
pub(super) async fn set_of_space(ask: Ask, Path(id): OneId, body: Bytes) -> Answer {
    let level = level_of(&body)?;
    write_space(&ask, &id, Some(level))
}

/// `DELETE /spaces/{id}/classification-level/default`
pub(super) async fn clear_of_space(ask: Ask, Path(id): OneId) -> Answer {
    write_space(&ask, &id, None)
}

fn write_space(ask: &Ask, id: &str, level: Option<&'static Level>) -> Answer {
    let id = SpaceId(path_id(id)?);
    let stamp = Stamp { at: ask.now(), by: ask.actor()? };
    let mut state = ask.site().write();
    let may = {
        let view = ask.view(ask.site(), &state);
        view.space(id).is_some() && view.state.has_space_permission(&view.reader, id, "administer", "space")
    };
    if !may {
        return Err(Refusal::not_found());
    }
    state.set_space_level(stamp, id, level);
    Ok(no_content())
}

/// `GET /pages/{id}/classification-level` and its twins: the own level, or the default of the space.
pub(super) fn of_content(ask: &Ask, id: &str, kind: ContentKind) -> Answer {
    let id = ContentId(path_id(id)?);
    ask.read(|view| {
        view.content(id, kind)?;
        Ok(answer(view.state.content_level(id).ok_or_else(Refusal::not_found)?))
    })
}

/// `PUT /pages/{id}/classification-level` and its twins
pub(super) fn set_of_content(ask: &Ask, id: &str, kind: ContentKind, body: &Bytes) -> Answer {
    let level = level_of(body)?;
    write_content(ask, id, kind, Some(level))
}

/// `POST /pages/{id}/classification-level/reset` and its twins
pub(super) fn reset_of_content(ask: &Ask, id: &str, kind: ContentKind) -> Answer {
    write_content(ask, id, kind, None)
}

fn write_content(ask: &Ask, id: &str, kind: ContentKind, level: Option<&'static Level>) -> Answer {
    let id = ContentId(path_id(id)?);
    ask.actor()?;
    let mut state = ask.site().write();
    let may = {
        let view: View<'_> = ask.view(ask.site(), &state);
        let head = view.content(id, kind)?.head;
        view.state.can_edit_content(&view.reader, &head)
    };
    if !may {
        return Err(Refusal::not_found());
    }
    state.set_content_level(id, level);
    Ok(no_content())
}
