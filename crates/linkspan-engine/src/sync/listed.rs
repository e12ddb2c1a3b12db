//! The generic reader: everything that the table of resources says is listed, feature by feature, on a slow clock.
//!
//! A resource that upstream refuses costs the others nothing: why it was refused is kept beside it (hazards S5, S15).
//! What a whole listing does not show any more is removed; a listing with refused parts removes nothing (hazard S12).

use std::collections::HashSet;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::calls::{Call, Feature};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{Converted, ListOwner, listing_page, member_of};
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::resources::{Bind, Listing, Per, Reading, Resource, SettingWords, open_ways};
use linkspan_model::product::Product;
use linkspan_store::{StreamProgress, StreamState};
use serde::{Deserialize, Serialize};

use super::run::Run;
use crate::error::EngineError;

/// How often such lists are read: they change seldom.
const EVERY: SignedDuration = SignedDuration::from_hours(6);
/// Owners whose lists are read at a time.
const PARALLEL_OWNERS: usize = 4;
/// Owners looked up at a time.
const OWNERS_PER_READ: u32 = 500;
/// Owners whose lists may fail, for a reason that may be everybody's, before the whole kind does.
const FAILURES_BORNE: usize = 3;
/// Items asked for at a time where upstream names no ceiling.
const PAGE_SIZE: u32 = 100;

/// When a feature's lists were read, and which.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ListedCheckpoint {
    /// Epoch milliseconds.
    read_at: Option<i64>,
    /// The kinds that were open then: a consent to more has them read at once.
    kinds: Vec<String>,
}

impl ListedCheckpoint {
    /// A reading of these kinds that began at `at`.
    pub(super) fn of(at: Timestamp, kinds: &[&'static str]) -> Self {
        let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        Self { read_at: Some(at.as_millisecond()), kinds }
    }

    /// Whether these kinds were read so lately that they need not be read again.
    pub(super) fn covers(&self, run: &Run, stream: &str, kinds: &[&'static str]) -> bool {
        let at = self.read_at.and_then(|millis| Timestamp::from_millisecond(millis).ok());
        at.is_some_and(|at| run.inner.clock.now() < at + run.every(stream, EVERY)) && self.kinds == kinds
    }
}

/// The features of a product that have lists for the generic reader, in the order of the features.
pub(super) fn features_of(product: Product) -> Vec<Feature> {
    let has_lists = |feature: &Feature| {
        Resource::all().any(|resource| {
            resource.product() == product
                && resource.feature == *feature
                && matches!(resource.reading, Reading::Listed(_))
        })
    };
    Feature::ALL.iter().copied().filter(has_lists).collect()
}

/// The listed resources of a feature that the grant opens.
fn open_resources(run: &Run, feature: Feature) -> Vec<(&'static Resource, &'static Listing)> {
    Resource::all()
        .filter(|resource| resource.product() == run.source.product && resource.feature == feature)
        .filter(|resource| run.way_to(resource).is_some())
        .filter_map(|resource| match &resource.reading {
            Reading::Listed(listing) => Some((resource, listing)),
            _ => None,
        })
        .collect()
}

/// The kinds of a feature that are listed and that the grant opens.
pub(super) fn open_kinds(run: &Run, feature: Feature) -> Vec<&'static str> {
    kinds(&open_resources(run, feature))
}

/// The streams that [`read`] will read now.
pub(super) async fn due(run: &Run, but: &[Feature]) -> Result<Vec<Feature>, EngineError> {
    let mut due = Vec::new();
    for feature in features_of(run.source.product) {
        if but.contains(&feature) || !run.wants(feature) {
            continue;
        }
        let open = kinds(&open_resources(run, feature));
        let known: ListedCheckpoint = run.checkpoint(&checkpoint_name(feature)).await?.unwrap_or_default();
        if !open.is_empty() && !known.covers(run, feature.as_str(), &open) {
            due.push(feature);
        }
    }
    Ok(due)
}

fn kinds(resources: &[(&'static Resource, &'static Listing)]) -> Vec<&'static str> {
    resources.iter().map(|(resource, _)| resource.kind).collect()
}

fn checkpoint_name(feature: Feature) -> String {
    format!("listed/{feature}")
}

/// Reads the lists of a feature.
pub(super) async fn read(run: &Run, feature: Feature) -> Result<(), EngineError> {
    read_with(run, feature, feature.as_str(), |_, _| Ok(())).await
}

/// Reads the lists of a feature as part of a stream, and shows every page to `look`.
pub(super) async fn read_with(
    run: &Run,
    feature: Feature,
    stream: &'static str,
    mut look: impl FnMut(&str, &str) -> Result<(), EngineError> + Send,
) -> Result<(), EngineError> {
    let began = run.inner.clock.now();
    let open = open_resources(run, feature);
    let mut failed = None;
    for (resource, listing) in &open {
        let result = read_resource(run, resource, listing, stream, &mut look).await;
        match result {
            Ok(outcome) => note(run, resource.kind, outcome.items, outcome.refused).await?,
            Err(error @ (EngineError::Call(_) | EngineError::Page(_))) => {
                tracing::warn!(source.id = %run.id(), kind = resource.kind, %error, "a list could not be read");
                note(run, resource.kind, 0, Some(error.to_string())).await?;
                failed.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    let mark = Run::mark(&checkpoint_name(feature), &ListedCheckpoint::of(began, &kinds(&open)))?;
    run.write(Converted::default(), Some(mark)).await
}

/// What a resource's reading came to.
struct Outcome {
    items: u64,
    /// Why a part of it was refused.
    refused: Option<String>,
}

/// Keeps how the reading of a kind went.
pub(super) async fn note(
    run: &Run,
    kind: &str,
    items: u64,
    refused: Option<String>,
) -> Result<(), EngineError> {
    let now = Some(run.inner.clock.now());
    let progress = StreamProgress {
        phase: if refused.is_some() { "refused" } else { "done" }.to_owned(),
        items_done: i64::try_from(items).unwrap_or(i64::MAX),
        finished_at: now,
        last_success_at: now.filter(|_| refused.is_none()),
        last_error: refused,
        ..StreamProgress::default()
    };
    let state = StreamState { stream: format!("raw/{kind}"), state: None, progress };
    Ok(run.inner.store.put_stream_state(run.id(), &state).await?)
}

/// Reads a resource by the best way that the grant opens and that upstream still has.
async fn read_resource(
    run: &Run,
    resource: &'static Resource,
    listing: &'static Listing,
    stream: &'static str,
    look: &mut (impl FnMut(&str, &str) -> Result<(), EngineError> + Send),
) -> Result<Outcome, EngineError> {
    let mut outcome = Outcome { items: 0, refused: None };
    for way in open_ways(resource, &run.granted) {
        // The last call of a way is the list itself; those before it bring what it hangs on.
        let Some(call) = way.calls.last() else { continue };
        let mut reading = ListReading { run, resource, listing, call, stream, look, seen: HashSet::new() };
        let end = reading.read().await?;
        let seen = reading.seen;
        outcome.items = seen.len() as u64;
        match end {
            End::Whole => {
                run.inner.store.settle_raws(run.id(), resource.kind, None, &seen).await?;
                return Ok(Outcome { refused: None, ..outcome });
            }
            End::Absent => return Ok(Outcome { refused: None, ..outcome }),
            End::Refused(why) => return Ok(Outcome { refused: Some(why), ..outcome }),
            End::Gone(why) => {
                tracing::error!(source.id = %run.id(), kind = resource.kind, why, "upstream removed an operation");
                outcome.refused = Some(why);
            }
        }
    }
    Ok(outcome)
}

/// How a reading of a resource by one way ended.
enum End {
    /// Everything was listed.
    Whole,
    /// The site has no such list.
    Absent,
    /// A part of it was refused.
    Refused(String),
    /// Upstream removed the operation (hazard S22).
    Gone(String),
}

/// One reading of a resource by one way.
struct ListReading<'a, L> {
    run: &'a Run,
    resource: &'static Resource,
    listing: &'static Listing,
    call: &'static Call,
    stream: &'static str,
    look: &'a mut L,
    /// The ids of what was listed.
    seen: HashSet<String>,
}

impl<L: FnMut(&str, &str) -> Result<(), EngineError> + Send> ListReading<'_, L> {
    /// Reads the list, or that of each owner.
    async fn read(&mut self) -> Result<End, EngineError> {
        let (run, call, listing) = (self.run, self.call, self.listing);
        if matches!(listing.per, Per::Site) {
            return match self.read_site().await {
                Err(EngineError::Call(error)) if is_refusal(&error) => Ok(match error {
                    // A site that answers by another model, or does not have the product, has no such list.
                    CallError::NotFound { .. } if self.seen.is_empty() => End::Absent,
                    CallError::Gone { .. } => End::Gone(error.to_string()),
                    error => End::Refused(error.to_string()),
                }),
                result => result.map(|()| End::Whole),
            };
        }
        let (mut refused, mut failed) = (None, 0);
        let mut after: Option<String> = None;
        loop {
            let (owners, last) = owners(run, listing, after.take()).await?;
            let lists =
                owners.into_iter().map(|owner| list(run, self.resource.kind, call, listing, owner).boxed());
            // Taken in as they come: a few lists are held at a time, whatever the number of owners.
            let mut lists = stream::iter(lists).buffered(PARALLEL_OWNERS);
            while let Some(result) = lists.next().await {
                match result {
                    Ok(pages) => {
                        for (page, converted) in pages {
                            self.keep(&page, converted).await?;
                        }
                    }
                    Err(EngineError::Call(error @ CallError::Gone { .. })) => {
                        return Ok(End::Gone(error.to_string()));
                    }
                    // One owner's trouble is not the others' (hazard S15), until it looks like everybody's.
                    Err(EngineError::Call(error)) if is_refusal(&error) || failed < FAILURES_BORNE => {
                        failed += usize::from(!is_refusal(&error));
                        refused.get_or_insert(error.to_string());
                    }
                    Err(error) => return Err(error),
                }
            }
            if last.is_none() {
                return Ok(refused.map_or(End::Whole, End::Refused));
            }
            after = last;
        }
    }

    /// Reads the one list of the site, page by page: it may be long.
    async fn read_site(&mut self) -> Result<(), EngineError> {
        let owner = ListOwner::default();
        let params = params_of(self.listing, &owner);
        let mut pages = self.run.pages(self.call, params, page_size(self.call));
        while let Some(page) = pages.next().await? {
            let (kind, items) = (self.resource.kind, self.call.items);
            let converted = listing_page(&page, kind, self.listing, items, &owner, self.run.id())?;
            self.keep(&page, converted).await?;
        }
        Ok(())
    }

    async fn keep(&mut self, page: &str, converted: Converted) -> Result<(), EngineError> {
        (self.look)(self.resource.kind, page)?;
        self.run.add(self.stream, converted.raws.len() as u64);
        self.seen.extend(converted.ids.iter().cloned());
        self.run.write(converted, None).await
    }
}

/// A page of the owners of a list, and behind which id the next begins.
async fn owners(
    run: &Run,
    listing: &Listing,
    after: Option<String>,
) -> Result<(Vec<ListOwner>, Option<String>), EngineError> {
    let of_word = |name: &'static str, word: &str| ListOwner {
        id: Some(word.to_owned()),
        params: vec![(name, word.to_owned())],
    };
    match listing.per {
        Per::Site => Ok((vec![ListOwner::default()], None)),
        Per::Word(name, words) => Ok((words.iter().map(|word| of_word(name, word)).collect(), None)),
        Per::Setting(name, SettingWords::CustomContentTypes) => {
            let types = &run.inner.settings.custom_content_types;
            Ok((types.iter().map(|word| of_word(name, word)).collect(), None))
        }
        Per::Each { kind, bind, only } => {
            let raws = run.inner.store.list_raws(run.id(), kind, after.as_deref(), OWNERS_PER_READ).await?;
            let last = raws.last().map(|raw| raw.remote_id.clone());
            let owners = raws
                .iter()
                .filter(|raw| raw.problem.is_none() && only.is_none_or(|only| only(&raw.json)))
                .filter_map(|raw| owner_of(&raw.remote_id, &raw.json, bind))
                .collect();
            Ok((owners, last))
        }
    }
}

/// The owner of a list, from what is stored of it; `None` where it lacks what the list is asked for with.
pub(crate) fn owner_of(
    remote_id: &str,
    json: &str,
    bind: &'static [(&'static str, Bind)],
) -> Option<ListOwner> {
    let value = |bind: Bind| match bind {
        Bind::Id => Some(remote_id.to_owned()),
        Bind::Part(place) => remote_id.split('/').nth(place).map(str::to_owned),
        Bind::Member(name) => member_of(json, name),
        Bind::Word(word) => Some(word.to_owned()),
    };
    let params = bind.iter().map(|(name, bind)| Some((*name, value(*bind)?))).collect::<Option<_>>()?;
    Some(ListOwner { id: Some(remote_id.to_owned()), params })
}

/// The parameters with which a list is asked for.
pub(crate) fn params_of(listing: &Listing, owner: &ListOwner) -> Params {
    let asked = listing.query.iter().fold(Params::new(), |params, (name, value)| params.query(name, *value));
    owner.params.iter().fold(asked, |params, (name, value)| match listing.per {
        Per::Setting(..) => params.query(name, value.as_str()),
        _ => params.path(name, value.as_str()),
    })
}

/// How many items to ask for at a time.
pub(crate) fn page_size(call: &Call) -> Option<u32> {
    call.paging.size().map(|size| size.max.unwrap_or(size.default.max(PAGE_SIZE)))
}

/// The pages of one list, each with what is kept of it.
type ListPages = Vec<(String, Converted)>;

/// Reads one list whole.
async fn list(
    run: &Run,
    kind: &'static str,
    call: &'static Call,
    listing: &'static Listing,
    owner: ListOwner,
) -> Result<ListPages, EngineError> {
    let mut pages = run.pages(call, params_of(listing, &owner), page_size(call));
    let mut read = Vec::new();
    while let Some(page) = pages.next().await? {
        let converted = listing_page(&page, kind, listing, call.items, &owner, run.id())?;
        read.push((page, converted));
    }
    Ok(read)
}

/// Whether an error says that this list is not to be had, and nothing about others.
pub(crate) fn is_refusal(error: &CallError) -> bool {
    matches!(
        error,
        CallError::Forbidden { .. }
            | CallError::NotFound { .. }
            | CallError::ScopeMissing { .. }
            | CallError::BadRequest { .. }
            | CallError::Gone { .. }
    )
}
