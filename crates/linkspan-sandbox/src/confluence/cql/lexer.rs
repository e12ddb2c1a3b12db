//! Splits the text of a CQL query into tokens.

use super::{CqlError, Operator};

/// A token and the byte offset it starts at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) offset: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A bare word: field, keyword, function name or unquoted value.
    Word(String),
    /// Text between single or double quotes, escapes resolved.
    Quoted(String),
    /// A comparison sign.
    Comparison(Operator),
    /// `&&`
    And,
    /// `||`
    Or,
    /// `!` that is not part of a comparison.
    Not,
    Open,
    Close,
    Comma,
}

/// Splits `text` into tokens.
pub(super) fn tokenize(text: &str) -> Result<Vec<Token>, CqlError> {
    let mut tokens = Vec::new();
    let mut rest = Rest { text, offset: 0 };
    while let Some(character) = rest.peek() {
        let offset = rest.offset;
        let kind = match character {
            _ if character.is_whitespace() => {
                rest.take();
                continue;
            }
            '(' => rest.single(TokenKind::Open),
            ')' => rest.single(TokenKind::Close),
            ',' => rest.single(TokenKind::Comma),
            '=' => rest.single(TokenKind::Comparison(Operator::Equals)),
            '~' => rest.single(TokenKind::Comparison(Operator::Contains)),
            '<' => rest.maybe_equals(Operator::Less, Operator::LessOrEqual),
            '>' => rest.maybe_equals(Operator::Greater, Operator::GreaterOrEqual),
            '!' => rest.bang(),
            '&' => rest.doubled('&', TokenKind::And)?,
            '|' => rest.doubled('|', TokenKind::Or)?,
            '"' | '\'' => TokenKind::Quoted(rest.quoted(character)?),
            _ => TokenKind::Word(rest.word()),
        };
        tokens.push(Token { kind, offset });
    }
    Ok(tokens)
}

/// What is left of the query.
struct Rest<'text> {
    text: &'text str,
    offset: usize,
}

impl Rest<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.offset..].chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.offset += character.len_utf8();
        Some(character)
    }

    fn single(&mut self, kind: TokenKind) -> TokenKind {
        self.take();
        kind
    }

    fn maybe_equals(&mut self, plain: Operator, with_equals: Operator) -> TokenKind {
        self.take();
        if self.peek() != Some('=') {
            return TokenKind::Comparison(plain);
        }
        self.take();
        TokenKind::Comparison(with_equals)
    }

    fn bang(&mut self) -> TokenKind {
        self.take();
        match self.peek() {
            Some('=') => self.single(TokenKind::Comparison(Operator::NotEquals)),
            Some('~') => self.single(TokenKind::Comparison(Operator::NotContains)),
            _ => TokenKind::Not,
        }
    }

    fn doubled(&mut self, sign: char, kind: TokenKind) -> Result<TokenKind, CqlError> {
        let offset = self.offset;
        self.take();
        if self.take() != Some(sign) {
            return Err(CqlError::Unexpected { found: sign.to_string(), offset });
        }
        Ok(kind)
    }

    fn word(&mut self) -> String {
        let start = self.offset;
        while let Some(character) = self.peek() {
            if character.is_whitespace() || "()=!<>~,\"'|&".contains(character) {
                break;
            }
            self.take();
        }
        self.text[start..self.offset].to_owned()
    }

    fn quoted(&mut self, quote: char) -> Result<String, CqlError> {
        let offset = self.offset;
        self.take();
        let mut value = String::new();
        loop {
            match self.take() {
                None => return Err(CqlError::UnclosedQuote { offset }),
                Some('\\') => value.push(self.escape(offset)?),
                Some(character) if character == quote => return Ok(value),
                Some(character) => value.push(character),
            }
        }
    }

    /// Resolves the escape whose backslash has just been taken. An escape without a meaning of its own stands for the
    /// escaped character.
    fn escape(&mut self, quote_offset: usize) -> Result<char, CqlError> {
        let escape_offset = self.offset - 1;
        let character = self.take().ok_or(CqlError::UnclosedQuote { offset: quote_offset })?;
        match character {
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            'u' => {
                let digits = self.text.get(self.offset..self.offset + 4);
                let code = digits
                    .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
                    .and_then(|digits| u32::from_str_radix(digits, 16).ok())
                    .and_then(char::from_u32);
                let character =
                    code.ok_or(CqlError::Unexpected { found: "\\u".to_owned(), offset: escape_offset })?;
                self.offset += 4;
                Ok(character)
            }
            other => Ok(other),
        }
    }
}
