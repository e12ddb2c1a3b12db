//! Footer and inline comments: site-wide, of a page or blog post, alone, and their replies and versions.

use std::sync::Arc;

use axum::response::Response;

use super::content::{STATUSES, operations_answer, write_like};
use super::list::{self, Cut, included};
use super::properties;
use super::shape::{self, CommentForm};
use crate::confluence::answer::{Answer, Refusal, ok};
use crate::confluence::body::{BodyFormat, write_body};
use crate::confluence::index::{CommentRow, SiteIndex};
use crate::confluence::json::JsonWriter;
use crate::confluence::paging::{Page, Position};
use crate::confluence::parameters::Parameters;
use crate::confluence::view::{Ask, View, path_id};
use crate::gateway::Charge;
use crate::world::ContentId;
use crate::world::confluence::{CommentPlace, Content, ContentComment, ContentKind, ContentStatus, Holder};

/// Orders of a list of comments.
const SORTS: [&str; 2] = ["created-date", "modified-date"];

/// The two kinds of comments, which have separate addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Footer,
    Inline,
}

impl Place {
    pub(super) fn of(comment: &ContentComment) -> Self {
        match comment.place {
            CommentPlace::Footer => Self::Footer,
            CommentPlace::Inline { .. } => Self::Inline,
        }
    }

    fn segment(self) -> &'static str {
        match self {
            Self::Footer => "footer-comments",
            Self::Inline => "inline-comments",
        }
    }
}

/// A comment and what it stands on.
type Placed = (Arc<Content>, ContentComment);

/// `GET /footer-comments` and `GET /inline-comments`: every comment of the site, replies included.
pub(super) fn of_site(ask: &Ask, place: Place) -> Answer {
    let cut = Cut::read(&ask.parameters, "", &SORTS, 25)?;
    let format = BodyFormat::listed(&ask.parameters)?;
    ask.read(|view| {
        let page = if cut.by().is_empty() {
            in_tree_order(view, place, &cut)
        } else {
            by_date(ask, view, place, &cut)
        };
        Ok(answer_list(&ask.parameters, view, &page, CommentForm::WithContainer, format))
    })
}

/// Without `sort`: content by content, so that only what the page needs is built.
fn in_tree_order(view: &View<'_>, place: Place, cut: &Cut) -> Page<Placed> {
    let mut containers = view.content_ids(None);
    containers.sort_unstable();
    let last_container = cut.after.as_ref().and_then(Position::leading_number);
    let start = containers.partition_point(|id| last_container.is_some_and(|last| as_number(*id) < last));
    let rest =
        containers.into_iter().skip(start).filter_map(|id| view.listed_container(id)).flat_map(|head| {
            let content = (head.comments > 0).then(|| view.state.content(head.id)).flatten();
            content.into_iter().flat_map(|content| {
                let mut comments: Vec<ContentComment> =
                    content.comments.iter().filter(|comment| Place::of(comment) == place).cloned().collect();
                comments.sort_unstable_by_key(|comment| comment.id);
                comments.into_iter().map(move |comment| (Arc::clone(&content), comment))
            })
        });
    let position = |(_, comment): &Placed| Position::number(as_number(comment.container), comment.id.0);
    let is_behind = |placed: &Placed| {
        cut.after.as_ref().is_none_or(|after| cut.order.compare(&position(placed), after).is_gt())
    };
    Page::from_sorted(&cut.order, cut.limit, rest.filter(is_behind), position)
}

fn as_number(id: ContentId) -> i64 {
    i64::try_from(id.0).unwrap_or(i64::MAX)
}

fn by_date(ask: &Ask, view: &View<'_>, place: Place, cut: &Cut) -> Page<Placed> {
    let rows = ask.index.with(view, |index: &SiteIndex| {
        let rows = index.comments().filter(|row| row.is_inline == (place == Place::Inline)).copied();
        let visible = rows.filter(|row| view.listed_container(row.container).is_some());
        cut.apply(visible, |row: &CommentRow| match cut.by() {
            "created-date" => Position::number(row.created, row.id.0),
            _ => Position::number(row.modified, row.id.0),
        })
    });
    let items = rows.items.iter().filter_map(|row| view.state.content_comment(row.id)).collect();
    Page { items, next: rows.next }
}

/// `GET /pages/{id}/footer-comments` and its three twins: top-level comments only.
pub(super) fn of_content(ask: &Ask, id: &str, kind: ContentKind, place: Place) -> Answer {
    let id = ContentId(path_id(id)?);
    let cut = Cut::read(&ask.parameters, "created-date", &SORTS, 25)?;
    let format = BodyFormat::listed(&ask.parameters)?;
    let statuses = ask.parameters.choices("status", &STATUSES)?;
    // Every comment is current: other statuses select nothing.
    let none = !statuses.is_empty() && !statuses.contains(&Some(ContentStatus::Current));
    let resolutions = ask.parameters.list("resolution-status");
    ask.read(|view| {
        let content = view.content(id, kind)?;
        let comments = content.comments.iter().filter(|comment| {
            !none
                && comment.parent.is_none()
                && Place::of(comment) == place
                && resolved_as(comment, &resolutions)
        });
        let page = cut.apply(comments.map(|comment| (Arc::clone(&content), comment.clone())), |placed| {
            place_in(&cut, placed)
        });
        Ok(answer_list(&ask.parameters, view, &page, CommentForm::WithContainer, format))
    })
}

fn resolved_as(comment: &ContentComment, wanted: &[&str]) -> bool {
    match comment.place {
        CommentPlace::Inline { resolution, .. } => wanted.is_empty() || wanted.contains(&resolution),
        CommentPlace::Footer => true,
    }
}

fn place_in(cut: &Cut, (_, comment): &Placed) -> Position {
    match cut.by() {
        "modified-date" => Position::number(comment.modified, comment.id.0),
        _ => Position::number(comment.created, comment.id.0),
    }
}

/// `GET /footer-comments/{id}/children` and its inline twin
pub(super) fn replies(ask: &Ask, id: &str, place: Place) -> Answer {
    let cut = Cut::read(&ask.parameters, "created-date", &SORTS, 25)?;
    let format = BodyFormat::listed(&ask.parameters)?;
    ask.read(|view| {
        let (content, parent) = find(view, id, place)?;
        let replies = content.comments.iter().filter(|comment| comment.parent == Some(parent.id));
        let page = cut.apply(replies.map(|comment| (Arc::clone(&content), comment.clone())), |placed| {
            place_in(&cut, placed)
        });
        Ok(answer_list(&ask.parameters, view, &page, CommentForm::Reply, format))
    })
}

fn answer_list(
    parameters: &Parameters,
    view: &View<'_>,
    page: &Page<Placed>,
    form: CommentForm,
    format: Option<BodyFormat>,
) -> Response {
    // Comments are not on the price list: the base point alone (`atlassian-platform.md` 5.2).
    list::answer(parameters, view, page, Charge::BASE, |json, (content, comment)| {
        json.object(|json| {
            shape::comment_members(json, view, content, comment, form, format);
            shape::comment_links(json, view, content, comment, None);
        });
    })
}

/// A visible comment of the right kind.
pub(super) fn find(view: &View<'_>, id: &str, place: Place) -> Result<Placed, Refusal> {
    let (content, comment) = view.comment(ContentId(path_id(id)?))?;
    if Place::of(&comment) == place { Ok((content, comment)) } else { Err(Refusal::not_found()) }
}

/// `GET /footer-comments/{comment-id}` and its inline twin
pub(super) fn single(ask: &Ask, id: &str, place: Place) -> Answer {
    let format = BodyFormat::single(&ask.parameters)?;
    ask.read(|view| {
        let (content, comment) = find(view, id, place)?;
        Ok(ok(write_single(view, &content, &comment, format, &ask.parameters), Charge::BASE))
    })
}

/// A comment alone, with everything its `include-…` parameters ask for.
pub(super) fn write_single(
    view: &View<'_>,
    content: &Content,
    comment: &ContentComment,
    format: Option<BodyFormat>,
    parameters: &Parameters,
) -> JsonWriter {
    let place = Place::of(comment);
    let path = format!("/wiki/api/v2/{}/{}", place.segment(), comment.id);
    let mut json = JsonWriter::default();
    json.object(|json| {
        shape::comment_members(json, view, content, comment, CommentForm::WithContainer, format);
        // An inline comment's `properties` are its marker; content properties have no room there.
        if parameters.flag("include-properties") && place == Place::Footer {
            let own = view.state.properties(Holder::Comment(comment.id));
            included(json, "properties", &format!("{path}/properties"), &own, |json, property| {
                properties::write(json, view, false, property);
            });
        }
        if parameters.flag("include-operations") {
            included(
                json,
                "operations",
                &format!("{path}/operations"),
                &operations_on(view, comment),
                |json, operation| {
                    super::content::write_operation(json, *operation);
                },
            );
        }
        if parameters.flag("include-likes") {
            let likes = view.state.likes(comment.id);
            included(json, "likes", &format!("{path}/likes/users"), &likes, |json, account| {
                write_like(json, view, *account);
            });
        }
        if parameters.flag("include-versions") {
            included(json, "versions", &format!("{path}/versions"), &[comment], |json, comment| {
                json.object(|json| {
                    shape::plain_version(json, view, comment.version, comment.modified, comment.editor);
                });
            });
        }
        shape::comment_links(json, view, content, comment, Some(view.base()));
    });
    json
}

fn operations_on(view: &View<'_>, comment: &ContentComment) -> Vec<(&'static str, &'static str)> {
    let mut operations = vec![("read", "comment")];
    if view.reader.account() == Some(comment.author) {
        operations.extend([("update", "comment"), ("delete", "comment")]);
    }
    operations
}

/// `GET /footer-comments/{id}/operations` and its inline twin
pub(super) fn operations(ask: &Ask, id: &str, place: Place) -> Answer {
    ask.read(|view| {
        let (_, comment) = find(view, id, place)?;
        Ok(operations_answer(&operations_on(view, &comment)))
    })
}

/// `GET /footer-comments/{id}/versions` and its inline twin: the present version, and the first when it was edited.
pub(super) fn versions(ask: &Ask, id: &str, place: Place) -> Answer {
    let cut = Cut::read(&ask.parameters, "-modified-date", &["modified-date"], 25)?;
    let format = BodyFormat::listed(&ask.parameters)?;
    ask.read(|view| {
        let (_, comment) = find(view, id, place)?;
        let page = cut.apply(versions_of(&comment).into_iter(), |(number, at, _)| {
            Position::number(*at, u64::from(*number))
        });
        Ok(list::answer(&ask.parameters, view, &page, Charge::BASE, |json, (number, at, by)| {
            json.object(|json| {
                shape::plain_version(json, view, *number, *at, *by);
                json.key("comment").object(|json| {
                    json.key("id").display(comment.id);
                    if let Some(format) = format {
                        json.key("body").object(|json| write_body(json, view, &comment.body, format));
                    }
                });
            });
        }))
    })
}

type PlainVersion = (u32, crate::world::Millis, crate::world::AccountIndex);

fn versions_of(comment: &ContentComment) -> Vec<PlainVersion> {
    let mut versions = Vec::with_capacity(2);
    if comment.version > 1 {
        versions.push((1, comment.created, comment.author));
    }
    versions.push((comment.version, comment.modified, comment.editor));
    versions
}

/// `GET /footer-comments/{id}/versions/{version-number}` and its inline twin
pub(super) fn version(ask: &Ask, id: &str, number: &str, place: Place) -> Answer {
    let number: u32 = number.parse().map_err(|_| Refusal::wrong_type(number, "version-number", "integer"))?;
    ask.read(|view| {
        let (_, comment) = find(view, id, place)?;
        let versions = versions_of(&comment);
        let at = versions.iter().position(|version| version.0 == number).ok_or_else(Refusal::not_found)?;
        let (number, time, by) = versions[at];
        let mut json = JsonWriter::default();
        json.object(|json| {
            shape::plain_version(json, view, number, time, by);
            json.key("contentTypeModified").boolean(false);
            json.key("collaborators").array(|json| json.string(view.account_id(by)));
            if let Some(previous) = at.checked_sub(1).and_then(|at| versions.get(at)) {
                json.key("prevVersion").integer(i64::from(previous.0));
            }
            if let Some(next) = versions.get(at + 1) {
                json.key("nextVersion").integer(i64::from(next.0));
            }
        });
        Ok(ok(json, Charge::BASE))
    })
}
