//! Random documents.

use proptest::prelude::*;
use serde_json::{Value, json};

/// Text that likes to be taken for markup.
pub(super) fn text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        4 => "[a-zA-Z0-9]{1,8}",
        3 => "[ -~]{1,6}",
        2 => prop::sample::select(vec![
            "**", "*", "_", "__", "`", "```", "~~", "~", "1.", "12)", "- ", "+ ", "# ", "## ", "> ", "---", "===", "<b>",
            "</p>", "<!--", "&amp;", "&#10;", "&", "|", "\\", "\\|", "[x](y)", "![", "]", "(", ")", "!", "http://a_b_c.d/*",
            "<http://x>", "www.x.y", "[^1]", ": ", ":-", "$x$", "{x}", "@a", "a*b*c", "snake_case_", "'", "\"",
        ]).prop_map(str::to_owned),
        2 => prop::sample::select(vec![" ", "  ", "\t", "\u{a0}", "    "]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["é", "日本", "🙂", "\u{200b}", "ß", "…", "“", "€"]).prop_map(str::to_owned),
    ];
    prop::collection::vec(word, 1..5).prop_map(|words| words.concat())
}

/// Marks that every rendering shows as text with marks.
pub(super) fn marks() -> impl Strategy<Value = Value> {
    let mark = prop_oneof![
        4 => prop::sample::select(vec!["strong", "em", "strike", "underline", "code", "strong", "em"])
            .prop_map(|name| json!({"type": name})),
        1 => prop::sample::select(vec!["sub", "sup"]).prop_map(|name| json!({"type": "subsup", "attrs": {"type": name}})),
        1 => prop::sample::select(vec!["https://x.example/a_(b)?c=1&d|e", "/relative", "mailto:a@b.example"])
            .prop_map(|href| json!({"type": "link", "attrs": {"href": href}})),
        1 => Just(json!({"type": "textColor", "attrs": {"color": "#ff5630"}})),
    ];
    prop::collection::vec(mark, 0..3).prop_map(Value::Array)
}

pub(super) fn inline() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => (text(), marks()).prop_map(|(text, marks)| json!({"type": "text", "text": text, "marks": marks})),
        1 => Just(json!({"type": "hardBreak"})),
        1 => text().prop_map(|text| json!({"type": "mention", "attrs": {"id": "a1", "text": format!("@{text}")}})),
        1 => text().prop_map(|text| json!({"type": "status", "attrs": {"text": text, "color": "red"}})),
        1 => Just(json!({"type": "date", "attrs": {"timestamp": "1767225600000"}})),
        1 => Just(json!({"type": "emoji", "attrs": {"shortName": ":smile:", "text": "🙂"}})),
        1 => Just(json!({"type": "inlineCard", "attrs": {"url": "https://x.example/a_b_c?d=*e*&f"}})),
    ]
}

fn with_content(
    kind: &'static str,
    content: impl Strategy<Value = Vec<Value>>,
) -> impl Strategy<Value = Value> {
    content.prop_map(move |content| json!({"type": kind, "content": content}))
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => with_content("paragraph", prop::collection::vec(inline(), 0..5)),
        1 => (1..7_u8, prop::collection::vec(inline(), 0..3)).prop_map(|(level, content)| {
            json!({"type": "heading", "attrs": {"level": level}, "content": content})
        }),
        1 => prop::collection::vec(text(), 0..3).prop_map(|lines| {
            json!({"type": "codeBlock", "attrs": {"language": "rust"},
                "content": [{"type": "text", "text": format!("{} ", lines.join("\n"))}]})
        }),
        1 => Just(json!({"type": "rule"})),
    ]
}

/// Blocks whose visible text is the same in HTML and in Markdown.
pub(super) fn block() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 24, 3, |inner| {
        let blocks = move || prop::collection::vec(inner.clone(), 0..3);
        let item = with_content("listItem", blocks()).boxed();
        let kind = prop::sample::select(vec!["tableCell", "tableCell", "tableHeader"]);
        let cell = (kind, blocks(), 1..3_u8).prop_map(|(kind, content, span)| {
            let span = if content.len() > 1 { span } else { 1 };
            json!({"type": kind, "attrs": {"colspan": span}, "content": content})
        });
        let row = with_content("tableRow", prop::collection::vec(cell, 1..3));
        prop_oneof![
            with_content("blockquote", blocks()),
            with_content("bulletList", prop::collection::vec(item.clone(), 1..4)),
            (0..12_u32, prop::collection::vec(item, 1..4)).prop_map(|(order, content)| {
                json!({"type": "orderedList", "attrs": {"order": order}, "content": content})
            }),
            with_content("table", prop::collection::vec(row, 1..3)),
            with_content("layoutColumn", blocks()),
        ]
    })
}

pub(super) fn document() -> impl Strategy<Value = Value> {
    prop::collection::vec(block(), 0..4)
        .prop_map(|content| json!({"type": "doc", "version": 1, "content": content}))
}

/// Every node type there is, in any order and any nesting.
const KINDS: [&str; 46] = [
    "doc",
    "paragraph",
    "heading",
    "blockquote",
    "bulletList",
    "orderedList",
    "listItem",
    "codeBlock",
    "panel",
    "rule",
    "table",
    "tableRow",
    "tableCell",
    "tableHeader",
    "taskList",
    "taskItem",
    "blockTaskItem",
    "decisionList",
    "decisionItem",
    "expand",
    "nestedExpand",
    "layoutSection",
    "layoutColumn",
    "mediaSingle",
    "mediaGroup",
    "media",
    "caption",
    "blockCard",
    "embedCard",
    "extension",
    "bodiedExtension",
    "syncBlock",
    "bodiedSyncBlock",
    "multiBodiedExtension",
    "extensionFrame",
    "bodiedRule",
    "hardBreak",
    "mention",
    "emoji",
    "date",
    "status",
    "inlineCard",
    "mediaInline",
    "inlineExtension",
    "placeholder",
    "unknownNode",
];

/// A document that follows no schema.
pub(super) fn wild_document() -> impl Strategy<Value = Value> {
    let attributes = prop::collection::vec(
        (
            prop::sample::select(vec![
                "id",
                "text",
                "url",
                "href",
                "title",
                "level",
                "order",
                "state",
                "color",
                "alt",
                "language",
                "panelType",
                "shortName",
                "timestamp",
                "colspan",
                "rowspan",
                "extensionKey",
                "type",
                "collection",
                "data",
            ]),
            prop_oneof![
                text().prop_map(Value::from),
                any::<i64>().prop_map(Value::from),
                Just(Value::Null),
                Just(json!({"url": "javascript:alert(1)"})),
                prop::sample::select(vec![
                    "javascript:alert(1)",
                    "JaVaScRiPt:x",
                    "\u{1}javascript:x",
                    "data:text/html,<script>",
                    "//evil.example",
                    "/\\evil.example",
                    "https://ok.example/\"onmouseover=\"x",
                    "vbscript:x",
                    "\" onload=\"x",
                    "file",
                    "external",
                    "DONE",
                    "sub",
                    "/ok",
                    "#ok",
                    "https://ok.example/<script>\0",
                ])
                .prop_map(Value::from),
            ],
        ),
        0..4,
    );
    let attributes = attributes.prop_map(|fields| {
        Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    });
    let leaf = prop_oneof![
        3 => (text(), marks()).prop_map(|(text, marks)| json!({"type": "text", "text": text, "marks": marks})),
        1 => text().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 4, move |inner| {
        let content = prop::collection::vec(inner, 0..4);
        (prop::sample::select(KINDS.to_vec()), attributes.clone(), content, marks()).prop_map(
            |(kind, attributes, content, marks)| {
                json!({"content": content, "type": kind, "attrs": attributes, "marks": marks})
            },
        )
    })
}
