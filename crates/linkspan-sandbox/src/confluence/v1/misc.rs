//! What belongs to no kind of content: site information, space settings, body conversion and label look-up.

use axum::body::Bytes;
use serde::Deserialize;

use super::shape;
use crate::confluence::answer::{Answer, Refusal, ok};
use crate::confluence::body::{BodyFormat, render};
use crate::confluence::body_input;
use crate::confluence::json::JsonWriter;
use crate::confluence::v2::read_json;
use crate::confluence::view::Ask;
use crate::gateway::Charge;

/// `GET /rest/api/settings/systemInfo`
pub(super) fn system_info(ask: &Ask) -> Answer {
    ask.read(|view| {
        let mut json = JsonWriter::default();
        json.object(|json| {
            json.key("cloudId").string(view.site.cloud_id());
            json.key("commitHash").string("0000000000000000000000000000000000000000");
            json.key("baseUrl").string(view.base());
            json.key("fallbackBaseUrl").string(view.base());
            json.key("edition").string("standard");
            json.key("siteTitle").string(view.site.name());
            json.key("defaultLocale").string("en_US");
            json.key("defaultTimeZone").string("UTC");
            json.key("microsPerimeter").string("commercial");
        });
        Ok(ok(json, Charge::BASE))
    })
}

/// `GET /rest/api/space/{spaceKey}/settings`
pub(super) fn space_settings(ask: &Ask, key: &str) -> Answer {
    ask.read(|view| {
        let space = view.space_by_key(key).ok_or_else(Refusal::not_found)?;
        let mut json = JsonWriter::default();
        json.object(|json| {
            json.key("routeOverrideEnabled").boolean(false);
            json.key("editor").object(|json| {
                for kind in ["page", "blogpost", "default"] {
                    json.key(kind).string("v2");
                }
            });
            json.key("spaceKey").string(&space.key);
            json.key("_links").object(|json| {
                json.key("self").display(format_args!(
                    "{}/rest/api/space/{}/settings",
                    view.base(),
                    space.key
                ));
            });
        });
        Ok(ok(json, Charge::BASE))
    })
}

#[derive(Debug, Deserialize)]
struct Conversion {
    value: String,
    representation: String,
}

/// `POST /rest/api/contentbody/convert/{to}`: at once, as it was before conversion became asynchronous.
pub(super) fn convert(ask: &Ask, to: &str, body: &Bytes) -> Answer {
    let Some((name, format)) = BodyFormat::SINGLE.into_iter().find(|(name, _)| *name == to) else {
        return Err(Refusal::bad_request(format!("{to} is not a representation bodies can be converted to")));
    };
    let input: Conversion = read_json(body)?;
    let given = body_input::read(&input.representation, &input.value)?;
    ask.read(|view| {
        let mut json = JsonWriter::default();
        json.object(|json| {
            json.key("value").string(&render(&given, format, view));
            json.key("representation").string(name);
        });
        Ok(ok(json, Charge::BASE))
    })
}

/// `GET /rest/api/label`: a label and what carries it.
pub(super) fn label(ask: &Ask) -> Answer {
    let name =
        ask.parameters.text("name").ok_or_else(|| Refusal::bad_request("the name of a label is required"))?;
    let start: usize = ask.parameters.number("start")?.unwrap_or(0);
    let limit = ask.parameters.limit(200, 200)?;
    let kind = ask.parameters.text("type");
    ask.read(|view| {
        let (label, carriers) = ask.index.with(view, |index| {
            let mut found = None;
            let mut carriers = Vec::new();
            for (id, labels) in index.labelled() {
                let Some(own) = labels.iter().find(|label| *label.name == *name) else {
                    continue;
                };
                if let Some(head) = view
                    .listed_container(id)
                    .filter(|head| head.kind.is_article())
                    .filter(|head| kind.is_none_or(|kind| head.kind.as_str() == kind))
                {
                    found.get_or_insert_with(|| own.clone());
                    carriers.push(head);
                }
            }
            (found, carriers)
        });
        let label = label.ok_or_else(Refusal::not_found)?;
        let page: Vec<_> = carriers.iter().skip(start).take(limit).collect();
        let mut json = JsonWriter::default();
        json.object(|json| {
            json.key("label");
            shape::label(json, &label);
            json.key("associatedContents").object(|json| {
                shape::page_members(json, start, limit, page.len(), |json| {
                    for head in &page {
                        json.object(|json| {
                            json.key("contentType").string(head.kind.as_str());
                            json.key("contentId").display_number(head.id.0);
                            json.key("title").string(&view.state.content_title(head.id).unwrap_or_default());
                        });
                    }
                });
            });
        });
        Ok(ok(json, Charge::BASE))
    })
}
