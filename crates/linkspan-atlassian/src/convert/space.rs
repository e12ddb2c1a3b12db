//! Spaces, and the folders and databases in them.

use linkspan_model::models::Container;
use linkspan_model::record::{Access, Body, Model, NewRecord};
use serde_json::value::RawValue;

use super::access::visibility_of;
use super::article::{above, article_url, rule_for, status};
use super::sink::{Sink, items, one};
use super::{ConfluenceContext, Converted, PageProblem, Waiting};
use crate::wire::confluence::{Content, Space};
use crate::wire::{Shape as _, read_object};

/// Converts an answer of `spaces` or `spaces/{id}`.
pub fn space_page(json: &str, ctx: &ConfluenceContext) -> Result<Converted, PageProblem> {
    let mut sink = Sink::new(ctx.source);
    for raw in items(json, "results").or_else(|_| one(json).map(|space| vec![space]))? {
        let id = put_space(raw, ctx, &mut sink);
        sink.out.ids.push(id);
    }
    Ok(sink.out)
}

fn put_space(raw: &RawValue, ctx: &ConfluenceContext, sink: &mut Sink) -> String {
    let path = "/wiki/api/v2/spaces/";
    let space = match read_object::<Space<'_>>(raw) {
        Ok(space) => space,
        Err(problem) => return sink.refuse("confluence.space", None, path, raw, problem),
    };
    let Some(id) = space.id.id() else {
        return sink.refuse("confluence.space", None, path, raw, "a space without an id".to_owned());
    };
    let mut odd = Vec::new();
    space.list_odd(&mut odd);
    let record = ctx.id(Model::Container, id);
    let access = ctx.access.rule_for_space(id);
    let description = space.description.get().and_then(|description| description.plain.get());
    sink.out.records.push(NewRecord {
        id: record,
        remote_id: Some(id.to_owned()),
        parent: None,
        container: None,
        remote_created_at: space.created_at.get().map(|moment| moment.0),
        remote_updated_at: None,
        body: Body::Container(Container {
            key: space.key.filled().map(str::to_owned),
            name: space.name.text().unwrap_or_default().to_owned(),
            description: description.and_then(|plain| plain.value.filled()).map(str::to_owned),
            status: space.status.filled().map(status),
            container_url: space_url(&space, ctx),
            container_type: Some("SPACE".to_owned()),
            visibility: Some(visibility_of(&access).to_owned()),
            parent_article: None,
            parent_container: None,
        }),
        access,
    });
    sink.raw("confluence.space", id, format!("{path}{id}"), raw, Some(record), &odd);
    id.to_owned()
}

fn space_url(space: &Space<'_>, ctx: &ConfluenceContext) -> Option<String> {
    let path = space.links.get().and_then(|links| links.webui.text()).filter(|path| path.starts_with('/'));
    match path {
        Some(path) => Some(format!("{}/wiki{path}", ctx.site())),
        None => space.key.filled().map(|key| format!("{}/wiki/spaces/{key}", ctx.site())),
    }
}

/// A thing within a space that holds articles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContentContainer {
    /// A folder.
    Folder,
    /// A database.
    Database,
}

impl ContentContainer {
    fn raw_kind(self) -> &'static str {
        match self {
            Self::Folder => "confluence.folder",
            Self::Database => "confluence.database",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Folder => "/wiki/api/v2/folders/",
            Self::Database => "/wiki/api/v2/databases/",
        }
    }

    /// The type of the container on the wire.
    fn word(self) -> &'static str {
        match self {
            Self::Folder => "FOLDER",
            Self::Database => "DATABASE",
        }
    }
}

/// Converts an answer of `folders/{id}` or `databases/{id}`, or a list of such.
pub fn content_container(
    json: &str,
    kind: ContentContainer,
    ctx: &ConfluenceContext,
) -> Result<Converted, PageProblem> {
    let mut sink = Sink::new(ctx.source);
    for raw in items(json, "results").or_else(|_| one(json).map(|content| vec![content]))? {
        let id = put_container(raw, kind, ctx, &mut sink);
        sink.out.ids.push(id);
    }
    Ok(sink.out)
}

fn put_container(raw: &RawValue, kind: ContentContainer, ctx: &ConfluenceContext, sink: &mut Sink) -> String {
    let (raw_kind, path) = (kind.raw_kind(), kind.path());
    let content = match read_object::<Content<'_>>(raw) {
        Ok(content) => content,
        Err(problem) => return sink.refuse(raw_kind, None, path, raw, problem),
    };
    let mut odd = Vec::new();
    content.list_odd(&mut odd);
    let rule = |id: &str| rule_for(id, &content, ctx);
    put_content_container(raw, &content, &odd, rule, (kind, path), ctx, sink)
}

/// Keeps a folder or database that was read, with who may see it and what has to be known first. Beside its kind stands
/// the path that leads to such things.
pub(super) fn put_content_container(
    raw: &RawValue,
    content: &Content<'_>,
    odd: &[String],
    rule: impl FnOnce(&str) -> (Access, Option<String>),
    (kind, path): (ContentContainer, &str),
    ctx: &ConfluenceContext,
    sink: &mut Sink,
) -> String {
    let Some(id) = content.id.id() else {
        return sink.refuse(kind.raw_kind(), None, path, raw, "content without an id".to_owned());
    };
    let record = ctx.content_container_id(id);
    let (access, needs) = rule(id);
    if let Some(needs) = needs {
        sink.out.waiting.push(Waiting { record, remote_id: id.to_owned(), needs });
    }
    let space = content.space_id.id().map(|space| ctx.id(Model::Container, space));
    let (parent_article, held_by) = above(content, ctx);
    let version = content.version.get();
    sink.out.records.push(NewRecord {
        id: record,
        remote_id: Some(id.to_owned()),
        parent: None,
        container: space,
        remote_created_at: content.created_at.get().map(|moment| moment.0),
        remote_updated_at: version.and_then(|version| version.created_at.get()).map(|moment| moment.0),
        body: Body::Container(Container {
            key: None,
            name: content.title.text().unwrap_or_default().to_owned(),
            description: None,
            status: content.status.filled().map(status),
            container_url: Some(article_url(id, content, ctx)),
            container_type: Some(kind.word().to_owned()),
            visibility: Some(visibility_of(&access).to_owned()),
            parent_article,
            parent_container: held_by.or(space),
        }),
        access,
    });
    sink.raw(kind.raw_kind(), id, format!("{path}{id}"), raw, Some(record), odd);
    id.to_owned()
}
