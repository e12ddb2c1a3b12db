//! Builds a [`Document`], making it well-formed whatever a source says.
//!
//! The builder is where "never failing" lives: content that stands where it cannot (text in a table, a list in a
//! paragraph, an item without a list) is given the blocks it misses or freed of the ones that cannot be, and what is
//! nested deeper than [`MAX_DEPTH`] loses its frames but not its text.

use std::borrow::Cow;

use super::MAX_DEPTH;
use super::document::{Block, Document, Event, Inline, ItemKind, Link, ListKind, Marks, Text};
use super::url;

/// What a block may hold and where it may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Leaf,
    Code,
    Frame,
    List,
    Item,
    Table,
    Row,
    Cell,
}

impl Shape {
    fn of(block: &Block<'_>) -> Self {
        match block {
            Block::Paragraph | Block::Tight | Block::Heading(_) | Block::Rule => Self::Leaf,
            Block::Code { .. } => Self::Code,
            Block::Quote | Block::Panel { .. } | Block::Expand { .. } | Block::Section => Self::Frame,
            Block::List(_) => Self::List,
            Block::Item(_) => Self::Item,
            Block::Table => Self::Table,
            Block::Row => Self::Row,
            Block::Cell { .. } => Self::Cell,
        }
    }

    /// How many levels below it a block of this shape needs before text can stand in it. A list that has no room for
    /// its items is no list.
    fn levels(self) -> usize {
        match self {
            Self::Leaf | Self::Code => 0,
            Self::Frame | Self::Item | Self::Cell => 1,
            Self::List | Self::Row => 2,
            Self::Table => 3,
        }
    }
}

struct Open {
    shape: Shape,
    event: usize,
    /// Made by the builder: ends when something comes that does not fit in.
    implied: bool,
}

/// What the last inline of the current leaf leaves behind, to keep words apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    Free,
    Word,
    Apart,
}

/// See the module's documentation.
pub(crate) struct Builder<'a> {
    document: Document<'a>,
    /// The blocks that are open: at most [`MAX_DEPTH`] and a leaf.
    blocks: Vec<Open>,
    /// For each `open` that waits for its `close`: how many blocks were open before it.
    levels: Vec<u32>,
    edge: Edge,
}

impl<'a> Builder<'a> {
    pub(crate) fn new() -> Self {
        Self { document: Document::default(), blocks: Vec::new(), levels: Vec::new(), edge: Edge::Free }
    }

    pub(crate) fn lose(&mut self, what: &str) {
        self.document.losses.add(what);
    }

    /// Opens a block; [`Self::close`] ends it, whether it could be made or not.
    pub(crate) fn open(&mut self, block: Block<'a>) {
        let shape = Shape::of(&block);
        if self.in_code() {
            self.push_level();
            return;
        }
        self.end_leaf();
        self.end_implied_before(shape);
        self.push_level();
        if !self.fits(shape) {
            return;
        }
        self.imply_parents(shape);
        self.push(block, false);
    }

    /// Ends what the matching [`Self::open`] opened.
    pub(crate) fn close(&mut self) {
        let Some(level) = self.levels.pop() else { return };
        while self.blocks.len() > level as usize {
            self.pop();
        }
    }

    /// A block that cannot hold anything.
    pub(crate) fn rule(&mut self) {
        self.open(Block::Rule);
        self.close();
    }

    /// Ends the paragraph that inlines have opened by themselves, if any.
    pub(crate) fn end_leaf(&mut self) {
        if self.blocks.last().is_some_and(|open| open.shape == Shape::Leaf) {
            self.pop();
        }
    }

    /// Whether an inline would continue a leaf block that is open.
    pub(crate) fn in_leaf(&self) -> bool {
        self.blocks.last().is_some_and(|open| matches!(open.shape, Shape::Leaf | Shape::Code))
    }

    pub(crate) fn in_code(&self) -> bool {
        self.blocks.last().is_some_and(|open| open.shape == Shape::Code)
    }

    /// Whether the current leaf has content already.
    pub(crate) fn leaf_has_content(&self) -> bool {
        self.in_leaf() && matches!(self.document.events.last(), Some(Event::Inline(..)))
    }

    /// Registers a link's target. Returns 0, and records the loss, for a target that is not safe to follow.
    pub(crate) fn link(&mut self, href: Text<'a>, title: Option<Text<'a>>) -> u32 {
        let Some(href) = url::safe(href) else {
            self.lose("link target");
            return 0;
        };
        let link = Link { href, title };
        if self.document.links.last() != Some(&link) {
            self.document.links.push(link);
        }
        u32::try_from(self.document.links.len()).unwrap_or(0)
    }

    /// Registers the target that a name was resolved to; one that was not is a loss.
    pub(crate) fn link_to(&mut self, resolved: Option<String>) -> u32 {
        if let Some(href) = resolved {
            return self.link(href.into(), None);
        }
        self.lose("link target");
        0
    }

    /// Adds text; line ends in it become breaks, except in a code block.
    pub(crate) fn text(&mut self, text: impl Into<Text<'a>>, marks: Marks) {
        let text = text.into();
        if !text.bytes().any(|byte| matches!(byte, b'\n' | b'\r')) {
            self.inline(Inline::Text(text), marks);
        } else if self.in_code() {
            let text = if text.contains('\r') {
                text.replace("\r\n", "\n").replace('\r', "\n").into()
            } else {
                text
            };
            self.inline(Inline::Text(text), marks);
        } else {
            match text {
                Cow::Borrowed(text) => self.lines(text, marks, Cow::Borrowed),
                Cow::Owned(text) => self.lines(&text, marks, |line| Cow::Owned(line.to_owned())),
            }
        }
    }

    fn lines<'t>(&mut self, text: &'t str, marks: Marks, keep: impl Fn(&'t str) -> Text<'a>) {
        let mut rest = text;
        while let Some(end) = rest.find(['\n', '\r']) {
            self.inline(Inline::Text(keep(&rest[..end])), marks);
            self.inline(Inline::Break, marks);
            rest = &rest[end + if rest[end..].starts_with("\r\n") { 2 } else { 1 }..];
        }
        self.inline(Inline::Text(keep(rest)), marks);
    }

    /// Adds an inline, opening a paragraph for it where none is open.
    pub(crate) fn inline(&mut self, inline: Inline<'a>, marks: Marks) {
        if matches!(&inline, Inline::Text(text) if text.is_empty()) {
            return;
        }
        if self.in_code() {
            let text = match inline {
                Inline::Text(text) => text,
                other => Cow::Owned(other.spoken().to_owned()),
            };
            self.document.events.push(Event::Inline(Inline::Text(text), Marks::default()));
            return;
        }
        if !self.in_leaf() {
            self.open_leaf();
        }
        self.keep_words_apart(&inline);
        self.document.events.push(Event::Inline(inline, marks));
    }

    /// Ends everything that is open.
    pub(crate) fn finish(mut self) -> Document<'a> {
        while !self.blocks.is_empty() {
            self.pop();
        }
        self.document
    }

    fn keep_words_apart(&mut self, inline: &Inline<'a>) {
        let next = match inline {
            Inline::Text(text) => {
                let starts_with_word = text.chars().next().is_some_and(char::is_alphanumeric);
                if self.edge == Edge::Apart && starts_with_word {
                    self.space();
                }
                if text.chars().next_back().is_some_and(char::is_alphanumeric) {
                    Edge::Word
                } else {
                    Edge::Free
                }
            }
            inline if inline.stands_apart() => {
                if self.edge != Edge::Free {
                    self.space();
                }
                Edge::Apart
            }
            _ => Edge::Free,
        };
        self.edge = next;
    }

    fn space(&mut self) {
        self.document.events.push(Event::Inline(Inline::Text(Cow::Borrowed(" ")), Marks::default()));
    }

    fn open_leaf(&mut self) {
        self.imply_parents(Shape::Leaf);
        let tight = self.blocks.last().is_some_and(|open| matches!(open.shape, Shape::Item | Shape::Cell));
        self.push(if tight { Block::Tight } else { Block::Paragraph }, true);
    }

    fn push_level(&mut self) {
        // No source is long enough for 2^32 levels (`MAX_SOURCE_BYTES`).
        self.levels.push(u32::try_from(self.blocks.len()).unwrap_or(u32::MAX));
    }

    /// Whether there is room and a place for a block of this shape here.
    fn fits(&mut self, shape: Shape) -> bool {
        let parent = self.blocks.last().map(|open| open.shape);
        match shape {
            Shape::Item => return parent == Some(Shape::List),
            Shape::Row => return parent == Some(Shape::Table),
            Shape::Cell => return matches!(parent, Some(Shape::Row | Shape::Table)),
            _ => {}
        }
        let implied = match parent {
            Some(Shape::List | Shape::Row) => 1,
            Some(Shape::Table) => 2,
            _ => 0,
        };
        if self.blocks.len() + implied + shape.levels() <= MAX_DEPTH {
            return true;
        }
        self.lose("depth");
        false
    }

    /// Ends the blocks that the builder made by itself and that `shape` does not belong in.
    fn end_implied_before(&mut self, shape: Shape) {
        let wanted: &[Shape] = match shape {
            Shape::Item => &[Shape::List],
            Shape::Row => &[Shape::Table],
            Shape::Cell => &[Shape::Row, Shape::Table],
            _ => return,
        };
        while let Some(open) = self.blocks.last()
            && open.implied
            && !wanted.contains(&open.shape)
        {
            self.pop();
        }
    }

    /// Opens the item, row and cell that are missing between the current block and one of this shape.
    fn imply_parents(&mut self, shape: Shape) {
        loop {
            let Some(parent) = self.blocks.last().map(|open| open.shape) else { return };
            let missing = match (parent, shape) {
                (Shape::List, Shape::Item) | (Shape::Table, Shape::Row) | (Shape::Row, Shape::Cell) => return,
                (Shape::List, Shape::List) if self.reopen_item() => return,
                (Shape::List, _) => Block::Item(ItemKind::Plain),
                (Shape::Table, _) => Block::Row,
                (Shape::Row, _) => Block::Cell { header: false, columns: 1, rows: 1 },
                _ => return,
            };
            self.push(missing, true);
        }
    }

    /// A list directly in a list (how task lists nest, and how browsers write sub-lists) belongs to the item before it.
    fn reopen_item(&mut self) -> bool {
        let Some(&Event::Close(event)) = self.document.events.last() else { return false };
        let Some(Event::Open(Block::Item(_))) = self.document.events.get(event) else { return false };
        self.document.events.pop();
        self.blocks.push(Open { shape: Shape::Item, event, implied: true });
        true
    }

    fn push(&mut self, block: Block<'a>, implied: bool) {
        self.edge = Edge::Free;
        self.blocks.push(Open { shape: Shape::of(&block), event: self.document.events.len(), implied });
        self.document.events.push(Event::Open(block));
    }

    fn pop(&mut self) {
        if let Some(open) = self.blocks.pop() {
            self.document.events.push(Event::Close(open.event));
        }
    }

    /// Opens a list.
    pub(crate) fn open_list(&mut self, kind: ListKind) {
        self.open(Block::List(kind));
    }
}
