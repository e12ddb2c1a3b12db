//! What else stands in the tree of content: whiteboards, smart links, folders and databases. No list shows them, so a search
//! discovers them, and each that is new or was changed is read by itself. Folders and databases of which the search alone is
//! open are taken from its answer, which says the same of them.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::FutureExt as _;
use linkspan_atlassian::calls::{Call, Items, confluence};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{
    ContentContainer, ListOwner, PageProblem, content_container, listing_page, searched_content_page,
};
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::query::{Cql, CqlType};
use linkspan_atlassian::resources::{Identity, Listing, Per, Resource};
use serde::Deserialize;

use super::super::listed;
use super::super::run::{Run, at_a_time};
use super::access::{Learner, readable};
use crate::error::EngineError;

/// The stream's name.
pub(super) const STREAM: &str = "tree";
/// Content in a page of the search: it has no bodies.
const PAGE_SIZE: u32 = 100;
/// Pieces of content read at a time.
const PARALLEL_READS: usize = 8;

/// One type of such content.
struct Kind {
    raw: &'static str,
    content_type: CqlType,
    call: &'static Call,
    keep: Keep,
}

/// What becomes of it.
enum Keep {
    /// A container record, with its raw row.
    Container(ContentContainer),
    /// A raw row alone.
    Raw(Listing),
}

const fn by_id(path: &'static str) -> Keep {
    Keep::Raw(Listing { per: Per::Site, question: None, query: &[], id: Identity::Member("id"), path })
}

static KINDS: [Kind; 4] = [
    Kind {
        raw: "confluence.folder",
        content_type: CqlType::Folder,
        call: &confluence::FOLDER,
        keep: Keep::Container(ContentContainer::Folder),
    },
    Kind {
        raw: "confluence.database",
        content_type: CqlType::Database,
        call: &confluence::DATABASE,
        keep: Keep::Container(ContentContainer::Database),
    },
    Kind {
        raw: "confluence.whiteboard",
        content_type: CqlType::Whiteboard,
        call: &confluence::WHITEBOARD,
        keep: by_id("/wiki/api/v2/whiteboards/{id}"),
    },
    Kind {
        raw: "confluence.embed",
        content_type: CqlType::Embed,
        call: &confluence::EMBED,
        keep: by_id("/wiki/api/v2/embeds/{id}"),
    },
];

/// Reads all of it that the grant opens and that is wanted; is skipped when that is nothing.
pub(super) async fn read(run: &Run, learner: &mut Learner<'_>) -> Result<(), EngineError> {
    let mut open = Vec::new();
    let mut closed = None;
    for kind in &KINDS {
        let Some(resource) = Resource::of_kind(kind.raw) else { continue };
        if run.opens(&confluence::CONTENT_SEARCH) && run.way_to(resource).is_some() {
            open.push(kind);
        } else {
            closed.get_or_insert(resource);
        }
    }
    match closed {
        Some(resource) if open.is_empty() => run.skip(STREAM, run.why_closed(resource)).await,
        _ => run.stream(STREAM, read_kinds(run, learner, open).boxed()).await.map(drop),
    }
}

async fn read_kinds(
    run: &Run,
    learner: &mut Learner<'_>,
    kinds: Vec<&'static Kind>,
) -> Result<(), EngineError> {
    for kind in kinds {
        let refused = match read_kind(run, learner, kind).await {
            Ok(items) => {
                listed::note(run, kind.raw, items, None).await?;
                continue;
            }
            // A site need not know all of these types: no failure of the others.
            Err(EngineError::Call(error @ CallError::BadRequest { .. })) => error.to_string(),
            Err(error) => return Err(error),
        };
        listed::note(run, kind.raw, 0, Some(refused)).await?;
    }
    Ok(())
}

/// Discovers and reads one type of content. Gives how much of it there is.
async fn read_kind(run: &Run, learner: &mut Learner<'_>, kind: &'static Kind) -> Result<u64, EngineError> {
    let params = Params::new()
        .query("cql", Cql::types(&[kind.content_type]).oldest_first().to_string())
        .query("expand", "space,history,version,ancestors")
        .query("includeArchivedSpaces", "true");
    let mut pages = run.pages(&confluence::CONTENT_SEARCH, params, Some(PAGE_SIZE));
    let mut seen = HashSet::new();
    while let Some(page) = pages.next().await? {
        let found = found_in(&page)?;
        run.add(STREAM, found.len() as u64);
        if run.opens(kind.call) {
            let mut reads = Vec::new();
            for content in &found {
                let is_new = learner.meets(&content.id);
                if is_new && is_changed(run, kind, content).await? {
                    let params = Params::new().path("id", content.id.as_str());
                    reads.push(readable(run, kind.call, params).boxed());
                }
            }
            for json in at_a_time(PARALLEL_READS, reads).await?.into_iter().flatten() {
                keep(run, learner, kind, json).await?;
            }
        } else if matches!(kind.keep, Keep::Container(_)) {
            let json: Arc<str> = page.into();
            let converted = learner.convert(move |ctx| Ok(searched_content_page(&json, ctx)?)).await?;
            run.write(converted, None).await?;
        }
        seen.extend(found.into_iter().map(|content| content.id));
    }
    if matches!(kind.keep, Keep::Raw(_)) {
        run.inner.store.settle_raws(run.id(), kind.raw, None, &seen).await?;
    }
    Ok(seen.len() as u64)
}

async fn keep(
    run: &Run,
    learner: &mut Learner<'_>,
    kind: &'static Kind,
    json: String,
) -> Result<(), EngineError> {
    learner.context_mut().access.add_content(&json)?;
    let converted = match &kind.keep {
        Keep::Container(container) => {
            let container = *container;
            learner.convert(move |ctx| Ok(content_container(&json, container, ctx)?)).await?
        }
        Keep::Raw(listing) => {
            listing_page(&json, kind.raw, listing, Items::Single, &ListOwner::default(), run.id())?
        }
    };
    run.write(converted, None).await
}

/// What tells whether content changed, in the first generation's form.
#[derive(Deserialize)]
struct Found {
    id: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    version: Option<Version>,
    #[serde(default)]
    ancestors: Vec<Above>,
}

/// The same in what is stored, which came by the second.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    version: Option<Version>,
    #[serde(default)]
    parent_id: Option<String>,
}

#[derive(Deserialize, PartialEq)]
struct Version {
    number: u64,
}

#[derive(Deserialize)]
struct Above {
    id: String,
}

fn found_in(json: &str) -> Result<Vec<Found>, EngineError> {
    #[derive(Deserialize)]
    struct List {
        results: Vec<Found>,
    }
    let list: List =
        serde_json::from_str(json).map_err(|error| EngineError::Page(PageProblem::NotJson(error)))?;
    Ok(list.results)
}

/// Whether what is stored of content is older than what was found. What cannot be compared counts as changed.
async fn is_changed(run: &Run, kind: &Kind, content: &Found) -> Result<bool, EngineError> {
    let Some(raw) = run.inner.store.get_raw(run.id(), kind.raw, &content.id).await? else { return Ok(true) };
    let Ok(known) = serde_json::from_str::<Known>(&raw.json) else { return Ok(true) };
    let above = content.ancestors.last().map(|above| &above.id);
    Ok(known.version.is_none()
        || known.version != content.version
        || known.title != content.title
        || known.parent_id.as_ref() != above)
}
