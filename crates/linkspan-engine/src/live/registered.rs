//! What upstream says about registrations, in the several forms in which it says it.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// A registration as upstream lists it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed {
    pub(super) id: u64,
    #[serde(default)]
    pub(super) url: Option<String>,
    #[serde(default)]
    pub(super) jql_filter: String,
    #[serde(default)]
    pub(super) events: Vec<String>,
    #[serde(default)]
    pub(super) expiration_date: Value,
}

/// An address without what upstream appends to it.
pub(super) fn address(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url).trim_end_matches('/')
}

/// A filter as it is compared: upstream may write it in words of its own.
pub(super) fn plain(jql: &str) -> String {
    jql.chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '"')
        .collect::<String>()
        .to_ascii_lowercase()
}

/// Why upstream refused a registration.
pub(super) fn errors_of(result: &Value) -> String {
    let errors = result.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let texts: Vec<&str> = errors.iter().filter_map(Value::as_str).collect();
    if texts.is_empty() { "no reason is given".to_owned() } else { texts.join(" ") }
}

/// When a registration ends: upstream's document says a number, its example is a text (`atlassian-platform.md` 4.1).
pub(super) fn end_of(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(millis) => Timestamp::from_millisecond(millis.as_i64()?).ok(),
        Value::String(text) => text.parse().ok().or_else(|| {
            let time = jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text).ok()?;
            time.to_timestamp().ok()
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_forms_in_which_upstream_tells_an_end_are_read() {
        let expected = Timestamp::from_second(1_559_392_350).unwrap();
        assert_eq!(end_of(&json!(1_559_392_350_000_i64)), Some(expected));
        assert_eq!(end_of(&json!("2019-06-01T12:32:30.000+0000")), Some(expected));
        assert_eq!(end_of(&json!("2019-06-01T12:32:30Z")), Some(expected));
        assert_eq!(end_of(&json!("soon")), None);
        assert_eq!(end_of(&json!(null)), None);
    }

    #[test]
    fn filters_are_the_same_however_they_are_written() {
        assert_eq!(plain("project = 10000"), plain("PROJECT=\"10000\""));
        assert_ne!(plain("project = 10000"), plain("project != 10000"));
    }
}
