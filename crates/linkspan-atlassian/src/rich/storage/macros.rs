//! Macros: `ac:structured-macro` and the older `ac:macro`.

use quick_xml::events::BytesStart;

use super::super::document::{Block, Inline, Marks, PanelKind};
use super::super::url;
use super::link::Resource;
use super::{Reader, Role, attribute};

/// A macro that is open.
#[derive(Default)]
pub(super) struct Macro {
    name: String,
    parameters: Vec<(String, String)>,
    /// The resource that a parameter names.
    pub(super) resource: Option<Resource>,
    /// The name of the parameter that is being read.
    parameter: String,
    has_body: bool,
}

/// More parameters than this are not kept.
const MAX_PARAMETERS: usize = 64;

impl Macro {
    fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }
}

impl Reader<'_, '_> {
    pub(super) fn start_macro(&mut self, name: &str, tag: &BytesStart<'_>) {
        self.push(name, Role::Macro, 0);
        let name = attribute(tag, "ac:name").unwrap_or_default().to_ascii_lowercase();
        self.macros.push(Macro { name, ..Macro::default() });
    }

    pub(super) fn start_parameter(&mut self, element: &str, parameter: String) {
        self.capture(element, Role::Parameter);
        if let Some(open) = self.macros.last_mut() {
            open.parameter = parameter;
        }
    }

    pub(super) fn end_parameter(&mut self) {
        let value = self.captures.pop().unwrap_or_default();
        if let Some(open) = self.macros.last_mut()
            && open.parameters.len() < MAX_PARAMETERS
        {
            let name = std::mem::take(&mut open.parameter);
            open.parameters.push((name, value));
        }
    }

    /// Starts the body, opening the macro's block for it: parameters come first.
    pub(super) fn start_body(&mut self, element: &str, is_plain: bool) {
        self.block_ends();
        let Some(open) = self.macros.last_mut() else {
            self.push(element, Role::MacroBody, 0);
            return;
        };
        open.has_body = true;
        let title = open.parameter("title").map(str::to_owned);
        let panel = panel_kind(open);
        let block = match open.name.as_str() {
            "code" | "noformat" => {
                let language = open.parameter("language").and_then(super::super::code_language);
                Block::Code { language: language.map(|language| language.into_owned().into()) }
            }
            "expand" | "ui-expand" => Block::Expand { title: title.clone().map(Into::into) },
            _ if panel.is_some() => Block::Panel {
                kind: panel.unwrap_or(PanelKind::Custom),
                title: title.clone().map(Into::into),
            },
            "excerpt" | "details" | "section" | "column" | "div" => Block::Section,
            other => {
                let other = format!("macro {other}");
                let block = if is_plain { Block::Code { language: None } } else { Block::Section };
                self.builder.lose(&other);
                block
            }
        };
        if let (Block::Code { .. }, Some(title)) = (&block, title) {
            self.builder.open(Block::Paragraph);
            self.builder.text(title, Marks::default());
            self.builder.close();
        }
        self.builder.open(block);
        self.push(element, Role::MacroBody, 1);
        self.marks = Marks::default();
    }

    pub(super) fn end_macro(&mut self) {
        let Some(open) = self.macros.pop() else { return };
        if !open.has_body {
            self.macro_without_body(&open);
        }
    }

    fn macro_without_body(&mut self, open: &Macro) {
        let words = match open.name.as_str() {
            "anchor" | "code" | "noformat" | "excerpt" | "details" | "section" | "column" | "div" => return,
            "status" => {
                if let Some(title) = open.parameter("title") {
                    let text = title.to_owned().into();
                    let colour = open.parameter("colour").map(|colour| colour.to_ascii_lowercase().into());
                    self.standing_alone(|reader| reader.inline(Inline::Status { text, colour }));
                }
                return;
            }
            "jira" | "jiraissues" if open.parameter("key").is_some() => {
                self.issue(open.parameter("key").unwrap_or_default());
                return;
            }
            "jira" | "jiraissues" => ["jqlQuery", "url", ""].iter().find_map(|name| open.parameter(name)),
            "widget" | "iframe" => {
                let address = open.parameter("url").or_else(|| open.parameter("src"));
                let resource = open.resource.as_ref();
                if let Some(url) = address.and_then(|address| url::safe(address.to_owned().into())) {
                    self.standing_alone(|reader| reader.inline(Inline::Card { url, title: None }));
                    return;
                }
                if let Some(resource) = resource {
                    self.standing_alone(|reader| reader.write_resource(resource, None));
                    return;
                }
                address
            }
            "view-file" | "viewpdf" | "viewdoc" | "viewxls" | "viewppt" | "multimedia" | "include"
            | "excerpt-include" | "detailssummary" => {
                self.builder.lose(&format!("macro {}", open.name));
                if let Some(resource) = &open.resource {
                    self.standing_alone(|reader| reader.write_resource(resource, None));
                    return;
                }
                open.parameter("name").or_else(|| open.parameter(""))
            }
            "toc" | "toc-zone" | "children" | "pagetree" | "pagetreesearch" | "recently-updated"
            | "contentbylabel" | "blog-posts" | "livesearch" | "gallery" | "attachments"
            | "change-history" | "profile" => {
                self.builder.lose(&format!("macro {}", open.name));
                let note = format!("[macro: {}]", open.name);
                self.standing_alone(|reader| reader.inline(Inline::Note(note.into())));
                return;
            }
            _ => open.parameter("diagramName").or_else(|| open.parameter("title")),
        };
        self.builder.lose(&format!("macro {}", open.name));
        let words = words.map_or_else(|| format!("[macro: {}]", open.name), str::to_owned);
        self.standing_alone(|reader| reader.verbatim(words.into()));
    }

    fn issue(&mut self, key: &str) {
        let link = self.builder.link_to(self.names.issue_url(key));
        let key = key.to_owned().into();
        self.standing_alone(|reader| reader.linked(key, link));
    }
}

/// The panel that a macro shows as. The names cross over: what storage format calls a note is a warning in the document
/// format. The purple note has no macro of its own; it is a panel in its colours.
fn panel_kind(open: &Macro) -> Option<PanelKind> {
    Some(match open.name.as_str() {
        "info" => PanelKind::Info,
        "note" => PanelKind::Warning,
        "tip" => PanelKind::Success,
        "warning" => PanelKind::Error,
        "panel"
            if open.parameter("borderColor").is_some_and(|colour| colour.eq_ignore_ascii_case("#998DD9")) =>
        {
            PanelKind::Note
        }
        "panel" => PanelKind::Custom,
        _ => return None,
    })
}
