//! Attachments: site-wide, of a page or blog post, alone, and their versions.

use std::sync::Arc;

use axum::extract::Path;

use super::content::{STATUSES, operations_answer};
use super::list::{self, Cut, included};
use super::{properties, shape};
use crate::confluence::answer::{Answer, Refusal, ok};
use crate::confluence::json::JsonWriter;
use crate::confluence::paging::{Page, Position};
use crate::confluence::parameters::Parameters;
use crate::confluence::view::{Ask, View, path_id};
use crate::gateway::Charge;
use crate::world::confluence::{Content, ContentFile, ContentHead, ContentKind, ContentStatus, Holder};
use crate::world::{ContentId, FileId};

const SORTS: [&str; 2] = ["created-date", "modified-date"];

/// Reads `att123`, or the bare number older clients send.
///
/// # Errors
/// 400 when it is neither.
pub(in crate::confluence) fn file_id(text: &str) -> Result<FileId, Refusal> {
    let digits = text.strip_prefix("att").unwrap_or(text);
    digits.parse().map(FileId).map_err(|_| Refusal::wrong_type(text, "id", "attachment id"))
}

/// What a list of attachments holds.
struct Selection<'query> {
    media_type: Option<&'query str>,
    name: Option<&'query str>,
    current: bool,
    trashed: bool,
}

impl<'query> Selection<'query> {
    fn read(parameters: &'query Parameters) -> Result<Self, Refusal> {
        let statuses = parameters.choices("status", &STATUSES)?;
        let wants = |status| statuses.contains(&Some(status));
        Ok(Self {
            media_type: parameters.text("mediaType"),
            name: parameters.text("filename"),
            current: statuses.is_empty() || wants(ContentStatus::Current),
            trashed: wants(ContentStatus::Trashed),
        })
    }

    fn holds(&self, name: &str, media_type: &str, trashed: bool) -> bool {
        (if trashed { self.trashed } else { self.current })
            && self.media_type.is_none_or(|wanted| wanted == media_type)
            && self.name.is_none_or(|wanted| wanted == name)
    }
}

/// A file and the head of what it is attached to.
type Placed = (ContentHead, ContentFile);

/// `GET /attachments`
pub(super) async fn of_site(ask: Ask) -> Answer {
    list_files(&ask, |_, _| true)
}

/// `GET /labels/{id}/attachments`
pub(super) async fn labelled(ask: Ask, Path(id): Path<String>) -> Answer {
    let label = path_id(&id)?;
    list_files(&ask, |view, file| view.state.file_labels(file).iter().any(|own| own.id.0 == label))
}

fn list_files(ask: &Ask, among: impl Fn(&View<'_>, FileId) -> bool) -> Answer {
    let cut = Cut::read(&ask.parameters, "", &SORTS, 50)?;
    let selection = Selection::read(&ask.parameters)?;
    ask.read(|view| {
        let page = if cut.by().is_empty() {
            in_tree_order(view, &selection, &cut, among)
        } else {
            by_date(ask, view, &selection, &cut, among)
        };
        Ok(answer_list(&ask.parameters, view, &page))
    })
}

/// Without `sort`: content by content, so that only what the page needs is built.
fn in_tree_order(
    view: &View<'_>,
    selection: &Selection<'_>,
    cut: &Cut,
    among: impl Fn(&View<'_>, FileId) -> bool,
) -> Page<Placed> {
    let number = |id: ContentId| i64::try_from(id.0).unwrap_or(i64::MAX);
    let mut containers = view.content_ids(None);
    containers.sort_unstable();
    let last = cut.after.as_ref().and_then(Position::leading_number);
    let start = containers.partition_point(|id| last.is_some_and(|last| number(*id) < last));
    let rest =
        containers.into_iter().skip(start).filter_map(|id| view.listed_container(id)).flat_map(|head| {
            let content =
                (head.files > 0 || selection.trashed).then(|| view.state.content(head.id)).flatten();
            let mut files = content.map_or_else(Vec::new, |content| all_of(&content));
            files.sort_unstable_by_key(|file| file.id);
            files.into_iter().map(move |file| (head, file))
        });
    let position = |(head, file): &Placed| Position::number(number(head.id), file.id.0);
    let is_wanted = |placed: &Placed| {
        selection.holds(&placed.1.name, &placed.1.media_type, placed.1.trashed)
            && among(view, placed.1.id)
            && cut.after.as_ref().is_none_or(|after| cut.order.compare(&position(placed), after).is_gt())
    };
    Page::from_sorted(&cut.order, cut.limit, rest.filter(is_wanted), position)
}

/// The files of content, also those in the trash.
fn all_of(content: &Content) -> Vec<ContentFile> {
    content.files.iter().chain(&content.trash).cloned().collect()
}

fn by_date(
    ask: &Ask,
    view: &View<'_>,
    selection: &Selection<'_>,
    cut: &Cut,
    among: impl Fn(&View<'_>, FileId) -> bool,
) -> Page<Placed> {
    let rows = ask.index.with(view, |index| {
        let rows = index
            .files()
            .filter(|row| selection.holds(&row.name, &row.media_type, row.trashed) && among(view, row.id))
            .map(|row| (row.id, row.container, row.created, row.modified));
        let visible = rows.filter(|(_, container, ..)| view.listed_container(*container).is_some());
        cut.apply(visible, |(id, _, created, modified)| {
            Position::number(if cut.by() == "created-date" { *created } else { *modified }, id.0)
        })
    });
    let items = rows
        .items
        .iter()
        .filter_map(|(id, ..)| view.state.content_file_in_any_status(*id))
        .map(|(content, file)| (content.head, file))
        .collect();
    Page { items, next: rows.next }
}

/// `GET /pages/{id}/attachments` and its blog post twin
pub(super) fn of_content(ask: &Ask, id: &str, kind: ContentKind) -> Answer {
    let id = ContentId(path_id(id)?);
    let cut = Cut::read(&ask.parameters, "created-date", &SORTS, 50)?;
    let selection = Selection::read(&ask.parameters)?;
    ask.read(|view| {
        let content = view.content(id, kind)?;
        let files = all_of(&content).into_iter();
        let files = files.filter(|file| selection.holds(&file.name, &file.media_type, file.trashed));
        let page = cut.apply(files.map(|file| (content.head, file)), |(_, file)| {
            Position::number(
                if cut.by() == "modified-date" { file.modified } else { file.created },
                file.id.0,
            )
        });
        Ok(answer_list(&ask.parameters, view, &page))
    })
}

fn answer_list(parameters: &Parameters, view: &View<'_>, page: &Page<Placed>) -> axum::response::Response {
    list::answer(parameters, view, page, Charge::core(page.items.len()), |json, (head, file)| {
        json.object(|json| {
            shape::file_members(json, view, *head, file);
            shape::file_links(json, file, None);
        });
    })
}

fn find(view: &View<'_>, id: &str) -> Result<(Arc<Content>, ContentFile), Refusal> {
    view.file(file_id(id)?)
}

/// `GET /attachments/{id}`
pub(super) async fn single(ask: Ask, Path(id): Path<String>) -> Answer {
    let parameters = &ask.parameters;
    ask.read(|view| {
        let (content, file) = view.file_in_any_status(file_id(&id)?)?;
        let path = format!("/wiki/api/v2/attachments/{}", file.id);
        let mut json = JsonWriter::default();
        json.object(|json| {
            shape::file_members(json, view, content.head, &file);
            if parameters.flag("include-labels") {
                let labels = view.state.file_labels(file.id);
                included(json, "labels", &format!("{path}/labels"), &labels, shape::label);
            }
            if parameters.flag("include-properties") {
                let own = view.state.properties(Holder::File(file.id));
                included(json, "properties", &format!("{path}/properties"), &own, |json, property| {
                    properties::write(json, view, false, property);
                });
            }
            if parameters.flag("include-operations") {
                included(
                    json,
                    "operations",
                    &format!("{path}/operations"),
                    &operations_on(view, content.head),
                    |json, operation| {
                        super::content::write_operation(json, *operation);
                    },
                );
            }
            if parameters.flag("include-versions") {
                included(json, "versions", &format!("{path}/versions"), &[&file], |json, file| {
                    json.object(|json| {
                        shape::plain_version(json, view, file.version, file.modified, file.author);
                    });
                });
            }
            shape::file_links(json, &file, Some(view.base()));
        });
        Ok(ok(json, Charge::core(1)))
    })
}

fn operations_on(view: &View<'_>, container: ContentHead) -> Vec<(&'static str, &'static str)> {
    let mut operations = vec![("read", "attachment")];
    if view.state.can_edit_content(&view.reader, &container) {
        operations.extend([("update", "attachment"), ("delete", "attachment")]);
    }
    operations
}

/// `GET /attachments/{id}/operations`
pub(super) async fn operations(ask: Ask, Path(id): Path<String>) -> Answer {
    ask.read(|view| {
        let (content, _) = find(view, &id)?;
        Ok(operations_answer(&operations_on(view, content.head)))
    })
}

/// `GET /attachments/{id}/versions`: the present version.
pub(super) async fn versions(ask: Ask, Path(id): Path<String>) -> Answer {
    let cut = Cut::read(&ask.parameters, "-modified-date", &["modified-date"], 25)?;
    ask.read(|view| {
        let (_, file) = find(view, &id)?;
        let page = cut
            .apply(std::iter::once(&file), |file| Position::number(file.modified, u64::from(file.version)));
        Ok(list::answer(&ask.parameters, view, &page, Charge::BASE, |json, file| {
            json.object(|json| {
                shape::plain_version(json, view, file.version, file.modified, file.author);
                json.key("attachment").object(|json| {
                    json.key("id").display(file.id);
                    json.key("title").string(&file.name);
                });
            });
        }))
    })
}

/// `GET /attachments/{attachment-id}/versions/{version-number}`
pub(super) async fn version(ask: Ask, Path((id, number)): Path<(String, String)>) -> Answer {
    let number: u32 =
        number.parse().map_err(|_| Refusal::wrong_type(&number, "version-number", "integer"))?;
    ask.read(|view| {
        let (_, file) = find(view, &id)?;
        if number != file.version {
            return Err(Refusal::not_found());
        }
        let mut json = JsonWriter::default();
        json.object(|json| {
            shape::plain_version(json, view, file.version, file.modified, file.author);
            json.key("contentTypeModified").boolean(false);
            json.key("collaborators").array(|json| json.string(view.account_id(file.author)));
        });
        Ok(ok(json, Charge::BASE))
    })
}

/// `GET /attachments/{id}/labels`
pub(super) async fn labels(ask: Ask, Path(id): Path<String>) -> Answer {
    let cut = Cut::read(&ask.parameters, "id", &["id", "name", "created-date"], 25)?;
    let prefixes = ask.parameters.list("prefix");
    ask.read(|view| {
        let (_, file) = find(view, &id)?;
        let labels = view.state.file_labels(file.id).into_iter();
        let labels = labels.filter(|label| prefixes.is_empty() || prefixes.contains(&label.prefix));
        let page = cut.apply(labels, |label| Position::number(0, label.id.0));
        Ok(list::answer(&ask.parameters, view, &page, Charge::BASE, shape::label))
    })
}

/// `GET /attachments/{id}/footer-comments`: nobody commented on a file here.
pub(super) async fn comments(ask: Ask, Path(id): Path<String>) -> Answer {
    ask.read(|view| {
        find(view, &id)?;
        Ok(list::empty(&ask.parameters, view))
    })
}

/// `GET /attachments/{id}/thumbnail/download`: 302 to a signed address, as the whole file.
pub(super) async fn thumbnail(ask: Ask, Path(id): Path<String>) -> Answer {
    let (content, file) = ask.read(|view| find(view, &id))?;
    crate::confluence::v1::signed_redirect(&ask, content.head.id, &file)
}
