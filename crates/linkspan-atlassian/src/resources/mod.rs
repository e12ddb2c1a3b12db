//! The one table of what upstream has: each kind of thing, the calls that open it, best way first, how it is read, and
//! which feature and common model it serves. Scope lists, gaps of a grant, the generic reader and the coverage table all
//! follow from it.

mod boards;
mod configuration;
mod confluence;
mod gaps;
mod jira;
mod service;

use linkspan_model::product::Product;
use linkspan_model::record::Model;

pub use self::gaps::{Gap, GapExtent, gap_of, gaps_of, open_way, open_ways};
use crate::calls::{Call, Feature};

/// One kind of thing that upstream has.
#[derive(Clone, Copy, Debug)]
pub struct Resource {
    /// Its raw kind, such as `jira.dashboard`; for what is not kept as raw (webhooks, writes), a name of the same form.
    pub kind: &'static str,
    /// What people call it, in the plural: `dashboards`.
    pub title: &'static str,
    /// The feature it belongs to.
    pub feature: Feature,
    /// The common model it becomes, if any.
    pub model: Option<Model>,
    /// The ways to it, best first.
    pub ways: &'static [Way],
    /// How it is read.
    pub reading: Reading,
}

/// A way to a resource: open when each of its calls is.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// The calls.
    pub calls: &'static [&'static Call],
    /// What this way does not bring, in words, where a better one would.
    pub lacks: Option<&'static str>,
}

/// How a resource is read.
#[derive(Clone, Copy, Debug)]
pub enum Reading {
    /// By the stream of this name, which has code of its own.
    Stream(&'static str),
    /// By the generic reader, with everything else of its feature.
    Listed(Listing),
    /// When somebody asks for it: one call for each issue or page would cost more than it tells.
    OnDemand(Listing),
    /// It is nothing that is read: registering webhooks, writing.
    Action,
}

/// How the generic reader walks a list.
#[derive(Clone, Copy, Debug)]
pub struct Listing {
    /// Once for the site, or once for each of something.
    pub per: Per,
    /// What the caller has to ask, where there is no list without a question.
    pub question: Option<Question>,
    /// Query parameters that are always sent.
    pub query: &'static [(&'static str, &'static str)],
    /// What tells one item from the others.
    pub id: Identity,
    /// The API path of one item, with `{id}` and the parameters of the owner; of the list where items have none.
    pub path: &'static str,
}

/// For what a list is read.
#[derive(Clone, Copy, Debug)]
pub enum Per {
    /// Once for the site.
    Site,
    /// Once for each of these words, sent as this path parameter.
    Word(&'static str, &'static [&'static str]),
    /// Once for each word of a setting, sent as this query parameter.
    Setting(&'static str, SettingWords),
    /// Once for each stored thing of a kind.
    Each {
        /// The kind.
        kind: &'static str,
        /// How the path parameters follow from the thing.
        bind: &'static [(&'static str, Bind)],
        /// Which of the things have such a list, judged by their JSON.
        only: Option<fn(&str) -> bool>,
    },
}

/// Where a question goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Into this query parameter.
    Query(&'static str),
    /// Into an array with this name in the body.
    BodyList(&'static str),
}

/// A list of words that the operator sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingWords {
    /// Types of Confluence custom content, such as `ac:com.example.app:note`: upstream lists none without its type.
    CustomContentTypes,
}

/// How a path parameter follows from the thing that owns the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bind {
    /// Its upstream id.
    Id,
    /// The part of its upstream id at this place, counted from 0, between slashes.
    Part(usize),
    /// The text or number in this member of its JSON.
    Member(&'static str),
    /// Always this word: it says of what kind the owner is.
    Word(&'static str),
}

/// What tells the items of a list apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// This member, unique in the site.
    Member(&'static str),
    /// This member, unique within the owner only: the raw's id is `{owner}/{member}`.
    Within(&'static str),
    /// These two members together, within the owner.
    Pair(&'static str, &'static str),
    /// Nothing that upstream tells: a digest of the item itself.
    Digest,
    /// Items are texts.
    Text,
    /// The answer is one thing, which has the id of its owner, or the word where there is none.
    Whole(&'static str),
}

impl Resource {
    /// The product that has it.
    pub fn product(&self) -> Product {
        if self.kind.starts_with("confluence.") { Product::Confluence } else { Product::Jira }
    }

    /// Its listing, where the generic reader knows it.
    pub fn listing(&self) -> Option<&Listing> {
        match &self.reading {
            Reading::Listed(listing) | Reading::OnDemand(listing) => Some(listing),
            Reading::Stream(_) | Reading::Action => None,
        }
    }

    /// The kind of what it hangs on, where the ids of its raws are `{id of that}/{own id}`, or that id alone.
    pub fn parent_kind(&self) -> Option<&'static str> {
        if let Some(Listing { per: Per::Each { kind, .. }, .. }) = self.listing() {
            return Some(kind);
        }
        match self.kind {
            "jira.projectrole" => Some("jira.project"),
            "jsm.organizationuser" => Some("jsm.organization"),
            "jsm.customer" => Some("jsm.servicedesk"),
            "confluence.version" => Some("confluence.page"),
            "confluence.spacepermission" => Some("confluence.space"),
            _ => None,
        }
    }

    /// Every resource.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        [jira::ALL, configuration::ALL, boards::ALL, service::ALL, confluence::ALL].into_iter().flatten()
    }

    /// The resource of this kind.
    pub fn of_kind(kind: &str) -> Option<&'static Self> {
        Self::all().find(|resource| resource.kind == kind)
    }
}

/// The best way, bringing everything.
const fn way(calls: &'static [&'static Call]) -> Way {
    Way { calls, lacks: None }
}

/// A lesser way.
const fn lesser(calls: &'static [&'static Call], lacks: &'static str) -> Way {
    Way { calls, lacks: Some(lacks) }
}

/// What a stream of its own reads.
const fn stream(
    kind: &'static str,
    title: &'static str,
    feature: Feature,
    model: Option<Model>,
    name: &'static str,
    ways: &'static [Way],
) -> Resource {
    Resource { kind, title, feature, model, ways, reading: Reading::Stream(name) }
}

/// What the generic reader reads.
const fn listed(
    kind: &'static str,
    title: &'static str,
    feature: Feature,
    ways: &'static [Way],
    listing: Listing,
) -> Resource {
    Resource { kind, title, feature, model: None, ways, reading: Reading::Listed(listing) }
}

/// What is read when somebody asks.
const fn on_demand(
    kind: &'static str,
    title: &'static str,
    feature: Feature,
    ways: &'static [Way],
    listing: Listing,
) -> Resource {
    Resource { kind, title, feature, model: None, ways, reading: Reading::OnDemand(listing) }
}

/// What is done, not read.
const fn action(kind: &'static str, title: &'static str, feature: Feature, ways: &'static [Way]) -> Resource {
    Resource { kind, title, feature, model: None, ways, reading: Reading::Action }
}

/// A list of the site whose items have an `id`.
const fn site(path: &'static str) -> Listing {
    Listing { per: Per::Site, question: None, query: &[], id: Identity::Member("id"), path }
}

/// A list of each thing of a kind whose items have an `id`.
const fn each(kind: &'static str, bind: &'static [(&'static str, Bind)], path: &'static str) -> Listing {
    Listing {
        per: Per::Each { kind, bind, only: None },
        question: None,
        query: &[],
        id: Identity::Member("id"),
        path,
    }
}

impl Listing {
    /// Whether the ids of raws begin with the owner's, so that those of one owner can be asked for.
    pub fn is_led_by_owner(&self) -> bool {
        matches!(self.id, Identity::Within(_) | Identity::Pair(..) | Identity::Whole(_))
    }

    /// Whether the answer is one thing, and no list.
    pub fn is_one_thing(&self) -> bool {
        matches!(self.id, Identity::Whole(_))
    }

    const fn query(mut self, query: &'static [(&'static str, &'static str)]) -> Self {
        self.query = query;
        self
    }

    const fn question(mut self, question: Question) -> Self {
        self.question = Some(question);
        self
    }

    const fn id(mut self, id: Identity) -> Self {
        self.id = id;
        self
    }

    const fn only(mut self, only: fn(&str) -> bool) -> Self {
        if let Per::Each { kind, bind, .. } = self.per {
            self.per = Per::Each { kind, bind, only: Some(only) };
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hangs_on_something_has_an_id_that_begins_with_its_owners() {
        for resource in Resource::all() {
            let Some(listing) = resource.listing() else { continue };
            let hangs = matches!(listing.per, Per::Each { .. });
            assert!(!hangs || listing.is_led_by_owner(), "{}", resource.kind);
            assert_eq!(resource.parent_kind().is_some(), hangs, "{}", resource.kind);
        }
    }
}
