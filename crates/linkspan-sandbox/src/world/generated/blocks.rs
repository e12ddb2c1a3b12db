//! Blocks of rich text, each in ADF and in Confluence's storage format, put together once per site. Bodies are strung
//! together from them, so that a body costs a few copies.

use super::words::SENTENCES;
use crate::world::account::{Account, Directory};
use crate::world::ids::AccountIndex;
use crate::world::seed::{Dice, uuid};

/// One top-level block in both formats.
#[derive(Debug)]
pub(in crate::world) struct Block {
    /// ADF node as JSON text.
    pub(in crate::world) adf: Box<str>,
    /// Storage format.
    pub(in crate::world) storage: Box<str>,
}

/// All blocks of a site.
#[derive(Debug)]
pub(in crate::world) struct Blocks {
    /// Paragraphs of one to four sentences.
    pub(in crate::world) plain: Vec<Block>,
    /// Everything that both Jira and Confluence take: all marks, lists, code, tables, panels, cards, media and the rest.
    pub(in crate::world) rich: Vec<Block>,
    /// What Confluence alone has: layouts, macros with bodies, includes, drafts of templates.
    pub(in crate::world) confluence: Vec<Block>,
}

/// JSON string literal of a text.
pub(in crate::world) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Text escaped for XHTML.
pub(in crate::world) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

pub(super) fn text(text: &str) -> String {
    format!(r#"{{"type":"text","text":{}}}"#, quote(text))
}

pub(super) fn marked(content: &str, marks: &str) -> String {
    format!(r#"{{"type":"text","text":{},"marks":[{marks}]}}"#, quote(content))
}

pub(super) fn paragraph(inline: &str) -> String {
    format!(r#"{{"type":"paragraph","content":[{inline}]}}"#)
}

pub(super) fn block(adf: impl Into<String>, storage: impl Into<String>) -> Block {
    Block { adf: adf.into().into_boxed_str(), storage: storage.into().into_boxed_str() }
}

pub(super) fn macro_body(name: &str, parameters: &[(&str, &str)], body: &str) -> String {
    let parameter = |(key, value): &(&str, &str)| {
        format!(r#"<ac:parameter ac:name="{key}">{}</ac:parameter>"#, escape(value))
    };
    let parameters = parameters.iter().map(parameter).collect::<Vec<_>>().concat();
    format!(
        r#"<ac:structured-macro ac:name="{name}" ac:schema-version="1">{parameters}{body}</ac:structured-macro>"#
    )
}

pub(super) struct Writer<'a> {
    pub(super) dice: Dice,
    people: &'a [&'a Account],
    site_url: &'a str,
}

impl Blocks {
    /// Blocks that mention some of a site's people.
    pub(in crate::world) fn new(
        seed: u64,
        directory: &Directory,
        present: &[AccountIndex],
        site_url: &str,
    ) -> Self {
        let people: Vec<&Account> = present.iter().take(64).map(|index| directory.get(*index)).collect();
        let mut writer = Writer { dice: Dice::at(seed, 0xb10c, 0), people: &people, site_url };
        let plain = (0..192).map(|_| writer.plain()).collect();
        let mut rich = Vec::new();
        for round in 0..6 {
            writer.marks(&mut rich);
            writer.lists(&mut rich, round);
            writer.boxes(&mut rich);
            writer.inlines(&mut rich);
            writer.tables(&mut rich);
            writer.media(&mut rich, round);
            writer.cards(&mut rich);
        }
        let mut confluence = Vec::new();
        for _ in 0..4 {
            writer.layouts(&mut confluence);
            writer.macros(&mut confluence);
            writer.references(&mut confluence);
        }
        Self { plain, rich, confluence }
    }
}

impl Writer<'_> {
    pub(super) fn sentence(&mut self) -> &'static str {
        self.dice.word(&SENTENCES)
    }

    pub(super) fn both(&mut self) -> (String, String) {
        let sentence = self.sentence();
        (paragraph(&text(sentence)), format!("<p>{}</p>", escape(sentence)))
    }

    fn plain(&mut self) -> Block {
        let count = 1 + self.dice.index(4);
        let sentences: Vec<&str> = (0..count).map(|_| self.sentence()).collect();
        let joined = sentences.join(" ");
        block(paragraph(&text(&joined)), format!("<p>{}</p>", escape(&joined)))
    }

    fn marks(&mut self, out: &mut Vec<Block>) {
        let s = self.sentence();
        let e = escape(s);
        let simple =
            [("strong", "strong"), ("em", "em"), ("strike", "del"), ("underline", "u"), ("code", "code")];
        for (mark, tag) in simple {
            let adf =
                paragraph(&format!("{},{}", text("See: "), marked(s, &format!(r#"{{"type":"{mark}"}}"#))));
            out.push(block(adf, format!("<p>See: <{tag}>{e}</{tag}></p>")));
        }
        let sub = |kind: &str| format!(r#"{{"type":"subsup","attrs":{{"type":"{kind}"}}}}"#);
        out.push(block(
            paragraph(&format!(
                "{},{},{},{}",
                text("CO"),
                marked("2", &sub("sub")),
                text(" rises by 10"),
                marked("−3", &sub("sup"))
            )),
            "<p>CO<sub>2</sub> rises by 10<sup>−3</sup></p>",
        ));
        out.push(block(
            paragraph(&format!(
                "{},{}",
                marked(s, r##"{"type":"textColor","attrs":{"color":"#bf2600"}}"##),
                marked(" (checked)", r##"{"type":"backgroundColor","attrs":{"color":"#fedec8"}}"##)
            )),
            format!(r#"<p><span style="color: rgb(191,38,0);">{e}</span><span style="background-color: rgb(254,222,200);"> (checked)</span></p>"#),
        ));
        let url = format!("{}/browse/HARB-1?page=1&x=2", self.site_url);
        let link =
            format!(r#"{{"type":"link","attrs":{{"href":{},"title":"opens the issue"}}}}"#, quote(&url));
        out.push(block(
            paragraph(&format!(
                "{},{}",
                text("Compare "),
                marked(s, &format!(r#"{{"type":"strong"}},{link}"#))
            )),
            format!(r#"<p>Compare <strong><a href="{}">{e}</a></strong></p>"#, escape(&url)),
        ));
        for (level, s) in [
            (1, "Background"),
            (2, "What we saw"),
            (3, "Plan"),
            (4, "Open points"),
            (5, "Numbers"),
            (6, "Footnotes & more"),
        ] {
            out.push(block(
                format!(r#"{{"type":"heading","attrs":{{"level":{level}}},"content":[{}]}}"#, text(s)),
                format!("<h{level}>{}</h{level}>", escape(s)),
            ));
        }
        out.push(block(
            format!(r#"{{"type":"paragraph","marks":[{{"type":"alignment","attrs":{{"align":"center"}}}}],"content":[{}]}}"#, text(s)),
            format!(r#"<p style="text-align: center;">{e}</p>"#),
        ));
        out.push(block(
            format!(r#"{{"type":"paragraph","marks":[{{"type":"indentation","attrs":{{"level":2}}}}],"content":[{}]}}"#, text(s)),
            format!(r#"<p style="margin-left: 60.0px;">{e}</p>"#),
        ));
        out.push(block(
            paragraph(&format!(r#"{},{{"type":"hardBreak"}},{}"#, text("first line"), text("second line"))),
            "<p>first line<br />second line</p>",
        ));
        out.push(block(r#"{"type":"paragraph"}"#, "<p />"));
    }

    fn lists(&mut self, out: &mut Vec<Block>, round: u64) {
        let (one, one_x) = self.both();
        let (two, two_x) = self.both();
        let (three, three_x) = self.both();
        let nested =
            format!(r#"{{"type":"bulletList","content":[{{"type":"listItem","content":[{two}]}}]}}"#);
        out.push(block(
            format!(r#"{{"type":"bulletList","content":[{{"type":"listItem","content":[{one},{nested}]}},{{"type":"listItem","content":[{three}]}}]}}"#),
            format!("<ul><li>{one_x}<ul><li>{two_x}</li></ul></li><li>{three_x}</li></ul>"),
        ));
        out.push(block(
            format!(
                r#"{{"type":"orderedList","attrs":{{"order":3}},"content":[{{"type":"listItem","content":[{one}]}},{{"type":"listItem","content":[{two},{{"type":"codeBlock","attrs":{{"language":"bash"}},"content":[{}]}}]}}]}}"#,
                text("tide --since 2026-01-01 | sort")
            ),
            format!(
                r#"<ol start="3"><li>{one_x}</li><li>{two_x}{}</li></ol>"#,
                macro_body("code", &[("language", "bash")], "<ac:plain-text-body><![CDATA[tide --since 2026-01-01 | sort]]></ac:plain-text-body>")
            ),
        ));
        let (s, t) = (self.sentence(), self.sentence());
        let id = |n: u64| uuid(0x7a5c + round, n);
        let (list, first, second, third) = (id(0), id(1), id(2), id(3));
        let task = |id: &str, state: &str, s: &str| {
            format!(
                r#"{{"type":"taskItem","attrs":{{"localId":"{id}","state":"{state}"}},"content":[{}]}}"#,
                text(s)
            )
        };
        let task_x = |n: u32, status: &str, s: &str| {
            format!(
                "<ac:task><ac:task-id>{n}</ac:task-id><ac:task-status>{status}</ac:task-status><ac:task-body>{}</ac:task-body></ac:task>",
                escape(s)
            )
        };
        out.push(block(
            format!(
                r#"{{"type":"taskList","attrs":{{"localId":"{list}"}},"content":[{},{},{{"type":"taskList","attrs":{{"localId":"{}"}},"content":[{}]}}]}}"#,
                task(&first, "DONE", s),
                task(&second, "TODO", t),
                id(4),
                task(&third, "TODO", "and tell the night shift")
            ),
            format!(
                "<ac:task-list>{}{}<ac:task-list>{}</ac:task-list></ac:task-list>",
                task_x(1, "complete", s),
                task_x(2, "incomplete", t),
                task_x(3, "incomplete", "and tell the night shift")
            ),
        ));
        out.push(block(
            format!(
                r#"{{"type":"decisionList","attrs":{{"localId":"{}"}},"content":[{{"type":"decisionItem","attrs":{{"localId":"{}","state":"DECIDED"}},"content":[{}]}}]}}"#,
                id(5),
                id(6),
                text(s)
            ),
            format!(
                r#"<ac:adf-extension><ac:adf-node type="decision-list"><ac:adf-node type="decision-item"><ac:adf-attribute key="state">DECIDED</ac:adf-attribute><ac:adf-content>{0}</ac:adf-content></ac:adf-node></ac:adf-node><ac:adf-fallback><ul><li>{0}</li></ul></ac:adf-fallback></ac:adf-extension>"#,
                escape(s)
            ),
        ));
    }

    fn boxes(&mut self, out: &mut Vec<Block>) {
        let (a, xa) = self.both();
        let (b, xb) = self.both();
        for (panel, name) in [("info", "info"), ("warning", "note"), ("error", "warning"), ("success", "tip")]
        {
            out.push(block(
                format!(r#"{{"type":"panel","attrs":{{"panelType":"{panel}"}},"content":[{a}]}}"#),
                macro_body(name, &[], &format!("<ac:rich-text-body>{xa}</ac:rich-text-body>")),
            ));
        }
        out.push(block(
            format!(r#"{{"type":"panel","attrs":{{"panelType":"note"}},"content":[{a},{b}]}}"#),
            format!(
                r#"<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute><ac:adf-content>{xa}{xb}</ac:adf-content></ac:adf-node><ac:adf-fallback><div class="panel">{xa}{xb}</div></ac:adf-fallback></ac:adf-extension>"#
            ),
        ));
        out.push(block(
            format!(
                r##"{{"type":"panel","attrs":{{"panelType":"custom","panelColor":"#e6fcff","panelIcon":":ship:","panelIconText":"🚢"}},"content":[{b}]}}"##
            ),
            macro_body("panel", &[("panelIcon", ":ship:"), ("panelIconText", "🚢"), ("bgColor", "#e6fcff")], &format!("<ac:rich-text-body>{xb}</ac:rich-text-body>")),
        ));
        out.push(block(
            format!(r#"{{"type":"blockquote","content":[{a},{b}]}}"#),
            format!("<blockquote>{xa}{xb}</blockquote>"),
        ));
        let code = "fn draught(metres: f64) -> Option<f64> {\n    // ``` is no fence here, and a < b && b > c\n    (metres > 0.0).then_some(metres)\n}\n";
        out.push(block(
            format!(r#"{{"type":"codeBlock","attrs":{{"language":"rust"}},"content":[{}]}}"#, text(code)),
            macro_body(
                "code",
                &[("language", "rust"), ("title", "draught.rs")],
                &format!("<ac:plain-text-body><![CDATA[{code}]]></ac:plain-text-body>"),
            ),
        ));
        out.push(block(
            format!(r#"{{"type":"codeBlock","content":[{}]}}"#, text("x[[1]]> y")),
            macro_body(
                "code",
                &[],
                "<ac:plain-text-body><![CDATA[x[[1]]]]><![CDATA[> y]]></ac:plain-text-body>",
            ),
        ));
        out.push(block(r#"{"type":"rule"}"#, "<hr />"));
        let nested = format!(r#"{{"type":"nestedExpand","attrs":{{"title":"Deeper"}},"content":[{b}]}}"#);
        let nested_x = macro_body(
            "expand",
            &[("title", "Deeper")],
            &format!("<ac:rich-text-body>{xb}</ac:rich-text-body>"),
        );
        out.push(block(
            format!(
                r#"{{"type":"expand","attrs":{{"title":"Details & figures"}},"content":[{a},{nested}]}}"#
            ),
            macro_body(
                "expand",
                &[("title", "Details & figures")],
                &format!("<ac:rich-text-body>{xa}{nested_x}</ac:rich-text-body>"),
            ),
        ));
    }

    fn inlines(&mut self, out: &mut Vec<Block>) {
        let person = *self.dice.pick(self.people);
        let s = self.sentence();
        out.push(block(
            paragraph(&format!(
                r#"{{"type":"mention","attrs":{{"id":{},"text":{},"accessLevel":""}}}},{}"#,
                quote(&person.account_id),
                quote(&format!("@{}", person.name)),
                text(&format!(" {s}"))
            )),
            format!(
                r#"<p><ac:link><ri:user ri:account-id="{}" /></ac:link> {}</p>"#,
                escape(&person.account_id),
                escape(s)
            ),
        ));
        out.push(block(
            paragraph(&format!(r#"{},{{"type":"emoji","attrs":{{"shortName":":ship:","id":"1f6a2","text":"🚢"}}}},{}"#, text("Sails "), text(" at noon"))),
            r#"<p>Sails <ac:emoticon ac:name="blue-star" ac:emoji-shortname=":ship:" ac:emoji-id="1f6a2" ac:emoji-fallback="🚢" /> at noon</p>"#,
        ));
        let day = 20_000 + i64::try_from(self.dice.below(700)).unwrap_or(0);
        let (year, month, date) = crate::world::text::civil(day);
        out.push(block(
            paragraph(&format!(
                r#"{},{{"type":"date","attrs":{{"timestamp":"{}"}}}}"#,
                text("Due "),
                day * 86_400_000
            )),
            format!(r#"<p>Due <time datetime="{year:04}-{month:02}-{date:02}" /></p>"#),
        ));
        for (label, color, old) in
            [("IN PROGRESS", "blue", "Blue"), ("DONE", "green", "Green"), ("AT RISK", "red", "Red")]
        {
            out.push(block(
                paragraph(&format!(r#"{},{{"type":"status","attrs":{{"text":"{label}","color":"{color}","localId":"","style":""}}}}"#, text("State: "))),
                format!("<p>State: {}</p>", macro_body("status", &[("title", label), ("colour", old)], "")),
            ));
        }
        out.push(block(
            paragraph(&format!(
                r#"{{"type":"placeholder","attrs":{{"text":"Describe the berth here"}}}},{}"#,
                text("Berth 4")
            )),
            "<p><ac:placeholder>Describe the berth here</ac:placeholder>Berth 4</p>",
        ));
        let url = format!("{}/browse/HARB-2", self.site_url);
        out.push(block(
            paragraph(&format!(
                r#"{},{{"type":"inlineCard","attrs":{{"url":{}}}}}"#,
                text("Tracked in "),
                quote(&url)
            )),
            format!(r#"<p>Tracked in <a href="{0}" data-card-appearance="inline">{0}</a></p>"#, escape(&url)),
        ));
        out.push(block(
            paragraph(&format!(
                r#"{},{{"type":"inlineExtension","attrs":{{"extensionType":"com.atlassian.confluence.macro.core","extensionKey":"anchor","parameters":{{"macroParams":{{"":{{"value":"top"}}}}}}}}}}"#,
                text("Anchor: ")
            )),
            format!("<p>Anchor: {}</p>", macro_body("anchor", &[("", "top")], "")),
        ));
    }

    fn tables(&mut self, out: &mut Vec<Block>) {
        let (a, xa) = self.both();
        let (b, xb) = self.both();
        let cell = |kind: &str, attributes: &str, content: &str| {
            format!(r#"{{"type":"{kind}","attrs":{{{attributes}}},"content":[{content}]}}"#)
        };
        let head = |s: &str| paragraph(&marked(s, r#"{"type":"strong"}"#));
        out.push(block(
            format!(
                r#"{{"type":"table","attrs":{{"isNumberColumnEnabled":false,"layout":"default"}},"content":[{{"type":"tableRow","content":[{},{}]}},{{"type":"tableRow","content":[{},{}]}}]}}"#,
                cell("tableHeader", "", &head("Berth | pier")),
                cell("tableHeader", "", &head("Remark")),
                cell("tableCell", "", &a),
                cell("tableCell", r##""background":"#deebff""##, &b)
            ),
            format!(
                r##"<table data-layout="default"><tbody><tr><th><p><strong>Berth | pier</strong></p></th><th><p><strong>Remark</strong></p></th></tr><tr><td>{xa}</td><td data-highlight-colour="#deebff">{xb}</td></tr></tbody></table>"##
            ),
        ));
        let list = format!(r#"{{"type":"bulletList","content":[{{"type":"listItem","content":[{a}]}}]}}"#);
        out.push(block(
            format!(
                r#"{{"type":"table","attrs":{{"isNumberColumnEnabled":true,"layout":"wide"}},"content":[{{"type":"tableRow","content":[{}]}},{{"type":"tableRow","content":[{},{}]}}]}}"#,
                cell("tableHeader", r#""colspan":2,"rowspan":1"#, &head("Both columns")),
                cell("tableHeader", "", &head("Row head")),
                cell("tableCell", "", &list)
            ),
            format!(
                r#"<table data-layout="wide" class="numberingColumn"><tbody><tr><th colspan="2"><p><strong>Both columns</strong></p></th></tr><tr><th><p><strong>Row head</strong></p></th><td><ul><li>{xa}</li></ul></td></tr></tbody></table>"#
            ),
        ));
    }

    fn media(&mut self, out: &mut Vec<Block>, round: u64) {
        let id = uuid(0x3ed1a, round);
        let caption = self.sentence();
        out.push(block(
            format!(
                r#"{{"type":"mediaSingle","attrs":{{"layout":"center","width":60}},"content":[{{"type":"media","attrs":{{"type":"file","id":"{id}","collection":"","alt":"quay.jpg","width":640,"height":480}}}},{{"type":"caption","content":[{}]}}]}}"#,
                text(caption)
            ),
            format!(
                r#"<ac:image ac:align="center" ac:layout="center" ac:original-width="640" ac:original-height="480" ac:alt="quay.jpg"><ri:attachment ri:filename="quay.jpg" /><ac:caption><p>{}</p></ac:caption></ac:image>"#,
                escape(caption)
            ),
        ));
        out.push(block(
            r#"{"type":"mediaSingle","attrs":{"layout":"center"},"content":[{"type":"media","attrs":{"type":"external","url":"https://example.com/chart.png?a=1&b=2","alt":"tide chart"}}]}"#,
            r#"<ac:image ac:layout="center" ac:alt="tide chart"><ri:url ri:value="https://example.com/chart.png?a=1&amp;b=2" /></ac:image>"#,
        ));
        out.push(block(
            format!(
                r#"{{"type":"mediaGroup","content":[{{"type":"media","attrs":{{"type":"file","id":"{id}","collection":""}}}},{{"type":"media","attrs":{{"type":"file","id":"{}","collection":""}}}}]}}"#,
                uuid(0x3ed1b, round)
            ),
            macro_body("view-file", &[("name", "plan.pdf")], ""),
        ));
        out.push(block(
            paragraph(&format!(r#"{},{{"type":"mediaInline","attrs":{{"type":"file","id":"{id}","collection":"","alt":"trace.log"}}}}"#, text("Log: "))),
            r#"<p>Log: <ac:link><ri:attachment ri:filename="trace.log" /><ac:plain-text-link-body><![CDATA[trace.log]]></ac:plain-text-link-body></ac:link></p>"#,
        ));
    }

    fn cards(&mut self, out: &mut Vec<Block>) {
        let url = format!("{}/browse/HARB-3", self.site_url);
        out.push(block(
            format!(r#"{{"type":"blockCard","attrs":{{"url":{}}}}}"#, quote(&url)),
            format!(r#"<p><a href="{0}" data-card-appearance="block">{0}</a></p>"#, escape(&url)),
        ));
        out.push(block(
            r#"{"type":"embedCard","attrs":{"url":"https://example.com/board/1","layout":"center","width":80}}"#,
            r#"<p><a href="https://example.com/board/1" data-card-appearance="embed" data-layout="center" data-width="80">https://example.com/board/1</a></p>"#,
        ));
        out.push(block(
            r#"{"type":"extension","attrs":{"extensionType":"com.atlassian.confluence.macro.core","extensionKey":"toc","parameters":{"macroParams":{"maxLevel":{"value":"3"}}},"layout":"default"}}"#,
            macro_body("toc", &[("maxLevel", "3")], ""),
        ));
    }
}

pub(super) fn paragraph_x(text: &str) -> String {
    format!("<p>{}</p>", escape(text))
}
