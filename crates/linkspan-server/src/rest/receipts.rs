//! Unlinking by the vendor, and what is left of it.

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use linkspan_engine::UnlinkReceipt;
use linkspan_model::ids::LinkedAccountId;
use uuid::Uuid;

use crate::App;
use crate::extract::{Segment, Vendor};
use crate::params::Params;
use crate::problem::ApiError;
use crate::wire::Time;
use crate::wire::control::UnlinkReceiptRow;
use crate::wire::page::Page;

/// Unlinks an account: its keys are destroyed at once, its data is erased. Gives the receipt, on which the erasure is noted
/// when it is over.
#[utoipa::path(
    delete,
    path = "/linked-accounts/{id}",
    operation_id = "linked_accounts_destroy",
    tag = "accounts",
    params(("id" = uuid::Uuid, Path, description = "The linked account")),
    responses(
        (status = 200, description = "The receipt", body = UnlinkReceiptRow),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such account", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn unlink_account(
    State(app): State<App>,
    _: Vendor,
    Segment(id): Segment,
) -> Result<Json<UnlinkReceiptRow>, ApiError> {
    let id: LinkedAccountId = id.parse().map_err(|_| ApiError::not_found())?;
    Ok(Json(row(app.engine.unlink(id).await?)))
}

/// Lists receipts of unlinked accounts, oldest first.
#[utoipa::path(
    get,
    path = "/unlink-receipts",
    operation_id = "unlink_receipts_list",
    tag = "accounts",
    params(
        ("linked_account" = Option<uuid::Uuid>, Query, description = "Only those of this account"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("page_size" = Option<i64>, Query, description = "Receipts in a page: 1 to 100, default 30"),
    ),
    responses(
        (status = 200, description = "A page of receipts", body = Page<UnlinkReceiptRow>),
        (status = 400, description = "A parameter is wrong", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn list_unlink_receipts(
    State(app): State<App>,
    _: Vendor,
    params: Params,
) -> Result<Json<Page<UnlinkReceiptRow>>, ApiError> {
    let page_size = params.page_size()?;
    let account = params.id("linked_account")?.map(LinkedAccountId);
    let after = params.text("cursor").map(read_cursor).transpose()?;
    // One more than asked for tells whether there is more.
    let limit = u32::try_from(page_size + 1).unwrap_or(u32::MAX);
    let mut receipts = app.engine.unlink_receipts(account, after, limit).await?;
    let has_more = receipts.len() > page_size;
    receipts.truncate(page_size);
    let next = receipts.last().filter(|_| has_more).map(cursor);
    Ok(Json(Page { next, previous: None, results: receipts.into_iter().map(row).collect() }))
}

/// Shows the receipt of an unlinked account.
#[utoipa::path(
    get,
    path = "/unlink-receipts/{id}",
    operation_id = "unlink_receipts_retrieve",
    tag = "accounts",
    params(("id" = uuid::Uuid, Path, description = "The receipt")),
    responses(
        (status = 200, description = "The receipt", body = UnlinkReceiptRow),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such receipt", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn retrieve_unlink_receipt(
    State(app): State<App>,
    _: Vendor,
    Segment(id): Segment,
) -> Result<Json<UnlinkReceiptRow>, ApiError> {
    let id: Uuid = id.parse().map_err(|_| ApiError::not_found())?;
    app.engine.unlink_receipt(id).await?.map(|receipt| Json(row(receipt))).ok_or_else(ApiError::not_found)
}

fn row(receipt: UnlinkReceipt) -> UnlinkReceiptRow {
    UnlinkReceiptRow {
        id: receipt.id,
        linked_account_id: receipt.account,
        integration: receipt.integration.slug().to_owned(),
        source_id: receipt.source,
        unlinked_at: Time(receipt.unlinked_at),
        grant_destroyed: receipt.grant_destroyed,
        source_shared: receipt.source_shared,
        erased_at: receipt.erased_at.map(Time),
        erased: receipt.erased,
    }
}

fn cursor(last: &UnlinkReceipt) -> String {
    let mut bytes = last.unlinked_at.as_millisecond().to_be_bytes().to_vec();
    bytes.extend(last.id.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read_cursor(text: &str) -> Result<(jiff::Timestamp, Uuid), ApiError> {
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (millis, id) = bytes.split_at_checked(8)?;
        let millis = i64::from_be_bytes(millis.try_into().ok()?);
        Some((jiff::Timestamp::from_millisecond(millis).ok()?, Uuid::from_slice(id).ok()?))
    };
    read().ok_or_else(|| ApiError::bad_request("`cursor` is not one that this server gave out."))
}
