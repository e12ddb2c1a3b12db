//! CQL search: finds spaces, pages, blog posts, folders, comments and files the caller may see.
//!
//! The real index lags behind writes. So does this one, by the sandbox's `index_lag_ms` and
//! `index_lag_spread_ms`: what was created within the lag is not found, and what was changed within it is found as it was before.

mod compile;

use std::sync::Arc;

use self::compile::{Condition, Test};
use super::cql::{CqlError, MinuteRange, Operator, Query, epoch_minute_of};
use super::index::{CommentRow, FileRow, SiteIndex};
use super::paging::{Order, Page, Position, SortValue};
use super::view::View;
use crate::world::confluence::{Content, ContentHead, ContentKind, Space};
use crate::world::{AccountIndex, Body, ContentId, IndexLag, Millis};

/// A kind of thing that search finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Page,
    BlogPost,
    Folder,
    Whiteboard,
    Database,
    Embed,
    /// Custom content, which no query finds here.
    Custom,
    Comment,
    Attachment,
    Space,
}

impl Kind {
    const ALL: [Self; 9] = [
        Self::Page,
        Self::BlogPost,
        Self::Folder,
        Self::Whiteboard,
        Self::Database,
        Self::Embed,
        Self::Comment,
        Self::Attachment,
        Self::Space,
    ];

    fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "page" => Some(Self::Page),
            "blogpost" => Some(Self::BlogPost),
            "folder" => Some(Self::Folder),
            "whiteboard" => Some(Self::Whiteboard),
            "database" => Some(Self::Database),
            "embed" => Some(Self::Embed),
            "comment" => Some(Self::Comment),
            "attachment" => Some(Self::Attachment),
            "space" => Some(Self::Space),
            _ => None,
        }
    }
}

/// Something found.
#[derive(Debug, Clone)]
pub(super) enum Hit<'state> {
    Content(ContentHead),
    Comment(CommentRow, ContentHead),
    File(FileRow, ContentHead),
    Space(&'state Space),
}

/// What to search, and how to cut the answer.
pub(super) struct Search<'query> {
    pub(super) query: &'query Query,
    pub(super) after: Option<&'query Position>,
    pub(super) limit: usize,
    /// Spaces are hits too.
    pub(super) with_spaces: bool,
    /// What is in archived spaces is found too.
    pub(super) with_archived_spaces: bool,
    /// How far the index lags behind.
    pub(super) lag: IndexLag,
}

/// One page of hits.
pub(super) struct Found<'state> {
    pub(super) page: Page<Hit<'state>>,
    /// Number of hits on all pages.
    pub(super) total: usize,
}

/// The order a query asks for; without one, by id.
///
/// # Errors
/// [`CqlError::UnsortableField`]
pub(super) fn order_of(query: &Query) -> Result<Order, CqlError> {
    let mut order = Order { name: "cql".to_owned(), ..Order::default() };
    for key in &query.order {
        if !["created", "lastmodified", "title", "id", "space", "space.key", "type", "creator"]
            .contains(&key.field.as_str())
        {
            return Err(CqlError::UnsortableField(key.field.clone()));
        }
        order.name.push_str(if key.descending { " -" } else { " " });
        order.name.push_str(&key.field);
        order.descending.push(key.descending);
    }
    Ok(order)
}

/// Runs a search. `index` is the viewed site's.
pub(super) fn run<'state>(
    view: &View<'state>,
    index: &SiteIndex,
    search: &Search<'_>,
) -> Result<Found<'state>, CqlError> {
    let order = order_of(search.query)?;
    let condition = compile::compile(view, search.query)?;
    let searcher = Searcher { view, index, search };
    let hits: Vec<Hit<'state>> = searcher
        .candidates(&condition.possible_kinds())
        .into_iter()
        .filter(|hit| searcher.passes(&condition, hit))
        .collect();
    let total = hits.len();
    let position = |hit: &Hit<'state>| searcher.position(hit);
    let page = Page::from_unsorted(&order, search.after, search.limit, hits.into_iter(), position);
    Ok(Found { page, total })
}

struct Searcher<'search, 'state> {
    view: &'search View<'state>,
    index: &'search SiteIndex,
    search: &'search Search<'search>,
}

impl<'state> Searcher<'_, 'state> {
    fn candidates(&self, kinds: &[Kind]) -> Vec<Hit<'state>> {
        let mut hits = Vec::new();
        let wants = |kind| kinds.contains(&kind);
        let of_content = |kind: &Kind| !matches!(kind, Kind::Comment | Kind::Attachment | Kind::Space);
        if kinds.iter().any(of_content) {
            let heads = self.view.state.content_ids().filter_map(|id| self.view.state.content_head(id));
            let heads = heads
                .filter(|head| wants(kind_of(head)) && self.is_found(head))
                .filter_map(|head| self.as_indexed(head));
            hits.extend(
                heads
                    .filter(|head| self.view.state.can_see_content(&self.view.reader, head))
                    .map(Hit::Content),
            );
        }
        if wants(Kind::Comment) {
            let rows = self.index.comments().filter(|row| row.created <= self.cutoff(row.id.0));
            hits.extend(rows.filter_map(|row| Some(Hit::Comment(*row, self.container(row.container)?))));
        }
        if wants(Kind::Attachment) {
            let rows = self.index.files().filter(|row| !row.trashed && row.created <= self.cutoff(row.id.0));
            hits.extend(rows.filter_map(|row| Some(Hit::File(row.clone(), self.container(row.container)?))));
        }
        if wants(Kind::Space) && self.search.with_spaces {
            let spaces =
                self.view.spaces().filter(|space| self.search.with_archived_spaces || !space.archived);
            hits.extend(spaces.map(Hit::Space));
        }
        hits
    }

    fn is_found(&self, head: &ContentHead) -> bool {
        if self.search.with_archived_spaces {
            return head.status == crate::world::confluence::ContentStatus::Current;
        }
        self.view.state.is_content_searchable(head)
    }

    fn container(&self, id: ContentId) -> Option<ContentHead> {
        self.view.head(id).filter(|head| self.is_found(head))
    }

    /// The index knows what happened to a thing up to this moment.
    fn cutoff(&self, id: u64) -> Millis {
        self.search.lag.cutoff(id, self.view.now)
    }

    /// The head as the index knows it: without what happened within the lag. `None` when it did not exist before.
    fn as_indexed(&self, mut head: ContentHead) -> Option<ContentHead> {
        let cutoff = self.cutoff(head.id.0);
        if head.modified <= cutoff {
            return Some(head);
        }
        let content = self.view.state.content(head.id)?;
        let known = content.versions.iter().rfind(|version| version.created <= cutoff)?;
        head.version = known.number;
        head.modified = known.created;
        head.editor = known.author;
        Some(head)
    }

    fn passes(&self, condition: &Condition, hit: &Hit<'_>) -> bool {
        match condition {
            Condition::All(members) => members.iter().all(|member| self.passes(member, hit)),
            Condition::Any(members) => members.iter().any(|member| self.passes(member, hit)),
            Condition::Not(inner) => !self.passes(inner, hit),
            Condition::Test(test) => self.passes_test(test, hit),
        }
    }

    fn passes_test(&self, test: &Test, hit: &Hit<'_>) -> bool {
        match test {
            Test::Kinds(kinds) => kinds.contains(&hit.kind()),
            Test::Ids(ids) => ids.contains(&hit.id()),
            Test::Spaces(spaces) => hit.space().is_some_and(|space| spaces.contains(&space)),
            Test::SpaceKinds(kinds) => self.space_of(hit).is_some_and(|space| kinds.contains(&space.kind)),
            Test::SpaceTitle(words) => self.space_of(hit).is_some_and(|space| words.matches(&space.name)),
            Test::Labels(labels) => {
                let own = hit.own_head().map_or(&[][..], |head| self.index.labels_of(head.id));
                own.iter().any(|label| labels.contains(&label.name.to_lowercase()))
            }
            Test::TitleIs(titles) => titles.contains(&self.title(hit).to_lowercase()),
            Test::TitleHas(words) => words.matches(&self.title(hit)),
            Test::TextHas(words) => words.matches(&format!("{} {}", self.title(hit), self.words(hit))),
            Test::Ancestors(ids) => hit.own_head().is_some_and(|head| {
                self.view.state.content_ancestors(head.id).iter().any(|ancestor| ids.contains(&ancestor.0))
            }),
            Test::Parents(ids) => {
                hit.own_head().and_then(|head| head.parent).is_some_and(|parent| ids.contains(&parent.0))
            }
            Test::Containers(ids) => hit.container().is_some_and(|container| ids.contains(&container.0)),
            Test::Creators(accounts) => accounts.contains(&hit.creator()),
            Test::Contributors(accounts) => self.contributors(hit).iter().any(|own| accounts.contains(own)),
            Test::Created(operator, range) => compare(hit.created(), *operator, *range),
            Test::Modified(operator, range) => compare(hit.modified(), *operator, *range),
            Test::Mentions(accounts) => {
                let source = self.source(hit);
                accounts.iter().any(|account| source.contains(account.as_str()))
            }
            Test::Macros(names) => {
                let source = self.source(hit);
                names.iter().any(|name| source.contains(&format!("ac:name=\"{name}\"")))
            }
            Test::Nothing => false,
        }
    }

    fn space_of(&self, hit: &Hit<'_>) -> Option<&'state Space> {
        hit.space().and_then(|space| self.view.state.space(space))
    }

    fn title(&self, hit: &Hit<'_>) -> Arc<str> {
        match hit {
            Hit::Content(head) => self.view.state.content_title(head.id).unwrap_or_default(),
            Hit::Comment(_, container) => {
                Arc::from(format!("Re: {}", self.view.state.content_title(container.id).unwrap_or_default()))
            }
            Hit::File(row, _) => Arc::clone(&row.name),
            Hit::Space(space) => Arc::from(space.name.as_str()),
        }
    }

    fn content_of(&self, hit: &Hit<'_>) -> Option<Arc<Content>> {
        hit.head().and_then(|head| self.view.state.content(head.id))
    }

    /// The words of the body; of a space its description.
    fn words(&self, hit: &Hit<'_>) -> String {
        if let Hit::Space(space) = hit {
            return format!("{} {}", space.key, space.description);
        }
        self.with_body(hit, Body::plain)
    }

    /// The markup of the body.
    fn source(&self, hit: &Hit<'_>) -> String {
        self.with_body(hit, |body| body.storage().into_owned())
    }

    fn with_body(&self, hit: &Hit<'_>, read: impl Fn(&Body) -> String) -> String {
        let Some(content) = self.content_of(hit) else {
            return String::new();
        };
        match hit {
            Hit::Content(_) => read(&content.body),
            Hit::Comment(row, _) => {
                let comment = content.comments.iter().find(|comment| comment.id == row.id);
                comment.map_or_else(String::new, |comment| read(&comment.body))
            }
            Hit::File(..) | Hit::Space(_) => String::new(),
        }
    }

    fn contributors(&self, hit: &Hit<'_>) -> Vec<AccountIndex> {
        match hit {
            Hit::Content(head) => self.index.contributors_of(head.id).to_vec(),
            Hit::Comment(row, _) => vec![row.author, row.editor],
            Hit::File(row, _) => vec![row.author],
            Hit::Space(space) => vec![space.author],
        }
    }

    fn position(&self, hit: &Hit<'_>) -> Position {
        let value = |field: &str| match field {
            "created" => SortValue::Number(hit.created()),
            "lastmodified" => SortValue::Number(hit.modified()),
            "title" => SortValue::Text(self.title(hit).to_lowercase()),
            "space" | "space.key" => {
                SortValue::Text(self.space_of(hit).map_or_else(String::new, |space| space.key.clone()))
            }
            "type" => SortValue::Text(format!("{:?}", hit.kind())),
            "creator" => SortValue::Text(self.view.account_id(hit.creator()).to_owned()),
            _ => SortValue::Number(i64::try_from(hit.id()).unwrap_or(i64::MAX)),
        };
        let values = self.search.query.order.iter().map(|key| value(&key.field)).collect();
        Position { values, id: hit.id() }
    }
}

/// Dates are compared by the minute.
fn compare(at: Millis, operator: Operator, range: MinuteRange) -> bool {
    let minute = epoch_minute_of(at);
    match operator {
        Operator::Equals => (range.first..=range.last).contains(&minute),
        Operator::NotEquals => !(range.first..=range.last).contains(&minute),
        Operator::Greater => minute > range.first,
        Operator::GreaterOrEqual => minute >= range.first,
        Operator::Less => minute < range.first,
        Operator::LessOrEqual => minute <= range.first,
        Operator::Contains | Operator::NotContains | Operator::In | Operator::NotIn => false,
    }
}

fn kind_of(head: &ContentHead) -> Kind {
    match head.kind {
        ContentKind::Page => Kind::Page,
        ContentKind::BlogPost => Kind::BlogPost,
        ContentKind::Folder => Kind::Folder,
        ContentKind::Whiteboard => Kind::Whiteboard,
        ContentKind::Database => Kind::Database,
        ContentKind::Embed => Kind::Embed,
        ContentKind::Custom => Kind::Custom,
    }
}

impl Hit<'_> {
    fn kind(&self) -> Kind {
        match self {
            Self::Content(head) => kind_of(head),
            Self::Comment(..) => Kind::Comment,
            Self::File(..) => Kind::Attachment,
            Self::Space(_) => Kind::Space,
        }
    }

    fn id(&self) -> u64 {
        match self {
            Self::Content(head) => head.id.0,
            Self::Comment(row, _) => row.id.0,
            Self::File(row, _) => row.id.0,
            Self::Space(space) => space.id.0,
        }
    }

    /// The head of the content itself, or of what it stands on.
    fn head(&self) -> Option<&ContentHead> {
        match self {
            Self::Content(head) | Self::Comment(_, head) | Self::File(_, head) => Some(head),
            Self::Space(_) => None,
        }
    }

    /// The head of a page, blog post or folder.
    fn own_head(&self) -> Option<&ContentHead> {
        match self {
            Self::Content(head) => Some(head),
            _ => None,
        }
    }

    fn container(&self) -> Option<ContentId> {
        match self {
            Self::Comment(_, head) | Self::File(_, head) => Some(head.id),
            Self::Content(_) | Self::Space(_) => None,
        }
    }

    fn space(&self) -> Option<crate::world::SpaceId> {
        match self {
            Self::Space(space) => Some(space.id),
            other => other.head().map(|head| head.space),
        }
    }

    fn creator(&self) -> AccountIndex {
        match self {
            Self::Content(head) => head.author,
            Self::Comment(row, _) => row.author,
            Self::File(row, _) => row.author,
            Self::Space(space) => space.author,
        }
    }

    fn created(&self) -> Millis {
        match self {
            Self::Content(head) => head.created,
            Self::Comment(row, _) => row.created,
            Self::File(row, _) => row.created,
            Self::Space(space) => space.created,
        }
    }

    /// Time of the last change; a space has none of its own.
    pub(super) fn modified(&self) -> Millis {
        match self {
            Self::Content(head) => head.modified,
            Self::Comment(row, _) => row.modified,
            Self::File(row, _) => row.modified,
            Self::Space(space) => space.created,
        }
    }
}
