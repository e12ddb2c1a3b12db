//! ADF to wiki markup, as API version 2 shows documents that were written in ADF.

use std::fmt::Write as _;

use serde_json::Value;

/// Levels of nesting that are followed; deeper content is left out. `serde_json` refuses documents deeper than 128 before.
const DEPTH: usize = 100;

/// Wiki markup of a document; empty when the text is not JSON.
pub(super) fn convert(adf: &str) -> String {
    let Ok(document) = serde_json::from_str::<Value>(adf) else { return String::new() };
    let mut out = String::with_capacity(adf.len() / 2);
    blocks(&mut out, children(&document), "", 0);
    out.truncate(out.trim_end().len());
    out
}

fn children(node: &Value) -> &[Value] {
    node.get("content").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn attribute<'a>(node: &'a Value, name: &str) -> Option<&'a str> {
    node.get("attrs")?.get(name)?.as_str()
}

fn kind(node: &Value) -> &str {
    node.get("type").and_then(Value::as_str).unwrap_or("")
}

fn blocks(out: &mut String, nodes: &[Value], bullet: &str, depth: usize) {
    for (at, node) in nodes.iter().enumerate() {
        if at > 0 && bullet.is_empty() && !out.is_empty() && !out.ends_with("\n\n") {
            out.push_str(if out.ends_with('\n') { "\n" } else { "\n\n" });
        }
        block(out, node, bullet, depth);
    }
}

fn block(out: &mut String, node: &Value, bullet: &str, depth: usize) {
    if depth > DEPTH {
        return;
    }
    let depth = depth + 1;
    match kind(node) {
        "paragraph" | "caption" => inlines(out, children(node)),
        "heading" => {
            let level =
                node.get("attrs").and_then(|attrs| attrs.get("level")).and_then(Value::as_u64).unwrap_or(1);
            let _ = write!(out, "h{level}. ");
            inlines(out, children(node));
        }
        "bulletList" | "taskList" | "decisionList" => items(out, node, &format!("{bullet}*"), depth),
        "orderedList" => items(out, node, &format!("{bullet}#"), depth),
        "codeBlock" => {
            let language =
                attribute(node, "language").map_or(String::new(), |language| format!(":{language}"));
            let _ = write!(out, "{{code{language}}}");
            children(node)
                .iter()
                .filter_map(|text| text.get("text")?.as_str())
                .for_each(|text| out.push_str(text));
            out.push_str("{code}");
        }
        "blockquote" => fenced(out, "{quote}", "{quote}", children(node), depth),
        "panel" => fenced(out, "{panel}\n", "\n{panel}", children(node), depth),
        "expand" | "nestedExpand" => {
            let title = attribute(node, "title").unwrap_or_default();
            if !title.is_empty() {
                let _ = writeln!(out, "*{title}*");
            }
            blocks(out, children(node), "", depth);
        }
        "rule" => out.push_str("----"),
        "table" => table(out, node, depth),
        "mediaSingle" | "mediaGroup" => {
            for child in children(node) {
                block(out, child, bullet, depth);
            }
        }
        "media" => {
            let name = attribute(node, "alt")
                .or_else(|| attribute(node, "url"))
                .or_else(|| attribute(node, "id"))
                .unwrap_or_default();
            let _ = write!(out, "!{name}!");
        }
        "blockCard" | "embedCard" => card(out, node),
        "extension" | "bodiedExtension" | "syncBlock" | "bodiedSyncBlock" | "layoutSection"
        | "layoutColumn" => {
            if let Some(text) = attribute(node, "text") {
                out.push_str(text);
            }
            blocks(out, children(node), "", depth);
        }
        _ if node.get("content").is_some() => blocks(out, children(node), "", depth),
        _ => inlines(out, std::slice::from_ref(node)),
    }
}

fn fenced(out: &mut String, open: &str, close: &str, nodes: &[Value], depth: usize) {
    out.push_str(open);
    blocks(out, nodes, "", depth);
    out.push_str(close);
}

fn items(out: &mut String, list: &Value, bullet: &str, depth: usize) {
    for item in children(list) {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        match kind(item) {
            "bulletList" | "orderedList" | "taskList" => block(out, item, bullet, depth),
            "taskItem" | "decisionItem" => {
                let _ = write!(out, "{bullet} ");
                inlines(out, children(item));
            }
            _ => {
                let _ = write!(out, "{bullet} ");
                for (at, child) in children(item).iter().enumerate() {
                    if at > 0 && !out.ends_with('\n') {
                        out.push('\n');
                    }
                    if depth <= DEPTH {
                        block(out, child, bullet, depth + 1);
                    }
                }
            }
        }
    }
}

fn table(out: &mut String, node: &Value, depth: usize) {
    for (at, row) in children(node).iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        for cell in children(row) {
            out.push_str(if kind(cell) == "tableHeader" { "||" } else { "|" });
            blocks(out, children(cell), "", depth);
        }
        let header = children(row).last().is_some_and(|cell| kind(cell) == "tableHeader");
        out.push_str(if header { "||" } else { "|" });
    }
}

fn card(out: &mut String, node: &Value) {
    let data = || node.get("attrs")?.get("data")?.get("url")?.as_str();
    if let Some(url) = attribute(node, "url").or_else(data) {
        let _ = write!(out, "[{url}]");
    }
}

fn inlines(out: &mut String, nodes: &[Value]) {
    for node in nodes {
        match kind(node) {
            "text" => text(out, node),
            "hardBreak" => out.push('\n'),
            "mention" => {
                let _ = write!(out, "[~accountid:{}]", attribute(node, "id").unwrap_or_default());
            }
            "emoji" => out.push_str(
                attribute(node, "text").or_else(|| attribute(node, "shortName")).unwrap_or_default(),
            ),
            "date" => {
                let day = attribute(node, "timestamp")
                    .and_then(|text| text.parse::<i64>().ok())
                    .unwrap_or(0)
                    .div_euclid(86_400_000);
                out.push_str(&crate::world::text::iso_day(i32::try_from(day).unwrap_or(0)));
            }
            "status" => {
                let _ = write!(out, "*[ {} ]*", attribute(node, "text").unwrap_or_default());
            }
            "inlineCard" => card(out, node),
            "mediaInline" => {
                let _ = write!(
                    out,
                    "[^{}]",
                    attribute(node, "alt").or_else(|| attribute(node, "id")).unwrap_or_default()
                );
            }
            "inlineExtension" => out.push_str(attribute(node, "text").unwrap_or_default()),
            _ => {}
        }
    }
}

fn text(out: &mut String, node: &Value) {
    let text = node.get("text").and_then(Value::as_str).unwrap_or("");
    let marks = node.get("marks").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut wrapped = text.to_owned();
    for mark in marks {
        wrapped = match kind(mark) {
            "strong" => format!("*{wrapped}*"),
            "em" => format!("_{wrapped}_"),
            "strike" => format!("-{wrapped}-"),
            "underline" => format!("+{wrapped}+"),
            "code" => format!("{{{{{wrapped}}}}}"),
            "subsup" if attribute(mark, "type") == Some("sub") => format!("~{wrapped}~"),
            "subsup" => format!("^{wrapped}^"),
            "textColor" => {
                format!("{{color:{}}}{wrapped}{{color}}", attribute(mark, "color").unwrap_or("#000000"))
            }
            "link" => format!("[{wrapped}|{}]", attribute(mark, "href").unwrap_or_default()),
            _ => wrapped,
        };
    }
    out.push_str(&wrapped);
}

#[cfg(test)]
mod tests {
    use super::convert;

    #[test]
    fn blocks_marks_lists_and_tables_become_markup() {
        let adf = r#"{"type":"doc","version":1,"content":[
            {"type":"heading","attrs":{"level":2},"content":[{"type":"text","text":"Plan"}]},
            {"type":"paragraph","content":[{"type":"text","text":"a"},{"type":"hardBreak"},{"type":"text","text":"b","marks":[{"type":"strong"}]}]},
            {"type":"bulletList","content":[{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"x"}]},
                {"type":"orderedList","content":[{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"y"}]}]}]}]}]},
            {"type":"table","content":[{"type":"tableRow","content":[{"type":"tableHeader","content":[{"type":"paragraph","content":[{"type":"text","text":"h"}]}]}]},
                {"type":"tableRow","content":[{"type":"tableCell","content":[{"type":"paragraph","content":[{"type":"text","text":"c"}]}]}]}]}]}"#;
        assert_eq!(convert(adf), "h2. Plan\n\na\n*b*\n\n* x\n*# y\n\n||h||\n|c|");
    }
}
