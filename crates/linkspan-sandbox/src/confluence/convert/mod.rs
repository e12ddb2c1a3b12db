//! Bodies from one representation to another.
//!
//! The world keeps a body as it was made: with its ADF twin when it was generated, in storage format or as rendered HTML
//! when it was loaded or written. What is asked for beyond that is made here, always the same way.

use std::borrow::Cow;
use std::sync::Arc;

use crate::world::Body;

/// The body in storage format. Rendered HTML is taken as it is: elements of XHTML are storage format too.
pub(super) fn storage(body: &Body) -> Cow<'_, str> {
    match body {
        Body::Empty => Cow::Borrowed(""),
        Body::Both { storage, .. } => Cow::Borrowed(storage),
        Body::Storage(text) | Body::View(text) => Cow::Borrowed(text),
    }
}

/// The body as an ADF document, in JSON.
pub(super) fn adf(body: &Body) -> Cow<'_, str> {
    match body {
        Body::Empty => Cow::Borrowed(r#"{"type":"doc","version":1,"content":[]}"#),
        Body::Both { adf, .. } => Cow::Borrowed(adf),
        Body::Storage(_) | Body::View(_) => {
            let text = serde_json::json!(super::body::plain_text(body));
            Cow::Owned(format!(
                r#"{{"type":"doc","version":1,"content":[{{"type":"paragraph","content":[{{"type":"text","text":{text}}}]}}]}}"#
            ))
        }
    }
}

/// The body as rendered HTML.
pub(super) fn view(body: &Body) -> Cow<'_, str> {
    storage(body)
}

/// A body written as an ADF document.
pub(super) fn from_adf(document: &serde_json::Value, text: &str) -> Body {
    let _ = document;
    Body::Both { storage: Arc::from(""), adf: Arc::from(text) }
}

/// A body written in wiki markup.
pub(super) fn from_wiki(text: &str) -> Body {
    Body::Storage(Arc::from(format!("<p>{}</p>", super::body::escape_html(text))))
}
