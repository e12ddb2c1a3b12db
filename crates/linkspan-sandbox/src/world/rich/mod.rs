//! Rich text in the forms it is kept in, and the forms it can be asked in.

mod adf_to_storage;
mod adf_to_wiki;
mod constructs_to_adf;
mod markup;
mod markup_to_adf;
mod markup_to_html;
mod wiki_to_adf;

use std::borrow::Cow;
use std::sync::Arc;

/// An ADF document without content.
pub const EMPTY_ADF: &str = r#"{"type":"doc","version":1,"content":[]}"#;

/// Rich text of Jira. Kept in one form; the other is made when asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rich {
    /// An ADF document as JSON text.
    Adf(Arc<str>),
    /// Wiki markup.
    Wiki(Arc<str>),
}

impl Rich {
    /// The ADF document as JSON text, ready to be spliced into an answer. Wiki markup becomes paragraphs whose text nodes are
    /// its lines as they stand, markup characters included.
    pub fn adf(&self) -> Cow<'_, str> {
        match self {
            Self::Adf(text) => Cow::Borrowed(text),
            Self::Wiki(text) => Cow::Owned(wiki_to_adf::convert(text)),
        }
    }

    /// Wiki markup, as API version 2 serves it. Text that came as wiki markup is returned unchanged.
    pub fn wiki(&self) -> Cow<'_, str> {
        match self {
            Self::Wiki(text) => Cow::Borrowed(text),
            Self::Adf(text) => Cow::Owned(adf_to_wiki::convert(text)),
        }
    }

    /// Whether there is no content at all.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Wiki(text) => text.trim().is_empty(),
            Self::Adf(text) => &**text == EMPTY_ADF,
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

/// Body of Confluence content, kept in one or two forms; the others are made when asked.
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
    /// Rendered HTML (`view`) only, as an export has it; may be badly formed.
    View(Arc<str>),
}

impl Body {
    /// A body written in storage format.
    pub fn from_storage(text: &str) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Storage(text.into()) }
    }

    /// A body written in ADF (JSON text).
    pub fn from_adf(text: &str) -> Self {
        Self::Both { storage: adf_to_storage::convert(text).into(), adf: text.into() }
    }

    /// Storage format: well-formed XHTML that keeps all text.
    pub fn storage(&self) -> Cow<'_, str> {
        match self {
            Self::Empty => Cow::Borrowed(""),
            Self::Both { storage, .. } | Self::Storage(storage) => Cow::Borrowed(storage),
            Self::View(html) => Cow::Owned(markup_to_html::well_formed(html)),
        }
    }

    /// The ADF document as JSON text.
    pub fn adf(&self) -> Cow<'_, str> {
        match self {
            Self::Empty => Cow::Borrowed(EMPTY_ADF),
            Self::Both { adf, .. } => Cow::Borrowed(adf),
            Self::Storage(text) | Self::View(text) => Cow::Owned(markup_to_adf::convert(text)),
        }
    }

    /// Rendered HTML, as `view` and `export_view` show it.
    pub fn view(&self) -> Cow<'_, str> {
        match self {
            Self::Empty => Cow::Borrowed(""),
            Self::View(html) => Cow::Borrowed(html),
            Self::Both { storage, .. } | Self::Storage(storage) => {
                Cow::Owned(markup_to_html::rendered(storage))
            }
        }
    }

    /// The text alone, blocks on lines of their own: for search and excerpts.
    pub fn plain(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Both { storage: text, .. } | Self::Storage(text) | Self::View(text) => {
                markup_to_html::plain(text)
            }
        }
    }
}
