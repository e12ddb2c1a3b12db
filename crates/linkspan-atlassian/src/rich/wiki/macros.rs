//! Macros: `{code}`, `{quote}` and the like.

use super::super::document::{Block, Colour, Marks, PanelKind};
use super::{Level, Reader, Row};

/// A quote or panel that is open, or the text itself.
#[derive(Default)]
pub(super) struct Frame {
    /// The macro's name; empty for the text itself.
    name: &'static str,
    pub(super) lists: Vec<Level>,
    pub(super) table: bool,
    /// Whether a block is open that ends with the line.
    pub(super) leaf: bool,
    /// The row around the macro.
    row: Option<Row>,
    /// The marks around the macro.
    marks: Marks,
}

/// More frames inside each other than this are text: they could not be shown anyway.
const MAX_FRAMES: usize = super::super::MAX_DEPTH;

/// Longer parameters make no tag: looking for the end of each of many tags without one would be costly.
const MAX_TAG_BYTES: usize = 512;

/// A macro's tag: `{name:parameters}`.
struct Tag<'a> {
    name: &'static str,
    parameters: &'a str,
    length: usize,
}

const NAMES: [&str; 10] =
    ["code", "noformat", "quote", "panel", "info", "note", "tip", "warning", "color", "anchor"];

impl<'a> Tag<'a> {
    /// Reads the tag that `text` starts with.
    fn read(text: &'a str) -> Option<Self> {
        let inside = text.strip_prefix('{')?;
        let name = NAMES.into_iter().find(|name| {
            let is_name = inside.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
            is_name && matches!(inside.as_bytes().get(name.len()), Some(b'}' | b':'))
        })?;
        let rest = &inside[name.len()..];
        let reach = &rest.as_bytes()[..rest.len().min(MAX_TAG_BYTES)];
        let end =
            reach.iter().position(|byte| matches!(byte, b'}' | b'\n')).filter(|end| reach[*end] == b'}')?;
        Some(Self { name, parameters: rest[..end].trim_start_matches(':'), length: 1 + name.len() + end + 1 })
    }

    fn parameter(&self, name: &str) -> Option<&'a str> {
        let pairs = self.parameters.split('|').filter_map(|pair| pair.split_once('='));
        let mut values =
            pairs.filter(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim());
        values.next().filter(|value| !value.is_empty())
    }

    /// The first parameter that has no name.
    fn unnamed(&self) -> Option<&'a str> {
        self.parameters.split('|').map(str::trim).find(|part| !part.is_empty() && !part.contains('='))
    }
}

impl<'a> Reader<'a, '_> {
    /// Reads the macro that stands here, after writing `run`, the text before it; `false` if there is none.
    pub(super) fn macro_tag(&mut self, run: &'a str) -> bool {
        let Some(tag) = Tag::read(self.rest()) else { return false };
        match tag.name {
            "code" | "noformat" => self.verbatim_macro(&tag, run),
            "color" => {
                self.text(run, self.marks);
                self.place += tag.length;
                self.colour(tag.parameters);
                true
            }
            "anchor" => {
                self.text(run, self.marks);
                self.place += tag.length;
                true
            }
            _ => self.frame_macro(&tag, run),
        }
    }

    fn verbatim_macro(&mut self, tag: &Tag<'a>, run: &'a str) -> bool {
        let start = self.place + tag.length;
        let Some(length) = self.find_end(tag.name, start) else { return false };
        let code = &self.source[start..start + length];
        self.place = start + length + tag.name.len() + 2;
        let code = code.strip_prefix('\r').unwrap_or(code);
        let code = code.strip_prefix('\n').unwrap_or(code);
        let code = code.strip_suffix('\n').unwrap_or(code);
        let code = code.strip_suffix('\r').unwrap_or(code);
        self.text(run, self.marks);
        self.before_block();
        if let Some(title) = tag.parameter("title") {
            self.builder.open(Block::Paragraph);
            self.builder.text(title, Marks::default());
            self.builder.close();
        }
        let language =
            if tag.name == "code" { tag.unnamed().or_else(|| tag.parameter("language")) } else { None };
        self.builder.open(Block::Code { language: language.and_then(super::super::code_language) });
        self.builder.text(code, Marks::default());
        self.builder.close();
        self.after_block();
        true
    }

    /// A paragraph that a block interrupts ends; an item or cell takes the block in.
    fn before_block(&mut self) {
        self.break_due = false;
        if self.frame().lists.is_empty() && self.table.is_none() {
            self.builder.end_leaf();
        }
    }

    /// Behind a block's end tag, the rest of its line starts a new paragraph, if there is any.
    fn after_block(&mut self) {
        let line = self.line();
        if line.trim().is_empty() {
            self.place += line.len();
        }
    }

    /// Starts or ends a quote or panel.
    fn frame_macro(&mut self, tag: &Tag<'a>, run: &'a str) -> bool {
        let is_open = self.frames.iter().any(|frame| frame.name == tag.name);
        if is_open && tag.parameters.is_empty() {
            self.text(run, self.marks);
            self.place += tag.length;
            while self.frames.len() > 1 {
                let name = self.frame().name;
                self.end_frame();
                if name == tag.name {
                    break;
                }
            }
            self.after_block();
            return true;
        }
        let start = self.place + tag.length;
        if self.frames.len() >= MAX_FRAMES || self.find_end(tag.name, start).is_none() {
            return false;
        }
        self.text(run, self.marks);
        self.before_block();
        self.place = start;
        let title = tag.parameter("title").map(Into::into);
        self.builder.open(match tag.name {
            "quote" => Block::Quote,
            "info" => Block::Panel { kind: PanelKind::Info, title },
            "note" => Block::Panel { kind: PanelKind::Warning, title },
            "tip" => Block::Panel { kind: PanelKind::Success, title },
            "warning" => Block::Panel { kind: PanelKind::Error, title },
            _ => Block::Panel { kind: PanelKind::Custom, title },
        });
        let frame = Frame { name: tag.name, row: self.table.take(), marks: self.marks, ..Frame::default() };
        self.frames.push(frame);
        self.marks.flags = 0;
        // What stands behind the tag is a line of its own.
        self.after_block();
        if !self.line().is_empty() {
            self.start_line();
        }
        true
    }

    fn end_frame(&mut self) {
        if std::mem::take(&mut self.frame().leaf) {
            self.builder.close();
        }
        if let Some(row) = self.table.take() {
            if row.cell {
                self.builder.close();
            }
            self.builder.close();
        }
        self.end_blocks();
        let Some(frame) = self.frames.pop() else { return };
        self.table = frame.row;
        self.marks = Marks { flags: frame.marks.flags, ..self.marks };
        self.builder.close();
    }

    fn colour(&mut self, parameter: &str) {
        if parameter.is_empty() {
            self.marks.colour = self.colours.pop().flatten();
            return;
        }
        if self.colours.len() < MAX_FRAMES {
            self.colours.push(self.marks.colour);
        }
        self.marks.colour = Colour::parse(parameter);
        if self.marks.colour.is_none() {
            self.builder.lose("colour");
        }
    }

    /// How far from `start` the macro's end tag is.
    fn find_end(&mut self, name: &'static str, start: usize) -> Option<usize> {
        if self.unclosed.contains(&name) {
            return None;
        }
        let tag = format!("{{{name}}}");
        let rest = &self.source[start..];
        let is_tag = |place: &usize| {
            rest.get(*place..*place + tag.len()).is_some_and(|text| text.eq_ignore_ascii_case(&tag))
        };
        let found = rest.match_indices('{').map(|(place, _)| place).find(is_tag);
        if found.is_none() {
            self.unclosed.push(name);
        }
        found
    }
}
