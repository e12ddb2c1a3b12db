//! Names of people inside texts that are kept: Atlassian keeps the account id and shows the present name.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value;

use super::account::Directory;

/// Rich text is nested no deeper than this; what lies below keeps its names.
const MAX_DEPTH: usize = 200;

impl Directory {
    /// An ADF document (JSON text) whose mentions show the present names of their accounts.
    pub fn with_present_names<'text>(&self, adf: Cow<'text, str>) -> Cow<'text, str> {
        if !self.names_changed() || !adf.contains("\"mention\"") {
            return adf;
        }
        let Ok(mut document) = serde_json::from_str::<Value>(&adf) else { return adf };
        if self.name_mentions(&mut document, MAX_DEPTH) { Cow::Owned(document.to_string()) } else { adf }
    }

    fn name_mentions(&self, node: &mut Value, depth: usize) -> bool {
        if depth == 0 {
            return false;
        }
        if node.get("type").and_then(Value::as_str) == Some("mention") {
            return self.name_mention(node);
        }
        let Some(children) = node.get_mut("content").and_then(Value::as_array_mut) else { return false };
        let mut changed = false;
        for child in children {
            changed |= self.name_mentions(child, depth - 1);
        }
        changed
    }

    fn name_mention(&self, node: &mut Value) -> bool {
        let Some(attributes) = node.get_mut("attrs").and_then(Value::as_object_mut) else { return false };
        let account = attributes.get("id").and_then(Value::as_str).and_then(|id| self.by_account_id(id));
        let (Some(account), true) = (account, attributes.contains_key("text")) else { return false };
        let mut shown = String::from("@");
        shown.push_str(account.display_name());
        attributes.insert("text".to_owned(), Value::String(shown));
        true
    }

    /// One side of a change of a field that holds people, as a changelog shows it: `id` is an account id, or a list of them
    /// in brackets. Anything else is shown as it was kept.
    pub fn shown_side<'text>(&self, id: Option<&str>, kept: Option<&'text str>) -> Option<Cow<'text, str>> {
        let kept = kept?;
        if !self.names_changed() {
            return Some(Cow::Borrowed(kept));
        }
        let listed = id.unwrap_or_default();
        let listed = listed.strip_prefix('[').and_then(|ids| ids.strip_suffix(']')).unwrap_or(listed);
        let mut names = String::new();
        for (number, id) in listed.split(", ").enumerate() {
            let Some(account) = self.by_account_id(id) else { return Some(Cow::Borrowed(kept)) };
            let comma = if number == 0 { "" } else { ", " };
            let _ = write!(names, "{comma}{}", account.display_name());
        }
        Some(Cow::Owned(names))
    }
}
