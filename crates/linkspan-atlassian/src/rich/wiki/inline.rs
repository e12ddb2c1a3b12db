//! The inlines of one line.

use super::super::document::{Inline, Marks};
use super::super::{emoticons, url};
use super::Reader;

/// Emphasis: the delimiter and its mark.
const EMPHASIS: [(u8, u8); 6] = [
    (b'*', Marks::STRONG),
    (b'_', Marks::EM),
    (b'-', Marks::STRIKE),
    (b'+', Marks::UNDERLINE),
    (b'^', Marks::SUP),
    (b'~', Marks::SUB),
];

/// A longer text between double question marks is no citation.
const MAX_CITATION_BYTES: usize = 200;

/// Where the next end of each construct is in this line, as far as is known: looking for it again and again from every
/// possible start would take quadratic time.
#[derive(Default)]
pub(super) struct LineMemory {
    emphasis: [Known; EMPHASIS.len()],
    /// For `]`, `!` and `}}`.
    ends: [Known; 3],
}

/// What is known of the next end of a construct.
#[derive(Clone, Copy, Default)]
struct Known {
    /// The end of the line that this is about.
    line_end: usize,
    /// The place of the next end; `None` if there is none in the line.
    found: Option<usize>,
}

impl Known {
    /// Whether this answers for constructs that start before `start`, in the line that ends at `line_end`.
    fn answers(self, start: usize, line_end: usize) -> bool {
        self.line_end == line_end && line_end > 0 && self.found.is_none_or(|found| found >= start)
    }
}

#[derive(Clone, Copy)]
pub(super) enum End {
    Bracket,
    Exclamation,
    Braces,
}

impl<'a> Reader<'a, '_> {
    /// Reads up to the end of the line (or of the last line that a macro reaches into).
    pub(super) fn inlines(&mut self) {
        let mut start = self.place;
        while let Some(&byte) = self.source.as_bytes().get(self.place) {
            if byte == b'\n' || (byte == b'\r' && self.source[self.place..].starts_with("\r\n")) {
                break;
            }
            let (before, marks) = (self.place, self.marks);
            // What was passed over as text is written first if something else comes.
            let run = &self.source[start..before];
            if self.is_special(byte) && self.special(byte, run) {
                debug_assert!(self.place > before, "every construct has a length");
                start = self.place;
                continue;
            }
            self.marks = marks;
            self.place = before + 1;
            // Behind a character, not inside of it.
            while !self.source.is_char_boundary(self.place) {
                self.place += 1;
            }
        }
        self.write(start, self.place);
    }

    /// Writes a part of the source as text.
    fn write(&mut self, start: usize, end: usize) {
        if start < end {
            self.text(&self.source[start..end], self.marks);
        }
    }

    fn is_special(&self, byte: u8) -> bool {
        match byte {
            b'\\' | b'{' | b'[' | b'!' | b'*' | b'_' | b'-' | b'+' | b'^' | b'~' | b':' | b';' | b'('
            | b'<' | b'?' => true,
            b'h' | b'm' => !self.after_word(),
            b'|' => self.table.is_some(),
            _ => false,
        }
    }

    /// Reads the construct that stands here, after writing `run`, the text before it; `false` if there is none.
    fn special(&mut self, byte: u8, run: &'a str) -> bool {
        match byte {
            b'\\' => self.backslash(run),
            b'{' if self.rest().starts_with("{{") => self.monospaced(run),
            b'{' => self.macro_tag(run),
            b'[' => self.bracket(run),
            b'!' => self.image(run),
            b'|' => {
                self.text(run, self.marks);
                self.bar();
                true
            }
            b'h' | b'm' => self.bare_url(run),
            b':' | b';' | b'<' | b'(' => self.emoticon(run),
            b'?' => self.citation(run),
            _ => self.emphasis(byte, run),
        }
    }

    /// `\\` breaks the line; a backslash before punctuation makes it text.
    fn backslash(&mut self, run: &'a str) -> bool {
        let rest = self.rest();
        let count = rest.bytes().take_while(|byte| *byte == b'\\').count();
        if count == 2 && !run.ends_with(':') {
            self.text(run, self.marks);
            self.place += 2;
            // At the end of a line the line's own break is the one that shows.
            if !self.line().trim().is_empty() {
                self.inline(Inline::Break, self.marks);
            }
            return true;
        }
        let next = rest.as_bytes().get(1).copied().unwrap_or(b' ');
        if count == 1
            && matches!(
                next,
                b'*' | b'_'
                    | b'-'
                    | b'+'
                    | b'^'
                    | b'~'
                    | b'{'
                    | b'}'
                    | b'['
                    | b']'
                    | b'!'
                    | b'|'
                    | b'#'
                    | b'?'
                    | b'('
                    | b')'
            )
        {
            self.text(run, self.marks);
            self.text(&rest[1..2], self.marks);
            self.place += 2;
            return true;
        }
        if count > 1 {
            self.text(run, self.marks);
            self.text(&rest[..count], self.marks);
            self.place += count;
            return true;
        }
        false
    }

    fn monospaced(&mut self, run: &'a str) -> bool {
        let start = self.place + 2;
        let Some(end) = self.find(End::Braces, start) else { return false };
        let code = &self.source[start..end];
        if code.trim().is_empty() {
            return false;
        }
        self.text(run, self.marks);
        self.text(code, self.marks.with(Marks::CODE));
        self.place = end + 2;
        true
    }

    /// `??citation??`: its text is kept, in italics as Jira shows it.
    fn citation(&mut self, run: &'a str) -> bool {
        if !self.rest().starts_with("??") || self.after_word() {
            return false;
        }
        let rest = &self.line()[2..];
        let reach = &rest.as_bytes()[..rest.len().min(MAX_CITATION_BYTES)];
        let Some(length) = reach.windows(2).position(|pair| pair == b"??") else { return false };
        let text = &rest[..length];
        if text.is_empty() || text.starts_with([' ', '?']) || text.ends_with(' ') {
            return false;
        }
        self.text(run, self.marks);
        self.text(text, self.marks.with(Marks::EM));
        self.place += length + 4;
        true
    }

    fn emphasis(&mut self, byte: u8, run: &'a str) -> bool {
        let Some(kind) = EMPHASIS.iter().position(|(delimiter, _)| *delimiter == byte) else { return false };
        let flag = EMPHASIS[kind].1;
        if self.marks.has(flag) {
            if self.memory.emphasis[kind].found != Some(self.place) {
                return false;
            }
            self.text(run, self.marks);
            self.marks.flags &= !flag;
            self.place += 1;
            return true;
        }
        let next = self.source[self.place + 1..].chars().next().unwrap_or(' ');
        if self.after_word()
            || next.is_whitespace()
            || next == char::from(byte)
            || run.ends_with(char::from(byte))
        {
            return false;
        }
        if self.closer(kind, byte).is_none() {
            return false;
        }
        self.text(run, self.marks);
        self.marks.flags |= flag;
        self.place += 1;
        true
    }

    /// Where the emphasis that would start here ends.
    fn closer(&mut self, kind: usize, byte: u8) -> Option<usize> {
        let start = self.place + 2;
        let line_end = self.line_end();
        if !self.memory.emphasis[kind].answers(start, line_end) {
            let bytes = self.source.as_bytes();
            let ends = |place: &usize| {
                bytes[*place] == byte
                    && !bytes[*place - 1].is_ascii_whitespace()
                    && bytes[*place - 1] != byte
                    && bytes[*place - 1] != b'\\'
                    && !self.source[*place + 1..].chars().next().is_some_and(char::is_alphanumeric)
            };
            self.memory.emphasis[kind] = Known { line_end, found: (start..line_end).find(ends) };
        }
        self.memory.emphasis[kind].found
    }

    /// Where a construct that started before `start` ends in this line.
    pub(super) fn find(&mut self, end: End, start: usize) -> Option<usize> {
        let line_end = self.line_end();
        let slot = end as usize;
        if !self.memory.ends[slot].answers(start, line_end) {
            let pattern = ["]", "!", "}}"][slot];
            let line = self.source.get(start..line_end).unwrap_or_default();
            self.memory.ends[slot] =
                Known { line_end, found: line.find(pattern).map(|length| start + length) };
        }
        self.memory.ends[slot].found
    }

    /// An address in running text.
    fn bare_url(&mut self, run: &'a str) -> bool {
        let rest = self.rest();
        if !url::starts_like_one(rest) {
            return false;
        }
        let stops = |character: char| {
            character.is_whitespace() || matches!(character, '|' | '[' | ']' | '{' | '}' | '<' | '>' | '"')
        };
        let length = rest.find(stops).unwrap_or(rest.len());
        let ends_sentence = |character: char| match character {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' => true,
            ')' => !rest[..length].contains('('),
            _ => false,
        };
        let address = rest[..length].trim_end_matches(ends_sentence);
        if !url::starts_like_one(address) {
            return false;
        }
        self.text(run, self.marks);
        let link = self.builder.link(address.into(), None);
        self.text(address, Marks { link, ..self.marks });
        self.place += address.len();
        true
    }

    fn emoticon(&mut self, run: &'a str) -> bool {
        let Some((length, character)) = emoticons::at_start(self.rest()) else { return false };
        // In `f(x)` and `C:(` it is none.
        let free_before = self.character_before().is_none_or(char::is_whitespace);
        let free_after =
            self.rest()[length..].chars().next().is_none_or(|next| !next.is_alphanumeric() && next != '(');
        if !free_before || !free_after {
            return false;
        }
        self.text(run, self.marks);
        self.inline(Inline::Emoji(character.into()), self.marks);
        self.place += length;
        true
    }

    fn character_before(&self) -> Option<char> {
        self.source[..self.place].chars().next_back()
    }

    /// Whether a letter or digit stands right before.
    pub(super) fn after_word(&self) -> bool {
        self.character_before().is_some_and(char::is_alphanumeric)
    }
}
