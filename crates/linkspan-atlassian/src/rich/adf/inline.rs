//! Inline nodes and marks.

use super::super::document::{Colour, Inline, Marks, Text};
use super::super::json::Json;
use super::super::names::Names;
use super::super::url;
use super::{Node, Parent, Reader, attributes};

impl<'j> Reader<'j, '_> {
    /// Reads an inline node; `false` if this is none that is known.
    pub(super) fn inline_node(&mut self, node: Node<'j>, parent: Parent, inherited: Marks) -> bool {
        let json = self.json;
        let inline = match node.kind {
            "hardBreak" => Inline::Break,
            "mention" => self.mention(node),
            "emoji" => {
                let text = json.text(node.attributes, "text");
                let Some(text) = text.or_else(|| json.text(node.attributes, "shortName")) else {
                    self.builder.lose("emoji");
                    return true;
                };
                Inline::Emoji(text.into())
            }
            "date" => {
                let timestamp = json.scalar(node.attributes, "timestamp").unwrap_or_default();
                if let Some(date) = attributes::date(timestamp) {
                    Inline::Date(date.into())
                } else {
                    self.builder.lose("date");
                    Inline::Text(timestamp.into())
                }
            }
            "status" => Inline::Status {
                text: json.text(node.attributes, "text").unwrap_or_default().into(),
                colour: json.text(node.attributes, "color").map(Into::into),
            },
            "inlineCard" => {
                self.card(node);
                return true;
            }
            "media" | "mediaInline" => {
                self.media(node, parent, inherited);
                return true;
            }
            "inlineExtension" => {
                self.inline_extension(node);
                return true;
            }
            "placeholder" => {
                // A hint of a template to its user, not content.
                self.builder.lose("placeholder");
                return true;
            }
            _ => return false,
        };
        let marks = self.marks(node.marks, inherited);
        self.builder.inline(inline, marks);
        true
    }

    fn mention(&mut self, node: Node<'j>) -> Inline<'j> {
        let account = self.json.scalar(node.attributes, "id").filter(|id| !id.is_empty());
        let own = self.json.text(node.attributes, "text");
        let name = match (account, own) {
            (Some(everyone @ ("all" | "here")), None) => at_name(everyone.into()),
            _ => mention_name(self.names, account, own.map(Into::into)).unwrap_or_else(|stand_in| {
                self.builder.lose("mention");
                stand_in
            }),
        };
        Inline::Mention { name, account: account.map(Into::into) }
    }

    /// Reads `inlineCard`, `blockCard` and `embedCard`.
    pub(super) fn card(&mut self, node: Node<'j>) {
        let json = self.json;
        let marks = Marks::default();
        if let Some(address) = attributes::card_url(json, node.attributes) {
            if let Some(url) = url::safe(address.into()) {
                let title = json.text(json.field(node.attributes, "data"), "name").map(Into::into);
                self.builder.inline(Inline::Card { url, title }, marks);
                return;
            }
            self.builder.lose("link target");
            self.builder.text(address, marks);
            return;
        }
        self.builder.lose(node.kind);
        match attributes::card_query(json, node.attributes) {
            Some(query) => self.builder.text(query, marks),
            None => self.builder.inline(Inline::Note(format!("[{}]", node.kind).into()), marks),
        }
    }

    fn inline_extension(&mut self, node: Node<'j>) {
        let key = self.json.text(node.attributes, "extensionKey").unwrap_or(node.kind);
        self.builder.lose(&format!("extension {key}"));
        if let Some(words) = attributes::extension_words(self.json, node.attributes).first() {
            self.builder.text(*words, Marks::default());
        } else {
            let stand_in = attributes::extension_note(self.json, node.attributes);
            self.builder.inline(Inline::Note(stand_in.into()), Marks::default());
        }
    }

    /// Adds the marks of a node to those of its parent.
    pub(super) fn marks(&mut self, list: Option<usize>, inherited: Marks) -> Marks {
        let mut marks = inherited;
        let Some(list) = list else { return marks };
        let json = self.json;
        for mark in json.items(list) {
            let mark = Some(mark);
            let attributes = json.field(mark, "attrs");
            match json.text(mark, "type").unwrap_or_default() {
                "strong" => marks.flags |= Marks::STRONG,
                "em" => marks.flags |= Marks::EM,
                "strike" => marks.flags |= Marks::STRIKE,
                "underline" => marks.flags |= Marks::UNDERLINE,
                "code" => marks.flags |= Marks::CODE,
                "subsup" if json.text(attributes, "type") == Some("sub") => marks.flags |= Marks::SUB,
                "subsup" => marks.flags |= Marks::SUP,
                "textColor" => marks.colour = self.colour(json, attributes),
                "backgroundColor" => marks.background = self.colour(json, attributes),
                "link" => {
                    let title = json.text(attributes, "title").map(Into::into);
                    match json.text(attributes, "href") {
                        Some(href) => marks.link = self.builder.link(href.into(), title),
                        None => self.builder.lose("link target"),
                    }
                }
                "annotation" | "alignment" | "indentation" | "fontSize" | "breakout" | "border"
                | "dataConsumer" | "fragment" => {}
                other => self.builder.lose(&format!("mark {other}")),
            }
        }
        marks
    }

    fn colour(&mut self, json: &Json<'_>, attributes: Option<usize>) -> Option<Colour> {
        let colour = json.text(attributes, "color").and_then(Colour::parse);
        if colour.is_none() {
            self.builder.lose("colour");
        }
        colour
    }
}

/// A name as a mention shows it.
fn at_name(name: Text<'_>) -> Text<'_> {
    if name.starts_with('@') { name } else { format!("@{name}").into() }
}

/// What a mention shows: the name that the account bears now, else the one that the text holds itself (a copy from the day
/// it was written, which the account may have outlived).
///
/// # Errors
///
/// Neither is known. The value is what stands in its place: the account's id, so that nothing the text says is left out.
pub(crate) fn mention_name<'t>(
    names: &dyn Names,
    account: Option<&str>,
    own: Option<Text<'t>>,
) -> Result<Text<'t>, Text<'t>> {
    let current = account.and_then(|account| names.account(account)).map(Text::Owned);
    match current.or(own) {
        Some(name) => Ok(at_name(name)),
        None => Err(at_name(account.unwrap_or("unknown").to_owned().into())),
    }
}
