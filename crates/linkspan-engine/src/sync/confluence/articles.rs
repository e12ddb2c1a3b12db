//! Pages, blog posts, and the attachments and comments on them.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::calls::{Call, confluence};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{
    ConfluenceContext, Converted, Placement, article_comment_page, attachment_page, blogpost_page, page_page,
};
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::page::PageBody;
use linkspan_model::ids::RecordId;
use linkspan_model::record::{Body, Model};
use linkspan_store::ListFilter;

use super::super::run::{ListCheckpoint, Run, text};
use super::access::Learner;
use super::containers::{self, Placed, placed_in};
use super::spaces::PAGE_SIZE;
use crate::error::EngineError;

/// How far a reading of changes looks back behind the newest change seen before.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// Items in a page of a reading of changes: most have few, and every item listed costs a point.
const CHANGES_PAGE_SIZE: u32 = 25;
/// Attachments of one article that are looked up.
const ATTACHMENTS_CAP: u32 = 2_000;
/// Raw rows converted again at a time.
const RAWS_PER_READ: u32 = 200;

/// One of the site-wide lists.
#[derive(Clone, Copy)]
struct List {
    stream: &'static str,
    /// The name of its checkpoint; differs from the stream's where a stream reads two lists.
    checkpoint: &'static str,
    call: &'static Call,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Page,
    BlogPost,
    Attachment,
    Comment(Placement),
}

impl Kind {
    fn convert(self, json: &str, ctx: &ConfluenceContext) -> Result<Converted, EngineError> {
        Ok(match self {
            Self::Page => page_page(json, ctx)?,
            Self::BlogPost => blogpost_page(json, ctx)?,
            Self::Attachment => attachment_page(json, ctx)?,
            Self::Comment(placement) => article_comment_page(json, placement, None, ctx)?,
        })
    }

    fn is_article(self) -> bool {
        matches!(self, Self::Page | Self::BlogPost)
    }

    fn params(self) -> Params {
        match self {
            Self::Page => Params::new()
                .query("body-format", "storage")
                .query("status", "current")
                .query("status", "archived"),
            Self::BlogPost => Params::new().query("body-format", "storage").query("status", "current"),
            Self::Attachment => Params::new().query("status", "current").query("status", "archived"),
            Self::Comment(_) => Params::new().query("body-format", "storage"),
        }
    }

    /// The order in which the list can be taken up again, where upstream has one that does not shift.
    fn stable_order(self) -> &'static str {
        match self {
            Self::Page | Self::BlogPost => "id",
            Self::Attachment | Self::Comment(_) => "created-date",
        }
    }
}

pub(super) async fn attachments(run: &Run, learner: &mut Learner<'_>) -> Result<(), EngineError> {
    let list = List {
        stream: "attachments",
        checkpoint: "attachments",
        call: &confluence::ATTACHMENTS,
        kind: Kind::Attachment,
    };
    let touched = read(run, list, learner).await?;
    // Articles that are stored name their attachments; a new attachment does not make upstream list its page anew.
    rewrite_articles(run, learner, touched).await
}

pub(super) async fn pages(run: &Run, learner: &mut Learner<'_>) -> Result<(), EngineError> {
    let list = List { stream: "pages", checkpoint: "pages", call: &confluence::PAGES, kind: Kind::Page };
    read(run, list, learner).await.map(drop)
}

pub(super) async fn blogposts(run: &Run, learner: &mut Learner<'_>) -> Result<(), EngineError> {
    let list = List {
        stream: "blogposts",
        checkpoint: "blogposts",
        call: &confluence::BLOGPOSTS,
        kind: Kind::BlogPost,
    };
    read(run, list, learner).await.map(drop)
}

pub(super) async fn comments(run: &Run, learner: &mut Learner<'_>) -> Result<(), EngineError> {
    for (checkpoint, call, placement) in [
        ("comments/footer", &confluence::FOOTER_COMMENTS, Placement::Footer),
        ("comments/inline", &confluence::INLINE_COMMENTS, Placement::Inline),
    ] {
        let list = List { stream: "comments", checkpoint, call, kind: Kind::Comment(placement) };
        read(run, list, learner).await?;
    }
    Ok(())
}

/// Reads a list: all of it the first time, afterwards from the newest change back to where the last reading began. Gives
/// the articles on which what was read hangs.
async fn read(run: &Run, list: List, learner: &mut Learner<'_>) -> Result<BTreeSet<RecordId>, EngineError> {
    let checkpoint: ListCheckpoint = run.checkpoint(list.checkpoint).await?.unwrap_or_default();
    if checkpoint.complete {
        return changes(run, list, learner, checkpoint).await;
    }
    let params = list.kind.params().query("sort", list.kind.stable_order());
    match walk(run, list, learner, params.clone(), checkpoint).await {
        // Upstream forgot the cursor: what is stored stays, and the list is walked from its beginning (hazard S7).
        Err(EngineError::Call(CallError::PageTokenRejected { .. })) => {
            walk(run, list, learner, params, ListCheckpoint::default()).await?;
        }
        result => result?,
    }
    Ok(BTreeSet::new())
}

async fn walk(
    run: &Run,
    list: List,
    learner: &mut Learner<'_>,
    params: Params,
    mut checkpoint: ListCheckpoint,
) -> Result<(), EngineError> {
    let client = &run.client;
    let mut pager = match checkpoint.walk.take() {
        Some(state) => client.resume(list.call, params, state),
        None => client.pager(list.call, params, Some(PAGE_SIZE)),
    };
    let mut page = client.next(list.call, &mut pager).await?;
    while let Some(current) = page {
        checkpoint.walk = Some(pager.state().clone());
        checkpoint.complete = current.is_last;
        let store = async {
            let items = current.items;
            let converted = convert(list, learner, current).await?;
            checkpoint.changed_until = checkpoint.changed_until.max(newest(&converted));
            let mark = Run::mark(list.checkpoint, &checkpoint)?;
            run.write(converted, Some(mark)).await?;
            run.add(list.stream, items);
            Ok::<_, EngineError>(())
        };
        let (stored, next) = tokio::join!(store, client.next(list.call, &mut pager));
        stored?;
        page = next?;
    }
    Ok(())
}

async fn changes(
    run: &Run,
    list: List,
    learner: &mut Learner<'_>,
    checkpoint: ListCheckpoint,
) -> Result<BTreeSet<RecordId>, EngineError> {
    let floor = checkpoint
        .changed_until
        .and_then(|millis| Timestamp::from_millisecond(millis).ok())
        .map(|moment| (moment - OVERLAP).as_millisecond());
    let params = list.kind.params().query("sort", "-modified-date");
    let mut pager = run.client.pager(list.call, params, Some(CHANGES_PAGE_SIZE));
    let mut changed_until = checkpoint.changed_until;
    let mut touched = BTreeSet::new();
    while let Some(page) = run.client.next(list.call, &mut pager).await? {
        let items = page.items;
        let converted = convert(list, learner, page).await?;
        changed_until = changed_until.max(newest(&converted));
        let reaches_back = oldest(&converted).is_some_and(|oldest| floor.is_some_and(|floor| oldest < floor));
        touched.extend(converted.records.iter().filter_map(|record| record.parent));
        run.write(converted, None).await?;
        run.add(list.stream, items);
        if reaches_back {
            break;
        }
    }
    // Only now: a reading that broke off is repeated from where it began.
    let mark = Run::mark(list.checkpoint, &ListCheckpoint { changed_until, ..checkpoint })?;
    run.write(Converted::default(), Some(mark)).await?;
    Ok(touched)
}

async fn convert(list: List, learner: &mut Learner<'_>, page: PageBody) -> Result<Converted, EngineError> {
    let json: Arc<str> = text(&page.reply.body)?.into();
    convert_text(list.kind, learner, json).await
}

async fn convert_text(
    kind: Kind,
    learner: &mut Learner<'_>,
    json: Arc<str>,
) -> Result<Converted, EngineError> {
    if kind.is_article() {
        learner.context_mut().access.add_content(&json)?;
        let contents = placed_in(&json)?;
        know_attachments(learner, &contents).await?;
        containers::above(learner, &contents).await?;
    }
    let names = learner.run.names_in(&json, &learner.context().names).await?;
    if !names.is_empty() {
        learner.context_mut().names.extend(names);
    }
    learner.convert(move |ctx| kind.convert(&json, ctx)).await
}

/// Looks up which attachments articles have: they are read before the articles.
async fn know_attachments(learner: &mut Learner<'_>, contents: &[Placed]) -> Result<(), EngineError> {
    let run = learner.run;
    for Placed { id: content, .. } in contents {
        let parent = RecordId::of(run.id(), Model::Article, content);
        let filter = ListFilter { parent: Some(parent), ..ListFilter::default() };
        let found =
            run.inner.store.list_records(run.id(), Model::Attachment, &filter, None, ATTACHMENTS_CAP).await?;
        let mut ids: Vec<String> = found.into_iter().filter_map(|attachment| attachment.remote_id).collect();
        ids.sort_unstable();
        learner.context_mut().attachments.insert(content.clone(), ids);
    }
    Ok(())
}

fn newest(converted: &Converted) -> Option<i64> {
    let times = converted.records.iter().filter_map(|record| record.remote_updated_at);
    times.max().map(Timestamp::as_millisecond)
}

fn oldest(converted: &Converted) -> Option<i64> {
    let times = converted.records.iter().filter_map(|record| record.remote_updated_at);
    times.min().map(Timestamp::as_millisecond)
}

/// Converts stored articles again, for what others say of them.
async fn rewrite_articles(
    run: &Run,
    learner: &mut Learner<'_>,
    articles: BTreeSet<RecordId>,
) -> Result<(), EngineError> {
    let ids: Vec<RecordId> = articles.into_iter().collect();
    for raw in run.inner.store.get_raws_for(run.id(), &ids).await? {
        let kind = match raw.kind.as_str() {
            "confluence.page" => Kind::Page,
            "confluence.blogpost" => Kind::BlogPost,
            _ => continue,
        };
        let converted = convert_text(kind, learner, raw.json.into()).await?;
        run.write(converted, None).await?;
    }
    Ok(())
}

/// Works out anew who may see what is stored, after restrictions or permissions changed; no upstream call but for what the
/// sweep did not show: restrictions of archived content, and folders.
pub(super) async fn reconsider_access(run: &Run, learner: &mut Learner<'_>) -> Result<(), EngineError> {
    for raw_kind in ["confluence.page", "confluence.blogpost", "confluence.attachment", "confluence.comment"]
    {
        let mut after: Option<String> = None;
        loop {
            let raws = run.inner.store.list_raws(run.id(), raw_kind, after.as_deref(), RAWS_PER_READ).await?;
            let Some(last) = raws.last() else { break };
            after = Some(last.remote_id.clone());
            for kind in [
                Kind::Page,
                Kind::BlogPost,
                Kind::Attachment,
                Kind::Comment(Placement::Footer),
                Kind::Comment(Placement::Inline),
            ] {
                let texts: Vec<&str> = raws
                    .iter()
                    .filter(|raw| kind_of(&raw.kind, &raw.path) == Some(kind))
                    .map(|raw| raw.json.as_str())
                    .collect();
                if !texts.is_empty() {
                    let json: Arc<str> = format!("{{\"results\":[{}]}}", texts.join(",")).into();
                    let converted = convert_text(kind, learner, json).await?;
                    run.write(converted, None).await?;
                }
            }
        }
    }
    Ok(())
}

fn kind_of(raw_kind: &str, path: &str) -> Option<Kind> {
    match raw_kind {
        "confluence.page" => Some(Kind::Page),
        "confluence.blogpost" => Some(Kind::BlogPost),
        "confluence.attachment" => Some(Kind::Attachment),
        "confluence.comment" if path.contains("/inline-comments/") => Some(Kind::Comment(Placement::Inline)),
        "confluence.comment" => Some(Kind::Comment(Placement::Footer)),
        _ => None,
    }
}

/// The version of a stored article, where it has older ones.
pub(super) fn version_with_history(body: &Body) -> Option<i64> {
    match body {
        Body::Article(article) => article.version.filter(|version| *version > 1),
        _ => None,
    }
}
