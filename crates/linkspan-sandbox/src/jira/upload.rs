//! Uploaded files: the multipart forms of the platform and of Jira Service Management.

use axum::extract::{FromRequest, Multipart, Request};
use http::StatusCode;

use super::refusal::Refusal;

/// Most files of one upload, as both documents say.
const MAX_FILES: usize = 60;

/// What is known of an uploaded file; the sandbox keeps no contents.
#[derive(Clone, Debug)]
pub(super) struct UploadedFile {
    pub(super) name: String,
    pub(super) media_type: String,
    pub(super) size: u64,
}

/// The files of the form's parts named `file`. A browser can be made to send a form by any page it shows, so the request
/// must carry a header that only a program sets.
pub(super) async fn uploaded(request: Request) -> Result<Vec<UploadedFile>, Refusal> {
    let meant = request.headers().get("X-Atlassian-Token");
    if meant.is_none_or(|value| value != "no-check" && value != "nocheck") {
        return Err(Refusal::forbidden("XSRF check failed"));
    }
    let malformed = || Refusal::bad_request("The upload is not a well-formed multipart form.");
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| {
        Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Content-Type is not supported. Use multipart/form-data.",
        )
    })?;
    let mut files = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|_| malformed())? {
        if field.name() != Some("file") {
            continue;
        }
        let name = field.file_name().unwrap_or("file").to_owned();
        let media_type = field.content_type().unwrap_or("application/octet-stream").to_owned();
        let size = field.bytes().await.map_err(|_| malformed())?.len();
        files.push(UploadedFile { name, media_type, size: u64::try_from(size).unwrap_or(u64::MAX) });
        if files.len() > MAX_FILES {
            return Err(Refusal::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("At most {MAX_FILES} files can be uploaded at once."),
            ));
        }
    }
    if files.is_empty() {
        Err(Refusal::bad_request("The upload has no part named 'file'."))
    } else {
        Ok(files)
    }
}
