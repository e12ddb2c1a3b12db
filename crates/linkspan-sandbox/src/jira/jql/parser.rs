//! Tokens to tree, by recursive descent with a bounded depth.

use thiserror::Error;

use super::{
    ast::{Clause, Direction, Literal, Operand, Operator, Query, SortKey, Term},
    lexer::{Position, Token, TokenKind, tokens},
    reserved::is_reserved,
};

/// How deep parentheses and `NOT` may nest.
const MAX_DEPTH: u32 = 100;

const VALID_OPERATORS: &str = "'=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'";

/// Why a text is not JQL; the message is the sentence Jira answers with.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("Error in the JQL Query: {message}")]
pub(crate) struct SyntaxError {
    message: String,
}

impl SyntaxError {
    fn at(sentence: &str, at: Position) -> Self {
        Self { message: format!("{sentence} (line {}, character {})", at.line, at.character) }
    }

    pub(super) fn unfinished_string(text: &str, at: Position) -> Self {
        Self::at(&format!("The quoted string '{text}' has not been completed."), at)
    }

    pub(super) fn reserved_character(c: char, at: Position) -> Self {
        let code = u32::from(c);
        let shown = if c.is_control() { format!("U+{code:04X}") } else { c.to_string() };
        Self::at(
            &format!(
                "The character '{shown}' is a reserved JQL character. You must enclose it in a string or use the \
                 escape '\\u{code:04x}' instead."
            ),
            at,
        )
    }

    pub(super) fn illegal_escape(sequence: &str, at: Position) -> Self {
        Self::at(
            &format!(
                "'{sequence}' is an illegal JQL escape sequence. The valid escape sequences are \\', \\\", \\t, \\n, \
                 \\r, \\\\, '\\ ' and \\uXXXX."
            ),
            at,
        )
    }

    /// `wanted` is a phrase such as "operator" or "either 'OR' or 'AND'"; `as_what` adds the advice to quote.
    fn expected(wanted: &str, token: &Token, as_what: Option<&str>) -> Self {
        if token.kind == TokenKind::End {
            return Self { message: format!("Expecting {wanted} before the end of the query.") };
        }
        let shown = token.shown();
        let advice = as_what.map_or_else(String::new, |what| {
            format!(" You must surround '{shown}' in quotation marks to use it as {what}.")
        });
        Self::at(&format!("Expecting {wanted} but got '{shown}'.{advice}"), token.at)
    }

    fn reserved_word(word: &str, at: Position) -> Self {
        Self::at(
            &format!(
                "'{word}' is a reserved JQL word. You must surround it in quotation marks to use it in a query."
            ),
            at,
        )
    }

    fn too_deep(at: Position) -> Self {
        Self::at("The query is nested too deeply.", at)
    }
}

/// Parses a query. The empty text is a query without restriction.
pub(crate) fn parse(text: &str) -> Result<Query, SyntaxError> {
    let tokens = tokens(text)?;
    Parser { tokens, next: 0, depth: 0 }.query()
}

struct Parser {
    /// Ends with [`TokenKind::End`], which [`Parser::take`] never passes.
    tokens: Vec<Token>,
    next: usize,
    depth: u32,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.next]
    }

    fn take(&mut self) -> Token {
        let token = self.tokens[self.next].clone();
        if token.kind != TokenKind::End {
            self.next += 1;
        }
        token
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let there = self.peek().is_keyword(keyword);
        if there {
            self.next += 1;
        }
        there
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let there = self.peek().is_symbol(symbol);
        if there {
            self.next += 1;
        }
        there
    }

    fn expect_symbol(&mut self, symbol: &str) -> Result<(), SyntaxError> {
        if self.take_symbol(symbol) {
            return Ok(());
        }
        Err(SyntaxError::expected(&format!("'{symbol}'"), self.peek(), None))
    }

    fn query(mut self) -> Result<Query, SyntaxError> {
        let starts_order = self.peek().is_keyword("order");
        let filter = if starts_order || self.peek().kind == TokenKind::End { None } else { Some(self.or()?) };
        let order = if self.take_keyword("order") { self.order()? } else { Vec::new() };
        if self.peek().kind != TokenKind::End {
            let wanted = if order.is_empty() { "either 'OR' or 'AND'" } else { "','" };
            return Err(SyntaxError::expected(wanted, self.peek(), None));
        }
        Ok(Query { filter, order })
    }

    fn order(&mut self) -> Result<Vec<SortKey>, SyntaxError> {
        if !self.take_keyword("by") {
            return Err(SyntaxError::expected("'BY'", self.peek(), None));
        }
        let mut keys = Vec::new();
        loop {
            let field = self.field()?;
            let direction = if self.take_keyword("asc") {
                Some(Direction::Ascending)
            } else if self.take_keyword("desc") {
                Some(Direction::Descending)
            } else {
                None
            };
            keys.push(SortKey { field, direction });
            if !self.take_symbol(",") {
                return Ok(keys);
            }
        }
    }

    fn or(&mut self) -> Result<Clause, SyntaxError> {
        let mut clauses = vec![self.and()?];
        while self.take_keyword("or") || self.take_symbol("||") {
            clauses.push(self.and()?);
        }
        Ok(single_or(clauses, Clause::Or))
    }

    fn and(&mut self) -> Result<Clause, SyntaxError> {
        let mut clauses = vec![self.not()?];
        while self.take_keyword("and") || self.take_symbol("&&") {
            clauses.push(self.not()?);
        }
        Ok(single_or(clauses, Clause::And))
    }

    fn not(&mut self) -> Result<Clause, SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(SyntaxError::too_deep(self.peek().at));
        }
        let clause = if self.take_keyword("not") || self.take_symbol("!") {
            Clause::Not(Box::new(self.not()?))
        } else if self.take_symbol("(") {
            let inner = self.or()?;
            self.expect_symbol(")")?;
            inner
        } else {
            Clause::Term(self.term()?)
        };
        self.depth -= 1;
        Ok(clause)
    }

    fn term(&mut self) -> Result<Term, SyntaxError> {
        let field = self.field()?;
        let operator = self.operator()?;
        let operand = self.operand(true)?;
        Ok(Term { field, operator, operand })
    }

    fn field(&mut self) -> Result<String, SyntaxError> {
        let token = self.take();
        let indexed = |name: &str| token.is_keyword(name) && self.peek().is_symbol("[");
        let (custom, property) = (indexed("cf"), indexed("issue.property"));
        match token.kind {
            TokenKind::Bare { .. } if custom => {
                self.expect_symbol("[")?;
                let number = self.take();
                let digits = number.shown();
                if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(SyntaxError::expected("a number", &number, None));
                }
                let field = format!("cf[{digits}]");
                self.expect_symbol("]")?;
                Ok(field)
            }
            TokenKind::Bare { .. } if property => self.property(),
            TokenKind::Bare { ref text, plain } => {
                if plain && is_reserved(text) {
                    return Err(SyntaxError::expected("a field name", &token, Some("a field name")));
                }
                Ok(text.clone())
            }
            TokenKind::Quoted(text) => Ok(text),
            TokenKind::Symbol(_) | TokenKind::End => {
                Err(SyntaxError::expected("a field name", &token, Some("a field name")))
            }
        }
    }

    /// `[key].path` behind `issue.property`; only the filters of webhooks make use of it.
    fn property(&mut self) -> Result<String, SyntaxError> {
        self.expect_symbol("[")?;
        let key = self.take().shown().to_owned();
        self.expect_symbol("]")?;
        let path = match &self.peek().kind {
            TokenKind::Bare { text, .. } if text.starts_with('.') => self.take().shown().to_owned(),
            _ => String::new(),
        };
        Ok(format!("issue.property[{key}]{path}"))
    }

    fn operator(&mut self) -> Result<Operator, SyntaxError> {
        let symbols = [
            ("=", Operator::Equals),
            ("!=", Operator::NotEquals),
            ("<", Operator::Less),
            ("<=", Operator::LessOrEqual),
            (">", Operator::Greater),
            (">=", Operator::GreaterOrEqual),
            ("~", Operator::Contains),
            ("!~", Operator::NotContains),
        ];
        for (symbol, operator) in symbols {
            if self.take_symbol(symbol) {
                return Ok(operator);
            }
        }
        if self.take_keyword("in") {
            return Ok(Operator::In);
        }
        if self.take_keyword("is") {
            return Ok(if self.take_keyword("not") { Operator::IsNot } else { Operator::Is });
        }
        if self.take_keyword("not") {
            if self.take_keyword("in") {
                return Ok(Operator::NotIn);
            }
            return Err(SyntaxError::expected("'IN'", self.peek(), None));
        }
        let token = self.peek();
        if token.kind == TokenKind::End {
            return Err(SyntaxError {
                message: format!(
                    "Expecting operator before the end of the query. The valid operators are {VALID_OPERATORS}."
                ),
            });
        }
        let sentence = format!(
            "Expecting operator but got '{}'. The valid operators are {VALID_OPERATORS}.",
            token.shown()
        );
        Err(SyntaxError::at(&sentence, token.at))
    }

    fn operand(&mut self, list_allowed: bool) -> Result<Operand, SyntaxError> {
        const WANTED: &str = "either a value, list or function";
        if list_allowed && self.take_symbol("(") {
            let mut members = vec![self.operand(false)?];
            while self.take_symbol(",") {
                members.push(self.operand(false)?);
            }
            self.expect_symbol(")")?;
            return Ok(Operand::List(members));
        }
        if self.take_keyword("empty") || self.take_keyword("null") {
            return Ok(Operand::Empty);
        }
        let token = self.take();
        let (text, quoted, plain) = match token.kind {
            TokenKind::Bare { ref text, plain } => (text.clone(), false, plain),
            TokenKind::Quoted(ref text) => (text.clone(), true, false),
            TokenKind::Symbol(_) | TokenKind::End => {
                return Err(SyntaxError::expected(WANTED, &token, Some("a value")));
            }
        };
        if self.take_symbol("(") {
            let arguments = self.arguments()?;
            return Ok(Operand::Function { name: text, arguments });
        }
        if plain && is_reserved(&text) {
            if ["and", "or", "not", "order", "in", "is"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
                return Err(SyntaxError::expected(WANTED, &token, Some("a value")));
            }
            return Err(SyntaxError::reserved_word(&text, token.at));
        }
        Ok(Operand::Value(literal(text, quoted)))
    }

    fn arguments(&mut self) -> Result<Vec<String>, SyntaxError> {
        let mut arguments = Vec::new();
        if self.take_symbol(")") {
            return Ok(arguments);
        }
        loop {
            let token = self.take();
            match token.kind {
                TokenKind::Bare { text, .. } | TokenKind::Quoted(text) => arguments.push(text),
                TokenKind::Symbol(_) | TokenKind::End => {
                    return Err(SyntaxError::expected("a function argument", &token, Some("an argument")));
                }
            }
            if self.take_symbol(",") {
                continue;
            }
            self.expect_symbol(")")?;
            return Ok(arguments);
        }
    }
}

fn single_or(mut clauses: Vec<Clause>, combine: fn(Vec<Clause>) -> Clause) -> Clause {
    if clauses.len() == 1 { clauses.remove(0) } else { combine(clauses) }
}

/// Bare digits with an optional minus sign, written without leading zeros, are a number.
fn literal(text: String, quoted: bool) -> Literal {
    if !quoted
        && let Ok(number) = text.parse::<i64>()
        && number.to_string() == text
    {
        return Literal::Number(number);
    }
    Literal::Text(text)
}
