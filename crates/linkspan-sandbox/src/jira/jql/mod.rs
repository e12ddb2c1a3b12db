//! JQL, the query language of Jira's issue search.
//!
//! [`parse`] turns text into a [`Query`]; `Display` turns a query back into text that parses to the same query.
//! Grammar and error sentences follow what Jira answers; who may see what and which values exist is decided later,
//! when a query is bound to a site and a caller.

mod ast;
pub(crate) mod date;
mod lexer;
mod parser;
mod print;
mod reserved;
#[cfg(test)]
mod tests;

pub(crate) use ast::{Clause, Direction, Literal, Operand, Operator, Query, SortKey, Term};
pub(crate) use parser::parse;
pub(crate) use print::{Encoded, EncodedField};
pub(crate) use reserved::RESERVED_WORDS;
