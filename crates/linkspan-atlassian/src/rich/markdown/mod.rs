//! The Markdown writer: CommonMark with tables, strikethrough and task lists as GitHub writes them. What Markdown has no
//! words for (a table with spans, underlined text) is written as the HTML that Markdown allows.

mod escape;
mod inline;
mod table;

use super::document::{Block, Document, Event, ItemKind, ListKind, PanelKind};
use inline::Piece;

/// What goes between what was written and what comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    /// The next block starts where the writer stands: at the start, or behind a marker.
    None,
    Line,
    Blank,
}

struct List {
    /// The number of the next item, for an ordered list.
    number: Option<u32>,
    marker: char,
    has_items: bool,
}

pub(crate) struct MarkdownWriter {
    out: String,
    gap: Gap,
    /// What every line starts with here: quote marks and the indentation of list items.
    prefix: String,
    /// The length of the prefix before each block that made it longer.
    prefixes: Vec<usize>,
    lists: Vec<List>,
    /// The marker of the list that ended just here: one more of the same kind must look different to be its own list.
    ended: Option<char>,
    /// Whether a paragraph ended just here.
    after_paragraph: bool,
    table: Option<Table>,
    /// Where the inlines of the open leaf start.
    leaf: usize,
    /// Reused from leaf to leaf.
    pieces: Vec<Piece>,
}

/// The outermost table that is being written; events inside do not concern the block writer.
enum Table {
    /// Ends at this `Open`; copies what the HTML writer has written since.
    Html {
        open: usize,
        start: usize,
    },
    Pipes {
        open: usize,
        columns: usize,
        cells: usize,
        header_due: bool,
    },
}

impl MarkdownWriter {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            out: String::with_capacity(capacity),
            gap: Gap::None,
            prefix: String::new(),
            prefixes: Vec::new(),
            lists: Vec::new(),
            ended: None,
            after_paragraph: false,
            table: None,
            leaf: 0,
            pieces: Vec::new(),
        }
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }

    /// Takes the event at `place`, after the HTML writer has. `html` is what that one has written, `before` how much of
    /// it was written before this event.
    pub(crate) fn event(&mut self, document: &Document<'_>, place: usize, html: &str, before: usize) {
        let Some(event) = document.events.get(place) else { return };
        if self.table.is_some() {
            self.table_event(document, place, html);
            return;
        }
        match event {
            Event::Open(block) => self.open(document, block, place, before),
            Event::Close(open) => {
                if let Some(Event::Open(block)) = document.events.get(*open) {
                    self.close(document, block, place);
                }
            }
            // Written when their leaf ends: emphasis needs to see what follows.
            Event::Inline(..) => {}
        }
    }

    fn open(&mut self, document: &Document<'_>, block: &Block<'_>, place: usize, html_before: usize) {
        match block {
            Block::Paragraph | Block::Tight | Block::Heading(_) | Block::Code { .. } => self.leaf = place + 1,
            Block::Rule => {
                // Behind a list marker, hyphens or asterisks would make the whole line the rule.
                let rule = if self.gap == Gap::None { "___" } else { "---" };
                self.start();
                self.out.push_str(rule);
            }
            Block::Quote => self.open_quote(),
            Block::Panel { kind, title } => {
                self.open_quote();
                if let Some(alert) = alert(*kind) {
                    self.out.push_str(alert);
                    self.gap = Gap::Line;
                }
                if let Some(title) = title {
                    self.title(title);
                }
            }
            Block::Expand { title: Some(title) } => self.title(title),
            Block::List(kind) => self.open_list(document, *kind, place),
            Block::Item(kind) => self.open_item(*kind),
            Block::Table => {
                self.start();
                self.table = Some(match table::columns(document, place) {
                    Some(columns) => {
                        let header_due = !table::starts_with_headers(document, place);
                        Table::Pipes { open: place, columns, cells: 0, header_due }
                    }
                    None => Table::Html { open: place, start: html_before },
                });
            }
            // Rows and cells are always inside of a table; the others show only what they hold.
            Block::Row | Block::Cell { .. } | Block::Section | Block::Expand { title: None } => {}
        }
    }

    fn close(&mut self, document: &Document<'_>, block: &Block<'_>, place: usize) {
        match block {
            Block::Paragraph | Block::Tight => self.paragraph(document, place),
            Block::Heading(level) => self.heading(document, *level, place),
            Block::Code { language } => self.code(document, language.as_deref(), place),
            Block::Rule => self.gap = Gap::Blank,
            Block::Quote | Block::Panel { .. } => {
                self.shorten_prefix();
                self.gap = Gap::Blank;
            }
            Block::List(_) => {
                self.ended = self.lists.pop().filter(|list| list.has_items).map(|list| list.marker);
                self.gap = Gap::Blank;
            }
            Block::Item(_) => {
                // Readers disagree on where an item ends that holds nothing.
                if self.gap == Gap::None {
                    self.out.push_str("<br>");
                }
                self.shorten_prefix();
                self.gap = Gap::Line;
            }
            Block::Section | Block::Expand { .. } | Block::Table | Block::Row | Block::Cell { .. } => {}
        }
    }

    fn paragraph(&mut self, document: &Document<'_>, end: usize) {
        let inlines = &document.events[self.leaf..end];
        let mut pieces = std::mem::take(&mut self.pieces);
        inline::split(inlines, &mut pieces);
        if !pieces.is_empty() {
            self.start();
            inline::write(
                &mut self.out,
                &pieces,
                document,
                self.leaf,
                inline::Place::Paragraph { prefix: &self.prefix },
            );
            self.gap = Gap::Blank;
            self.after_paragraph = true;
        }
        self.pieces = pieces;
    }

    fn heading(&mut self, document: &Document<'_>, level: u8, end: usize) {
        let inlines = &document.events[self.leaf..end];
        let mut pieces = std::mem::take(&mut self.pieces);
        inline::split(inlines, &mut pieces);
        if !pieces.is_empty() {
            self.start();
            self.out.extend(std::iter::repeat_n('#', usize::from(level.clamp(1, 6))));
            self.out.push(' ');
            inline::write(&mut self.out, &pieces, document, self.leaf, inline::Place::Heading);
            self.gap = Gap::Blank;
        }
        self.pieces = pieces;
    }

    fn code(&mut self, document: &Document<'_>, language: Option<&str>, end: usize) {
        self.start();
        let texts = || {
            document.events[self.leaf..end].iter().filter_map(|event| match event {
                Event::Inline(inline, _) => Some(inline.spoken()),
                _ => None,
            })
        };
        let fence = escape::longest_run(texts(), '`').max(2) + 1;
        self.out.extend(std::iter::repeat_n('`', fence));
        self.out.push_str(language.unwrap_or_default());
        self.out.push('\n');
        self.out.push_str(&self.prefix);
        for text in texts() {
            let mut lines = text.split('\n');
            self.out.push_str(lines.next().unwrap_or_default());
            for line in lines {
                self.out.push('\n');
                self.out.push_str(&self.prefix);
                self.out.push_str(line);
            }
        }
        self.out.push('\n');
        self.out.push_str(&self.prefix);
        self.out.extend(std::iter::repeat_n('`', fence));
        self.gap = Gap::Blank;
    }

    /// A bold line: the title of a panel or expand.
    fn title(&mut self, title: &str) {
        if title.trim().is_empty() {
            return;
        }
        self.start();
        self.out.push_str("**");
        escape::text(&mut self.out, title.trim(), escape::Context::default());
        self.out.push_str("**");
        self.gap = Gap::Blank;
    }

    fn open_quote(&mut self) {
        self.start();
        self.out.push_str("> ");
        self.prefixes.push(self.prefix.len());
        self.prefix.push_str("> ");
        self.gap = Gap::None;
    }

    fn open_list(&mut self, document: &Document<'_>, kind: ListKind, place: usize) {
        let number = match kind {
            ListKind::Ordered { start } => Some(start),
            _ => None,
        };
        // Right after a paragraph, only a list that starts with text, and with 1, is told from the paragraph's next line.
        let may_follow =
            number.is_none_or(|number| number == 1) && table::first_item_has_text(document, place);
        if !self.lists.is_empty() && self.after_paragraph && may_follow {
            self.gap = Gap::Line;
        }
        let usual = match number {
            Some(_) => '.',
            // As the first thing in an item: `- - -` would be a rule.
            None if self.gap == Gap::None && self.lists.last().is_some_and(|list| list.marker == '-') => '*',
            None => '-',
        };
        let marker = match self.ended {
            Some(ended) if ended == usual => match usual {
                '.' => ')',
                '*' => '-',
                _ => '+',
            },
            _ => usual,
        };
        self.lists.push(List { number, marker, has_items: false });
    }

    fn open_item(&mut self, kind: ItemKind) {
        if self.lists.last().is_some_and(|list| list.has_items) {
            self.gap = Gap::Line;
        }
        self.start();
        self.prefixes.push(self.prefix.len());
        let start = self.out.len();
        if let Some(list) = self.lists.last_mut() {
            list.has_items = true;
            if let Some(number) = &mut list.number {
                self.out.push_str(&number.to_string());
                // Nine digits are the most a list number may have.
                *number = (*number + 1).min(999_999_999);
            }
            self.out.push(list.marker);
            self.out.push(' ');
        }
        let width = self.out.len() - start;
        self.prefix.extend(std::iter::repeat_n(' ', width));
        match kind {
            ItemKind::Plain => {}
            ItemKind::Task { done: true } => self.out.push_str("[x] "),
            ItemKind::Task { done: false } => self.out.push_str("[ ] "),
            ItemKind::Decision => self.out.push_str("**Decision:** "),
        }
        self.gap = Gap::None;
    }

    fn shorten_prefix(&mut self) {
        if let Some(length) = self.prefixes.pop() {
            self.prefix.truncate(length);
        }
    }

    /// Writes the gap that is due and the prefix of the line that starts.
    fn start(&mut self) {
        self.ended = None;
        self.after_paragraph = false;
        match std::mem::replace(&mut self.gap, Gap::None) {
            Gap::None => return,
            Gap::Line => {}
            Gap::Blank => {
                self.out.push('\n');
                self.out.push_str(self.prefix.trim_end());
            }
        }
        self.out.push('\n');
        self.out.push_str(&self.prefix);
    }
}

fn alert(kind: PanelKind) -> Option<&'static str> {
    match kind {
        PanelKind::Info => Some("[!NOTE]"),
        PanelKind::Note => Some("[!IMPORTANT]"),
        PanelKind::Tip | PanelKind::Success => Some("[!TIP]"),
        PanelKind::Warning => Some("[!WARNING]"),
        PanelKind::Error => Some("[!CAUTION]"),
        PanelKind::Custom => None,
    }
}
