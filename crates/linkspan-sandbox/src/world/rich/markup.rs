//! A forgiving reader of storage format and of exported HTML: any text becomes a tree of bounded depth.

use std::borrow::Cow;

/// Levels of the tree; elements below are taken up into their parent.
const DEPTH: usize = 120;

/// A node of the tree.
#[derive(Debug)]
pub(super) enum Node<'a> {
    /// An element.
    Element(Element<'a>),
    /// Text as written, entities not resolved.
    Text(&'a str),
    /// Text of a CDATA section.
    Cdata(&'a str),
}

/// An element.
#[derive(Debug, Default)]
pub(super) struct Element<'a> {
    /// Name in lower case, prefix included.
    pub(super) name: Cow<'a, str>,
    /// Attributes as written, entities not resolved.
    pub(super) attributes: Vec<(&'a str, &'a str)>,
    pub(super) children: Vec<Node<'a>>,
}

impl Element<'_> {
    /// The value of an attribute, entities resolved.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        self.attributes
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| unescape(value))
    }

    /// The first child element with a name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.elements().find(|element| element.name == name)
    }

    /// All child elements.
    pub(super) fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|child| match child {
            Node::Element(element) => Some(element),
            Node::Text(_) | Node::Cdata(_) => None,
        })
    }

    /// All text inside, entities resolved.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        collect(self, &mut out);
        out
    }

    /// The text of the macro's parameter with a name.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let mut parameters = self.elements().filter(|it| it.name == "ac:parameter");
        parameters.find(|it| it.attribute("ac:name").as_deref() == Some(name)).map(Element::text)
    }
}

fn collect(element: &Element<'_>, out: &mut String) {
    for child in &element.children {
        match child {
            Node::Text(text) => out.push_str(&unescape(text)),
            Node::Cdata(text) => out.push_str(text),
            Node::Element(inner) if matches!(&*inner.name, "script" | "style") => {}
            Node::Element(inner) => collect(inner, out),
        }
    }
}

/// Elements that never have content.
pub(super) fn is_void(name: &str) -> bool {
    matches!(
        name,
        "br" | "hr"
            | "img"
            | "input"
            | "col"
            | "wbr"
            | "area"
            | "base"
            | "embed"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
    )
}

/// Reads a body. The result's own name is empty.
pub(super) fn parse(text: &str) -> Element<'_> {
    let mut open: Vec<Element<'_>> = vec![Element::default()];
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let (token, length) = next_token(rest);
        at += length;
        match token {
            Token::Text(text) => push(&mut open, Node::Text(text)),
            Token::Cdata(text) => push(&mut open, Node::Cdata(text)),
            Token::Skipped => {}
            Token::Start { name, attributes, empty } => {
                let element = Element { name: lower(name), attributes, children: Vec::new() };
                if empty || is_void(&element.name) {
                    push(&mut open, Node::Element(element));
                } else if matches!(&*element.name, "script" | "style") {
                    let end = find_end(&text[at..], &element.name);
                    let mut element = element;
                    if end.0 > 0 {
                        element.children.push(Node::Cdata(&text[at..at + end.0]));
                    }
                    at += end.1;
                    push(&mut open, Node::Element(element));
                } else if open.len() < DEPTH {
                    open.push(element);
                }
            }
            Token::End(name) => close(&mut open, &lower(name)),
        }
    }
    while open.len() > 1 {
        close_last(&mut open);
    }
    open.pop().unwrap_or_default()
}

fn push<'a>(open: &mut [Element<'a>], node: Node<'a>) {
    if let Some(last) = open.last_mut() {
        last.children.push(node);
    }
}

fn close_last(open: &mut Vec<Element<'_>>) {
    if let Some(element) = open.pop() {
        push(open, Node::Element(element));
    }
}

/// Ends the innermost open element with the name, and all inside it; an end without a start means nothing.
fn close(open: &mut Vec<Element<'_>>, name: &str) {
    if let Some(depth) = open.iter().skip(1).rposition(|element| element.name == name) {
        while open.len() > depth + 1 {
            close_last(open);
        }
    }
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

enum Token<'a> {
    Text(&'a str),
    Cdata(&'a str),
    Start { name: &'a str, attributes: Vec<(&'a str, &'a str)>, empty: bool },
    End(&'a str),
    Skipped,
}

/// The first token of a text that is not empty, and its length.
fn next_token(text: &str) -> (Token<'_>, usize) {
    let Some(inside) = text.strip_prefix('<') else {
        let end = text.find('<').unwrap_or(text.len());
        return (Token::Text(&text[..end]), end);
    };
    if let Some(body) = inside.strip_prefix("![CDATA[") {
        let end = body.find("]]>").unwrap_or(body.len());
        return (Token::Cdata(&body[..end]), (9 + end + 3).min(text.len()));
    }
    if let Some(body) = inside.strip_prefix("!--") {
        return (Token::Skipped, body.find("-->").map_or(text.len(), |end| 4 + end + 3));
    }
    if inside.starts_with(['!', '?']) {
        return (Token::Skipped, text.find('>').map_or(text.len(), |end| end + 1));
    }
    let (is_end, named) = inside.strip_prefix('/').map_or((false, inside), |rest| (true, rest));
    if !named.starts_with(|c: char| c.is_ascii_alphabetic()) {
        // A stray bracket is text, up to the next one.
        let end = inside.find('<').map_or(text.len(), |end| end + 1);
        return (Token::Text(&text[..end]), end);
    }
    let name_end = named.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(named.len());
    let name = &named[..name_end];
    let mut rest = &named[name_end..];
    let mut attributes: Vec<(&str, &str)> = Vec::new();
    let mut empty = false;
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('>') {
            rest = after;
            break;
        }
        if let Some(after) = rest.strip_prefix('/') {
            empty = after.trim_start().starts_with('>');
            rest = after;
            continue;
        }
        if rest.is_empty() {
            break;
        }
        let key_end =
            rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/')).unwrap_or(rest.len());
        if key_end == 0 {
            // Something that is no attribute's beginning, such as a second equals sign.
            rest = &rest[rest.chars().next().map_or(1, char::len_utf8)..];
            continue;
        }
        let key = &rest[..key_end];
        rest = rest[key_end..].trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            (value, rest) = attribute_value(after.trim_start());
        }
        if !attributes.iter().any(|(known, _)| known.eq_ignore_ascii_case(key)) {
            attributes.push((key, value));
        }
    }
    let length = text.len() - rest.len();
    if is_end { (Token::End(name), length) } else { (Token::Start { name, attributes, empty }, length) }
}

fn attribute_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inside) = text.strip_prefix(quote) {
            let end = inside.find(quote).unwrap_or(inside.len());
            return (&inside[..end], inside.get(end + 1..).unwrap_or(""));
        }
    }
    let end = text.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(text.len());
    text.split_at(end)
}

/// Where the text of a raw element ends, and where what follows its end tag begins.
fn find_end(text: &str, name: &str) -> (usize, usize) {
    let mut from = 0;
    while let Some(found) = text[from..].find("</") {
        let at = from + found;
        let after = &text[at + 2..];
        if after.get(..name.len()).is_some_and(|it| it.eq_ignore_ascii_case(name)) {
            return (at, after.find('>').map_or(text.len(), |end| at + 2 + end + 1));
        }
        from = at + 2;
    }
    (text.len(), text.len())
}

/// Named entities beyond the five of XML that storage format uses.
const ENTITIES: [(&str, char); 42] = [
    ("nbsp", '\u{a0}'),
    ("eacute", 'é'),
    ("egrave", 'è'),
    ("agrave", 'à'),
    ("aacute", 'á'),
    ("iacute", 'í'),
    ("oacute", 'ó'),
    ("uacute", 'ú'),
    ("ntilde", 'ñ'),
    ("ccedil", 'ç'),
    ("ecirc", 'ê'),
    ("acirc", 'â'),
    ("ocirc", 'ô'),
    ("icirc", 'î'),
    ("ucirc", 'û'),
    ("auml", 'ä'),
    ("ouml", 'ö'),
    ("uuml", 'ü'),
    ("Auml", 'Ä'),
    ("Ouml", 'Ö'),
    ("Uuml", 'Ü'),
    ("szlig", 'ß'),
    ("Eacute", 'É'),
    ("hellip", '…'),
    ("mdash", '—'),
    ("ndash", '–'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("bull", '•'),
    ("middot", '·'),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("rarr", '→'),
    ("larr", '←'),
    ("times", '×'),
    ("deg", '°'),
    ("euro", '€'),
];

/// The character of an entity's name (without ampersand and semicolon).
pub(super) fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => ENTITIES.iter().find(|(known, _)| *known == name).map(|(_, character)| *character),
    }
}

/// Text with its entities resolved; an unknown one stays as it stands.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let name_end = after.bytes().take(10).position(|byte| byte == b';');
        let found = name_end.and_then(|end| after.get(..end)).and_then(entity);
        if let (Some(character), Some(end)) = (found, name_end) {
            out.push(character);
            rest = &after[end + 1..];
        } else {
            out.push('&');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}
