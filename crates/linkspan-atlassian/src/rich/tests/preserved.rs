//! No text is lost, whatever the tree looks like.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{MAX_DEPTH, NoNames, from_adf, from_plain, from_storage, from_wiki};
use super::generate;

/// All `text` values, in document order.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(node) if node.get("type") == Some(&json!("text")) => {
            found.extend(node.get("text").and_then(Value::as_str).map(str::to_owned));
        }
        // These have no content of their own.
        Value::Object(node)
            if [
                "media",
                "hardBreak",
                "mention",
                "emoji",
                "date",
                "status",
                "inlineCard",
                "mediaInline",
                "syncBlock",
                "inlineExtension",
                "placeholder",
                "blockCard",
                "embedCard",
                "rule",
            ]
            .iter()
            .any(|kind| node.get("type") == Some(&json!(kind))) => {}
        Value::Object(node) => {
            if let Some(content) = node.get("content") {
                texts(content, found);
            }
        }
        _ => {}
    }
}

/// Whether the texts stand in `whole` in this order.
fn stand_in_order(texts: &[String], whole: &str) -> Result<(), String> {
    let mut rest = whole;
    for text in texts {
        match rest.find(text.as_str()) {
            Some(place) => rest = &rest[place + text.len()..],
            None => return Err(format!("{text:?} is not in {rest:?}")),
        }
    }
    Ok(())
}

fn nested(kind: &str, child: &str, levels: usize, innermost: &str) -> String {
    let open = format!(r#"{{"type":"{kind}","content":[{{"type":"{child}","content":["#);
    format!("{}{innermost}{}", open.repeat(levels), "]}]}".repeat(levels))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_text_of_a_document_is_in_its_plain_text_in_order(document in generate::wild_document()) {
        let mut found = Vec::new();
        texts(&document, &mut found);
        let rich = from_adf(&document.to_string(), &NoNames);
        if !document.is_string() {
            prop_assert_eq!(stand_in_order(&found, &rich.text), Ok(()));
        }
    }

    #[test]
    fn nesting_loses_no_text(levels in 0..200_usize, list in any::<bool>(), text in "[a-z]{1,9}") {
        let (kind, child) = if list { ("bulletList", "listItem") } else { ("blockquote", "panel") };
        let leaf = format!(r#"{{"type":"paragraph","content":[{{"type":"text","text":"{text}"}}]}}"#);
        let rich = from_adf(&nested(kind, child, levels, &leaf), &NoNames);
        for rendering in [&rich.html, &rich.markdown, &rich.text] {
            prop_assert!(rendering.contains(&text));
        }
        prop_assert_eq!(rich.lost.iter().any(|loss| loss.what == "depth"), levels * 2 > MAX_DEPTH);
    }

    #[test]
    fn removing_marks_never_changes_the_plain_text(document in generate::document()) {
        let marked = document.to_string();
        let bare = marked.replace("\"marks\"", "\"unmarked\"");
        prop_assert_eq!(from_adf(&marked, &NoNames).text, from_adf(&bare, &NoNames).text);
    }

    #[test]
    fn no_string_makes_a_reader_fail_or_write_without_bound(source in any::<String>()) {
        for rich in [
            from_adf(&source, &NoNames),
            from_storage(&source, &NoNames),
            from_wiki(&source, &NoNames),
            from_plain(&source),
        ] {
            prop_assert!(rich.html.len() + rich.markdown.len() + rich.text.len() <= 300 * source.len() + 100);
        }
    }

    #[test]
    fn a_broken_document_is_kept_as_it_stands(document in generate::wild_document(), cut in 0..100_usize) {
        let json = document.to_string();
        let place = (json.len() * cut / 100..json.len()).find(|place| json.is_char_boundary(*place)).unwrap_or(0);
        let rich = from_adf(&json[..place], &NoNames);
        if !json[..place].trim().is_empty() {
            prop_assert_eq!(&rich.text, &json[..place]);
            prop_assert_eq!(&rich.lost[0].what, "malformed");
        }
    }

    #[test]
    fn words_in_broken_storage_markup_are_kept(
        parts in prop::collection::vec(prop_oneof![
            "[a-z]{2,6}",
            prop::sample::select(vec![
                "<p>", "</p>", "<ul>", "<li>", "</ul>", "<table>", "<tr>", "<td>", "</table>", "<b>", "</i>", "<", " & ",
                "&nbsp;", "&x;", "<br/>", "<ac:layout>", "<h1>", "</h1>", "<pre>", "</pre>", "<![CDATA[", "]]>", ">",
                "<ac:structured-macro ac:name=\"info\"><ac:rich-text-body>", "</ac:rich-text-body></ac:structured-macro>",
            ]).prop_map(str::to_owned),
        ], 0..14),
    ) {
        let source = parts.join(" ");
        let words: Vec<String> = parts.iter().filter(|part| part.bytes().all(|byte| byte.is_ascii_lowercase())).cloned().collect();
        // A word right behind an opening angle bracket is the name of a tag.
        prop_assume!(!source.contains("< ") || !parts.iter().any(|part| part == "<"));
        let rich = from_storage(&source, &NoNames);
        prop_assert_eq!(stand_in_order(&words, &rich.text), Ok(()));
    }

    #[test]
    fn words_in_wiki_markup_are_kept(
        parts in prop::collection::vec(prop_oneof![
            "[a-z]{2,6}",
            prop::sample::select(vec![
                "*", "_", "-", "+", "^", "~", "{{", "}}", "??", "\n", "\n\n", "\r\n", "* ", "\n* ", "\n## ", "\n*# ", "\n|",
                "|", "||", "\n||", "\\\\", "\\", "{code}", "{noformat}", "{quote}", "{panel:title=x}", "{panel}",
                "{color:red}", "{color}", "\n----\n", "\nbq. ", "[", "]", "!", " ", ":)", "(x)", "\n{quote}\n", "http://", "[~",
            ]).prop_map(str::to_owned),
        ], 0..24),
    ) {
        let source = parts.concat();
        let words: Vec<String> = parts.iter().filter(|part| part.bytes().all(|byte| byte.is_ascii_lowercase())).cloned().collect();
        // A label stands in place of what it leads to, and an image's settings and address are no text.
        prop_assume!(!has_parameters(&source));
        let rich = from_wiki(&source, &NoNames);
        prop_assert_eq!(stand_in_order(&words, &rich.text), Ok(()), "{:?}", source);
    }
}

/// Whether there is something like `[label|target|tip]`, `!image|settings!` or `!address!`.
fn has_parameters(source: &str) -> bool {
    let between = |open: char, close: char, mark: &str| {
        source.match_indices(open).any(|(place, _)| {
            source[place + 1..].split_once(close).is_some_and(|(inside, _)| inside.contains(mark))
        })
    };
    between('[', ']', "|") || between('!', '!', "|") || between('!', '!', "://")
}

#[test]
fn s18_odd_values_are_kept_as_text() {
    let far = super::paragraph(r#"{"type":"date","attrs":{"timestamp":1563000000000000}}"#);
    assert_eq!(far.text, "1563000000000000");
    assert_eq!(far.lost[0].what, "date");
    let number = super::paragraph(r#"{"type":"date","attrs":{"timestamp":1767225600000}}"#);
    assert_eq!(number.text, "2026-01-01");
    assert_eq!(super::paragraph(r#"{"type":"text","text":"\ud800x\u0000"}"#).text, "\u{fffd}x\u{fffd}");
}

#[test]
fn text_is_never_trimmed_inside() {
    let rich = super::paragraph(
        r#"{"type":"text","text":"  a  b\t"},{"type":"hardBreak"},{"type":"text","text":"  c "}"#,
    );
    assert_eq!(rich.text, "  a  b\t\n  c ");
}

#[test]
fn plain_text_is_kept_to_the_byte() {
    let text = " a\r\n\r\n\r\n  <b> & *c*\n";
    let rich = from_plain(text);
    assert_eq!(rich.text, text);
    assert_eq!(rich.html, "<p> a</p><p>  &lt;b&gt; &amp; *c*</p>");
}
