//! How the spaces of a site are counted, walked and looked into: pages and blog posts.
//!
//! The second generation's lists show what is current and what is archived, and tell of each when it changed; they see the
//! trash too when asked by id. Where the grant has no scopes for them, a search shows what is current, and the
//! restrictions of a piece of content, which are read by id, tell whether it is there at all. Where these are closed too,
//! two walks have to miss it, an interval apart.
//!
//! Comments and attachments go and come back with the article they hang on; those that go by themselves are found by a walk
//! of their own ([`super::attached`]).

use std::collections::{BTreeSet, HashMap, HashSet};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use linkspan_atlassian::calls::{Call, Feature, confluence};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{PageProblem, member_of};
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::query::{Cql, CqlType};
use linkspan_model::ids::RecordId;
use linkspan_model::record::{Body, Model};
use linkspan_store::LedgerRow;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::super::census::{self, ListedContainer, ListedId, Lists, Look, Section};
use super::super::run::{ListCheckpoint, Run, at_a_time};
use super::access::Learner;
use super::articles::{Kind, convert_text, rewrite_articles};
use super::by_id::IDS_PER_CALL;
use super::revival::{self, search};
use super::spaces::PAGE_SIZE;
use super::{attached, by_id};
use crate::error::EngineError;

/// Content in a page of a search without bodies.
pub(super) const SEARCHED_PER_PAGE: u32 = 100;
/// Pieces of content asked about at a time.
pub(super) const PARALLEL_LOOKS: usize = 4;
/// Pages above an article that are looked at.
const LEVELS: usize = 64;
/// The kinds of article, each with its list in a space.
static ARTICLES: [(Kind, &Call); 2] =
    [(Kind::Page, &confluence::SPACE_PAGES), (Kind::BlogPost, &confluence::SPACE_BLOGPOSTS)];

/// Whether a census is to be taken now.
pub(super) async fn is_due(run: &Run) -> Result<bool, EngineError> {
    let has_way = run.opens(&confluence::SPACE_PAGES) || run.opens(&confluence::CONTENT_SEARCH);
    let is_open = run.wants(Feature::Articles) && run.opens(&confluence::SPACES) && has_way;
    Ok(is_open && (census::is_due(run, Model::Article).await? || attached::is_due(run).await?))
}

/// Takes the census of the spaces that are due, and of what hangs on their articles.
pub(super) async fn take(run: &Run, learner: Learner<'_>) -> Result<(), EngineError> {
    let learner = Mutex::new(learner);
    let spaces = census::take(run, &Spaces { run, learner: &learner }).await;
    attached::take(run, &learner).await?;
    spaces
}

/// Takes in the list of spaces, all pages of it.
pub(super) async fn settle_spaces(run: &Run, pages: &[String]) -> Result<(), EngineError> {
    #[derive(Deserialize)]
    struct List {
        results: Vec<Listed>,
    }
    #[derive(Deserialize)]
    struct Listed {
        id: String,
        #[serde(default)]
        status: Option<String>,
    }
    let mut listed = Vec::new();
    for page in pages {
        let list: List = serde_json::from_str(page).map_err(PageProblem::NotJson)?;
        listed.extend(list.results.into_iter().map(|one| ListedContainer {
            remote_id: one.id,
            is_archived: one.status.as_deref() == Some("archived"),
        }));
    }
    // No list shows spaces in the trash.
    let trash = || async { Ok(None::<HashSet<String>>) }.boxed();
    census::settle_containers(run, (Model::Container, Model::Article), &listed, trash).await
}

/// The spaces of a site.
struct Spaces<'a, 'b> {
    run: &'a Run,
    /// Learns restrictions as content is read.
    learner: &'a Mutex<Learner<'b>>,
}

/// Content in a list of either generation, with as much as a census asks for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    id: String,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    space_id: Option<String>,
    #[serde(default)]
    version: Option<FoundVersion>,
    /// Of the first generation.
    #[serde(default)]
    space: Option<FoundSpace>,
}

/// The version of content, a comment or an attachment in a list of either generation.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FoundVersion {
    #[serde(default)]
    created_at: Option<Timestamp>,
    /// Of the first generation.
    #[serde(default)]
    when: Option<Timestamp>,
}

impl FoundVersion {
    /// When what it is of was last changed.
    pub(super) fn changed_at(&self) -> Option<Timestamp> {
        self.created_at.or(self.when)
    }
}

#[derive(Deserialize)]
struct FoundSpace {
    id: u64,
}

impl Found {
    fn number(&self) -> Result<u64, EngineError> {
        self.id
            .parse()
            .map_err(|_| EngineError::Invalid(format!("the content id `{}` is no number", self.id)))
    }

    fn space(&self) -> Option<String> {
        self.space_id.clone().or(self.space.as_ref().map(|space| space.id.to_string()))
    }

    fn is_archived(&self) -> bool {
        self.status.as_deref() == Some("archived")
    }

    fn look(&self, row: &LedgerRow) -> Look {
        let is_elsewhere = self.space().is_some_and(|space| space != row.remote_id);
        match self.status.as_deref() {
            Some("trashed") => Look::Trashed,
            // It tells of its archive itself, so it is stored as it is now.
            Some("archived") => Look::Elsewhere,
            _ if is_elsewhere => Look::Elsewhere,
            _ => Look::Here,
        }
    }
}

fn found_in(json: &str) -> Result<Vec<Found>, EngineError> {
    #[derive(Deserialize)]
    struct List {
        results: Vec<Found>,
    }
    let list: List = serde_json::from_str(json).map_err(PageProblem::NotJson)?;
    Ok(list.results)
}

/// Whether the first walk of a search came to its end.
pub(super) async fn is_searched(run: &Run, stream: &str) -> Result<bool, EngineError> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Searched {
        read_until: Option<i64>,
    }
    let checkpoint = run.checkpoint::<Searched>(&format!("{stream}/search")).await?;
    Ok(checkpoint.unwrap_or_default().read_until.is_some())
}

impl Spaces<'_, '_> {
    fn lists_pages(&self) -> bool {
        self.run.opens(&confluence::SPACE_PAGES)
    }

    /// A search for what is current in a space; `None` where its key is not known.
    async fn search(&self, row: &LedgerRow) -> Result<Option<Cql>, EngineError> {
        let raw = self.run.inner.store.get_raw(self.run.id(), "confluence.space", &row.remote_id).await?;
        let key = raw.and_then(|raw| member_of(&raw.json, "key"));
        Ok(key.map(|key| Cql::types(&[CqlType::Page, CqlType::Blogpost]).spaces([key.as_str()])))
    }

    async fn look_at(&self, row: &LedgerRow, ids: &[u64]) -> Result<HashMap<u64, Look>, EngineError> {
        let mut looks = HashMap::new();
        if self.lists_pages() {
            for (kind, call) in &by_id::LISTS {
                let words = [by_id::statuses(*kind), &[("status", "trashed")]].concat();
                for page in by_id::listed(self.run, call, ids, &words).await? {
                    for found in found_in(&page)? {
                        looks.insert(found.number()?, found.look(row));
                    }
                }
            }
            return Ok(looks);
        }
        for page in search(self.run, &Cql::any_type().ids(ids.iter().copied()), "space").await? {
            for found in found_in(&page)? {
                looks.insert(found.number()?, found.look(row));
            }
        }
        if !self.looks_by_id() {
            return Ok(looks);
        }
        // A search may lag, and shows no archive: only what is not there by id either is gone.
        let unfound = ids.iter().copied().filter(|id| !looks.contains_key(id));
        let asked = unfound.map(|id| self.is_there(id).boxed()).collect();
        for (id, look) in at_a_time(PARALLEL_LOOKS, asked).await? {
            looks.extend(look.map(|look| (id, look)));
        }
        Ok(looks)
    }

    /// Whether content is there, by its restrictions.
    async fn is_there(&self, id: u64) -> Result<(u64, Option<Look>), EngineError> {
        let params = Params::new().path("id", id.to_string());
        match self.run.client.call(&confluence::CONTENT_RESTRICTIONS_BY_OPERATION, &params).await {
            Ok(_) => Ok((id, Some(Look::Unlisted))),
            Err(EngineError::Call(CallError::NotFound { .. })) => Ok((id, None)),
            Err(EngineError::Call(CallError::Forbidden { .. } | CallError::ScopeMissing { .. })) => {
                Ok((id, Some(Look::Untold)))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a restriction is stored of an article or of one above it. It stays stored when it can be read no more.
    async fn is_restricted(&self, article: RecordId) -> Result<bool, EngineError> {
        let (store, source) = (&self.run.inner.store, self.run.id());
        let mut next = Some(article);
        for _ in 0..LEVELS {
            let Some(id) = next.take() else { break };
            let Some(record) = store.get_record(source, Model::Article, id).await? else { break };
            let Some(remote_id) = record.remote_id.as_deref() else { break };
            if store.get_raw(source, "confluence.restriction", remote_id).await?.is_some() {
                return Ok(true);
            }
            if let Body::Article(article) = record.instance()? {
                next = article.parent_article;
            }
        }
        Ok(false)
    }

    async fn read_some(&self, ids: &[u64]) -> Result<BTreeSet<u64>, EngineError> {
        let mut learner = self.learner.lock().await;
        let answers = by_id::articles(self.run, &mut learner, ids).await?;
        let mut found = BTreeSet::new();
        for (kind, json) in answers {
            let numbers: BTreeSet<u64> =
                found_in(&json)?.iter().map(Found::number).collect::<Result<_, _>>()?;
            if numbers.is_empty() {
                continue;
            }
            // The article first: what hangs on it is guarded by where it stands now.
            let converted = convert_text(kind, &mut learner, json).await?;
            self.run.write(converted, None).await?;
            revival::revive(self.run, &mut learner, &numbers).await?;
            revival::read_again(self.run, &mut learner, &numbers).await?;
            found.extend(numbers);
        }
        Ok(found)
    }
}

impl Lists for Spaces<'_, '_> {
    fn model(&self) -> Model {
        Model::Article
    }

    fn shows_archived(&self) -> bool {
        self.lists_pages()
    }

    fn looks_by_id(&self) -> bool {
        self.lists_pages() || self.run.opens(&confluence::CONTENT_RESTRICTIONS_BY_OPERATION)
    }

    fn is_read<'a>(&'a self, _: &'a LedgerRow) -> BoxFuture<'a, Result<bool, EngineError>> {
        async move {
            for name in ["pages", "blogposts"] {
                let is_read = if self.lists_pages() {
                    self.run.checkpoint::<ListCheckpoint>(name).await?.unwrap_or_default().complete
                } else {
                    is_searched(self.run, name).await?
                };
                if !is_read {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        .boxed()
    }

    fn count<'a>(&'a self, row: &'a LedgerRow) -> BoxFuture<'a, Result<Option<u64>, EngineError>> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Counted {
            total_size: Option<u64>,
        }
        async move {
            if !self.run.opens(&confluence::SEARCH_CQL) {
                return Ok(None);
            }
            let Some(cql) = self.search(row).await? else { return Ok(None) };
            let params = Params::new()
                .query("cql", cql.to_string())
                .query("limit", "1")
                .query("includeArchivedSpaces", "true");
            match self.run.client.call(&confluence::SEARCH_CQL, &params).await {
                Ok(reply) => Ok(reply.json::<Counted>()?.total_size),
                Err(EngineError::Call(CallError::BadRequest { .. } | CallError::NotFound { .. })) => Ok(None),
                Err(error) => Err(error),
            }
        }
        .boxed()
    }

    fn sections<'a>(&'a self, row: &'a LedgerRow) -> BoxFuture<'a, Result<Vec<Section>, EngineError>> {
        async move {
            if self.lists_pages() {
                let of = |kind: Kind, call| {
                    let params = Params::new().path("id", row.remote_id.as_str()).query("sort", "id");
                    let params = params.query("status", "current");
                    let params = if kind == Kind::Page { params.query("status", "archived") } else { params };
                    Section { call, params, page_size: PAGE_SIZE }
                };
                return Ok(ARTICLES.iter().map(|(kind, call)| of(*kind, call)).collect());
            }
            let Some(cql) = self.search(row).await? else {
                return Err(EngineError::Invalid(format!(
                    "the key of the space {} is not known",
                    row.remote_id
                )));
            };
            let params = Params::new()
                .query("cql", cql.oldest_first().to_string())
                .query("expand", "space,version")
                .query("includeArchivedSpaces", "true");
            Ok(vec![Section { call: &confluence::CONTENT_SEARCH, params, page_size: SEARCHED_PER_PAGE }])
        }
        .boxed()
    }

    fn ids(&self, page: &str) -> Result<Vec<ListedId>, EngineError> {
        let listed = |found: Found| {
            let changed_at = found.version.as_ref().and_then(FoundVersion::changed_at);
            Ok(ListedId { id: found.number()?, is_archived: found.is_archived(), changed_at, host: None })
        };
        found_in(page)?.into_iter().map(listed).collect()
    }

    fn is_listed<'a>(&'a self, row: &'a LedgerRow) -> BoxFuture<'a, Result<bool, EngineError>> {
        async move {
            let params = Params::new().query("ids", row.remote_id.as_str());
            let pages = self.run.pages(&confluence::SPACES, params, Some(PAGE_SIZE)).all().await?;
            for page in &pages {
                if found_in(page)?.iter().any(|space| space.id == row.remote_id) {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        .boxed()
    }

    fn ids_per_call(&self) -> usize {
        IDS_PER_CALL
    }

    fn read<'a>(&'a self, ids: &'a [u64]) -> BoxFuture<'a, Result<BTreeSet<u64>, EngineError>> {
        self.read_some(ids).boxed()
    }

    fn look<'a>(
        &'a self,
        row: &'a LedgerRow,
        ids: &'a [u64],
    ) -> BoxFuture<'a, Result<HashMap<u64, Look>, EngineError>> {
        self.look_at(row, ids).boxed()
    }

    fn after_absence<'a>(&'a self, records: &'a [RecordId]) -> BoxFuture<'a, Result<(), EngineError>> {
        async move {
            // Those in the archive say so; of those that are gone nothing is left to be written.
            let articles = records.iter().copied().collect();
            rewrite_articles(self.run, &mut *self.learner.lock().await, articles).await
        }
        .boxed()
    }

    fn guarded<'a>(
        &'a self,
        records: &'a [(u64, RecordId)],
    ) -> BoxFuture<'a, Result<HashSet<u64>, EngineError>> {
        async move {
            let mut guarded = HashSet::new();
            for (id, record) in records {
                if self.is_restricted(*record).await? {
                    guarded.insert(*id);
                }
            }
            Ok(guarded)
        }
        .boxed()
    }
}
