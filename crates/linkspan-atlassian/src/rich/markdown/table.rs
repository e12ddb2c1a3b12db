//! Tables: pipes where Markdown can, else the HTML writer's table.

use super::super::document::{Block, Document, Event};
use super::{Gap, MarkdownWriter, Table, inline};

/// How many columns the table opened at `open` has, when it can be written with pipes: no spans, and in every cell at
/// most one paragraph.
pub(super) fn columns(document: &Document<'_>, open: usize) -> Option<usize> {
    let mut columns = 0;
    let mut cells = 0;
    let mut leaves = 0;
    for event in &document.events[open + 1..] {
        match event {
            Event::Open(Block::Row) => cells = 0,
            Event::Open(Block::Cell { columns: 1, rows: 1, .. }) => {
                cells += 1;
                leaves = 0;
                columns = columns.max(cells);
            }
            Event::Open(Block::Paragraph | Block::Tight) if leaves == 0 => leaves = 1,
            Event::Open(_) => return None,
            Event::Close(end) if *end == open => return (columns > 0).then_some(columns),
            Event::Close(_) | Event::Inline(..) => {}
        }
    }
    None
}

/// Whether all cells of the first row are header cells.
pub(super) fn starts_with_headers(document: &Document<'_>, open: usize) -> bool {
    let mut found = false;
    for event in &document.events[open + 1..] {
        match event {
            Event::Open(Block::Cell { header, .. }) => {
                if !header {
                    return false;
                }
                found = true;
            }
            Event::Close(end)
                if matches!(document.events.get(*end), Some(Event::Open(Block::Row | Block::Table))) =>
            {
                return found;
            }
            _ => {}
        }
    }
    found
}

/// Whether the first item of the list opened at `open` starts with an inline.
pub(super) fn first_item_has_text(document: &Document<'_>, open: usize) -> bool {
    for event in &document.events[open + 1..] {
        match event {
            Event::Open(Block::Item(_) | Block::Paragraph | Block::Tight) => {}
            Event::Inline(inline, _) => return !inline.spoken().trim().is_empty(),
            _ => return false,
        }
    }
    false
}

impl MarkdownWriter {
    /// Takes an event inside the outermost table.
    pub(super) fn table_event(&mut self, document: &Document<'_>, place: usize, html: &str) {
        match &mut self.table {
            Some(Table::Html { open, start }) => {
                if !matches!(document.events.get(place), Some(Event::Close(end)) if end == open) {
                    return;
                }
                // A blank line would end the table: line ends, which only code has, are written as references.
                for (place, line) in html[*start..].split('\n').enumerate() {
                    if place > 0 {
                        self.out.push_str("&#10;");
                    }
                    self.out.push_str(line);
                }
            }
            Some(Table::Pipes { open, columns, cells, header_due }) => match document.events.get(place) {
                Some(Event::Open(Block::Row)) => {
                    if *header_due {
                        self.out.extend(std::iter::repeat_n("|  ", *columns));
                        self.out.push('|');
                        delimiter_row(&mut self.out, &self.prefix, *columns);
                        *header_due = false;
                        self.gap = Gap::Line;
                    }
                    if self.gap == Gap::Line {
                        self.out.push('\n');
                        self.out.push_str(&self.prefix);
                    }
                    *cells = 0;
                    self.out.push('|');
                    return;
                }
                Some(Event::Open(Block::Paragraph | Block::Tight)) => {
                    self.leaf = place + 1;
                    return;
                }
                Some(Event::Close(end)) => match document.events.get(*end) {
                    Some(Event::Open(Block::Paragraph | Block::Tight)) => {
                        self.out.push(' ');
                        let inlines = &document.events[self.leaf..place];
                        inline::split(inlines, &mut self.pieces);
                        inline::write(&mut self.out, &self.pieces, document, self.leaf, inline::Place::Cell);
                        return;
                    }
                    Some(Event::Open(Block::Cell { .. })) => {
                        self.out.push_str(" |");
                        *cells += 1;
                        return;
                    }
                    Some(Event::Open(Block::Row)) => {
                        self.out.extend(std::iter::repeat_n("  |", columns.saturating_sub(*cells)));
                        if self.gap == Gap::None {
                            delimiter_row(&mut self.out, &self.prefix, *columns);
                            self.gap = Gap::Line;
                        }
                        return;
                    }
                    _ if end == open => {}
                    _ => return,
                },
                _ => return,
            },
            None => return,
        }
        self.table = None;
        self.gap = Gap::Blank;
    }
}

fn delimiter_row(out: &mut String, prefix: &str, columns: usize) {
    out.push('\n');
    out.push_str(prefix);
    out.extend(std::iter::repeat_n("| --- ", columns));
    out.push('|');
}
