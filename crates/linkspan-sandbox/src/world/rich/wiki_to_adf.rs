//! Wiki markup to ADF, word for word: a paragraph per run of lines, a text node per line. Nothing is interpreted.

use std::fmt::Write as _;

/// The document as JSON text.
pub(super) fn convert(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4 + 64);
    out.push_str(r#"{"type":"doc","version":1,"content":["#);
    let mut in_paragraph = false;
    let mut first = true;
    for line in lines(text) {
        if line.trim().is_empty() {
            if in_paragraph {
                out.push_str("]}");
                in_paragraph = false;
            }
            continue;
        }
        if in_paragraph {
            out.push_str(r#",{"type":"hardBreak"},"#);
        } else {
            out.push_str(if first {
                r#"{"type":"paragraph","content":["#
            } else {
                r#",{"type":"paragraph","content":["#
            });
            in_paragraph = true;
            first = false;
        }
        out.push_str(r#"{"type":"text","text":""#);
        push_escaped(&mut out, line);
        out.push_str(r#""}"#);
    }
    out.push_str(if in_paragraph { "]}]}" } else { "]}" });
    out
}

/// Lines ended by `\n`, `\r\n` or `\r`.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

/// Appends the inside of a JSON string literal.
pub(super) fn push_escaped(out: &mut String, text: &str) {
    let mut clean_from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[clean_from..at]);
        clean_from = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            other => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{other:04x}");
            }
        }
    }
    out.push_str(&text[clean_from..]);
}

#[cfg(test)]
mod tests {
    use super::convert;

    #[test]
    fn lines_stay_as_they_stand_and_blank_lines_part_paragraphs() {
        let adf = convert("a *b* \"c\"\r\n  d\\\r\n\r\n\n{code}\u{1}\tx");
        let text = |text: &str| format!(r#"{{"type":"text","text":"{text}"}}"#);
        let expected = format!(
            r#"{{"type":"doc","version":1,"content":[{{"type":"paragraph","content":[{},{{"type":"hardBreak"}},{}]}},{{"type":"paragraph","content":[{}]}}]}}"#,
            text(r#"a *b* \"c\""#),
            text(r"  d\\"),
            text(r"{code}\u0001\tx")
        );
        assert_eq!(adf, expected);
        assert_eq!(convert(" \r\n"), super::super::EMPTY_ADF);
    }
}
