//! CQL, the Confluence query language: lexer, parser, syntax tree and evaluation.
//!
//! The subset is what `atlassian-endpoints.md` 6.1 and the published field list describe for content:
//! `https://developer.atlassian.com/cloud/confluence/advanced-searching-using-cql/`.

mod ast;
mod date;
mod lexer;
mod parse;
#[cfg(test)]
mod tests;
mod text;

pub use ast::{Clause, Expression, Operator, Query, SortKey, Value};
pub use date::{DateContext, MinuteRange, epoch_minute, epoch_minute_of, resolve as resolve_date};
pub use parse::parse;
pub use text::TextQuery;

/// Longest query accepted, in bytes. Longer ones cannot arrive in a URL of the real service either.
pub const MAXIMUM_LENGTH: usize = 64 * 1024;
/// Deepest nesting of parentheses and `NOT`.
pub const MAXIMUM_DEPTH: usize = 64;
/// Most comparisons in one query.
pub const MAXIMUM_CLAUSES: usize = 1024;
/// Most values in one list.
pub const MAXIMUM_VALUES: usize = 1024;

/// Why a query was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CqlError {
    /// Something stands where the grammar does not allow it.
    #[error("unexpected '{found}' at position {offset}")]
    Unexpected {
        /// The text found.
        found: String,
        /// Byte offset in the query.
        offset: usize,
    },
    /// The query ends too early.
    #[error("the query ends where a field, operator or value is expected")]
    UnexpectedEnd,
    /// A quote is never closed.
    #[error("the quote opened at position {offset} is not closed")]
    UnclosedQuote {
        /// Byte offset of the opening quote.
        offset: usize,
    },
    /// Longer than [`MAXIMUM_LENGTH`].
    #[error("the query is too long; shorten it to {MAXIMUM_LENGTH} bytes")]
    TooLong,
    /// Deeper than [`MAXIMUM_DEPTH`].
    #[error("the query is nested too deeply; use at most {MAXIMUM_DEPTH} levels")]
    TooDeep,
    /// More than [`MAXIMUM_CLAUSES`] comparisons.
    #[error("the query has too many clauses; use at most {MAXIMUM_CLAUSES}")]
    TooManyClauses,
    /// More than [`MAXIMUM_VALUES`] values in a list.
    #[error("a list in the query is too long; use at most {MAXIMUM_VALUES} values")]
    TooManyValues,
    /// No such field.
    #[error("No field exists with name: {0}")]
    UnknownField(String),
    /// The field cannot be compared this way.
    #[error("field '{field}' does not support operator '{operator}'")]
    UnsupportedOperator {
        /// Field name.
        field: String,
        /// Operator as written.
        operator: &'static str,
    },
    /// The value means nothing for the field.
    #[error("'{value}' is not a valid value for field '{field}'")]
    InvalidValue {
        /// Field name.
        field: String,
        /// Value as written.
        value: String,
    },
    /// The field cannot be sorted by.
    #[error("field '{0}' cannot be used in 'order by'")]
    UnsortableField(String),
}
