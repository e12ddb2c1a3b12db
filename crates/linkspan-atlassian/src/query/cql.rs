//! CQL.

use std::fmt;
use std::time::Duration;

use super::text::{QueryError, enclosed, quoted};

/// Kinds of Confluence content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "CQL's own words")]
pub enum CqlType {
    Page,
    Blogpost,
    Comment,
    Attachment,
    Folder,
    Database,
    Whiteboard,
    Embed,
}

impl CqlType {
    fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Blogpost => "blogpost",
            Self::Comment => "comment",
            Self::Attachment => "attachment",
            Self::Folder => "folder",
            Self::Database => "database",
            Self::Whiteboard => "whiteboard",
            Self::Embed => "embed",
        }
    }
}

/// A CQL query: clauses that must all hold, in an order if asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cql {
    clauses: Vec<String>,
    order: Option<&'static str>,
}

impl Cql {
    /// Content of these types. No type: no content.
    pub fn types(types: &[CqlType]) -> Self {
        Self::any_type().one_of("type", types.iter().map(|kind| kind.as_str().to_owned()))
    }

    /// Content of any type. Only to be narrowed: by itself it is no query.
    pub fn any_type() -> Self {
        Self { clauses: Vec::new(), order: None }
    }

    /// Content of these spaces, by key. No key: no content.
    #[must_use]
    pub fn spaces<'a>(self, keys: impl IntoIterator<Item = &'a str>) -> Self {
        self.one_of("space", keys.into_iter().map(|key| quoted(key, false)))
    }

    /// These pieces of content, by id. No id: no content.
    #[must_use]
    pub fn ids(self, ids: impl IntoIterator<Item = u64>) -> Self {
        self.one_of("id", ids.into_iter().map(|id| id.to_string()))
    }

    /// What hangs on these pieces of content, by their ids: comments and attachments. No id: no content.
    #[must_use]
    pub fn containers(self, ids: impl IntoIterator<Item = u64>) -> Self {
        self.one_of("container", ids.into_iter().map(|id| id.to_string()))
    }

    /// Content whose text holds these words.
    #[must_use]
    pub fn text(self, words: &str) -> Self {
        self.and(format!("text ~ {}", quoted(words, false)))
    }

    /// Content changed within the last `span`, rounded up to minutes. CQL reads written times in the account's time
    /// zone, so a span before now is the only exact form (hazard S1).
    #[must_use]
    pub fn modified_within(self, span: Duration) -> Self {
        self.within("lastmodified", span)
    }

    /// Content made within the last `span`, rounded up to minutes.
    #[must_use]
    pub fn created_within(self, span: Duration) -> Self {
        self.within("created", span)
    }

    fn within(self, field: &str, span: Duration) -> Self {
        let minutes = span.as_secs().div_ceil(60).max(1);
        self.and(format!("{field} >= now(\"-{minutes}m\")"))
    }

    /// Content that a caller's own CQL finds too. It is enclosed as it is, never edited, and cannot reach outside.
    ///
    /// # Errors
    /// When the text cannot be enclosed.
    pub fn and_caller(self, cql: &str) -> Result<Self, QueryError> {
        Ok(self.and(enclosed(cql)?))
    }

    /// Orders by the last change, oldest first.
    #[must_use]
    pub fn oldest_change_first(mut self) -> Self {
        self.order = Some("lastmodified");
        self
    }

    /// Orders by creation, oldest first: an order that no change shifts.
    #[must_use]
    pub fn oldest_first(mut self) -> Self {
        self.order = Some("created");
        self
    }

    fn one_of(self, field: &str, literals: impl Iterator<Item = String>) -> Self {
        let literals: Vec<String> = literals.collect();
        if literals.is_empty() {
            // `field in ()` is a syntax error; this holds for no content.
            return self.and("(type = page AND type = comment)".to_owned());
        }
        self.and(format!("{field} IN ({})", literals.join(", ")))
    }

    fn and(mut self, clause: String) -> Self {
        self.clauses.push(clause);
        self
    }
}

impl fmt::Display for Cql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.clauses.join(" AND "))?;
        match self.order {
            Some(field) => write!(f, " ORDER BY {field} ASC"),
            None => Ok(()),
        }
    }
}
