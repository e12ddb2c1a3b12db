//! Pages and blog posts (`merge-atlassian-mapping.md` 4).

use std::borrow::Cow;

use linkspan_model::ids::RecordId;
use linkspan_model::models::Article;
use linkspan_model::record::{Access, Body, Model, NewRecord};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::access::{self, visibility_of};
use super::sink::{Sink, items, one};
use super::text::{confluence_text, first_words};
use super::{ConfluenceContext, Converted, PageProblem, Waiting};
use crate::wire::confluence::Content;
use crate::wire::{Shape as _, read_object};

/// How long an article's description may be, in characters.
const DESCRIPTION_LENGTH: usize = 200;

/// Converts an answer of `pages`, `spaces/{id}/pages` or `pages/{id}`.
pub fn page_page(json: &str, ctx: &ConfluenceContext) -> Result<Converted, PageProblem> {
    convert(json, &PAGE, ctx)
}

/// Converts an answer of `blogposts`, `spaces/{id}/blogposts` or `blogposts/{id}`.
pub fn blogpost_page(json: &str, ctx: &ConfluenceContext) -> Result<Converted, PageProblem> {
    convert(json, &BLOG_POST, ctx)
}

/// What tells the two kinds of article apart.
pub(super) struct Kind {
    pub(super) raw: &'static str,
    pub(super) path: &'static str,
    pub(super) article_type: &'static str,
}

const PAGE: Kind = Kind { raw: "confluence.page", path: "/wiki/api/v2/pages/", article_type: "PAGE" };
const BLOG_POST: Kind =
    Kind { raw: "confluence.blogpost", path: "/wiki/api/v2/blogposts/", article_type: "BLOG_POST" };

fn convert(json: &str, kind: &Kind, ctx: &ConfluenceContext) -> Result<Converted, PageProblem> {
    let mut sink = Sink::new(ctx.source);
    for raw in items(json, "results").or_else(|_| one(json).map(|content| vec![content]))? {
        let id = put_article(raw, kind, ctx, &mut sink);
        sink.out.ids.push(id);
    }
    Ok(sink.out)
}

fn put_article(raw: &RawValue, kind: &Kind, ctx: &ConfluenceContext, sink: &mut Sink) -> String {
    let content = match read_object::<Content<'_>>(raw) {
        Ok(content) => content,
        Err(problem) => return sink.refuse(kind.raw, None, kind.path, raw, problem),
    };
    let mut odd = Vec::new();
    content.list_odd(&mut odd);
    let rule = |id: &str| rule_for(id, &content, ctx);
    put_content(raw, &content, &odd, rule, kind, ctx, sink)
}

/// Keeps content that was read, with who may see it and what has to be known first.
pub(super) fn put_content(
    raw: &RawValue,
    content: &Content<'_>,
    odd: &[String],
    rule: impl FnOnce(&str) -> (Access, Option<String>),
    kind: &Kind,
    ctx: &ConfluenceContext,
    sink: &mut Sink,
) -> String {
    let Some(id) = content.id.id() else {
        return sink.refuse(kind.raw, None, kind.path, raw, "content without an id".to_owned());
    };
    let record = ctx.id(Model::Article, id);
    let (access, needs) = rule(id);
    if let Some(needs) = needs {
        sink.out.waiting.push(Waiting { record, remote_id: id.to_owned(), needs });
    }
    let version = content.version.get();
    let body =
        Article { visibility: Some(visibility_of(&access).to_owned()), ..article(id, content, kind, ctx) };
    sink.out.records.push(NewRecord {
        id: record,
        remote_id: Some(id.to_owned()),
        parent: None,
        container: content.space_id.id().map(|space| ctx.id(Model::Container, space)),
        remote_created_at: content.created_at.get().map(|moment| moment.0),
        remote_updated_at: version.and_then(|version| version.created_at.get()).map(|moment| moment.0),
        body: Body::Article(Box::new(body)),
        access,
    });
    sink.raw(kind.raw, id, format!("{}{id}", kind.path), raw, Some(record), odd);
    id.to_owned()
}

/// Who may see content, and what has to be known first. What stands above it must not be in doubt.
pub(super) fn rule_for(id: &str, content: &Content<'_>, ctx: &ConfluenceContext) -> (Access, Option<String>) {
    if content.parent_id.is_present() && content.parent_id.id().is_none() {
        return (Access::Unknown, None);
    }
    ctx.access.rule_for_article(&access::Article {
        id,
        space_id: content.space_id.id(),
        status: content.status.text(),
        author_id: content.author_id.id(),
        parent_id: content.parent_id.id(),
    })
}

/// The article without its visibility.
fn article(id: &str, content: &Content<'_>, kind: &Kind, ctx: &ConfluenceContext) -> Article {
    let user = |id: &str| ctx.id(Model::User, id);
    let version = content.version.get();
    let body = confluence_text(&content.body, &ctx.site_names());
    let space = content.space_id.id().map(|space| ctx.id(Model::Container, space));
    let (parent_article, held_by) = above(content, ctx);
    let attachments = ctx.attachments.get(id).map(Vec::as_slice).unwrap_or_default();
    Article {
        title: content.title.text().unwrap_or_default().to_owned(),
        description: body.as_ref().and_then(|body| first_words(&body.text, DESCRIPTION_LENGTH)),
        author: content.author_id.id().map(user),
        last_edited_by: version.and_then(|version| version.author_id.id()).map(user),
        checksum: body.as_ref().map(|body| hex::encode(Sha256::digest(body.html.as_bytes()))),
        body,
        article_url: Some(article_url(id, content, ctx)),
        status: content.status.filled().map(status),
        article_type: Some(kind.article_type.to_owned()),
        visibility: None,
        parent_article,
        parent_container: held_by.or(space),
        root_container: space,
        attachments: attachments.iter().map(|id| ctx.id(Model::Attachment, id)).collect(),
        labels: ctx.labels.get(id).cloned().unwrap_or_default(),
        version: version
            .and_then(|version| version.number.get())
            .and_then(|number| i64::try_from(number.0).ok()),
    }
}

/// The page above, and the folder or database it lies in. Whiteboards and smart links are neither.
pub(super) fn above(content: &Content<'_>, ctx: &ConfluenceContext) -> (Option<RecordId>, Option<RecordId>) {
    match (content.parent_id.id(), content.parent_type.text()) {
        (Some(id), Some("page")) => (Some(ctx.id(Model::Article, id)), None),
        (Some(id), Some("folder" | "database")) => (None, Some(ctx.content_container_id(id))),
        _ => (None, None),
    }
}

/// The page for people. Upstream gives its path below `/wiki`; the fallback is an address by id that it redirects.
pub(super) fn article_url(id: &str, content: &Content<'_>, ctx: &ConfluenceContext) -> String {
    let path = content.links.get().and_then(|links| links.webui.text()).filter(|path| path.starts_with('/'));
    match path {
        Some(path) => {
            let key = content.space_id.id().and_then(|space| ctx.space_keys.get(space));
            format!("{}/wiki{}", ctx.site(), present_path(path, key.map(String::as_str)))
        }
        None => format!("{}/wiki/pages/viewpage.action?pageId={id}", ctx.site()),
    }
}

/// A path under its space's present key, where that is known.
fn present_path<'a>(path: &'a str, key: Option<&str>) -> Cow<'a, str> {
    const SPACES: &str = "/spaces/";
    match (key, path.strip_prefix(SPACES).and_then(|rest| rest.split_once('/'))) {
        (Some(key), Some((former, rest))) if former != key => format!("{SPACES}{key}/{rest}").into(),
        _ => path.into(),
    }
}

/// `PUBLISHED`, `DRAFT`, `ARCHIVED`, `TRASH`, or upstream's own word.
pub(super) fn status(word: &str) -> String {
    match word {
        "current" => "PUBLISHED",
        "draft" => "DRAFT",
        "archived" => "ARCHIVED",
        "trashed" | "deleted" => "TRASH",
        other => other,
    }
    .to_owned()
}
