//! Unmarked text, and the way out for every source that cannot be read as what it should be.

use linkspan_model::rich::{Loss, RichFormat, RichText};

use super::builder::Builder;
use super::document::{Document, Marks};
use super::render::{render, without_nul};

/// The text as it is: blank lines part paragraphs, line ends are kept.
pub(crate) fn plain(text: &str) -> RichText {
    let mut rich = render(RichFormat::Plain, paragraphs(Builder::new(), text), text.len());
    // Verbatim, with the line ends and blank lines it has.
    rich.text = without_nul(text.to_owned());
    rich
}

/// A source that could not be read: its text as it is, and the reason as a loss.
pub(crate) fn unread(format: RichFormat, source: &str, reason: &str) -> RichText {
    let mut rich = plain(source);
    rich.format = format;
    rich.lost.push(Loss { what: reason.to_owned(), count: 1 });
    rich
}

fn paragraphs<'a>(mut builder: Builder<'a>, text: &'a str) -> Document<'a> {
    let mut breaks = false;
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.trim().is_empty() {
            builder.end_leaf();
            breaks = false;
            continue;
        }
        if breaks {
            builder.text("\n", Marks::default());
        }
        builder.text(line, Marks::default());
        breaks = true;
    }
    builder.finish()
}
