//! Rich text in the forms it is kept in, and the forms it can be asked in.

use std::borrow::Cow;
use std::sync::Arc;

/// Rich text of Jira. Kept in one form; the other is made when asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rich {
    /// An ADF document as JSON text.
    Adf(Arc<str>),
    /// Wiki markup.
    Wiki(Arc<str>),
}

impl Rich {
    /// The ADF document as JSON text, ready to be spliced into an answer.
    pub fn adf(&self) -> Cow<'_, str> {
        match self {
            Self::Adf(text) => Cow::Borrowed(text),
            Self::Wiki(_) => Cow::Borrowed(""),
        }
    }

    /// Wiki markup, as API version 2 serves it. Text that came as wiki markup is returned unchanged.
    pub fn wiki(&self) -> Cow<'_, str> {
        match self {
            Self::Wiki(text) | Self::Adf(text) => Cow::Borrowed(text),
        }
    }

    /// Whether a file is mentioned: by its media id in ADF, by its name in wiki markup.
    pub fn mentions_file(&self, media_id: &str, filename: &str) -> bool {
        match self {
            Self::Adf(text) => text.contains(media_id),
            Self::Wiki(text) => text.contains(filename),
        }
    }
}

/// Body of Confluence content, kept in one or two forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// No body.
    Empty,
    /// Storage format with its ADF twin (JSON text).
    Both {
        /// XHTML with `ac:` and `ri:`.
        storage: Arc<str>,
        /// ADF as JSON text.
        adf: Arc<str>,
    },
    /// Storage format only.
    Storage(Arc<str>),
    /// Rendered HTML (`view`) only.
    View(Arc<str>),
}
