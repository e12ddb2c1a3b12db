//! Storage format and exported HTML to ADF: paragraphs, headings, lists, tables, code, panels, tasks, mentions and marks.
//! All text is kept; what ADF cannot nest is lifted into paragraphs where it stands.

use super::markup::{Element, Node, parse, unescape};
use super::wiki_to_adf::push_escaped;

/// What a list of blocks stands in, which decides what it may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    Document,
    Panel,
    Quote,
    Cell,
    Item,
}

impl Inside {
    fn takes_headings(self) -> bool {
        matches!(self, Self::Document | Self::Panel | Self::Cell)
    }

    fn takes_quotes(self) -> bool {
        matches!(self, Self::Document | Self::Cell)
    }

    pub(super) fn takes_panels(self) -> bool {
        matches!(self, Self::Document | Self::Cell)
    }

    fn takes_tables(self) -> bool {
        self == Self::Document
    }

    fn takes_rules(self) -> bool {
        matches!(self, Self::Document | Self::Panel | Self::Cell)
    }
}

#[derive(Default)]
pub(super) struct Builder {
    pub(super) blocks: Vec<String>,
    pub(super) inline: Vec<String>,
    /// Whether the inline content ends in a space, or has just begun: then further white space adds nothing.
    pub(super) spaced: bool,
    pub(super) marks: Vec<String>,
    pub(super) locals: u64,
}

/// The document as JSON text.
pub(super) fn convert(markup: &str) -> String {
    let mut builder = Builder { spaced: true, ..Builder::default() };
    builder.children(&parse(markup), Inside::Document);
    builder.paragraph();
    format!(r#"{{"type":"doc","version":1,"content":[{}]}}"#, builder.blocks.join(","))
}

impl Builder {
    pub(super) fn children(&mut self, parent: &Element<'_>, inside: Inside) {
        for child in &parent.children {
            self.child(child, inside);
        }
    }

    pub(super) fn child(&mut self, child: &Node<'_>, inside: Inside) {
        match child {
            Node::Text(text) => self.text(&unescape(text)),
            Node::Cdata(text) => self.text(text),
            Node::Element(element) => self.element(element, inside),
        }
    }

    /// The children that are not one of the named elements.
    pub(super) fn others(&mut self, parent: &Element<'_>, named: &[&str], inside: Inside) {
        let known =
            |child: &&Node<'_>| matches!(child, Node::Element(element) if named.contains(&&*element.name));
        for child in parent.children.iter().filter(|child| !known(child)) {
            self.child(child, inside);
        }
    }

    /// Blocks of an element's content, at least one: an empty paragraph when there is none.
    pub(super) fn inner(&mut self, element: &Element<'_>, inside: Inside) -> String {
        let marks = std::mem::take(&mut self.marks);
        let mut builder = Self { spaced: true, marks, locals: self.locals, ..Self::default() };
        builder.children(element, inside);
        builder.paragraph();
        self.locals = builder.locals;
        self.marks = builder.marks;
        if builder.blocks.is_empty() {
            r#"{"type":"paragraph"}"#.to_owned()
        } else {
            builder.blocks.join(",")
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        let mut collapsed = String::with_capacity(text.len());
        for character in text.chars() {
            if character.is_ascii_whitespace() {
                if !self.spaced {
                    collapsed.push(' ');
                    self.spaced = true;
                }
            } else {
                collapsed.push(character);
                self.spaced = false;
            }
        }
        self.run(&collapsed);
    }

    pub(super) fn run(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let mut node = String::from(r#"{"type":"text","text":""#);
        push_escaped(&mut node, text);
        node.push('"');
        let code = self.marks.iter().any(|mark| mark.contains(r#""code""#));
        let mut marks: Vec<&str> = Vec::new();
        for mark in &self.marks {
            let allowed = !code || mark.contains(r#""code""#) || mark.contains(r#""link""#);
            let kind = mark.split(',').next().unwrap_or("");
            if allowed && !marks.iter().any(|known| known.split(',').next() == Some(kind)) {
                marks.push(mark);
            }
        }
        if !marks.is_empty() {
            node.push_str(r#","marks":["#);
            node.push_str(&marks.join(","));
            node.push(']');
        }
        node.push('}');
        self.inline.push(node);
    }

    pub(super) fn node(&mut self, node: String) {
        self.inline.push(node);
        self.spaced = false;
    }

    pub(super) fn paragraph(&mut self) {
        self.block_of(r#"{"type":"paragraph""#);
    }

    /// Ends the inline content and makes a block of it, if there is any.
    fn block_of(&mut self, opening: &str) {
        self.spaced = true;
        let inline = std::mem::take(&mut self.inline);
        let blank =
            |node: &String| node == r#"{"type":"text","text":" "}"# || node == r#"{"type":"hardBreak"}"#;
        if !inline.iter().all(blank) {
            self.blocks.push(format!(r#"{opening},"content":[{}]}}"#, inline.join(",")));
        }
    }

    pub(super) fn marked(&mut self, mark: String, element: &Element<'_>, inside: Inside) {
        self.marks.push(mark);
        self.children(element, inside);
        self.marks.pop();
    }

    pub(super) fn local_id(&mut self) -> String {
        self.locals += 1;
        crate::world::seed::uuid(0x10ca1, self.locals)
    }

    fn element(&mut self, element: &Element<'_>, inside: Inside) {
        let simple = |kind: &str| format!(r#"{{"type":"{kind}"}}"#);
        match &*element.name {
            "strong" | "b" => self.marked(simple("strong"), element, inside),
            "em" | "i" | "cite" => self.marked(simple("em"), element, inside),
            "u" => self.marked(simple("underline"), element, inside),
            "s" | "del" => self.marked(simple("strike"), element, inside),
            "code" => self.marked(simple("code"), element, inside),
            "sub" | "sup" => self.marked(
                format!(r#"{{"type":"subsup","attrs":{{"type":"{}"}}}}"#, element.name),
                element,
                inside,
            ),
            "a" => self.anchor(element, inside),
            "br" => {
                if !self.inline.is_empty() {
                    self.node(simple("hardBreak"));
                    self.spaced = true;
                }
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.paragraph();
                self.children(element, Inside::Item);
                let level = &element.name[1..];
                if inside.takes_headings() {
                    self.block_of(&format!(r#"{{"type":"heading","attrs":{{"level":{level}}}"#));
                } else {
                    self.paragraph();
                }
            }
            "ul" | "ol" => self.list(element),
            "table" => self.table(element, inside),
            "pre" | "ac:plain-text-body" => self.code(&element.text(), None),
            "blockquote" if inside.takes_quotes() => {
                self.paragraph();
                let content = self.inner(element, Inside::Quote);
                self.blocks.push(format!(r#"{{"type":"blockquote","content":[{content}]}}"#));
            }
            "hr" => {
                self.paragraph();
                if inside.takes_rules() {
                    self.blocks.push(simple("rule"));
                }
            }
            "script" | "style" | "ac:parameter" | "ac:task-id" | "ac:task-uuid" | "ac:adf-attribute"
            | "ac:adf-fallback" | "ac:placeholder" => {}
            name if name.starts_with("ac:") || name.starts_with("ri:") || name == "time" => {
                self.construct(element, inside);
            }
            "p" | "div" | "li" | "tr" | "dt" | "dd" | "blockquote" | "section" | "caption" | "thead"
            | "tbody" => {
                self.paragraph();
                self.children(element, inside);
                self.paragraph();
            }
            "td" | "th" => {
                self.children(element, inside);
                self.text(" ");
            }
            _ => self.children(element, inside),
        }
    }

    fn anchor(&mut self, element: &Element<'_>, inside: Inside) {
        match element.attribute("href").filter(|href| !href.trim().is_empty()) {
            Some(href) => {
                let mut mark = String::from(r#"{"type":"link","attrs":{"href":""#);
                push_escaped(&mut mark, &href);
                mark.push_str(r#""}}"#);
                self.marked(mark, element, inside);
            }
            None => self.children(element, inside),
        }
    }

    pub(super) fn code(&mut self, text: &str, language: Option<&str>) {
        self.paragraph();
        let mut block = String::from(r#"{"type":"codeBlock""#);
        if let Some(language) = language.filter(|language| !language.is_empty()) {
            block.push_str(r#","attrs":{"language":""#);
            push_escaped(&mut block, language);
            block.push_str(r#""}"#);
        }
        if !text.is_empty() {
            block.push_str(r#","content":[{"type":"text","text":""#);
            push_escaped(&mut block, text);
            block.push_str(r#""}]"#);
        }
        block.push('}');
        self.blocks.push(block);
    }

    fn list(&mut self, element: &Element<'_>) {
        self.paragraph();
        let mut items = Vec::new();
        for child in &element.children {
            let content = match child {
                Node::Text(text) if text.trim().is_empty() => continue,
                Node::Element(item) if item.name == "li" => self.inner(item, Inside::Item),
                // Whatever else stands right inside a list gets an item of its own, when there is something in it.
                other => match self.alone(other, Inside::Item) {
                    Some(content) => content,
                    None => continue,
                },
            };
            let begins_well = [r#"{"type":"paragraph""#, r#"{"type":"codeBlock""#]
                .iter()
                .any(|start| content.starts_with(start));
            let lead = if begins_well { "" } else { r#"{"type":"paragraph"},"# };
            items.push(format!(r#"{{"type":"listItem","content":[{lead}{content}]}}"#));
        }
        if items.is_empty() {
            return;
        }
        let kind = if element.name == "ol" { "orderedList" } else { "bulletList" };
        let order = element
            .attribute("start")
            .and_then(|start| start.parse::<u32>().ok())
            .filter(|_| kind == "orderedList");
        let attributes = order.map_or(String::new(), |order| format!(r#","attrs":{{"order":{order}}}"#));
        self.blocks.push(format!(r#"{{"type":"{kind}"{attributes},"content":[{}]}}"#, items.join(",")));
    }

    /// The blocks of one node by itself; `None` when there are none.
    fn alone(&mut self, node: &Node<'_>, inside: Inside) -> Option<String> {
        let marks = std::mem::take(&mut self.marks);
        let mut builder = Self { spaced: true, marks, locals: self.locals, ..Self::default() };
        builder.child(node, inside);
        builder.paragraph();
        self.locals = builder.locals;
        self.marks = builder.marks;
        (!builder.blocks.is_empty()).then(|| builder.blocks.join(","))
    }

    fn table(&mut self, element: &Element<'_>, inside: Inside) {
        self.paragraph();
        if !inside.takes_tables() {
            self.children(element, inside);
            self.paragraph();
            return;
        }
        let mut rows = Vec::new();
        self.rows(element, &mut rows);
        self.paragraph();
        if !rows.is_empty() {
            self.blocks.push(format!(r#"{{"type":"table","content":[{}]}}"#, rows.join(",")));
        }
    }

    /// Collects the rows of a table. What stands in it outside of cells goes before it, as browsers have it.
    fn rows(&mut self, parent: &Element<'_>, rows: &mut Vec<String>) {
        for child in &parent.children {
            match child {
                Node::Element(row) if row.name == "tr" => {
                    let cells = self.cells(row);
                    if !cells.is_empty() {
                        rows.push(format!(r#"{{"type":"tableRow","content":[{}]}}"#, cells.join(",")));
                    }
                }
                Node::Element(group) if matches!(&*group.name, "tbody" | "thead" | "tfoot") => {
                    self.rows(group, rows);
                }
                stray => self.child(stray, Inside::Document),
            }
        }
    }

    fn cells(&mut self, row: &Element<'_>) -> Vec<String> {
        let mut cells = Vec::new();
        for child in &row.children {
            let cell = match child {
                Node::Element(cell) if matches!(&*cell.name, "td" | "th") => cell,
                stray => {
                    self.child(stray, Inside::Document);
                    continue;
                }
            };
            let kind = if cell.name == "th" { "tableHeader" } else { "tableCell" };
            let span = |name: &str| {
                let count = cell.attribute(name).and_then(|it| it.parse::<u32>().ok());
                count.filter(|count| *count > 1).map(|count| format!(r#""{name}":{count}"#))
            };
            let spans: Vec<String> = ["colspan", "rowspan"].into_iter().filter_map(span).collect();
            let content = self.inner(cell, Inside::Cell);
            cells.push(format!(
                r#"{{"type":"{kind}","attrs":{{{}}},"content":[{content}]}}"#,
                spans.join(",")
            ));
        }
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::convert;

    fn inside(adf: &str) -> String {
        format!(r#"{{"type":"doc","version":1,"content":[{adf}]}}"#)
    }

    #[test]
    fn blocks_become_nodes() {
        let adf = convert(
            "<h2>A &amp; b</h2>\n<p>x <strong>y</strong><br/>z</p><ul><li>one<ul><li>two</li></ul></li></ul>",
        );
        let expected = inside(
            r#"{"type":"heading","attrs":{"level":2},"content":[{"type":"text","text":"A & b"}]},{"type":"paragraph","content":[{"type":"text","text":"x "},{"type":"text","text":"y","marks":[{"type":"strong"}]},{"type":"hardBreak"},{"type":"text","text":"z"}]},{"type":"bulletList","content":[{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"one"}]},{"type":"bulletList","content":[{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"two"}]}]}]}]}]}"#,
        );
        assert_eq!(adf, expected);
    }

    #[test]
    fn storage_constructs_become_nodes() {
        let adf = convert(
            r#"<p>Due <time datetime="2026-01-01"/></p><ac:structured-macro ac:name="code"><ac:parameter ac:name="language">sql</ac:parameter><ac:plain-text-body><![CDATA[select 1 < 2]]></ac:plain-text-body></ac:structured-macro>"#,
        );
        let expected = inside(
            r#"{"type":"paragraph","content":[{"type":"text","text":"Due "},{"type":"date","attrs":{"timestamp":"1767225600000"}}]},{"type":"codeBlock","attrs":{"language":"sql"},"content":[{"type":"text","text":"select 1 < 2"}]}"#,
        );
        assert_eq!(adf, expected);
    }
}
