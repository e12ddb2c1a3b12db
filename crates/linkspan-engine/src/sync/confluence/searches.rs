//! Content by CQL, for grants without scopes for the second generation's lists: all of a type the first time, afterwards
//! what changed.
//!
//! The first walk goes by the time of creation, which no change shifts, with upstream's own cursor. Where upstream refuses
//! the cursor (hazard S7) or cannot answer so much at once (hazard S9), a new walk begins at the creation of the last item
//! that was stored, in the second case with half as many items in a page.
//!
//! A reading of changes has bodies at once: what is listed costs a point with or without them, so a first look without
//! bodies would only cost a second point for each item that did change. Every reading looks back a little, because upstream
//! counts in minutes; one reading in an hour looks back a day, because the index learns of some changes late (hazard S2).
//! What comes again unchanged is not written.
//!
//! The sweep for restrictions stays a walk of its own: it is repeated every hour, bodies are not. What it asks is asked here
//! too, at no further cost, so that pages made since the last sweep are not hidden until the next.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::calls::{Call, confluence};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::Converted;
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::page::{PageBody, PageState, Pager};
use linkspan_atlassian::query::{Cql, CqlType};
use linkspan_model::ids::RecordId;
use linkspan_store::StoredRecord;
use serde::{Deserialize, Serialize};

use super::super::retreat::Retreat;
use super::super::run::{Run, text};
use super::access::{Learner, learn_from_search};
use super::articles::{Kind, convert_placed, with_articles};
use crate::error::EngineError;

/// The call.
static CALL: &Call = &confluence::CONTENT_SEARCH;
/// Items in a page of the first walk: with bodies and expansions, larger pages make upstream fail
/// (`atlassian-endpoints.md` 6.1).
const PAGE_SIZE: u32 = 100;
/// Items in a page of a reading of changes.
const CHANGES_PAGE_SIZE: u32 = 50;
/// How far every reading looks back behind the beginning of the last one.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// How far one reading in an hour looks back.
const WIDE_OVERLAP: SignedDuration = SignedDuration::from_hours(24);
/// How often that is.
const WIDE_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// One type of content.
pub(super) struct Search {
    stream: &'static str,
    /// The name of its checkpoint: another than that of the list, so that a consent to more has the list read from its
    /// beginning.
    checkpoint: &'static str,
    content_type: CqlType,
    pub(super) expand: &'static str,
}

/// What is asked of pages and blog posts.
pub(super) const ARTICLE_EXPAND: &str = "space,history,version,ancestors,body.storage,metadata.labels,\
    restrictions.read.restrictions.user,restrictions.read.restrictions.group";

pub(super) static PAGES: Search = Search {
    stream: "pages",
    checkpoint: "pages/search",
    content_type: CqlType::Page,
    expand: ARTICLE_EXPAND,
};

pub(super) static BLOGPOSTS: Search = Search {
    stream: "blogposts",
    checkpoint: "blogposts/search",
    content_type: CqlType::Blogpost,
    expand: ARTICLE_EXPAND,
};

pub(super) static COMMENTS: Search = Search {
    stream: "comments",
    checkpoint: "comments/search",
    content_type: CqlType::Comment,
    expand: "container,ancestors,history,version,body.storage,extensions.inlineProperties,extensions.resolution",
};

pub(super) static ATTACHMENTS: Search = Search {
    stream: "attachments",
    checkpoint: "attachments/search",
    content_type: CqlType::Attachment,
    expand: "container,history,version",
};

impl Search {
    fn is_of_articles(&self) -> bool {
        matches!(self.content_type, CqlType::Page | CqlType::Blogpost)
    }

    fn params(&self, cql: &Cql) -> Params {
        Params::new()
            .query("cql", cql.to_string())
            .query("expand", self.expand)
            .query("includeArchivedSpaces", "true")
    }

    /// What was made since a moment, all of it without one; in an order that does not shift.
    fn made_since(&self, run: &Run, since: Option<i64>) -> Params {
        let cql = Cql::types(&[self.content_type]);
        let cql = match since.and_then(|millis| Timestamp::from_millisecond(millis).ok()) {
            Some(since) => cql.created_within(span_since(run, since - OVERLAP)),
            None => cql,
        };
        self.params(&cql.oldest_first())
    }
}

/// The time that has passed since a moment. Upstream is asked for spans before now, which it reads the same in every time
/// zone (hazard S1).
fn span_since(run: &Run, since: Timestamp) -> Duration {
    Duration::try_from(run.inner.clock.now().duration_since(since)).unwrap_or(Duration::ZERO)
}

/// Where the reading of a type stands. Moments are epoch milliseconds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct SearchCheckpoint {
    /// The first walk, while it is under way.
    walk: Option<PageState>,
    /// Everything made before this is stored: from here a walk is begun anew.
    created_until: Option<i64>,
    /// When the first walk began.
    began_at: Option<i64>,
    /// Every change before this was read; known when the first walk came to its end.
    read_until: Option<i64>,
    /// When a reading last looked back far.
    wide_at: Option<i64>,
}

/// Reads a type of content: all of it the first time, afterwards what changed.
pub(super) async fn read(run: &Run, search: &Search, learner: &mut Learner<'_>) -> Result<(), EngineError> {
    let checkpoint: SearchCheckpoint = run.checkpoint(search.checkpoint).await?.unwrap_or_default();
    match checkpoint.read_until.and_then(|millis| Timestamp::from_millisecond(millis).ok()) {
        Some(since) => changes(run, search, learner, checkpoint, since).boxed().await,
        None => walk(run, search, learner, checkpoint).boxed().await,
    }
}

async fn walk(
    run: &Run,
    search: &Search,
    learner: &mut Learner<'_>,
    mut checkpoint: SearchCheckpoint,
) -> Result<(), EngineError> {
    let client = &run.client;
    let began_at = *checkpoint.began_at.get_or_insert(run.inner.clock.now().as_millisecond());
    let mut retreat = Retreat::new(PAGE_SIZE, is_too_much);
    let params = search.made_since(run, checkpoint.created_until);
    let mut pager = match checkpoint.walk.take() {
        Some(state) => client.resume(CALL, params, state),
        None => client.pager(CALL, params, Some(retreat.size)),
    };
    let mut page = client.next(CALL, &mut pager).await;
    loop {
        let current = match page {
            Ok(Some(current)) => current,
            Ok(None) => break,
            Err(error) => {
                retreat.from(error, checkpoint.created_until)?;
                let params = search.made_since(run, checkpoint.created_until);
                pager = client.pager(CALL, params, Some(retreat.size));
                page = client.next(CALL, &mut pager).await;
                continue;
            }
        };
        checkpoint.walk = Some(pager.state().clone());
        let store = async {
            let items = current.items;
            let converted = convert(run, search, learner, &current).await?;
            let made = converted.records.iter().filter_map(|record| record.remote_created_at).max();
            checkpoint.created_until = checkpoint.created_until.max(made.map(Timestamp::as_millisecond));
            let mark = Run::mark(search.checkpoint, &checkpoint)?;
            let converted = with_articles(run, learner, converted).await?;
            run.write(converted, Some(mark)).await?;
            run.add(search.stream, items);
            Ok::<_, EngineError>(())
        };
        let (stored, next) = tokio::join!(store, client.next(CALL, &mut pager));
        stored?;
        page = next;
    }
    // Changes made during the walk are the next reading's.
    let read =
        SearchCheckpoint { walk: None, read_until: Some(began_at), wide_at: Some(began_at), ..checkpoint };
    run.write(Converted::default(), Some(Run::mark(search.checkpoint, &read)?)).await
}

async fn changes(
    run: &Run,
    search: &Search,
    learner: &mut Learner<'_>,
    mut checkpoint: SearchCheckpoint,
    since: Timestamp,
) -> Result<(), EngineError> {
    let now = run.inner.clock.now();
    let wide_at = checkpoint.wide_at.and_then(|millis| Timestamp::from_millisecond(millis).ok());
    let is_wide = wide_at.is_none_or(|at| now >= at + WIDE_EVERY);
    let overlap = if is_wide { WIDE_OVERLAP } else { OVERLAP };
    let begin = |size| {
        let cql = Cql::types(&[search.content_type]).modified_within(span_since(run, since - overlap));
        run.client.pager(CALL, search.params(&cql.oldest_change_first()), Some(size))
    };
    let mut retreat = Retreat::new(CHANGES_PAGE_SIZE, is_too_much);
    let mut pager: Pager = begin(retreat.size);
    loop {
        let page = match run.client.next(CALL, &mut pager).await {
            Ok(Some(page)) => page,
            Ok(None) => break,
            Err(error) => {
                // The list is short: it is read from its beginning.
                retreat.from(error, None)?;
                pager = begin(retreat.size);
                continue;
            }
        };
        let items = page.items;
        let converted = changed_only(run, convert(run, search, learner, &page).await?).await?;
        let converted = with_articles(run, learner, converted).await?;
        run.write(converted, None).await?;
        run.add(search.stream, items);
    }
    // Only now: a reading that broke off is repeated from where it began.
    checkpoint.read_until = Some(now.as_millisecond());
    if is_wide {
        checkpoint.wide_at = checkpoint.read_until;
    }
    run.write(Converted::default(), Some(Run::mark(search.checkpoint, &checkpoint)?)).await
}

async fn convert(
    run: &Run,
    search: &Search,
    learner: &mut Learner<'_>,
    page: &PageBody,
) -> Result<Converted, EngineError> {
    let json: Arc<str> = text(&page.reply.body)?.into();
    if search.is_of_articles() {
        learn_from_search(run, learner.context_mut(), &json).await?;
    }
    convert_placed(Kind::Searched, learner, json).await
}

/// Leaves out raw rows of which nothing came that is not stored: some of their words, such as "yesterday", move by
/// themselves. Records are left to the store, which compares them with who may see them.
async fn changed_only(run: &Run, mut converted: Converted) -> Result<Converted, EngineError> {
    let ids: Vec<RecordId> = converted.records.iter().map(|record| record.id).collect();
    let stored = run.inner.store.get_records(run.id(), &ids).await?;
    let stored: HashMap<RecordId, StoredRecord> =
        stored.into_iter().map(|record| (record.id, record)).collect();
    let mut unchanged = HashSet::new();
    for record in &converted.records {
        if let Some(known) = stored.get(&record.id)
            && !known.deleted
            && known.remote_updated_at == record.remote_updated_at
            && (known.parent, known.container) == (record.parent, record.container)
            && known.instance()? == record.body
        {
            unchanged.insert(record.id);
        }
    }
    converted.raws.retain(|raw| raw.record.is_none_or(|record| !unchanged.contains(&record)));
    Ok(converted)
}

/// Whether asking for less at a time may help. One odd ancestor has been seen turning a whole page into 404, and heavy
/// expansions end in 5xx (`atlassian-endpoints.md` 6.1).
fn is_too_much(error: &CallError) -> bool {
    error.is_size() || matches!(error, CallError::Unavailable { .. } | CallError::NotFound { .. })
}
