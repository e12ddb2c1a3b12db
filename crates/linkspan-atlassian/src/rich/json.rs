//! JSON as a flat list of tokens with skip marks.
//!
//! The usual parser recurses and refuses what nests deeper than 128 levels, which documents from third-party editors do.
//! This one keeps its place in a list instead, borrows every string that holds no escapes, and lets a reader skip a value
//! of any size in one step (a node's `type` may stand behind its `content`).

use std::borrow::Cow;

/// How many tokens a document may have: a bound on memory, far above real documents.
const MAX_TOKENS: usize = 4 * 1024 * 1024;

#[derive(Debug)]
pub(crate) enum Token<'a> {
    /// Followed by keys (as `Text`) and values in turn, up to `end`.
    Object {
        end: usize,
    },
    /// Followed by values, up to `end`.
    Array {
        end: usize,
    },
    Text(Cow<'a, str>),
    Number(&'a str),
    Bool,
    Null,
}

/// A parsed document; values are named by the place of their first token.
#[derive(Debug)]
pub(crate) struct Json<'a> {
    tokens: Vec<Token<'a>>,
}

/// Why a source is not JSON that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    Malformed,
    TooLarge,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Value,
    ValueOrEnd,
    KeyOrEnd,
    Key,
    CommaOrEnd,
}

impl<'a> Json<'a> {
    pub(crate) fn parse(source: &'a str) -> Result<Self, Unreadable> {
        let mut scanner = Scanner { source, place: 0 };
        let mut tokens = Vec::with_capacity(source.len() / 12 + 4);
        // The containers that are open: place of the token, and whether it is an object.
        let mut open: Vec<(usize, bool)> = Vec::new();
        let mut expected = Expected::Value;
        loop {
            if tokens.len() >= MAX_TOKENS {
                return Err(Unreadable::TooLarge);
            }
            let byte = scanner.next_byte().ok_or(Unreadable::Malformed)?;
            match (byte, expected) {
                (b']' | b'}', Expected::ValueOrEnd | Expected::KeyOrEnd | Expected::CommaOrEnd) => {
                    let (place, is_object) = open.pop().ok_or(Unreadable::Malformed)?;
                    if is_object != (byte == b'}') {
                        return Err(Unreadable::Malformed);
                    }
                    let end = tokens.len();
                    tokens[place] = if is_object { Token::Object { end } } else { Token::Array { end } };
                }
                (b',', Expected::CommaOrEnd) => {
                    let in_object = open.last().is_some_and(|&(_, is_object)| is_object);
                    expected = if in_object { Expected::Key } else { Expected::Value };
                    continue;
                }
                (b'"', Expected::Key | Expected::KeyOrEnd) => {
                    tokens.push(Token::Text(scanner.string().ok_or(Unreadable::Malformed)?));
                    if scanner.next_byte() != Some(b':') {
                        return Err(Unreadable::Malformed);
                    }
                    expected = Expected::Value;
                    continue;
                }
                (b'{' | b'[', Expected::Value | Expected::ValueOrEnd) => {
                    let is_object = byte == b'{';
                    open.push((tokens.len(), is_object));
                    tokens.push(Token::Null);
                    expected = if is_object { Expected::KeyOrEnd } else { Expected::ValueOrEnd };
                    continue;
                }
                (_, Expected::Value | Expected::ValueOrEnd) => {
                    tokens.push(scanner.scalar(byte).ok_or(Unreadable::Malformed)?);
                }
                _ => return Err(Unreadable::Malformed),
            }
            if open.is_empty() {
                // Only blanks may follow.
                return if scanner.next_byte().is_none() {
                    Ok(Self { tokens })
                } else {
                    Err(Unreadable::Malformed)
                };
            }
            expected = Expected::CommaOrEnd;
        }
    }

    pub(crate) fn token(&self, value: usize) -> Option<&Token<'a>> {
        self.tokens.get(value)
    }

    /// The place behind a value.
    pub(crate) fn after(&self, value: usize) -> usize {
        match self.tokens.get(value) {
            Some(Token::Object { end } | Token::Array { end }) => *end,
            _ => value + 1,
        }
    }

    /// The values of an array.
    pub(crate) fn items(&self, array: usize) -> impl Iterator<Item = usize> + '_ {
        let end = match self.tokens.get(array) {
            Some(Token::Array { end }) => *end,
            _ => 0,
        };
        let mut next = array + 1;
        std::iter::from_fn(move || {
            let value = next;
            next = self.after(value);
            (value < end).then_some(value)
        })
    }

    /// The keys and values of an object.
    pub(crate) fn fields(&self, object: usize) -> impl Iterator<Item = (&str, usize)> + '_ {
        let end = match self.tokens.get(object) {
            Some(Token::Object { end }) => *end,
            _ => 0,
        };
        let mut next = object + 1;
        std::iter::from_fn(move || {
            if next >= end {
                return None;
            }
            let Some(Token::Text(key)) = self.tokens.get(next) else { return None };
            let value = next + 1;
            next = self.after(value);
            Some((&**key, value))
        })
    }

    /// The value of an object's field.
    pub(crate) fn field(&self, object: Option<usize>, key: &str) -> Option<usize> {
        self.fields(object?).find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// A field that is text, and not empty.
    pub(crate) fn text(&self, object: Option<usize>, key: &str) -> Option<&str> {
        self.string(self.field(object, key)?).filter(|text| !text.is_empty())
    }

    /// A string value.
    pub(crate) fn string(&self, value: usize) -> Option<&str> {
        match self.tokens.get(value) {
            Some(Token::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A string or number value, as third-party writers mix them up.
    pub(crate) fn scalar(&self, object: Option<usize>, key: &str) -> Option<&str> {
        match self.tokens.get(self.field(object, key)?) {
            Some(Token::Text(text)) => Some(text),
            Some(Token::Number(number)) => Some(number),
            _ => None,
        }
    }

    /// A field that is a whole number, or text that reads as one.
    pub(crate) fn number<N: std::str::FromStr>(&self, object: Option<usize>, key: &str) -> Option<N> {
        self.scalar(object, key)?.parse().ok()
    }
}

struct Scanner<'a> {
    source: &'a str,
    place: usize,
}

impl<'a> Scanner<'a> {
    /// The next byte that is no blank.
    fn next_byte(&mut self) -> Option<u8> {
        let bytes = self.source.as_bytes();
        while let Some(&byte) = bytes.get(self.place) {
            self.place += 1;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
        }
        None
    }

    fn scalar(&mut self, first: u8) -> Option<Token<'a>> {
        let start = self.place - 1;
        match first {
            b'"' => self.string().map(Token::Text),
            b't' => self.word(start, "true").then_some(Token::Bool),
            b'f' => self.word(start, "false").then_some(Token::Bool),
            b'n' => self.word(start, "null").then_some(Token::Null),
            b'-' | b'0'..=b'9' => {
                let rest = &self.source.as_bytes()[self.place..];
                let is_part = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
                self.place += rest.iter().take_while(is_part).count();
                Some(Token::Number(&self.source[start..self.place]))
            }
            _ => None,
        }
    }

    fn word(&mut self, start: usize, word: &str) -> bool {
        self.place = start + word.len();
        self.source.get(start..self.place) == Some(word)
    }

    /// The string whose opening quote was just read.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        let start = self.place;
        let length = self.run()?;
        if self.source.as_bytes().get(start + length) == Some(&b'"') {
            self.place = start + length + 1;
            return Some(Cow::Borrowed(&self.source[start..start + length]));
        }
        let mut text = String::with_capacity(length * 2);
        loop {
            let start = self.place;
            let length = self.run()?;
            text.push_str(&self.source[start..start + length]);
            self.place = start + length + 1;
            if self.source.as_bytes()[start + length] == b'"' {
                return Some(Cow::Owned(text));
            }
            text.push(self.escape()?);
        }
    }

    /// How many bytes there are up to the next quote or backslash.
    fn run(&self) -> Option<usize> {
        self.source.as_bytes()[self.place..].iter().position(|byte| matches!(byte, b'"' | b'\\'))
    }

    /// The character of the escape whose backslash was just read.
    fn escape(&mut self) -> Option<char> {
        let byte = *self.source.as_bytes().get(self.place)?;
        self.place += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.hex()?;
                if !(0xd800..0xdc00).contains(&unit) {
                    return Some(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                // Half of a pair alone is no character.
                let rest = self.place;
                if self.source.as_bytes()[rest..].starts_with(b"\\u") {
                    self.place += 2;
                    let low = self.hex()?;
                    if (0xdc00..0xe000).contains(&low) {
                        return char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
                    }
                    self.place = rest;
                }
                char::REPLACEMENT_CHARACTER
            }
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.source.get(self.place..self.place + 4)?;
        self.place += 4;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        u32::from_str_radix(digits, 16).ok()
    }
}
