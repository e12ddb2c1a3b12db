//! Asynchronous body conversion and long tasks. Here the work is done when its order is answered; who asks for the result
//! finds it for five minutes (`atlassian-endpoints.md` 6.16).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use http::StatusCode;
use serde::Deserialize;

use super::legacy::Window;
use crate::confluence::answer::{Answer, Refusal, ok, written};
use crate::confluence::body::{BodyFormat, render};
use crate::confluence::body_input;
use crate::confluence::json::JsonWriter;
use crate::confluence::v2::read_json;
use crate::confluence::view::{Ask, View};
use crate::gateway::Charge;
use crate::world::confluence::LongTask;
use crate::world::{ContentId, Millis, Stamp};

/// How long a result is kept.
const KEPT_MS: Millis = 5 * 60 * 1_000;
/// Results kept at once.
const MAX_KEPT: usize = 1_000;
/// Orders and look-ups of one request.
const MAX_BULK: usize = 10;
/// Pages archived by one request.
const MAX_ARCHIVED: usize = 300;

struct Converted {
    id: String,
    cloud_id: String,
    at: Millis,
    value: String,
}

/// The results that wait to be asked for.
#[derive(Clone, Default)]
pub(in crate::confluence) struct Conversions(Arc<Mutex<VecDeque<Converted>>>);

#[derive(Debug, Deserialize)]
struct BodyInput {
    value: String,
    representation: String,
}

fn order(ask: &Ask, kept: &Conversions, to: &str, input: &BodyInput) -> Result<String, Refusal> {
    if to != "export_view" {
        return Err(Refusal::bad_request(format!("{to} is not a representation bodies can be converted to")));
    }
    let body = body_input::read(&input.representation, &input.value)?;
    let value = ask.read(|view| render(&body, BodyFormat::ExportView, view).into_owned());
    let mut results = kept.0.lock().unwrap_or_else(PoisonError::into_inner);
    let now = ask.now();
    results.retain(|result| now - result.at < KEPT_MS);
    if results.len() == MAX_KEPT {
        results.pop_front();
    }
    let mark = format!("{now}/{}/{}", results.len(), input.value);
    let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, mark.as_bytes()).to_string();
    let cloud_id = ask.site().cloud_id().to_owned();
    results.push_back(Converted { id: id.clone(), cloud_id, at: now, value });
    Ok(id)
}

/// `POST contentbody/convert/async/{to}`
pub(super) fn begin(ask: &Ask, kept: &Conversions, to: &str, body: &Bytes) -> Answer {
    let id = order(ask, kept, to, &read_json(body)?)?;
    let mut json = JsonWriter::default();
    json.object(|json| json.key("asyncId").string(&id));
    Ok(written(StatusCode::OK, json))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bulk {
    conversion_inputs: Vec<Order>,
}

#[derive(Debug, Deserialize)]
struct Order {
    to: String,
    body: BodyInput,
}

/// `POST contentbody/convert/async/bulk/tasks`
pub(super) fn begin_bulk(ask: &Ask, kept: &Conversions, body: &Bytes) -> Answer {
    let Bulk { conversion_inputs } = read_json(body)?;
    if conversion_inputs.is_empty() || conversion_inputs.len() > MAX_BULK {
        return Err(Refusal::bad_request("conversionInputs must hold 1 to 10 bodies"));
    }
    let ids: Result<Vec<String>, Refusal> =
        conversion_inputs.iter().map(|it| order(ask, kept, &it.to, &it.body)).collect();
    let mut json = JsonWriter::default();
    let ids = ids?;
    json.array(|json| {
        for id in &ids {
            json.object(|json| json.key("asyncId").string(id));
        }
    });
    Ok(written(StatusCode::OK, json))
}

fn write_result(json: &mut JsonWriter, ask: &Ask, kept: &Conversions, id: &str) -> bool {
    let results = kept.0.lock().unwrap_or_else(PoisonError::into_inner);
    let found = results.iter().find(|result| {
        result.id == id && result.cloud_id == ask.site().cloud_id() && ask.now() - result.at < KEPT_MS
    });
    let Some(found) = found else { return false };
    json.object(|json| {
        json.key("value").string(&found.value);
        json.key("representation").string("export_view");
        json.key("renderTaskId").string(id);
        json.key("status").string("COMPLETED");
    });
    true
}

/// `GET contentbody/convert/async/{id}`
pub(super) fn result(ask: &Ask, kept: &Conversions, id: &str) -> Answer {
    let mut json = JsonWriter::default();
    if write_result(&mut json, ask, kept, id) {
        Ok(ok(json, Charge::BASE))
    } else {
        Err(Refusal::not_found())
    }
}

/// `GET contentbody/convert/async/bulk/tasks?ids=…`: what is gone is left out.
pub(super) fn results(ask: &Ask, kept: &Conversions) -> Answer {
    let ids = ask.parameters.list("ids");
    if ids.is_empty() || ids.len() > MAX_BULK {
        return Err(Refusal::bad_request("ids must hold 1 to 10 ids"));
    }
    let mut json = JsonWriter::default();
    json.array(|json| {
        for id in ids {
            write_result(json, ask, kept, id);
        }
    });
    Ok(ok(json, Charge::BASE))
}

fn write_task(json: &mut JsonWriter, view: &View<'_>, task: &LongTask) {
    json.key("id").string(&task.id);
    json.key("name").object(|json| {
        json.key("key").string(task.name);
        json.key("args").array(|_| ());
    });
    json.key("elapsedTime").integer((view.now - task.started).max(0));
    json.key("percentageComplete").integer(100);
    json.key("successful").boolean(true);
    json.key("finished").boolean(true);
    json.key("messages").array(|_| ());
    json.key("status").string("SUCCESS");
    json.key("errors").array(|_| ());
}

/// The tasks the caller may see: the own ones, or as an administrator all.
fn tasks<'state>(view: &View<'state>) -> Vec<&'state LongTask> {
    let own = view.reader.account();
    let state = view.state;
    state.long_tasks().filter(|task| view.reader.admin || Some(task.by) == own).collect()
}

/// `GET longtask`
pub(super) fn long_tasks(ask: &Ask) -> Answer {
    let window = Window::sized(&ask.parameters, 100, 100)?;
    let key = ask.parameters.text("key");
    ask.read(|view| {
        let mut found = tasks(view);
        found.retain(|task| key.is_none_or(|key| task.name == key));
        let (json, _) = window.write(view, &ask.parameters, &found, |json, task| {
            json.object(|json| write_task(json, view, task));
        });
        Ok(ok(json, Charge::BASE))
    })
}

/// `GET longtask/{id}`
pub(super) fn long_task(ask: &Ask, id: &str) -> Answer {
    ask.read(|view| {
        let task = tasks(view).into_iter().find(|task| task.id == id).ok_or_else(Refusal::not_found)?;
        let mut json = JsonWriter::default();
        json.object(|json| {
            write_task(json, view, task);
            json.key("_links").object(|json| {
                json.key("self").display(format_args!("{}/rest/api/longtask/{id}", view.base()));
                json.key("base").string(view.base());
            });
        });
        Ok(ok(json, Charge::BASE))
    })
}

#[derive(Debug, Deserialize)]
struct Archive {
    pages: Vec<PageInput>,
}

#[derive(Debug, Deserialize)]
struct PageInput {
    id: u64,
}

/// `POST content/archive`: pages the caller may edit, all or none; the work is a long task.
pub(super) fn archive(ask: &Ask, body: &Bytes) -> Answer {
    let Archive { pages } = read_json(body)?;
    if pages.is_empty() || pages.len() > MAX_ARCHIVED {
        return Err(Refusal::bad_request("pages must hold 1 to 300 pages"));
    }
    let stamp = Stamp { at: ask.now(), by: ask.actor()? };
    let mut state = ask.site().write();
    {
        let view = ask.view(ask.site(), &state);
        for page in &pages {
            let head = view.head(ContentId(page.id)).ok_or_else(Refusal::not_found)?;
            if !view.state.can_edit_content(&view.reader, &head) {
                return Err(Refusal::forbidden("You do not have permission to archive this content"));
            }
        }
    }
    for page in &pages {
        state.archive_content(stamp, ContentId(page.id))?;
    }
    let id = state.begin_long_task(stamp, "content.archive.bulk");
    let mut json = JsonWriter::default();
    json.object(|json| {
        json.key("id").string(&id);
        json.key("links").object(|json| {
            json.key("status").display(format_args!("/rest/api/longtask/{id}"));
        });
    });
    Ok(written(StatusCode::ACCEPTED, json))
}
