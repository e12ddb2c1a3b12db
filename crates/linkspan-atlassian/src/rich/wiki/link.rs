//! Links, mentions, attachments and images.

use super::super::adf::mention_name;
use super::super::document::{Inline, Marks, Media};
use super::super::url;
use super::Reader;
use super::inline::End;

impl<'a> Reader<'a, '_> {
    /// `[text|target]`, `[target]`, `[~account]`, `[^attachment]`.
    pub(super) fn bracket(&mut self, run: &'a str) -> bool {
        let start = self.place + 1;
        let Some(end) = self.find(End::Bracket, start) else { return false };
        let inside = &self.source[start..end];
        let (label, target) = match inside.split_once('|') {
            Some((label, rest)) => (Some(label), rest.split('|').next().unwrap_or_default().trim()),
            None => (None, inside.trim()),
        };
        if target.is_empty() {
            return false;
        }
        let place = end + 1;
        if let Some(account) = target.strip_prefix('~').filter(|account| is_account(account)) {
            self.text(run, self.marks);
            self.mention(label, account.strip_prefix("accountid:").unwrap_or(account));
        } else if let Some(file) = target.strip_prefix('^').filter(|file| !file.trim().is_empty()) {
            self.text(run, self.marks);
            self.file(label.unwrap_or(file), file.trim(), false);
        } else if let Some(address) = address_of(target, label.is_some()) {
            self.text(run, self.marks);
            let link = self.builder.link(address.into(), None);
            let label = label.filter(|label| !label.trim().is_empty()).unwrap_or(target);
            self.text(label, Marks { link, ..self.marks });
        } else {
            return false;
        }
        self.place = place;
        true
    }

    fn mention(&mut self, label: Option<&'a str>, account: &'a str) {
        let name = mention_name(self.names, Some(account), None).unwrap_or_else(|stand_in| {
            label.map_or_else(
                || {
                    self.builder.lose("mention");
                    stand_in
                },
                Into::into,
            )
        });
        self.inline(Inline::Mention { name, account: Some(account.into()) }, self.marks);
    }

    fn file(&mut self, name: &'a str, file: &'a str, image: bool) {
        let url = self.names.attachment_url(file).and_then(|url| url::safe(url.into()));
        if url.is_none() {
            self.builder.lose("media");
        }
        let media = Media { name: name.into(), reference: Some(file.into()), url, image };
        self.inline(Inline::Media(media), self.marks);
    }

    /// `!file.png!`, `!file.png|width=300!`, `!https://host/file.png!`.
    pub(super) fn image(&mut self, run: &'a str) -> bool {
        if self.after_word() {
            return false;
        }
        let start = self.place + 1;
        let Some(end) = self.find(End::Exclamation, start) else { return false };
        let inside = &self.source[start..end];
        let (file, parameters) = inside.split_once('|').unwrap_or((inside, ""));
        let is_address = url::starts_like_one(file) && !file.contains(char::is_whitespace);
        if !is_address && !is_file_name(file) {
            return false;
        }
        self.text(run, self.marks);
        let alternative = parameters.split(',').filter_map(|pair| pair.split_once('='));
        let mut alternative =
            alternative.filter(|(key, _)| key.trim() == "alt").map(|(_, value)| value.trim());
        let alternative =
            alternative.next().map(|text| text.trim_matches('"')).filter(|text| !text.is_empty());
        if is_address {
            let url = url::safe(file.into());
            // An address may end in a slash; a picture without a name would leave nothing in the text.
            let last = file.rsplit('/').find(|part| !part.is_empty()).unwrap_or(file);
            let name = alternative.unwrap_or(last).into();
            self.inline(Inline::Media(Media { name, reference: None, url, image: true }), self.marks);
        } else {
            self.file(alternative.unwrap_or(file), file, true);
        }
        self.place = end + 1;
        true
    }
}

fn is_account(account: &str) -> bool {
    !account.is_empty() && !account.contains(char::is_whitespace)
}

/// The address that a link's target is. Without a label, only what surely is one counts: log lines are full of brackets.
fn address_of(target: &str, has_label: bool) -> Option<String> {
    if url::starts_like_one(target) && !target.contains(' ') {
        return Some(target.to_owned());
    }
    if target.starts_with("www.") && !target.contains(' ') {
        return Some(format!("http://{target}"));
    }
    if target.starts_with('#') && (has_label || target.len() > 1 && !target.contains(' ')) {
        return Some(target.to_owned());
    }
    // With a label, what looks like an address is meant as one: the builder refuses those that are not safe.
    let scheme = target.split_once(':').map(|(scheme, _)| scheme);
    let is_scheme = |scheme: &str| {
        scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !target.contains(' ')
    };
    (has_label && (scheme.is_some_and(is_scheme) || target.starts_with('/'))).then(|| target.to_owned())
}

/// Whether this is the name of a file: it has an extension and none of the characters that prose with exclamation marks
/// has.
fn is_file_name(name: &str) -> bool {
    let Some((stem, extension)) = name.rsplit_once('.') else { return false };
    let has_extension =
        (1..=5).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    has_extension
        && !stem.is_empty()
        && !name.starts_with(' ')
        && name.len() <= 255
        && !name.contains(['=', '(', ')', '"', ';', '<', '>', '{', '}', '[', ']', '&'])
}
