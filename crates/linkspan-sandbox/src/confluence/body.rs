//! The body of content in each representation it can be asked in.

use std::borrow::Cow;

use super::answer::Refusal;
use super::json::JsonWriter;
use super::parameters::Parameters;
use super::view::View;
use crate::world::Body;

/// A representation of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyFormat {
    /// `storage`: XHTML as kept.
    Storage,
    /// `atlas_doc_format`: ADF, a JSON document inside a JSON string.
    AtlasDoc,
    /// `view`: HTML with addresses relative to the site.
    View,
    /// `export_view`: HTML with absolute addresses.
    ExportView,
    /// `anonymous_export_view`
    AnonymousExportView,
    /// `styled_view`: a whole HTML document with its style.
    StyledView,
    /// `editor`
    Editor,
}

impl BodyFormat {
    /// The formats lists accept.
    pub(super) const LISTED: [(&'static str, Self); 2] =
        [("storage", Self::Storage), ("atlas_doc_format", Self::AtlasDoc)];
    /// The formats a single page or comment can be asked in.
    pub(super) const SINGLE: [(&'static str, Self); 7] = [
        ("storage", Self::Storage),
        ("atlas_doc_format", Self::AtlasDoc),
        ("view", Self::View),
        ("export_view", Self::ExportView),
        ("anonymous_export_view", Self::AnonymousExportView),
        ("styled_view", Self::StyledView),
        ("editor", Self::Editor),
    ];

    /// The wire name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Storage => "storage",
            Self::AtlasDoc => "atlas_doc_format",
            Self::View => "view",
            Self::ExportView => "export_view",
            Self::AnonymousExportView => "anonymous_export_view",
            Self::StyledView => "styled_view",
            Self::Editor => "editor",
        }
    }

    /// The `body-format` of a list.
    pub(super) fn listed(parameters: &Parameters) -> Result<Option<Self>, Refusal> {
        Self::among(parameters, &Self::LISTED)
    }

    /// The `body-format` of a single thing.
    pub(super) fn single(parameters: &Parameters) -> Result<Option<Self>, Refusal> {
        Self::among(parameters, &Self::SINGLE)
    }

    /// `none`, which some clients send for "no body", is what leaving the parameter out is.
    fn among(parameters: &Parameters, formats: &[(&str, Self)]) -> Result<Option<Self>, Refusal> {
        if parameters.text("body-format") == Some("none") {
            return Ok(None);
        }
        parameters.choice("body-format", formats)
    }
}

/// Writes `"storage":{"representation":"storage","value":"…"}`.
pub(super) fn write_body(json: &mut JsonWriter, view: &View<'_>, body: &Body, format: BodyFormat) {
    json.key(format.name()).object(|json| {
        json.key("representation").string(format.name());
        json.key("value").string(&render(body, format, view));
    });
}

/// The text of a body in a representation.
pub(super) fn render<'body>(body: &'body Body, format: BodyFormat, view: &View<'_>) -> Cow<'body, str> {
    let base = view.base();
    match format {
        BodyFormat::Storage | BodyFormat::Editor => body.storage(),
        BodyFormat::AtlasDoc => view.state.directory().with_present_names(body.adf()),
        BodyFormat::View => body.view(),
        BodyFormat::ExportView | BodyFormat::AnonymousExportView => absolute(body.view(), base),
        BodyFormat::StyledView => {
            let html = absolute(body.view(), base);
            Cow::Owned(format!(
                "<html><head><style type=\"text/css\"></style></head><body>{html}</body></html>"
            ))
        }
    }
}

/// Site-relative addresses in attributes made absolute.
fn absolute<'html>(html: Cow<'html, str>, base: &str) -> Cow<'html, str> {
    if !html.contains("=\"/") {
        return html;
    }
    let host = base.strip_suffix("/wiki").unwrap_or(base);
    let rewritten =
        html.replace("href=\"/", &format!("href=\"{host}/")).replace("src=\"/", &format!("src=\"{host}/"));
    Cow::Owned(rewritten)
}

/// Text made safe to stand in HTML.
pub(super) fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
