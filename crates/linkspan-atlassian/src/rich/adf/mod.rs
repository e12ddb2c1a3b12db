//! Atlassian Document Format: a tree of typed nodes in JSON.
//!
//! The walk keeps a stack of its own. Every node type of the published schema and its stage-0 addition is known here;
//! marks that only place a block on the page (alignment, indentation, font size, breakout, border) or tie it to other
//! data (annotation, fragment, data consumer) carry nothing to read and are passed over.

mod attributes;
mod inline;
mod media;

pub(crate) use inline::mention_name;

use linkspan_model::rich::{RichFormat, RichText};

use super::builder::Builder;
use super::document::{Block, Inline, ItemKind, ListKind, Marks, PanelKind};
use super::json::{Json, Token, Unreadable};
use super::names::Names;
use super::plain;
use super::render::render;

pub(crate) fn read(source: &str, names: &dyn Names) -> RichText {
    if source.trim().is_empty() {
        return render(RichFormat::Adf, Builder::new().finish(), 0);
    }
    let json = match Json::parse(source) {
        Ok(json) => json,
        Err(Unreadable::Malformed) => return plain::unread(RichFormat::Adf, source, "malformed"),
        Err(Unreadable::TooLarge) => return plain::unread(RichFormat::Adf, source, "size"),
    };
    match json.token(0) {
        Some(Token::Text(text)) => RichText { format: RichFormat::Adf, ..plain::plain(text) },
        Some(Token::Number(_) | Token::Bool) => {
            plain::unread(RichFormat::Adf, source.trim(), "not a document")
        }
        _ => {
            let mut reader = Reader { json: &json, names, builder: Builder::new(), frames: Vec::new() };
            reader.walk();
            render(RichFormat::Adf, reader.builder.finish(), source.len())
        }
    }
}

/// A node whose content is being read.
struct Frame {
    /// The place of the next child.
    next: usize,
    /// The place behind the last child.
    end: usize,
    /// How many blocks to close when the content ends.
    opened: u8,
    parent: Parent,
    /// What the children's marks are added to.
    marks: Marks,
}

/// What a child needs to know of its parent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parent {
    Other,
    /// Its media are files in a list.
    MediaGroup,
    /// Its media are images.
    MediaSingle,
}

/// The parts of a node.
#[derive(Clone, Copy, Default)]
struct Node<'j> {
    kind: &'j str,
    attributes: Option<usize>,
    content: Option<usize>,
    marks: Option<usize>,
    text: Option<usize>,
}

struct Reader<'j, 'n> {
    json: &'j Json<'j>,
    names: &'n dyn Names,
    builder: Builder<'j>,
    frames: Vec<Frame>,
}

impl<'j> Reader<'j, '_> {
    fn walk(&mut self) {
        let end = self.json.after(0);
        if matches!(self.json.token(0), Some(Token::Array { .. })) {
            self.frames.push(Frame {
                next: 1,
                end,
                opened: 0,
                parent: Parent::Other,
                marks: Marks::default(),
            });
        } else {
            self.value(0, Parent::Other, Marks::default());
        }
        while let Some(frame) = self.frames.last_mut() {
            if frame.next >= frame.end {
                for _ in 0..frame.opened {
                    self.builder.close();
                }
                self.frames.pop();
                continue;
            }
            let child = frame.next;
            frame.next = self.json.after(child);
            let (parent, marks) = (frame.parent, frame.marks);
            self.value(child, parent, marks);
        }
    }

    fn value(&mut self, value: usize, parent: Parent, marks: Marks) {
        match self.json.token(value) {
            Some(Token::Object { .. }) => {
                let node = self.node(value);
                self.visit(node, parent, marks);
            }
            // A string or list among the nodes is not in the schema, but it is content.
            Some(Token::Text(text)) => self.builder.text(&**text, marks),
            Some(Token::Array { end }) => {
                self.frames.push(Frame { next: value + 1, end: *end, opened: 0, parent, marks });
            }
            _ => {}
        }
    }

    fn node(&self, object: usize) -> Node<'j> {
        let mut node = Node::default();
        for (key, value) in self.json.fields(object) {
            match key {
                "type" => node.kind = self.json.string(value).unwrap_or_default(),
                "attrs" => node.attributes = Some(value),
                "content" => node.content = Some(value),
                "marks" => node.marks = Some(value),
                "text" => node.text = Some(value),
                _ => {}
            }
        }
        node
    }

    fn visit(&mut self, node: Node<'j>, parent: Parent, marks: Marks) {
        match node.kind {
            "text" => {
                let marks = self.marks(node.marks, marks);
                if let Some(text) = node.text.and_then(|text| self.json.string(text)) {
                    self.builder.text(text, marks);
                }
            }
            "paragraph" => self.block(Block::Paragraph, node, marks),
            "doc" | "layoutSection" => self.enter(node, 0, Parent::Other, marks),
            "heading" => {
                let level = self.json.number(node.attributes, "level").unwrap_or(1_u8).clamp(1, 6);
                self.block(Block::Heading(level), node, marks);
            }
            "blockquote" => self.block(Block::Quote, node, marks),
            "bulletList" => self.block(Block::List(ListKind::Bullet), node, marks),
            "orderedList" => {
                let start = self.json.number(node.attributes, "order").unwrap_or(1).min(999_999_999);
                self.block(Block::List(ListKind::Ordered { start }), node, marks);
            }
            "listItem" => self.block(Block::Item(ItemKind::Plain), node, marks),
            "taskList" => self.block(Block::List(ListKind::Task), node, marks),
            "taskItem" | "blockTaskItem" => {
                let done = self.json.text(node.attributes, "state") == Some("DONE");
                self.block(Block::Item(ItemKind::Task { done }), node, marks);
            }
            "decisionList" => self.block(Block::List(ListKind::Decision), node, marks),
            "decisionItem" => self.block(Block::Item(ItemKind::Decision), node, marks),
            "codeBlock" => {
                let language = self.json.text(node.attributes, "language");
                self.block(Block::Code { language: language.and_then(super::code_language) }, node, marks);
            }
            "rule" => self.builder.rule(),
            "bodiedRule" => {
                self.builder.rule();
                self.block(Block::Section, node, marks);
            }
            "table" => self.block(Block::Table, node, marks),
            "tableRow" => self.block(Block::Row, node, marks),
            "tableCell" | "tableHeader" => {
                let span =
                    |key| self.json.number(node.attributes, key).unwrap_or(1_u16).clamp(1, super::MAX_SPAN);
                let header = node.kind == "tableHeader";
                let cell = Block::Cell { header, columns: span("colspan"), rows: span("rowspan") };
                self.block(cell, node, marks);
            }
            "panel" => {
                let kind =
                    PanelKind::from_adf(self.json.text(node.attributes, "panelType").unwrap_or("info"));
                let icon = self.json.text(node.attributes, "panelIconText");
                let title = icon.filter(|_| kind == PanelKind::Custom).map(Into::into);
                self.block(Block::Panel { kind, title }, node, marks);
            }
            "expand" | "nestedExpand" => {
                let title = self.json.text(node.attributes, "title").map(Into::into);
                self.block(Block::Expand { title }, node, marks);
            }
            "layoutColumn" | "bodiedSyncBlock" | "extensionFrame" => self.block(Block::Section, node, marks),
            "mediaSingle" => {
                let marks = self.marks(node.marks, marks);
                self.builder.open(Block::Paragraph);
                self.enter(node, 1, Parent::MediaSingle, marks);
            }
            "mediaGroup" => {
                self.builder.open_list(ListKind::Bullet);
                self.enter(node, 1, Parent::MediaGroup, marks);
            }
            "caption" => {
                self.builder.open(Block::Paragraph);
                self.enter(node, 1, Parent::Other, Marks { link: 0, ..marks }.with(Marks::EM));
            }
            "blockCard" | "embedCard" => {
                self.builder.open(Block::Paragraph);
                self.card(node);
                self.builder.close();
            }
            "extension" | "bodiedExtension" | "multiBodiedExtension" => self.extension(node, marks),
            "syncBlock" => {
                self.builder.lose("syncBlock");
                self.builder.open(Block::Paragraph);
                self.builder.inline(Inline::Note("[synced block]".into()), Marks::default());
                self.builder.close();
            }
            _ if self.inline_node(node, parent, marks) => {}
            _ => self.unknown(node, marks),
        }
    }

    fn block(&mut self, block: Block<'j>, node: Node<'j>, marks: Marks) {
        self.builder.open(block);
        self.enter(node, 1, Parent::Other, marks);
    }

    /// Goes on with the node's content, and then closes the blocks opened for it.
    fn enter(&mut self, node: Node<'j>, opened: u8, parent: Parent, marks: Marks) {
        let (next, end) = match node.content.and_then(|content| Some((content, self.json.token(content)?))) {
            Some((content, Token::Array { end })) => (content + 1, *end),
            // One node, or a string, where a list of nodes should be.
            Some((content, Token::Object { .. } | Token::Text(_))) => (content, self.json.after(content)),
            _ => (0, 0),
        };
        self.frames.push(Frame { next, end, opened, parent, marks });
    }

    fn extension(&mut self, node: Node<'j>, marks: Marks) {
        let key = self.json.text(node.attributes, "extensionKey").unwrap_or(node.kind);
        self.builder.lose(&format!("extension {key}"));
        self.builder.open(Block::Section);
        let words = attributes::extension_words(self.json, node.attributes);
        if !words.is_empty() {
            for word in words {
                self.builder.open(Block::Paragraph);
                self.builder.text(word, Marks::default());
                self.builder.close();
            }
        } else if node.content.is_none() {
            self.builder.open(Block::Paragraph);
            let stand_in = attributes::extension_note(self.json, node.attributes);
            self.builder.inline(Inline::Note(stand_in.into()), Marks::default());
            self.builder.close();
        }
        self.enter(node, 1, Parent::Other, marks);
    }

    /// Keeps the text of a node this program does not know.
    fn unknown(&mut self, node: Node<'j>, marks: Marks) {
        self.builder.lose(if node.kind.is_empty() { "node without type" } else { node.kind });
        let opened = u8::from(!self.builder.in_leaf());
        if opened > 0 {
            self.builder.open(Block::Section);
        }
        let own = node.text.and_then(|text| self.json.string(text));
        let words = own.or_else(|| self.json.text(node.attributes, "text"));
        let words = words.or_else(|| self.json.text(node.attributes, "title"));
        if let Some(words) = words {
            let marks = self.marks(node.marks, marks);
            self.builder.text(words, marks);
        }
        self.enter(node, opened, Parent::Other, marks);
    }
}
