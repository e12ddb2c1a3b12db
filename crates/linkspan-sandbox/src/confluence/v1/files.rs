//! Files: upload, and download by way of a signed address on the media host.

use std::fmt::Write as _;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderValue, StatusCode, header};
use sha2::Sha256;

use super::content::{Item, write};
use super::expand::Expand;
use super::legacy::content_id;
use super::shape;
use crate::confluence::answer::{Answer, Refusal, written};
use crate::confluence::body_input::{self, UploadedFile};
use crate::confluence::edit;
use crate::confluence::json::JsonWriter;
use crate::confluence::parameters::Parameters;
use crate::confluence::v2::file_id;
use crate::confluence::view::Ask;
use crate::gateway::AppState;
use crate::world::confluence::ContentFile;
use crate::world::{ContentId, FileId, Millis};

/// How long a signed address works, in milliseconds.
const SIGNED_FOR: Millis = 10 * 60 * 1000;
/// Bytes written at a time.
const CHUNK: usize = 64 * 1024;

/// The files of an upload; the request must say that it means it, as the real service asks of every form.
async fn uploaded(request: Request) -> Result<Vec<UploadedFile>, Refusal> {
    let meant = request.headers().get("x-atlassian-token").and_then(|value| value.to_str().ok());
    if !matches!(meant, Some("no-check" | "nocheck")) {
        return Err(Refusal::forbidden("XSRF check failed: send X-Atlassian-Token: no-check"));
    }
    let form = Multipart::from_request(request, &()).await.map_err(|_| Refusal::unsupported_media_type())?;
    body_input::read_files(form).await
}

/// `POST` and `PUT content/{id}/child/attachment`
pub(super) async fn upload(ask: &Ask, id: &str, request: Request) -> Answer {
    let content = content_id(id)?;
    let files = uploaded(request).await?;
    let mut ids = Vec::with_capacity(files.len());
    for file in &files {
        ids.push(edit::attach(ask, content, file)?);
    }
    ask.read(|view| {
        let items: Vec<Item> = ids.iter().filter_map(|id| Item::find(view, &id.to_string()).ok()).collect();
        let mut json = JsonWriter::default();
        json.object(|json| {
            shape::page_members(json, 0, items.len(), items.len(), |json| {
                for item in &items {
                    write(json, view, item, &Expand::parse("expand=version,container"));
                }
            });
            json.key("_links").object(|json| {
                json.key("base").string(view.base());
                json.key("context").string("/wiki");
            });
        });
        Ok(written(StatusCode::OK, json))
    })
}

/// `POST content/{id}/child/attachment/{attachmentId}/data`: a new version under the file's own name.
pub(super) async fn replace(ask: &Ask, id: &str, attachment: &str, request: Request) -> Answer {
    let content = content_id(id)?;
    let present = ask.read(|view| view.file(file_id(attachment)?))?.1;
    if present.container != content {
        return Err(Refusal::not_found());
    }
    let mut files = uploaded(request).await?;
    let Some(mut file) = files.pop() else {
        return Err(Refusal::bad_request("the upload holds no file"));
    };
    present.name.as_ref().clone_into(&mut file.name);
    let stored = edit::attach(ask, content, &file)?;
    ask.read(|view| {
        let mut json = JsonWriter::default();
        write(
            &mut json,
            view,
            &Item::find(view, &stored.to_string())?,
            &Expand::parse("expand=version,container"),
        );
        Ok(written(StatusCode::OK, json))
    })
}

/// `GET content/{id}/child/attachment/{attachmentId}/download`: 302 to a signed address, which needs no credentials
/// (`atlassian-platform.md` 6.3).
pub(super) fn download(ask: &Ask, id: &str, attachment: &str) -> Answer {
    let (content, file) = (content_id(id)?, file_id(attachment)?);
    let (_, found) = ask.read(|view| view.file(file))?;
    signed_redirect(ask, content, &found)
}

/// 302 to the signed address of a file the caller sees, if it stands on that content.
pub(in crate::confluence) fn signed_redirect(ask: &Ask, content: ContentId, file: &ContentFile) -> Answer {
    if file.container != content {
        return Err(Refusal::not_found());
    }
    let (cloud_id, file) = (ask.site().cloud_id(), file.id);
    let expires = ask.now().saturating_add(SIGNED_FOR);
    let signature = sign(&ask.app, cloud_id, file, expires);
    let location = format!(
        "{}/s/{cloud_id}/wiki/media/{file}?expires={expires}&signature={signature}",
        ask.app.origin()
    );
    let location = HeaderValue::from_str(&location).map_err(|_| Refusal::not_found())?;
    Ok((StatusCode::FOUND, [(header::LOCATION, location)]).into_response())
}

fn sign(app: &AppState, cloud_id: &str, file: FileId, expires: Millis) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(app.control_token().as_bytes()) else {
        // A key of any length will do for HMAC.
        return String::new();
    };
    mac.update(format!("{cloud_id}/{file}/{expires}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// `GET /wiki/media/{attachmentId}`: the media host. The signature is the only key; credentials are not looked at.
pub(super) async fn media(
    State(app): State<AppState>,
    caller: crate::gateway::Caller,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Response {
    let answer = || -> Option<Response> {
        let file = FileId::parse(&id)?;
        let expires: Millis = parameters.text("expires")?.parse().ok()?;
        let site = app.site(&caller);
        let is_valid = parameters.text("signature")? == sign(&app, site.cloud_id(), file, expires);
        if !is_valid || app.world().clock().now_ms() > expires {
            return None;
        }
        let (_, found) = site.read().content_file(file)?;
        let media_type = HeaderValue::from_str(&found.media_type).ok()?;
        let disposition = HeaderValue::from_str(&format!(
            "attachment; filename=\"{}\"",
            found.name.replace(['"', '\\'], "_")
        ));
        let mut response = Body::from_stream(filler(found.size)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, media_type);
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(found.size));
        if let Ok(disposition) = disposition {
            response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
        }
        Some(response)
    };
    answer().unwrap_or_else(|| StatusCode::FORBIDDEN.into_response())
}

/// As many bytes as the file has: the sandbox keeps sizes, not contents.
fn filler(size: u64) -> impl futures_util::Stream<Item = Result<Bytes, std::convert::Infallible>> {
    let mut line = String::with_capacity(CHUNK);
    while line.len() < CHUNK {
        // Writing to a string cannot fail.
        let _ = writeln!(line, "sandbox file content");
    }
    let chunk = Bytes::from(line);
    let mut left = size;
    futures_util::stream::iter(std::iter::from_fn(move || {
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len());
        left -= u64::try_from(length).unwrap_or(left);
        (length > 0).then(|| Ok(chunk.slice(..length)))
    }))
}
