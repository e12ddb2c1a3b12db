//! The HTML writer. Its output is safe by construction: it writes only the tags and attributes that stand in this file,
//! escapes every text and attribute value, and gets only targets that passed [`super::url::safe`].

use std::fmt::Write as _;

use super::document::{Block, Colour, Document, Event, Inline, ItemKind, ListKind, Marks};

pub(crate) struct HtmlWriter {
    out: String,
    /// The marks whose tags are open.
    marks: Marks,
}

/// The marks from the outermost tag to the innermost; a fixed order keeps the tags well nested.
const ORDER: [(u8, &str, &str); 7] = [
    (Marks::STRIKE, "<s>", "</s>"),
    (Marks::UNDERLINE, "<u>", "</u>"),
    (Marks::SUB, "<sub>", "</sub>"),
    (Marks::SUP, "<sup>", "</sup>"),
    (Marks::STRONG, "<strong>", "</strong>"),
    (Marks::EM, "<em>", "</em>"),
    (Marks::CODE, "<code>", "</code>"),
];

impl HtmlWriter {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { out: String::with_capacity(capacity), marks: Marks::default() }
    }

    /// What has been written so far.
    pub(crate) fn written(&self) -> &str {
        &self.out
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }

    pub(crate) fn event(&mut self, document: &Document<'_>, event: &Event<'_>) {
        match event {
            Event::Open(block) => self.open(block),
            Event::Close(open) => {
                self.set_marks(document, Marks::default());
                if let Some(Event::Open(block)) = document.events.get(*open) {
                    self.out.push_str(end_tag(block));
                }
            }
            Event::Inline(inline, marks) => self.inline(document, inline, *marks),
        }
    }

    fn open(&mut self, block: &Block<'_>) {
        let tag = match block {
            Block::Paragraph => "<p>",
            Block::Tight => "",
            Block::Heading(level) => ["<h1>", "<h2>", "<h3>", "<h4>", "<h5>", "<h6>"][heading_place(*level)],
            Block::Rule => "<hr>",
            Block::Quote => "<blockquote>",
            Block::Section => "<div>",
            Block::List(ListKind::Ordered { start: 1 }) => "<ol>",
            Block::List(ListKind::Ordered { start }) => {
                let _ = write!(self.out, "<ol start=\"{start}\">");
                return;
            }
            Block::List(_) => "<ul>",
            Block::Item(ItemKind::Plain) => "<li>",
            Block::Item(ItemKind::Task { done: true }) => "<li>\u{2611} ",
            Block::Item(ItemKind::Task { done: false }) => "<li>\u{2610} ",
            Block::Item(ItemKind::Decision) => "<li><strong>Decision:</strong> ",
            // The parser of HTML adds the body when it is missing: write what it would read.
            Block::Table => "<table><tbody>",
            Block::Row => "<tr>",
            Block::Code { language: None } => "<pre><code>",
            Block::Code { language: Some(language) } => {
                self.attribute("<pre><code class=\"language-", language, "\">");
                return;
            }
            Block::Panel { kind, title } => {
                let _ = write!(self.out, "<aside data-panel=\"{}\">", kind.name());
                if let Some(title) = title {
                    self.attribute("<p><strong>", title, "</strong></p>");
                }
                return;
            }
            Block::Expand { title } => {
                self.out.push_str("<details>");
                if let Some(title) = title {
                    self.attribute("<summary>", title, "</summary>");
                }
                return;
            }
            Block::Cell { header, columns, rows } => {
                self.out.push_str(if *header { "<th" } else { "<td" });
                if *columns > 1 {
                    let _ = write!(self.out, " colspan=\"{columns}\"");
                }
                if *rows > 1 {
                    let _ = write!(self.out, " rowspan=\"{rows}\"");
                }
                ">"
            }
        };
        self.out.push_str(tag);
    }

    fn inline(&mut self, document: &Document<'_>, inline: &Inline<'_>, mut marks: Marks) {
        if matches!(inline, Inline::Card { .. }) || matches!(inline, Inline::Media(media) if !media.image) {
            // A link inside a link is none.
            marks.link = 0;
        }
        self.set_marks(document, marks);
        match inline {
            Inline::Text(text) | Inline::Emoji(text) => escape(&mut self.out, text),
            Inline::Note(text) => self.attribute("<em>", text, "</em>"),
            Inline::Break => self.out.push_str("<br>"),
            Inline::Mention { name, account: Some(account) } => {
                self.attribute("<span data-account-id=\"", account, "\">");
                self.attribute("", name, "</span>");
            }
            Inline::Mention { name, account: None } => self.attribute("<span>", name, "</span>"),
            Inline::Date(date) => {
                self.attribute("<time datetime=\"", date, "\">");
                self.attribute("", date, "</time>");
            }
            Inline::Status { text, colour } => {
                self.attribute("<span data-status=\"", colour.as_deref().unwrap_or("neutral"), "\">");
                self.attribute("", text, "</span>");
            }
            Inline::Card { url, title } => {
                self.attribute("<a href=\"", url, "\">");
                self.attribute("", title.as_ref().unwrap_or(url), "</a>");
            }
            Inline::Media(media) => match (&media.url, &media.reference) {
                (Some(url), _) if media.image => {
                    self.attribute("<img src=\"", url, "\" alt=\"");
                    self.attribute("", &media.name, "\">");
                }
                (Some(url), _) => {
                    self.attribute("<a href=\"", url, "\">");
                    self.attribute("", &media.name, "</a>");
                }
                (None, Some(reference)) => {
                    self.attribute("<span data-attachment=\"", reference, "\">");
                    self.attribute("", &media.name, "</span>");
                }
                (None, None) => escape(&mut self.out, &media.name),
            },
        }
    }

    fn attribute(&mut self, before: &str, value: &str, after: &str) {
        self.out.push_str(before);
        escape(&mut self.out, value);
        self.out.push_str(after);
    }

    /// Closes and opens tags so that exactly `marks` are open.
    fn set_marks(&mut self, document: &Document<'_>, marks: Marks) {
        let old = self.marks;
        if old == marks {
            return;
        }
        self.marks = marks;
        // The link is outermost, then the colours, then `ORDER`: everything from the first difference on is redone.
        let link_changes = old.link != marks.link;
        let colour_changes = link_changes || old.colour != marks.colour;
        let background_changes = colour_changes || old.background != marks.background;
        let first = if background_changes {
            0
        } else {
            ORDER.iter().position(|&(flag, ..)| old.has(flag) != marks.has(flag)).unwrap_or(ORDER.len())
        };
        for (flag, _, end) in ORDER[first..].iter().rev() {
            if old.has(*flag) {
                self.out.push_str(end);
            }
        }
        if background_changes && old.background.is_some() {
            self.out.push_str("</span>");
        }
        if colour_changes && old.colour.is_some() {
            self.out.push_str("</span>");
        }
        if link_changes && old.link != 0 {
            self.out.push_str("</a>");
        }
        if link_changes && let Some(link) = document.link(marks) {
            self.attribute("<a href=\"", &link.href, "\"");
            if let Some(title) = &link.title {
                self.attribute(" title=\"", title, "\"");
            }
            self.out.push('>');
        }
        if colour_changes && let Some(Colour(value)) = marks.colour {
            let _ = write!(self.out, "<span data-colour=\"#{value:06x}\">");
        }
        if background_changes && let Some(Colour(value)) = marks.background {
            let _ = write!(self.out, "<span data-background=\"#{value:06x}\">");
        }
        for (flag, start, _) in &ORDER[first..] {
            if marks.has(*flag) {
                self.out.push_str(start);
            }
        }
    }
}

fn heading_place(level: u8) -> usize {
    usize::from(level.clamp(1, 6) - 1)
}

fn end_tag(block: &Block<'_>) -> &'static str {
    match block {
        Block::Paragraph => "</p>",
        Block::Tight | Block::Rule => "",
        Block::Heading(level) => {
            ["</h1>", "</h2>", "</h3>", "</h4>", "</h5>", "</h6>"][heading_place(*level)]
        }
        Block::Code { .. } => "</code></pre>",
        Block::Quote => "</blockquote>",
        Block::Panel { .. } => "</aside>",
        Block::Expand { .. } => "</details>",
        Block::Section => "</div>",
        Block::List(ListKind::Ordered { .. }) => "</ol>",
        Block::List(_) => "</ul>",
        Block::Item(_) => "</li>",
        Block::Table => "</tbody></table>",
        Block::Row => "</tr>",
        Block::Cell { header: true, .. } => "</th>",
        Block::Cell { header: false, .. } => "</td>",
    }
}

/// Escapes for text and for attribute values in double quotes alike.
pub(crate) fn escape(out: &mut String, text: &str) {
    let mut copied = 0;
    for (place, byte) in text.bytes().enumerate() {
        let entity = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => continue,
        };
        out.push_str(&text[copied..place]);
        out.push_str(entity);
        copied = place + 1;
    }
    out.push_str(&text[copied..]);
}
