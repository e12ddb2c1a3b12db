//! Attachments: metadata, and content by way of a signed address on the media host.

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Response},
    routing::get,
};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::Sha256;

use crate::{
    gateway::{AppState, Charge, MediaFile, charged},
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
pub(super) fn visible(session: &Session, id: &str) -> Result<(Arc<Issue>, Attachment), Refusal> {
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
        return Ok(charged(file(&attachment, &headers), Charge::core(1)));
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
        Some(attachment) => file(&attachment, &headers),
        None => StatusCode::FORBIDDEN.into_response(),
    }
}

fn file(attachment: &Attachment, request: &HeaderMap) -> Response {
    let media = MediaFile {
        id: &attachment.id.to_string(),
        name: &attachment.filename,
        media_type: &attachment.mime_type,
        size: attachment.size,
    };
    media.answer(request)
}
