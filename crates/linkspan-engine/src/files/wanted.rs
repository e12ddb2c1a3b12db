//! What has to be asked of upstream for the content of an attachment.

use linkspan_atlassian::calls::{Call, confluence, jira};
use linkspan_atlassian::client::Params;
use linkspan_model::models::Attachment;
use linkspan_model::product::Product;
use linkspan_model::record::Body;
use linkspan_store::{StoreError, StoredRecord};

/// A stored attachment, as far as its content goes.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) record: StoredRecord,
    pub(super) attachment: Attachment,
    /// Names the version of the content. Jira's files never change under their id; Confluence's do.
    pub(super) version: String,
}

/// The call that gives the content.
#[derive(Clone, Debug)]
pub(super) struct ContentCall {
    pub(super) call: &'static Call,
    pub(super) params: Params,
}

impl Wanted {
    /// The attachment of a record; `None` when the record is none, or is gone upstream.
    pub(super) fn of(record: StoredRecord) -> Result<Option<Self>, StoreError> {
        if record.deleted {
            return Ok(None);
        }
        let Body::Attachment(attachment) = record.instance()? else { return Ok(None) };
        let changed = record.remote_updated_at.map_or(0, jiff::Timestamp::as_millisecond);
        let version = format!("{changed}/{}", attachment.size.unwrap_or_default());
        Ok(Some(Self { record, attachment, version }))
    }

    /// The call that gives the content, by ids alone: addresses in records are never followed. `None` for files that
    /// upstream has no such call for (those of custom content).
    pub(super) fn call(&self, product: Product) -> Option<ContentCall> {
        let id = self.record.remote_id.as_deref()?;
        let path = self.attachment.content_path.as_deref()?;
        Some(match product {
            Product::Jira => {
                ContentCall { call: &jira::ATTACHMENT_CONTENT, params: Params::new().path("id", id) }
            }
            Product::Confluence => {
                let (content, _) = path.strip_prefix("/wiki/rest/api/content/")?.split_once('/')?;
                ContentCall {
                    call: &confluence::ATTACHMENT_CONTENT,
                    params: Params::new().path("id", content).path("attachmentId", id),
                }
            }
        })
    }
}
