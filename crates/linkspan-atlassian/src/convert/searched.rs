//! Content of Confluence's first generation: what a search by CQL gives, for grants without scopes for the second
//! (`atlassian-endpoints.md` 6.1, 7.1). It is read into the shapes of the second generation, so that the same records come
//! of it.

use linkspan_model::record::Access;
use serde_json::value::RawValue;

use super::article::{self, put_content, rule_for};
use super::article_parts::{Placement, put_read_attachment, put_read_comment};
use super::people::confluence_user;
use super::sink::{Sink, items, one};
use super::space::{ContentContainer, put_content_container};
use super::{ConfluenceContext, Converted, PageProblem};
use crate::wire::confluence::{Attachment, Comment, Content, User, Version};
use crate::wire::searched::{Holder, Searched, SearchedVersion};
use crate::wire::{Id, Member, Shape as _, Text, read_object};

/// The path of one piece of content. Whether a raw row came by this way is told by it.
pub const SEARCHED_PATH: &str = "/wiki/rest/api/content/";

const PAGE: article::Kind =
    article::Kind { raw: "confluence.page", path: SEARCHED_PATH, article_type: "PAGE" };
const BLOG_POST: article::Kind =
    article::Kind { raw: "confluence.blogpost", path: SEARCHED_PATH, article_type: "BLOG_POST" };

/// Converts an answer of `content/search` with `expand=space,history,version,ancestors,container,body.storage` (of comments
/// also `extensions`): pages, blog posts, comments, attachments, folders and databases, each by its own type. People named
/// in it are noted.
///
/// # Errors
/// When the answer is not JSON, or not a list of content.
pub fn searched_content_page(json: &str, ctx: &ConfluenceContext) -> Result<Converted, PageProblem> {
    let mut sink = Sink::new(ctx.source);
    for raw in items(json, "results").or_else(|_| one(json).map(|content| vec![content]))? {
        let id = put_searched(raw, ctx, &mut sink);
        sink.out.ids.push(id);
    }
    Ok(sink.out)
}

fn put_searched(raw: &RawValue, ctx: &ConfluenceContext, sink: &mut Sink) -> String {
    let searched = match read_object::<Searched<'_>>(raw) {
        Ok(searched) => searched,
        Err(problem) => return sink.refuse("confluence.page", None, SEARCHED_PATH, raw, problem),
    };
    let mut odd = Vec::new();
    searched.list_odd(&mut odd);
    meet_people(&searched, ctx, sink);
    let kind = searched.kind.text().unwrap_or_default().to_owned();
    match kind.as_str() {
        "comment" => {
            let (comment, placement) = comment_of(searched);
            put_read_comment(raw, &comment, &odd, (placement, SEARCHED_PATH), None, ctx, sink)
        }
        "attachment" => put_read_attachment(raw, &attachment_of(searched), &odd, SEARCHED_PATH, ctx, sink),
        "page" | "blogpost" => {
            let kind = if kind == "page" { &PAGE } else { &BLOG_POST };
            let mut content = content_of(searched);
            if content.id.id().is_some_and(|id| ctx.archived.contains(id)) {
                content.status = Member::Value(Text("archived".into()));
            }
            put_content(raw, &content, &odd, |id| rule(id, &content, ctx), kind, ctx, sink)
        }
        "folder" | "database" => {
            let kind = if kind == "folder" { ContentContainer::Folder } else { ContentContainer::Database };
            let content = content_of(searched);
            let rule = |id: &str| rule(id, &content, ctx);
            put_content_container(raw, &content, &odd, rule, (kind, SEARCHED_PATH), ctx, sink)
        }
        other => {
            let problem = format!("content of the type `{other}`, of which nothing is known");
            sink.refuse("confluence.page", searched.id.id(), SEARCHED_PATH, raw, problem)
        }
    }
}

/// Who may see content. Where it stands now is known from the newest answer, which a stored piece need not be.
fn rule(id: &str, content: &Content<'_>, ctx: &ConfluenceContext) -> (Access, Option<String>) {
    let Some(parent) = ctx.access.parent_of(id) else { return rule_for(id, content, ctx) };
    ctx.access.rule_for_article(&super::access::Article {
        id,
        space_id: content.space_id.id(),
        status: content.status.text(),
        author_id: content.author_id.id(),
        parent_id: parent,
    })
}

fn meet_people(searched: &Searched<'_>, ctx: &ConfluenceContext, sink: &mut Sink) {
    let author = searched.history.get().and_then(|history| history.created_by.get());
    let editor = searched.version.get().and_then(|version| version.by.get());
    for user in [author, editor].into_iter().flatten() {
        if let Some(id) = user.account_id.id() {
            sink.met(id, confluence_user(user, id, ctx));
        }
    }
}

fn account(user: User<'_>) -> Member<Id<'_>> {
    user.account_id
}

fn version_of(version: SearchedVersion<'_>) -> Member<Version<'_>> {
    Member::Value(Version {
        number: version.number,
        created_at: version.created_at,
        author_id: version.by.and_then(account),
    })
}

fn content_of(searched: Searched<'_>) -> Content<'_> {
    // Blog posts stand in no tree.
    let has_tree = searched.kind.text() != Some("blogpost");
    let (parent_id, parent_type) =
        if has_tree { parent_of(&searched) } else { (Member::Absent, Member::Absent) };
    let history = searched.history.get().cloned().unwrap_or_default();
    Content {
        id: searched.id,
        status: searched.status,
        title: searched.title,
        space_id: searched.space.and_then(|space| space.id),
        parent_id,
        parent_type,
        author_id: history.created_by.and_then(account),
        created_at: history.created_at,
        version: searched.version.and_then(version_of),
        body: searched.body,
        links: searched.links,
    }
}

/// The last of the ancestors, which come highest first. Ancestors that were not sent leave the parent in doubt.
fn parent_of<'a>(searched: &Searched<'a>) -> (Member<Id<'a>>, Member<Text<'a>>) {
    let Some(ancestors) = searched.ancestors.get() else { return (Member::Odd, Member::Absent) };
    let Some(last) = ancestors.last() else { return (Member::Absent, Member::Absent) };
    match read_object::<Holder<'a>>(last) {
        Ok(parent) if parent.id.id().is_some() => (parent.id, parent.kind),
        _ => (Member::Odd, Member::Absent),
    }
}

/// A comment's ancestors are the comments it answers.
fn comment_of(searched: Searched<'_>) -> (Comment<'_>, Placement) {
    let place = searched.extensions.get().and_then(|extensions| extensions.location.text());
    // A resolved comment is an inline one that was dealt with.
    let placement =
        if matches!(place, Some("inline" | "resolved")) { Placement::Inline } else { Placement::Footer };
    let (parent_comment_id, _) = parent_of(&searched);
    let history = searched.history.get().cloned().unwrap_or_default();
    let holder = searched.container.get().cloned().unwrap_or_default();
    let mut comment = Comment {
        id: searched.id,
        parent_comment_id,
        author_id: history.created_by.and_then(account),
        created_at: history.created_at,
        version: searched.version.and_then(version_of),
        body: searched.body,
        ..Comment::default()
    };
    match holder.kind.text() {
        Some("page") => comment.page_id = holder.id,
        Some("blogpost") => comment.blog_post_id = holder.id,
        Some("attachment") => comment.attachment_id = holder.id,
        _ => comment.custom_content_id = holder.id,
    }
    (comment, placement)
}

fn attachment_of(searched: Searched<'_>) -> Attachment<'_> {
    let holder = searched.container.get().cloned().unwrap_or_default();
    let extensions = searched.extensions.get().cloned().unwrap_or_default();
    let history = searched.history.get().cloned().unwrap_or_default();
    let mut attachment = Attachment {
        id: searched.id,
        status: searched.status,
        title: searched.title,
        media_type: extensions.media_type,
        file_size: extensions.file_size,
        comment: extensions.comment,
        created_at: history.created_at,
        version: searched.version.and_then(version_of),
        ..Attachment::default()
    };
    match holder.kind.text() {
        Some("page") => attachment.page_id = holder.id,
        Some("blogpost") => attachment.blog_post_id = holder.id,
        _ => attachment.custom_content_id = holder.id,
    }
    attachment
}
