//! Blocks that Confluence alone has.

use super::blocks::{Block, Writer, block, macro_body, marked, paragraph, paragraph_x, quote, text};
use crate::world::seed::uuid;

impl Writer<'_> {
    pub(super) fn layouts(&mut self, out: &mut Vec<Block>) {
        let (a, xa) = self.both();
        let (b, xb) = self.both();
        let column = |width: &str, content: &str| {
            format!(r#"{{"type":"layoutColumn","attrs":{{"width":{width}}},"content":[{content}]}}"#)
        };
        out.push(block(
            format!(r#"{{"type":"layoutSection","content":[{},{}]}}"#, column("50", &a), column("50", &b)),
            format!(
                r#"<ac:layout><ac:layout-section ac:type="two_equal" ac:breakout-mode="default"><ac:layout-cell>{xa}</ac:layout-cell><ac:layout-cell>{xb}</ac:layout-cell></ac:layout-section></ac:layout>"#
            ),
        ));
    }

    pub(super) fn macros(&mut self, out: &mut Vec<Block>) {
        let (a, xa) = self.both();
        for (name, parameters) in [("excerpt", vec![("hidden", "true")]), ("details", vec![("id", "facts")])]
        {
            let values: Vec<String> =
                parameters.iter().map(|(key, value)| format!(r#""{key}":{{"value":"{value}"}}"#)).collect();
            out.push(block(
                format!(
                    r#"{{"type":"bodiedExtension","attrs":{{"extensionType":"com.atlassian.confluence.macro.core","extensionKey":"{name}","parameters":{{"macroParams":{{{}}}}},"layout":"default"}},"content":[{a}]}}"#,
                    values.join(",")
                ),
                macro_body(name, &parameters, &format!("<ac:rich-text-body>{xa}</ac:rich-text-body>")),
            ));
        }
        let macros: [(&str, &[(&str, &str)]); 10] = [
            ("children", &[("all", "true")]),
            ("pagetree", &[]),
            ("jira", &[("key", "HARB-1")]),
            ("jira", &[("jqlQuery", "project = HARB AND status = Done"), ("maximumIssues", "20")]),
            ("recently-updated", &[]),
            ("contentbylabel", &[("cql", "label = \"tide\"")]),
            ("attachments", &[]),
            ("livesearch", &[]),
            ("widget", &[("url", "https://example.com/video/7")]),
            ("drawio", &[("diagramName", "quay plan"), ("simpleViewer", "false")]),
        ];
        for (name, parameters) in macros {
            let values: Vec<String> = parameters
                .iter()
                .map(|(key, value)| format!("{}:{{\"value\":{}}}", quote(key), quote(value)))
                .collect();
            out.push(block(
                format!(
                    r#"{{"type":"extension","attrs":{{"extensionType":"com.atlassian.confluence.macro.core","extensionKey":"{name}","parameters":{{"macroParams":{{{}}}}},"layout":"default"}}}}"#,
                    values.join(",")
                ),
                macro_body(name, parameters, ""),
            ));
        }
        let source = "graph TD; A-->B & C;";
        out.push(block(
            format!(
                r#"{{"type":"extension","attrs":{{"extensionType":"com.atlassian.confluence.macro.core","extensionKey":"noformat","parameters":{{"macroParams":{{}}}},"text":{}}}}}"#,
                quote(source)
            ),
            macro_body("noformat", &[], &format!("<ac:plain-text-body><![CDATA[{source}]]></ac:plain-text-body>")),
        ));
    }

    pub(super) fn references(&mut self, out: &mut Vec<Block>) {
        out.push(block(
            paragraph(&format!("{},{}", text("See "), marked("the plan", r#"{"type":"link","attrs":{"href":"/wiki/spaces/HB"}}"#))),
            r#"<p>See <ac:link><ri:page ri:space-key="HB" ri:content-title="Harbour handbook" /><ac:plain-text-link-body><![CDATA[the plan]]></ac:plain-text-link-body></ac:link></p>"#,
        ));
        out.push(block(
            r#"{"type":"extension","attrs":{"extensionType":"com.atlassian.confluence.macro.core","extensionKey":"include","parameters":{"macroParams":{"":{"value":"Harbour handbook"}}},"layout":"default"}}"#,
            r#"<ac:structured-macro ac:name="include" ac:schema-version="1"><ac:parameter ac:name=""><ac:link><ri:page ri:space-key="HB" ri:content-title="Harbour handbook" /></ac:link></ac:parameter></ac:structured-macro>"#,
        ));
        let s = self.sentence();
        out.push(block(
            format!(r#"{{"type":"bodiedSyncBlock","attrs":{{"resourceId":"{0}","localId":"{0}"}},"content":[{1}]}}"#, uuid(0x5bc, self.dice.roll()), paragraph(&text(s))),
            format!("<div>{}</div>", paragraph_x(s)),
        ));
        out.push(block(
            format!(r#"{{"type":"syncBlock","attrs":{{"resourceId":"{0}","localId":"{0}"}}}}"#, uuid(0x5bd, self.dice.roll())),
            r#"<p><ac:link ac:anchor="top"><ac:link-body><em>Back to the top</em></ac:link-body></ac:link></p>"#,
        ));
        out.push(block(
            format!(
                r#"{{"type":"taskList","attrs":{{"localId":"{0}"}},"content":[{{"type":"blockTaskItem","attrs":{{"localId":"{0}","state":"TODO"}},"content":[{1}]}}]}}"#,
                uuid(0x5be, self.dice.roll()),
                paragraph(&text(s))
            ),
            format!(
                "<ac:task-list><ac:task><ac:task-id>9</ac:task-id><ac:task-status>incomplete</ac:task-status><ac:task-body>{}</ac:task-body></ac:task></ac:task-list>",
                paragraph_x(s)
            ),
        ));
    }
}
