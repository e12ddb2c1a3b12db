//! JQL.

use std::fmt;

use jiff::Timestamp;

use super::text::{QueryError, enclosed, quoted};

/// The most fields that `ORDER BY` takes (`atlassian-endpoints.md` 3.1).
const ORDER_CAP: usize = 7;

/// What a search can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "JQL's own words")]
pub enum JqlOrder {
    IdAscending,
    KeyAscending,
    CreatedAscending,
    CreatedDescending,
    UpdatedAscending,
    UpdatedDescending,
}

impl JqlOrder {
    fn as_str(self) -> &'static str {
        match self {
            Self::IdAscending => "id ASC",
            Self::KeyAscending => "key ASC",
            Self::CreatedAscending => "created ASC",
            Self::CreatedDescending => "created DESC",
            Self::UpdatedAscending => "updated ASC",
            Self::UpdatedDescending => "updated DESC",
        }
    }
}

/// A JQL query: clauses that must all hold, and an order. Without any clause it finds every issue, in the bounded form
/// that upstream demands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jql {
    clauses: Vec<String>,
    order: Vec<JqlOrder>,
}

impl Jql {
    /// Every issue.
    pub fn new() -> Self {
        Self::default()
    }

    /// Issues of these projects, by id. No id: no issue.
    #[must_use]
    pub fn projects(self, ids: impl IntoIterator<Item = u64>) -> Self {
        self.numbers_in("project", ids)
    }

    /// Issues of these projects, by key.
    #[must_use]
    pub fn project_keys<'a>(self, keys: impl IntoIterator<Item = &'a str>) -> Self {
        self.texts_in("project", keys)
    }

    /// These issues, by id.
    #[must_use]
    pub fn ids(self, ids: impl IntoIterator<Item = u64>) -> Self {
        self.numbers_in("id", ids)
    }

    /// Issues of the projects of this type: `software`, `service_desk`, `business`.
    #[must_use]
    pub fn project_type(self, project_type: &str) -> Self {
        self.and(format!("projectType = {}", quoted(project_type, true)))
    }

    /// Issues that carry any of these labels.
    #[must_use]
    pub fn labels<'a>(self, labels: impl IntoIterator<Item = &'a str>) -> Self {
        self.texts_in("labels", labels)
    }

    /// Issues whose text holds these words.
    #[must_use]
    pub fn text(self, words: &str) -> Self {
        self.and(format!("text ~ {}", quoted(words, true)))
    }

    /// Issues of other projects than these, by id.
    #[must_use]
    pub fn other_project(self, known: impl IntoIterator<Item = u64>) -> Self {
        let known: Vec<String> = known.into_iter().map(|id| id.to_string()).collect();
        if known.is_empty() { self } else { self.and(format!("project NOT IN ({})", known.join(", "))) }
    }

    /// Issues with a security level other than these, by id.
    #[must_use]
    pub fn other_security_level(self, known: impl IntoIterator<Item = u64>) -> Self {
        let known: Vec<String> = known.into_iter().map(|id| id.to_string()).collect();
        let some = self.and("level IS NOT EMPTY".to_owned());
        if known.is_empty() { some } else { some.and(format!("level NOT IN ({})", known.join(", "))) }
    }

    /// Issues other than these, by id.
    #[must_use]
    pub fn other_ids(self, known: impl IntoIterator<Item = u64>) -> Self {
        let known: Vec<String> = known.into_iter().map(|id| id.to_string()).collect();
        if known.is_empty() { self } else { self.and(format!("id not in ({})", known.join(", "))) }
    }

    /// Issues other than these, and of these only what was changed after `moment`.
    #[must_use]
    pub fn but_known(self, ids: impl IntoIterator<Item = u64>, moment: Timestamp) -> Self {
        let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
        if ids.is_empty() {
            return self;
        }
        self.and(format!("(id NOT IN ({}) OR updated > {})", ids.join(", "), moment.as_millisecond()))
    }

    /// Issues changed at `moment` or later. Upstream reads the number as epoch milliseconds, whatever the account's
    /// time zone (hazard S1).
    #[must_use]
    pub fn updated_since(self, moment: Timestamp) -> Self {
        self.and(format!("updated >= {}", moment.as_millisecond()))
    }

    /// Issues last changed before `moment`.
    #[must_use]
    pub fn updated_before(self, moment: Timestamp) -> Self {
        self.and(format!("updated < {}", moment.as_millisecond()))
    }

    /// Issues created at `moment` or later.
    #[must_use]
    pub fn created_since(self, moment: Timestamp) -> Self {
        self.and(format!("created >= {}", moment.as_millisecond()))
    }

    /// Issues created before `moment`.
    #[must_use]
    pub fn created_before(self, moment: Timestamp) -> Self {
        self.and(format!("created < {}", moment.as_millisecond()))
    }

    /// Issues that a caller's own JQL finds too. It is enclosed as it is, never edited, and cannot reach outside.
    ///
    /// # Errors
    /// When the text cannot be enclosed.
    pub fn and_caller(self, jql: &str) -> Result<Self, QueryError> {
        Ok(self.and(enclosed(jql)?))
    }

    /// Orders by this, after what was asked before. Upstream takes seven; the rest is left out.
    #[must_use]
    pub fn order_by(mut self, order: JqlOrder) -> Self {
        if self.order.len() < ORDER_CAP && !self.order.contains(&order) {
            self.order.push(order);
        }
        self
    }

    fn and(mut self, clause: String) -> Self {
        self.clauses.push(clause);
        self
    }

    fn numbers_in(self, field: &str, numbers: impl IntoIterator<Item = u64>) -> Self {
        self.one_of(field, numbers.into_iter().map(|number| number.to_string()))
    }

    fn texts_in<'a>(self, field: &str, texts: impl IntoIterator<Item = &'a str>) -> Self {
        self.one_of(field, texts.into_iter().map(|text| quoted(text, true)))
    }

    fn one_of(self, field: &str, literals: impl Iterator<Item = String>) -> Self {
        let literals: Vec<String> = literals.collect();
        if literals.is_empty() {
            // `field in ()` is a syntax error; this holds for no issue.
            return self.and("key IS EMPTY".to_owned());
        }
        self.and(format!("{field} IN ({})", literals.join(", ")))
    }
}

impl fmt::Display for Jql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.clauses.is_empty() {
            f.write_str("key IS NOT EMPTY")?;
        } else {
            f.write_str(&self.clauses.join(" AND "))?;
        }
        if !self.order.is_empty() {
            let order: Vec<&str> = self.order.iter().map(|order| order.as_str()).collect();
            write!(f, " ORDER BY {}", order.join(", "))?;
        }
        Ok(())
    }
}
