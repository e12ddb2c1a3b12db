//! One walk over a document that writes all three renderings.

use linkspan_model::rich::{RichFormat, RichText};

use super::document::Document;
use super::html::HtmlWriter;
use super::markdown::MarkdownWriter;
use super::text::TextWriter;

/// Renders a document. `source_bytes` only sizes the buffers.
pub(crate) fn render(format: RichFormat, document: Document<'_>, source_bytes: usize) -> RichText {
    let mut html = HtmlWriter::new(source_bytes / 2 + 32);
    let mut markdown = MarkdownWriter::new(source_bytes / 3 + 32);
    let mut text = TextWriter::new(source_bytes / 3 + 32);
    for (place, event) in document.events.iter().enumerate() {
        let before = html.written().len();
        html.event(&document, event);
        markdown.event(&document, place, html.written(), before);
        text.event(&document, event);
    }
    RichText {
        format,
        html: without_nul(html.finish()),
        markdown: without_nul(markdown.finish()),
        text: without_nul(text.finish()),
        lost: document.losses.into_vec(),
    }
}

/// Replaces U+0000, which neither HTML nor a database takes.
pub(crate) fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}
