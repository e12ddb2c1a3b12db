//! Settings of the site: themes and colours, templates, views of content, labels of spaces.

use axum::body::Bytes;
use http::StatusCode;
use serde::Deserialize;

use super::legacy::{Window, content_id};
use super::shape;
use crate::confluence::answer::{Answer, Refusal, no_content, ok, written};
use crate::confluence::json::JsonWriter;
use crate::confluence::v2::read_json;
use crate::confluence::view::{Ask, View};
use crate::gateway::Charge;
use crate::world::confluence::{ContentStatus, Space};
use crate::world::{Millis, SpaceId, Stamp};

/// Themes beside the default one: key, name, description.
const THEMES: [(&str, &str, &str); 1] =
    [("com.atlassian.confluence.plugins.doctheme:documentation", "Documentation theme", "With a page tree")];

fn write_theme(
    json: &mut JsonWriter,
    view: &View<'_>,
    (key, name, description): (&str, &str, &str),
    alone: bool,
) {
    json.object(|json| {
        json.key("themeKey").string(key);
        json.key("name").string(name);
        json.key("description").string(description);
        json.key("icon").object(|json| shape::picture(json, "/wiki/images/themes/documentation.png"));
        if alone {
            json.key("_links").object(|json| {
                json.key("self").display(format_args!("{}/rest/api/settings/theme/{key}", view.base()));
            });
        }
    });
}

/// `GET settings/theme`: without the default theme, as upstream.
pub(super) fn themes(ask: &Ask) -> Answer {
    let window = Window::sized(&ask.parameters, 100, 100)?;
    ask.read(|view| {
        let (json, _) = window
            .write(view, &ask.parameters, &THEMES, |json, theme| write_theme(json, view, *theme, false));
        Ok(ok(json, Charge::BASE))
    })
}

/// `GET settings/theme/selected`: 404 while the site has the default theme.
pub(super) fn selected_theme(_ask: &Ask) -> Answer {
    Err(Refusal::not_found())
}

/// `GET settings/theme/{themeKey}`
pub(super) fn theme(ask: &Ask, key: &str) -> Answer {
    ask.read(|view| theme_answer(view, key))
}

fn theme_answer(view: &View<'_>, key: &str) -> Answer {
    let theme = THEMES.iter().find(|(own, ..)| *own == key).ok_or_else(Refusal::not_found)?;
    let mut json = JsonWriter::default();
    write_theme(&mut json, view, *theme, true);
    Ok(ok(json, Charge::BASE))
}

/// `GET space/{spaceKey}/theme`: 404 while the space follows the site.
pub(super) fn space_theme(ask: &Ask, key: &str) -> Answer {
    ask.read(|view| {
        let space = view.space_by_key(key).ok_or_else(Refusal::not_found)?;
        theme_answer(view, view.state.space_theme(space.id).ok_or_else(Refusal::not_found)?)
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ThemeInput {
    theme_key: String,
}

/// `PUT space/{spaceKey}/theme`
pub(super) fn set_space_theme(ask: &Ask, key: &str, body: &Bytes) -> Answer {
    let ThemeInput { theme_key } = read_json(body)?;
    if !THEMES.iter().any(|(own, ..)| *own == theme_key) {
        return Err(Refusal::bad_request("there is no theme with this key"));
    }
    let (stamp, space) = administered(ask, key)?;
    ask.site().write().set_space_theme(stamp, space, Some(&theme_key));
    space_theme(ask, key)
}

/// `DELETE space/{spaceKey}/theme`
pub(super) fn clear_space_theme(ask: &Ask, key: &str) -> Answer {
    let (stamp, space) = administered(ask, key)?;
    ask.site().write().set_space_theme(stamp, space, None);
    Ok(no_content())
}

/// A space the caller administers.
fn administered(ask: &Ask, key: &str) -> Result<(Stamp, SpaceId), Refusal> {
    let stamp = Stamp { at: ask.now(), by: ask.actor()? };
    let space = ask.read(|view| {
        let space = view.space_by_key(key).ok_or_else(Refusal::not_found)?;
        if view.state.has_space_permission(&view.reader, space.id, "administer", "space") {
            Ok(space.id)
        } else {
            Err(Refusal::forbidden("Only administrators of the space may change it"))
        }
    })?;
    Ok((stamp, space))
}

/// `GET settings/lookandfeel`: the colours every site starts with.
pub(super) fn look_and_feel(ask: &Ask) -> Answer {
    let space = ask.parameters.text("spaceKey");
    ask.read(|view| {
        if let Some(key) = space {
            view.space_by_key(key).ok_or_else(Refusal::not_found)?;
        }
        let mut json = JsonWriter::default();
        json.object(|json| {
            json.key("selected").string("global");
            json.key("global");
            colours(json);
            json.key("custom");
            colours(json);
        });
        Ok(ok(json, Charge::BASE))
    })
}

fn colours(json: &mut JsonWriter) {
    fn pair(json: &mut JsonWriter) {
        json.key("backgroundColor").string("#ffffff");
        json.key("color").string("#0052cc");
    }
    fn navigation(json: &mut JsonWriter) {
        json.key("color").string("#42526e");
        json.key("highlightColor").string("#0052cc");
        json.key("hoverOrFocus").object(pair);
    }
    fn header(json: &mut JsonWriter) {
        json.key("backgroundColor").string("#ffffff");
        json.key("button").object(pair);
        json.key("primaryNavigation").object(navigation);
        json.key("secondaryNavigation").object(navigation);
        json.key("search").object(pair);
    }
    json.object(|json| {
        json.key("headings").object(|json| json.key("color").string("#172b4d"));
        json.key("links").object(|json| json.key("color").string("#0052cc"));
        json.key("menus").object(|json| {
            json.key("hoverOrFocus").object(|json| json.key("backgroundColor").string("#ebecf0"));
            json.key("color").string("#172b4d");
        });
        json.key("header").object(header);
        json.key("horizontalHeader").object(header);
        json.key("content").object(|json| {
            json.key("screen").object(|json| {
                for name in ["background", "gutterTop", "gutterRight", "gutterBottom", "gutterLeft"] {
                    json.key(name).string("");
                }
                json.key("backgroundColor").string("#ffffff");
                json.key("backgroundImage").string("");
                json.key("backgroundBlendMode").string("");
                json.key("layer").object(|json| {
                    json.key("width").string("");
                    json.key("height").string("");
                });
            });
            for name in ["container", "header", "body"] {
                json.key(name).object(|json| {
                    for member in [
                        "background",
                        "backgroundColor",
                        "backgroundImage",
                        "backgroundSize",
                        "padding",
                        "borderRadius",
                    ] {
                        json.key(member).string("");
                    }
                });
            }
        });
        json.key("bordersAndDividers").object(|json| json.key("color").string("#dfe1e6"));
        json.key("spaceReference").null();
    });
}

/// Templates: two of the site, and one of every space.
const TEMPLATES: [(&str, &str); 3] = [
    ("Meeting notes", "<h2>Who was there</h2><p></p><h2>What was said</h2><p></p>"),
    ("Decision", "<h2>What we decided</h2><p></p><h2>Why</h2><p></p>"),
    ("Handover", "<h2>What is open</h2><p></p>"),
];
/// Id of the first template; those of spaces have the id of their space added.
const FIRST_TEMPLATE: u64 = 7_000_000;

/// A template: its id, its place in the list above, and the space it belongs to.
#[derive(Clone, Copy)]
struct Template<'state> {
    id: u64,
    at: usize,
    space: Option<&'state Space>,
}

fn templates<'state>(view: &View<'state>, space: Option<&'state Space>) -> Vec<Template<'state>> {
    match space {
        Some(space) => vec![Template { id: FIRST_TEMPLATE + space.id.0, at: 2, space: Some(space) }],
        None => (0..2).map(|at| Template { id: FIRST_TEMPLATE + at as u64, at, space: None }).collect(),
    }
    .into_iter()
    .filter(|template| template.space.is_none_or(|space| view.space(space.id).is_some()))
    .collect()
}

fn write_template(
    json: &mut JsonWriter,
    ask: &Ask,
    view: &View<'_>,
    template: Template<'_>,
    blueprint: bool,
) {
    let (name, body) = TEMPLATES[template.at];
    json.object(|json| {
        json.key("templateId").display(template.id);
        if blueprint {
            json.key("originalTemplate").object(|json| {
                json.key("pluginKey").string("com.example.blueprints");
                json.key("moduleKey").string("notes");
            });
            json.key("referencingBlueprint").string("notes-blueprint");
        }
        json.key("name").string(name);
        json.key("description").string("");
        if let Some(space) = template.space {
            json.key("space").object(|json| {
                shape::space_members(json, view, space, &super::expand::Expand::default());
            });
        }
        json.key("labels").array(|_| ());
        json.key("templateType").string("page");
        json.key("editorVersion").string("v2");
        let with_body = ask.parameters.list("expand").contains(&"body");
        if with_body {
            json.key("body").object(|json| {
                json.key("storage").object(|json| {
                    json.key("value").string(body);
                    json.key("representation").string("storage");
                    json.key("embeddedContent").array(|_| ());
                    json.key("_expandable").object(|_| ());
                });
            });
        }
        json.key("_expandable").object(|json| {
            if !with_body {
                json.key("body").string("");
            }
        });
        json.key("_links").object(|json| {
            json.key("self").display(format_args!("{}/rest/api/template/{}", view.base(), template.id));
        });
    });
}

/// `GET template/page` and `GET template/blueprint`: of the site, or with `spaceKey` of a space.
pub(super) fn list_templates(ask: &Ask, blueprints: bool) -> Answer {
    let window = Window::read(&ask.parameters)?;
    let key = ask.parameters.text("spaceKey");
    ask.read(|view| {
        let space = key.map(|key| view.space_by_key(key).ok_or_else(Refusal::not_found)).transpose()?;
        let mut found = templates(view, space);
        if blueprints {
            // The first template of the site came with a blueprint.
            found.retain(|template| template.at == 0);
        }
        let (json, _) = window.write(view, &ask.parameters, &found, |json, template| {
            write_template(json, ask, view, *template, blueprints);
        });
        Ok(ok(json, Charge::BASE))
    })
}

/// `GET template/{contentTemplateId}`
pub(super) fn template(ask: &Ask, id: &str) -> Answer {
    ask.read(|view| {
        let of_spaces = view.spaces().flat_map(|space| templates(view, Some(space)));
        let mut all = templates(view, None).into_iter().chain(of_spaces);
        let found = all.find(|template| template.id.to_string() == id).ok_or_else(Refusal::not_found)?;
        let mut json = JsonWriter::default();
        write_template(&mut json, ask, view, found, false);
        Ok(ok(json, Charge::BASE))
    })
}

/// `GET analytics/content/{contentId}/views` and `…/viewers`
pub(super) fn analytics(ask: &Ask, id: &str, viewers: bool) -> Answer {
    let id = content_id(id)?;
    let since: Option<Millis> = match ask.parameters.text("fromDate") {
        None => None,
        Some(text) => Some(
            date(text).ok_or_else(|| Refusal::wrong_type(text, "fromDate", "a date such as 2026-01-31"))?,
        ),
    };
    ask.read(|view| {
        view.head(id).filter(|head| head.status != ContentStatus::Trashed).ok_or_else(Refusal::not_found)?;
        let (views, people) = view.state.views(id, since.unwrap_or(0), view.now);
        let mut json = JsonWriter::default();
        json.object(|json| {
            json.key("id").display_number(id.0);
            json.key("count").display_number(if viewers { people } else { views });
        });
        Ok(ok(json, Charge::BASE))
    })
}

/// A day or a moment in ISO 8601.
fn date(text: &str) -> Option<Millis> {
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Some(moment.as_millisecond());
    }
    let day: jiff::civil::Date = text.get(..10)?.parse().ok()?;
    Some(day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

/// `GET space/{spaceKey}/label`
pub(super) fn space_labels(ask: &Ask, key: &str) -> Answer {
    let window = Window::sized(&ask.parameters, 200, 200)?;
    let prefix = ask.parameters.text("prefix");
    ask.read(|view| {
        let space = view.space_by_key(key).ok_or_else(Refusal::not_found)?;
        let mut labels = view.state.space_labels(space.id);
        labels.retain(|label| prefix.is_none_or(|prefix| label.prefix == prefix));
        let (json, _) = window.write(view, &ask.parameters, &labels, shape::label);
        Ok(ok(json, Charge::BASE))
    })
}

#[derive(Debug, Deserialize)]
struct LabelInput {
    prefix: String,
    name: String,
}

/// Labels one request may add.
const MAX_LABELS: usize = 20;
const PREFIXES: [&str; 4] = ["global", "my", "team", "system"];

/// `POST space/{spaceKey}/label`
pub(super) fn add_space_labels(ask: &Ask, key: &str, body: &Bytes) -> Answer {
    let labels: Vec<LabelInput> = read_json(body)?;
    if labels.is_empty() || labels.len() > MAX_LABELS {
        return Err(Refusal::bad_request("1 to 20 labels can be added at once"));
    }
    let (stamp, space) = administered(ask, key)?;
    for label in &labels {
        let prefix = PREFIXES.into_iter().find(|prefix| *prefix == label.prefix);
        let prefix = prefix.ok_or_else(|| Refusal::bad_request("the prefix of a label is not known"))?;
        let name = label.name.trim().to_lowercase();
        if name.is_empty() || name.len() > 255 || name.contains(char::is_whitespace) {
            return Err(Refusal::bad_request("a label has 1 to 255 bytes and no blanks"));
        }
        ask.site().write().set_space_label(stamp, space, (prefix, &name), true)?;
    }
    ask.read(|view| {
        let all = view.state.space_labels(space);
        let window = Window::sized(&ask.parameters, 200, 200)?;
        let (json, _) = window.write(view, &ask.parameters, &all, shape::label);
        Ok(written(StatusCode::OK, json))
    })
}

/// `DELETE space/{spaceKey}/label?name=…`
pub(super) fn remove_space_label(ask: &Ask, key: &str) -> Answer {
    let name = ask.parameters.text("name").ok_or_else(|| Refusal::bad_request("name is required"))?;
    let prefix = ask.parameters.text("prefix");
    let (stamp, space) = administered(ask, key)?;
    let found = ask.read(|view| {
        let labels = view.state.space_labels(space);
        let wanted = labels.iter().find(|it| *it.name == *name && prefix.is_none_or(|own| it.prefix == own));
        wanted.map(|label| label.prefix)
    });
    let prefix = found.ok_or_else(Refusal::not_found)?;
    ask.site().write().set_space_label(stamp, space, (prefix, name), false)?;
    Ok(no_content())
}
