//! Personal spaces bear their owner's name. Where upstream does not tell the owner's account beside it, nobody could find the
//! name when the account is closed, so it is never kept.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde_json::value::RawValue;

use super::redact::{Members, SPACE_OWNERS};

/// Objects and lists within each other that are looked into: the first generation puts spaces two deep.
const MAX_DEPTH: usize = 12;

static PERSONAL: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"personal\""));

/// The text without the names of personal spaces whose owner it does not tell; `None` where there are none.
pub fn without_owners_names(json: &str) -> Option<String> {
    PERSONAL.find(json.as_bytes())?;
    let whole: &RawValue = serde_json::from_str(json).ok()?;
    let mut names = Vec::new();
    look(whole, json, 0, &mut names);
    if names.is_empty() {
        return None;
    }
    let (mut result, mut done) = (String::with_capacity(json.len()), 0);
    for name in names {
        result.push_str(&json[done..name.start]);
        result.push_str("null");
        done = name.end;
    }
    result.push_str(&json[done..]);
    Some(result)
}

fn look(raw: &RawValue, text: &str, depth: usize, names: &mut Vec<Range<usize>>) {
    let piece = raw.get();
    if depth > MAX_DEPTH || PERSONAL.find(piece.as_bytes()).is_none() {
        return;
    }
    if piece.starts_with('[') {
        for item in serde_json::from_str::<Vec<&RawValue>>(piece).unwrap_or_default() {
            look(item, text, depth + 1, names);
        }
        return;
    }
    let Ok(Members(members)) = serde_json::from_str(piece) else { return };
    let is_nobodys = members.iter().any(|(name, value)| name == "type" && value.get() == "\"personal\"")
        && !members.iter().any(|(name, value)| SPACE_OWNERS.contains(&&**name) && value.get() != "null");
    for (name, value) in members {
        if is_nobodys && name == "name" && value.get() != "null" {
            let start = value.get().as_ptr().addr() - text.as_ptr().addr();
            names.push(start..start + value.get().len());
        } else {
            look(value, text, depth + 1, names);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g2_the_name_of_a_personal_space_goes_where_its_owner_is_not_told() {
        let json = r#"{"results": [{"id": "7", "title": "personal", "space": {"id": 1, "key": "~712", "name": "Ada B", "type": "personal"}},
            {"space": {"key": "DOCS", "name": "Docs", "type": "global"}},
            {"type":"personal", "name": "Ada B", "spaceOwnerId": "712020:aa"}]}"#;
        let expected = json.replacen("\"Ada B\"", "null", 1);
        assert_eq!(without_owners_names(json).as_deref(), Some(expected.as_str()));
        assert_eq!(without_owners_names(&expected), None, "nothing is left");
        assert_eq!(without_owners_names(r#"{"type": "global", "name": "personal"}"#), None);
        assert_eq!(without_owners_names("no JSON with \"personal\" in it"), None);
    }
}
