//! The tree of a parsed query.

/// A whole query: an optional restriction and the order of the result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Query {
    /// What an issue must satisfy; absent for an empty or order-only query.
    pub(crate) filter: Option<Clause>,
    /// Sort keys, the most significant first.
    pub(crate) order: Vec<SortKey>,
}

/// A boolean combination of terms.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Clause {
    /// All of two or more clauses hold.
    And(Vec<Clause>),
    /// At least one of two or more clauses holds.
    Or(Vec<Clause>),
    /// The clause does not hold.
    Not(Box<Clause>),
    /// One comparison.
    Term(Term),
}

/// `field operator operand`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Term {
    /// The field as written, unescaped; `cf[10001]` for the numbered form.
    pub(crate) field: String,
    /// The comparison.
    pub(crate) operator: Operator,
    /// What the field is compared with.
    pub(crate) operand: Operand,
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Operator {
    /// `=`
    Equals,
    /// `!=`
    NotEquals,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `~`
    Contains,
    /// `!~`
    NotContains,
    /// `IN`
    In,
    /// `NOT IN`
    NotIn,
    /// `IS`
    Is,
    /// `IS NOT`
    IsNot,
}

impl Operator {
    /// The operator as Jira spells it in a query and in `jql/parse`.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Equals => "=",
            Self::NotEquals => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Contains => "~",
            Self::NotContains => "!~",
            Self::In => "in",
            Self::NotIn => "not in",
            Self::Is => "is",
            Self::IsNot => "is not",
        }
    }
}

/// The right side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Operand {
    /// One value.
    Value(Literal),
    /// `name(argument, …)`
    Function {
        /// The function's name as written.
        name: String,
        /// Its arguments, unescaped.
        arguments: Vec<String>,
    },
    /// `EMPTY` or `NULL`.
    Empty,
    /// `(operand, …)`; its members are never lists.
    List(Vec<Operand>),
}

/// A value: bare digits are a number, everything else is text. For dates the difference matters, since only a bare
/// number is read as epoch milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Literal {
    /// An unquoted whole number.
    Number(i64),
    /// Quoted text or an unquoted word.
    Text(String),
}

impl Literal {
    /// The value as text.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// One key of `ORDER BY`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SortKey {
    /// The field as written.
    pub(crate) field: String,
    /// The direction, when written.
    pub(crate) direction: Option<Direction>,
}

/// The direction of a sort key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}
