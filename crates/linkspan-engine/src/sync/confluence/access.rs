//! Restrictions and the tree of content: swept in bulk, and learnt one by one where the sweep did not reach.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use futures_util::FutureExt as _;
use linkspan_atlassian::calls::{Call, confluence};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{
    ConfluenceContext, Converted, Restrictions, labels_in_search, restriction, restrictions_in_search,
};
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::query::{Cql, CqlType};
use linkspan_model::access::Gate;
use linkspan_model::ids::RecordId;
use linkspan_model::record::{Access, NewRaw};
use serde::Deserialize;

use super::super::run::{Run, at_a_time, digest_of, text};
use crate::error::EngineError;

/// Content in a page of the sweep: heavier pages make upstream fail (`atlassian-endpoints.md` 6.1).
const SWEEP_SIZE: u32 = 100;
/// What the sweep asks of each content.
const SWEEP_EXPAND: &str = "space,ancestors,metadata.labels,\
    restrictions.read.restrictions.user,restrictions.read.restrictions.group";
/// Content about which upstream is asked at a time.
const PARALLEL_QUESTIONS: usize = 8;
/// Levels of unknown ancestors that are learnt for one page of content.
const ROUNDS: usize = 64;

/// Content in one question: a query has its length.
const IDS_PER_SEARCH: usize = 50;
/// What has bodies.
const ARTICLES: [CqlType; 2] = [CqlType::Page, CqlType::Blogpost];
/// What else stands in the tree and can be restricted.
const FURNITURE: [CqlType; 4] = [CqlType::Folder, CqlType::Database, CqlType::Whiteboard, CqlType::Embed];

/// Reads restrictions, tree and labels of all current content. Gives a digest of everything it saw: differs when any
/// restriction may have changed.
pub(super) async fn sweep(run: &Run, ctx: &mut ConfluenceContext) -> Result<String, EngineError> {
    let mut digests = Vec::new();
    for types in [&ARTICLES[..], &FURNITURE[..]] {
        let mut pages =
            run.pages(&confluence::CONTENT_SEARCH, sweep_params(&Cql::types(types)), Some(SWEEP_SIZE));
        loop {
            let page = match pages.next().await {
                Ok(Some(page)) => page,
                Ok(None) => break,
                // A site need not know all of these types; what stands below such content is then asked about singly.
                Err(EngineError::Call(CallError::BadRequest { .. })) if types == FURNITURE => break,
                Err(error) => return Err(error),
            };
            run.add("restrictions", learn_from_search(run, ctx, &page).await?);
            digests.push(digest_of(&page));
        }
    }
    digests.sort_unstable();
    Ok(digest_of(&digests.concat()))
}

/// What a search asks in order to know who may see what it finds.
fn sweep_params(cql: &Cql) -> Params {
    Params::new()
        .query("cql", cql.to_string())
        .query("expand", SWEEP_EXPAND)
        .query("includeArchivedSpaces", "true")
}

/// Learns places, restrictions and labels from a page of a search that asked for them. Gives how much content was in it.
pub(super) async fn learn_from_search(
    run: &Run,
    ctx: &mut ConfluenceContext,
    page: &str,
) -> Result<u64, EngineError> {
    let cut = ctx.access.add_restrictions(page)?;
    let labels = labels_in_search(page)?;
    let items = labels.len() as u64;
    ctx.labels.extend(labels);
    keep(run, restrictions_in_search(page, ctx)?).await?;
    for id in cut {
        extend(run, &id, ctx).await?;
    }
    Ok(items)
}

/// Stores restrictions, and forgets those that are no more.
async fn keep(run: &Run, Restrictions { restricted, open }: Restrictions) -> Result<(), EngineError> {
    if !restricted.raws.is_empty() {
        run.write(restricted, None).await?;
    }
    Ok(run.inner.store.forget_raws(run.id(), "confluence.restriction", &open).await?)
}

/// Reads on where a content's lists of people and groups were cut.
///
/// Where the grant does not open that, whoever stands further down the lists does not get to see the content.
async fn extend(run: &Run, id: &str, ctx: &mut ConfluenceContext) -> Result<(), EngineError> {
    if !run.opens(&confluence::CONTENT_RESTRICTION_OF_OPERATION) {
        return Ok(());
    }
    let params = Params::new().path("id", id).path("operationKey", "read");
    let mut pages = run.pages(&confluence::CONTENT_RESTRICTION_OF_OPERATION, params, Some(100));
    while let Some(page) = pages.next().await? {
        ctx.access.extend_restriction(id, &page)?;
    }
    Ok(())
}

/// Converts pages of content, and learns what their access turns out to need: restrictions of archived content, which no
/// search shows, and of what was made since the sweep.
pub(super) struct Learner<'a> {
    pub(super) run: &'a Run,
    ctx: Arc<ConfluenceContext>,
    /// Content about which upstream was asked already.
    asked: HashSet<String>,
    /// Folders and databases that were met.
    met: HashSet<String>,
    /// Attachments that are about to be stored, each with the article on which it hangs then.
    pub(super) arriving: HashMap<String, RecordId>,
}

impl<'a> Learner<'a> {
    pub(super) fn new(run: &'a Run, ctx: Arc<ConfluenceContext>) -> Self {
        Self { run, ctx, asked: HashSet::new(), met: HashSet::new(), arriving: HashMap::new() }
    }

    pub(super) fn context(&self) -> Arc<ConfluenceContext> {
        Arc::clone(&self.ctx)
    }

    pub(super) fn context_mut(&mut self) -> &mut ConfluenceContext {
        Arc::make_mut(&mut self.ctx)
    }

    /// Whether this folder or database is met for the first time in this run.
    pub(super) fn meets(&mut self, id: &str) -> bool {
        self.met.insert(id.to_owned())
    }

    /// Converts with `convert`, off the threads that serve requests, again and again until nothing more can be learnt.
    pub(super) async fn convert(
        &mut self,
        convert: impl Fn(&ConfluenceContext) -> Result<Converted, EngineError> + Clone + Send + 'static,
    ) -> Result<Converted, EngineError> {
        let run = self.run;
        for _ in 0..ROUNDS {
            let (ctx, work) = (Arc::clone(&self.ctx), convert.clone());
            let converted = tokio::task::spawn_blocking(move || work(&ctx)).await.map_err(|error| {
                EngineError::Invalid(format!("a page of content could not be converted: {error}"))
            })??;
            let mut needs: Vec<String> =
                converted.waiting.iter().map(|waiting| waiting.needs.clone()).collect();
            let hosts = hosts_of_closed(&converted);
            let access = &self.ctx.access;
            // Of a host of which everything is known, it is the space's readers that are not.
            needs.extend(hosts.into_iter().filter_map(|host| {
                access.missing_for_content(&host).or_else(|| Some(host).filter(|host| !access.knows(host)))
            }));
            needs.retain(|id| self.asked.insert(id.clone()));
            if needs.is_empty() {
                return Ok(converted);
            }
            let untold = self.learn(needs).await?;
            run.note_untold(untold).await?;
        }
        let (ctx, work) = (Arc::clone(&self.ctx), convert);
        work(&ctx)
    }

    /// Asks again for what upstream would not tell before.
    pub(super) async fn ask_again(&mut self) -> Result<(), EngineError> {
        let asked = self.run.untold().await?;
        if asked.is_empty() {
            return Ok(());
        }
        let untold = self.learn(asked.iter().cloned().collect()).await?;
        if untold.len() < asked.len() {
            let told = asked.difference(&untold).cloned().collect();
            self.run.note_told(&told).await?;
        }
        Ok(())
    }

    /// Asks for the restrictions of content and, where that is unknown, for its place. A grant that does not open the calls
    /// for one piece of content has a search answer for many. Gives what upstream would not tell of.
    async fn learn(&mut self, mut ids: Vec<String>) -> Result<BTreeSet<String>, EngineError> {
        let (run, mut asked) = (self.run, ids.iter().cloned().collect::<BTreeSet<_>>());
        let opens_single =
            run.opens(&confluence::PAGE) && run.opens(&confluence::CONTENT_RESTRICTIONS_BY_OPERATION);
        let opens_search = run.opens(&confluence::CONTENT_SEARCH);
        if !opens_single && opens_search {
            let numbers: Vec<u64> = ids.iter().filter_map(|id| id.parse().ok()).collect();
            for numbers in numbers.chunks(IDS_PER_SEARCH) {
                let cql = Cql::any_type().ids(numbers.iter().copied());
                let mut pages = run.pages(&confluence::CONTENT_SEARCH, sweep_params(&cql), Some(SWEEP_SIZE));
                while let Some(page) = pages.next().await? {
                    learn_from_search(run, self.context_mut(), &page).await?;
                }
            }
            ids.retain(|id| !self.ctx.access.knows(id));
        }
        let questions = ids
            .into_iter()
            .map(|id| {
                let has_place = self.ctx.access.space_of(&id).is_some();
                ask(run, id, has_place).boxed()
            })
            .collect();
        for Learnt { id, restrictions, place } in at_a_time(PARALLEL_QUESTIONS, questions).await? {
            if let Some(json) = restrictions {
                let is_cut = self.context_mut().access.set_restriction(&id, &json)?;
                keep(run, restriction(&json, &id, &self.ctx)?).await?;
                if is_cut {
                    extend(run, &id, self.context_mut()).await?;
                }
            }
            if let Some(json) = place {
                self.context_mut().access.add_content(&json)?;
            }
        }
        // What the grant has no scopes for is not worth another question.
        asked.retain(|id| (opens_single || opens_search) && !self.ctx.access.knows(id));
        Ok(asked)
    }
}

/// What was learnt about one content.
struct Learnt {
    id: String,
    restrictions: Option<String>,
    place: Option<String>,
}

async fn ask(run: &Run, id: String, has_place: bool) -> Result<Learnt, EngineError> {
    let params = Params::new().path("id", id.as_str());
    let restrictions = readable(run, &confluence::CONTENT_RESTRICTIONS_BY_OPERATION, params.clone()).await?;
    let mut place = None;
    if !has_place {
        // An id does not tell of what kind the content is.
        for call in [
            &confluence::PAGE,
            &confluence::BLOGPOST,
            &confluence::FOLDER,
            &confluence::DATABASE,
            &confluence::WHITEBOARD,
            &confluence::EMBED,
        ] {
            place = readable(run, call, params.clone()).await?;
            if place.is_some() {
                break;
            }
        }
    }
    Ok(Learnt { id, restrictions, place })
}

/// The answer of a call, or `None` where the grant may not have it: what depends on it stays closed (hazards P2, P4).
pub(super) async fn readable(
    run: &Run,
    call: &'static Call,
    params: Params,
) -> Result<Option<String>, EngineError> {
    if !run.opens(call) {
        return Ok(None);
    }
    match run.client.call(call, &params).await {
        Ok(reply) => Ok(Some(text(&reply.body)?.to_owned())),
        Err(EngineError::Call(
            CallError::Forbidden { .. } | CallError::NotFound { .. } | CallError::ScopeMissing { .. },
        )) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What tells on which content a comment or an attachment hangs.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hosted {
    page_id: Option<String>,
    blog_post_id: Option<String>,
    container: Option<Container>,
}

#[derive(Deserialize)]
struct Container {
    id: String,
}

impl Hosted {
    fn host(self) -> Option<String> {
        self.page_id.or(self.blog_post_id).or(self.container.map(|container| container.id))
    }
}

/// The content on which the comments or attachments of a list hang. What cannot be read is the converter's to tell.
pub(super) fn hosts_in(json: &str) -> BTreeSet<String> {
    #[derive(Deserialize)]
    struct Listed {
        results: Vec<Hosted>,
    }
    let listed = serde_json::from_str::<Listed>(json).map(|listed| listed.results).unwrap_or_default();
    listed.into_iter().filter_map(Hosted::host).collect()
}

/// Whether nobody is let through because something is unknown. What is restricted to nobody looks alike, and is asked for once.
fn is_closed(access: &Access) -> bool {
    match access {
        Access::Unknown => true,
        Access::Rule(rule) => {
            let is_of_content = |gate: &Gate| matches!(gate, Gate::Page | Gate::Ancestor(_));
            rule.clauses().iter().any(|clause| is_of_content(&clause.gate) && clause.any_of.is_empty())
        }
        Access::Unguarded => false,
    }
}

/// Content on which comments and attachments hang that nobody can see as far as known.
fn hosts_of_closed(converted: &Converted) -> Vec<String> {
    let closed: HashSet<_> =
        converted.records.iter().filter(|record| is_closed(&record.access)).map(|record| record.id).collect();
    let hangs = |raw: &&NewRaw| {
        matches!(raw.kind, "confluence.comment" | "confluence.attachment")
            && raw.record.is_some_and(|record| closed.contains(&record))
    };
    converted
        .raws
        .iter()
        .filter(hangs)
        .filter_map(|raw| serde_json::from_str::<Hosted>(&raw.json).ok())
        .filter_map(Hosted::host)
        .collect()
}
