//! How comments and attachments are walked and looked into: those that went by themselves while their article stayed.
//!
//! Upstream lists them for a whole site alone. They have no readers of their own, so that a count is of no use: where an
//! article is found by id and what hung on it is not, that is gone. Where the grant has no scopes for the second
//! generation, two searches have to miss it, an interval apart.

use std::collections::{BTreeSet, HashMap, HashSet};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use linkspan_atlassian::calls::{Call, Feature, confluence};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{PageProblem, Placement};
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::query::{Cql, CqlType};
use linkspan_model::ids::RecordId;
use linkspan_model::record::Model;
use linkspan_store::LedgerRow;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::super::census::{self, ListedId, Lists, Look, Section};
use super::super::run::{ListCheckpoint, Run, at_a_time, text};
use super::access::Learner;
use super::articles::{Kind, convert_text, rewrite_articles, with_articles};
use super::by_id::{self, IDS_PER_CALL};
use super::census::{FoundVersion, PARALLEL_LOOKS, SEARCHED_PER_PAGE, is_searched};
use super::revival::search;
use super::searches;
use super::spaces::PAGE_SIZE;
use crate::error::EngineError;

/// What attachments' ids begin with.
const ATTACHMENT: &str = "att";

/// One of the site-wide lists.
struct Source {
    kind: Kind,
    checkpoint: &'static str,
    list: &'static Call,
    single: &'static Call,
    /// What its path calls the id.
    id: &'static str,
}

static COMMENTS: [Source; 2] = [
    Source {
        kind: Kind::Comment(Placement::Footer),
        checkpoint: "comments/footer",
        list: &confluence::FOOTER_COMMENTS,
        single: &confluence::FOOTER_COMMENT,
        id: "comment-id",
    },
    Source {
        kind: Kind::Comment(Placement::Inline),
        checkpoint: "comments/inline",
        list: &confluence::INLINE_COMMENTS,
        single: &confluence::INLINE_COMMENT,
        id: "comment-id",
    },
];

static ATTACHMENTS: [Source; 1] = [Source {
    kind: Kind::Attachment,
    checkpoint: "attachments",
    list: &confluence::ATTACHMENTS,
    single: &confluence::ATTACHMENT,
    id: "id",
}];

/// What can hang on an article.
pub(super) const MODELS: [Model; 2] = [Model::Comment, Model::Attachment];

/// Whether any of it is to be compared now.
pub(super) async fn is_due(run: &Run) -> Result<bool, EngineError> {
    for model in MODELS {
        if is_open(run, model) && census::is_due_of_site(run, model).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Takes the census of what is due.
pub(super) async fn take(run: &Run, learner: &Mutex<Learner<'_>>) -> Result<(), EngineError> {
    let mut outcome = Ok(());
    for model in MODELS {
        if is_open(run, model) {
            // One's trouble is not the other's.
            outcome = outcome.and(census::take_of_site(run, &Attached { run, learner, model }).await);
        }
    }
    outcome
}

fn is_open(run: &Run, model: Model) -> bool {
    let feature = if model == Model::Comment { Feature::Comments } else { Feature::Attachments };
    run.wants(feature) && (lists(run, model) || run.opens(&confluence::CONTENT_SEARCH))
}

/// Whether the grant opens the lists of the second generation, and a look by id.
fn lists(run: &Run, model: Model) -> bool {
    sources(model).iter().all(|source| run.opens(source.list) && run.opens(source.single))
}

fn sources(model: Model) -> &'static [Source] {
    if model == Model::Comment { &COMMENTS } else { &ATTACHMENTS }
}

/// Comments or attachments of a site.
struct Attached<'a, 'b> {
    run: &'a Run,
    learner: &'a Mutex<Learner<'b>>,
    model: Model,
}

/// A comment or attachment in a list of either generation, with as much as a census asks for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    id: String,
    #[serde(default)]
    page_id: Option<String>,
    #[serde(default)]
    blog_post_id: Option<String>,
    #[serde(default)]
    version: Option<FoundVersion>,
    /// Of the first generation.
    #[serde(default)]
    container: Option<FoundHost>,
}

#[derive(Deserialize)]
struct FoundHost {
    id: String,
}

fn found_in(json: &str) -> Result<Vec<Found>, EngineError> {
    #[derive(Deserialize)]
    struct List {
        results: Vec<Found>,
    }
    let list: List = serde_json::from_str(json).map_err(PageProblem::NotJson)?;
    Ok(list.results)
}

impl Attached<'_, '_> {
    fn lists(&self) -> bool {
        lists(self.run, self.model)
    }

    fn record(&self, id: u64) -> RecordId {
        RecordId::of(self.run.id(), self.model, &self.remote_id(id))
    }

    fn searched(&self, ids: &[u64]) -> Cql {
        let content_type = if self.model == Model::Comment { CqlType::Comment } else { CqlType::Attachment };
        Cql::types(&[content_type]).ids(ids.iter().copied())
    }

    /// Reads one by its id, as a list of one; what it is called by does not tell in which list it stands.
    async fn single(&self, id: u64) -> Result<(u64, Answer), EngineError> {
        let mut answer = Answer::NotFound;
        for source in sources(self.model) {
            let params = Params::new().path(source.id, self.remote_id(id));
            let params =
                if self.model == Model::Comment { params.query("body-format", "storage") } else { params };
            match self.run.client.call(source.single, &params).await {
                Ok(reply) => {
                    let json = text(&reply.body)?;
                    return Ok((id, Answer::Found(source.kind, format!("{{\"results\":[{json}]}}"))));
                }
                Err(EngineError::Call(CallError::NotFound { .. })) => {}
                Err(EngineError::Call(CallError::Forbidden { .. } | CallError::ScopeMissing { .. })) => {
                    answer = Answer::Untold;
                }
                Err(error) => return Err(error),
            }
        }
        Ok((id, answer))
    }

    async fn singles(&self, ids: &[u64]) -> Result<Vec<(u64, Answer)>, EngineError> {
        let asked = ids.iter().map(|id| self.single(*id).boxed()).collect();
        at_a_time(PARALLEL_LOOKS, asked).await
    }

    async fn look_at(&self, ids: &[u64]) -> Result<HashMap<u64, Look>, EngineError> {
        if !self.lists() {
            let pages = search(self.run, &self.searched(ids), "version").await?;
            let mut looks = HashMap::new();
            for page in &pages {
                let here = found_in(page)?.into_iter().filter_map(|found| self.number(&found.id));
                looks.extend(here.map(|id| (id, Look::Here)));
            }
            return Ok(looks);
        }
        let articles = self.articles_above(ids).await?;
        let present = by_id::present(self.run, &articles.values().copied().collect()).await?;
        let mut looks = HashMap::new();
        for (id, answer) in self.singles(ids).await? {
            let look = match answer {
                Answer::Found(_, json) if is_trashed(&json) => continue,
                Answer::Found(..) => Look::Here,
                // The article cannot be seen either: what became of it decides, if it is stored at all.
                Answer::NotFound if articles.get(&id).is_some_and(|above| !present.contains(above)) => {
                    Look::Untold
                }
                Answer::NotFound => continue,
                Answer::Untold => Look::Untold,
            };
            looks.insert(id, look);
        }
        Ok(looks)
    }

    /// The articles on which these hang, as far as is stored.
    async fn articles_above(&self, ids: &[u64]) -> Result<HashMap<u64, u64>, EngineError> {
        let store = &self.run.inner.store;
        let records: Vec<RecordId> = ids.iter().map(|id| self.record(*id)).collect();
        let states = store.record_states(self.run.id(), &records).await?;
        let hosts: Vec<RecordId> = states.values().filter_map(|state| state.parent).collect();
        let hosts = store.get_records(self.run.id(), &hosts).await?;
        let number = |host: RecordId| {
            let host = hosts.iter().find(|record| record.id == host)?;
            host.remote_id.as_deref()?.parse().ok()
        };
        let above = |id: &u64| Some((*id, number(states.get(&self.record(*id))?.parent?)?));
        Ok(ids.iter().filter_map(above).collect())
    }

    async fn read_some(&self, ids: &[u64]) -> Result<BTreeSet<u64>, EngineError> {
        let mut answers: Vec<(Kind, String)> = Vec::new();
        if self.lists() {
            let found = self.singles(ids).await?.into_iter().filter_map(|(_, answer)| match answer {
                Answer::Found(kind, json) if !is_trashed(&json) => Some((kind, json)),
                _ => None,
            });
            answers.extend(found);
        } else {
            let expand = match self.model {
                Model::Comment => searches::COMMENTS.expand,
                _ => searches::ATTACHMENTS.expand,
            };
            let pages = search(self.run, &self.searched(ids), expand).await?;
            answers.extend(pages.into_iter().map(|page| (Kind::Searched, page)));
        }
        let mut learner = self.learner.lock().await;
        let mut found = BTreeSet::new();
        for (kind, json) in answers {
            let converted = convert_text(kind, &mut learner, json.into()).await?;
            found.extend(converted.ids.iter().filter_map(|id| self.number(id)));
            let converted = with_articles(self.run, &mut learner, converted).await?;
            self.run.write(converted, None).await?;
        }
        Ok(found)
    }
}

/// What became of a look at one by its id.
enum Answer {
    Found(Kind, String),
    NotFound,
    Untold,
}

/// An attachment in the trash counts as gone: an article that comes back out of the trash must not bring it along.
fn is_trashed(json: &str) -> bool {
    #[derive(Deserialize)]
    struct List {
        results: Vec<One>,
    }
    #[derive(Deserialize)]
    struct One {
        #[serde(default)]
        status: Option<String>,
    }
    let list = serde_json::from_str::<List>(json).map(|list| list.results).unwrap_or_default();
    list.iter().any(|one| one.status.as_deref() == Some("trashed"))
}

impl Lists for Attached<'_, '_> {
    fn model(&self) -> Model {
        self.model
    }

    fn spans_site(&self) -> bool {
        true
    }

    fn shows_archived(&self) -> bool {
        true
    }

    fn remote_id(&self, id: u64) -> String {
        if self.model == Model::Attachment { format!("{ATTACHMENT}{id}") } else { id.to_string() }
    }

    fn number(&self, remote_id: &str) -> Option<u64> {
        let digits = if self.model == Model::Attachment {
            remote_id.strip_prefix(ATTACHMENT).unwrap_or(remote_id)
        } else {
            remote_id
        };
        digits.parse().ok()
    }

    fn proves_by_id(&self) -> bool {
        self.lists()
    }

    fn looks_by_id(&self) -> bool {
        self.lists()
    }

    fn is_read<'a>(&'a self, _: &'a LedgerRow) -> BoxFuture<'a, Result<bool, EngineError>> {
        async move {
            if !self.lists() {
                let stream = if self.model == Model::Comment { "comments" } else { "attachments" };
                return is_searched(self.run, stream).await;
            }
            for source in sources(self.model) {
                let checkpoint = self.run.checkpoint::<ListCheckpoint>(source.checkpoint).await?;
                if !checkpoint.unwrap_or_default().complete {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        .boxed()
    }

    fn count<'a>(&'a self, _: &'a LedgerRow) -> BoxFuture<'a, Result<Option<u64>, EngineError>> {
        async { Ok(None) }.boxed()
    }

    fn sections<'a>(&'a self, _: &'a LedgerRow) -> BoxFuture<'a, Result<Vec<Section>, EngineError>> {
        async move {
            if self.lists() {
                let params = || match self.model {
                    Model::Attachment => Params::new().query("status", "current").query("status", "archived"),
                    _ => Params::new(),
                };
                let section = |source: &Source| {
                    let params = params().query("sort", "created-date");
                    Section { call: source.list, params, page_size: PAGE_SIZE }
                };
                return Ok(sources(self.model).iter().map(section).collect());
            }
            let content_type =
                if self.model == Model::Comment { CqlType::Comment } else { CqlType::Attachment };
            let params = Params::new()
                .query("cql", Cql::types(&[content_type]).oldest_first().to_string())
                .query("expand", "container,version")
                .query("includeArchivedSpaces", "true");
            Ok(vec![Section { call: &confluence::CONTENT_SEARCH, params, page_size: SEARCHED_PER_PAGE }])
        }
        .boxed()
    }

    fn ids(&self, page: &str) -> Result<Vec<ListedId>, EngineError> {
        let mut listed = Vec::new();
        for found in found_in(page)? {
            let Some(id) = self.number(&found.id) else {
                return Err(EngineError::Invalid(format!(
                    "the id `{}` is none of an {}",
                    found.id, self.model
                )));
            };
            let changed_at = found.version.and_then(|version| version.changed_at());
            let host = found.page_id.or(found.blog_post_id).or(found.container.map(|host| host.id));
            let host = host.map(|host| RecordId::of(self.run.id(), Model::Article, &host));
            listed.push(ListedId { id, is_archived: false, changed_at, host });
        }
        Ok(listed)
    }

    fn is_listed<'a>(&'a self, _: &'a LedgerRow) -> BoxFuture<'a, Result<bool, EngineError>> {
        // A site is always there; whether an article is tells the look by id.
        async { Ok(true) }.boxed()
    }

    fn ids_per_call(&self) -> usize {
        IDS_PER_CALL
    }

    fn read<'a>(&'a self, ids: &'a [u64]) -> BoxFuture<'a, Result<BTreeSet<u64>, EngineError>> {
        self.read_some(ids).boxed()
    }

    fn look<'a>(
        &'a self,
        _: &'a LedgerRow,
        ids: &'a [u64],
    ) -> BoxFuture<'a, Result<HashMap<u64, Look>, EngineError>> {
        self.look_at(ids).boxed()
    }

    fn after_absence<'a>(&'a self, records: &'a [RecordId]) -> BoxFuture<'a, Result<(), EngineError>> {
        async move {
            if self.model != Model::Attachment {
                return Ok(());
            }
            // Articles name their attachments.
            let states = self.run.inner.store.record_states(self.run.id(), records).await?;
            let articles = states.values().filter_map(|state| state.parent).collect();
            rewrite_articles(self.run, &mut *self.learner.lock().await, articles).await
        }
        .boxed()
    }

    fn guarded<'a>(&'a self, _: &'a [(u64, RecordId)]) -> BoxFuture<'a, Result<HashSet<u64>, EngineError>> {
        async { Ok(HashSet::new()) }.boxed()
    }
}
