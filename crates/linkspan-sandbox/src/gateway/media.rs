//! The media host: the content of files, whole or in part.
//!
//! The sandbox keeps names and sizes, not contents: the bytes are a function of the file's id and of their position, so
//! that a file of any size is served without being held anywhere.

use std::convert::Infallible;
use std::ops::Range;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// Bytes made at a time. Each block of a file begins with its number, so that blocks cannot be mistaken for one another.
const BLOCK: u64 = 64 * 1_024;

/// A file as the media host serves it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MediaFile<'a> {
    /// Id of the attachment, in its printed form.
    pub(crate) id: &'a str,
    /// Name offered to whoever saves the file.
    pub(crate) name: &'a str,
    /// Media type.
    pub(crate) media_type: &'a str,
    /// Length in bytes.
    pub(crate) size: u64,
}

impl MediaFile<'_> {
    /// The file: all of it (200), or the range the request asks for (206, or 416 when it lies outside the file).
    pub(crate) fn answer(&self, request: &HeaderMap) -> Response {
        let range = request.get(header::RANGE).and_then(|value| value.to_str().ok());
        let asked = range.and_then(|text| text.strip_prefix("bytes="));
        let (status, span) = match asked.map(|text| parse_range(text, self.size)) {
            None => (StatusCode::OK, 0..self.size),
            Some(Some(span)) => (StatusCode::PARTIAL_CONTENT, span),
            Some(None) => {
                let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
                set(&mut response, header::CONTENT_RANGE, &format!("bytes */{}", self.size));
                return response;
            }
        };
        let content = futures_util::stream::iter(content(self.id, span.clone()).map(Ok::<_, Infallible>));
        let mut response = (status, Body::from_stream(content)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(span.end - span.start));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        set(&mut response, header::CONTENT_TYPE, self.media_type);
        if status == StatusCode::PARTIAL_CONTENT {
            let shown = format!("bytes {}-{}/{}", span.start, span.end.saturating_sub(1), self.size);
            set(&mut response, header::CONTENT_RANGE, &shown);
        }
        let name = percent_encoding::utf8_percent_encode(self.name, percent_encoding::NON_ALPHANUMERIC);
        set(&mut response, header::CONTENT_DISPOSITION, &format!("attachment; filename*=UTF-8''{name}"));
        response
    }
}

/// Sets a header; what cannot stand in one is left out.
fn set(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// `a-b`, `a-` or `-n`; `None` when it lies outside the file or is none of these.
fn parse_range(text: &str, size: u64) -> Option<Range<u64>> {
    let (first, last) = text.split_once('-')?;
    if first.is_empty() {
        let count: u64 = last.parse().ok()?;
        return (count > 0 && size > 0).then(|| size.saturating_sub(count)..size);
    }
    let start: u64 = first.parse().ok()?;
    let end = if last.is_empty() { size } else { last.parse::<u64>().ok()?.saturating_add(1).min(size) };
    (start < end).then_some(start..end)
}

/// The bytes of a part of a file, always the same, in pieces of at most [`BLOCK`].
fn content(id: &str, span: Range<u64>) -> impl Iterator<Item = Bytes> + use<> {
    let line = format!("content of attachment {id}\n").into_bytes();
    let filler: Vec<u8> = line.iter().copied().cycle().take(at_most_block(BLOCK)).collect();
    let mut at = span.start;
    std::iter::from_fn(move || {
        if at >= span.end {
            return None;
        }
        let (number, within) = (at / BLOCK, at % BLOCK);
        let length = (BLOCK - within).min(span.end - at);
        let mut block = filler.clone();
        let head = format!("block {number:020} of attachment content\n");
        block[..head.len()].copy_from_slice(head.as_bytes());
        at += length;
        Some(Bytes::from(block).slice(at_most_block(within)..at_most_block(within + length)))
    })
}

/// A position in a block, which is small on every machine.
fn at_most_block(position: u64) -> usize {
    usize::try_from(position.min(BLOCK)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes_of(id: &str, span: Range<u64>) -> Vec<u8> {
        content(id, span).flat_map(|piece| piece.to_vec()).collect()
    }

    #[test]
    fn ranges_are_cut_to_the_file() {
        let table = [
            ("0-9", Some(0..10)),
            ("90-", Some(90..100)),
            ("90-1000", Some(90..100)),
            ("-10", Some(90..100)),
            ("-1000", Some(0..100)),
            ("100-", None),
            ("9-3", None),
            ("-0", None),
            ("x-y", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_range(text, 100), expected, "{text}");
        }
    }

    #[test]
    fn two_files_and_two_blocks_of_a_file_differ() {
        assert_ne!(bytes_of("1", 0..200), bytes_of("2", 0..200));
        assert_ne!(bytes_of("1", 0..BLOCK), bytes_of("1", BLOCK..2 * BLOCK));
    }

    proptest! {
        #[test]
        fn a_part_of_a_file_is_the_same_wherever_it_is_cut(start in 0..3 * BLOCK, first in 0..BLOCK, second in 0..BLOCK) {
            let (middle, end) = (start + first, start + first + second);
            let whole = bytes_of("7", start..end);
            prop_assert_eq!(whole.len() as u64, end - start);
            let mut joined = bytes_of("7", start..middle);
            joined.extend(bytes_of("7", middle..end));
            prop_assert_eq!(whole, joined);
        }
    }
}
