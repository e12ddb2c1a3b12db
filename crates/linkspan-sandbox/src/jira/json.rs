//! Writes JSON straight into a buffer: replies of a hundred issues are made without a tree in between.

use std::fmt::{Display, Write as _};

/// A JSON text being written. Every value is followed by a comma until its container closes, so writers need not know
/// whether they come first or last.
#[derive(Debug, Default)]
pub(crate) struct Json {
    out: String,
}

impl Json {
    /// An empty buffer with room for `bytes`.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { out: String::with_capacity(bytes) }
    }

    /// The finished text.
    pub(crate) fn finish(mut self) -> String {
        self.drop_comma();
        self.out
    }

    fn drop_comma(&mut self) {
        if self.out.ends_with(',') {
            self.out.pop();
        }
    }

    /// An object whose members `members` writes.
    pub(crate) fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.out.push('{');
        members(self);
        self.drop_comma();
        self.out.push_str("},");
    }

    /// An array whose items `items` writes.
    pub(crate) fn array(&mut self, items: impl FnOnce(&mut Self)) {
        self.out.push('[');
        items(self);
        self.drop_comma();
        self.out.push_str("],");
    }

    /// The name of the next member; names are ours and need no escaping.
    pub(crate) fn key(&mut self, name: &str) -> &mut Self {
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
        self
    }

    /// The name of the next member when it is an id, such as `customfield_10010`.
    pub(crate) fn id_key(&mut self, id: impl Display) -> &mut Self {
        let _ = write!(self.out, "\"{id}\":");
        self
    }

    /// The name of the next member when it comes from data.
    pub(crate) fn data_key(&mut self, name: &str) -> &mut Self {
        self.string(name);
        self.drop_comma();
        self.out.push(':');
        self
    }

    /// A string.
    pub(crate) fn string(&mut self, text: &str) {
        self.out.push('"');
        self.escaped(text);
        self.out.push_str("\",");
    }

    /// A string made of what prints as plain characters: numbers, ids, addresses.
    pub(crate) fn plain(&mut self, text: impl Display) {
        // Writing to a `String` cannot fail.
        let _ = write!(self.out, "\"{text}\",");
    }

    /// A number.
    pub(crate) fn number(&mut self, number: impl Display) {
        let _ = write!(self.out, "{number},");
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&mut self, value: bool) {
        self.out.push_str(if value { "true," } else { "false," });
    }

    /// `null`.
    pub(crate) fn null(&mut self) {
        self.out.push_str("null,");
    }

    /// A value that is JSON text already.
    pub(crate) fn raw(&mut self, json: &str) {
        self.out.push_str(json);
        self.out.push(',');
    }

    /// A string, or `null`.
    pub(crate) fn string_or_null(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.string(text),
            None => self.null(),
        }
    }

    /// A number, or `null`.
    pub(crate) fn number_or_null(&mut self, number: Option<impl Display>) {
        match number {
            Some(number) => self.number(number),
            None => self.null(),
        }
    }

    fn escaped(&mut self, text: &str) {
        let mut start = 0;
        for (at, byte) in text.bytes().enumerate() {
            let escape = match byte {
                b'"' => "\\\"",
                b'\\' => "\\\\",
                b'\n' => "\\n",
                b'\r' => "\\r",
                b'\t' => "\\t",
                0..=0x1f => "",
                _ => continue,
            };
            self.out.push_str(&text[start..at]);
            if escape.is_empty() {
                let _ = write!(self.out, "\\u{byte:04x}");
            } else {
                self.out.push_str(escape);
            }
            start = at + 1;
        }
        self.out.push_str(&text[start..]);
    }
}

/// The text `write` puts into a fresh buffer.
pub(crate) fn text(write: impl FnOnce(&mut Json)) -> String {
    let mut json = Json::with_capacity(1024);
    write(&mut json);
    json.finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::text;

    #[test]
    fn commas_stand_between_values_only() {
        let written = text(|json| {
            json.object(|json| {
                json.key("a").array(|json| {
                    json.number(1);
                    json.null();
                    json.array(|_| {});
                });
                json.key("b").object(|_| {});
                json.data_key("c\"").boolean(true);
            });
        });
        assert_eq!(written, r#"{"a":[1,null,[]],"b":{},"c\"":true}"#);
    }

    proptest! {
        #[test]
        fn any_string_reads_back_as_it_was(value in "\\PC{0,20}|[\u{0}-\u{1f}\"\\\\]{0,8}") {
            let written = text(|json| json.string(&value));
            prop_assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), json!(value));
        }
    }
}
