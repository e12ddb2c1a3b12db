//! The one table of upstream operations: what each is called, how it is reached, which scopes it wants, what it
//! costs, how it pages and which feature needs it (hazards R2, S22, L12).
//!
//! The scopes are those of `operation-scopes.json`; a test compares every entry.

mod compare;
pub mod confluence;
mod console;
mod features;
mod guides;
pub mod jira;
mod scopes;

use std::fmt;

use linkspan_model::product::Product;

pub use self::compare::{
    ScopesCompared, compare_scopes, products_for, products_of, with_duties, with_search,
};
pub use self::console::ScopesOfApi;
pub use self::features::Feature;
pub use self::guides::{DEAD_SCOPES, DeadScope, GUIDE_M, GUIDE_U, GUIDES, Guide, dead_scope};
pub use self::scopes::{
    Missing, SCOPE_WARNING, ScopeFamily, ScopeList, ScopeNeed, ScopeSet, missing_scopes, smallest_scopes,
};

/// Scope alternatives: any one of the outer entries suffices, and all scopes of an inner one are needed. Empty: none
/// is published for the family.
pub type Scopes = &'static [&'static [&'static str]];

/// The HTTP methods of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "HTTP's own words")]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
}

impl Method {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Method> for reqwest::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
            Method::Delete => Self::DELETE,
        }
    }
}

/// What a call costs in points of the hourly quota (`atlassian-platform.md` 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Points of the call itself.
    pub base: u32,
    /// Points of each object in the answer: 0, 1 for core objects, 2 for identity objects.
    pub per_object: u32,
}

impl Price {
    /// Writes, and reads that are priced by the call alone.
    pub const FLAT: Self = Self { base: 1, per_object: 0 };
    /// Reads of issues, projects, pages, spaces, attachments.
    pub const CORE: Self = Self { base: 1, per_object: 1 };
    /// Reads of users, groups, roles, permissions.
    pub const IDENTITY: Self = Self { base: 1, per_object: 2 };

    /// The points of an answer with so many objects.
    pub fn of(self, objects: u64) -> u64 {
        u64::from(self.base).saturating_add(u64::from(self.per_object).saturating_mul(objects))
    }
}

/// Where an answer holds its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Items {
    /// The answer is one object, or nothing.
    Single,
    /// The answer is an array.
    Bare,
    /// A member of the answer is the array.
    Named(&'static str),
    /// Every member of the answer is one.
    Members,
    /// The answer is one object that holds them in this member, when they are asked for.
    Rows(&'static str),
    /// The first member is an array of objects that hold them in the second member, when they are asked for.
    RowsInList(&'static str, &'static str),
    /// Content restrictions: what pages is the longest list of users or groups of any operation.
    RestrictionSubjects,
}

/// The size of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize {
    /// The parameter's name.
    pub param: &'static str,
    /// What upstream uses when the parameter is missing.
    pub default: u32,
    /// The published ceiling; upstream lowers larger requests silently or, on some operations, refuses them.
    pub max: Option<u32>,
}

/// Where a page token goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenPlace {
    /// In the query.
    Query,
    /// In the JSON body; a copy in the query would be ignored.
    Body,
}

/// How the rest of a list is asked for, and when it ends (`atlassian-endpoints.md` section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    /// Not a paged list.
    Whole,
    /// `startAt` and `maxResults`. Ends with an empty page, with `isLast` once `total` is reached, or (where neither is
    /// sent) with an empty page alone.
    StartAt(PageSize),
    /// `nextPageToken`. Ends when no token is sent.
    Token(PageSize, TokenPlace),
    /// Confluence v2: ends when neither the `Link` header nor `_links.next` names a next page.
    Cursor(PageSize),
    /// Confluence v1 search: ends when `_links.next` is missing; the link is followed as given.
    NextLink(PageSize),
    /// Confluence v1 lists and JSM: `start` and `limit`. Ends when `_links` has no `next`, with `isLastPage`, or (where
    /// neither is sent) with a page shorter than the echoed `limit`.
    Start(PageSize),
    /// Jira's audit log: `offset` and `limit`. Ends when `total` is reached.
    Offset(PageSize),
    /// Worklog feeds: `since`, answered with `until`. Ends with `lastPage`.
    Since,
}

impl Paging {
    /// The page size parameter, where there is one.
    pub fn size(self) -> Option<PageSize> {
        match self {
            Self::Whole | Self::Since => None,
            Self::StartAt(size)
            | Self::Token(size, _)
            | Self::Cursor(size)
            | Self::NextLink(size)
            | Self::Start(size)
            | Self::Offset(size) => Some(size),
        }
    }
}

/// What an operation answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A JSON document, or nothing.
    Json,
    /// A file, often behind a redirect to a signed URL on a media host.
    File,
}

/// One upstream operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name in logs, metrics and errors, such as `jira.search.jql`.
    pub name: &'static str,
    /// Its method.
    pub method: Method,
    /// Its path on the site, with `{placeholders}`; Confluence's begin with `/wiki`.
    pub path: &'static str,
    /// The product that answers it.
    pub product: Product,
    /// Classic scope alternatives.
    pub classic: Scopes,
    /// Granular scope alternatives.
    pub granular: Scopes,
    /// What it costs.
    pub price: Price,
    /// Where its answers hold their objects.
    pub items: Items,
    /// How it pages.
    pub paging: Paging,
    /// What it answers.
    pub answer: Answer,
    /// Whether repeating it does no harm.
    pub idempotent: bool,
    /// Whether upstream answers only those who opt in to an experiment (`atlassian-endpoints.md` 1).
    pub experimental: bool,
    /// The feature that suffers when upstream removes it.
    pub owner: Feature,
}

/// Scopes with one alternative: all of these.
macro_rules! all_of {
    ($($scope:literal),* $(,)?) => { &[&[$($scope),*]] };
}
pub(crate) use all_of;

impl Call {
    /// An operation of `method` on `path`: a whole single JSON object, flat price, no scopes.
    const fn new(owner: Feature, name: &'static str, method: Method, path: &'static str) -> Self {
        let product = if path.as_bytes()[1] == b'w' { Product::Confluence } else { Product::Jira };
        Self {
            name,
            method,
            path,
            product,
            classic: &[],
            granular: &[],
            price: Price::FLAT,
            items: Items::Single,
            paging: Paging::Whole,
            answer: Answer::Json,
            idempotent: !matches!(method, Method::Post),
            experimental: false,
            owner,
        }
    }

    const fn get(owner: Feature, name: &'static str, path: &'static str) -> Self {
        Self::new(owner, name, Method::Get, path)
    }

    /// A read that is sent as POST because its question does not fit a query.
    const fn ask(owner: Feature, name: &'static str, path: &'static str) -> Self {
        let mut call = Self::new(owner, name, Method::Post, path);
        call.idempotent = true;
        call
    }

    const fn scopes(mut self, classic: Scopes, granular: Scopes) -> Self {
        self.classic = classic;
        self.granular = granular;
        self
    }

    const fn core(mut self) -> Self {
        self.price = Price::CORE;
        self
    }

    const fn identity(mut self) -> Self {
        self.price = Price::IDENTITY;
        self
    }

    const fn bare(mut self) -> Self {
        self.items = Items::Bare;
        self
    }

    const fn list(mut self, member: &'static str) -> Self {
        self.items = Items::Named(member);
        self
    }

    const fn members(mut self) -> Self {
        self.items = Items::Members;
        self
    }

    const fn rows(mut self, member: &'static str) -> Self {
        self.items = Items::Rows(member);
        self
    }

    const fn rows_in_list(mut self, list: &'static str, member: &'static str) -> Self {
        self.items = Items::RowsInList(list, member);
        self
    }

    const fn restriction_subjects(mut self) -> Self {
        self.items = Items::RestrictionSubjects;
        self
    }

    const fn start_at(mut self, default: u32, max: Option<u32>) -> Self {
        self.paging = Paging::StartAt(PageSize { param: "maxResults", default, max });
        self
    }

    const fn token(mut self, place: TokenPlace, default: u32, max: u32) -> Self {
        self.paging = Paging::Token(PageSize { param: "maxResults", default, max: Some(max) }, place);
        self
    }

    /// A Confluence v2 list: `results`, 250 at most.
    const fn cursor(mut self, default: u32) -> Self {
        self.items = Items::Named("results");
        self.paging = Paging::Cursor(PageSize { param: "limit", default, max: Some(250) });
        self
    }

    const fn next_link(mut self, default: u32) -> Self {
        self.items = Items::Named("results");
        self.paging = Paging::NextLink(PageSize { param: "limit", default, max: None });
        self
    }

    const fn start(mut self, default: u32, max: Option<u32>) -> Self {
        self.paging = Paging::Start(PageSize { param: "limit", default, max });
        self
    }

    const fn offset(mut self, default: u32) -> Self {
        self.paging = Paging::Offset(PageSize { param: "limit", default, max: None });
        self
    }

    const fn since(mut self) -> Self {
        self.paging = Paging::Since;
        self
    }

    const fn experimental(mut self) -> Self {
        self.experimental = true;
        self
    }

    const fn file(mut self) -> Self {
        self.answer = Answer::File;
        self
    }

    /// Whether it changes something upstream. Reads that are sent as POST do not.
    pub fn is_write(&self) -> bool {
        match self.method {
            Method::Get => false,
            Method::Post => !self.idempotent,
            Method::Put | Method::Delete => true,
        }
    }

    /// Every operation of the table.
    pub fn all() -> impl Iterator<Item = &'static Call> {
        self::jira::all().chain(self::confluence::all())
    }

    /// The operation of this name.
    pub fn named(name: &str) -> Option<&'static Call> {
        Self::all().find(|call| call.name == name)
    }
}

#[cfg(test)]
mod tests;
