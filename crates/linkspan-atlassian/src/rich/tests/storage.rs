//! The constructs of storage format.

use super::super::{NoNames, from_storage};
use super::{AllNames, shown};

fn storage(sources: &[&str]) -> String {
    shown(sources.iter().copied(), |source| from_storage(source, &NoNames))
}

#[test]
fn text_blocks_and_entities() {
    let renderings = storage(&[
        r#"<p>caf&eacute;&nbsp;<ac:emoticon ac:name="smile" ac:emoji-fallback="🙂"/> &hellip; &#x1F600; &unknown; a &amp; b</p>"#,
        "<h2>Title</h2>\n<p>wrapped\n   text<br/>next <strong>bold</strong>, <em>it</em> <code>a  b</code></p><hr/><pre> kept\n  as is</pre>",
        "<blockquote><p>quoted</p></blockquote><ul><li>a<ul><li>b</li></ul></li><li><p>c</p><p>d</p></li></ul><ol start=\"3\"><li>e</li></ol>",
        r#"<p style="text-align: center"><span style="color: rgb(255,0,0);">red</span> <a href="https://a.example/">link</a> <a href="javascript:x">bad</a></p>"#,
        r#"<p>before<ac:inline-comment-marker ac:ref="r1">mid</ac:inline-comment-marker>after <time datetime="2026-01-31"/><ac:placeholder>hint</ac:placeholder></p>"#,
    ]);
    insta::assert_snapshot!(renderings);
}

#[test]
fn tables_and_layouts() {
    let renderings = storage(&[
        "<table><colgroup><col/></colgroup><tbody><tr><th>h</th><th><p>i</p></th></tr><tr><td>1</td><td>2</td></tr></tbody></table>",
        r#"<table><tbody><tr><td colspan="2"><ul><li>x</li></ul></td></tr></tbody></table>"#,
        r#"<ac:layout><ac:layout-section ac:type="two_equal"><ac:layout-cell><p>left</p></ac:layout-cell><ac:layout-cell><p>right</p></ac:layout-cell></ac:layout-section></ac:layout>"#,
    ]);
    insta::assert_snapshot!(renderings);
}

#[test]
fn macros() {
    let renderings = storage(&[
        r#"<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">sql</ac:parameter><ac:parameter ac:name="title">Query</ac:parameter><ac:plain-text-body><![CDATA[select 1 < 2 ]]]]><![CDATA[> 3]]></ac:plain-text-body></ac:structured-macro>"#,
        r#"<ac:structured-macro ac:name="note"><ac:parameter ac:name="title">Mind</ac:parameter><ac:rich-text-body><p>crossed over</p></ac:rich-text-body></ac:structured-macro><ac:structured-macro ac:name="panel"><ac:parameter ac:name="borderColor">#998dd9</ac:parameter><ac:rich-text-body><p>purple</p></ac:rich-text-body></ac:structured-macro>"#,
        r#"<ac:structured-macro ac:name="expand"><ac:parameter ac:name="title">More</ac:parameter><ac:rich-text-body><p>x</p></ac:rich-text-body></ac:structured-macro>"#,
        r#"<p>State <ac:structured-macro ac:name="status"><ac:parameter ac:name="title">DONE</ac:parameter><ac:parameter ac:name="colour">Green</ac:parameter></ac:structured-macro>now</p>"#,
        r#"<ac:structured-macro ac:name="toc"/><p><ac:structured-macro ac:name="jira"><ac:parameter ac:name="key">A-1</ac:parameter></ac:structured-macro></p><ac:structured-macro ac:name="jira"><ac:parameter ac:name="jqlQuery">project = A</ac:parameter></ac:structured-macro>"#,
        r#"<ac:structured-macro ac:name="excerpt"><ac:rich-text-body><p>body</p></ac:rich-text-body></ac:structured-macro><ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link><ri:page ri:content-title="Other"/></ac:link></ac:parameter></ac:structured-macro><ac:structured-macro ac:name="attachments"/>"#,
        r#"<ac:structured-macro ac:name="homemade"><ac:rich-text-body><p>kept</p></ac:rich-text-body></ac:structured-macro><ac:structured-macro ac:name="bare"/><ac:macro ac:name="noformat"><ac:plain-text-body><![CDATA[<raw>]]></ac:plain-text-body></ac:macro>"#,
        r#"<ac:structured-macro ac:name="widget"><ac:parameter ac:name="url"><ri:url ri:value="https://a.example/v"/></ac:parameter></ac:structured-macro><ac:structured-macro ac:name="view-file"><ac:parameter ac:name="name"><ri:attachment ri:filename="a.pdf"/></ac:parameter></ac:structured-macro>"#,
    ]);
    insta::assert_snapshot!(renderings);
}

const REFERENCES: [&str; 4] = [
    r#"<p>See <ac:link><ri:page ri:content-title="Plan" ri:space-key="SP"/><ac:plain-text-link-body><![CDATA[the plan]]></ac:plain-text-link-body></ac:link>, <ac:link ac:anchor="top"><ri:page ri:content-title="Plan"/></ac:link>, <ac:link ac:anchor="end"><ac:link-body>the <em>end</em></ac:link-body></ac:link></p>"#,
    r#"<p><ac:link><ri:user ri:account-id="a1"/></ac:link>, <ac:link><ri:space ri:space-key="SP"/></ac:link> <ac:link><ri:content-entity ri:content-id="42"/></ac:link> <ac:link><ri:url ri:value="https://a.example/"/></ac:link></p>"#,
    r#"<ac:image ac:alt="Chart"><ri:attachment ri:filename="c.png"><ri:page ri:content-title="P"/></ri:attachment><ac:caption><p>Sales</p></ac:caption></ac:image><ac:image><ri:url ri:value="https://a.example/i.png"/></ac:image>"#,
    r#"<p><ac:link><ri:attachment ri:filename="a.zip"/></ac:link><ac:structured-macro ac:name="jira"><ac:parameter ac:name="key">A-1</ac:parameter></ac:structured-macro></p>"#,
];

#[test]
fn references_without_names() {
    let renderings = storage(&REFERENCES);
    insta::assert_snapshot!(renderings);
}

#[test]
fn references_with_names() {
    let renderings = shown(REFERENCES, |source| from_storage(source, &AllNames));
    insta::assert_snapshot!(renderings);
}

#[test]
fn tasks_and_islands() {
    let renderings = storage(&[
        r"<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>complete</ac:task-status><ac:task-body><span>a</span></ac:task-body></ac:task><ac:task><ac:task-status>incomplete</ac:task-status><ac:task-body>b<ac:task-list><ac:task><ac:task-status>incomplete</ac:task-status><ac:task-body>c</ac:task-body></ac:task></ac:task-list></ac:task-body></ac:task></ac:task-list>",
        r#"<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute><ac:adf-content><p>once</p></ac:adf-content></ac:adf-node><ac:adf-fallback><div><p>once</p></div></ac:adf-fallback></ac:adf-extension>"#,
        r#"<ac:adf-extension><ac:adf-node type="decision-list"><ac:adf-content><ac:adf-node type="decision-item"><ac:adf-attribute key="state">DECIDED</ac:adf-attribute><ac:adf-content>Go</ac:adf-content></ac:adf-node></ac:adf-content></ac:adf-node></ac:adf-extension>"#,
    ]);
    insta::assert_snapshot!(renderings);
}

#[test]
fn malformed_markup_keeps_its_text() {
    let renderings = storage(&[
        "<p>a < b & c <b>open<p>next</i></p>",
        "plain text",
        "<p>cut <ac:structured-macro ac:name=\"info",
        "<p><![CDATA[never closed",
        "<p>x<script>alert(1)</script><blink>y</blink></p>",
    ]);
    insta::assert_snapshot!(renderings);
}
