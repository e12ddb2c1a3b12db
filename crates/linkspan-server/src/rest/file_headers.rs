//! Headers of file downloads: names (RFC 6266), parts (RFC 9110 section 14) and what the caller has already.

use std::fmt::Write as _;
use std::ops::Range;

use axum::http::HeaderValue;
use axum::http::header::{self, HeaderMap, HeaderName};

/// The longest name that is sent, in bytes: longer ones no file system takes.
const NAME_CAP: usize = 255;
/// What a file without a usable name is called.
const NAMELESS: &str = "attachment";

/// `Content-Disposition: attachment` with the name in both forms of RFC 6266: in ASCII for old programs, whole for the
/// others. Nothing in a name can end the header, leave the folder it is saved in, or hide its ending.
pub(super) fn disposition(name: &str) -> HeaderValue {
    let name = safe_name(name);
    let ascii: String =
        name.chars().map(|c| if c.is_ascii() && !matches!(c, '"' | '\\' | '%') { c } else { '_' }).collect();
    let mut text = format!("attachment; filename=\"{ascii}\"");
    if ascii != name {
        text.push_str("; filename*=UTF-8''");
        for byte in name.bytes() {
            // The characters that RFC 8187 allows as they are.
            if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
                text.push(char::from(byte));
            } else {
                // Writing to a String cannot fail.
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("attachment"))
}

/// The name as one path segment without characters that act instead of being shown.
fn safe_name(name: &str) -> String {
    let shown = |c: char| {
        let turns_text =
            matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if matches!(c, '/' | '\\' | ':') || c.is_control() || turns_text { '_' } else { c }
    };
    let mut safe: String = name.trim().chars().map(shown).collect();
    if safe.len() > NAME_CAP {
        safe = shortened(&safe);
    }
    let safe = safe.trim_matches(|c: char| c == '.' || c.is_whitespace());
    if safe.is_empty() { NAMELESS.to_owned() } else { safe.to_owned() }
}

/// The beginning of a name that is too long, with its ending if that is one.
fn shortened(name: &str) -> String {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending).filter(|ending| ending.len() <= 16);
    let ending = ending.map_or_else(String::new, |ending| format!(".{ending}"));
    let mut room = NAME_CAP - ending.len();
    while !name.is_char_boundary(room) {
        room -= 1;
    }
    format!("{}{ending}", &name[..room])
}

/// Whether a header of entity tags names this one, or any.
pub(super) fn names(asked: &HeaderMap, header: HeaderName, etag: &HeaderValue) -> bool {
    let Ok(etag) = etag.to_str() else { return false };
    asked.get_all(header).iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(',')).any(
        |tag| {
            let tag = tag.trim();
            tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag
        },
    )
}

/// Which part of a file is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it. Also where several ranges are asked for, or something else than bytes: a server may answer so.
    Whole,
    /// These bytes.
    Some { range: Range<u64>, content_range: HeaderValue },
    /// Bytes that are not there.
    Unsatisfiable { content_range: HeaderValue },
}

impl Part {
    /// Reads `Range`, which counts only for the version that `If-Range` names, if it names one.
    pub(super) fn asked(asked: &HeaderMap, etag: &HeaderValue, size: u64) -> Self {
        if asked.get(header::IF_RANGE).is_some_and(|version| version != etag) {
            return Self::Whole;
        }
        let text = asked.get(header::RANGE).and_then(|value| value.to_str().ok());
        let Some((first, last)) =
            text.and_then(|text| text.trim().strip_prefix("bytes=")).and_then(|text| text.split_once('-'))
        else {
            return Self::Whole;
        };
        let number = |text: &str| {
            let text = text.trim();
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            // A number too large for the type is a large number all the same.
            digits.then(|| text.parse().unwrap_or(u64::MAX))
        };
        let range = match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
            (Some(first), None) if last.trim().is_empty() => first..size,
            (None, Some(count)) if first.trim().is_empty() => size.saturating_sub(count)..size,
            _ => return Self::Whole,
        };
        let content_range = |text: String| HeaderValue::try_from(text).unwrap_or(header_of_nothing());
        if range.start >= range.end {
            return Self::Unsatisfiable { content_range: content_range(format!("bytes */{size}")) };
        }
        let last = range.end - 1;
        Self::Some { content_range: content_range(format!("bytes {}-{last}/{size}", range.start)), range }
    }
}

/// Digits and dashes always make a header; this is never sent.
fn header_of_nothing() -> HeaderValue {
    HeaderValue::from_static("bytes */*")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str) -> String {
        disposition(name).to_str().unwrap().to_owned()
    }

    #[test]
    fn names_are_sent_in_both_forms() {
        assert_eq!(text("report.pdf"), "attachment; filename=\"report.pdf\"");
        assert_eq!(
            text("Übersicht 1.pdf"),
            "attachment; filename=\"_bersicht 1.pdf\"; filename*=UTF-8''%C3%9Cbersicht%201.pdf"
        );
        assert_eq!(text("100%.txt"), "attachment; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt");
    }

    #[test]
    fn m6_no_name_leaves_its_header_or_its_folder() {
        assert_eq!(text("a\r\nSet-Cookie: x=1"), "attachment; filename=\"a__Set-Cookie_ x=1\"");
        assert_eq!(text("../../etc/passwd"), "attachment; filename=\"_.._etc_passwd\"");
        assert_eq!(
            text("a\"; filename=\"b"),
            "attachment; filename=\"a_; filename=_b\"; filename*=UTF-8''a%22%3B%20filename%3D%22b"
        );
        assert_eq!(text("photo\u{202e}gpj.exe"), "attachment; filename=\"photo_gpj.exe\"");
        for nothing in ["", "  ", "..", "."] {
            assert_eq!(text(nothing), "attachment; filename=\"attachment\"", "{nothing:?}");
        }
        let long = format!("{}.pdf", "ü".repeat(300));
        let name = safe_name(&long);
        assert!(name.len() <= NAME_CAP && name.rsplit('.').next() == Some("pdf"), "{name}");
    }

    fn part(range: &str) -> Part {
        let asked = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_str(range).unwrap())]);
        Part::asked(&asked, &HeaderValue::from_static("\"1\""), 100)
    }

    #[test]
    fn parts_are_cut_to_the_file() {
        for (asked, expected) in [
            ("bytes=0-9", 0..10),
            ("bytes=90-", 90..100),
            ("bytes=90-1000", 90..100),
            ("bytes=90-99999999999999999999999", 90..100),
            ("bytes=-10", 90..100),
            ("bytes=-1000", 0..100),
        ] {
            let Part::Some { range, content_range } = part(asked) else { panic!("{asked}") };
            assert_eq!(range, expected, "{asked}");
            let shown = format!("bytes {}-{}/100", expected.start, expected.end - 1);
            assert_eq!(content_range, shown.as_str(), "{asked}");
        }
        for asked in ["bytes=100-", "bytes=200-300", "bytes=-0"] {
            assert!(matches!(part(asked), Part::Unsatisfiable { .. }), "{asked}");
        }
        for asked in ["bytes=9-3", "bytes=x-y", "bytes=", "bytes=-", "items=0-9", "bytes=0-1,5-9", "0-9"] {
            assert_eq!(part(asked), Part::Whole, "{asked}");
        }
    }

    #[test]
    fn a_part_of_another_version_is_not_served() {
        let etag = HeaderValue::from_static("\"1\"");
        let mut asked = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static("bytes=0-9"))]);
        asked.insert(header::IF_RANGE, etag.clone());
        assert!(matches!(Part::asked(&asked, &etag, 100), Part::Some { .. }));
        asked.insert(header::IF_RANGE, HeaderValue::from_static("\"2\""));
        assert_eq!(Part::asked(&asked, &etag, 100), Part::Whole);
    }

    #[test]
    fn entity_tags_are_compared_by_what_they_name() {
        let etag = HeaderValue::from_static("\"1\"");
        let names = |text: &'static str| {
            let asked = HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static(text))]);
            names(&asked, header::IF_NONE_MATCH, &etag)
        };
        assert!(names("\"1\"") && names("W/\"1\"") && names("\"0\", \"1\"") && names("*"));
        assert!(!names("\"2\"") && !names("1"));
    }
}
