//! The v1 reads of content and spaces that are gone from the OAuth gateway and still answer on the site host.

use super::content::{Item, is_listed, write, write_single};
use super::expand::Expand;
use super::{parts, shape};
use crate::confluence::answer::{Answer, Refusal, ok};
use crate::confluence::json::JsonWriter;
use crate::confluence::parameters::Parameters;
use crate::confluence::view::{Ask, View, former};
use crate::gateway::Charge;
use crate::world::ContentId;
use crate::world::confluence::{ContentHead, ContentKind, ContentStatus, Space};

/// Most entries of one page (`atlassian-endpoints.md` 6.2).
const MAXIMUM_PAGE: usize = 1000;
/// Largest `start` (`atlassian-endpoints.md` 6.2).
const MAXIMUM_START: usize = 100_000;

/// `start` and `limit`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    start: usize,
    limit: usize,
}

impl Window {
    pub(super) fn read(parameters: &Parameters) -> Result<Self, Refusal> {
        let start = parameters.number("start")?.unwrap_or(0);
        if start > MAXIMUM_START {
            return Err(Refusal::bad_request(format!("start must not exceed {MAXIMUM_START}")));
        }
        Ok(Self { start, limit: parameters.limit(25, MAXIMUM_PAGE)? })
    }

    /// `start` and `limit` of a list with a page of its own size; what exceeds the maximum is clamped.
    pub(super) fn sized(parameters: &Parameters, default: usize, maximum: usize) -> Result<Self, Refusal> {
        let start = parameters.number("start")?.unwrap_or(0);
        Ok(Self { start, limit: parameters.limit(default, maximum)? })
    }

    /// Writes one page of a list with the links of v1.
    pub(super) fn write<T>(
        self,
        view: &View<'_>,
        parameters: &Parameters,
        all: &[T],
        mut write: impl FnMut(&mut JsonWriter, &T),
    ) -> (JsonWriter, usize) {
        let mut json = JsonWriter::with_capacity(16 * 1024);
        let mut size = 0;
        json.object(|json| size = self.members(json, view, parameters, all, &mut write));
        (json, size)
    }

    /// The members of one page of a list; returns how many entries it holds.
    pub(super) fn members<T>(
        self,
        json: &mut JsonWriter,
        view: &View<'_>,
        parameters: &Parameters,
        all: &[T],
        write: &mut dyn FnMut(&mut JsonWriter, &T),
    ) -> usize {
        let page = all.get(self.start..).unwrap_or_default();
        let page = &page[..page.len().min(self.limit)];
        let path = parameters.path.strip_prefix("/wiki").unwrap_or(&parameters.path);
        shape::page_members(json, self.start, self.limit, page.len(), |json| {
            for item in page {
                write(json, item);
            }
        });
        json.key("_links").object(|json| {
            json.key("base").string(view.base());
            json.key("context").string("/wiki");
            json.key("self").display(format_args!("{}{path}?{}", view.base(), parameters.with(&[])));
            if self.start + page.len() < all.len() {
                let start = (self.start + page.len()).to_string();
                json.key("next").display(format_args!("{path}?{}", parameters.with(&[("start", &start)])));
            }
        });
        page.len()
    }
}

/// The statuses `status` selects; `any` selects all but the trash.
fn statuses(parameters: &Parameters) -> Result<Vec<ContentStatus>, Refusal> {
    let mut statuses = Vec::new();
    for word in parameters.list("status") {
        match word {
            "current" => statuses.push(ContentStatus::Current),
            "draft" => statuses.push(ContentStatus::Draft),
            "archived" => statuses.push(ContentStatus::Archived),
            "trashed" => statuses.push(ContentStatus::Trashed),
            "any" => statuses.extend([ContentStatus::Current, ContentStatus::Draft, ContentStatus::Archived]),
            "deleted" | "historical" => {}
            other => return Err(Refusal::bad_request(format!("{other} is not a status"))),
        }
    }
    if !parameters.has("status") {
        statuses.push(ContentStatus::Current);
    }
    Ok(statuses)
}

fn kind_of(name: Option<&str>) -> Result<ContentKind, Refusal> {
    match name {
        None | Some("page") => Ok(ContentKind::Page),
        Some("blogpost") => Ok(ContentKind::BlogPost),
        Some(other) => Err(Refusal::bad_request(format!(
            "content of type {other} cannot be listed; use page or blogpost"
        ))),
    }
}

/// `GET /rest/api/content`
pub(super) fn list(ask: &Ask) -> Answer {
    let parameters = &ask.parameters;
    let window = Window::read(parameters)?;
    let kind = kind_of(parameters.text("type"))?;
    let statuses = statuses(parameters)?;
    let title = parameters.text("title").map(str::to_lowercase);
    let expand = Expand::read(parameters);
    ask.read(|view| {
        let space = match parameters.text("spaceKey") {
            None => None,
            Some(key) => Some(view.space_by_key(key).ok_or_else(Refusal::not_found)?),
        };
        let wanted = |head: &ContentHead| {
            head.kind == kind
                && statuses.contains(&head.status)
                && title.as_ref().is_none_or(|title| {
                    view.state.content_title(head.id).is_some_and(|own| own.to_lowercase() == *title)
                })
        };
        let heads = heads(view, space, wanted);
        Ok(answer_heads(view, parameters, window, &heads, &expand))
    })
}

/// Visible content, ascending by id.
fn heads(view: &View<'_>, space: Option<&Space>, wanted: impl Fn(&ContentHead) -> bool) -> Vec<ContentHead> {
    let spaces = space.map(|space| [space.id]);
    let mut ids = view.content_ids(spaces.as_ref().map(<[_; 1]>::as_slice));
    ids.sort_unstable();
    let heads = ids.into_iter().filter_map(|id| view.state.content_head(id)).filter(wanted);
    heads.filter(|head| view.state.can_see_content(&view.reader, head)).collect()
}

fn answer_heads(
    view: &View<'_>,
    parameters: &Parameters,
    window: Window,
    heads: &[ContentHead],
    expand: &Expand,
) -> axum::response::Response {
    let (json, size) = window.write(view, parameters, heads, |json, head| {
        if let Some(content) = view.state.content(head.id) {
            write(json, view, &Item::Content(content), expand);
        }
    });
    ok(json, Charge::core(size))
}

/// `GET /rest/api/content/{id}`: `history`, `space` and `version` are expanded unless told otherwise.
pub(super) fn single(ask: &Ask, id: &str) -> Answer {
    let parameters = &ask.parameters;
    let expand = if parameters.has("expand") {
        Expand::read(parameters)
    } else {
        Expand::parse("expand=history,space,version")
    };
    let statuses = statuses(parameters)?;
    let version = parameters.number::<u32>("version")?.filter(|number| *number > 0);
    ask.read(|view| {
        let mut item = Item::find_in_any_status(view, id)?;
        if matches!(&item, Item::File(_, file) if file.trashed) && !statuses.contains(&ContentStatus::Trashed)
        {
            return Err(Refusal::not_found());
        }
        if let Item::Content(content) = &item {
            let is_wanted =
                statuses.contains(&content.head.status) || parameters.text("status") == Some("historical");
            let reads_archived = !parameters.has("status") && content.head.status == ContentStatus::Archived;
            if !is_wanted && !reads_archived {
                return Err(Refusal::not_found());
            }
            if let Some(number) = version.filter(|number| *number != content.head.version) {
                item = Item::Content(former(content, number).ok_or_else(Refusal::not_found)?);
            }
        }
        let mut json = JsonWriter::with_capacity(8 * 1024);
        write_single(&mut json, view, &item, &expand);
        Ok(ok(json, Charge::core(1)))
    })
}

/// `GET /rest/api/content/{id}/child`
pub(super) fn children(ask: &Ask, id: &str) -> Answer {
    families(ask, id, parts::children)
}

/// `GET /rest/api/content/{id}/descendant`
pub(super) fn descendants(ask: &Ask, id: &str) -> Answer {
    families(ask, id, parts::descendants)
}

fn families(ask: &Ask, id: &str, write: fn(&mut JsonWriter, &View<'_>, &Item, &Expand)) -> Answer {
    let expand = Expand::read(&ask.parameters);
    ask.read(|view| {
        let item = Item::find(view, id)?;
        let mut json = JsonWriter::default();
        json.object(|json| write(json, view, &item, &expand));
        Ok(ok(json, Charge::BASE))
    })
}

/// `GET /rest/api/content/{id}/child/{type}`
pub(super) fn children_of_type(ask: &Ask, id: &str, type_name: &str) -> Answer {
    let deep = type_name == "comment" && ask.parameters.text("depth") == Some("all");
    list_below(ask, id, type_name, if deep { parts::all_below } else { parts::all_children })
}

/// `GET /rest/api/content/{id}/descendant/{type}`
pub(super) fn descendants_of_type(ask: &Ask, id: &str, type_name: &str) -> Answer {
    list_below(ask, id, type_name, parts::all_below)
}

fn list_below(ask: &Ask, id: &str, type_name: &str, find: fn(&View<'_>, &Item, &str) -> Vec<Item>) -> Answer {
    if !["page", "comment", "attachment", "folder"].contains(&type_name) {
        return Err(Refusal::bad_request(format!("{type_name} is not a type of child content")));
    }
    let window = Window::read(&ask.parameters)?;
    let expand = Expand::read(&ask.parameters);
    let locations = ask.parameters.list("location");
    let name = ask.parameters.text("filename");
    let media_type = ask.parameters.text("mediaType");
    ask.read(|view| {
        let item = Item::find(view, id)?;
        let mut found = find(view, &item, type_name);
        found.retain(|child| match child {
            Item::Comment(_, comment) => {
                locations.is_empty() || locations.contains(&super::location_of(comment))
            }
            Item::File(_, file) => {
                name.is_none_or(|name| *file.name == *name)
                    && media_type.is_none_or(|wanted| *file.media_type == *wanted)
            }
            Item::Content(_) => true,
        });
        let (json, size) =
            window.write(view, &ask.parameters, &found, |json, child| write(json, view, child, &expand));
        let charge = if type_name == "comment" { Charge::BASE } else { Charge::core(size) };
        Ok(ok(json, charge))
    })
}

/// `GET /rest/api/content/{id}/history`: the neighbouring versions are expanded unless told otherwise.
pub(super) fn history(ask: &Ask, id: &str) -> Answer {
    let expand = if ask.parameters.has("expand") {
        Expand::read(&ask.parameters)
    } else {
        Expand::parse("expand=previousVersion,nextVersion,lastUpdated")
    };
    ask.read(|view| {
        let item = Item::find(view, id)?;
        let mut json = JsonWriter::default();
        json.object(|json| parts::history(json, view, &item, &expand));
        Ok(ok(json, Charge::BASE))
    })
}

/// `GET /rest/api/content/{id}/version`, newest first
pub(super) fn versions(ask: &Ask, id: &str) -> Answer {
    let window = Window::read(&ask.parameters)?;
    ask.read(|view| {
        let item = Item::find(view, id)?;
        let mut versions = match &item {
            Item::Content(content) => content.versions.clone(),
            other => vec![other.version()],
        };
        versions.reverse();
        let path = item.path();
        let (json, _) = window.write(view, &ask.parameters, &versions, |json, version| {
            json.object(|json| shape::version_members(json, view, version, &path));
        });
        Ok(ok(json, Charge::BASE))
    })
}

/// `GET /rest/api/content/{id}/version/{versionNumber}`
pub(super) fn version(ask: &Ask, id: &str, number: &str) -> Answer {
    let number: u32 = number.parse().map_err(|_| Refusal::wrong_type(number, "versionNumber", "integer"))?;
    ask.read(|view| {
        let item = Item::find(view, id)?;
        let found = match &item {
            Item::Content(content) => {
                content.versions.iter().find(|version| version.number == number).cloned()
            }
            other => Some(other.version()).filter(|version| version.number == number),
        };
        let mut json = JsonWriter::default();
        let version = found.ok_or_else(Refusal::not_found)?;
        json.object(|json| shape::version_members(json, view, &version, &item.path()));
        Ok(ok(json, Charge::BASE))
    })
}

/// `GET /rest/api/content/{id}/label`
pub(super) fn labels(ask: &Ask, id: &str) -> Answer {
    ask.read(|view| {
        let item = Item::find(view, id)?;
        let json = label_list(ask, view, &item)?;
        Ok(ok(json, Charge::BASE))
    })
}

/// The labels of an item, as reads and writes of labels answer.
pub(super) fn label_list(ask: &Ask, view: &View<'_>, item: &Item) -> Result<JsonWriter, Refusal> {
    let start = ask.parameters.number("start")?.unwrap_or(0);
    let window = Window { start, limit: ask.parameters.limit(200, 200)? };
    let prefix = ask.parameters.text("prefix");
    let labels: Vec<_> = match item {
        Item::Content(content) => {
            content.labels.iter().filter(|label| prefix.is_none_or(|prefix| prefix == label.prefix)).collect()
        }
        Item::Comment(..) | Item::File(..) => Vec::new(),
    };
    Ok(window.write(view, &ask.parameters, &labels, |json, label| shape::label(json, label)).0)
}

/// `GET /rest/api/content/{id}/property`
pub(super) fn properties(ask: &Ask, id: &str) -> Answer {
    let window = Window::read(&ask.parameters)?;
    ask.read(|view| {
        let item = Item::find(view, id)?;
        let properties = match &item {
            Item::Content(content) => content.properties.as_slice(),
            Item::Comment(..) | Item::File(..) => &[],
        };
        let (json, _) = window.write(view, &ask.parameters, properties, |json, (key, value)| {
            write_property(json, view, &item, key, value);
        });
        Ok(ok(json, Charge::BASE))
    })
}

/// `GET /rest/api/content/{id}/property/{key}`
pub(super) fn property(ask: &Ask, id: &str, key: &str) -> Answer {
    ask.read(|view| {
        let item = Item::find(view, id)?;
        let Item::Content(content) = &item else {
            return Err(Refusal::not_found());
        };
        let (key, value) =
            content.properties.iter().find(|(own, _)| own == key).ok_or_else(Refusal::not_found)?;
        let mut json = JsonWriter::default();
        write_property(&mut json, view, &item, key, value);
        Ok(ok(json, Charge::BASE))
    })
}

fn write_property(json: &mut JsonWriter, view: &View<'_>, item: &Item, key: &str, value: &str) {
    json.object(|json| {
        json.key("id").string(&item.id());
        json.key("key").string(key);
        json.key("value").raw(value);
        json.key("version").object(|json| {
            json.key("number").integer(1);
            json.key("minorEdit").boolean(false);
            json.key("when").display(crate::confluence::time::Iso(item.created().1));
        });
        json.key("_links").object(|json| {
            json.key("self").display(format_args!("{}/rest/api{}/property/{key}", view.base(), item.path()));
        });
        json.key("_expandable")
            .object(|json| json.key("content").display(format_args!("/rest/api{}", item.path())));
    });
}

/// `GET /rest/api/space`
pub(super) fn spaces(ask: &Ask) -> Answer {
    let parameters = &ask.parameters;
    let window = Window::read(parameters)?;
    let expand = Expand::read(parameters);
    let keys = parameters.list("spaceKey");
    let ids = parameters.ids("spaceId")?;
    let is_personal = parameters.choice("type", &[("global", false), ("personal", true)])?;
    let archived = parameters.choice("status", &[("current", false), ("archived", true)])?;
    let none = parameters.has("label") || parameters.flag("favourite");
    ask.read(|view| {
        let wanted = view.spaces().filter(|space| {
            !none
                && (keys.is_empty() || keys.contains(&space.key.as_str()))
                && ids.as_ref().is_none_or(|ids| ids.contains(&space.id.0))
                && is_personal.is_none_or(|personal| {
                    (space.kind == crate::world::confluence::SpaceKind::Personal) == personal
                })
                && archived.is_none_or(|archived| space.archived == archived)
        });
        let spaces: Vec<&Space> = wanted.collect();
        let (json, size) = window.write(view, parameters, &spaces, |json, space| {
            json.object(|json| shape::space_members(json, view, space, &expand));
        });
        Ok(ok(json, Charge::core(size)))
    })
}

/// `GET /rest/api/space/{spaceKey}`
pub(super) fn space(ask: &Ask, key: &str) -> Answer {
    let expand = Expand::read(&ask.parameters);
    ask.read(|view| {
        let space = view.space_by_key(key).ok_or_else(Refusal::not_found)?;
        let mut json = JsonWriter::default();
        json.object(|json| shape::space_members(json, view, space, &expand));
        Ok(ok(json, Charge::core(1)))
    })
}

/// `GET /rest/api/space/{spaceKey}/content`: pages and blog posts, each as a list of its own.
pub(super) fn space_content(ask: &Ask, key: &str) -> Answer {
    let window = Window::read(&ask.parameters)?;
    let expand = Expand::read(&ask.parameters);
    ask.read(|view| {
        let space = view.space_by_key(key).ok_or_else(Refusal::not_found)?;
        let mut json = JsonWriter::with_capacity(16 * 1024);
        let mut total = 0;
        json.object(|json| {
            for kind in [ContentKind::Page, ContentKind::BlogPost] {
                let heads = heads(view, Some(space), |head| is_listed(head, kind));
                json.key(kind.as_str()).object(|json| {
                    total += window.members(
                        json,
                        view,
                        &ask.parameters,
                        &heads,
                        &mut |json, head: &ContentHead| {
                            if let Some(content) = view.state.content(head.id) {
                                write(json, view, &Item::Content(content), &expand);
                            }
                        },
                    );
                });
            }
            json.key("_links").object(|json| {
                json.key("base").string(view.base());
                json.key("context").string("/wiki");
            });
        });
        Ok(ok(json, Charge::core(total)))
    })
}

/// `GET /rest/api/space/{spaceKey}/content/{type}`
pub(super) fn space_content_of_type(ask: &Ask, key: &str, type_name: &str) -> Answer {
    let window = Window::read(&ask.parameters)?;
    let kind = kind_of(Some(type_name))?;
    let roots_only = ask.parameters.text("depth") == Some("root");
    let expand = Expand::read(&ask.parameters);
    ask.read(|view| {
        let space = view.space_by_key(key).ok_or_else(Refusal::not_found)?;
        let heads =
            heads(view, Some(space), |head| is_listed(head, kind) && !(roots_only && head.parent.is_some()));
        Ok(answer_heads(view, &ask.parameters, window, &heads, &expand))
    })
}

/// `GET /rest/api/space/{spaceKey}/property`, as older clients know it: nothing is kept there any more.
pub(super) fn nothing_in_space(ask: &Ask, key: &str) -> Answer {
    let window = Window::read(&ask.parameters)?;
    ask.read(|view| {
        view.space_by_key(key).ok_or_else(Refusal::not_found)?;
        let (json, _) = window.write::<()>(view, &ask.parameters, &[], |_, ()| ());
        Ok(ok(json, Charge::BASE))
    })
}

/// The id of a content path.
pub(super) fn content_id(id: &str) -> Result<ContentId, Refusal> {
    ContentId::parse(id).ok_or_else(Refusal::not_found)
}
