//! Pieces of the document format inside storage format: `ac:adf-extension`. The node is read, its fallback is not, or
//! the same text would be there twice.

use quick_xml::events::BytesStart;

use super::super::document::{Block, ItemKind, ListKind, PanelKind};
use super::{Reader, Role, attribute};

/// An `ac:adf-node` that is open.
#[derive(Default)]
pub(super) struct Island {
    kind: String,
    panel: Option<PanelKind>,
    title: Option<String>,
    done: bool,
    /// The key of the attribute that is being read.
    key: String,
    has_content: bool,
}

impl Reader<'_, '_> {
    pub(super) fn start_island(&mut self, name: &str, tag: &BytesStart<'_>) {
        self.push(name, Role::Island, 0);
        // Hyphenated here, in camel case in the document format: the hyphens are all the difference.
        let kind = attribute(tag, "type").unwrap_or_default().replace('-', "").to_ascii_lowercase();
        self.islands.push(Island { kind, ..Island::default() });
    }

    pub(super) fn start_island_attribute(&mut self, name: &str, tag: &BytesStart<'_>) {
        self.capture(name, Role::IslandAttribute);
        if let Some(island) = self.islands.last_mut() {
            island.key = attribute(tag, "key").unwrap_or_default();
        }
    }

    pub(super) fn end_island_attribute(&mut self) {
        let value = self.captures.pop().unwrap_or_default();
        let Some(island) = self.islands.last_mut() else { return };
        match island.key.as_str() {
            "panel-type" => island.panel = Some(PanelKind::from_adf(value.trim())),
            "title" => island.title = Some(value).filter(|title| !title.trim().is_empty()),
            "state" => island.done = value.trim() == "DONE",
            _ => {}
        }
    }

    pub(super) fn start_island_content(&mut self, name: &str) {
        let Some(island) = self.islands.last_mut() else {
            self.push(name, Role::Plain, 0);
            return;
        };
        island.has_content = true;
        let title = island.title.take().map(Into::into);
        let block = match island.kind.as_str() {
            "panel" => Block::Panel { kind: island.panel.unwrap_or(PanelKind::Info), title },
            "expand" | "nestedexpand" => Block::Expand { title },
            "decisionlist" => Block::List(ListKind::Decision),
            "decisionitem" => Block::Item(ItemKind::Decision),
            "tasklist" => Block::List(ListKind::Task),
            "taskitem" | "blocktaskitem" => Block::Item(ItemKind::Task { done: island.done }),
            "bulletlist" => Block::List(ListKind::Bullet),
            "orderedlist" => Block::List(ListKind::Ordered { start: 1 }),
            "listitem" => Block::Item(ItemKind::Plain),
            "paragraph" => Block::Paragraph,
            "blockquote" => Block::Quote,
            "codeblock" => Block::Code { language: None },
            "layoutcolumn" | "layoutsection" => Block::Section,
            other => {
                let other = format!("adf {other}");
                self.builder.lose(&other);
                Block::Section
            }
        };
        self.block(name, block);
    }

    pub(super) fn end_island(&mut self) {
        if let Some(island) = self.islands.pop()
            && !island.has_content
        {
            self.builder.lose(&format!("adf {}", island.kind));
        }
    }
}
