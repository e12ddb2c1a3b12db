//! Which link and image targets survive, and how they are made inert.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::document::Text;

/// The longest target that is kept; longer ones are data in disguise.
const MAX_BYTES: usize = 8 * 1024;

/// Gives the target back when it is `http`, `https`, `mailto`, `tel` or relative to the site (`/…`, `?…`, `#…`);
/// nothing else is followed by a reader of the renderings.
///
/// Blanks, controls, quotes, angle brackets and backslashes are percent-encoded: browsers drop the controls (so that
/// `/\t/host` would leave the site) and read a backslash as a slash.
pub(crate) fn safe(url: Text<'_>) -> Option<Text<'_>> {
    let url = match url {
        Cow::Borrowed(url) => Cow::Borrowed(url.trim()),
        Cow::Owned(url) if url.trim().len() == url.len() => Cow::Owned(url),
        Cow::Owned(url) => Cow::Owned(url.trim().to_owned()),
    };
    if url.len() > MAX_BYTES || !is_allowed(&url) {
        return None;
    }
    if !url.chars().any(must_be_encoded) {
        return Some(url);
    }
    let mut encoded = String::with_capacity(url.len() + 16);
    let mut utf8 = [0; 4];
    for character in url.chars() {
        if must_be_encoded(character) {
            for byte in character.encode_utf8(&mut utf8).bytes() {
                // Writing to a string cannot fail.
                let _ = write!(encoded, "%{byte:02X}");
            }
        } else {
            encoded.push(character);
        }
    }
    Some(Cow::Owned(encoded))
}

/// Whether `text` starts like an absolute address, as people write them in running text.
pub(crate) fn starts_like_one(text: &str) -> bool {
    ["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| has_prefix(text, scheme) && text.len() > scheme.len())
}

fn is_allowed(url: &str) -> bool {
    if url.starts_with("//") || url.starts_with("/\\") {
        return false;
    }
    url.starts_with(['/', '#', '?']) || starts_like_one(url) || (has_prefix(url, "tel:") && url.len() > 4)
}

fn has_prefix(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn must_be_encoded(character: char) -> bool {
    character.is_whitespace() || character.is_control() || matches!(character, '"' | '<' | '>' | '\\' | '`')
}
