//! Rich text of upstream's objects, in whichever language it comes.

use std::collections::HashMap;

use linkspan_model::rich::RichText;
use serde_json::value::RawValue;

use crate::rich::{Names, from_adf, from_storage, from_wiki};
use crate::wire::confluence::Body;
use crate::wire::{Member, Text, read};

/// What is known of a site when a text is rendered: the same for every reader.
pub(super) struct SiteNames<'a> {
    pub(super) site: &'a str,
    pub(super) accounts: &'a HashMap<String, String>,
}

impl Names for SiteNames<'_> {
    fn account(&self, account_id: &str) -> Option<String> {
        self.accounts.get(account_id).cloned()
    }

    fn issue_url(&self, key: &str) -> Option<String> {
        Some(format!("{}/browse/{key}", self.site))
    }
}

/// A text of Jira: an ADF document (third version of the API) or wiki markup (second version). Says whether it is of
/// neither kind.
pub(super) fn jira_text(raw: &RawValue, names: &SiteNames<'_>) -> (Option<RichText>, bool) {
    let json = raw.get();
    if json == "null" {
        return (None, false);
    }
    if json.starts_with('{') {
        return (Some(from_adf(json, names)), false);
    }
    match read::<Text<'_>>(raw).text() {
        Some(markup) => (Some(from_wiki(markup, names)), false),
        None => (None, true),
    }
}

/// A text of Confluence: storage format where it came, else ADF.
pub(super) fn confluence_text(body: &Member<Body<'_>>, names: &SiteNames<'_>) -> Option<RichText> {
    let body = body.get()?;
    if let Some(storage) = body.storage.get().and_then(|storage| storage.value.text()) {
        return Some(from_storage(storage, names));
    }
    let document = body.atlas_doc_format.get()?.value.text()?;
    Some(from_adf(document, names))
}

/// The first words of a text: at most `limit` characters, cut between words where it has any, with white space and line
/// ends each shown as one space.
pub(super) fn first_words(text: &str, limit: usize) -> Option<String> {
    let mut summary = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let space = usize::from(!summary.is_empty());
        let letters = word.chars().take(limit + 1).count();
        if length + space + letters > limit {
            if summary.is_empty() {
                summary.extend(word.chars().take(limit));
            }
            break;
        }
        if space == 1 {
            summary.push(' ');
        }
        summary.push_str(word);
        length += space + letters;
    }
    (!summary.is_empty()).then_some(summary)
}
