//! Escapes text so that Markdown reads it as the text it is, and leaves plain prose readable.

/// Where a text stands.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one place")]
pub(super) struct Context {
    /// Nothing stands on the line before it but the markers of its container.
    pub(super) line_start: bool,
    pub(super) cell: bool,
    pub(super) heading: bool,
    pub(super) link: bool,
    /// A bracket follows right behind, which an exclamation mark would make an image.
    pub(super) before_bracket: bool,
    /// All that stands on the line before it are digits: with a full stop they would number a list.
    pub(super) after_digits: bool,
}

/// Writes `text`, which has no line ends.
pub(super) fn text(out: &mut String, text: &str, context: Context) {
    let bytes = text.as_bytes();
    let mut copied = 0;
    if context.line_start
        && let Some(place) = marker_at_start(bytes)
    {
        out.push_str(&text[..place]);
        out.push('\\');
        copied = place;
        // The escaped byte is plain ASCII: what follows is handled below.
        out.push(char::from(bytes[place]));
        copied += 1;
    }
    let start = copied;
    for place in start..bytes.len() {
        if !needs_escape(bytes, place, context) {
            continue;
        }
        out.push_str(&text[copied..place]);
        copied = place;
        // In a table, a backslash before `\|` would hide the escape.
        if bytes[place] == b'|' && place > 0 && bytes[place - 1] == b'\\' {
            out.push_str("&#124;");
            copied += 1;
        } else {
            out.push('\\');
        }
    }
    out.push_str(&text[copied..]);
}

fn needs_escape(bytes: &[u8], place: usize, context: Context) -> bool {
    let next = bytes.get(place + 1).copied();
    match bytes[place] {
        b'\\' | b'`' | b'*' | b'[' | b'~' => true,
        b']' => context.link,
        b'|' => context.cell,
        b'#' => context.heading,
        // Tags, and addresses in angle brackets: those may start with almost anything.
        b'<' => next != Some(b' '),
        b'&' => next.is_none_or(|next| next.is_ascii_alphabetic() || next == b'#'),
        b'!' => next.is_none() && context.before_bracket,
        b'.' | b')' => place == 0 && context.after_digits,
        // Inside a word it means nothing.
        b'_' => {
            let before = place.checked_sub(1).map(|place| bytes[place]);
            !(before.is_some_and(|byte| byte.is_ascii_alphanumeric())
                && next.is_some_and(|byte| byte.is_ascii_alphanumeric()))
        }
        _ => false,
    }
}

/// The place of the byte that would make a block out of a line that starts with these bytes.
fn marker_at_start(bytes: &[u8]) -> Option<usize> {
    let ends_marker = |place: usize| bytes.get(place).is_none_or(|byte| matches!(byte, b' ' | b'\t'));
    match *bytes.first()? {
        b'>' | b'=' => Some(0),
        b'|' | b':' => matches!(bytes.get(1), None | Some(b'-' | b' ' | b':' | b'|')).then_some(0),
        b'-' | b'+' => (ends_marker(1) || bytes.get(1) == Some(&b'-')).then_some(0),
        b'#' => {
            let level = bytes.iter().take_while(|byte| **byte == b'#').count();
            ends_marker(level).then_some(0)
        }
        b'0'..=b'9' => {
            let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
            (matches!(bytes.get(digits), Some(b'.' | b')')) && ends_marker(digits + 1)).then_some(digits)
        }
        _ => None,
    }
}

/// Writes a link's target between its parentheses.
pub(super) fn target(out: &mut String, href: &str, cell: bool) {
    let bytes = href.as_bytes();
    for (place, character) in href.char_indices() {
        match character {
            '(' | ')' => out.push('\\'),
            '&' if bytes.get(place + 1).is_some_and(|next| next.is_ascii_alphabetic() || *next == b'#') => {
                out.push('\\');
            }
            '|' if cell => {
                out.push_str("%7C");
                continue;
            }
            _ => {}
        }
        out.push(character);
    }
}

/// Writes a code span; as a tag where it would run together with another one, or where a table could not hold it.
pub(super) fn code(out: &mut String, code: &str, cell: bool) {
    if out.ends_with('`') || (cell && code.contains("\\|")) {
        out.push_str("<code>");
        for character in code.chars() {
            match character {
                '|' => out.push_str("&#124;"),
                character if character.is_ascii_punctuation() => {
                    out.push('\\');
                    out.push(character);
                }
                character => out.push(character),
            }
        }
        out.push_str("</code>");
        return;
    }
    let fence = longest_run([code], '`') + 1;
    let fits = |character: char| character == '`' || character == ' ';
    let padded = code.starts_with(fits) || code.ends_with(fits);
    let padded = padded && !code.bytes().all(|byte| byte == b' ');
    out.extend(std::iter::repeat_n('`', fence));
    if padded {
        out.push(' ');
    }
    if cell {
        for (place, part) in code.split('|').enumerate() {
            if place > 0 {
                out.push_str("\\|");
            }
            out.push_str(part);
        }
    } else {
        out.push_str(code);
    }
    if padded {
        out.push(' ');
    }
    out.extend(std::iter::repeat_n('`', fence));
}

/// The length of the longest run of `wanted` in the texts put together.
pub(super) fn longest_run<'t>(texts: impl IntoIterator<Item = &'t str>, wanted: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for text in texts {
        for character in text.chars() {
            run = if character == wanted { run + 1 } else { 0 };
            longest = longest.max(run);
        }
    }
    longest
}
