//! Attachments: metadata, and content by way of a signed address on the media host.

use std::{ops::Range, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::Path,
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::Sha256;

use crate::{
    gateway::{AppState, Charge, charged},
    jira::{
        refusal::{Answer, Refusal},
        session::{Session, ok},
    },
    world::{
        AttachmentId, Millis,
        jira::{Attachment, Issue},
    },
};

/// How long a signed address lives.
const SIGNED_FOR_MS: Millis = 10 * 60 * 1_000;
/// Bytes per chunk of a body.
const CHUNK: u64 = 64 * 1_024;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/attachment/meta", get(settings))
        .route("/attachment/content/{id}", get(content))
        .route("/attachment/thumbnail/{id}", get(content))
}

/// The media host's routes.
pub(super) fn media_routes() -> Router<AppState> {
    Router::new().route("/media/attachment/{id}", get(media))
}

async fn settings(session: Session) -> Answer {
    session.signed_in()?;
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("enabled").boolean(true);
            json.key("uploadLimit").number(1_073_741_824);
        });
    }))
}

/// An attachment the caller may see, with its issue.
fn visible(session: &Session, id: &str) -> Result<(Arc<Issue>, Attachment), Refusal> {
    let site = session.site().read();
    let view = session.view(&site);
    let missing = || Refusal::not_found(format!("The attachment with id '{id}' does not exist"));
    let found = AttachmentId::parse(id).and_then(|id| site.attachment(id));
    let (issue, attachment) = found.ok_or_else(missing)?;
    if !site.can_see_issue(&view.reader, &issue.head()) {
        return Err(missing());
    }
    if !site.can_see_attachment(&view.reader, &issue, &attachment) {
        return Err(Refusal::forbidden("You do not have permission to view this attachment."));
    }
    Ok((issue, attachment))
}

pub(super) async fn metadata(Path(id): Path<String>, session: Session) -> Answer {
    let (_, attachment) = visible(&session, &id)?;
    let site = session.site().read();
    let view = session.view(&site);
    Ok(ok(Charge::core(1), |json| view.attachment(json, &attachment, true)))
}

async fn content(Path(id): Path<String>, session: Session, headers: HeaderMap) -> Answer {
    let (_, attachment) = visible(&session, &id)?;
    if !session.query.flag("redirect", true) {
        return Ok(charged(bytes_of(&attachment, headers.get(header::RANGE)), Charge::core(1)));
    }
    let location = HeaderValue::from_str(&signed_address(&session, attachment.id)).map_err(|_| {
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "The address of the file cannot be written.")
    })?;
    Ok(charged((StatusCode::SEE_OTHER, [(header::LOCATION, location)]), Charge::core(1)))
}

/// The address on the media host where anybody may read a file for some minutes.
pub(crate) fn signed_address(session: &Session, id: AttachmentId) -> String {
    let (cloud_id, origin) = (session.site().cloud_id(), session.state.origin());
    let expires = session.now_ms().saturating_add(SIGNED_FOR_MS);
    let signature = sign(&session.state, cloud_id, id, expires);
    format!("{origin}/s/{cloud_id}/media/attachment/{id}?expires={expires}&signature={signature}")
}

fn sign(state: &AppState, cloud_id: &str, id: AttachmentId, expires: Millis) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(state.control_token().as_bytes()) else {
        // HMAC takes keys of any length.
        return String::new();
    };
    mac.update(format!("jira/{cloud_id}/{id}/{expires}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// The media host: the signature is the only key, credentials are not looked at.
async fn media(Path(id): Path<String>, session: Session, headers: HeaderMap) -> Response {
    let found = || {
        let id = AttachmentId::parse(&id)?;
        let expires: Millis = session.query.text("expires")?.parse().ok()?;
        let expected = sign(&session.state, session.site().cloud_id(), id, expires);
        let genuine = session.query.text("signature")? == expected && session.now_ms() <= expires;
        let (_, attachment) = session.site().read().attachment(id).filter(|_| genuine)?;
        Some(attachment)
    };
    match found() {
        Some(attachment) => bytes_of(&attachment, headers.get(header::RANGE)),
        None => StatusCode::FORBIDDEN.into_response(),
    }
}

/// The file: all of it, or the asked range.
fn bytes_of(attachment: &Attachment, range: Option<&HeaderValue>) -> Response {
    let size = attachment.size;
    let asked = range.and_then(|value| value.to_str().ok()).and_then(|text| text.strip_prefix("bytes="));
    let (status, span) = match asked.map(|text| parse_range(text, size)) {
        None => (StatusCode::OK, 0..size),
        Some(Some(span)) => (StatusCode::PARTIAL_CONTENT, span),
        Some(None) => {
            let whole = HeaderValue::from_str(&format!("bytes */{size}"));
            let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
            if let Ok(whole) = whole {
                response.headers_mut().insert(header::CONTENT_RANGE, whole);
            }
            return response;
        }
    };
    let mut response = (status, Body::from_stream(filler(attachment.id, span.clone()))).into_response();
    let headers = response.headers_mut();
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(span.end - span.start));
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(part) =
            HeaderValue::from_str(&format!("bytes {}-{}/{size}", span.start, span.end.saturating_sub(1)))
    {
        headers.insert(header::CONTENT_RANGE, part);
    }
    let kind = HeaderValue::from_str(&attachment.mime_type);
    headers
        .insert(header::CONTENT_TYPE, kind.unwrap_or(HeaderValue::from_static("application/octet-stream")));
    let name =
        percent_encoding::utf8_percent_encode(&attachment.filename, percent_encoding::NON_ALPHANUMERIC);
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{name}")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
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

/// A part of the file: lines that name the attachment, always the same. The sandbox keeps sizes, not contents.
fn filler(
    id: AttachmentId,
    span: Range<u64>,
) -> impl futures_util::Stream<Item = Result<Bytes, std::convert::Infallible>> {
    let line = format!("content of attachment {id}\n").into_bytes();
    let mut at = span.start;
    futures_util::stream::iter(std::iter::from_fn(move || {
        let length = (span.end - at).min(CHUNK);
        if length == 0 {
            return None;
        }
        let skipped = usize::try_from(at % line.len() as u64).unwrap_or(0);
        let chunk: Vec<u8> =
            line.iter().copied().cycle().skip(skipped).take(usize::try_from(length).unwrap_or(0)).collect();
        at += length;
        Some(Ok(Bytes::from(chunk)))
    }))
}

#[cfg(test)]
mod tests {
    use super::parse_range;

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
}
