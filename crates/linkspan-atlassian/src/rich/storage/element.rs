//! The elements, by name.

use quick_xml::events::BytesStart;

use super::super::document::{Block, Colour, Inline, ItemKind, ListKind, Marks, Media};
use super::super::{emoticons, url};
use super::{Reader, Role, attribute};

impl<'a> Reader<'a, '_> {
    pub(super) fn start_element(&mut self, name: &str, tag: &BytesStart<'_>) {
        if !self.captures.is_empty() {
            // Markup inside a value: only its text counts, and the resource it names.
            if let Some(local) = name.strip_prefix("ri:") {
                self.resource(local, tag);
            }
            self.push(name, Role::Plain, 0);
            return;
        }
        if self.start_construct(name, tag) {
            return;
        }
        if let Some(flag) = flag_of(name) {
            self.flush_blank();
            self.push(name, Role::Plain, 0);
            self.marks.flags |= flag;
            return;
        }
        match name {
            "p" | "dt" | "dd" | "figcaption" | "summary" => self.block(name, Block::Paragraph),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                let level = name.as_bytes()[1] - b'0';
                self.block(name, Block::Heading(level));
            }
            "blockquote" => self.block(name, Block::Quote),
            "pre" => self.block(name, Block::Code { language: None }),
            "ul" => self.block(name, Block::List(ListKind::Bullet)),
            "ol" => {
                let start = attribute(tag, "start").and_then(|start| start.trim().parse().ok());
                let start = start.unwrap_or(1).min(999_999_999);
                self.block(name, Block::List(ListKind::Ordered { start }));
            }
            "li" => self.block(name, Block::Item(ItemKind::Plain)),
            "table" => self.block(name, Block::Table),
            "tr" => self.block(name, Block::Row),
            "td" | "th" => {
                let span = |key| {
                    let span = attribute(tag, key).and_then(|span| span.trim().parse().ok()).unwrap_or(1_u16);
                    span.clamp(1, super::super::MAX_SPAN)
                };
                let header = name == "th";
                self.block(name, Block::Cell { header, columns: span("colspan"), rows: span("rowspan") });
            }
            "div" | "section" | "article" | "aside" | "main" | "header" | "footer" | "figure" | "details"
            | "dl" | "center" | "address" | "fieldset" | "form" => self.block(name, Block::Section),
            "thead" | "tbody" | "tfoot" | "colgroup" | "col" | "small" | "big" | "abbr" | "acronym"
            | "cite" | "q" | "label" | "mark" | "var" | "dfn" | "bdi" | "bdo" | "wbr" | "nav" => {
                self.push(name, Role::Plain, 0);
            }
            "hr" => {
                self.block_ends();
                self.builder.rule();
                self.push(name, Role::Plain, 0);
            }
            "br" => {
                self.blank_due = false;
                self.builder.inline(Inline::Break, self.marks);
                self.push(name, Role::Plain, 0);
            }
            "span" | "font" => {
                self.flush_blank();
                self.push(name, Role::Plain, 0);
                self.style(tag);
            }
            "a" => {
                self.push(name, Role::Plain, 0);
                if let Some(href) = attribute(tag, "href") {
                    let title = attribute(tag, "title").map(Into::into);
                    self.flush_blank();
                    self.marks.link = self.builder.link(href.into(), title);
                }
            }
            "img" => {
                let url = attribute(tag, "src").and_then(|source| url::safe(source.into()));
                let media = Media {
                    name: attribute(tag, "alt").unwrap_or_default().into(),
                    reference: None,
                    url,
                    image: true,
                };
                self.inline(Inline::Media(media));
                self.push(name, Role::Plain, 0);
            }
            "time" => {
                if let Some(date) = attribute(tag, "datetime") {
                    self.inline(Inline::Date(date.into()));
                }
                self.push(name, Role::Plain, 0);
            }
            "script" | "style" | "template" | "head" | "title" => {
                self.builder.lose(name);
                self.skip(name);
            }
            _ => {
                self.builder.lose(name);
                self.push(name, Role::Plain, 0);
            }
        }
    }

    /// Starts an `ac:` or `ri:` element; `false` if it is none that is known.
    fn start_construct(&mut self, name: &str, tag: &BytesStart<'_>) -> bool {
        let Some((prefix, local)) = name.split_once(':') else { return false };
        match (prefix, local) {
            ("ri", _) => {
                self.resource(local, tag);
                self.push(name, Role::Plain, 0);
            }
            ("ac", "structured-macro" | "macro") => self.start_macro(name, tag),
            ("ac", "parameter") => self.start_parameter(name, attribute(tag, "ac:name").unwrap_or_default()),
            ("ac", "default-parameter") => self.start_parameter(name, String::new()),
            ("ac", "rich-text-body") => self.start_body(name, false),
            ("ac", "plain-text-body") => self.start_body(name, true),
            ("ac", "link") => self.start_link(name, tag),
            ("ac", "plain-text-link-body" | "link-body") => self.start_link_body(name),
            ("ac", "image") => self.start_image(name, tag),
            ("ac", "caption") => {
                self.write_image();
                self.block(name, Block::Section);
                self.marks = Marks { link: 0, ..self.marks }.with(Marks::EM);
            }
            ("ac", "task-list") => self.block(name, Block::List(ListKind::Task)),
            ("ac", "task") => {
                self.push(name, Role::Task, 0);
                self.tasks_done.push(false);
            }
            ("ac", "task-status") => self.capture(name, Role::TaskStatus),
            ("ac", "task-id" | "task-uuid" | "adf-mark" | "adf-fallback") => self.skip(name),
            ("ac", "task-body") => {
                let done = self.tasks_done.last().copied().unwrap_or_default();
                self.block(name, Block::Item(ItemKind::Task { done }));
            }
            ("ac", "layout-cell") => self.block(name, Block::Section),
            ("ac", "layout" | "layout-section" | "inline-comment-marker" | "adf-extension") => {
                self.push(name, Role::Plain, 0);
            }
            ("ac", "emoticon") => {
                self.emoticon(tag);
                self.push(name, Role::Plain, 0);
            }
            ("ac", "placeholder") => {
                self.builder.lose("placeholder");
                self.skip(name);
            }
            ("ac", "adf-node") => self.start_island(name, tag),
            ("ac", "adf-attribute") => self.start_island_attribute(name, tag),
            ("ac", "adf-content") => self.start_island_content(name),
            _ => return false,
        }
        true
    }

    pub(super) fn block(&mut self, name: &str, block: Block<'a>) {
        self.block_ends();
        self.builder.open(block);
        self.push(name, Role::Plain, 1);
    }

    /// A blank before a block shows nowhere.
    pub(super) fn block_ends(&mut self) {
        self.blank_due = false;
    }

    fn style(&mut self, tag: &BytesStart<'_>) {
        let colour = attribute(tag, "color").and_then(|colour| Colour::parse(&colour));
        self.marks.colour = colour.or(self.marks.colour);
        let Some(style) = attribute(tag, "style") else { return };
        for declaration in style.split(';') {
            let Some((property, value)) = declaration.split_once(':') else { continue };
            let colour = Colour::parse(value);
            match property.trim() {
                "color" => self.marks.colour = colour.or(self.marks.colour),
                "background-color" | "background" => self.marks.background = colour.or(self.marks.background),
                _ => {}
            }
        }
    }

    fn emoticon(&mut self, tag: &BytesStart<'_>) {
        let name = attribute(tag, "ac:name");
        // A fallback that is a short name is worse than the character of the name.
        let fallback = attribute(tag, "ac:emoji-fallback");
        let character = fallback.clone().filter(|fallback| !fallback.starts_with(':'));
        let known = || name.as_deref().and_then(emoticons::by_name).map(str::to_owned);
        let short_name = || attribute(tag, "ac:emoji-shortname").or(fallback);
        let emoji = character.or_else(known).or_else(short_name);
        let emoji = emoji.or_else(|| name.as_ref().map(|name| format!(":{name}:")));
        match emoji {
            Some(emoji) => self.inline(Inline::Emoji(emoji.into())),
            None => self.builder.lose("ac:emoticon"),
        }
    }
}

fn flag_of(name: &str) -> Option<u8> {
    Some(match name {
        "strong" | "b" => Marks::STRONG,
        "em" | "i" => Marks::EM,
        "u" | "ins" => Marks::UNDERLINE,
        "s" | "del" | "strike" => Marks::STRIKE,
        "code" | "tt" | "kbd" | "samp" => Marks::CODE,
        "sub" => Marks::SUB,
        "sup" => Marks::SUP,
        _ => return None,
    })
}
