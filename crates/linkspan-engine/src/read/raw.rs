//! What upstream said, as received: of every kind, also of those without a common model.

use std::collections::HashMap;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, TryFutureExt as _};
use jiff::Timestamp;
use linkspan_atlassian::calls::{Call, ScopeSet};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{ListOwner, listing_page};
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::resources::{Gap, Listing, Per, Question, Reading, Resource, gap_of, open_way};
use linkspan_model::absence::Absence;
use linkspan_model::ids::{RecordId, SourceId};
use linkspan_model::record::Model;
use linkspan_store::{Batch, RawFilter, Source, StoredRaw, StreamState};
use serde_json::json;

use crate::engine::{Engine, Inner};
use crate::error::EngineError;
use crate::sync::{OneList, owner_of, page_size, params_of};
use crate::tokens::GrantError;

/// What is shown of JSON that is hidden: nothing.
const HIDDEN: &str = "{}";

/// Owners of owners that are read on the way to a list that nobody read before.
const OWNERS_ABOVE: u32 = 2;
/// Upstream pages that the answer to one question may have.
const ANSWER_PAGES: u32 = 50;
/// The longest question.
const QUESTION_CAP: usize = 2_000;

/// Which raws are wanted.
#[derive(Clone, Debug, Default)]
pub struct RawQuery {
    /// Only what belongs to this thing, by its upstream id: for kinds that are read for one issue, page or project.
    pub owner: Option<String>,
    /// The question, for kinds that cannot be listed without one.
    pub question: Option<String>,
    /// Only the one with this upstream id.
    pub remote_id: Option<String>,
    /// Only those stored since.
    pub stored_since: Option<Timestamp>,
    /// Only those of which no record, or only part of one, could be made.
    pub problems_only: bool,
    /// Do not ask upstream, even for kinds that are read when asked for.
    pub stored_only: bool,
    /// Behind this upstream id.
    pub after: Option<String>,
    /// How many.
    pub limit: u32,
}

/// A page of raws.
#[derive(Clone, Debug, Default)]
pub struct RawPage {
    /// The raws, in the order of upstream ids as text.
    pub raws: Vec<StoredRaw>,
    /// Why those of their records are absent that upstream does not list any more.
    pub absences: HashMap<RecordId, Absence>,
    /// Behind which upstream id the next page begins.
    pub next: Option<String>,
}

/// What is stored of one kind, and how it is read.
#[derive(Clone, Debug)]
pub struct RawKindState {
    /// The kind.
    pub kind: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// The feature it belongs to.
    pub feature: &'static str,
    /// The common model it becomes, if any.
    pub model: Option<Model>,
    /// It is read when somebody asks, and not by syncs.
    pub on_demand: bool,
    /// The kind it hangs on.
    pub parent_kind: Option<&'static str>,
    /// It answers questions only.
    pub needs_question: bool,
    /// How many are stored; unknown for kinds of which there may be millions.
    pub count: Option<u64>,
    /// When the newest was stored.
    pub newest: Option<Timestamp>,
    /// What the grant does not open of it.
    pub gap: Option<Gap>,
    /// Why upstream refused it, where it did.
    pub refused: Option<String>,
}

/// Why raws cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum RawProblem {
    /// There is no such source.
    #[error("not found")]
    UnknownSource,
    /// There is no such kind in this product.
    #[error("`{0}` is not a kind of this source: GET …/raw lists them")]
    UnknownKind(String),
    /// The kind is read for one thing at a time.
    #[error("`{kind}` is read for one {owner} at a time: name it by its upstream id with `parent`")]
    OwnerMissing {
        /// The kind asked for.
        kind: &'static str,
        /// The kind it hangs on.
        owner: &'static str,
    },
    /// The kind hangs on nothing by which it could be looked for.
    #[error("`{0}` cannot be narrowed by `parent`: GET …/raw tells by `parent_kind` which kinds can")]
    NoOwner(&'static str),
    /// Nothing is known of the thing that was named.
    #[error("no {kind} with the upstream id `{id}` is stored here")]
    OwnerUnknown {
        /// The kind of the thing.
        kind: &'static str,
        /// Its upstream id.
        id: String,
    },
    /// The kind answers questions only.
    #[error("`{kind}` answers questions only: ask with `question` (at most {QUESTION_CAP} characters)")]
    QuestionMissing {
        /// The kind asked for.
        kind: &'static str,
    },
    /// The answer to a question has no end in sight.
    #[error("the answer is longer than {ANSWER_PAGES} of upstream's pages: ask `{kind}` something narrower")]
    AnswerTooLong {
        /// The kind asked for.
        kind: &'static str,
    },
    /// The grant does not open it.
    #[error("the grant does not open {}: it lacks {}", gap.title, gap.missing.join(" "))]
    Closed {
        /// What is missing.
        gap: Gap,
    },
    /// Upstream refused.
    #[error("upstream gives no answer: {0}. Ask with `stored=true` for what was read before")]
    Upstream(CallError),
    /// The grant gives no access token.
    #[error("{0}. Ask with `stored=true` for what was read before")]
    Grant(GrantError),
    /// Something failed here.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl From<linkspan_store::StoreError> for RawProblem {
    fn from(error: linkspan_store::StoreError) -> Self {
        Self::Engine(error.into())
    }
}

impl Engine {
    /// Every source, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sources(&self) -> Result<Vec<Source>, EngineError> {
        Ok(self.inner.store.sources().await?)
    }

    /// How the streams of a source stand.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn source_streams(&self, id: SourceId) -> Result<Vec<StreamState>, EngineError> {
        Ok(self.inner.store.get_streams(id).await?)
    }

    /// Every kind of a source, with what is stored of it.
    ///
    /// # Errors
    /// When the source is unknown or the store fails.
    pub async fn raw_kinds(&self, id: SourceId) -> Result<Vec<RawKindState>, RawProblem> {
        let inner = &self.inner;
        let source = inner.store.source(id).await?.ok_or(RawProblem::UnknownSource)?;
        let granted = inner.scopes_of(&source).await?;
        let counts = inner.store.raw_kinds(id).await?;
        let streams = inner.store.get_streams(id).await?;
        let state = |resource: &'static Resource| {
            let counted = counts.iter().find(|count| count.kind == resource.kind);
            let name = format!("raw/{}", resource.kind);
            let is_own = |stream: &&StreamState| stream.stream == name;
            let listing = resource.listing();
            RawKindState {
                kind: resource.kind,
                title: resource.title,
                feature: resource.feature.as_str(),
                model: resource.model,
                on_demand: matches!(resource.reading, Reading::OnDemand(_)),
                parent_kind: resource.parent_kind(),
                needs_question: listing.is_some_and(|listing| listing.question.is_some()),
                count: counted.map(|count| count.count),
                newest: counted.map(|count| count.newest),
                gap: gap_of(resource, &granted).filter(|_| !granted.is_empty()),
                refused: streams.iter().find(is_own).and_then(|stream| stream.progress.last_error.clone()),
            }
        };
        let of_product = Resource::all().filter(|resource| resource.product() == source.product);
        let is_kept = |resource: &&'static Resource| !matches!(resource.reading, Reading::Action);
        Ok(of_product.filter(is_kept).map(state).collect())
    }

    /// Raws of one kind. Kinds that are read on demand are read upstream first, unless that is not wanted.
    ///
    /// # Errors
    /// See [`RawProblem`].
    pub async fn raws(&self, id: SourceId, kind: &str, query: &RawQuery) -> Result<RawPage, RawProblem> {
        let (raws, next) = self.raws_page(id, kind, query).await?;
        let records: Vec<RecordId> = raws.iter().filter_map(|raw| raw.record).collect();
        let states = self.inner.store.record_states(id, &records).await?;
        let absences: HashMap<RecordId, Absence> =
            states.into_iter().filter_map(|(record, state)| Some((record, state.absence?))).collect();
        // What upstream does not show to the account any more is nobody's to read.
        let mut raws = raws;
        for raw in &mut raws {
            if raw.record.is_some_and(|record| absences.get(&record) == Some(&Absence::LostAccess)) {
                HIDDEN.clone_into(&mut raw.json);
            }
        }
        Ok(RawPage { raws, absences, next })
    }

    async fn raws_page(
        &self,
        id: SourceId,
        kind: &str,
        query: &RawQuery,
    ) -> Result<(Vec<StoredRaw>, Option<String>), RawProblem> {
        let inner = &self.inner;
        let source = inner.store.source(id).await?.ok_or(RawProblem::UnknownSource)?;
        let resource = Resource::of_kind(kind)
            .filter(|resource| {
                resource.product() == source.product && !matches!(resource.reading, Reading::Action)
            })
            .ok_or_else(|| RawProblem::UnknownKind(kind.to_owned()))?;
        if query.owner.is_some() && resource.parent_kind().is_none() {
            return Err(RawProblem::NoOwner(resource.kind));
        }
        if let Reading::OnDemand(listing) = &resource.reading
            && !query.stored_only
            && query.remote_id.is_none()
            // What answers a question is told from the rest only by asking again.
            && (query.after.is_none() || listing.question.is_some())
        {
            let granted = inner.scopes_of(&source).await?;
            let ids = self.read_now(&source, &granted, resource, listing, query, OWNERS_ABOVE).await?;
            if listing.question.is_some() {
                return self.answer_page(id, resource.kind, ids, query).await;
            }
        }
        // An answer that is one thing has the id of its owner.
        let whole = resource.listing().is_some_and(Listing::is_one_thing).then_some(query.owner.clone());
        if let Some(remote_id) = query.remote_id.clone().or(whole.flatten()) {
            return Ok((self.raws_by_id(id, resource.kind, vec![remote_id]).await?, None));
        }
        let filter = RawFilter {
            owner: query.owner.clone(),
            stored_since: query.stored_since,
            problems_only: query.problems_only,
        };
        let limit = query.limit.saturating_add(1);
        let mut raws =
            inner.store.find_raws(id, resource.kind, &filter, query.after.as_deref(), limit).await?;
        let has_more = raws.len() > query.limit as usize;
        raws.truncate(query.limit as usize);
        let next = raws.last().filter(|_| has_more).map(|raw| raw.remote_id.clone());
        Ok((raws, next))
    }

    /// A page of what answered a question.
    async fn answer_page(
        &self,
        source: SourceId,
        kind: &str,
        mut ids: Vec<String>,
        query: &RawQuery,
    ) -> Result<(Vec<StoredRaw>, Option<String>), RawProblem> {
        ids.sort_unstable();
        ids.dedup();
        if let Some(after) = &query.after {
            ids.retain(|id| id > after);
        }
        let has_more = ids.len() > query.limit as usize;
        ids.truncate(query.limit as usize);
        let next = ids.last().filter(|_| has_more).cloned();
        Ok((self.raws_by_id(source, kind, ids).await?, next))
    }

    async fn raws_by_id(
        &self,
        source: SourceId,
        kind: &str,
        ids: Vec<String>,
    ) -> Result<Vec<StoredRaw>, RawProblem> {
        let mut raws = Vec::new();
        for id in ids {
            raws.extend(self.inner.store.get_raw(source, kind, &id).await?);
        }
        Ok(raws)
    }

    /// Reads a list upstream and keeps it; gives the ids of what it held.
    fn read_now<'a>(
        &'a self,
        source: &'a Source,
        granted: &'a ScopeSet,
        resource: &'static Resource,
        listing: &'static Listing,
        query: &'a RawQuery,
        owners_above: u32,
    ) -> BoxFuture<'a, Result<Vec<String>, RawProblem>> {
        async move {
            let call = open_way(resource, granted).and_then(|way| way.calls.last().copied());
            let Some(call) = call else {
                let gap = gap_of(resource, granted).ok_or(RawProblem::UnknownSource)?;
                return Err(RawProblem::Closed { gap });
            };
            let owner = self.owner(source, granted, resource, listing, query, owners_above).await?;
            let mut params = params_of(listing, &owner);
            if let Some(question) = listing.question {
                params = ask(params, question, query.question.as_deref(), resource.kind)?;
            }
            self.inner.read_list(source, resource.kind, call, listing, &owner, params).await
        }
        .boxed()
    }

    /// The thing that a list is read for.
    async fn owner(
        &self,
        source: &Source,
        granted: &ScopeSet,
        resource: &'static Resource,
        listing: &'static Listing,
        query: &RawQuery,
        owners_above: u32,
    ) -> Result<ListOwner, RawProblem> {
        let Per::Each { kind, bind, .. } = listing.per else { return Ok(ListOwner::default()) };
        let missing = RawProblem::OwnerMissing { kind: resource.kind, owner: kind };
        let id = query.owner.as_deref().ok_or(missing)?;
        let unknown = || RawProblem::OwnerUnknown { kind, id: id.to_owned() };
        let mut stored = self.inner.store.get_raw(source.id, kind, id).await?;
        // It may itself be something that is read only when asked for.
        let above = Resource::of_kind(kind);
        if let (None, Some(above), Some((owner, _))) = (&stored, above, id.rsplit_once('/'))
            && let Reading::OnDemand(of_above) = &above.reading
            && owners_above > 0
        {
            let query = RawQuery { owner: Some(owner.to_owned()), ..RawQuery::default() };
            self.read_now(source, granted, above, of_above, &query, owners_above - 1).await?;
            stored = self.inner.store.get_raw(source.id, kind, id).await?;
        }
        let stored = stored.ok_or_else(unknown)?;
        owner_of(&stored.remote_id, &stored.json, bind).ok_or_else(unknown)
    }
}

fn ask(
    params: Params,
    question: Question,
    asked: Option<&str>,
    kind: &'static str,
) -> Result<Params, RawProblem> {
    let asked =
        asked.filter(|asked| asked.len() <= QUESTION_CAP).ok_or(RawProblem::QuestionMissing { kind })?;
    Ok(match question {
        Question::Query(name) => params.query(name, asked),
        Question::BodyList(name) => params.body(json!({ name: [asked] })),
    })
}

impl Inner {
    /// Reads one list and keeps it, and removes what it does not show any more.
    async fn read_list(
        self: &std::sync::Arc<Self>,
        source: &Source,
        kind: &'static str,
        call: &'static Call,
        listing: &'static Listing,
        owner: &ListOwner,
        params: Params,
    ) -> Result<Vec<String>, RawProblem> {
        let refused = |error: EngineError| match error {
            EngineError::Call(error) => RawProblem::Upstream(error),
            EngineError::Grant(error) => RawProblem::Grant(error),
            error => RawProblem::Engine(error),
        };
        let (began, knew) = (self.clock.now(), self.latest_erasure());
        let mut list = OneList::new(self, source, call, params, page_size(call));
        let (mut ids, mut pages) = (Vec::new(), 0);
        while let Some(page) = list.next().map_err(refused).await? {
            pages += 1;
            if pages > ANSWER_PAGES && listing.question.is_some() {
                return Err(RawProblem::AnswerTooLong { kind });
            }
            let converted = listing_page(&page, kind, listing, call.items, owner, source.id)
                .map_err(EngineError::from)?;
            ids.extend(converted.ids);
            let batch = Batch { raws: converted.raws, ..Batch::default() };
            self.write_guarded(source.id, batch, began, knew).await?;
        }
        if let (Some(owner), None, false) = (&owner.id, listing.question, listing.is_one_thing()) {
            let seen = ids.iter().cloned().collect();
            self.store.settle_raws(source.id, kind, Some(owner), &seen).await?;
        }
        Ok(ids)
    }
}
