//! The expandable members of v1 content.

use std::sync::Arc;

use super::content::{Item, is_listed, write};
use super::expand::Expand;
use super::shape;
use crate::confluence::json::JsonWriter;
use crate::confluence::time::Iso;
use crate::confluence::view::View;
use crate::world::confluence::{Content, ContentComment, ContentKind, ContentVersion, Restrictions};

/// Most entries of an expanded list, as of the real service.
const EXPANDED: usize = 25;
/// Most labels of an expanded list.
const EXPANDED_LABELS: usize = 200;

/// `history`
pub(super) fn history(json: &mut JsonWriter, view: &View<'_>, item: &Item, expand: &Expand) {
    let (author, created) = item.created();
    json.key("latest").boolean(true);
    json.key("createdBy");
    shape::plain_user(json, view, author);
    json.key("createdDate").display(Iso(created));
    let version = item.version();
    if expand.has("lastUpdated") {
        json.key("lastUpdated").object(|json| shape::version_members(json, view, &version, &item.path()));
    }
    let previous = previous_version(item, &version);
    if let (true, Some(previous)) = (expand.has("previousVersion"), &previous) {
        json.key("previousVersion").object(|json| shape::version_members(json, view, previous, &item.path()));
    }
    if expand.has("contributors") {
        json.key("contributors").object(|json| contributors(json, view, item));
    }
    if expand.has("ownedBy") {
        json.key("ownedBy");
        shape::plain_user(json, view, author);
    }
    json.key("_expandable").object(|json| {
        for member in
            ["lastUpdated", "previousVersion", "contributors", "nextVersion", "ownedBy", "lastOwnedBy"]
        {
            if !expand.has(member) {
                json.key(member).string("");
            }
        }
    });
    json.key("_links").object(|json| {
        json.key("self").display(format_args!("{}/rest/api{}/history", view.base(), item.path()));
    });
}

fn previous_version(item: &Item, present: &ContentVersion) -> Option<ContentVersion> {
    let Item::Content(content) = item else {
        return None;
    };
    content.versions.iter().rfind(|version| version.number < present.number).cloned()
}

fn contributors(json: &mut JsonWriter, view: &View<'_>, item: &Item) {
    let mut authors = match item {
        Item::Content(content) => content.versions.iter().map(|version| version.author).collect(),
        other => vec![other.version().author],
    };
    authors.push(item.created().0);
    authors.sort_unstable();
    authors.dedup();
    json.key("publishers").object(|json| {
        json.key("users")
            .array(|json| authors.iter().for_each(|author| shape::plain_user(json, view, *author)));
        json.key("userAccountIds")
            .array(|json| authors.iter().for_each(|author| json.string(view.account_id(*author))));
        json.key("userKeys").array(|_| ());
    });
}

/// `ancestors`, topmost first. Ancestors the caller cannot see are left out, as upstream leaves them out of this list. Those
/// of a comment are the comments that it answers.
pub(super) fn ancestors(json: &mut JsonWriter, view: &View<'_>, item: &Item, expand: &Expand) {
    let content = match item {
        Item::Content(content) => content,
        Item::Comment(content, comment) => {
            for above in answered(content, comment).into_iter().rev() {
                write(json, view, &Item::Comment(Arc::clone(content), above.clone()), expand);
            }
            return;
        }
        Item::File(..) => return,
    };
    for id in view.state.content_ancestors(content.head.id) {
        let Some(ancestor) = view.head(id).and_then(|head| view.state.content(head.id)) else {
            continue;
        };
        write(json, view, &Item::Content(ancestor), expand);
    }
}

/// The comments that a comment answers, nearest first.
fn answered<'content>(content: &'content Content, comment: &ContentComment) -> Vec<&'content ContentComment> {
    let mut chain = Vec::new();
    let mut next = comment.parent;
    // No chain is longer than there are comments.
    while let Some(id) = next
        && chain.len() < content.comments.len()
        && let Some(above) = content.comments.iter().find(|comment| comment.id == id)
    {
        chain.push(above);
        next = above.parent;
    }
    chain
}

/// `operations`
pub(super) fn operations(json: &mut JsonWriter, view: &View<'_>, item: &Item) {
    let own = item.type_name();
    shape::operation(json, "read", own);
    if view.state.can_edit_content(&view.reader, &item.container().head) {
        for operation in ["update", "delete"] {
            shape::operation(json, operation, own);
        }
    }
}

/// `restrictions`, or its members that are asked for; nothing named means both.
pub(super) fn restrictions(json: &mut JsonWriter, view: &View<'_>, item: &Item, expand: &Expand) {
    let base = format!("{}/rest/api{}/restriction/byOperation", view.base(), item.path());
    // Comments and files have none of their own.
    let own = match item {
        Item::Content(content) => content.restrictions.clone(),
        Item::Comment(..) | Item::File(..) => Restrictions::default(),
    };
    for (operation, own) in [("read", &own.read), ("update", &own.update)] {
        if !expand.has(operation) {
            continue;
        }
        let lists = expand.has(&format!("{operation}.restrictions"));
        json.key(operation).object(|json| {
            json.key("operation").string(operation);
            if lists {
                json.key("restrictions")
                    .object(|json| shape::restriction_lists(json, view, own, 0, shape::RESTRICTION_PAGE));
            }
            json.key("_expandable").object(|json| {
                if !lists {
                    json.key("restrictions").string("");
                }
                json.key("content").display(format_args!("/rest/api{}", item.path()));
            });
            json.key("_links").object(|json| json.key("self").display(format_args!("{base}/{operation}")));
        });
    }
    json.key("_expandable").object(|json| {
        for operation in ["read", "update"] {
            if !expand.has(operation) {
                json.key(operation).string("");
            }
        }
    });
    json.key("_links").object(|json| json.key("self").string(&base));
}

/// `metadata`: labels and properties; of a file also its media type.
pub(super) fn metadata(json: &mut JsonWriter, view: &View<'_>, item: &Item, expand: &Expand) {
    if let Item::File(_, file) = item {
        json.key("mediaType").string(&file.media_type);
        if !file.comment.is_empty() {
            json.key("comment").string(&file.comment);
        }
    }
    if expand.has("labels") {
        let labels = match item {
            Item::Content(content) => content.labels.as_slice(),
            Item::Comment(..) | Item::File(..) => &[],
        };
        let shown = labels.len().min(EXPANDED_LABELS);
        json.key("labels").object(|json| {
            shape::page_members(json, 0, EXPANDED_LABELS, shown, |json| {
                labels.iter().take(shown).for_each(|label| shape::label(json, label));
            });
            json.key("_links").object(|json| {
                json.key("self").display(format_args!("{}/rest/api{}/label", view.base(), item.path()));
            });
        });
    }
    if let (true, Item::Content(content)) = (expand.has("properties"), item) {
        json.key("properties").object(|json| {
            for (key, value) in &content.properties {
                if expand.has(&format!("properties.{key}")) {
                    json.key(key).object(|json| {
                        json.key("key").string(key);
                        json.key("value").raw(value);
                    });
                }
            }
        });
    }
    json.key("_expandable").object(|json| {
        for member in ["currentuser", "comments", "simple", "properties", "frontend", "labels", "likes"] {
            if !expand.has(member) {
                json.key(member).string("");
            }
        }
    });
}

/// Things of one type that stand directly below an item.
fn direct(view: &View<'_>, item: &Item, type_name: &str) -> Vec<Item> {
    match (item, type_name) {
        (Item::Content(content), "attachment") => {
            content.files.iter().map(|file| Item::File(Arc::clone(content), file.clone())).collect()
        }
        (Item::Content(content), "comment") => {
            let roots = content.comments.iter().filter(|comment| comment.parent.is_none());
            roots.map(|comment| Item::Comment(Arc::clone(content), comment.clone())).collect()
        }
        (Item::Comment(content, parent), "comment") => {
            let replies = content.comments.iter().filter(|comment| comment.parent == Some(parent.id));
            replies.map(|comment| Item::Comment(Arc::clone(content), comment.clone())).collect()
        }
        (Item::Content(content), "page") => {
            content_below(view, view.state.content_children(content.head.id), ContentKind::Page)
        }
        (Item::Content(content), "folder") => {
            content_below(view, view.state.content_children(content.head.id), ContentKind::Folder)
        }
        _ => Vec::new(),
    }
}

fn content_below(view: &View<'_>, ids: Vec<crate::world::ContentId>, kind: ContentKind) -> Vec<Item> {
    let heads = ids.into_iter().filter_map(|id| view.head(id)).filter(|head| is_listed(head, kind));
    heads.filter_map(|head| view.state.content(head.id)).map(Item::Content).collect()
}

/// Things of one type anywhere below an item.
pub(super) fn all_below(view: &View<'_>, item: &Item, type_name: &str) -> Vec<Item> {
    match (item, type_name) {
        (Item::Content(content), "comment") => content
            .comments
            .iter()
            .map(|comment| Item::Comment(Arc::clone(content), comment.clone()))
            .collect(),
        (Item::Content(content), "page") => {
            content_below(view, view.state.content_descendants(content.head.id), ContentKind::Page)
        }
        (Item::Content(content), "folder") => {
            content_below(view, view.state.content_descendants(content.head.id), ContentKind::Folder)
        }
        _ => direct(view, item, type_name),
    }
}

/// Things of one type directly below an item, for the child endpoints.
pub(super) fn all_children(view: &View<'_>, item: &Item, type_name: &str) -> Vec<Item> {
    direct(view, item, type_name)
}

/// `childTypes`
pub(super) fn child_types(json: &mut JsonWriter, view: &View<'_>, item: &Item) {
    for type_name in ["attachment", "comment", "page"] {
        json.key(type_name).object(|json| {
            json.key("value").boolean(!direct(view, item, type_name).is_empty());
            json.key("_links").object(|json| {
                json.key("self").display(format_args!(
                    "{}/rest/api{}/child/{type_name}",
                    view.base(),
                    item.path()
                ));
            });
        });
    }
}

/// `children`
pub(super) fn children(json: &mut JsonWriter, view: &View<'_>, item: &Item, expand: &Expand) {
    families(json, view, item, expand, "child", direct);
}

/// `descendants`
pub(super) fn descendants(json: &mut JsonWriter, view: &View<'_>, item: &Item, expand: &Expand) {
    families(json, view, item, expand, "descendant", all_below);
}

fn families(
    json: &mut JsonWriter,
    view: &View<'_>,
    item: &Item,
    expand: &Expand,
    segment: &str,
    find: fn(&View<'_>, &Item, &str) -> Vec<Item>,
) {
    let path = format!("{}/rest/api{}/{segment}", view.base(), item.path());
    for type_name in ["attachment", "comment", "page", "folder"] {
        if !expand.has(type_name) {
            continue;
        }
        let items = find(view, item, type_name);
        let below = expand.below(type_name);
        json.key(type_name).object(|json| {
            shape::page_members(json, 0, EXPANDED, items.len().min(EXPANDED), |json| {
                items.iter().take(EXPANDED).for_each(|child| write(json, view, child, &below));
            });
            json.key("_links").object(|json| {
                json.key("self").display(format_args!("{path}/{type_name}"));
                if items.len() > EXPANDED {
                    let relative = format!("/rest/api{}/{segment}/{type_name}", item.path());
                    json.key("next").display(format_args!("{relative}?limit={EXPANDED}&start={EXPANDED}"));
                }
            });
        });
    }
    json.key("_expandable").object(|json| {
        for type_name in ["attachment", "comment", "page", "folder"] {
            if !expand.has(type_name) {
                json.key(type_name).display(format_args!("/rest/api{}/{segment}/{type_name}", item.path()));
            }
        }
    });
    json.key("_links").object(|json| json.key("self").string(&path));
}
