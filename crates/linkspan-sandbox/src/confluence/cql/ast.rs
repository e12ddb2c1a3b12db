//! The syntax tree of a CQL query, and its canonical printed form.

use std::fmt;

/// A whole query: what to find, and in which order to return it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The condition every result fulfils.
    pub filter: Expression,
    /// Sort keys, most significant first; empty when the query has no `ORDER BY`.
    pub order: Vec<SortKey>,
}

/// A condition.
///
/// `And` and `Or` hold at least two members and never directly hold another node of their own kind, so equal queries
/// written with different parentheses have equal trees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// Every member holds.
    And(Vec<Expression>),
    /// At least one member holds.
    Or(Vec<Expression>),
    /// The inner condition does not hold.
    Not(Box<Expression>),
    /// One comparison.
    Clause(Clause),
}

/// One comparison of a field with a value or a list of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// Field name in lower case, for example `lastmodified` or `space.key`.
    pub field: String,
    /// The comparison.
    pub operator: Operator,
    /// What the field is compared with. Holds exactly one value unless the operator is `In` or `NotIn`.
    pub values: Vec<Value>,
}

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equals,
    /// `!=`
    NotEquals,
    /// `~`
    Contains,
    /// `!~`
    NotContains,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `IN`
    In,
    /// `NOT IN`
    NotIn,
}

/// The right side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text, quoted or bare.
    Literal(String),
    /// A function call such as `now("-4w")`; the name is kept in lower case.
    Function {
        /// Name in lower case.
        name: String,
        /// Arguments as written, without their quotes.
        arguments: Vec<String>,
    },
}

/// One member of `ORDER BY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    /// Field name in lower case.
    pub field: String,
    /// Largest first.
    pub descending: bool,
}

impl Operator {
    /// The operator as written in a query.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Equals => "=",
            Self::NotEquals => "!=",
            Self::Contains => "~",
            Self::NotContains => "!~",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::In => "in",
            Self::NotIn => "not in",
        }
    }
}

impl fmt::Display for Query {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.filter)?;
        for (index, key) in self.order.iter().enumerate() {
            out.write_str(if index == 0 { " order by " } else { ", " })?;
            out.write_str(&key.field)?;
            out.write_str(if key.descending { " desc" } else { " asc" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(members) => print_joined(out, members, " and "),
            Self::Or(members) => print_joined(out, members, " or "),
            Self::Not(inner) => {
                out.write_str("not ")?;
                print_member(out, inner)
            }
            Self::Clause(clause) => write!(out, "{clause}"),
        }
    }
}

fn print_joined(out: &mut fmt::Formatter<'_>, members: &[Expression], joiner: &str) -> fmt::Result {
    for (index, member) in members.iter().enumerate() {
        if index > 0 {
            out.write_str(joiner)?;
        }
        print_member(out, member)?;
    }
    Ok(())
}

/// Prints a member of a larger expression; everything but a plain clause is put in parentheses.
fn print_member(out: &mut fmt::Formatter<'_>, member: &Expression) -> fmt::Result {
    match member {
        Expression::Clause(clause) => write!(out, "{clause}"),
        other => write!(out, "({other})"),
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} ", self.field, self.operator.symbol())?;
        let is_list = matches!(self.operator, Operator::In | Operator::NotIn);
        if is_list {
            out.write_str("(")?;
        }
        for (index, value) in self.values.iter().enumerate() {
            if index > 0 {
                out.write_str(", ")?;
            }
            write!(out, "{value}")?;
        }
        if is_list {
            out.write_str(")")?;
        }
        Ok(())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => print_quoted(out, text),
            Self::Function { name, arguments } => {
                write!(out, "{name}(")?;
                for (index, argument) in arguments.iter().enumerate() {
                    if index > 0 {
                        out.write_str(", ")?;
                    }
                    print_quoted(out, argument)?;
                }
                out.write_str(")")
            }
        }
    }
}

fn print_quoted(out: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    out.write_str("\"")?;
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            out.write_str("\\")?;
        }
        fmt::Write::write_char(out, character)?;
    }
    out.write_str("\"")
}
