//! The page tree: children, descendants and ancestors of pages and folders, and folders themselves.

use std::collections::VecDeque;

use axum::extract::Path;

use super::list::{self, Cut};
use crate::confluence::answer::{Answer, Refusal};
use crate::confluence::json::JsonWriter;
use crate::confluence::paging::{Order, Page, Position, decode};
use crate::confluence::view::{Ask, View, path_id};
use crate::gateway::Charge;
use crate::world::ContentId;
use crate::world::confluence::{ContentHead, ContentKind, ContentStatus};

/// Orders of a list of children.
const CHILD_SORTS: [&str; 5] = ["child-position", "id", "created-date", "modified-date", "title"];

/// Visible children of a page or folder that are current or archived, by position.
pub(super) fn children_of(view: &View<'_>, parent: ContentId) -> Vec<ContentHead> {
    let children = view.state.content_children(parent).into_iter();
    children
        .filter_map(|id| view.head(id))
        .filter(|head| {
            head.kind.is_in_tree() && matches!(head.status, ContentStatus::Current | ContentStatus::Archived)
        })
        .collect()
}

/// A child with its type, as `direct-children` lists it.
pub(super) fn write_child(json: &mut JsonWriter, view: &View<'_>, head: ContentHead) {
    json.object(|json| {
        write_child_members(json, view, head);
        json.key("type").string(head.kind.as_str());
    });
}

fn write_child_members(json: &mut JsonWriter, view: &View<'_>, head: ContentHead) {
    json.key("id").display(head.id);
    json.key("status").string(head.status.as_str());
    json.key("title").string(&view.state.content_title(head.id).unwrap_or_default());
    json.key("spaceId").display(head.space);
    json.key("childPosition").integer(i64::from(head.position));
}

/// `GET /pages/{id}/children`: pages only, without their type.
pub(super) async fn page_children(ask: Ask, Path(id): Path<String>) -> Answer {
    answer_children(&ask, &id, ContentKind::Page, false)
}

/// `GET /pages/{id}/direct-children` and its twins
pub(super) fn direct_children(ask: &Ask, id: &str, kind: ContentKind) -> Answer {
    answer_children(ask, id, kind, true)
}

fn answer_children(ask: &Ask, id: &str, kind: ContentKind, direct: bool) -> Answer {
    let id = ContentId(path_id(id)?);
    let cut = Cut::read(&ask.parameters, "child-position", &CHILD_SORTS, 25)?;
    ask.read(|view| {
        view.content(id, kind)?;
        let children =
            children_of(view, id).into_iter().filter(|head| direct || head.kind == ContentKind::Page);
        let page = cut.apply(children, |head| match cut.by() {
            "id" => Position::number(0, head.id.0),
            "created-date" => Position::number(head.created, head.id.0),
            "modified-date" => Position::number(head.modified, head.id.0),
            "title" => Position::text(&view.state.content_title(head.id).unwrap_or_default(), head.id.0),
            _ => Position::number(i64::from(head.position), head.id.0),
        });
        let charge = Charge::core(page.items.len());
        Ok(list::answer(&ask.parameters, view, &page, charge, |json, head| {
            if direct {
                write_child(json, view, *head);
            } else {
                json.object(|json| write_child_members(json, view, *head));
            }
        }))
    })
}

/// `GET /pages/{id}/descendants` and its twins.
///
/// Descendants down to `depth`, level by level, each level in the order of its parents.
pub(super) fn descendants(ask: &Ask, id: &str, kind: ContentKind) -> Answer {
    let id = ContentId(path_id(id)?);
    let depth = match ask.parameters.number::<u32>("depth")? {
        None => 2,
        Some(depth @ 1..=10) => depth,
        Some(other) => return Err(Refusal::wrong_type(&other.to_string(), "depth", "integer from 1 to 10")),
    };
    let limit = ask.parameters.limit(25, 250)?;
    let order = Order { name: format!("descendants-{depth}"), descending: vec![false], id_descending: false };
    let after = decode(&order, ask.parameters.text("cursor"))?;
    ask.read(|view| {
        view.content(id, kind)?;
        let found = walk(view, id, depth);
        // The walk's order is not an order of keys, so the cursor names the last item seen and the walk resumes behind it.
        let start = after
            .and_then(|after| found.iter().position(|(head, _)| head.id.0 == after.id))
            .map_or(0, |at| at + 1);
        let rest = found.into_iter().skip(start);
        let page = Page::from_sorted(&order, limit, rest, |(head, depth)| {
            Position::number(i64::from(*depth), head.id.0)
        });
        let charge = Charge::core(page.items.len());
        Ok(list::answer(&ask.parameters, view, &page, charge, |json, (head, depth)| {
            json.object(|json| {
                json.key("id").display(head.id);
                json.key("status").string(head.status.as_str());
                json.key("title").string(&view.state.content_title(head.id).unwrap_or_default());
                json.key("type").string(head.kind.as_str());
                if let Some(parent) = head.parent {
                    json.key("parentId").display(parent);
                }
                json.key("depth").integer(i64::from(*depth));
                json.key("childPosition").integer(i64::from(head.position));
            });
        }))
    })
}

fn walk(view: &View<'_>, top: ContentId, depth: u32) -> Vec<(ContentHead, u32)> {
    let mut found = Vec::new();
    let mut pending = VecDeque::from([(top, 0)]);
    while let Some((parent, level)) = pending.pop_front() {
        for child in children_of(view, parent) {
            found.push((child, level + 1));
            if level + 1 < depth {
                pending.push_back((child.id, level + 1));
            }
        }
    }
    found
}

/// `GET /pages/{id}/ancestors` and its twins.
///
/// The nearest ancestors, topmost first; who wants those above asks again with the topmost one
/// (`atlassian-endpoints.md` 6.3).
pub(super) fn ancestors(ask: &Ask, id: &str, kind: ContentKind) -> Answer {
    let id = ContentId(path_id(id)?);
    let limit = ask.parameters.limit(25, 250)?;
    ask.read(|view| {
        view.content(id, kind)?;
        let mut ancestors = view.state.content_ancestors(id);
        ancestors.drain(..ancestors.len().saturating_sub(limit));
        let page = Page::whole(ancestors);
        Ok(list::answer(&ask.parameters, view, &page, Charge::BASE, |json, ancestor| {
            json.object(|json| {
                json.key("id").display(ancestor);
                let kind = view.state.content_head(*ancestor).map_or(ContentKind::Page, |head| head.kind);
                json.key("type").string(kind.as_str());
            });
        }))
    })
}
