//! ADF to storage format, for bodies that are written in ADF.

use std::fmt::Write as _;

use serde_json::Value;

use crate::world::generated::blocks::escape;

/// Levels of nesting that are followed; deeper content is left out. `serde_json` refuses documents deeper than 128 before.
const DEPTH: usize = 100;

/// Storage format of a document; empty when the text is not JSON.
pub(super) fn convert(adf: &str) -> String {
    let mut out = String::with_capacity(adf.len());
    if let Ok(document) = serde_json::from_str::<Value>(adf) {
        nodes(&mut out, &document, 0);
    }
    out
}

fn attribute<'a>(node: &'a Value, name: &str) -> Option<&'a str> {
    node.get("attrs")?.get(name)?.as_str()
}

fn nodes(out: &mut String, parent: &Value, depth: usize) {
    if depth > DEPTH {
        return;
    }
    for node in parent.get("content").and_then(Value::as_array).into_iter().flatten() {
        write_node(out, node, depth + 1);
    }
}

fn wrapped(out: &mut String, open: &str, node: &Value, close: &str, depth: usize) {
    out.push_str(open);
    nodes(out, node, depth);
    out.push_str(close);
}

fn in_macro(out: &mut String, name: &str, parameters: &[(&str, &str)], node: &Value, depth: usize) {
    let _ = write!(out, r#"<ac:structured-macro ac:name="{}" ac:schema-version="1">"#, escape(name));
    for (key, value) in parameters {
        let _ = write!(out, r#"<ac:parameter ac:name="{key}">{}</ac:parameter>"#, escape(value));
    }
    if node.get("content").is_some() {
        wrapped(out, "<ac:rich-text-body>", node, "</ac:rich-text-body>", depth);
    }
    out.push_str("</ac:structured-macro>");
}

#[expect(clippy::too_many_lines, reason = "one arm per node")]
fn write_node(out: &mut String, node: &Value, depth: usize) {
    match node.get("type").and_then(Value::as_str).unwrap_or("") {
        "paragraph" => wrapped(out, "<p>", node, "</p>", depth),
        "heading" => {
            let level = node
                .get("attrs")
                .and_then(|attrs| attrs.get("level"))
                .and_then(Value::as_u64)
                .unwrap_or(1)
                .clamp(1, 6);
            wrapped(out, &format!("<h{level}>"), node, &format!("</h{level}>"), depth);
        }
        "bulletList" | "decisionList" => wrapped(out, "<ul>", node, "</ul>", depth),
        "orderedList" => wrapped(out, "<ol>", node, "</ol>", depth),
        "listItem" | "decisionItem" => wrapped(out, "<li>", node, "</li>", depth),
        "taskList" => wrapped(out, "<ac:task-list>", node, "</ac:task-list>", depth),
        "taskItem" | "blockTaskItem" => {
            let status = if attribute(node, "state") == Some("DONE") { "complete" } else { "incomplete" };
            let open = format!("<ac:task><ac:task-status>{status}</ac:task-status><ac:task-body>");
            wrapped(out, &open, node, "</ac:task-body></ac:task>", depth);
        }
        "blockquote" => wrapped(out, "<blockquote>", node, "</blockquote>", depth),
        "table" => wrapped(out, "<table><tbody>", node, "</tbody></table>", depth),
        "tableRow" => wrapped(out, "<tr>", node, "</tr>", depth),
        "tableHeader" => wrapped(out, "<th>", node, "</th>", depth),
        "tableCell" => wrapped(out, "<td>", node, "</td>", depth),
        "rule" => out.push_str("<hr />"),
        "hardBreak" => out.push_str("<br />"),
        "panel" => {
            let name = match attribute(node, "panelType").unwrap_or("info") {
                "warning" => "note",
                "error" => "warning",
                "success" | "tip" => "tip",
                "info" => "info",
                _ => "panel",
            };
            in_macro(out, name, &[], node, depth);
        }
        "expand" | "nestedExpand" => {
            in_macro(out, "expand", &[("title", attribute(node, "title").unwrap_or_default())], node, depth);
        }
        "extension" | "bodiedExtension" | "inlineExtension" => {
            in_macro(out, attribute(node, "extensionKey").unwrap_or("unknown"), &[], node, depth);
        }
        "codeBlock" => {
            let code: String = node
                .get("content")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(|text| text.get("text")?.as_str())
                .collect();
            out.push_str(r#"<ac:structured-macro ac:name="code" ac:schema-version="1">"#);
            if let Some(language) = attribute(node, "language") {
                let _ =
                    write!(out, r#"<ac:parameter ac:name="language">{}</ac:parameter>"#, escape(language));
            }
            let _ = write!(
                out,
                "<ac:plain-text-body><![CDATA[{}]]></ac:plain-text-body></ac:structured-macro>",
                code.replace("]]>", "]]]]><![CDATA[>")
            );
        }
        "mention" => {
            let _ = write!(
                out,
                r#"<ac:link><ri:user ri:account-id="{}" /></ac:link>"#,
                escape(attribute(node, "id").unwrap_or_default())
            );
        }
        "emoji" => {
            let (short, text) = (
                attribute(node, "shortName").unwrap_or_default(),
                attribute(node, "text").unwrap_or_default(),
            );
            let _ = write!(
                out,
                r#"<ac:emoticon ac:name="blue-star" ac:emoji-shortname="{}" ac:emoji-fallback="{}" />"#,
                escape(short),
                escape(text)
            );
        }
        "date" => {
            let day = attribute(node, "timestamp")
                .and_then(|text| text.parse::<i64>().ok())
                .unwrap_or(0)
                .div_euclid(86_400_000);
            let _ = write!(
                out,
                r#"<time datetime="{}" />"#,
                crate::world::text::iso_day(i32::try_from(day).unwrap_or(0))
            );
        }
        "status" => in_macro(
            out,
            "status",
            &[("title", attribute(node, "text").unwrap_or_default())],
            &Value::Null,
            depth,
        ),
        "inlineCard" | "blockCard" | "embedCard" => {
            let url = escape(attribute(node, "url").unwrap_or_default());
            let _ = write!(out, r#"<a href="{url}" data-card-appearance="inline">{url}</a>"#);
        }
        "media" | "mediaInline" => {
            let name = attribute(node, "alt").or_else(|| attribute(node, "id")).unwrap_or_default();
            match attribute(node, "url") {
                Some(url) => {
                    let _ = write!(
                        out,
                        r#"<ac:image ac:alt="{}"><ri:url ri:value="{}" /></ac:image>"#,
                        escape(name),
                        escape(url)
                    );
                }
                None => {
                    let _ = write!(
                        out,
                        r#"<ac:image ac:alt="{0}"><ri:attachment ri:filename="{0}" /></ac:image>"#,
                        escape(name)
                    );
                }
            }
        }
        "layoutSection" => {
            wrapped(out, "<ac:layout><ac:layout-section>", node, "</ac:layout-section></ac:layout>", depth);
        }
        "layoutColumn" => wrapped(out, "<ac:layout-cell>", node, "</ac:layout-cell>", depth),
        "placeholder" => {
            let _ = write!(
                out,
                "<ac:placeholder>{}</ac:placeholder>",
                escape(attribute(node, "text").unwrap_or_default())
            );
        }
        "text" => text(out, node),
        _ => nodes(out, node, depth),
    }
}

fn text(out: &mut String, node: &Value) {
    let mut content = escape(node.get("text").and_then(Value::as_str).unwrap_or(""));
    for mark in node.get("marks").and_then(Value::as_array).into_iter().flatten() {
        let tag = match mark.get("type").and_then(Value::as_str).unwrap_or("") {
            "strong" => "strong",
            "em" => "em",
            "underline" => "u",
            "strike" => "del",
            "code" => "code",
            "subsup" => attribute(mark, "type").filter(|kind| *kind == "sub").map_or("sup", |_| "sub"),
            "link" => {
                content = format!(
                    r#"<a href="{}">{content}</a>"#,
                    escape(attribute(mark, "href").unwrap_or_default())
                );
                continue;
            }
            "annotation" => {
                let reference = escape(attribute(mark, "id").unwrap_or_default());
                content = format!(
                    r#"<ac:inline-comment-marker ac:ref="{reference}">{content}</ac:inline-comment-marker>"#
                );
                continue;
            }
            _ => continue,
        };
        content = format!("<{tag}>{content}</{tag}>");
    }
    out.push_str(&content);
}
