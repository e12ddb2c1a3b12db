//! What a grant does not open, and what would.

use linkspan_model::product::Product;
use serde::Serialize;

use super::{Per, Resource, Way};
use crate::calls::{Feature, ScopeSet, missing_scopes};

/// A resource that a grant does not open, or not by the best way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The resource's kind.
    pub kind: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// The feature that suffers.
    pub feature: &'static str,
    /// How far it suffers.
    pub extent: GapExtent,
    /// The fewest scopes that would close the gap.
    pub missing: Vec<&'static str>,
}

/// How far a resource suffers from a gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "lacks")]
pub enum GapExtent {
    /// Nothing of it is read.
    Closed,
    /// It is read by a lesser way, which does not bring this.
    Partial(&'static str),
}

/// The best way to a resource that these scopes open. What is read for each of something else needs a way to that too.
pub fn open_way(resource: &'static Resource, granted: &ScopeSet) -> Option<&'static Way> {
    open_ways(resource, granted).next()
}

/// Every way to a resource that these scopes open, the best first.
pub fn open_ways<'g>(
    resource: &'static Resource,
    granted: &'g ScopeSet,
) -> impl Iterator<Item = &'static Way> + use<'g> {
    let is_reached = owner_of(resource).is_none_or(|owner| open_way(owner, granted).is_some());
    let ways = if is_reached { resource.ways } else { &[] };
    ways.iter().filter(|way| way.calls.iter().all(|call| missing_scopes(call, granted).is_none()))
}

/// What these scopes do not open of a product, among the wanted features.
pub fn gaps_of(product: Product, granted: &ScopeSet, wanted: &[Feature]) -> Vec<Gap> {
    Resource::all()
        .filter(|resource| resource.product() == product && wanted.contains(&resource.feature))
        .filter_map(|resource| gap_of(resource, granted))
        .collect()
}

/// What these scopes do not open of a resource; `None` when they open its best way.
pub fn gap_of(resource: &'static Resource, granted: &ScopeSet) -> Option<Gap> {
    let extent = match open_way(resource, granted).map(|way| way.lacks) {
        Some(None) => return None,
        Some(Some(lacks)) => GapExtent::Partial(lacks),
        None => GapExtent::Closed,
    };
    let best = resource.ways.iter().filter(|way| way.lacks.is_none());
    let mut missing = best.map(|way| lacking(way, granted)).min_by_key(Vec::len).unwrap_or_default();
    if let Some(owner) = owner_of(resource).filter(|owner| open_way(owner, granted).is_none()) {
        missing.extend(gap_of(owner, granted).into_iter().flat_map(|gap| gap.missing));
        missing.sort_unstable();
        missing.dedup();
    }
    let Resource { kind, title, feature, .. } = *resource;
    Some(Gap { kind, title, feature: feature.as_str(), extent, missing })
}

/// What a resource is read for each of. No chain of owners is longer than a few links, and none is a circle; a test sees
/// to that.
fn owner_of(resource: &'static Resource) -> Option<&'static Resource> {
    match resource.listing()?.per {
        Per::Each { kind, .. } => Resource::of_kind(kind),
        _ => None,
    }
}

/// The fewest scopes with which every call of the way is open. A call often has a wide and a narrow alternative; what was
/// chosen for one call counts for the next.
fn lacking(way: &Way, granted: &ScopeSet) -> Vec<&'static str> {
    let mut held = granted.clone();
    let mut lacking = Vec::new();
    for call in way.calls {
        let Some(missing) = missing_scopes(call, &held) else { continue };
        for scope in missing.alternatives.into_iter().next().unwrap_or_default() {
            held.insert(scope);
            lacking.push(scope);
        }
    }
    lacking.sort_unstable();
    lacking.dedup();
    lacking
}
