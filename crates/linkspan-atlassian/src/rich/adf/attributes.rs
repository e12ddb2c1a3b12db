//! Values inside `attrs` that need more than a look-up.

use jiff::Timestamp;
use jiff::tz::Offset;

use super::super::json::Json;

/// The parameters of an extension that are words for a reader. All others stay out: they hold ids, encoded blobs and now
/// and then secrets.
const SPOKEN_PARAMETERS: [&str; 6] = ["title", "name", "query", "url", "jqlQuery", "key"];

/// The ISO date of a `timestamp`: epoch milliseconds at midnight UTC.
pub(super) fn date(timestamp: &str) -> Option<String> {
    let instant = Timestamp::from_millisecond(timestamp.trim().parse().ok()?).ok()?;
    Some(Offset::UTC.to_datetime(instant).date().to_string())
}

/// What an extension says: its `text`, then its parameters that are words.
pub(super) fn extension_words<'j>(json: &'j Json<'j>, attributes: Option<usize>) -> Vec<&'j str> {
    let parameters = json.field(attributes, "parameters");
    let macro_parameters = json.field(parameters, "macroParams");
    let mut words: Vec<&str> = json.text(attributes, "text").into_iter().collect();
    for name in SPOKEN_PARAMETERS {
        let word = json.text(parameters, name);
        let word = word.or_else(|| json.text(json.field(macro_parameters, name), "value"));
        if let Some(word) = word
            && !words.contains(&word)
        {
            words.push(word);
        }
    }
    words
}

/// Stands for an extension that says nothing.
pub(super) fn extension_note(json: &Json<'_>, attributes: Option<usize>) -> String {
    let kind = json.text(attributes, "extensionType").unwrap_or("extension");
    match json.text(attributes, "extensionKey") {
        Some(key) => format!("[{kind}/{key}]"),
        None => format!("[{kind}]"),
    }
}

/// The address of a card: `url`, or that of its linked data.
pub(super) fn card_url<'j>(json: &'j Json<'j>, attributes: Option<usize>) -> Option<&'j str> {
    let data = json.field(attributes, "data");
    let url = json.text(attributes, "url").or_else(|| json.text(data, "url"));
    url.or_else(|| json.text(data, "@id"))
}

/// The query of a card that shows a list out of a data source.
pub(super) fn card_query<'j>(json: &'j Json<'j>, attributes: Option<usize>) -> Option<&'j str> {
    let parameters = json.field(json.field(attributes, "datasource"), "parameters");
    json.text(parameters, "jql").or_else(|| json.text(parameters, "query"))
}
