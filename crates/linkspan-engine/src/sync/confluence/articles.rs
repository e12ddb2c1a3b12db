//! Pages, blog posts, and the attachments and comments on them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use linkspan_atlassian::calls::confluence;
use linkspan_atlassian::convert::{
    ConfluenceContext, ContentContainer, Converted, Placement, SEARCHED_PATH, article_comment_page,
    attachment_page, blogpost_page, content_container, page_page, searched_content_page,
};
use linkspan_atlassian::resources::Way;
use linkspan_model::absence::Absence;
use linkspan_model::ids::RecordId;
use linkspan_model::record::{Body, Model};
use linkspan_store::{ListFilter, StoredRaw};

use super::super::run::Run;
use super::access::{Learner, hosts_in};
use super::by_id;
use super::containers::{self, Placed, placed_in};
use super::lists::{self, List};
use super::searches;
use crate::error::EngineError;

/// Attachments of one article that are looked up.
const ATTACHMENTS_CAP: u32 = 2_000;
/// Raw rows converted again at a time.
const RAWS_PER_READ: u32 = 200;

/// The forms in which content comes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Page,
    BlogPost,
    Attachment,
    Comment(Placement),
    Container(ContentContainer),
    /// Content of any type, from a search.
    Searched,
}

impl Kind {
    fn convert(self, json: &str, ctx: &ConfluenceContext) -> Result<Converted, EngineError> {
        Ok(match self {
            Self::Page => page_page(json, ctx)?,
            Self::BlogPost => blogpost_page(json, ctx)?,
            Self::Attachment => attachment_page(json, ctx)?,
            Self::Comment(placement) => article_comment_page(json, placement, None, ctx)?,
            Self::Container(container) => content_container(json, container, ctx)?,
            Self::Searched => searched_content_page(json, ctx)?,
        })
    }
}

pub(super) async fn attachments(
    run: &Run,
    learner: &mut Learner<'_>,
    way: &'static Way,
) -> Result<(), EngineError> {
    if goes_by_search(way) {
        return searches::read(run, &searches::ATTACHMENTS, learner).await;
    }
    let list = List {
        stream: "attachments",
        checkpoint: "attachments",
        call: &confluence::ATTACHMENTS,
        kind: Kind::Attachment,
    };
    lists::read(run, list, learner).await
}

pub(super) async fn pages(
    run: &Run,
    learner: &mut Learner<'_>,
    way: &'static Way,
) -> Result<(), EngineError> {
    if goes_by_search(way) {
        return searches::read(run, &searches::PAGES, learner).await;
    }
    let list = List { stream: "pages", checkpoint: "pages", call: &confluence::PAGES, kind: Kind::Page };
    lists::read(run, list, learner).await
}

pub(super) async fn blogposts(
    run: &Run,
    learner: &mut Learner<'_>,
    way: &'static Way,
) -> Result<(), EngineError> {
    if goes_by_search(way) {
        return searches::read(run, &searches::BLOGPOSTS, learner).await;
    }
    let list = List {
        stream: "blogposts",
        checkpoint: "blogposts",
        call: &confluence::BLOGPOSTS,
        kind: Kind::BlogPost,
    };
    lists::read(run, list, learner).await
}

pub(super) async fn comments(
    run: &Run,
    learner: &mut Learner<'_>,
    way: &'static Way,
) -> Result<(), EngineError> {
    if goes_by_search(way) {
        return searches::read(run, &searches::COMMENTS, learner).await;
    }
    for (checkpoint, call, placement) in [
        ("comments/footer", &confluence::FOOTER_COMMENTS, Placement::Footer),
        ("comments/inline", &confluence::INLINE_COMMENTS, Placement::Inline),
    ] {
        let list = List { stream: "comments", checkpoint, call, kind: Kind::Comment(placement) };
        lists::read(run, list, learner).await?;
    }
    Ok(())
}

/// Whether a way leads through a search by CQL.
pub(super) fn goes_by_search(way: &Way) -> bool {
    way.calls.iter().any(|call| call.name == confluence::CONTENT_SEARCH.name)
}

/// Converts a page of content that was listed or stored.
pub(super) async fn convert_text(
    kind: Kind,
    learner: &mut Learner<'_>,
    json: Arc<str>,
) -> Result<Converted, EngineError> {
    match kind {
        Kind::Page | Kind::BlogPost | Kind::Container(_) => {
            learner.context_mut().access.add_content(&json)?;
        }
        // What a sweep has told since counts more.
        Kind::Searched => learner.context_mut().access.add_stored_places(&json)?,
        Kind::Attachment | Kind::Comment(_) => know_hosts(learner, &json).await?,
    }
    convert_placed(kind, learner, json).await
}

/// Converts content as it was stored. What went into the archive since says nothing of it where it came from a search.
async fn convert_stored(
    kind: Kind,
    learner: &mut Learner<'_>,
    raws: &[&StoredRaw],
) -> Result<Converted, EngineError> {
    if kind == Kind::Searched {
        let records: Vec<RecordId> = raws.iter().filter_map(|raw| raw.record).collect();
        let states = learner.run.inner.store.record_states(learner.run.id(), &records).await?;
        let is_archived = |record: RecordId| {
            states.get(&record).is_some_and(|state| state.absence == Some(Absence::Archived))
        };
        let archived = raws.iter().filter(|raw| raw.record.is_some_and(is_archived));
        learner.context_mut().archived = archived.map(|raw| raw.remote_id.clone()).collect();
    }
    let texts: Vec<&str> = raws.iter().map(|raw| raw.json.as_str()).collect();
    let json: Arc<str> = format!("{{\"results\":[{}]}}", texts.join(",")).into();
    let converted = convert_text(kind, learner, json).await;
    if kind == Kind::Searched {
        learner.context_mut().archived.clear();
    }
    converted
}

/// Converts a page of content whose place in the tree is known.
pub(super) async fn convert_placed(
    kind: Kind,
    learner: &mut Learner<'_>,
    json: Arc<str>,
) -> Result<Converted, EngineError> {
    if matches!(kind, Kind::Page | Kind::BlogPost | Kind::Searched) {
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

/// Places stored articles as they themselves tell, before what hangs on them is converted: the sweep leaves out ancestors that
/// the linked account cannot read, and a comment must not be shown to more people than its page (hazard P1).
async fn know_hosts(learner: &mut Learner<'_>, json: &str) -> Result<(), EngineError> {
    let run = learner.run;
    let hosts: Vec<RecordId> =
        hosts_in(json).iter().map(|id| RecordId::of(run.id(), Model::Article, id)).collect();
    for raw in run.inner.store.get_raws_for(run.id(), &hosts).await? {
        if matches!(kind_of(&raw.kind, &raw.path), Some(Kind::Page | Kind::BlogPost)) {
            learner.context_mut().access.add_content(&raw.json)?;
        }
    }
    Ok(())
}

/// Looks up which attachments articles have: they are read before the articles, or arrive now.
async fn know_attachments(learner: &mut Learner<'_>, contents: &[Placed]) -> Result<(), EngineError> {
    let run = learner.run;
    for Placed { id: content, .. } in contents {
        let parent = RecordId::of(run.id(), Model::Article, content);
        let filter = ListFilter { parent: Some(parent), ..ListFilter::default() };
        let found =
            run.inner.store.list_records(run.id(), Model::Attachment, &filter, None, ATTACHMENTS_CAP).await?;
        let mut ids: Vec<String> = found.into_iter().filter_map(|attachment| attachment.remote_id).collect();
        ids.retain(|id| !learner.arriving.contains_key(id));
        let arriving = learner.arriving.iter().filter(|(_, article)| **article == parent);
        ids.extend(arriving.map(|(id, _)| id.clone()));
        ids.sort_unstable();
        learner.context_mut().attachments.insert(content.clone(), ids);
    }
    Ok(())
}

/// Converts stored articles again, for what others say of them.
pub(super) async fn rewrite_articles(
    run: &Run,
    learner: &mut Learner<'_>,
    articles: BTreeSet<RecordId>,
) -> Result<(), EngineError> {
    let ids: Vec<RecordId> = articles.into_iter().collect();
    for converted in converted_again(run, learner, &ids).await? {
        run.write(converted, None).await?;
    }
    Ok(())
}

/// Adds to attachments the stored articles that do not name them yet, or name them no more: a new attachment does not make
/// upstream list its article anew. Both are stored together, or one that was killed between them would leave an article
/// behind that nothing has read again.
pub(super) async fn with_articles(
    run: &Run,
    learner: &mut Learner<'_>,
    mut converted: Converted,
) -> Result<Converted, EngineError> {
    let (mut arriving, mut hosts) = (HashMap::new(), HashMap::new());
    for record in &converted.records {
        if let (Model::Attachment, Some(parent), Some(remote_id)) =
            (record.body.model(), record.parent, &record.remote_id)
        {
            arriving.insert(remote_id.clone(), parent);
            hosts.insert(record.id, parent);
        }
    }
    if hosts.is_empty() {
        return Ok(converted);
    }
    let attachments: Vec<RecordId> = hosts.keys().copied().collect();
    let known = run.inner.store.record_states(run.id(), &attachments).await?;
    let mut articles: BTreeSet<RecordId> = hosts.values().copied().collect();
    articles.extend(known.values().filter_map(|state| state.parent));
    let articles: Vec<RecordId> = articles.into_iter().collect();
    let mut outdated = Vec::new();
    for article in run.inner.store.get_records(run.id(), &articles).await? {
        if let Body::Article(body) = article.instance()? {
            let named: HashSet<RecordId> = body.attachments.into_iter().collect();
            let is_right = |(id, host): (&RecordId, &RecordId)| named.contains(id) == (*host == article.id);
            if !hosts.iter().all(is_right) {
                outdated.push(article.id);
            }
        }
    }
    learner.arriving = arriving;
    let again = converted_again(run, learner, &outdated).await;
    learner.arriving.clear();
    for mut article in again? {
        article.ids.clear();
        converted.absorb(article);
    }
    Ok(converted)
}

async fn converted_again(
    run: &Run,
    learner: &mut Learner<'_>,
    articles: &[RecordId],
) -> Result<Vec<Converted>, EngineError> {
    let mut again = Vec::new();
    for raw in run.alive(run.inner.store.get_raws_for(run.id(), articles).await?).await? {
        if !matches!(raw.kind.as_str(), "confluence.page" | "confluence.blogpost") {
            continue;
        }
        let Some(kind) = kind_of(&raw.kind, &raw.path) else { continue };
        again.push(convert_stored(kind, learner, &[&raw]).await?);
    }
    Ok(again)
}

/// Works out anew who may see what is stored, after restrictions or permissions changed; no upstream call but for what the
/// sweep did not show: restrictions of archived content, and folders.
pub(super) async fn reconsider_access(run: &Run, learner: &mut Learner<'_>) -> Result<(), EngineError> {
    read_moved(run, learner).await?;
    for raw_kind in [
        "confluence.folder",
        "confluence.database",
        "confluence.page",
        "confluence.blogpost",
        "confluence.attachment",
        "confluence.comment",
    ] {
        let mut after: Option<String> = None;
        loop {
            let raws = run.inner.store.list_raws(run.id(), raw_kind, after.as_deref(), RAWS_PER_READ).await?;
            let Some(last) = raws.last() else { break };
            after = Some(last.remote_id.clone());
            let raws = run.alive(raws).await?;
            for kind in [
                Kind::Container(ContentContainer::Folder),
                Kind::Container(ContentContainer::Database),
                Kind::Page,
                Kind::BlogPost,
                Kind::Attachment,
                Kind::Comment(Placement::Footer),
                Kind::Comment(Placement::Inline),
                Kind::Searched,
            ] {
                let raws: Vec<&StoredRaw> =
                    raws.iter().filter(|raw| kind_of(&raw.kind, &raw.path) == Some(kind)).collect();
                if !raws.is_empty() {
                    let converted = convert_stored(kind, learner, &raws).await?;
                    run.write(converted, None).await?;
                }
            }
        }
    }
    Ok(())
}

/// Reads pages again that stand elsewhere than is stored of them, as far as the sweep shows. What stood below a page that went
/// into the trash stands below what was above it, and does not count as changed for that. What stands below a page that was never
/// in sight has not moved: the sweep leaves such pages out.
async fn read_moved(run: &Run, learner: &mut Learner<'_>) -> Result<(), EngineError> {
    let mut after: Option<String> = None;
    loop {
        let raws =
            run.inner.store.list_raws(run.id(), "confluence.page", after.as_deref(), RAWS_PER_READ).await?;
        let Some(last) = raws.last() else { return Ok(()) };
        after = Some(last.remote_id.clone());
        let ctx = learner.context();
        let mut elsewhere: Vec<Placed> = Vec::new();
        for raw in run.alive(raws).await? {
            let is_elsewhere = |content: &Placed| {
                ctx.access.parent_of(&content.id).is_some_and(|swept| swept != content.parent())
            };
            elsewhere.extend(placed_in(&raw.json).unwrap_or_default().into_iter().filter(is_elsewhere));
        }
        let above =
            |content: &Placed| content.parent().map(|parent| RecordId::of(run.id(), Model::Article, parent));
        let parents: Vec<RecordId> = elsewhere.iter().filter_map(above).collect();
        let known = run.inner.store.record_states(run.id(), &parents).await?;
        let is_swept =
            |content: &Placed| content.parent().is_some_and(|id| ctx.access.parent_of(id).is_some());
        let moved: Vec<u64> = elsewhere
            .iter()
            .filter(|content| {
                is_swept(content) || above(content).is_none_or(|parent| known.contains_key(&parent))
            })
            .filter_map(|content| content.id.parse().ok())
            .collect();
        drop(ctx);
        for part in moved.chunks(by_id::IDS_PER_CALL) {
            for (kind, json) in by_id::articles(run, learner, part).await? {
                let converted = convert_text(kind, learner, json).await?;
                run.write(converted, None).await?;
            }
        }
    }
}

/// In which form a raw row came: the path tells by which way it was read.
pub(super) fn kind_of(raw_kind: &str, path: &str) -> Option<Kind> {
    match raw_kind {
        _ if path.starts_with(SEARCHED_PATH) => Some(Kind::Searched),
        "confluence.folder" => Some(Kind::Container(ContentContainer::Folder)),
        "confluence.database" => Some(Kind::Container(ContentContainer::Database)),
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
