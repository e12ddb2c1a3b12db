//! Tree to text. The text parses back to the same tree.

use std::fmt::{self, Display, Formatter, Write};

use super::{
    ast::{Clause, Direction, Literal, Operand, Query, Term},
    reserved::is_reserved,
};

/// Text as it may stand in a query: bare when that is unambiguous, quoted otherwise.
pub(crate) struct Encoded<'a>(pub(crate) &'a str);

impl Display for Encoded<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = self.0;
        let bare = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'))
            && text.parse::<i64>().is_err()
            && !text.is_empty()
            && !is_reserved(text);
        if bare {
            return f.write_str(text);
        }
        f.write_char('"')?;
        for c in text.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                '\t' => f.write_str("\\t")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

/// A field as it may stand in a query; `cf[N]` stays bare.
pub(crate) struct EncodedField<'a>(pub(crate) &'a str);

impl Display for EncodedField<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let number = self.0.strip_prefix("cf[").and_then(|rest| rest.strip_suffix(']'));
        let numbered = number
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
        if numbered { f.write_str(self.0) } else { Encoded(self.0).fmt(f) }
    }
}

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(filter) = &self.filter {
            filter.fmt(f)?;
        }
        for (index, key) in self.order.iter().enumerate() {
            let lead = match (index, &self.filter) {
                (0, None) => "ORDER BY ",
                (0, Some(_)) => " ORDER BY ",
                _ => ", ",
            };
            write!(f, "{lead}{}", EncodedField(&key.field))?;
            match key.direction {
                Some(Direction::Ascending) => f.write_str(" ASC")?,
                Some(Direction::Descending) => f.write_str(" DESC")?,
                None => {}
            }
        }
        Ok(())
    }
}

impl Display for Clause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(clauses) => {
                join(f, clauses, " AND ", |clause| matches!(clause, Self::And(_) | Self::Or(_)))
            }
            Self::Or(clauses) => join(f, clauses, " OR ", |clause| matches!(clause, Self::Or(_))),
            Self::Not(inner) if matches!(**inner, Self::And(_) | Self::Or(_)) => write!(f, "NOT ({inner})"),
            Self::Not(inner) => write!(f, "NOT {inner}"),
            Self::Term(term) => term.fmt(f),
        }
    }
}

fn join(
    f: &mut Formatter<'_>,
    clauses: &[Clause],
    between: &str,
    in_parentheses: fn(&Clause) -> bool,
) -> fmt::Result {
    for (index, clause) in clauses.iter().enumerate() {
        if index > 0 {
            f.write_str(between)?;
        }
        if in_parentheses(clause) {
            write!(f, "({clause})")?;
        } else {
            clause.fmt(f)?;
        }
    }
    Ok(())
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", EncodedField(&self.field), self.operator.text(), self.operand)
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(Literal::Number(number)) => number.fmt(f),
            Self::Value(Literal::Text(text)) => Encoded(text).fmt(f),
            Self::Empty => f.write_str("EMPTY"),
            Self::Function { name, arguments } => {
                write!(f, "{}(", Encoded(name))?;
                for (index, argument) in arguments.iter().enumerate() {
                    let lead = if index == 0 { "" } else { ", " };
                    write!(f, "{lead}{}", Encoded(argument))?;
                }
                f.write_char(')')
            }
            Self::List(members) => {
                f.write_char('(')?;
                for (index, member) in members.iter().enumerate() {
                    let lead = if index == 0 { "" } else { ", " };
                    write!(f, "{lead}{member}")?;
                }
                f.write_char(')')
            }
        }
    }
}
