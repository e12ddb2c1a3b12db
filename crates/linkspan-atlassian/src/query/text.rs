//! What both languages share: quoting, and the enclosing of a caller's own query.

/// A caller's query that cannot be enclosed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// Nothing but white space.
    #[error("the query is empty")]
    Empty,
    /// Longer than upstream takes.
    #[error("the query is longer than {0} characters")]
    TooLong(usize),
    /// A quotation mark without its partner.
    #[error("a quotation mark is not closed")]
    OpenQuote,
    /// A backslash at the very end.
    #[error("the query ends in a backslash")]
    OpenEscape,
    /// Parentheses that do not pair up: closed, they would reach outside.
    #[error("the parentheses do not pair up")]
    Parentheses,
    /// `ORDER BY`: the order is the reader's, not the caller's.
    #[error("the query must not order its results")]
    OrderBy,
}

/// The longest query of a caller, in characters.
const CALLER_CAP: usize = 10_000;

/// Characters that show nothing: zero-width, joining, direction marks, soft hyphen, byte order mark, tags.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// A value in double quotes, every character of it meaning itself. What cannot be seen is written as `\uXXXX`, an
/// escape of JQL's grammar, or left out where the language has no such form.
pub(super) fn quoted(value: &str, has_unicode_escapes: bool) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(value.len() + 2);
    text.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            c if c.is_control() || is_invisible(c) => {
                if has_unicode_escapes {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        // Writing to a string cannot fail.
                        let _ = write!(text, "\\u{unit:04x}");
                    }
                } else if c.is_whitespace() {
                    text.push(' ');
                }
            }
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

/// A caller's query in parentheses that it cannot leave.
pub(super) fn enclosed(query: &str) -> Result<String, QueryError> {
    let visible: String = query
        .chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c })
        .collect();
    let visible = visible.trim();
    if visible.is_empty() {
        return Err(QueryError::Empty);
    }
    if visible.chars().count() > CALLER_CAP {
        return Err(QueryError::TooLong(CALLER_CAP));
    }
    let mut depth = 0_u32;
    let mut quote = None;
    let mut word = String::new();
    let mut previous = String::new();
    let mut chars = visible.chars().chain([' ']).peekable();
    while let Some(c) = chars.next() {
        if c == '\\' {
            let escaped = chars.next();
            // The space chained behind the query is not part of it.
            if escaped.is_none() || chars.peek().is_none() {
                return Err(QueryError::OpenEscape);
            }
            word.clear();
            continue;
        }
        if let Some(open) = quote {
            if c == open {
                quote = None;
                previous.clear();
            }
            continue;
        }
        if c.is_alphanumeric() || c == '_' {
            word.extend(c.to_lowercase());
            continue;
        }
        if !word.is_empty() {
            if previous == "order" && word == "by" {
                return Err(QueryError::OrderBy);
            }
            previous = std::mem::take(&mut word);
        }
        match c {
            '"' | '\'' => quote = Some(c),
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1).ok_or(QueryError::Parentheses)?,
            _ => {}
        }
        if c != ' ' {
            previous.clear();
        }
    }
    match (quote, depth) {
        (Some(_), _) => Err(QueryError::OpenQuote),
        (None, 0) => Ok(format!("({visible})")),
        _ => Err(QueryError::Parentheses),
    }
}
