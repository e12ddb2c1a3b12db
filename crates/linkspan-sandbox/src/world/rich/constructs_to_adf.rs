//! Confluence's own elements to ADF: macros, tasks, emoticons, links, dates, images.

use super::markup::Element;
use super::markup_to_adf::{Builder, Inside};
use super::wiki_to_adf::push_escaped;

impl Builder {
    /// Confluence's own elements.
    pub(super) fn construct(&mut self, element: &Element<'_>, inside: Inside) {
        match &*element.name {
            "ac:structured-macro" | "ac:macro" => self.macro_(element, inside),
            "ac:task-list" => self.tasks(element),
            "ac:emoticon" => self.emoticon(element),
            "ac:link" => self.link(element, inside),
            "ac:inline-comment-marker" => {
                let reference = element.attribute("ac:ref").unwrap_or_default();
                let mut mark =
                    String::from(r#"{"type":"annotation","attrs":{"annotationType":"inlineComment","id":""#);
                push_escaped(&mut mark, &reference);
                mark.push_str(r#""}}"#);
                self.marked(mark, element, inside);
            }
            "time" => {
                let day = element.attribute("datetime").unwrap_or_default();
                let mut parts = day.splitn(3, '-').map(|part| part.parse::<i64>().ok());
                if let (Some(Some(year)), Some(Some(month @ 1..=12)), Some(Some(date @ 1..=31))) =
                    (parts.next(), parts.next(), parts.next())
                {
                    let days = crate::world::text::days_from_civil(year.clamp(1, 9999), month, date);
                    self.node(format!(
                        r#"{{"type":"date","attrs":{{"timestamp":"{}"}}}}"#,
                        days * 86_400_000
                    ));
                }
            }
            "ac:image" => {
                let url = element.child("ri:url").and_then(|url| url.attribute("ri:value"));
                if let (Some(url), Inside::Document) = (url, inside) {
                    self.paragraph();
                    let mut media = String::from(
                        r#"{"type":"mediaSingle","attrs":{"layout":"center"},"content":[{"type":"media","attrs":{"type":"external","url":""#,
                    );
                    push_escaped(&mut media, &url);
                    media.push_str(r#""}}]}"#);
                    self.blocks.push(media);
                }
                if let Some(caption) = element.child("ac:caption") {
                    self.children(caption, inside);
                }
            }
            _ => self.children(element, inside),
        }
    }

    fn macro_(&mut self, element: &Element<'_>, inside: Inside) {
        let name = element.attribute("ac:name").unwrap_or_default();
        let rich = element.child("ac:rich-text-body");
        let panel = match name.as_str() {
            "info" => Some("info"),
            "note" => Some("warning"),
            "warning" => Some("error"),
            "tip" => Some("success"),
            "panel" => Some("note"),
            _ => None,
        };
        match (name.as_str(), rich, element.child("ac:plain-text-body")) {
            ("status", ..) => {
                let title = element
                    .parameter("title")
                    .filter(|title| !title.is_empty())
                    .unwrap_or_else(|| " ".to_owned());
                let mut node = String::from(r#"{"type":"status","attrs":{"text":""#);
                push_escaped(&mut node, &title);
                node.push_str(r#"","color":"neutral"}}"#);
                self.node(node);
            }
            (_, _, Some(plain)) => {
                self.code(&plain.text(), element.parameter("language").as_deref());
                self.others(element, &["ac:plain-text-body"], inside);
            }
            (_, Some(body), None) => {
                self.paragraph();
                if let Some(title) = element.parameter("title") {
                    self.text(&title);
                    self.paragraph();
                }
                if let Some(panel) = panel.filter(|_| inside.takes_panels()) {
                    let content = self.inner(body, Inside::Panel);
                    self.blocks.push(format!(
                        r#"{{"type":"panel","attrs":{{"panelType":"{panel}"}},"content":[{content}]}}"#
                    ));
                } else {
                    self.children(body, inside);
                    self.paragraph();
                }
                self.others(element, &["ac:rich-text-body"], inside);
            }
            _ => self.children(element, inside),
        }
    }

    fn tasks(&mut self, element: &Element<'_>) {
        self.paragraph();
        let mut items = Vec::new();
        for task in element.elements().filter(|it| it.name == "ac:task") {
            let done = task.child("ac:task-status").is_some_and(|status| status.text().trim() == "complete");
            let mut body = Self { spaced: true, locals: self.locals, ..Self::default() };
            if let Some(text) = task.child("ac:task-body") {
                body.run(&text.text().split_whitespace().collect::<Vec<_>>().join(" "));
            }
            let id = self.local_id();
            let state = if done { "DONE" } else { "TODO" };
            let content = if body.inline.is_empty() {
                String::new()
            } else {
                format!(r#","content":[{}]"#, body.inline.join(","))
            };
            items.push(format!(
                r#"{{"type":"taskItem","attrs":{{"localId":"{id}","state":"{state}"}}{content}}}"#
            ));
        }
        if !items.is_empty() {
            let id = self.local_id();
            self.blocks.push(format!(
                r#"{{"type":"taskList","attrs":{{"localId":"{id}"}},"content":[{}]}}"#,
                items.join(",")
            ));
        }
    }

    fn emoticon(&mut self, element: &Element<'_>) {
        let fallback = element.attribute("ac:emoji-fallback").filter(|it| !it.is_empty());
        let short = element
            .attribute("ac:emoji-shortname")
            .or_else(|| element.attribute("ac:name").map(|name| format!(":{name}:")));
        let mut node = String::from(r#"{"type":"emoji","attrs":{"shortName":""#);
        push_escaped(&mut node, &short.unwrap_or_default());
        node.push('"');
        if let Some(fallback) = fallback {
            node.push_str(r#","text":""#);
            push_escaped(&mut node, &fallback);
            node.push('"');
        }
        node.push_str("}}");
        self.node(node);
    }

    fn link(&mut self, element: &Element<'_>, inside: Inside) {
        if let Some(id) = element.child("ri:user").and_then(|user| user.attribute("ri:account-id")) {
            let mut node = String::from(r#"{"type":"mention","attrs":{"id":""#);
            push_escaped(&mut node, &id);
            node.push_str(r#""}}"#);
            self.node(node);
            self.others(element, &["ri:user"], inside);
            return;
        }
        let body =
            element.elements().find(|it| matches!(&*it.name, "ac:link-body" | "ac:plain-text-link-body"));
        if let Some(body) = body {
            self.children(body, inside);
            return;
        }
        let title = |name: &str, attribute: &str| element.child(name).and_then(|it| it.attribute(attribute));
        let shown = title("ri:page", "ri:content-title")
            .or_else(|| title("ri:blog-post", "ri:content-title"))
            .or_else(|| title("ri:attachment", "ri:filename"));
        self.text(&shown.unwrap_or_default());
    }
}
