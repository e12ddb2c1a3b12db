//! What clients send: bodies in one of the writable representations, and uploaded files.

use axum::extract::Multipart;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde::Deserialize;

use super::answer::Refusal;
use super::wiki;
use crate::world::Body;

/// Deepest nesting of elements in a storage body.
const MAXIMUM_DEPTH: usize = 1000;

/// `{"representation":"storage","value":"…"}`
#[derive(Debug, Deserialize)]
pub(super) struct Written {
    /// Absent inside a nested body, whose key already says it.
    representation: Option<String>,
    value: String,
}

/// A body, plain or nested under its representation.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum BodyInput {
    Plain(Written),
    Nested(Nested),
}

/// `{"storage":{"value":"…"}}`
#[derive(Debug, Deserialize)]
pub(super) struct Nested {
    storage: Option<Written>,
    atlas_doc_format: Option<Written>,
    wiki: Option<Written>,
    editor: Option<Written>,
    editor2: Option<Written>,
}

impl BodyInput {
    /// The body, if it is well-formed.
    pub(super) fn into_body(self) -> Result<Body, Refusal> {
        match self {
            Self::Plain(Written { representation, value }) => {
                read(representation.as_deref().unwrap_or("storage"), &value)
            }
            Self::Nested(nested) => {
                let candidates = [
                    ("storage", nested.storage),
                    ("atlas_doc_format", nested.atlas_doc_format),
                    ("wiki", nested.wiki),
                    ("storage", nested.editor),
                    ("storage", nested.editor2),
                ];
                let found =
                    candidates.into_iter().find_map(|(name, written)| written.map(|written| (name, written)));
                found.map_or(Ok(Body::Empty), |(name, written)| {
                    read(written.representation.as_deref().unwrap_or(name), &written.value)
                })
            }
        }
    }
}

/// Reads a body given in a representation.
///
/// # Errors
/// 400 when the representation cannot be written, or the value is not well-formed in it.
pub(super) fn read(representation: &str, value: &str) -> Result<Body, Refusal> {
    match representation {
        "storage" | "editor" | "editor2" => {
            check_storage(value)?;
            Ok(Body::from_storage(value))
        }
        "atlas_doc_format" => {
            let document: serde_json::Value = serde_json::from_str(value)
                .map_err(|error| Refusal::bad_request(format!("the body is not an ADF document: {error}")))?;
            if document.get("type").and_then(serde_json::Value::as_str) != Some("doc") {
                return Err(Refusal::bad_request("the body is not an ADF document: its type is not doc"));
            }
            Ok(Body::from_adf(value))
        }
        "wiki" => Ok(Body::from_storage(&wiki::to_storage(value))),
        other => {
            Err(Refusal::bad_request(format!("content cannot be written in the representation {other}")))
        }
    }
}

/// Storage format is XHTML without a root: every element must be closed by its own name.
fn check_storage(value: &str) -> Result<(), Refusal> {
    let mut reader = Reader::from_str(value);
    let mut depth = 0_usize;
    loop {
        match reader.read_event() {
            Ok(Event::Start(_)) if depth == MAXIMUM_DEPTH => {
                return Err(Refusal::bad_request(format!(
                    "Error parsing xhtml: nested deeper than {MAXIMUM_DEPTH} elements"
                )));
            }
            Ok(Event::Start(_)) => depth += 1,
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::Eof) if depth > 0 => {
                return Err(Refusal::bad_request("Error parsing xhtml: an element is not closed"));
            }
            Ok(Event::Eof) => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(Refusal::bad_request(format!("Error parsing xhtml: {error}"))),
        }
    }
}

/// What is kept of an uploaded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UploadedFile {
    pub(super) name: String,
    pub(super) media_type: String,
    pub(super) size: u64,
}

/// The files of a multipart upload; form fields beside them (`comment`, `minorEdit`) are read over.
pub(super) async fn read_files(mut form: Multipart) -> Result<Vec<UploadedFile>, Refusal> {
    let refuse = |error: axum::extract::multipart::MultipartError| Refusal::bad_request(error.body_text());
    let mut files = Vec::new();
    while let Some(field) = form.next_field().await.map_err(refuse)? {
        let Some(name) = field.file_name().map(str::to_owned) else {
            continue;
        };
        let media_type = field.content_type().unwrap_or("application/octet-stream").to_owned();
        let content = field.bytes().await.map_err(refuse)?;
        let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
        files.push(UploadedFile { name, media_type, size });
    }
    if files.is_empty() {
        return Err(Refusal::bad_request("the upload holds no part with a file name"));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BodyInput, check_storage};

    #[test]
    fn storage_must_be_well_formed() {
        for good in [
            "",
            "text &nbsp; &amp;",
            "<p>a<br/></p>",
            "<ac:structured-macro ac:name=\"x\"><ac:plain-text-body><![CDATA[<]]></ac:plain-text-body></ac:structured-macro>",
        ] {
            assert!(check_storage(good).is_ok(), "{good}");
        }
        let deep = "<p>".repeat(10_000);
        for bad in ["<p>", "</p>", "<p></b>", "<p", deep.as_str()] {
            assert!(check_storage(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_body_may_be_plain_or_nested() {
        for text in [
            r#"{"representation":"storage","value":"<p>x</p>"}"#,
            r#"{"storage":{"value":"<p>x</p>","representation":"storage"}}"#,
        ] {
            let input: BodyInput = serde_json::from_str(text).expect("a body");
            assert_eq!(input.into_body().expect("well-formed").storage(), "<p>x</p>");
        }
    }

    proptest! {
        #[test]
        fn no_storage_text_makes_the_check_panic(text in "(<|>|/|p|&|;|\"|=|!|\\[|\\]| ){0,40}") {
            let _ = check_storage(&text);
        }
    }
}
