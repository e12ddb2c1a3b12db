//! The plain text writer: what a reader would read aloud. Text is copied as it is; marks add nothing.

use super::document::{Block, Document, Event, Inline, ItemKind, ListKind};

/// What goes between what was written and what comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    None,
    Line,
    Blank,
}

struct List {
    /// The number of the next item, for an ordered list.
    number: Option<u32>,
    has_items: bool,
}

pub(crate) struct TextWriter {
    out: String,
    gap: Gap,
    lists: Vec<List>,
    /// How many table cells the writer is in: a row stays on one line.
    cells: usize,
    /// Whether the row and the table being written have a cell and a row already.
    row_has_cells: bool,
    table_has_rows: bool,
}

impl TextWriter {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            out: String::with_capacity(capacity),
            gap: Gap::None,
            lists: Vec::new(),
            cells: 0,
            row_has_cells: false,
            table_has_rows: false,
        }
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }

    pub(crate) fn event(&mut self, document: &Document<'_>, event: &Event<'_>) {
        match event {
            Event::Open(block) => self.open(block),
            Event::Close(open) => {
                if let Some(Event::Open(block)) = document.events.get(*open) {
                    self.close(block);
                }
            }
            Event::Inline(inline, _) => self.inline(inline),
        }
    }

    fn open(&mut self, block: &Block<'_>) {
        match block {
            Block::Panel { title: Some(title), .. } | Block::Expand { title: Some(title) } => {
                self.start();
                self.out.push_str(title);
                self.gap = Gap::Line;
            }
            Block::List(kind) => {
                if !self.lists.is_empty() && self.gap == Gap::Blank {
                    self.gap = Gap::Line;
                }
                let number = match kind {
                    ListKind::Ordered { start } => Some(*start),
                    _ => None,
                };
                self.lists.push(List { number, has_items: false });
            }
            Block::Item(kind) => self.open_item(*kind),
            Block::Table => self.table_has_rows = false,
            Block::Row => {
                if self.table_has_rows {
                    self.gap = Gap::Line;
                }
                self.start();
                self.table_has_rows = true;
                self.row_has_cells = false;
            }
            Block::Cell { .. } => {
                if self.row_has_cells {
                    self.out.push_str(" | ");
                }
                self.row_has_cells = true;
                self.cells += 1;
                self.gap = Gap::None;
            }
            _ => {}
        }
    }

    fn open_item(&mut self, kind: ItemKind) {
        let depth = self.lists.len().saturating_sub(1);
        let mut number = None;
        if let Some(list) = self.lists.last_mut() {
            if list.has_items {
                self.gap = Gap::Line;
            }
            list.has_items = true;
            number = list.number;
            list.number = number.map(|number| number.saturating_add(1));
        }
        // As the first thing in another item, it goes on in its line.
        let starts_line = self.gap != Gap::None;
        self.start();
        if self.cells == 0 && starts_line {
            for _ in 0..depth {
                self.out.push_str("  ");
            }
        }
        match (kind, number) {
            (ItemKind::Task { done: true }, _) => self.out.push_str("[x] "),
            (ItemKind::Task { done: false }, _) => self.out.push_str("[ ] "),
            (ItemKind::Decision, _) => self.out.push_str("Decision: "),
            (ItemKind::Plain, None) => self.out.push_str("- "),
            (ItemKind::Plain, Some(number)) => {
                self.out.push_str(&number.to_string());
                self.out.push_str(". ");
            }
        }
    }

    fn close(&mut self, block: &Block<'_>) {
        match block {
            Block::Rule => {}
            Block::Cell { .. } => {
                self.cells -= 1;
                self.gap = Gap::None;
                self.row_has_cells = true;
            }
            Block::Row => {
                self.gap = Gap::Line;
                self.table_has_rows = true;
            }
            Block::List(_) => {
                self.lists.pop();
                self.gap = Gap::Blank;
            }
            _ => self.gap = Gap::Blank,
        }
    }

    fn inline(&mut self, inline: &Inline<'_>) {
        let spoken = inline.spoken();
        if spoken.is_empty() {
            return;
        }
        self.start();
        if self.cells > 0 && matches!(inline, Inline::Break) {
            self.out.push(' ');
            return;
        }
        self.out.push_str(spoken);
    }

    /// Writes the gap that is due.
    fn start(&mut self) {
        let gap = std::mem::replace(&mut self.gap, Gap::None);
        if self.out.is_empty() {
            return;
        }
        match gap {
            Gap::None => {}
            Gap::Line | Gap::Blank if self.cells > 0 => self.out.push(' '),
            Gap::Line => self.out.push('\n'),
            Gap::Blank => self.out.push_str("\n\n"),
        }
    }
}
