//! Storage format and exported HTML written out again: well-formed, rendered, or as text alone.

use super::markup::{Element, Node, is_void, parse, unescape};

/// Well-formed XHTML with all the text of the input. Comments, scripts and styles are dropped, badly nested ends repaired.
pub(super) fn well_formed(html: &str) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 8);
    write_children(&mut out, &parse(html));
    out
}

fn write_children(out: &mut String, parent: &Element<'_>) {
    for child in &parent.children {
        match child {
            Node::Text(text) => push_text(out, &unescape(text)),
            Node::Cdata(text) => push_text(out, text),
            Node::Element(element) => write_element(out, element),
        }
    }
}

fn write_element(out: &mut String, element: &Element<'_>) {
    let plain = |name: &str| {
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':' | b'.'))
    };
    // What cannot be a name in XML gives up its tag and keeps its content.
    let known_prefix =
        |name: &str| name.split_once(':').is_none_or(|(prefix, _)| matches!(prefix, "ac" | "ri" | "at"));
    if matches!(&*element.name, "script" | "style") {
        return;
    }
    if !plain(&element.name) || !known_prefix(&element.name) {
        return write_children(out, element);
    }
    out.push('<');
    out.push_str(&element.name);
    for (key, value) in &element.attributes {
        let starts_well = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if starts_well && plain(key) && known_prefix(key) {
            out.push(' ');
            out.push_str(key);
            out.push_str("=\"");
            push_text(out, &unescape(value));
            out.push('"');
        }
    }
    if element.children.is_empty() && is_void(&element.name) {
        out.push_str(" />");
        return;
    }
    out.push('>');
    write_children(out, element);
    out.push_str("</");
    out.push_str(&element.name);
    out.push('>');
}

fn push_text(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(character),
            // XML cannot hold these at all.
            '\u{0}'..'\u{20}' | '\u{fffe}' | '\u{ffff}' => {}
            other => out.push(other),
        }
    }
}

/// Storage format rendered: macros give way to their content, references to links.
pub(super) fn rendered(storage: &str) -> String {
    let mut out = String::with_capacity(storage.len());
    render_children(&mut out, &parse(storage));
    out
}

fn render_children(out: &mut String, parent: &Element<'_>) {
    for child in &parent.children {
        match child {
            Node::Text(text) => push_text(out, &unescape(text)),
            Node::Cdata(text) => push_text(out, text),
            Node::Element(element) => render_element(out, element),
        }
    }
}

fn render_element(out: &mut String, element: &Element<'_>) {
    let mut wrap = |open: &str, inner: &Element<'_>, close: &str| {
        out.push_str(open);
        render_children(out, inner);
        out.push_str(close);
    };
    match &*element.name {
        "ac:structured-macro" | "ac:macro" => render_macro(out, element),
        "ac:parameter" | "ac:task-id" | "ac:task-uuid" | "ac:task-status" | "ac:adf-attribute"
        | "ac:adf-fallback" | "ac:placeholder" => {}
        "ac:task-list" => wrap("<ul class=\"inline-task-list\">", element, "</ul>"),
        "ac:task" => wrap("<li>", element, "</li>"),
        "ac:emoticon" => push_text(
            out,
            &element
                .attribute("ac:emoji-fallback")
                .or_else(|| element.attribute("ac:name"))
                .unwrap_or_default(),
        ),
        "ac:image" => {
            let alt = element.attribute("ac:alt").unwrap_or_default();
            let url = element.child("ri:url").and_then(|url| url.attribute("ri:value"));
            let file = element.child("ri:attachment").and_then(|file| file.attribute("ri:filename"));
            out.push_str("<img class=\"confluence-embedded-image\" alt=\"");
            push_text(out, &alt);
            out.push_str("\" src=\"");
            push_text(out, &url.or(file).unwrap_or_default());
            out.push_str("\" />");
            if let Some(caption) = element.child("ac:caption") {
                render_children(out, caption);
            }
        }
        "ac:link" => render_link(out, element),
        "time" => push_text(out, &element.attribute("datetime").unwrap_or_default()),
        name if name.starts_with("ac:") || name.starts_with("ri:") || name.starts_with("at:") => {
            render_children(out, element);
        }
        name => {
            out.push('<');
            out.push_str(name);
            for (key, value) in &element.attributes {
                out.push(' ');
                out.push_str(key);
                out.push_str("=\"");
                push_text(out, &unescape(value));
                out.push('"');
            }
            if is_void(name) {
                out.push_str("/>");
                return;
            }
            out.push('>');
            render_children(out, element);
            out.push_str("</");
            out.push_str(name);
            out.push('>');
        }
    }
}

fn render_macro(out: &mut String, element: &Element<'_>) {
    let name = element.attribute("ac:name").unwrap_or_default();
    if name == "status" {
        out.push_str("<span class=\"status-macro\">");
        push_text(out, &element.parameter("title").unwrap_or_default());
        out.push_str("</span>");
        return;
    }
    out.push_str("<div class=\"");
    push_text(out, &name);
    out.push_str("\">");
    if let Some(title) = element.parameter("title") {
        out.push_str("<b>");
        push_text(out, &title);
        out.push_str("</b>");
    }
    for body in element.elements() {
        match &*body.name {
            "ac:rich-text-body" => render_children(out, body),
            "ac:plain-text-body" => {
                out.push_str("<pre>");
                push_text(out, &body.text());
                out.push_str("</pre>");
            }
            _ => {}
        }
    }
    out.push_str("</div>");
}

fn render_link(out: &mut String, element: &Element<'_>) {
    let target = |name: &str, attribute: &str| element.child(name).and_then(|it| it.attribute(attribute));
    let page = target("ri:page", "ri:content-title").or_else(|| target("ri:blog-post", "ri:content-title"));
    let title = page
        .or_else(|| target("ri:attachment", "ri:filename"))
        .or_else(|| target("ri:user", "ri:account-id").map(|id| format!("@{id}")));
    let title = title.or_else(|| element.attribute("ac:anchor")).unwrap_or_default();
    out.push_str("<a href=\"#\">");
    let body = element.elements().find(|it| matches!(&*it.name, "ac:link-body" | "ac:plain-text-link-body"));
    match body {
        Some(body) => render_children(out, body),
        None => push_text(out, &title),
    }
    out.push_str("</a>");
}

/// The text alone, blocks on lines of their own.
pub(super) fn plain(markup: &str) -> String {
    let mut out = String::with_capacity(markup.len() / 2);
    plain_children(&mut out, &parse(markup));
    out.truncate(out.trim_end().len());
    out
}

fn plain_children(out: &mut String, parent: &Element<'_>) {
    for child in &parent.children {
        match child {
            Node::Text(text) => out.push_str(&unescape(text)),
            Node::Cdata(text) => out.push_str(text),
            Node::Element(element) => plain_element(out, element),
        }
    }
}

fn plain_element(out: &mut String, element: &Element<'_>) {
    match &*element.name {
        "style" | "script" | "ac:task-id" | "ac:task-uuid" | "ac:task-status" | "ac:adf-attribute"
        | "ac:adf-fallback" | "ac:placeholder" => {}
        "ac:parameter" => {
            if element.attribute("ac:name").as_deref() == Some("title") {
                out.push_str(&element.text());
                out.push('\n');
            }
        }
        "ac:emoticon" => out.push_str(&element.attribute("ac:emoji-fallback").unwrap_or_default()),
        "time" => out.push_str(&element.attribute("datetime").unwrap_or_default()),
        name => {
            let block = matches!(
                name,
                "p" | "h1"
                    | "h2"
                    | "h3"
                    | "h4"
                    | "h5"
                    | "h6"
                    | "li"
                    | "tr"
                    | "pre"
                    | "div"
                    | "blockquote"
                    | "br"
                    | "ac:task"
                    | "ac:structured-macro"
            );
            plain_children(out, element);
            if block && !out.ends_with('\n') && !out.is_empty() {
                out.push('\n');
            }
            if matches!(name, "td" | "th") {
                out.push('\t');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{plain, rendered, well_formed};

    #[test]
    fn bad_nesting_and_stray_brackets_are_repaired_and_no_text_is_lost() {
        assert_eq!(
            well_formed("<P class=a>x < 3 &amp; <b>y<i>z</b> w<br>&nbsp;<!-- c --></p>"),
            "<p class=\"a\">x &lt; 3 &amp; <b>y<i>z</i></b> w<br />\u{a0}</p>"
        );
        assert_eq!(well_formed("</div>a<fab:x>b</fab:x><"), "ab&lt;");
    }

    #[test]
    fn macros_give_way_to_their_content() {
        let storage = r#"<p>See <ac:link><ri:page ri:content-title="Plan"/></ac:link></p><ac:structured-macro ac:name="info"><ac:rich-text-body><p>&eacute;</p></ac:rich-text-body></ac:structured-macro>"#;
        assert_eq!(rendered(storage), "<p>See <a href=\"#\">Plan</a></p><div class=\"info\"><p>é</p></div>");
        assert_eq!(plain("<h1>A</h1><p>b &lt; c</p>"), "A\nb < c");
    }
}
