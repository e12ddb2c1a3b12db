//! Pages and blog posts: lists, single reads, versions, properties, operations and likes.

use axum::extract::Path;
use axum::response::Response;

use super::list::{self, Cut, included};
use super::tree::write_child;
use super::{properties, shape};
use crate::confluence::answer::{Answer, Refusal, ok};
use crate::confluence::body::{BodyFormat, write_body};
use crate::confluence::json::JsonWriter;
use crate::confluence::paging::{Page, Position};
use crate::confluence::parameters::Parameters;
use crate::confluence::view::{Ask, View, former, path_id};
use crate::gateway::Charge;
use crate::world::confluence::{Content, ContentHead, ContentKind, ContentStatus, Holder};
use crate::world::{AccountIndex, ContentId, SpaceId};

/// The words of `status`; `None` is a status nothing here has: deleted content is gone for good, and historical
/// versions are asked for by number.
pub(super) const STATUSES: [(&str, Option<ContentStatus>); 6] = [
    ("current", Some(ContentStatus::Current)),
    ("archived", Some(ContentStatus::Archived)),
    ("draft", Some(ContentStatus::Draft)),
    ("trashed", Some(ContentStatus::Trashed)),
    ("deleted", None),
    ("historical", None),
];

/// What a list of pages or blog posts holds.
struct Selection {
    kind: ContentKind,
    statuses: Vec<Option<ContentStatus>>,
    /// In lower case: titles are told apart without regard to case.
    title: Option<String>,
    roots_only: bool,
    ids: Option<Vec<ContentId>>,
    spaces: Option<Vec<SpaceId>>,
    /// Nothing is selected, whatever else is asked.
    nothing: bool,
}

impl Selection {
    fn read(parameters: &Parameters, kind: ContentKind) -> Result<Self, Refusal> {
        let mut statuses = parameters.choices("status", &STATUSES)?;
        if statuses.is_empty() {
            statuses.push(Some(ContentStatus::Current));
            if kind == ContentKind::Page {
                statuses.push(Some(ContentStatus::Archived));
            }
        }
        let subtype = parameters.choice("subtype", &[("page", true), ("live", false)])?;
        Ok(Self {
            kind,
            statuses,
            title: parameters.text("title").map(str::to_lowercase),
            roots_only: parameters.choice("depth", &[("all", false), ("root", true)])?.unwrap_or(false),
            ids: parameters.ids("id")?.map(|ids| ids.into_iter().map(ContentId).collect()),
            spaces: parameters.ids("space-id")?.map(|ids| ids.into_iter().map(SpaceId).collect()),
            nothing: subtype == Some(false),
        })
    }

    fn holds(&self, view: &View<'_>, head: &ContentHead) -> bool {
        head.kind == self.kind
            && self.statuses.contains(&Some(head.status))
            && !(self.roots_only && head.parent.is_some())
            && self.title.as_ref().is_none_or(|title| {
                view.state.content_title(head.id).is_some_and(|own| own.to_lowercase() == *title)
            })
            && view.state.can_see_content(&view.reader, head)
    }

    fn candidates(&self, view: &View<'_>) -> Vec<ContentId> {
        if self.nothing {
            return Vec::new();
        }
        let mut candidates = match &self.ids {
            None => view.content_ids(self.spaces.as_deref()),
            Some(ids) => {
                let in_spaces = |id: &ContentId| {
                    self.spaces.as_ref().is_none_or(|spaces| {
                        view.state.content_head(*id).is_some_and(|head| spaces.contains(&head.space))
                    })
                };
                ids.iter().copied().filter(in_spaces).collect()
            }
        };
        candidates.sort_unstable();
        candidates.dedup();
        candidates
    }
}

/// `GET /pages`
pub(super) async fn pages(ask: Ask) -> Answer {
    let selection = Selection::read(&ask.parameters, ContentKind::Page)?;
    ask.read(|view| answer_list(&ask.parameters, view, &selection))
}

/// `GET /blogposts`
pub(super) async fn blogposts(ask: Ask) -> Answer {
    let selection = Selection::read(&ask.parameters, ContentKind::BlogPost)?;
    ask.read(|view| answer_list(&ask.parameters, view, &selection))
}

/// `GET /spaces/{id}/pages`
pub(super) async fn pages_in_space(ask: Ask, Path(space): Path<String>) -> Answer {
    in_space(&ask, &space, ContentKind::Page)
}

/// `GET /spaces/{id}/blogposts`
pub(super) async fn blogposts_in_space(ask: Ask, Path(space): Path<String>) -> Answer {
    in_space(&ask, &space, ContentKind::BlogPost)
}

fn in_space(ask: &Ask, space: &str, kind: ContentKind) -> Answer {
    let space = SpaceId(path_id(space)?);
    let mut selection = Selection::read(&ask.parameters, kind)?;
    selection.ids = None;
    selection.spaces = Some(vec![space]);
    ask.read(|view| {
        view.space(space).ok_or_else(Refusal::not_found)?;
        answer_list(&ask.parameters, view, &selection)
    })
}

/// A list of what some of `ids` hold: `GET /labels/{id}/pages` and `/blogposts`.
pub(super) fn among(ask: &Ask, kind: ContentKind, ids: Vec<ContentId>) -> Answer {
    let mut selection = Selection::read(&ask.parameters, kind)?;
    selection.ids = Some(ids);
    ask.read(|view| answer_list(&ask.parameters, view, &selection))
}

fn answer_list(parameters: &Parameters, view: &View<'_>, selection: &Selection) -> Answer {
    let cut = Cut::read(parameters, "id", &["id", "created-date", "modified-date", "title"], 25)?;
    let format = BodyFormat::listed(parameters)?;
    let page = select(view, selection, &cut);
    let charge = Charge::core(page.items.len());
    Ok(list::answer(parameters, view, &page, charge, |json, head| {
        // The guard is held: what was selected is still there.
        let Some(content) = view.state.content(head.id) else {
            return;
        };
        json.object(|json| {
            shape::content_members(json, view, &content, format);
            shape::content_links(json, view, content.head, &content.title, None);
        });
    }))
}

fn select(view: &View<'_>, selection: &Selection, cut: &Cut) -> Page<ContentHead> {
    let candidates = selection.candidates(view);
    let head = |id: ContentId| view.state.content_head(id).filter(|head| selection.holds(view, head));
    if cut.order.name == "id" {
        // In the default order only as much is looked at as the page needs.
        let after = cut.after.as_ref().map_or(0, |position| position.id);
        let start = candidates.partition_point(|id| cut.after.is_some() && id.0 <= after);
        let rest = candidates.into_iter().skip(start).filter_map(head);
        return Page::from_sorted(&cut.order, cut.limit, rest, |head| Position::number(0, head.id.0));
    }
    cut.apply(candidates.into_iter().filter_map(head), |head| match cut.by() {
        "created-date" => Position::number(head.created, head.id.0),
        "modified-date" => Position::number(head.modified, head.id.0),
        "title" => Position::text(&view.state.content_title(head.id).unwrap_or_default(), head.id.0),
        _ => Position::number(0, head.id.0),
    })
}

/// `GET /pages/{id}`
pub(super) async fn page(ask: Ask, Path(id): Path<String>) -> Answer {
    single(&ask, &id, ContentKind::Page)
}

/// `GET /blogposts/{id}`
pub(super) async fn blogpost(ask: Ask, Path(id): Path<String>) -> Answer {
    single(&ask, &id, ContentKind::BlogPost)
}

fn single(ask: &Ask, id: &str, kind: ContentKind) -> Answer {
    let id = ContentId(path_id(id)?);
    let parameters = &ask.parameters;
    let format = BodyFormat::single(parameters)?;
    let version = parameters.number::<u32>("version")?;
    let mut statuses = parameters.choices("status", &STATUSES)?;
    if statuses.is_empty() {
        statuses.extend([Some(ContentStatus::Current), Some(ContentStatus::Archived)]);
    }
    if parameters.flag("get-draft") {
        statuses.push(Some(ContentStatus::Draft));
    }
    ask.read(|view| {
        let content = view.content_in_any_status(id, kind)?;
        if !statuses.contains(&Some(content.head.status)) {
            return Err(Refusal::not_found());
        }
        let content = match version.filter(|number| *number != content.head.version) {
            Some(number) => former(&content, number).ok_or_else(Refusal::not_found)?,
            None => content,
        };
        Ok(ok(write_single(view, &content, format, parameters), Charge::core(1)))
    })
}

/// A page or blog post alone, with everything its `include-…` parameters ask for.
pub(super) fn write_single(
    view: &View<'_>,
    content: &Content,
    format: Option<BodyFormat>,
    parameters: &Parameters,
) -> JsonWriter {
    let mut json = JsonWriter::with_capacity(8 * 1024);
    let path = format!("/wiki/api/v2/{}s/{}", content.head.kind.as_str(), content.head.id);
    json.object(|json| {
        shape::content_members(json, view, content, format);
        write_included(json, view, content, &path, parameters);
        if parameters.flag("include-likes") {
            let likes = view.state.likes(content.head.id);
            included(json, "likes", &format!("{path}/likes/users"), &likes, |json, account| {
                write_like(json, view, *account);
            });
        }
        if parameters.flag("include-favorited-by-current-user-status") {
            json.key("isFavoritedByCurrentUser").boolean(false);
        }
        if parameters.flag("include-direct-children") {
            let children = super::tree::children_of(view, content.head.id);
            included(json, "directChildren", &format!("{path}/direct-children"), &children, |json, child| {
                write_child(json, view, *child);
            });
        }
        shape::content_links(json, view, content.head, &content.title, Some(view.base()));
    });
    json
}

/// What `include-…` parameters add to content of every kind; `path` is where the content is.
pub(super) fn write_included(
    json: &mut JsonWriter,
    view: &View<'_>,
    content: &Content,
    path: &str,
    parameters: &Parameters,
) {
    if parameters.flag("include-labels") {
        included(json, "labels", &format!("{path}/labels"), &content.labels, shape::label);
    }
    if parameters.flag("include-properties") {
        let own = view.state.properties(Holder::Content(content.head.id));
        included(json, "properties", &format!("{path}/properties"), &own, |json, property| {
            properties::write(json, view, false, property);
        });
    }
    if parameters.flag("include-operations") {
        let operations = operations_on(view, content.head);
        included(json, "operations", &format!("{path}/operations"), &operations, |json, operation| {
            write_operation(json, *operation);
        });
    }
    if parameters.flag("include-versions") {
        let versions: Vec<_> = content.versions.iter().rev().collect();
        included(json, "versions", &format!("{path}/versions"), &versions, |json, version| {
            json.object(|json| shape::version_members(json, view, version));
        });
    }
}

/// `GET /pages/{id}/versions` and `GET /blogposts/{id}/versions`
pub(super) fn versions(ask: &Ask, id: &str, kind: ContentKind) -> Answer {
    let id = ContentId(path_id(id)?);
    let mut cut = Cut::read(&ask.parameters, "-modified-date", &["modified-date"], 25)?;
    let format = BodyFormat::listed(&ask.parameters)?;
    if format.is_some() {
        // Since June 2026 (`atlassian-endpoints.md` 6.9).
        cut.limit = cut.limit.min(50);
    }
    ask.read(|view| {
        let content = view.content(id, kind)?;
        let page = cut.apply(content.versions.iter(), |version| {
            Position::number(version.created, u64::from(version.number))
        });
        Ok(list::answer(&ask.parameters, view, &page, Charge::BASE, |json, version| {
            json.object(|json| {
                shape::version_members(json, view, version);
                let member = if content.head.kind == ContentKind::Custom {
                    "custom"
                } else {
                    content.head.kind.as_str()
                };
                json.key(member).object(|json| {
                    json.key("id").display(content.head.id);
                    json.key("title").string(&content.title);
                    if let Some(format) = format {
                        json.key("body").object(|json| {
                            write_body(json, view, version.body.as_ref().unwrap_or(&content.body), format);
                        });
                    }
                });
            });
        }))
    })
}

/// `GET /pages/{page-id}/versions/{version-number}` and its blog post twin
pub(super) fn version(ask: &Ask, id: &str, number: &str, kind: ContentKind) -> Answer {
    let id = ContentId(path_id(id)?);
    let number: u32 = number.parse().map_err(|_| Refusal::wrong_type(number, "version-number", "integer"))?;
    ask.read(|view| {
        let content = view.content(id, kind)?;
        let at = content
            .versions
            .iter()
            .position(|version| version.number == number)
            .ok_or_else(Refusal::not_found)?;
        let version = &content.versions[at];
        let mut json = JsonWriter::default();
        json.object(|json| {
            shape::version_members(json, view, version);
            json.key("contentTypeModified").boolean(false);
            json.key("collaborators").array(|json| json.string(view.account_id(version.author)));
            if let Some(previous) = at.checked_sub(1).and_then(|at| content.versions.get(at)) {
                json.key("prevVersion").integer(i64::from(previous.number));
            }
            if let Some(next) = content.versions.get(at + 1) {
                json.key("nextVersion").integer(i64::from(next.number));
            }
        });
        Ok(ok(json, Charge::BASE))
    })
}

/// What the caller may do with content.
pub(super) fn operations_on(view: &View<'_>, head: ContentHead) -> Vec<(&'static str, &'static str)> {
    let own = head.kind.as_str();
    let mut operations = vec![("read", own)];
    if view.state.can_edit_content(&view.reader, &head) {
        operations.extend([("update", own), ("delete", own), ("restrict_content", own), ("archive", own)]);
        operations.extend([("create", "attachment"), ("create", "comment")]);
    }
    operations
}

pub(super) fn write_operation(json: &mut JsonWriter, (operation, target): (&str, &str)) {
    json.object(|json| {
        json.key("operation").string(operation);
        json.key("targetType").string(target);
    });
}

/// `{"operations":[…]}`
pub(super) fn operations_answer(operations: &[(&'static str, &'static str)]) -> Response {
    let mut json = JsonWriter::default();
    json.object(|json| {
        json.key("operations").array(|json| {
            for operation in operations {
                write_operation(json, *operation);
            }
        });
    });
    ok(json, Charge::BASE)
}

/// `GET /pages/{id}/operations` and its twins
pub(super) fn operations(ask: &Ask, id: &str, kind: ContentKind) -> Answer {
    let id = ContentId(path_id(id)?);
    ask.read(|view| Ok(operations_answer(&operations_on(view, view.content(id, kind)?.head))))
}

/// `GET /pages/{id}/likes/count` and its twins
pub(super) fn likes_count(view: &View<'_>, id: ContentId) -> Response {
    let mut json = JsonWriter::default();
    json.object(|json| json.key("count").size(view.state.likes(id).len()));
    ok(json, Charge::BASE)
}

/// `GET /pages/{id}/likes/users` and its twins
pub(super) fn likes_users(parameters: &Parameters, view: &View<'_>, id: ContentId) -> Answer {
    let cut = Cut::read(parameters, "id", &[], 25)?;
    let likes = view.state.likes(id).into_iter();
    let page = cut.apply(likes, |account| Position::number(0, u64::from(account.0)));
    let charge = Charge::identity(page.items.len());
    Ok(list::answer(parameters, view, &page, charge, |json, account| write_like(json, view, *account)))
}

/// Somebody who likes something.
pub(super) fn write_like(json: &mut JsonWriter, view: &View<'_>, account: AccountIndex) {
    json.object(|json| json.key("accountId").string(view.account_id(account)));
}
