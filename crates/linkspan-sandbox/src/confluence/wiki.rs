//! Wiki markup to storage format, for bodies that older clients write as `wiki`: headings, lists, quotes, rules, code and
//! the marks of running text.

use std::fmt::Write as _;

use super::body::escape_html;

/// The storage format of some wiki markup.
pub(super) fn to_storage(markup: &str) -> String {
    let mut out = String::new();
    let mut paragraph: Vec<&str> = Vec::new();
    let mut list: Vec<(&str, &str)> = Vec::new();
    let mut lines = markup.lines();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if let Some(item) = list_item(trimmed) {
            end_paragraph(&mut out, &mut paragraph);
            list.push(item);
            continue;
        }
        end_list(&mut out, &mut list);
        if let Some((name, language)) = code_start(trimmed) {
            end_paragraph(&mut out, &mut paragraph);
            let close = format!("{{{name}}}");
            let code: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != close).collect();
            code_macro(&mut out, language, &code.join("\n"));
        } else if let Some((level, text)) = heading(trimmed) {
            end_paragraph(&mut out, &mut paragraph);
            let _ = write!(out, "<h{level}>{}</h{level}>", inline(text));
        } else if trimmed == "----" {
            end_paragraph(&mut out, &mut paragraph);
            out.push_str("<hr/>");
        } else if let Some(quote) = trimmed.strip_prefix("bq. ") {
            end_paragraph(&mut out, &mut paragraph);
            let _ = write!(out, "<blockquote><p>{}</p></blockquote>", inline(quote));
        } else if trimmed.is_empty() {
            end_paragraph(&mut out, &mut paragraph);
        } else {
            paragraph.push(trimmed);
        }
    }
    end_list(&mut out, &mut list);
    end_paragraph(&mut out, &mut paragraph);
    out
}

fn end_paragraph(out: &mut String, lines: &mut Vec<&str>) {
    if lines.is_empty() {
        return;
    }
    let text: Vec<String> = lines.drain(..).map(inline).collect();
    let _ = write!(out, "<p>{}</p>", text.join("<br/>"));
}

/// The bullets before a list item's text, and the text.
fn list_item(line: &str) -> Option<(&str, &str)> {
    let length = line.bytes().take_while(|byte| matches!(byte, b'*' | b'#' | b'-')).count();
    let (bullets, rest) = line.split_at(length);
    let is_item = length > 0 && rest.starts_with(' ') && !(bullets.contains('-') && length > 1);
    is_item.then(|| (bullets, rest.trim()))
}

/// Writes nested lists: each item's depth is the number of its bullets.
fn end_list(out: &mut String, items: &mut Vec<(&str, &str)>) {
    let mut open: Vec<&'static str> = Vec::new();
    for (bullets, text) in items.drain(..) {
        let depth = bullets.len().min(20);
        while open.len() > depth {
            let _ = write!(out, "</li></{}>", open.pop().unwrap_or("ul"));
        }
        if open.len() == depth {
            out.push_str("</li>");
        }
        while open.len() < depth {
            let name = if bullets.as_bytes().get(open.len()) == Some(&b'#') { "ol" } else { "ul" };
            let _ = write!(out, "<{name}>");
            open.push(name);
            if open.len() < depth {
                out.push_str("<li>");
            }
        }
        let _ = write!(out, "<li>{}", inline(text));
    }
    while let Some(name) = open.pop() {
        let _ = write!(out, "</li></{name}>");
    }
}

fn heading(line: &str) -> Option<(char, &str)> {
    let rest = line.strip_prefix('h')?;
    let level = rest.chars().next().filter(|level| ('1'..='6').contains(level))?;
    Some((level, rest[1..].strip_prefix(". ")?))
}

/// `{code}`, `{code:java}` or `{noformat}` alone on a line: the macro's name and its language.
fn code_start(line: &str) -> Option<(&str, &str)> {
    let inner = line.strip_prefix('{')?.strip_suffix('}')?;
    let (name, parameters) = inner.split_once(':').unwrap_or((inner, ""));
    let language = parameters.split('|').find(|parameter| !parameter.contains('=')).unwrap_or_default();
    matches!(name, "code" | "noformat").then_some((name, language))
}

fn code_macro(out: &mut String, language: &str, code: &str) {
    out.push_str("<ac:structured-macro ac:name=\"code\">");
    if !language.is_empty() {
        let _ = write!(out, "<ac:parameter ac:name=\"language\">{}</ac:parameter>", escape_html(language));
    }
    out.push_str("<ac:plain-text-body><![CDATA[");
    out.push_str(&code.replace("]]>", "]]]]><![CDATA[>"));
    out.push_str("]]></ac:plain-text-body></ac:structured-macro>");
}

/// Running text: marks in pairs around words, and `[text|address]` links.
fn inline(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let mark = match character {
            '*' => Some(("strong", "*")),
            '_' => Some(("em", "_")),
            '+' => Some(("u", "+")),
            '^' => Some(("sup", "^")),
            '~' => Some(("sub", "~")),
            _ if rest.starts_with("{{") => Some(("code", "}}")),
            _ => None,
        };
        let at_word_start = out.is_empty() || out.ends_with([' ', '(', '>']);
        let opened = if rest.starts_with("{{") { 2 } else { 1 };
        let marked = mark.filter(|_| at_word_start || rest.starts_with("{{")).and_then(|(name, close)| {
            let inner = rest.get(opened..)?;
            let end = inner.find(close).filter(|end| *end > 0)?;
            let fits = !inner.starts_with(' ') && !inner[..end].ends_with(' ');
            fits.then(|| (name, &inner[..end], &inner[end + close.len()..]))
        });
        if let Some((name, inner, after)) = marked {
            let _ = write!(out, "<{name}>{}</{name}>", escape_html(inner));
            rest = after;
            continue;
        }
        if let Some((inner, after)) = rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            let (label, address) = inner.rsplit_once('|').unwrap_or((inner, inner));
            if address.contains("://") || address.starts_with("mailto:") {
                let _ = write!(out, "<a href=\"{}\">{}</a>", escape_html(address), escape_html(label));
                rest = after;
                continue;
            }
        }
        out.push_str(&escape_html(character.encode_utf8(&mut [0; 4])));
        rest = &rest[character.len_utf8()..];
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::to_storage;

    #[test]
    fn wiki_markup_becomes_storage() {
        for (markup, storage) in [
            (
                "h1. Head\nfirst *bold* line\nsecond",
                "<h1>Head</h1><p>first <strong>bold</strong> line<br/>second</p>",
            ),
            ("a\n\nb", "<p>a</p><p>b</p>"),
            (
                "{{x<y}} [text|https://x.test/?a&b]",
                "<p><code>x&lt;y</code> <a href=\"https://x.test/?a&amp;b\">text</a></p>",
            ),
            ("* one\n** two\n* three", "<ul><li>one<ul><li>two</li></ul></li><li>three</li></ul>"),
            ("# one", "<ol><li>one</li></ol>"),
            ("----\nbq. said", "<hr/><blockquote><p>said</p></blockquote>"),
            ("2*3*4 [not a link]", "<p>2*3*4 [not a link]</p>"),
            (
                "{code:java}\nif (a<b) {}\n{code}",
                "<ac:structured-macro ac:name=\"code\"><ac:parameter ac:name=\"language\">java</ac:parameter><ac:plain-text-body><![CDATA[if (a<b) {}]]></ac:plain-text-body></ac:structured-macro>",
            ),
        ] {
            assert_eq!(to_storage(markup), storage, "{markup}");
        }
    }

    proptest! {
        #[test]
        fn any_markup_becomes_well_formed_storage(markup in "(x|é| |\\*|_|\\+|\\[|\\]|\\||\\{|\\}|\\{code\\}|h1\\. |\n|# |://|<|&){0,40}") {
            prop_assert!(crate::confluence::body_input::read("storage", &to_storage(&markup)).is_ok());
        }
    }
}
