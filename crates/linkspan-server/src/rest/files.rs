//! The content of attachments, and what is known of it.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use linkspan_engine::files::{AttachmentFile, FileProblem};
use linkspan_model::ids::{LinkedAccountId, RecordId};
use linkspan_model::product::Category;

use super::file_headers::{self, Part};
use crate::App;
use crate::extract::{Account, Segment};
use crate::params::Params;
use crate::present::time;
use crate::problem::{ApiError, ProblemBody};
use crate::wire::file::AttachmentContent;

/// What a file is served as when upstream did not say, or said something that is no media type.
const UNKNOWN_TYPE: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// Makes the download of a category, with its description.
macro_rules! download_handler {
    ($category:expr, $tag:literal, $name:ident) => {
        /// Downloads the content of an attachment. It is read from upstream where no copy is kept; with a copy, `Range` and
        /// `If-None-Match` are understood. `HEAD` asks nothing of upstream.
        #[utoipa::path(
            get,
            path = "/attachments/{id}/download",
            operation_id = concat!($tag, "_attachments_download_retrieve"),
            tag = $tag,
            params(
                ("id" = Uuid, Path, description = "Our id of the attachment"),
                ("X-Account-Token" = String, Header, description = "Token of the linked account"),
                ("Range" = Option<String>, Header, description = "One range of bytes, such as `bytes=0-1023`; counts where a copy is kept"),
                ("mime_type" = Option<String>, Query, description = "Ignored: files are served as they are"),
            ),
            responses(
                (status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
                (status = 206, description = "The part asked for", body = Vec<u8>, content_type = "application/octet-stream"),
                (status = 304, description = "The caller's copy is the present one"),
                (status = 401, description = "Key or account token is wrong", body = ProblemBody),
                (status = 403, description = "Upstream does not let the linked account read the file, or the grant lacks a scope", body = ProblemBody),
                (status = 404, description = "There is no such attachment, or upstream no longer has its content", body = ProblemBody),
                (status = 413, description = "The file is larger than what the server reads", body = ProblemBody),
                (status = 416, description = "The file has no such part", body = ProblemBody),
                (status = 502, description = "Upstream gave no usable answer", body = ProblemBody),
                (status = 503, description = "A limit is used up: come back after `Retry-After` seconds", body = ProblemBody),
                (status = 504, description = "Upstream did not answer in time", body = ProblemBody),
            ),
            security(("api_key" = [])),
        )]
        pub(crate) async fn $name(
            State(app): State<App>,
            account: Account,
            Segment(id): Segment,
            method: Method,
            headers: HeaderMap,
        ) -> Result<Response, ApiError> {
            let scope = account.within($category)?;
            let id = id.parse().map(RecordId).map_err(|_| ApiError::not_found())?;
            serve(app.engine.attachment_file(&scope, id).await?, &method, &headers).await
        }
    };
}

download_handler!(Category::Ticketing, "ticketing", download_attachment);
download_handler!(Category::KnowledgeBase, "knowledgebase", download_kb_attachment);

/// Serves an attachment to whoever holds its signed URL.
pub(crate) async fn signed_download(
    State(app): State<App>,
    Path((account, attachment)): Path<(String, String)>,
    params: Params,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (Ok(account), Ok(attachment)) = (account.parse::<LinkedAccountId>(), attachment.parse::<RecordId>())
    else {
        return Err(ApiError::not_found());
    };
    let expires =
        params.text("expires").and_then(|text| text.parse().ok()).ok_or_else(ApiError::not_found)?;
    let signature = params.text("signature").ok_or_else(ApiError::not_found)?;
    let file = app.engine.signed_attachment_file(account, attachment, expires, signature).await?;
    serve(file, &method, &headers).await
}

/// Tells what is known of an attachment's content: whether a copy is kept, and if not, why.
#[utoipa::path(
    get,
    path = "/linked-accounts/{id}/attachments/{attachment_id}",
    operation_id = "linked_account_attachment_retrieve",
    tag = "accounts",
    params(
        ("id" = Uuid, Path, description = "The linked account"),
        ("attachment_id" = Uuid, Path, description = "Our id of the attachment"),
        ("X-Account-Token" = String, Header, description = "Token of the linked account"),
    ),
    responses(
        (status = 200, description = "What is known", body = AttachmentContent),
        (status = 401, description = "Key or account token is wrong", body = ProblemBody),
        (status = 404, description = "There is no such attachment", body = ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn attachment_content(
    State(app): State<App>,
    Account(scope): Account,
    Path((account, attachment)): Path<(String, String)>,
) -> Result<Json<AttachmentContent>, ApiError> {
    let attachment = attachment.parse().map(RecordId).map_err(|_| ApiError::not_found())?;
    if account.parse() != Ok(scope.account().id) {
        return Err(ApiError::not_found());
    }
    let status = app.engine.attachment_status(&scope, attachment).await?.ok_or_else(ApiError::not_found)?;
    Ok(Json(AttachmentContent {
        id: status.id.0,
        remote_id: status.remote_id,
        file_name: Some(status.attachment.file_name).filter(|name| !name.is_empty()),
        content_type: status.attachment.content_type,
        size: status.size,
        state: status.state.as_str().to_owned(),
        reason: status.reason,
        sha256: status.sha256,
        fetched_at: time(status.fetched_at),
        tries: status.tries,
        next_try_at: time(status.next_try_at),
        download_url: app.engine.attachment_url(&scope, status.id),
    }))
}

/// Answers with the file, a part of it, or that the caller has it already.
async fn serve(file: AttachmentFile, method: &Method, asked: &HeaderMap) -> Result<Response, ApiError> {
    let etag = file.sha256().and_then(|hash| HeaderValue::try_from(format!("\"{hash}\"")).ok());
    let mut headers = head_of(&file);
    if let Some(etag) = &etag {
        headers.insert(header::ETAG, etag.clone());
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if file_headers::names(asked, header::IF_NONE_MATCH, etag) {
            return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
        }
    }
    let part = match (&etag, file.size()) {
        (Some(etag), Some(size)) => Part::asked(asked, etag, size),
        // Without a copy there is nothing to seek in.
        _ => Part::Whole,
    };
    let (status, part) = match part {
        Part::Whole => (StatusCode::OK, None),
        Part::Some { range, content_range } => {
            headers.insert(header::CONTENT_RANGE, content_range);
            (StatusCode::PARTIAL_CONTENT, Some(range))
        }
        Part::Unsatisfiable { content_range } => {
            return Err(ApiError::range_not_satisfiable(content_range));
        }
    };
    if method == Method::HEAD {
        let length = part.map(|part| part.end - part.start).or(file.size());
        set_length(&mut headers, length);
        return Ok((status, headers, Body::empty()).into_response());
    }
    let stream = file.open(part).await?;
    set_length(&mut headers, stream.length);
    Ok((status, headers, Body::from_stream(stream.bytes)).into_response())
}

/// What is said of every file. It is shown nowhere as a page of this server: it is saved, under its name, as what it is.
fn head_of(file: &AttachmentFile) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let content_type = file.content_type().filter(|text| text.contains('/'));
    let content_type = content_type.and_then(|text| HeaderValue::from_str(text).ok());
    let fixed: [(HeaderName, HeaderValue); 5] = [
        (header::CONTENT_TYPE, content_type.unwrap_or(UNKNOWN_TYPE)),
        (header::CONTENT_DISPOSITION, file_headers::disposition(file.name())),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    headers.extend(fixed);
    headers
}

fn set_length(headers: &mut HeaderMap, length: Option<u64>) {
    if let Some(length) = length {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
}

impl From<FileProblem> for ApiError {
    fn from(problem: FileProblem) -> Self {
        let status = match &problem {
            FileProblem::NotFound => return Self::not_found(),
            FileProblem::Internal(_) => {
                let FileProblem::Internal(error) = problem else { return Self::internal() };
                return error.into();
            }
            FileProblem::Gone | FileProblem::NoContent => StatusCode::NOT_FOUND,
            FileProblem::Forbidden { .. }
            | FileProblem::ScopeMissing { .. }
            | FileProblem::Unlinked { .. } => StatusCode::FORBIDDEN,
            FileProblem::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            FileProblem::Throttled { .. } | FileProblem::Busy => StatusCode::SERVICE_UNAVAILABLE,
            FileProblem::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            FileProblem::Unreachable { .. } | FileProblem::Abandoned => StatusCode::BAD_GATEWAY,
        };
        let retry_after = match &problem {
            FileProblem::Throttled { retry_after, .. } => Some(retry_after.as_secs().max(1)),
            FileProblem::Busy => Some(1),
            _ => None,
        };
        Self::of_file(status, problem.to_string(), retry_after)
    }
}
