//! Rules of Confluence records (`atlassian-permissions.md` 4), built from what was read.

use linkspan_model::access::{AccessRule, Clause, Gate, Principal};
use linkspan_model::record::Access;

use super::confluence::{ConfluenceAccess, Parent, Restriction};

/// How many levels of a page tree are followed. Upstream's own trees are far shallower; a deeper or circular one counts
/// as not established.
const MAX_ANCESTORS: usize = 1_000;

/// What a rule needs to know of a page, blog post, folder or database.
#[derive(Clone, Copy, Debug, Default)]
pub struct Article<'a> {
    /// Content id.
    pub id: &'a str,
    /// Space id.
    pub space_id: Option<&'a str>,
    /// Upstream's status word.
    pub status: Option<&'a str>,
    /// Account id of the author.
    pub author_id: Option<&'a str>,
    /// Content id of what is above it; `None` at the top of the space.
    pub parent_id: Option<&'a str>,
}

impl ConfluenceAccess {
    /// Who may see a space.
    pub fn rule_for_space(&self, space_id: &str) -> Access {
        self.space_clauses(space_id).map_or(Access::Unknown, |clauses| Access::Rule(AccessRule::new(clauses)))
    }

    /// Who may see content that was added before, and so its comments and attachments.
    pub fn rule_for_content(&self, content_id: &str) -> Access {
        self.judge_content(content_id).0
    }

    /// The content about which something is missing before it is known who may see content: itself, or one above it.
    pub fn missing_for_content(&self, content_id: &str) -> Option<String> {
        self.judge_content(content_id).1
    }

    fn judge_content(&self, content_id: &str) -> (Access, Option<String>) {
        let unknown = || (Access::Unknown, Some(content_id.to_owned()));
        let Some(node) = self.nodes.get(content_id) else { return unknown() };
        let parent_id = match &node.parent {
            Parent::Unknown => return unknown(),
            Parent::None => None,
            Parent::Is(id) => Some(id.as_str()),
        };
        self.rule_for_article(&Article {
            id: content_id,
            space_id: node.space.as_deref(),
            status: node.status.as_deref(),
            author_id: node.author.as_deref(),
            parent_id,
        })
    }

    /// The space of content that was added before.
    pub fn space_of(&self, content_id: &str) -> Option<&str> {
        self.nodes.get(content_id)?.space.as_deref()
    }

    /// Whether both the place and the restriction of content were read.
    pub fn knows(&self, content_id: &str) -> bool {
        let node = self.nodes.get(content_id);
        node.is_some_and(|node| node.restriction.is_some() && node.parent != Parent::Unknown)
    }

    /// What stands above content, where that is known: `Some(None)` at the top of the space.
    pub fn parent_of(&self, content_id: &str) -> Option<Option<&str>> {
        match &self.nodes.get(content_id)?.parent {
            Parent::Unknown => None,
            Parent::None => Some(None),
            Parent::Is(id) => Some(Some(id)),
        }
    }

    /// Who may see an article: the space's readers, narrowed by each restricted ancestor's and its own restriction. Also
    /// gives the id of the first content about which something is missing; until it is known nobody sees the article.
    pub fn rule_for_article(&self, article: &Article<'_>) -> (Access, Option<String>) {
        let Some(mut clauses) = article.space_id.and_then(|space| self.space_clauses(space)) else {
            return (Access::Unknown, None);
        };
        let mut missing = None;
        match self.nodes.get(article.id).and_then(|node| node.restriction.as_ref()) {
            Some(Restriction::Open) => {}
            Some(Restriction::Only(readers)) => {
                clauses.push(Clause { gate: Gate::Page, any_of: readers.clone() });
            }
            None => {
                missing = Some(article.id.to_owned());
                clauses.push(Clause::closed(Gate::Page));
            }
        }
        match article.status {
            Some("draft") => {
                let author = article.author_id.map(|id| Principal::Account(id.to_owned()));
                clauses.push(Clause::new(Gate::Draft, author));
            }
            Some("current" | "archived") => {}
            // Trashed, deleted, historical, or a word we do not know.
            _ => clauses.push(Clause::closed(Gate::Page)),
        }
        let mut above = article.parent_id;
        for _ in 0..MAX_ANCESTORS {
            let Some(id) = above else {
                return (Access::Rule(AccessRule::new(clauses)), missing);
            };
            let Some(node) = self.nodes.get(id) else { return (Access::Unknown, Some(id.to_owned())) };
            match &node.restriction {
                Some(Restriction::Open) => {}
                Some(Restriction::Only(readers)) => {
                    clauses.push(Clause { gate: Gate::Ancestor(id.to_owned()), any_of: readers.clone() });
                }
                // A draft that cannot be read carries no published rule (hazard P4, `atlassian-permissions.md` 4.2).
                None if node.status.as_deref() == Some("draft") => {}
                None => {
                    missing.get_or_insert_with(|| id.to_owned());
                    clauses.push(Clause::closed(Gate::Ancestor(id.to_owned())));
                }
            }
            above = match &node.parent {
                Parent::Unknown => return (Access::Unknown, Some(id.to_owned())),
                Parent::None => None,
                Parent::Is(parent) => Some(parent),
            };
        }
        (Access::Unknown, missing)
    }

    /// The product's and the space's gate; `None` where the space's readers are not known. On sites with space roles an
    /// empty list of permissions says nothing, so it does not count as read.
    fn space_clauses(&self, space_id: &str) -> Option<Vec<Clause>> {
        let readers = self.spaces.get(space_id).filter(|readers| !readers.is_empty())?;
        let guests = self.guest_groups.iter().cloned().map(Principal::Group);
        let anybody = readers.get(&Principal::Anonymous).cloned();
        let users = [Principal::Licensed].into_iter().chain(guests).chain(anybody);
        Some(vec![Clause::new(Gate::Product, users), Clause { gate: Gate::Space, any_of: readers.clone() }])
    }
}

/// `PUBLIC` where anonymous readers pass, `RESTRICTED` where the page, something above it or its being a draft limits
/// readers further than the space does, or where that is not known; else `INTERNAL`.
pub(in crate::convert) fn visibility_of(access: &Access) -> &'static str {
    let Access::Rule(rule) = access else { return "RESTRICTED" };
    let restricted = |clause: &Clause| !matches!(clause.gate, Gate::Product | Gate::Space);
    match rule.clauses() {
        clauses if clauses.iter().any(restricted) => "RESTRICTED",
        clauses if clauses.iter().all(|clause| clause.any_of.contains(&Principal::Anonymous)) => "PUBLIC",
        _ => "INTERNAL",
    }
}
