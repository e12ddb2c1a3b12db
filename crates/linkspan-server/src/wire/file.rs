//! What is known of the content of an attachment, on the native API.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Time;

/// What is known of an attachment's content.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AttachmentContent {
    /// Our id of the attachment.
    pub id: Uuid,
    /// Upstream's id of it.
    #[schema(required = true)]
    pub remote_id: Option<String>,
    /// File name.
    #[schema(required = true)]
    pub file_name: Option<String>,
    /// MIME type.
    #[schema(required = true)]
    pub content_type: Option<String>,
    /// Size in bytes: as read, else as upstream says.
    #[schema(required = true)]
    pub size: Option<u64>,
    /// `stored`: a copy is kept here. `pending`: it is about to be fetched. `failed`: it could not be fetched. `upstream`: it
    /// is not kept here; a download reads it from upstream.
    pub state: String,
    /// Why it is not kept, in words.
    #[schema(required = true)]
    pub reason: Option<String>,
    /// SHA-256 in hexadecimal, once it was read to the end.
    #[schema(required = true)]
    pub sha256: Option<String>,
    /// When it was last read to the end.
    #[schema(required = true)]
    pub fetched_at: Option<Time>,
    /// Fetches that failed since.
    pub tries: u32,
    /// When it will be fetched; `null`: when somebody asks for it.
    #[schema(required = true)]
    pub next_try_at: Option<Time>,
    /// Where its content can be had for a while, without headers.
    pub download_url: String,
}
