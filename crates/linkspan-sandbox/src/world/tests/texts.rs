//! S20: what is made up uses every node and mark of ADF, validly, and says the same in storage format.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use super::{options, world};
use crate::world::jira::CustomValue;
use crate::world::{Body, Rich};

const NODES: [&str; 40] = [
    "blockCard",
    "blockTaskItem",
    "blockquote",
    "bodiedExtension",
    "bodiedSyncBlock",
    "bulletList",
    "caption",
    "codeBlock",
    "date",
    "decisionItem",
    "decisionList",
    "doc",
    "embedCard",
    "emoji",
    "expand",
    "extension",
    "hardBreak",
    "heading",
    "inlineCard",
    "inlineExtension",
    "layoutColumn",
    "layoutSection",
    "listItem",
    "media",
    "mediaGroup",
    "mediaInline",
    "mediaSingle",
    "mention",
    "nestedExpand",
    "orderedList",
    "panel",
    "paragraph",
    "placeholder",
    "rule",
    "status",
    "syncBlock",
    "table",
    "taskItem",
    "taskList",
    "text",
];
const MARKS: [&str; 12] = [
    "alignment",
    "annotation",
    "backgroundColor",
    "code",
    "em",
    "indentation",
    "link",
    "strike",
    "strong",
    "subsup",
    "textColor",
    "underline",
];

fn collect(node: &Value, nodes: &mut BTreeSet<String>, marks: &mut BTreeSet<String>) {
    nodes.extend(node["type"].as_str().map(str::to_owned));
    let list = |name: &str| node[name].as_array().cloned().unwrap_or_default();
    marks.extend(list("marks").iter().filter_map(|mark| mark["type"].as_str().map(str::to_owned)));
    for child in &list("content") {
        collect(child, nodes, marks);
    }
}

/// All documents of a small world.
fn documents() -> Vec<String> {
    let world = world(&options(400, 400));
    let state = world.main_site().read();
    let mut documents = Vec::new();
    for id in state.issue_ids() {
        let issue = state.issue(id).unwrap();
        let custom = issue.custom.iter().filter_map(|(_, value)| match value {
            CustomValue::Rich(rich) => Some(rich),
            _ => None,
        });
        let texts = issue
            .description
            .iter()
            .chain(&issue.environment)
            .chain(issue.comments.iter().map(|comment| &comment.body))
            .chain(custom);
        documents.extend(texts.map(|text| text.adf().into_owned()));
    }
    for id in state.content_ids() {
        let content = state.content(id).unwrap();
        documents.push(content.body.adf().into_owned());
        documents.extend(content.comments.iter().map(|comment| comment.body.adf().into_owned()));
    }
    documents
}

#[test]
fn s20_every_kind_of_node_and_mark_occurs() {
    let (mut nodes, mut marks) = (BTreeSet::new(), BTreeSet::new());
    for document in documents() {
        collect(&serde_json::from_str(&document).unwrap(), &mut nodes, &mut marks);
    }
    let missing: Vec<&&str> = NODES.iter().filter(|name| !nodes.contains(**name)).collect();
    assert!(missing.is_empty(), "nodes that never occur: {missing:?}");
    let missing: Vec<&&str> = MARKS.iter().filter(|name| !marks.contains(**name)).collect();
    assert!(missing.is_empty(), "marks that never occur: {missing:?}");
}

#[test]
fn s20_every_document_is_valid_by_the_published_schema() {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/openapi/adf-schema.json"));
    let Ok(text) = std::fs::read_to_string(&path) else { return };
    let schema = jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap();
    let mut blocks: BTreeSet<String> = BTreeSet::new();
    for document in documents() {
        let document: Value = serde_json::from_str(&document).unwrap();
        // Documents are strung together from blocks: each is judged once.
        blocks.extend(document["content"].as_array().unwrap().iter().map(ToString::to_string));
    }
    let mut faults = Vec::new();
    for block in blocks {
        let document: Value =
            serde_json::from_str(&format!(r#"{{"type":"doc","version":1,"content":[{block}]}}"#)).unwrap();
        if !schema.is_valid(&document) {
            faults.push(block);
        }
    }
    assert!(faults.is_empty(), "{} invalid blocks, such as {}", faults.len(), faults[0]);
}

#[test]
fn s20_storage_is_well_formed_and_reads_as_its_adf_does() {
    let world = world(&options(10, 300));
    let state = world.main_site().read();
    for id in state.content_ids() {
        let content = state.content(id).unwrap();
        let Body::Both { storage, .. } = &content.body else { continue };
        let wrapped = format!(r#"<body xmlns:ac="a" xmlns:ri="r">{storage}</body>"#);
        let mut reader = quick_xml::Reader::from_str(&wrapped);
        while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
        let title = content.body.plain();
        assert!(title.starts_with(&*content.title), "{title}");
    }
}

#[test]
fn s20_a_body_written_in_one_form_can_be_read_in_the_other() {
    let written = Body::from_adf(
        r#"{"type":"doc","version":1,"content":[{"type":"heading","attrs":{"level":2},"content":[{"type":"text","text":"A & b"}]},{"type":"codeBlock","content":[{"type":"text","text":"x]]>y"}]}]}"#,
    );
    assert!(written.storage().starts_with("<h2>A &amp; b</h2>"));
    assert_eq!(Body::from_storage(&written.storage()).plain(), "A & b\nx]]>y");
    let stored = Body::from_storage("<p>a <strong>b</strong></p>");
    assert!(stored.adf().contains(r#"{"type":"strong"}"#));
    assert_eq!(Body::Empty.adf(), crate::world::rich::EMPTY_ADF);
    let rich = Rich::Adf(r#"{"type":"doc","version":1,"content":[{"type":"paragraph","content":[{"type":"text","text":"x"}]}]}"#.into());
    assert_eq!(rich.wiki(), "x");
}
