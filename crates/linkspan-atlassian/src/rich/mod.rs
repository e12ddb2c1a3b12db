//! Rich text: reads the languages Atlassian writes text in, and renders each as HTML, Markdown and plain text.
//!
//! Every language is read into one neutral form (`document`), from which one writer per rendering works; all of it is
//! iterative and bounded, so that no text, however crafted, costs more than its length (hazard M6). Reading never fails:
//! what cannot be understood is kept as text, and [`RichText::lost`] tells what it was (hazard S20).
//!
//! The facts about the languages stand in the project's reference `adf.md`.

mod adf;
mod builder;
mod document;
mod emoticons;
mod html;
mod json;
mod markdown;
mod names;
mod plain;
mod render;
mod storage;
#[cfg(test)]
mod tests;
mod text;
mod url;
mod wiki;

use linkspan_model::rich::{RichFormat, RichText};

pub use names::{ContentReference, Names, NoNames, Target};

/// How deeply blocks may nest in the renderings. What is nested deeper keeps its text but loses its frames, which is
/// recorded as the loss `depth`.
pub const MAX_DEPTH: usize = 64;

/// The longest source, in bytes, that is read as what it is. A longer one is kept as plain text with the loss `size`;
/// Atlassian's own limits are far below (an issue's description may have 32,767 characters).
pub const MAX_SOURCE_BYTES: usize = 16 * 1024 * 1024;

/// Renders an Atlassian Document Format document, given as JSON text.
///
/// `null` is an empty text; a JSON string (old data and third-party fields hold such) is read as plain text. JSON that is
/// malformed is kept as it is with the loss `malformed`.
pub fn from_adf(json: &str, names: &dyn Names) -> RichText {
    match too_long(json, RichFormat::Adf) {
        Some(kept) => kept,
        None => adf::read(json, names),
    }
}

/// Renders a body in Confluence's storage format. Malformed markup keeps its text.
pub fn from_storage(xhtml: &str, names: &dyn Names) -> RichText {
    match too_long(xhtml, RichFormat::Storage) {
        Some(kept) => kept,
        None => storage::read(xhtml, names),
    }
}

/// Renders Jira wiki markup. There is no malformed wiki markup: what is no markup is text.
pub fn from_wiki(markup: &str, names: &dyn Names) -> RichText {
    match too_long(markup, RichFormat::Wiki) {
        Some(kept) => kept,
        None => wiki::read(markup, names),
    }
}

/// Renders unmarked text. [`RichText::text`] is the text itself.
pub fn from_plain(text: &str) -> RichText {
    plain::plain(text)
}

/// The widest span a table cell may claim.
const MAX_SPAN: u16 = 1000;

/// A programming language's name as it may stand behind a fence: without blanks and backticks.
fn code_language(name: &str) -> Option<document::Text<'_>> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'#' | b'-' | b'_' | b'.');
    let name = name.trim();
    (!name.is_empty() && name.len() <= 40 && name.bytes().all(is_name))
        .then_some(document::Text::Borrowed(name))
}

fn too_long(source: &str, format: RichFormat) -> Option<RichText> {
    (source.len() > MAX_SOURCE_BYTES).then(|| plain::unread(format, source, "size"))
}
