//! Jira wiki markup, read as Jira reads it: line by line for blocks, left to right for inlines.
//!
//! Whatever is not certain to be markup is text: issues are full of log lines, generics and arithmetic that only look
//! like markup. Every look ahead is either within a line and remembered, or remembered as fruitless, so that reading is
//! linear.

mod inline;
mod link;
mod macros;
mod table;

use linkspan_model::rich::{RichFormat, RichText};

use super::builder::Builder;
use super::document::{Block, Inline, ItemKind, ListKind, Marks};
use super::names::Names;
use super::render::render;
use inline::LineMemory;
use macros::Frame;

/// A longer row of list markers is decoration.
const MAX_LIST_DEPTH: usize = 10;

pub(crate) fn read(source: &str, names: &dyn Names) -> RichText {
    let mut reader = Reader {
        source,
        names,
        builder: Builder::new(),
        place: 0,
        marks: Marks::default(),
        break_due: false,
        colours: Vec::new(),
        line_end: None,
        memory: LineMemory::default(),
        frames: vec![Frame::default()],
        unclosed: Vec::new(),
        table: None,
    };
    reader.lines();
    render(RichFormat::Wiki, reader.builder.finish(), source.len())
}

/// One level of the list that is open; its current item is open too.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Level {
    ordered: bool,
}

/// The table row that is open.
struct Row {
    /// Whether a cell is open.
    cell: bool,
}

struct Reader<'a, 'n> {
    source: &'a str,
    names: &'n dyn Names,
    builder: Builder<'a>,
    place: usize,
    marks: Marks,
    /// Whether a line end was read that shows only if more text follows in the same block.
    break_due: bool,
    /// The colours that surround the current one.
    colours: Vec<Option<super::document::Colour>>,
    /// Where a line ends: this one, unless the reader is past it.
    line_end: Option<usize>,
    memory: LineMemory,
    /// The quotes and panels that are open, the text itself first.
    frames: Vec<Frame>,
    /// Macros that are known to have no end in the rest of the text.
    unclosed: Vec<&'static str>,
    /// The row that is open; its table is that of the innermost frame.
    table: Option<Row>,
}

impl<'a> Reader<'a, '_> {
    fn rest(&self) -> &'a str {
        &self.source[self.place..]
    }

    /// The rest of the line, without its end.
    fn line(&mut self) -> &'a str {
        let end = self.line_end();
        &self.source[self.place..end]
    }

    /// Where the line ends.
    fn line_end(&mut self) -> usize {
        match self.line_end {
            Some(end) if end >= self.place => end,
            _ => {
                let rest = self.rest();
                let line =
                    rest.split_once('\n').map_or(rest, |(line, _)| line.strip_suffix('\r').unwrap_or(line));
                *self.line_end.insert(self.place + line.len())
            }
        }
    }

    /// Adds text to the current leaf.
    fn text(&mut self, text: &'a str, marks: Marks) {
        if text.is_empty() {
            return;
        }
        self.flush_break();
        self.builder.text(text, marks);
    }

    fn inline(&mut self, inline: Inline<'a>, marks: Marks) {
        self.flush_break();
        self.builder.inline(inline, marks);
    }

    fn flush_break(&mut self) {
        if std::mem::take(&mut self.break_due) && self.builder.in_leaf() {
            self.builder.inline(Inline::Break, Marks::default());
        }
    }

    fn lines(&mut self) {
        while self.place < self.source.len() {
            self.start_line();
            self.inlines();
            self.end_line();
        }
    }

    /// Opens the blocks that the line starts and steps over their markers.
    fn start_line(&mut self) {
        let line = self.line();
        let trimmed = line.trim_start();
        if trimmed.is_empty() {
            self.end_blocks();
            self.place += line.len();
            return;
        }
        let indentation = line.len() - trimmed.len();
        if self.start_row(trimmed, indentation) {
            return;
        }
        if let Some((marker, ordered)) = list_marker(trimmed) {
            self.end_table();
            self.place += indentation + marker + 1;
            self.item(&ordered);
            return;
        }
        if trimmed.len() >= 4 && trimmed.trim_end().bytes().all(|byte| byte == b'-') {
            self.end_blocks();
            self.builder.rule();
            self.place += line.len();
            return;
        }
        if let Some((level, marker)) = heading(trimmed) {
            self.end_blocks();
            self.builder.open(Block::Heading(level));
            self.frame().leaf = true;
            self.place += indentation + marker;
            return;
        }
        if let Some(quoted) = trimmed.strip_prefix("bq. ") {
            self.end_blocks();
            self.builder.open(Block::Quote);
            self.frame().leaf = true;
            self.place += line.len() - quoted.len();
            return;
        }
        self.end_table();
        // One more line of the same paragraph or item.
        if self.builder.leaf_has_content() {
            self.break_due = true;
        }
    }

    /// Ends what ends with its line.
    fn end_line(&mut self) {
        self.step_over_line_end();
        // Emphasis does not reach over lines; colour does.
        self.marks.flags = 0;
        if std::mem::take(&mut self.frame().leaf) {
            self.builder.close();
        }
        self.end_row();
    }

    fn step_over_line_end(&mut self) {
        let rest = self.rest();
        self.place += if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
    }

    fn frame(&mut self) -> &mut Frame {
        if self.frames.is_empty() {
            self.frames.push(Frame::default());
        }
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    /// Ends the paragraph, lists and table of the innermost frame.
    fn end_blocks(&mut self) {
        self.break_due = false;
        self.end_table();
        self.end_lists(0);
        self.builder.end_leaf();
    }

    fn end_lists(&mut self, keep: usize) {
        while self.frame().lists.len() > keep {
            self.frame().lists.pop();
            // The item, and the list.
            self.builder.close();
            self.builder.close();
        }
    }

    fn item(&mut self, ordered: &[bool]) {
        self.break_due = false;
        let lists = &self.frame().lists;
        let same =
            lists.iter().zip(ordered).take_while(|(level, ordered)| level.ordered == **ordered).count();
        self.end_lists(same);
        if same == ordered.len() {
            self.builder.close();
            self.builder.open(Block::Item(ItemKind::Plain));
            return;
        }
        if same == 0 {
            self.builder.end_leaf();
        }
        for &ordered in &ordered[same..] {
            let kind = if ordered { ListKind::Ordered { start: 1 } } else { ListKind::Bullet };
            self.builder.open_list(kind);
            self.builder.open(Block::Item(ItemKind::Plain));
            self.frame().lists.push(Level { ordered });
        }
    }
}

/// The list marker that a line starts with: its length, and for each level whether it is numbered.
fn list_marker(line: &str) -> Option<(usize, Vec<bool>)> {
    let marker = line.bytes().take_while(|byte| matches!(byte, b'*' | b'#' | b'-')).count();
    if marker == 0 || marker > MAX_LIST_DEPTH || line.as_bytes().get(marker) != Some(&b' ') {
        return None;
    }
    if line[marker..].trim().is_empty() {
        return None;
    }
    Some((marker, line[..marker].bytes().map(|byte| byte == b'#').collect()))
}

/// The level of the heading that a line is, and the length of its marker.
fn heading(line: &str) -> Option<(u8, usize)> {
    let bytes = line.as_bytes();
    match bytes {
        [b'h', level @ b'1'..=b'6', b'.', b' ' | b'\t', ..] => Some((level - b'0', 4)),
        _ => None,
    }
}
