//! The filters of webhooks, bound once for many events (`atlassian-platform.md` 4.4).

use std::sync::Arc;

use serde_json::Value;

use crate::{
    jira::{
        jql::{self, Clause, Literal, Operand, Operator, Query, Term},
        search::{self, Bound, Subject},
        view::View,
    },
    world::jira::{Issue, IssueHead},
};

/// How a field of an entity property begins.
const PROPERTY: &str = "issue.property[";

/// What an issue must satisfy, as the owner of a webhook may ask it.
#[derive(Debug)]
pub(super) enum Filter {
    /// A filter without entity properties: the search's own test.
    Bound(Box<Bound>),
    /// A value of an entity property.
    Property(Property),
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    /// Names what is not there any more, or not for its owner: it lets nothing pass.
    Nothing,
}

/// `issue.property[key].path`, compared with some texts.
#[derive(Debug)]
pub(super) struct Property {
    key: String,
    path: Vec<String>,
    wanted: Vec<String>,
    negated: bool,
}

impl Filter {
    /// Binds a filter for the owner whose view this is.
    pub(super) fn bind(view: &View<'_>, text: &str) -> Self {
        let clause = jql::parse(text).ok().and_then(|query| query.filter);
        clause.map_or(Self::Nothing, |clause| Self::of(view, clause))
    }

    fn of(view: &View<'_>, clause: Clause) -> Self {
        if !has_property(&clause) {
            let query = Query { filter: Some(clause), order: Vec::new() };
            return search::bind(view, &query).map_or(Self::Nothing, |bound| Self::Bound(Box::new(bound)));
        }
        let each = |clauses: Vec<Clause>| clauses.into_iter().map(|clause| Self::of(view, clause)).collect();
        match clause {
            Clause::And(clauses) => Self::All(each(clauses)),
            Clause::Or(clauses) => Self::Any(each(clauses)),
            Clause::Not(inner) => Self::Not(Box::new(Self::of(view, *inner))),
            Clause::Term(term) => Property::of(&term).map_or(Self::Nothing, Self::Property),
        }
    }

    /// Whether an issue, as it was at the event, passes.
    pub(super) fn passes(&self, view: &View<'_>, head: &IssueHead<'_>, issue: &Arc<Issue>) -> bool {
        match self {
            Self::Bound(bound) => {
                Subject::as_it_was(view.site, &view.reader, head, Arc::clone(issue)).passes(&bound.test)
            }
            Self::Property(property) => property.holds(issue),
            Self::All(filters) => filters.iter().all(|filter| filter.passes(view, head, issue)),
            Self::Any(filters) => filters.iter().any(|filter| filter.passes(view, head, issue)),
            Self::Not(inner) => !inner.passes(view, head, issue),
            Self::Nothing => false,
        }
    }
}

fn has_property(clause: &Clause) -> bool {
    match clause {
        Clause::And(clauses) | Clause::Or(clauses) => clauses.iter().any(has_property),
        Clause::Not(inner) => has_property(inner),
        Clause::Term(term) => term.field.starts_with(PROPERTY),
    }
}

impl Property {
    fn of(term: &Term) -> Option<Self> {
        let (key, path) = term.field.strip_prefix(PROPERTY)?.split_once(']')?;
        let path = path.split('.').filter(|step| !step.is_empty()).map(str::to_owned).collect();
        let text = |operand: &Operand| match operand {
            Operand::Value(literal) => Some(Literal::to_text(literal)),
            _ => None,
        };
        let wanted = match &term.operand {
            Operand::List(list) => list.iter().filter_map(text).collect(),
            operand => text(operand).into_iter().collect(),
        };
        let negated = matches!(term.operator, Operator::NotEquals | Operator::NotIn);
        Some(Self { key: key.to_owned(), path, wanted, negated })
    }

    /// As with every field, an issue without the value passes neither way.
    fn holds(&self, issue: &Issue) -> bool {
        let kept = issue.properties.iter().find(|(key, _)| *key == self.key);
        let Some(value) = kept.and_then(|(_, text)| serde_json::from_str::<Value>(text).ok()) else {
            return false;
        };
        let Some(found) = self.path.iter().try_fold(&value, |value, step| value.get(step)) else {
            return false;
        };
        let values = found.as_array().map_or(std::slice::from_ref(found), Vec::as_slice);
        let is_wanted = |value: &Value| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(&text))
        };
        values.iter().any(is_wanted) != self.negated
    }
}
