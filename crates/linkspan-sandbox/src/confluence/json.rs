//! Writes JSON straight into a byte buffer: answers are built without an intermediate tree.

use std::fmt;

/// A JSON document in the making. Commas are placed by the writer; the caller only says what comes next.
#[derive(Debug, Default)]
pub(super) struct JsonWriter {
    buffer: Vec<u8>,
    needs_comma: bool,
}

impl JsonWriter {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { buffer: Vec::with_capacity(bytes), needs_comma: false }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.buffer
    }

    /// Writes an object whose members `fill` adds with [`JsonWriter::key`].
    pub(super) fn object(&mut self, fill: impl FnOnce(&mut Self)) {
        self.open(b'{');
        fill(self);
        self.close(b'}');
    }

    /// Writes an array whose elements `fill` adds.
    pub(super) fn array(&mut self, fill: impl FnOnce(&mut Self)) {
        self.open(b'[');
        fill(self);
        self.close(b']');
    }

    /// Writes a member's name; the next value belongs to it.
    pub(super) fn key(&mut self, name: &str) -> &mut Self {
        self.separate();
        self.buffer.push(b'"');
        self.escaped(name);
        self.buffer.extend_from_slice(b"\":");
        self.needs_comma = false;
        self
    }

    pub(super) fn string(&mut self, value: &str) {
        self.separate();
        self.buffer.push(b'"');
        self.escaped(value);
        self.buffer.push(b'"');
        self.needs_comma = true;
    }

    /// Writes a string from anything printable, without building it first.
    pub(super) fn display(&mut self, value: impl fmt::Display) {
        self.separate();
        self.buffer.push(b'"');
        // Writing into the buffer cannot fail, and a failing `Display` leaves a shorter but well-formed string.
        let _ = fmt::Write::write_fmt(&mut Escaping(self), format_args!("{value}"));
        self.buffer.push(b'"');
        self.needs_comma = true;
    }

    pub(super) fn integer(&mut self, value: i64) {
        self.raw(itoa(value).as_str());
    }

    pub(super) fn size(&mut self, value: usize) {
        self.integer(i64::try_from(value).unwrap_or(i64::MAX));
    }

    /// Writes an id that v1 sends as a number.
    pub(super) fn display_number(&mut self, value: u64) {
        self.integer(i64::try_from(value).unwrap_or(i64::MAX));
    }

    pub(super) fn boolean(&mut self, value: bool) {
        self.raw(if value { "true" } else { "false" });
    }

    pub(super) fn null(&mut self) {
        self.raw("null");
    }

    /// Writes text that already is JSON.
    pub(super) fn raw(&mut self, json: &str) {
        self.separate();
        self.buffer.extend_from_slice(json.as_bytes());
        self.needs_comma = true;
    }

    fn open(&mut self, bracket: u8) {
        self.separate();
        self.buffer.push(bracket);
        self.needs_comma = false;
    }

    fn close(&mut self, bracket: u8) {
        self.buffer.push(bracket);
        self.needs_comma = true;
    }

    fn separate(&mut self) {
        if self.needs_comma {
            self.buffer.push(b',');
        }
    }

    fn escaped(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut copied = 0;
        for (index, &byte) in bytes.iter().enumerate() {
            let escape: &[u8] = match byte {
                b'"' => b"\\\"",
                b'\\' => b"\\\\",
                b'\n' => b"\\n",
                b'\r' => b"\\r",
                b'\t' => b"\\t",
                0..=0x1f => {
                    self.buffer.extend_from_slice(&bytes[copied..index]);
                    self.control_character(byte);
                    copied = index + 1;
                    continue;
                }
                _ => continue,
            };
            self.buffer.extend_from_slice(&bytes[copied..index]);
            self.buffer.extend_from_slice(escape);
            copied = index + 1;
        }
        self.buffer.extend_from_slice(&bytes[copied..]);
    }

    fn control_character(&mut self, byte: u8) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        self.buffer.extend_from_slice(b"\\u00");
        self.buffer.push(HEX[usize::from(byte >> 4)]);
        self.buffer.push(HEX[usize::from(byte & 0xf)]);
    }
}

/// Escapes what is formatted into it.
struct Escaping<'writer>(&'writer mut JsonWriter);

impl fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.escaped(text);
        Ok(())
    }
}

/// Decimal digits of an integer, on the stack.
fn itoa(value: i64) -> Digits {
    let mut digits = Digits { bytes: [0; 20], start: 20 };
    let mut rest = value.unsigned_abs();
    loop {
        digits.start -= 1;
        digits.bytes[digits.start] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        digits.start -= 1;
        digits.bytes[digits.start] = b'-';
    }
    digits
}

struct Digits {
    bytes: [u8; 20],
    start: usize,
}

impl Digits {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[self.start..]).unwrap_or("0")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::JsonWriter;

    fn written(fill: impl FnOnce(&mut JsonWriter)) -> String {
        let mut writer = JsonWriter::default();
        fill(&mut writer);
        String::from_utf8(writer.into_bytes()).expect("the writer emits UTF-8")
    }

    #[test]
    fn commas_stand_between_members_and_elements_only() {
        let text = written(|json| {
            json.object(|json| {
                json.key("a").integer(-1);
                json.key("b").array(|json| {
                    json.boolean(true);
                    json.null();
                    json.object(|_| ());
                });
                json.key("c").string("x");
            });
        });
        assert_eq!(text, r#"{"a":-1,"b":[true,null,{}],"c":"x"}"#);
    }

    proptest! {
        #[test]
        fn any_string_and_integer_survives_a_standard_parser(text in any::<String>(), number in any::<i64>()) {
            let json = written(|json| json.object(|json| {
                json.key(&text).display(&text);
                json.key("plain").string(&text);
                json.key("number").integer(number);
            }));
            let parsed: serde_json::Value = serde_json::from_str(&json).expect("valid JSON");
            prop_assert_eq!(parsed["plain"].as_str(), Some(text.as_str()));
            prop_assert_eq!(parsed["number"].as_i64(), Some(number));
            if text != "plain" && text != "number" {
                prop_assert_eq!(parsed[&text].as_str(), Some(text.as_str()));
            }
        }
    }
}
