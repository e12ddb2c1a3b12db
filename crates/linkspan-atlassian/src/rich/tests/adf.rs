//! Every node and mark of the document format.

use super::super::{NoNames, from_adf};
use super::{AllNames, document, shown};

fn nodes(nodes: &[&str]) -> String {
    shown(nodes.iter().copied(), |source| from_adf(&document(source), &NoNames))
}

fn inlines(inlines: &[&str]) -> String {
    shown(inlines.iter().copied(), |source| {
        from_adf(&document(&format!(r#"{{"type":"paragraph","content":[{source}]}}"#)), &NoNames)
    })
}

#[test]
fn marks() {
    let renderings = inlines(&[
        r#"{"type":"text","text":"a"},{"type":"text","text":"b","marks":[{"type":"strong"}]},{"type":"text","text":"c","marks":[{"type":"em"}]}"#,
        r#"{"type":"text","text":"struck","marks":[{"type":"strike"}]},{"type":"text","text":" under ","marks":[{"type":"underline"}]},{"type":"text","text":"code","marks":[{"type":"code"}]}"#,
        r#"{"type":"text","text":"H"},{"type":"text","text":"2","marks":[{"type":"subsup","attrs":{"type":"sub"}}]},{"type":"text","text":"O"},{"type":"text","text":"2","marks":[{"type":"subsup","attrs":{"type":"sup"}}]}"#,
        r##"{"type":"text","text":"red","marks":[{"type":"textColor","attrs":{"color":"#ff5630"}},{"type":"backgroundColor","attrs":{"color":"#FEDEC8"}}]},{"type":"text","text":"odd","marks":[{"type":"textColor","attrs":{"color":"url(x)"}}]}"##,
        r#"{"type":"text","text":"see ","marks":[{"type":"annotation","attrs":{"id":"1","annotationType":"inlineComment"}}]},{"type":"text","text":"the [plan]","marks":[{"type":"link","attrs":{"href":"https://a.example/x_(y)?a=1&copy=2","title":"T\"t"}}]},{"type":"text","text":"!"}"#,
        r#"{"type":"text","text":"bad","marks":[{"type":"link","attrs":{"href":"javascript:alert(1)"}},{"type":"sparkle"}]}"#,
    ]);
    insta::assert_snapshot!(renderings);
}

#[test]
fn inline_nodes() {
    let renderings = inlines(&[
        r#"{"type":"text","text":"Hi "},{"type":"mention","attrs":{"id":"712020:ab","text":"@Ada"}},{"type":"text","text":"!"}"#,
        r#"{"type":"mention","attrs":{"id":"all"}},{"type":"mention","attrs":{"id":712020}},{"type":"text","text":"glued"}"#,
        r#"{"type":"emoji","attrs":{"shortName":":smile:","text":"🙂"}},{"type":"emoji","attrs":{"shortName":":our_logo:","id":"uuid"}}"#,
        r#"{"type":"text","text":"Due "},{"type":"date","attrs":{"timestamp":"1767225600000"}},{"type":"status","attrs":{"text":"DONE","color":"green"}}"#,
        r#"{"type":"text","text":"a"},{"type":"hardBreak"},{"type":"text","text":"b"}"#,
        r#"{"type":"inlineCard","attrs":{"url":"https://a.example/browse/A-1"}},{"type":"inlineCard","attrs":{"data":{"@id":"https://a.example/x","name":"A *page*"}}},{"type":"inlineCard","attrs":{"url":"javascript:x"}}"#,
        r#"{"type":"inlineExtension","attrs":{"extensionType":"com.example","extensionKey":"chart","parameters":{"macroParams":{"title":{"value":"Sales"},"token":{"value":"secret"}}}}},{"type":"inlineExtension","attrs":{"extensionType":"com.example","extensionKey":"mute"}}"#,
        r#"{"type":"mediaInline","attrs":{"type":"file","id":"f1","collection":"","alt":"log.txt"}},{"type":"placeholder","attrs":{"text":"Type here"}}"#,
    ]);
    insta::assert_snapshot!(renderings);
}

#[test]
fn paragraphs_headings_quotes_code_and_rules() {
    let renderings = nodes(&[
        r#"{"type":"heading","attrs":{"level":2},"content":[{"type":"text","text":"One # two #"}]},{"type":"paragraph"},{"type":"paragraph","content":[{"type":"text","text":"x"}]}"#,
        r#"{"type":"blockquote","content":[{"type":"paragraph","content":[{"type":"text","text":"a"}]},{"type":"paragraph","content":[{"type":"text","text":"b"}]}]}"#,
        r#"{"type":"codeBlock","attrs":{"language":"rust"},"content":[{"type":"text","text":"let a = \"```\";\n\n\tb < c"}]},{"type":"rule"},{"type":"codeBlock","attrs":{"language":"a b`"}}"#,
        r#"{"type":"bodiedRule","content":[{"type":"paragraph","content":[{"type":"text","text":"in the rule"}]}]}"#,
    ]);
    insta::assert_snapshot!(renderings);
}

#[test]
fn lists_tasks_and_decisions() {
    let renderings = nodes(&[
        r#"{"type":"bulletList","content":[{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"a"}]},{"type":"orderedList","attrs":{"order":3},"content":[{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"b"}]},{"type":"codeBlock","content":[{"type":"text","text":"c"}]}]},{"type":"listItem"}]}]}]},{"type":"bulletList","content":[{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"another"}]}]}]}"#,
        r#"{"type":"taskList","content":[{"type":"taskItem","attrs":{"state":"DONE"},"content":[{"type":"text","text":"a"}]},{"type":"taskItem","attrs":{"state":"TODO"},"content":[{"type":"text","text":"b"}]},{"type":"taskList","content":[{"type":"blockTaskItem","attrs":{"state":"TODO"},"content":[{"type":"paragraph","content":[{"type":"text","text":"c"}]}]}]}]}"#,
        r#"{"type":"decisionList","content":[{"type":"decisionItem","attrs":{"state":"DECIDED"},"content":[{"type":"text","text":"Go"}]}]}"#,
    ]);
    insta::assert_snapshot!(renderings);
}

#[test]
fn tables() {
    let renderings = nodes(&[
        r#"{"type":"table","content":[{"type":"tableRow","content":[{"type":"tableHeader","content":[{"type":"paragraph","content":[{"type":"text","text":"a|b"}]}]},{"type":"tableHeader"}]},{"type":"tableRow","content":[{"type":"tableCell","content":[{"type":"paragraph","content":[{"type":"text","text":"c\\|d","marks":[{"type":"code"}]}]}]},{"type":"tableCell","content":[{"type":"paragraph","content":[{"type":"text","text":"2"},{"type":"hardBreak"},{"type":"text","text":"3"}]}]},{"type":"tableCell"}]}]}"#,
        r#"{"type":"table","content":[{"type":"tableRow","content":[{"type":"tableCell","content":[{"type":"paragraph","content":[{"type":"text","text":"no header"}]}]}]}]}"#,
        r#"{"type":"table","content":[{"type":"tableRow","content":[{"type":"tableHeader","attrs":{"colspan":2},"content":[{"type":"paragraph","content":[{"type":"text","text":"wide"}]}]}]},{"type":"tableRow","content":[{"type":"tableCell","attrs":{"rowspan":2},"content":[{"type":"bulletList","content":[{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"x"}]}]}]}]},{"type":"tableCell","content":[{"type":"codeBlock","content":[{"type":"text","text":"a\n\nb"}]}]}]}]}"#,
    ]);
    insta::assert_snapshot!(renderings);
}

#[test]
fn panels_expands_and_layouts() {
    let renderings = nodes(&[
        r#"{"type":"panel","attrs":{"panelType":"warning"},"content":[{"type":"paragraph","content":[{"type":"text","text":"careful"}]}]}"#,
        r#"{"type":"panel","attrs":{"panelType":"custom","panelIconText":"🚀"},"content":[{"type":"paragraph","content":[{"type":"text","text":"go"}]}]}"#,
        r#"{"type":"expand","attrs":{"title":"More *x*"},"content":[{"type":"nestedExpand","content":[{"type":"paragraph","content":[{"type":"text","text":"x"}]}]}]}"#,
        r#"{"type":"layoutSection","content":[{"type":"layoutColumn","content":[{"type":"paragraph","content":[{"type":"text","text":"left"}]}]},{"type":"layoutColumn","content":[{"type":"paragraph","content":[{"type":"text","text":"right"}]}]}]}"#,
    ]);
    insta::assert_snapshot!(renderings);
}

const MEDIA: [&str; 2] = [
    r#"{"type":"mediaSingle","attrs":{"layout":"center"},"content":[{"type":"media","attrs":{"type":"file","id":"f 1","collection":"c","alt":"A chart"}},{"type":"caption","content":[{"type":"text","text":"Sales"}]}]},{"type":"mediaSingle","content":[{"type":"media","attrs":{"type":"external","url":"https://a.example/i.png"},"marks":[{"type":"link","attrs":{"href":"/wiki"}}]}]}"#,
    r#"{"type":"mediaGroup","content":[{"type":"media","attrs":{"type":"file","id":"f1","collection":"","__fileName":"a.log"}},{"type":"media","attrs":{"type":"file","id":"f2","collection":""}}]}"#,
];

#[test]
fn media_without_names() {
    let renderings = nodes(&MEDIA);
    insta::assert_snapshot!(renderings);
}

#[test]
fn names_are_resolved() {
    let mention = r#"{"type":"paragraph","content":[{"type":"mention","attrs":{"id":"a1"}}]}"#;
    let sources = MEDIA.into_iter().chain([mention]);
    let renderings = shown(sources, |source| from_adf(&document(source), &AllNames));
    insta::assert_snapshot!(renderings);
}

#[test]
fn cards_extensions_and_synced_blocks() {
    let renderings = nodes(&[
        r#"{"type":"blockCard","attrs":{"url":"https://a.example/x"}},{"type":"embedCard","attrs":{"url":"https://a.example/y","layout":"center"}},{"type":"blockCard","attrs":{"datasource":{"id":"d","parameters":{"jql":"project = A"},"views":[]}}}"#,
        r#"{"type":"extension","attrs":{"extensionType":"com.atlassian.confluence.macro.core","extensionKey":"toc"}},{"type":"extension","attrs":{"extensionType":"t","extensionKey":"k","text":"Fallback"}}"#,
        r#"{"type":"bodiedExtension","attrs":{"extensionType":"t","extensionKey":"excerpt","parameters":{"macroParams":{"name":{"value":"Intro"}}}},"content":[{"type":"paragraph","content":[{"type":"text","text":"body"}]}]}"#,
        r#"{"type":"multiBodiedExtension","attrs":{"extensionType":"t","extensionKey":"tabs"},"content":[{"type":"extensionFrame","content":[{"type":"paragraph","content":[{"type":"text","text":"one"}]}]},{"type":"extensionFrame","content":[{"type":"paragraph","content":[{"type":"text","text":"two"}]}]}]}"#,
        r#"{"type":"syncBlock","attrs":{"resourceId":"r"}},{"type":"bodiedSyncBlock","attrs":{"resourceId":"r"},"content":[{"type":"paragraph","content":[{"type":"text","text":"here"}]}]}"#,
    ]);
    insta::assert_snapshot!(renderings);
}

#[test]
fn what_no_schema_allows_keeps_its_text() {
    let renderings = nodes(&[
        r#"{"type":"futureNode","content":[{"type":"paragraph","content":[{"type":"text","text":"kept"}]}]},{"type":"futureLeaf","attrs":{"title":"titled"}}"#,
        r#"{"type":"text","text":"bare"},{"type":"listItem","content":[{"type":"text","text":"stray item"}]},"string",{"content":[{"type":"text","text":"typeless"}]}"#,
        r#"{"type":"paragraph","content":[{"type":"text","text":"before"},{"type":"bulletList","content":[{"type":"text","text":"in list"}]},{"type":"text","text":"after"}]},{"type":"table","content":[{"type":"text","text":"in table"}]}"#,
    ]);
    insta::assert_snapshot!(renderings);
}

#[test]
fn every_node_and_mark_of_the_schema_is_known() {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/openapi/adf-schema-stage-0.json");
    let Ok(schema) = std::fs::read_to_string(schema) else {
        eprintln!("skipped: no {schema}");
        return;
    };
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("a schema");
    let definitions = schema["definitions"].as_object().expect("definitions");
    let mut known = 0;
    for (name, definition) in definitions {
        let Some(kind) = definition["properties"]["type"]["enum"][0].as_str() else { continue };
        let source = if name.ends_with("_mark") {
            let text = r#"{"type":"paragraph","content":[{"type":"text","text":"x","marks":[{"type":"#;
            format!(r##"{text}"{kind}","attrs":{{"color":"#ffffff","href":"/x","type":"sub"}}}}]}}]}}"##)
        } else {
            format!(r#"{{"type":"{kind}","content":[]}}"#)
        };
        let lost = from_adf(&document(&source), &NoNames).lost;
        let unknown = format!("mark {kind}");
        let by_design = [
            "media",
            "mediaInline",
            "syncBlock",
            "placeholder",
            "blockCard",
            "embedCard",
            "inlineCard",
            "date",
            "emoji",
            "mention",
        ];
        assert!(
            !lost
                .iter()
                .any(|loss| (loss.what == kind && !by_design.contains(&kind)) || loss.what == unknown),
            "{kind} is not known"
        );
        known += 1;
    }
    assert!(known > 60, "only {known} definitions have a type");
}

#[test]
fn null_and_strings_are_read_leniently() {
    assert_eq!(from_adf("null", &NoNames).text, "");
    assert_eq!(from_adf("", &NoNames).lost, []);
    assert_eq!(from_adf(r#""line\nline""#, &NoNames).text, "line\nline");
    assert_eq!(from_adf("not json", &NoNames).text, "not json");
}
