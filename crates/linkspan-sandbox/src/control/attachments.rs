//! `POST /_sandbox/attachments`: a file of any size, without its bytes being sent.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::{parsed, refused};
use crate::gateway::AppState;
use crate::world::{AccountIndex, ContentId, Site, Stamp};

/// The largest file that can be declared, in bytes: 1 TiB.
const LARGEST: u64 = 1 << 40;

/// A file for an issue or for a page, never both.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAttachment {
    /// Id or key of an issue.
    issue: Option<String>,
    /// Id of a page or blog post.
    page: Option<String>,
    filename: String,
    /// Bytes.
    size: u64,
    #[serde(default = "unknown_type")]
    media_type: String,
    /// Who attaches it; absent: an administrator.
    account_id: Option<String>,
    /// Absent: the first site.
    cloud_id: Option<String>,
}

fn unknown_type() -> String {
    "application/octet-stream".to_owned()
}

/// Attaches a file whose bytes are made when they are read. It changes the issue or page as any upload does.
pub(super) async fn attach(State(state): State<AppState>, body: Bytes) -> Response {
    let order: NewAttachment = match parsed(&body) {
        Ok(order) => order,
        Err(response) => return response,
    };
    if order.filename.is_empty() || order.filename.chars().any(char::is_control) {
        return refused(StatusCode::BAD_REQUEST, "`filename` is one line of at least one character");
    }
    if order.size > LARGEST {
        return refused(StatusCode::BAD_REQUEST, &format!("`size` is at most {LARGEST}"));
    }
    let world = state.world();
    let site = order.cloud_id.as_deref().map_or(Some(world.main_site()), |cloud_id| world.site(cloud_id));
    let Some(site) = site else { return refused(StatusCode::NOT_FOUND, "no site has this cloud id") };
    let Some(by) = author(site, order.account_id.as_deref()) else {
        return refused(StatusCode::NOT_FOUND, "no account of this site has this id");
    };
    let stamp = Stamp { at: world.clock().now_ms(), by };
    let made = match (&order.issue, &order.page) {
        (Some(issue), None) => to_issue(site, stamp, issue, &order),
        (None, Some(page)) => to_page(site, stamp, page, &order),
        _ => return refused(StatusCode::BAD_REQUEST, "give either `issue` or `page`"),
    };
    match made {
        Ok(id) => Json(json!({ "id": id })).into_response(),
        Err((status, reason)) => refused(status, &reason),
    }
}

fn author(site: &Site, account_id: Option<&str>) -> Option<AccountIndex> {
    let content = site.read();
    match account_id {
        Some(account_id) => content.account_by_id(account_id).map(|account| account.index),
        None => content.accounts().iter().copied().find(|account| content.is_admin(*account)),
    }
}

/// The printed id, or the status and the reason of the refusal.
type Made = Result<String, (StatusCode, String)>;

fn to_issue(site: &Site, stamp: Stamp, issue: &str, order: &NewAttachment) -> Made {
    let mut content = site.write();
    let missing = || (StatusCode::NOT_FOUND, format!("there is no issue `{issue}`"));
    let issue = content.find_issue(issue).ok_or_else(missing)?;
    let made = content.add_attachment(stamp, issue, &order.filename, &order.media_type, order.size);
    made.map(|id| id.to_string()).map_err(|error| (StatusCode::CONFLICT, error.to_string()))
}

fn to_page(site: &Site, stamp: Stamp, page: &str, order: &NewAttachment) -> Made {
    let mut content = site.write();
    let missing = || (StatusCode::NOT_FOUND, format!("there is no page or blog post `{page}`"));
    let page = ContentId::parse(page).filter(|id| content.content_head(*id).is_some()).ok_or_else(missing)?;
    let made = content.attach_file(stamp, page, &order.filename, &order.media_type, order.size);
    made.map(|id| id.to_string()).map_err(|error| (StatusCode::CONFLICT, error.to_string()))
}
