//! What belongs to pages and blog posts: comments, attachments, labels, versions.

use linkspan_model::ids::RecordId;
use linkspan_model::models::{Attachment, Comment};
use linkspan_model::record::{Access, Body, Model, NewRecord};
use serde_json::value::RawValue;

use super::sink::{Sink, items};
use super::text::confluence_text;
use super::{ConfluenceContext, Converted, PageProblem};
use crate::wire::{Id, Member, Number, Shape as _, confluence, read_object};

/// Where a comment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Placement {
    /// Below the text.
    Footer,
    /// At a place in the text.
    Inline,
}

impl Placement {
    fn word(self) -> &'static str {
        match self {
            Self::Footer => "footer",
            Self::Inline => "inline",
        }
    }
}

/// Converts an answer of `footer-comments`, `inline-comments`, their forms per page and blog post, or `…/children`.
/// `content_id` is the page or post they belong to where the answer need not say so itself: replies do not.
pub fn comment_page(
    json: &str,
    placement: Placement,
    content_id: Option<&str>,
    ctx: &ConfluenceContext,
) -> Result<Converted, PageProblem> {
    let mut sink = Sink::new(ctx.source);
    for raw in items(json, "results")? {
        let id = put_comment(raw, placement, content_id, ctx, &mut sink);
        sink.out.ids.push(id);
    }
    Ok(sink.out)
}

/// What a comment or attachment hangs on: its record, and the page or post whose readers it has.
struct Host {
    record: RecordId,
    content_id: Option<String>,
}

impl Host {
    fn article(id: &str, ctx: &ConfluenceContext) -> Self {
        Self { record: ctx.id(Model::Article, id), content_id: Some(id.to_owned()) }
    }

    fn access(host: Option<&Self>, ctx: &ConfluenceContext) -> Access {
        let content_id = host.and_then(|host| host.content_id.as_deref());
        content_id.map_or(Access::Unknown, |id| ctx.access.rule_for_content(id))
    }

    fn container(host: Option<&Self>, ctx: &ConfluenceContext) -> Option<RecordId> {
        let space = ctx.access.space_of(host?.content_id.as_deref()?)?;
        Some(ctx.id(Model::Container, space))
    }
}

fn put_comment(
    raw: &RawValue,
    placement: Placement,
    content_id: Option<&str>,
    ctx: &ConfluenceContext,
    sink: &mut Sink,
) -> String {
    let path = match placement {
        Placement::Footer => "/wiki/api/v2/footer-comments/",
        Placement::Inline => "/wiki/api/v2/inline-comments/",
    };
    let comment = match read_object::<confluence::Comment<'_>>(raw) {
        Ok(comment) => comment,
        Err(problem) => return sink.refuse("confluence.comment", None, path, raw, problem),
    };
    let mut odd = Vec::new();
    comment.list_odd(&mut odd);
    put_read_comment(raw, &comment, &odd, (placement, path), content_id, ctx, sink)
}

/// Keeps a comment that was read. Beside where it stands is the path that leads to such comments.
pub(super) fn put_read_comment(
    raw: &RawValue,
    comment: &confluence::Comment<'_>,
    odd: &[String],
    (placement, path): (Placement, &str),
    content_id: Option<&str>,
    ctx: &ConfluenceContext,
    sink: &mut Sink,
) -> String {
    let Some(id) = comment.id.id() else {
        return sink.refuse("confluence.comment", None, path, raw, "a comment without an id".to_owned());
    };
    let record = ctx.id(Model::Comment, id);
    let page = comment.page_id.id().or(comment.blog_post_id.id());
    let host = match (page, comment.attachment_id.id()) {
        (Some(page), _) => Some(Host::article(page, ctx)),
        // Readers of an attachment are those of its page, which the comment does not name.
        (None, Some(attachment)) => {
            Some(Host { record: ctx.id(Model::Attachment, attachment), content_id: None })
        }
        (None, None) if comment.custom_content_id.is_present() => None,
        (None, None) => content_id.map(|id| Host::article(id, ctx)),
    };
    let version = comment.version.get();
    let written = version.and_then(|version| version.created_at.get()).map(|moment| moment.0);
    let author = comment.author_id.id().or_else(|| version.and_then(|version| version.author_id.id()));
    let first = version.is_some_and(|version| version.number.get().is_some_and(|number| number.0 == 1));
    sink.out.records.push(NewRecord {
        id: record,
        remote_id: Some(id.to_owned()),
        parent: host.as_ref().map(|host| host.record),
        container: Host::container(host.as_ref(), ctx),
        // The second generation gives the time of the present version only.
        remote_created_at: comment
            .created_at
            .get()
            .map(|moment| moment.0)
            .or_else(|| written.filter(|_| first)),
        remote_updated_at: written,
        body: Body::Comment(Box::new(Comment {
            user: author.map(|id| ctx.id(Model::User, id)),
            contact: None,
            body: confluence_text(&comment.body, &ctx.site_names()),
            on: host.as_ref().map(|host| host.record),
            reply_to: comment.parent_comment_id.id().map(|id| ctx.id(Model::Comment, id)),
            is_private: false,
            placement: Some(placement.word().to_owned()),
        })),
        access: Host::access(host.as_ref(), ctx),
    });
    sink.raw("confluence.comment", id, format!("{path}{id}"), raw, Some(record), odd);
    id.to_owned()
}

/// Converts an answer of `attachments`, or of its forms per page and blog post.
pub fn attachment_page(json: &str, ctx: &ConfluenceContext) -> Result<Converted, PageProblem> {
    let mut sink = Sink::new(ctx.source);
    for raw in items(json, "results")? {
        let id = put_attachment(raw, ctx, &mut sink);
        sink.out.ids.push(id);
    }
    Ok(sink.out)
}

fn put_attachment(raw: &RawValue, ctx: &ConfluenceContext, sink: &mut Sink) -> String {
    let path = "/wiki/api/v2/attachments/";
    let attachment = match read_object::<confluence::Attachment<'_>>(raw) {
        Ok(attachment) => attachment,
        Err(problem) => return sink.refuse("confluence.attachment", None, path, raw, problem),
    };
    let mut odd = Vec::new();
    attachment.list_odd(&mut odd);
    put_read_attachment(raw, &attachment, &odd, path, ctx, sink)
}

/// Keeps an attachment that was read; `path` leads to such attachments.
pub(super) fn put_read_attachment(
    raw: &RawValue,
    attachment: &confluence::Attachment<'_>,
    odd: &[String],
    path: &str,
    ctx: &ConfluenceContext,
    sink: &mut Sink,
) -> String {
    let Some(id) = attachment.id.id() else {
        return sink.refuse(
            "confluence.attachment",
            None,
            path,
            raw,
            "an attachment without an id".to_owned(),
        );
    };
    let record = ctx.id(Model::Attachment, id);
    let content_id = attachment.page_id.id().or(attachment.blog_post_id.id());
    let host = content_id.map(|id| Host::article(id, ctx));
    let version = attachment.version.get();
    // Trashed files are out of everybody's sight; the page's readers get them back with the file.
    let access = match attachment.status.text() {
        Some("current" | "archived") | None => Host::access(host.as_ref(), ctx),
        Some(_) => Access::Unknown,
    };
    sink.out.records.push(NewRecord {
        id: record,
        remote_id: Some(id.to_owned()),
        parent: host.as_ref().map(|host| host.record),
        container: Host::container(host.as_ref(), ctx),
        remote_created_at: attachment.created_at.get().map(|moment| moment.0),
        remote_updated_at: version.and_then(|version| version.created_at.get()).map(|moment| moment.0),
        body: Body::Attachment(Attachment {
            file_name: attachment.title.text().unwrap_or_default().to_owned(),
            content_type: attachment.media_type.filled().map(str::to_owned),
            size: attachment.file_size.get().map(|size| size.0),
            on: host.as_ref().map(|host| host.record),
            uploaded_by: version.and_then(|version| version.author_id.id()).map(|id| ctx.id(Model::User, id)),
            description: attachment.comment.filled().map(str::to_owned),
            content_path: content_id
                .map(|content| format!("/wiki/rest/api/content/{content}/child/attachment/{id}/download")),
        }),
        access,
    });
    sink.raw("confluence.attachment", id, format!("{path}{id}"), raw, Some(record), odd);
    id.to_owned()
}

/// Keeps an answer of `pages/{id}/labels` and the like; its names go into the context before the article is converted.
pub fn label_page(json: &str, content_id: &str, ctx: &ConfluenceContext) -> Result<Converted, PageProblem> {
    let mut sink = Sink::new(ctx.source);
    let path = format!("/wiki/api/v2/pages/{content_id}/labels");
    for raw in items(json, "results")? {
        let label = read_object::<confluence::Label<'_>>(raw).unwrap_or_default();
        let id = match label.id.id() {
            Some(id) => {
                sink.raw("confluence.label", id, path.clone(), raw, None, &[]);
                id.to_owned()
            }
            None => sink.refuse("confluence.label", None, &path, raw, "a label without an id".to_owned()),
        };
        sink.out.ids.push(id);
    }
    Ok(sink.out)
}

/// The names in an answer of `pages/{id}/labels` and the like, in order of name.
pub fn label_names(json: &str) -> Result<Vec<String>, PageProblem> {
    let name =
        |raw: &RawValue| read_object::<confluence::Label<'_>>(raw).ok()?.name.filled().map(str::to_owned);
    let mut names: Vec<_> = items(json, "results")?.into_iter().filter_map(name).collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// Labels by content id, in order of name: an answer of the first generation's `content/search` with
/// `expand=metadata.labels`. Content whose list of labels was not sent, or cut, is left out.
pub fn labels_in_search(json: &str) -> Result<Vec<(String, Vec<String>)>, PageProblem> {
    let labels = |raw: &RawValue| {
        let content = read_object::<confluence::ContentAccess<'_>>(raw).ok()?;
        let labels = content.metadata.get()?.labels.get()?;
        let listed = labels.results.get()?;
        let number = |member: &Member<Number>| member.get().and_then(|number| usize::try_from(number.0).ok());
        if number(&labels.limit).is_some_and(|limit| listed.len() >= limit) {
            return None;
        }
        let name = |raw: &&RawValue| {
            read_object::<confluence::Label<'_>>(raw).ok()?.name.filled().map(str::to_owned)
        };
        let mut names: Vec<_> = listed.iter().filter_map(name).collect();
        names.sort_unstable();
        names.dedup();
        Some((content.id.id()?.to_owned(), names))
    };
    Ok(items(json, "results")?.into_iter().filter_map(labels).collect())
}

/// Keeps an answer of `pages/{id}/versions`.
pub fn version_page(json: &str, content_id: &str, ctx: &ConfluenceContext) -> Result<Converted, PageProblem> {
    let mut sink = Sink::new(ctx.source);
    let path = format!("/wiki/api/v2/pages/{content_id}/versions/");
    for raw in items(json, "results")? {
        let number = read_object::<VersionNumber<'_>>(raw).unwrap_or_default().number;
        let id = match number.id() {
            Some(number) => {
                let id = format!("{content_id}/{number}");
                sink.raw("confluence.version", &id, format!("{path}{number}"), raw, None, &[]);
                id
            }
            None => {
                sink.refuse("confluence.version", None, &path, raw, "a version without a number".to_owned())
            }
        };
        sink.out.ids.push(id);
    }
    Ok(sink.out)
}

crate::wire::shapes! {
    /// A version's number, as the identifier it is within its content.
    VersionNumber {
        "number" number: Member<Id<'a>>,
    }
}
