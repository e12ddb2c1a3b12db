//! Confluence storage format: fragments of XHTML with `ac:` and `ri:` elements.
//!
//! A stream of XML events drives the builder; elements are matched leniently, since old pages hold markup that never was
//! well-formed. Blanks collapse as in HTML, except in code.

mod element;
mod island;
mod link;
mod macros;

use std::borrow::Cow;

use linkspan_model::rich::{RichFormat, RichText};
use quick_xml::Reader as XmlReader;
use quick_xml::escape::{resolve_html5_entity, unescape_with};
use quick_xml::events::{BytesStart, Event};

use super::builder::Builder;
use super::document::{Inline, Marks, Text};
use super::names::Names;
use super::render::render;
use island::Island;
use link::{Image, Link};
use macros::Macro;

/// After so many syntax errors the rest is taken as text: each one may cost a look through all that follows.
const MAX_ERRORS: usize = 64;

/// How far up an end tag looks for its start tag.
const MAX_SEARCH: usize = 256;

pub(crate) fn read(source: &str, names: &dyn Names) -> RichText {
    let mut reader = Reader {
        names,
        builder: Builder::new(),
        elements: Vec::new(),
        marks: Marks::default(),
        blank_due: false,
        skipping: 0,
        captures: Vec::new(),
        macros: Vec::new(),
        links: Vec::new(),
        images: Vec::new(),
        islands: Vec::new(),
        tasks_done: Vec::new(),
    };
    reader.document(source);
    render(RichFormat::Storage, reader.builder.finish(), source.len())
}

/// What the end of an element has to do, beside closing its blocks and restoring the marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Plain,
    /// Nothing inside is read.
    Skip,
    Parameter,
    Macro,
    MacroBody,
    Link,
    Image,
    Task,
    TaskStatus,
    Island,
    IslandAttribute,
}

struct Element {
    name: String,
    role: Role,
    blocks: u8,
    /// The marks outside of it.
    marks: Marks,
}

struct Reader<'a, 'n> {
    names: &'n dyn Names,
    builder: Builder<'a>,
    elements: Vec<Element>,
    marks: Marks,
    /// Whether a blank was read that shows only if something follows in the same block.
    blank_due: bool,
    /// How many elements that are not read are open.
    skipping: usize,
    /// Text that is a value, not content, is collected in the last of these.
    captures: Vec<String>,
    macros: Vec<Macro>,
    links: Vec<Link>,
    images: Vec<Image>,
    islands: Vec<Island>,
    tasks_done: Vec<bool>,
}

impl<'a> Reader<'a, '_> {
    fn document(&mut self, source: &'a str) {
        let mut rest = source;
        for _ in 0..MAX_ERRORS {
            match self.events(rest) {
                None => {
                    self.end_all();
                    return;
                }
                Some(place) => {
                    // What stands there is no markup: its first character is text, and reading goes on behind it.
                    self.builder.lose("malformed");
                    rest = &rest[place..];
                    let length = rest.chars().next().map_or(0, char::len_utf8);
                    self.text(Cow::Borrowed(&rest[..length]));
                    rest = &rest[length..];
                }
            }
        }
        self.text(Cow::Borrowed(rest));
        self.end_all();
    }

    /// Reads up to the end, or to a syntax error whose place is returned.
    fn events(&mut self, source: &'a str) -> Option<usize> {
        let mut xml = XmlReader::from_str(source);
        let config = xml.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        loop {
            let start = usize::try_from(xml.buffer_position()).unwrap_or(source.len());
            match xml.read_event() {
                Ok(Event::Eof) => return None,
                // `a < b` is no markup, nor is a tag that never ends before the next one starts.
                Ok(Event::Start(tag) | Event::Empty(tag)) if !is_tag(&tag) => return Some(start),
                Ok(Event::Start(tag)) => self.start(&tag),
                Ok(Event::Empty(tag)) => {
                    self.start(&tag);
                    self.end_last();
                }
                Ok(Event::End(tag)) => self.end(&tag.name().as_ref().to_ascii_lowercase()),
                Ok(Event::Text(text)) => self.text(text.into_inner()),
                Ok(Event::CData(text)) => self.verbatim(text.into_inner()),
                Ok(Event::GeneralRef(reference)) => self.reference(&reference.into_inner()),
                Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => {}
                Err(_) => {
                    let mut place = start.min(source.len().saturating_sub(1));
                    while !source.is_char_boundary(place) {
                        place -= 1;
                    }
                    return Some(place);
                }
            }
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>) {
        let name = tag.name().as_ref().to_ascii_lowercase();
        if self.skipping > 0 {
            self.push(&name, Role::Skip, 0);
            self.skipping += 1;
            return;
        }
        self.start_element(&name, tag);
    }

    fn push(&mut self, name: &str, role: Role, blocks: u8) {
        self.elements.push(Element { name: name.to_owned(), role, blocks, marks: self.marks });
    }

    fn skip(&mut self, name: &str) {
        self.push(name, Role::Skip, 0);
        self.skipping += 1;
    }

    /// Collects the text inside an element as a value.
    fn capture(&mut self, name: &str, role: Role) {
        self.push(name, role, 0);
        self.captures.push(String::new());
    }

    fn end(&mut self, name: &str) {
        let found = self.elements.iter().rev().take(MAX_SEARCH).position(|element| element.name == name);
        match found {
            Some(above) => {
                if above > 0 {
                    self.builder.lose("malformed");
                }
                for _ in 0..=above {
                    self.end_last();
                }
            }
            None => self.builder.lose("malformed"),
        }
    }

    fn end_all(&mut self) {
        if !self.elements.is_empty() {
            self.builder.lose("malformed");
        }
        while !self.elements.is_empty() {
            self.end_last();
        }
    }

    fn end_last(&mut self) {
        let Some(element) = self.elements.pop() else { return };
        match element.role {
            Role::Plain | Role::MacroBody => {}
            Role::Skip => self.skipping -= 1,
            Role::Parameter => self.end_parameter(),
            Role::Macro => self.end_macro(),
            Role::Link => self.end_link(),
            Role::Image => self.end_image(),
            Role::Task => {
                self.tasks_done.pop();
            }
            Role::TaskStatus => {
                let status = self.captures.pop().unwrap_or_default();
                if let Some(done) = self.tasks_done.last_mut() {
                    *done = status.trim() == "complete";
                }
            }
            Role::Island => self.end_island(),
            Role::IslandAttribute => self.end_island_attribute(),
        }
        self.marks = element.marks;
        if element.blocks > 0 {
            self.blank_due = false;
        }
        for _ in 0..element.blocks {
            self.builder.close();
        }
    }

    fn reference(&mut self, name: &str) {
        let text = match name.strip_prefix('#') {
            Some(number) => character_of(number).map(|character| Cow::Owned(character.to_string())),
            None => resolve_html5_entity(name).map(Cow::Borrowed),
        };
        match text {
            Some(text) => self.verbatim(text),
            None => self.verbatim(format!("&{name};").into()),
        }
    }

    /// Adds text whose blanks count as they are.
    fn verbatim(&mut self, text: Text<'a>) {
        if self.skipping > 0 {
            return;
        }
        if let Some(capture) = self.captures.last_mut() {
            capture.push_str(&text);
            return;
        }
        self.flush_blank();
        self.builder.text(text, self.marks);
    }

    /// Adds text whose blanks collapse.
    fn text(&mut self, text: Text<'a>) {
        if self.skipping > 0 || !self.captures.is_empty() || self.builder.in_code() {
            self.verbatim(text);
            return;
        }
        let is_blank = |character: char| matches!(character, ' ' | '\n' | '\r' | '\t');
        let trimmed = text.trim_matches(is_blank);
        if text.starts_with(is_blank) {
            self.blank_due = true;
        }
        if trimmed.is_empty() {
            return;
        }
        let blank_follows = text.ends_with(is_blank);
        let collapses = trimmed.contains(['\n', '\r', '\t']) || trimmed.contains("  ");
        let text = match text {
            _ if collapses => {
                let mut words = String::with_capacity(trimmed.len());
                for word in trimmed.split(is_blank).filter(|word| !word.is_empty()) {
                    if !words.is_empty() {
                        words.push(' ');
                    }
                    words.push_str(word);
                }
                Cow::Owned(words)
            }
            Cow::Borrowed(text) => Cow::Borrowed(text.trim_matches(is_blank)),
            Cow::Owned(_) => Cow::Owned(trimmed.to_owned()),
        };
        self.flush_blank();
        self.builder.text(text, self.marks);
        self.blank_due = blank_follows;
    }

    fn inline(&mut self, inline: Inline<'a>) {
        self.flush_blank();
        self.builder.inline(inline, self.marks);
    }

    fn flush_blank(&mut self) {
        if std::mem::take(&mut self.blank_due) && self.builder.leaf_has_content() {
            self.builder.text(" ", self.marks);
        }
    }

    /// Writes inlines into the paragraph that is open, or into one of their own.
    fn standing_alone(&mut self, write: impl FnOnce(&mut Self)) {
        if self.builder.in_leaf() {
            write(self);
            return;
        }
        self.builder.open(super::document::Block::Paragraph);
        write(self);
        self.builder.close();
    }
}

/// Whether the text between two angle brackets reads as a tag.
fn is_tag(tag: &BytesStart<'_>) -> bool {
    tag.starts_with(|first: char| first.is_ascii_alphabetic()) && !tag.contains('<')
}

/// The character of a numeric reference, given without `#`.
fn character_of(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    char::from_u32(code.ok()?)
}

/// An attribute's value, empty ones left out.
fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = tag.html_attributes();
    let mut found = attributes.with_checks(false).filter_map(Result::ok);
    let raw = found.find(|found| found.key.as_ref() == name)?.value;
    let value = unescape_with(&raw, resolve_html5_entity).map_or_else(|_| raw.to_string(), Cow::into_owned);
    (!value.is_empty()).then_some(value)
}
