//! Content states: what a page says of its own progress.

use axum::body::Bytes;
use http::StatusCode;
use serde::Deserialize;

use super::content::{Item, write as write_item};
use super::expand::Expand;
use super::legacy::{Window, content_id};
use crate::confluence::answer::{Answer, Refusal, ok, written};
use crate::confluence::json::JsonWriter;
use crate::confluence::time::Iso;
use crate::confluence::v2::read_json;
use crate::confluence::view::{Ask, View};
use crate::gateway::Charge;
use crate::world::confluence::{ContentHead, ContentState, ContentStatus, SPACE_STATES};
use crate::world::{ContentId, Stamp};

/// Longest name of a state, in characters.
const MAX_NAME: usize = 20;
/// Ids of states that people make up themselves follow those of the spaces.
const FIRST_CUSTOM: u64 = 1_000;

fn write_state(json: &mut JsonWriter, state: &ContentState) {
    json.object(|json| {
        json.key("id").display_number(state.id);
        json.key("name").string(&state.name);
        json.key("color").string(&state.color);
    });
}

fn suggested(json: &mut JsonWriter) {
    json.array(|json| {
        for state in (1..=SPACE_STATES.len() as u64).filter_map(ContentState::suggested) {
            write_state(json, &state);
        }
    });
}

/// `GET content-states`: states the caller made up are not remembered beyond their pages.
pub(super) fn own(ask: &Ask) -> Answer {
    ask.actor()?;
    let mut json = JsonWriter::default();
    json.array(|_| ());
    Ok(ok(json, Charge::BASE))
}

fn write(view: &View<'_>, id: ContentId) -> JsonWriter {
    let mut json = JsonWriter::default();
    let state = view.state.content_state(id);
    json.object(|json| {
        json.key("contentState");
        match &state {
            Some(state) => write_state(json, state),
            None => json.null(),
        }
        if let (Some(_), Some(head)) = (&state, view.head(id)) {
            json.key("lastUpdated").display(Iso(head.modified));
        }
    });
    json
}

fn found(view: &View<'_>, id: &str) -> Result<ContentHead, Refusal> {
    match Item::find(view, id)? {
        Item::Content(content) => Ok(content.head),
        Item::Comment(..) | Item::File(..) => Err(Refusal::not_found()),
    }
}

/// `GET content/{id}/state`
pub(super) fn of_content(ask: &Ask, id: &str) -> Answer {
    ask.read(|view| {
        let head = found(view, id)?;
        Ok(ok(write(view, head.id), Charge::BASE))
    })
}

/// `GET content/{id}/state/available`
pub(super) fn available(ask: &Ask, id: &str) -> Answer {
    ask.read(|view| {
        found(view, id)?;
        let mut json = JsonWriter::default();
        json.object(|json| {
            json.key("spaceContentStates");
            suggested(json);
            json.key("customContentStates").array(|_| ());
        });
        Ok(ok(json, Charge::BASE))
    })
}

#[derive(Debug, Deserialize)]
struct Input {
    id: Option<u64>,
    name: Option<String>,
    color: Option<String>,
}

/// `PUT content/{id}/state`: one the space suggests by its id, or a name and colour of one's own.
pub(super) fn set(ask: &Ask, id: &str, body: &Bytes) -> Answer {
    let input: Input = read_json(body)?;
    let state = match (input.id, input.name, input.color) {
        (Some(id), None, None) => ContentState::suggested(id)
            .ok_or_else(|| Refusal::bad_request("there is no content state with this id"))?,
        (None, Some(name), Some(color)) => {
            let hex = color.strip_prefix('#').unwrap_or(&color);
            let well_formed = hex.len() == 6 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
            if name.trim().is_empty() || name.chars().count() > MAX_NAME || !well_formed {
                return Err(Refusal::bad_request(
                    "a name of 1 to 20 characters and a hex color are required",
                ));
            }
            let id = FIRST_CUSTOM + name.bytes().map(u64::from).sum::<u64>();
            ContentState { id, name: name.into(), color: format!("#{hex}").into() }
        }
        _ => return Err(Refusal::bad_request("give either an id, or a name and a color")),
    };
    change(ask, id, Some(state))
}

/// `DELETE content/{id}/state`
pub(super) fn clear(ask: &Ask, id: &str) -> Answer {
    change(ask, id, None)
}

fn change(ask: &Ask, id: &str, state: Option<ContentState>) -> Answer {
    let stamp = Stamp { at: ask.now(), by: ask.actor()? };
    let id = content_id(id)?;
    {
        let mut site = ask.site().write();
        let may = {
            let view = ask.view(ask.site(), &site);
            let head = found(&view, &id.to_string())?;
            view.state.can_edit_content(&view.reader, &head)
        };
        if !may {
            return Err(Refusal::forbidden("You do not have permission to edit this content"));
        }
        site.set_content_state(stamp, id, state)?;
    }
    ask.read(|view| Ok(written(StatusCode::OK, write(view, id))))
}

/// `GET space/{spaceKey}/state`
pub(super) fn of_space(ask: &Ask, key: &str) -> Answer {
    ask.read(|view| {
        view.space_by_key(key).ok_or_else(Refusal::not_found)?;
        let mut json = JsonWriter::default();
        suggested(&mut json);
        Ok(ok(json, Charge::BASE))
    })
}

/// `GET space/{spaceKey}/state/settings`: administrators of the space.
pub(super) fn settings(ask: &Ask, key: &str) -> Answer {
    ask.read(|view| {
        let space = view.space_by_key(key).ok_or_else(Refusal::not_found)?;
        if !view.state.has_space_permission(&view.reader, space.id, "administer", "space") {
            return Err(Refusal::forbidden("Only administrators of the space may see its settings"));
        }
        let mut json = JsonWriter::default();
        json.object(|json| {
            json.key("contentStatesAllowed").boolean(true);
            json.key("customContentStatesAllowed").boolean(true);
            json.key("spaceContentStatesAllowed").boolean(true);
            json.key("spaceContentStates");
            suggested(json);
        });
        Ok(ok(json, Charge::BASE))
    })
}

/// `GET space/{spaceKey}/state/content`: what is in a state.
pub(super) fn content_in_state(ask: &Ask, key: &str) -> Answer {
    let state: u64 =
        ask.parameters.number("state-id")?.ok_or_else(|| Refusal::bad_request("state-id is required"))?;
    let window = Window::sized(&ask.parameters, 25, 100)?;
    let expand = Expand::read(&ask.parameters);
    ask.read(|view| {
        let space = view.space_by_key(key).ok_or_else(Refusal::not_found)?;
        let heads = view.state.content_ids_in(space.id).filter_map(|id| view.head(id));
        let in_state = |head: &ContentHead| {
            head.status == ContentStatus::Current
                && view.state.content_state(head.id).is_some_and(|own| own.id == state)
        };
        let heads: Vec<ContentHead> = heads.filter(in_state).collect();
        let (json, size) = window.write(view, &ask.parameters, &heads, |json, head| {
            if let Some(content) = view.state.content(head.id) {
                write_item(json, view, &Item::Content(content), &expand);
            }
        });
        Ok(ok(json, Charge::core(size)))
    })
}
