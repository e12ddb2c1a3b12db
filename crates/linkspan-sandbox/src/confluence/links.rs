//! Site-relative addresses of content, as the web interface has them.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use super::time::Iso;

use crate::world::confluence::{ContentFile, ContentHead, ContentKind, Space};

/// Characters escaped in the last segment of a page's address; blanks become plus signs afterwards.
const TITLE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b' ');
/// Characters escaped in a file name within a path.
const FILE_NAME: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'/')
    .add(b'\\');

/// `/spaces/DS/pages/123/Title+of+page`, `/spaces/DS/blog/2026/01/31/123/Title` or `/spaces/DS/folder/123`.
pub(super) struct WebUi<'text> {
    pub(super) space_key: &'text str,
    pub(super) head: ContentHead,
    pub(super) title: &'text str,
}

impl fmt::Display for WebUi<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, id) = (self.space_key, self.head.id);
        match self.head.kind {
            kind @ (ContentKind::Folder
            | ContentKind::Whiteboard
            | ContentKind::Database
            | ContentKind::Embed
            | ContentKind::Custom) => return write!(out, "/spaces/{key}/{}/{id}", kind.as_str()),
            ContentKind::Page => write!(out, "/spaces/{key}/pages/{id}/")?,
            ContentKind::BlogPost => {
                let day = Iso(self.head.created).to_string();
                let day = day.get(..10).unwrap_or_default().replace('-', "/");
                write!(out, "/spaces/{key}/blog/{day}/{id}/")?;
            }
        }
        for part in utf8_percent_encode(self.title, TITLE) {
            for (index, word) in part.split(' ').enumerate() {
                out.write_str(if index > 0 { "+" } else { "" })?;
                out.write_str(word)?;
            }
        }
        Ok(())
    }
}

/// The short address `/x/VwAD`: the id's little-endian bytes in base64 without its tail of zeros.
pub(super) fn tiny(id: u64) -> String {
    let encoded = STANDARD.encode(id.to_le_bytes());
    let code = encoded.trim_end_matches('=').trim_end_matches('A').replace('/', "-").replace('+', "_");
    format!("/x/{code}")
}

/// The web address of a file: the page it is on, with the file in the preview.
pub(super) struct FileWebUi<'file>(pub(super) &'file ContentFile);

impl fmt::Display for FileWebUi<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.0;
        let name = utf8_percent_encode(&file.name, NON_ALPHANUMERIC);
        write!(
            out,
            "/pages/viewpageattachments.action?pageId={page}&preview=%2F{page}%2F{number}%2F{name}",
            page = file.container,
            number = file.id.0
        )
    }
}

/// The browser's download address of a file; API credentials do not open it (`atlassian-platform.md` 6.3).
pub(super) struct FileDownload<'file>(pub(super) &'file ContentFile);

impl fmt::Display for FileDownload<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.0;
        write!(
            out,
            "/download/attachments/{page}/{name}?version={version}&modificationDate={modified}&cacheVersion=1&api=v2",
            page = file.container,
            name = utf8_percent_encode(&file.name, FILE_NAME),
            version = file.version,
            modified = file.modified
        )
    }
}

/// The address of a space.
pub(super) fn space_path(space: &Space) -> String {
    format!("/spaces/{}", space.key)
}

/// What browsers call a media type, as `mediaTypeDescription` has it.
pub(super) fn media_type_description(media_type: &str) -> &'static str {
    match media_type {
        "image/png" => "PNG Image",
        "image/jpeg" => "JPEG Image",
        "image/gif" => "GIF Image",
        "image/svg+xml" => "SVG Image",
        "application/pdf" => "PDF Document",
        "application/zip" => "Zip Archive",
        "text/plain" => "Text File",
        "text/csv" => "CSV File",
        "text/html" => "HTML Document",
        "text/xml" | "application/xml" => "XML File",
        _ if media_type.starts_with("image/") => "Image",
        _ if media_type.contains("word") => "Microsoft Word Document",
        _ if media_type.contains("sheet") || media_type.contains("excel") => "Microsoft Excel Spreadsheet",
        _ if media_type.contains("presentation") || media_type.contains("powerpoint") => {
            "Microsoft Powerpoint Presentation"
        }
        _ => "File",
    }
}

#[cfg(test)]
mod tests {
    use super::tiny;

    #[test]
    fn short_addresses_equal_those_of_a_real_site() {
        assert_eq!(tiny(196_695), "/x/VwAD");
        assert_eq!(tiny(64_290_828), "/x/DADVAw");
    }
}
