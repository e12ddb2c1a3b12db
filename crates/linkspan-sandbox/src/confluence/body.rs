//! The body of content in each representation it can be asked in.

use std::borrow::Cow;

use super::answer::Refusal;
use super::convert;
use super::json::JsonWriter;
use super::parameters::Parameters;
use super::view::View;
use crate::world::Body;

/// A representation of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyFormat {
    /// `storage`: XHTML as kept.
    Storage,
    /// `atlas_doc_format`: ADF, a JSON document inside a JSON string.
    AtlasDoc,
    /// `view`: HTML with addresses relative to the site.
    View,
    /// `export_view`: HTML with absolute addresses.
    ExportView,
    /// `anonymous_export_view`
    AnonymousExportView,
    /// `styled_view`: a whole HTML document with its style.
    StyledView,
    /// `editor`
    Editor,
}

impl BodyFormat {
    /// The formats lists accept.
    pub(super) const LISTED: [(&'static str, Self); 2] =
        [("storage", Self::Storage), ("atlas_doc_format", Self::AtlasDoc)];
    /// The formats a single page or comment can be asked in.
    pub(super) const SINGLE: [(&'static str, Self); 7] = [
        ("storage", Self::Storage),
        ("atlas_doc_format", Self::AtlasDoc),
        ("view", Self::View),
        ("export_view", Self::ExportView),
        ("anonymous_export_view", Self::AnonymousExportView),
        ("styled_view", Self::StyledView),
        ("editor", Self::Editor),
    ];

    /// The wire name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Storage => "storage",
            Self::AtlasDoc => "atlas_doc_format",
            Self::View => "view",
            Self::ExportView => "export_view",
            Self::AnonymousExportView => "anonymous_export_view",
            Self::StyledView => "styled_view",
            Self::Editor => "editor",
        }
    }

    /// The `body-format` of a list.
    pub(super) fn listed(parameters: &Parameters) -> Result<Option<Self>, Refusal> {
        parameters.choice("body-format", &Self::LISTED)
    }

    /// The `body-format` of a single thing.
    pub(super) fn single(parameters: &Parameters) -> Result<Option<Self>, Refusal> {
        parameters.choice("body-format", &Self::SINGLE)
    }
}

/// Writes `"storage":{"representation":"storage","value":"…"}`.
pub(super) fn write_body(json: &mut JsonWriter, view: &View<'_>, body: &Body, format: BodyFormat) {
    json.key(format.name()).object(|json| {
        json.key("representation").string(format.name());
        json.key("value").string(&render(body, format, view.base()));
    });
}

/// The text of a body in a representation.
pub(super) fn render<'body>(body: &'body Body, format: BodyFormat, base: &str) -> Cow<'body, str> {
    match format {
        BodyFormat::Storage | BodyFormat::Editor => convert::storage(body),
        BodyFormat::AtlasDoc => convert::adf(body),
        BodyFormat::View => convert::view(body),
        BodyFormat::ExportView | BodyFormat::AnonymousExportView => absolute(convert::view(body), base),
        BodyFormat::StyledView => {
            let html = absolute(convert::view(body), base);
            Cow::Owned(format!(
                "<html><head><style type=\"text/css\"></style></head><body>{html}</body></html>"
            ))
        }
    }
}

/// Site-relative addresses in attributes made absolute.
fn absolute<'html>(html: Cow<'html, str>, base: &str) -> Cow<'html, str> {
    if !html.contains("=\"/") {
        return html;
    }
    let host = base.strip_suffix("/wiki").unwrap_or(base);
    let rewritten =
        html.replace("href=\"/", &format!("href=\"{host}/")).replace("src=\"/", &format!("src=\"{host}/"));
    Cow::Owned(rewritten)
}

/// Text made safe to stand in HTML.
pub(super) fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The words of a body without its markup, for text search and excerpts.
pub(super) fn plain_text(body: &Body) -> String {
    let html = match body {
        Body::View(html) => Cow::Borrowed(html.as_ref()),
        other => convert::storage(other),
    };
    let mut text = String::with_capacity(html.len() / 2);
    let mut rest = html.as_ref();
    while let Some(open) = rest.find('<') {
        push_unescaped(&mut text, &rest[..open]);
        let tag = &rest[open..];
        // Text inside CDATA belongs to the words: code blocks are searched too.
        if let Some(cdata) = tag.strip_prefix("<![CDATA[") {
            let end = cdata.find("]]>").unwrap_or(cdata.len());
            text.push_str(&cdata[..end]);
            rest = cdata.get(end + 3..).unwrap_or_default();
            continue;
        }
        text.push(' ');
        rest = tag.find('>').map_or("", |close| &tag[close + 1..]);
    }
    push_unescaped(&mut text, rest);
    text
}

/// Appends text with its character references resolved; unknown ones are kept as written.
fn push_unescaped(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let reference =
            rest.find(';').filter(|end| *end <= 10).and_then(|end| Some((end, character(&rest[1..end])?)));
        match reference {
            Some((end, character)) => {
                out.push(character);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
}

fn character(reference: &str) -> Option<char> {
    let number = match reference {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        "nbsp" => return Some('\u{a0}'),
        "auml" => return Some('ä'),
        "ouml" => return Some('ö'),
        "uuml" => return Some('ü'),
        "szlig" => return Some('ß'),
        "eacute" => return Some('é'),
        "rsquo" => return Some('’'),
        "ldquo" => return Some('“'),
        "rdquo" => return Some('”'),
        "ndash" => return Some('–'),
        "mdash" => return Some('—'),
        "hellip" => return Some('…'),
        _ => reference.strip_prefix('#')?,
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::plain_text;
    use crate::world::Body;

    fn storage(text: &str) -> Body {
        Body::Storage(Arc::from(text))
    }

    #[test]
    fn words_are_kept_and_markup_is_dropped() {
        let body = storage(
            "<p>A &amp; B&nbsp;&#252;&#x41; &unknown;</p><ac:plain-text-body><![CDATA[if (a<b) {}]]></ac:plain-text-body>tail",
        );
        assert_eq!(
            plain_text(&body).split_whitespace().collect::<Vec<_>>().join(" "),
            "A & B üA &unknown; if (a<b) {} tail"
        );
    }

    proptest! {
        #[test]
        fn no_markup_makes_the_words_panic(text in "(<|>|&|;|#|x|[a-zé]|<!\\[CDATA\\[|\\]\\]>| ){0,40}") {
            let _ = plain_text(&storage(&text));
        }
    }
}
