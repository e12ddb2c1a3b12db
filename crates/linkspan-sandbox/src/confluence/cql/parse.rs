//! Recursive-descent parser for CQL.

use super::ast::{Clause, Expression, Operator, Query, SortKey, Value};
use super::lexer::{Token, TokenKind, tokenize};
use super::{CqlError, MAXIMUM_CLAUSES, MAXIMUM_DEPTH, MAXIMUM_LENGTH, MAXIMUM_VALUES};

/// Words that cannot be a bare value or a field.
const RESERVED_WORDS: [&str; 5] = ["and", "or", "not", "in", "order"];

/// Parses a CQL query.
///
/// # Errors
/// Says what was found where instead of what the grammar allows; also when the query is longer, deeper or wider than
/// the bounds in this module's parent.
pub fn parse(text: &str) -> Result<Query, CqlError> {
    if text.len() > MAXIMUM_LENGTH {
        return Err(CqlError::TooLong);
    }
    let tokens = tokenize(text)?;
    let mut parser = Parser { tokens, position: 0, clauses: 0 };
    let filter = parser.alternatives(0)?;
    let order = parser.order_by()?;
    match parser.peek() {
        None => Ok(Query { filter, order }),
        Some(_) => Err(parser.unexpected()),
    }
}

struct Parser {
    tokens: Vec<Token>,
    position: usize,
    clauses: usize,
}

impl Parser {
    fn peek(&self) -> Option<&TokenKind> {
        self.tokens.get(self.position).map(|token| &token.kind)
    }

    fn take_if(&mut self, wanted: &TokenKind) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.position += 1;
        }
        found
    }

    fn peek_keyword(&self, keyword: &str) -> bool {
        matches!(self.peek(), Some(TokenKind::Word(word)) if word.eq_ignore_ascii_case(keyword))
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = self.peek_keyword(keyword);
        if found {
            self.position += 1;
        }
        found
    }

    fn unexpected(&self) -> CqlError {
        match self.tokens.get(self.position) {
            None => CqlError::UnexpectedEnd,
            Some(token) => CqlError::Unexpected { found: describe(&token.kind), offset: token.offset },
        }
    }

    fn expect(&mut self, wanted: &TokenKind) -> Result<(), CqlError> {
        if self.take_if(wanted) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn alternatives(&mut self, depth: usize) -> Result<Expression, CqlError> {
        let mut members = vec![self.conjunction(depth)?];
        while self.take_keyword("or") || self.take_if(&TokenKind::Or) {
            members.push(self.conjunction(depth)?);
        }
        Ok(join_alternatives(members))
    }

    fn conjunction(&mut self, depth: usize) -> Result<Expression, CqlError> {
        let mut members = vec![self.negation(depth)?];
        while self.take_keyword("and") || self.take_if(&TokenKind::And) {
            members.push(self.negation(depth)?);
        }
        Ok(join_conjunction(members))
    }

    fn negation(&mut self, depth: usize) -> Result<Expression, CqlError> {
        if depth > MAXIMUM_DEPTH {
            return Err(CqlError::TooDeep);
        }
        if self.take_keyword("not") || self.take_if(&TokenKind::Not) {
            return Ok(Expression::Not(Box::new(self.negation(depth + 1)?)));
        }
        if self.take_if(&TokenKind::Open) {
            let inner = self.alternatives(depth + 1)?;
            self.expect(&TokenKind::Close)?;
            return Ok(inner);
        }
        self.clause().map(Expression::Clause)
    }

    fn clause(&mut self) -> Result<Clause, CqlError> {
        self.clauses += 1;
        if self.clauses > MAXIMUM_CLAUSES {
            return Err(CqlError::TooManyClauses);
        }
        let field = self.field()?;
        if self.take_keyword("in") {
            return Ok(Clause { field, operator: Operator::In, values: self.list()? });
        }
        if self.take_keyword("not") {
            if !self.take_keyword("in") {
                return Err(self.unexpected());
            }
            return Ok(Clause { field, operator: Operator::NotIn, values: self.list()? });
        }
        let Some(&TokenKind::Comparison(operator)) = self.peek() else {
            return Err(self.unexpected());
        };
        self.position += 1;
        Ok(Clause { field, operator, values: vec![self.value()?] })
    }

    fn field(&mut self) -> Result<String, CqlError> {
        let Some(TokenKind::Word(word)) = self.peek() else {
            return Err(self.unexpected());
        };
        let field = word.to_lowercase();
        if RESERVED_WORDS.contains(&field.as_str()) {
            return Err(self.unexpected());
        }
        self.position += 1;
        Ok(field)
    }

    /// The list of `IN`: values in parentheses, or a function that yields a list.
    fn list(&mut self) -> Result<Vec<Value>, CqlError> {
        if !self.take_if(&TokenKind::Open) {
            let value = self.value()?;
            return match value {
                Value::Function { .. } => Ok(vec![value]),
                Value::Literal(_) => {
                    self.position -= 1;
                    Err(self.unexpected())
                }
            };
        }
        let mut values = vec![self.value()?];
        while self.take_if(&TokenKind::Comma) {
            if values.len() == MAXIMUM_VALUES {
                return Err(CqlError::TooManyValues);
            }
            values.push(self.value()?);
        }
        self.expect(&TokenKind::Close)?;
        Ok(values)
    }

    fn value(&mut self) -> Result<Value, CqlError> {
        match self.peek() {
            Some(TokenKind::Quoted(text)) => {
                let value = Value::Literal(text.clone());
                self.position += 1;
                Ok(value)
            }
            Some(TokenKind::Word(word)) => {
                let word = word.clone();
                let is_call =
                    self.tokens.get(self.position + 1).is_some_and(|token| token.kind == TokenKind::Open);
                if !is_call && RESERVED_WORDS.iter().any(|reserved| word.eq_ignore_ascii_case(reserved)) {
                    return Err(self.unexpected());
                }
                self.position += 1;
                if is_call { self.call(&word) } else { Ok(Value::Literal(word)) }
            }
            _ => Err(self.unexpected()),
        }
    }

    fn call(&mut self, name: &str) -> Result<Value, CqlError> {
        self.expect(&TokenKind::Open)?;
        let mut arguments = Vec::new();
        while !self.take_if(&TokenKind::Close) {
            if !arguments.is_empty() {
                self.expect(&TokenKind::Comma)?;
            }
            let (Some(TokenKind::Quoted(argument) | TokenKind::Word(argument)), true) =
                (self.peek(), arguments.len() < MAXIMUM_VALUES)
            else {
                return Err(self.unexpected());
            };
            arguments.push(argument.clone());
            self.position += 1;
        }
        Ok(Value::Function { name: name.to_lowercase(), arguments })
    }

    fn order_by(&mut self) -> Result<Vec<SortKey>, CqlError> {
        let mut keys = Vec::new();
        if !self.take_keyword("order") {
            return Ok(keys);
        }
        if !self.take_keyword("by") {
            return Err(self.unexpected());
        }
        loop {
            let field = self.field()?;
            let descending = self.take_keyword("desc");
            if !descending {
                self.take_keyword("asc");
            }
            keys.push(SortKey { field, descending });
            if !self.take_if(&TokenKind::Comma) {
                return Ok(keys);
            }
            if keys.len() == MAXIMUM_VALUES {
                return Err(CqlError::TooManyValues);
            }
        }
    }
}

fn join_alternatives(members: Vec<Expression>) -> Expression {
    let mut flat = Vec::with_capacity(members.len());
    for member in members {
        match member {
            Expression::Or(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    single_or(flat, Expression::Or)
}

fn join_conjunction(members: Vec<Expression>) -> Expression {
    let mut flat = Vec::with_capacity(members.len());
    for member in members {
        match member {
            Expression::And(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    single_or(flat, Expression::And)
}

fn single_or(mut members: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match (members.len(), members.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            members.extend(last);
            join(members)
        }
    }
}

fn describe(kind: &TokenKind) -> String {
    match kind {
        TokenKind::Word(text) | TokenKind::Quoted(text) => text.clone(),
        TokenKind::Comparison(operator) => operator.symbol().to_owned(),
        TokenKind::And => "&&".to_owned(),
        TokenKind::Or => "||".to_owned(),
        TokenKind::Not => "!".to_owned(),
        TokenKind::Open => "(".to_owned(),
        TokenKind::Close => ")".to_owned(),
        TokenKind::Comma => ",".to_owned(),
    }
}
