//! Images and files.

use super::super::document::{Block, Inline, ItemKind, Marks, Media};
use super::super::url;
use super::{Node, Parent, Reader};

impl<'j> Reader<'j, '_> {
    /// Reads `media` and `mediaInline`.
    pub(super) fn media(&mut self, node: Node<'j>, parent: Parent, inherited: Marks) {
        let json = self.json;
        let attributes = node.attributes;
        let kind = json.text(attributes, "type").unwrap_or("file");
        let id = json.text(attributes, "id");
        let file_name = json.text(attributes, "alt").or_else(|| json.text(attributes, "__fileName"));
        let address = if kind == "external" {
            json.text(attributes, "url").map(Into::into)
        } else {
            // The media id is what names the file; old documents can be matched by the file's name only.
            let by_id = id.and_then(|id| self.names.attachment_url(id));
            by_id.or_else(|| file_name.and_then(|name| self.names.attachment_url(name))).map(Into::into)
        };
        let url = address.and_then(url::safe);
        if url.is_none() {
            self.builder.lose("media");
        }
        let image = parent == Parent::MediaSingle || kind == "image" || kind == "external";
        let reference = id.or(json.text(attributes, "url"));
        let name = match file_name {
            Some(name) => name,
            None if image => "",
            None => id.unwrap_or_default(),
        };
        let media = Media { name: name.into(), reference: reference.map(Into::into), url, image };
        let marks = self.marks(node.marks, inherited);
        if parent == Parent::MediaGroup {
            self.builder.open(Block::Item(ItemKind::Plain));
        }
        self.builder.inline(Inline::Media(media), marks);
        if parent == Parent::MediaGroup {
            self.builder.close();
        }
    }
}
