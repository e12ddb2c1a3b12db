//! Text to tokens. Every token remembers where it began, since JQL errors name line and character.

use super::parser::SyntaxError;

/// Where a token begins, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) character: u32,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A word without quotes; `plain` when no escape was used, so that it may be a keyword.
    Bare { text: String, plain: bool },
    /// A quoted string, unescaped.
    Quoted(String),
    /// An operator or a punctuation mark.
    Symbol(&'static str),
    /// The end of the query.
    End,
}

/// One token.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) at: Position,
}

impl Token {
    /// Whether this is the given keyword, in any case, without quotes.
    pub(super) fn is_keyword(&self, keyword: &str) -> bool {
        matches!(&self.kind, TokenKind::Bare { text, plain: true } if text.eq_ignore_ascii_case(keyword))
    }

    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        matches!(&self.kind, TokenKind::Symbol(text) if *text == symbol)
    }

    /// The token as an error message shows it.
    pub(super) fn shown(&self) -> &str {
        match &self.kind {
            TokenKind::Bare { text, .. } | TokenKind::Quoted(text) => text,
            TokenKind::Symbol(symbol) => symbol,
            TokenKind::End => "",
        }
    }
}

/// Characters that may not stand outside quotes.
fn is_reserved_character(c: char) -> bool {
    matches!(c, '{' | '}' | '*' | '/' | '%' | '+' | '^' | '$' | '#' | '@' | '?' | ';' | '`') || c.is_control()
}

fn ends_word(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | '\r' | '\n' | '=' | '!' | '<' | '>' | '~' | '(' | ')' | ',' | '[' | ']' | '|' | '&'
    ) || c == '"'
        || c == '\''
}

/// Splits a query into tokens; the last one is always [`TokenKind::End`].
pub(super) fn tokens(query: &str) -> Result<Vec<Token>, SyntaxError> {
    Lexer { rest: query.chars().peekable(), line: 1, character: 1 }.run()
}

struct Lexer<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    line: u32,
    character: u32,
}

impl Lexer<'_> {
    fn run(mut self) -> Result<Vec<Token>, SyntaxError> {
        let mut out = Vec::new();
        loop {
            while self.rest.peek().is_some_and(|c| matches!(c, ' ' | '\t' | '\r' | '\n')) {
                self.advance();
            }
            let at = self.position();
            let Some(&c) = self.rest.peek() else {
                out.push(Token { kind: TokenKind::End, at });
                return Ok(out);
            };
            let kind = match c {
                '"' | '\'' => self.quoted(c, at)?,
                '=' | '!' | '<' | '>' | '~' | '(' | ')' | ',' | '[' | ']' | '|' | '&' => self.symbol(c),
                _ => self.bare(at)?,
            };
            out.push(Token { kind, at });
        }
    }

    fn position(&self) -> Position {
        Position { line: self.line, character: self.character }
    }

    fn advance(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        if c == '\n' {
            self.line = self.line.saturating_add(1);
            self.character = 1;
        } else {
            self.character = self.character.saturating_add(1);
        }
        Some(c)
    }

    fn symbol(&mut self, first: char) -> TokenKind {
        self.advance();
        let mut followed_by = |next: char| {
            let there = self.rest.peek() == Some(&next);
            if there {
                self.advance();
            }
            there
        };
        let text = match first {
            '!' if followed_by('=') => "!=",
            '!' if followed_by('~') => "!~",
            '!' => "!",
            '<' if followed_by('=') => "<=",
            '<' => "<",
            '>' if followed_by('=') => ">=",
            '>' => ">",
            '|' => {
                followed_by('|');
                "||"
            }
            '&' => {
                followed_by('&');
                "&&"
            }
            '=' => "=",
            '~' => "~",
            '(' => "(",
            ')' => ")",
            '[' => "[",
            ']' => "]",
            _ => ",",
        };
        TokenKind::Symbol(text)
    }

    fn quoted(&mut self, quote: char, at: Position) -> Result<TokenKind, SyntaxError> {
        self.advance();
        let mut text = String::new();
        loop {
            match self.advance() {
                None => return Err(SyntaxError::unfinished_string(&text, at)),
                Some(c) if c == quote => return Ok(TokenKind::Quoted(text)),
                Some('\\') => text.push(self.escape()?),
                Some(c) => text.push(c),
            }
        }
    }

    fn bare(&mut self, at: Position) -> Result<TokenKind, SyntaxError> {
        let mut text = String::new();
        let mut plain = true;
        while let Some(&c) = self.rest.peek() {
            if ends_word(c) {
                break;
            }
            if is_reserved_character(c) {
                return Err(SyntaxError::reserved_character(
                    c,
                    if text.is_empty() { at } else { self.position() },
                ));
            }
            self.advance();
            if c == '\\' {
                plain = false;
                text.push(self.escape()?);
            } else {
                text.push(c);
            }
        }
        Ok(TokenKind::Bare { text, plain })
    }

    /// The character after a backslash: `\t \n \r \\ \' \" '\ ' \uXXXX`, nothing else.
    fn escape(&mut self) -> Result<char, SyntaxError> {
        let at = self.position();
        match self.advance() {
            Some('t') => Ok('\t'),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some(c @ ('\\' | '\'' | '"' | ' ')) => Ok(c),
            Some('u') => self.unicode_escape(at),
            Some(c) => Err(SyntaxError::illegal_escape(&format!("\\{c}"), at)),
            None => Err(SyntaxError::illegal_escape("\\", at)),
        }
    }

    /// Four hexadecimal digits; a high surrogate takes the following `\uXXXX` as its other half.
    fn unicode_escape(&mut self, at: Position) -> Result<char, SyntaxError> {
        let first = self.four_digits(at)?;
        if let Some(c) = char::from_u32(first) {
            return Ok(c);
        }
        let illegal = || SyntaxError::illegal_escape(&format!("\\u{first:04X}"), at);
        if !(0xD800..0xDC00).contains(&first) || self.advance() != Some('\\') || self.advance() != Some('u') {
            return Err(illegal());
        }
        let second = self.four_digits(at)?;
        if !(0xDC00..0xE000).contains(&second) {
            return Err(illegal());
        }
        char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00)).ok_or_else(illegal)
    }

    fn four_digits(&mut self, at: Position) -> Result<u32, SyntaxError> {
        let mut value = 0;
        let mut seen = String::from("\\u");
        for _ in 0..4 {
            let c = self.advance();
            let Some(digit) = c.and_then(|c| c.to_digit(16)) else {
                seen.extend(c);
                return Err(SyntaxError::illegal_escape(&seen, at));
            };
            seen.extend(c);
            value = value * 16 + digit;
        }
        Ok(value)
    }
}
