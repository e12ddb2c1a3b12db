//! Account states, and the oracle.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;

use super::{off_the_runtime, parsed, refused};
use crate::gateway::AppState;
use crate::world::edit::{EditError, Stamp};
use crate::world::{Account, AccountStatus, Site, SiteState, Viewer};

/// `POST /_sandbox/accounts`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountChange {
    account_id: String,
    status: NewStatus,
    /// For `updated`: the name the profile shows from now on; absent: a made-up one.
    name: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum NewStatus {
    Active,
    Inactive,
    Closed,
    /// The profile shows another name: the personal-data report answers `updated` for data fetched earlier.
    Updated,
}

pub(super) async fn change_account(State(state): State<AppState>, body: Bytes) -> Response {
    let change: AccountChange = match parsed(&body) {
        Ok(change) => change,
        Err(response) => return response,
    };
    let Some(account) = state.world().directory().by_account_id(&change.account_id) else {
        return unknown_account();
    };
    let status = match change.status {
        NewStatus::Active => AccountStatus::Active,
        NewStatus::Inactive => AccountStatus::Inactive,
        NewStatus::Closed => AccountStatus::Closed,
        NewStatus::Updated => {
            let name = change.name.unwrap_or_else(|| account.made_up_new_name());
            return match everywhere(&state, account, |site, stamp| {
                site.rename_account(stamp, account.index, &name)
            }) {
                Ok(()) => {
                    state.reported_accounts().mark_updated(&change.account_id, state.now());
                    StatusCode::NO_CONTENT.into_response()
                }
                Err(error) => refused(StatusCode::BAD_REQUEST, &error.to_string()),
            };
        }
    };
    if change.name.is_some() {
        return refused(StatusCode::BAD_REQUEST, "`name` belongs to the status `updated`");
    }
    let set = everywhere(&state, account, |site, stamp| {
        site.set_account_status(stamp, account.index, status);
        Ok(())
    });
    match set {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refused(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

/// Changes an account where it is kept, and tells the other sites what name it shows now.
fn everywhere(
    state: &AppState,
    account: &Account,
    change: impl FnOnce(&mut SiteState, Stamp) -> Result<(), EditError>,
) -> Result<(), EditError> {
    let stamp = Stamp { at: state.world().clock().now_ms(), by: account.index };
    let before = account.display_name();
    change(&mut state.world().main_site().write(), stamp)?;
    for site in state.world().sites().iter().skip(1) {
        site.write().show_name(stamp, account.index, before);
    }
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct OracleQuery {
    account_id: Option<String>,
    cloud_id: Option<String>,
}

/// Whom and which site an oracle question is about; no `account_id` or the word `anonymous` is nobody.
struct Question<'a> {
    site: &'a Site,
    account: Option<&'a Account>,
}

#[expect(clippy::result_large_err, reason = "the error is the answer itself")]
fn question<'a>(state: &'a AppState, query: &OracleQuery) -> Result<Question<'a>, Response> {
    let site = match &query.cloud_id {
        Some(cloud_id) => state
            .world()
            .site(cloud_id)
            .ok_or_else(|| refused(StatusCode::NOT_FOUND, "no site has this cloud id"))?,
        None => state.world().main_site(),
    };
    let account = match query.account_id.as_deref() {
        None | Some("anonymous") => None,
        Some(account_id) => {
            Some(state.world().directory().by_account_id(account_id).ok_or_else(unknown_account)?)
        }
    };
    Ok(Question { site, account })
}

/// What one person can see, by the sandbox's own permission code.
pub(super) async fn visible(State(state): State<AppState>, Query(query): Query<OracleQuery>) -> Response {
    off_the_runtime(move || match question(&state, &query) {
        Ok(Question { site, account }) => {
            let content = site.read();
            let viewer = account.map_or(Viewer::Anonymous, |account| Viewer::Account(account.index));
            Json(content.visible(&content.reader(viewer))).into_response()
        }
        Err(response) => response,
    })
    .await
}

/// What exists, or, with `account_id`, what that person can see.
pub(super) async fn counts(State(state): State<AppState>, Query(query): Query<OracleQuery>) -> Response {
    off_the_runtime(move || match question(&state, &query) {
        Ok(Question { site, account }) => {
            let content = site.read();
            let reader = account.map(|account| content.reader(Viewer::Account(account.index)));
            Json(content.counts(reader.as_ref())).into_response()
        }
        Err(response) => response,
    })
    .await
}

fn unknown_account() -> Response {
    refused(StatusCode::NOT_FOUND, "no account has this id")
}
