//! Rich text and its renderings.

use serde::{Deserialize, Serialize};

/// The language in which upstream holds a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RichFormat {
    /// Atlassian Document Format (JSON).
    Adf,
    /// Confluence storage format (XHTML with `ac:` and `ri:` elements).
    Storage,
    /// Jira wiki markup.
    Wiki,
    /// Unmarked text.
    Plain,
}

/// The renderings of a rich text. The source itself is kept verbatim in the raw row the record was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RichText {
    /// The language of the source.
    pub format: RichFormat,
    /// Sanitised HTML, safe to show.
    pub html: String,
    /// Markdown (CommonMark with tables).
    pub markdown: String,
    /// Plain text: what a reader would read aloud. Text is never reflowed, trimmed inside, or escaped.
    pub text: String,
    /// What could not be rendered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<Loss>,
}

/// Something in the source that the renderings do not show, or show only in part.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Loss {
    /// What was met: a node, element or macro name, or a bound that was reached (`depth`, `size`).
    pub what: String,
    /// How often.
    pub count: u32,
}
