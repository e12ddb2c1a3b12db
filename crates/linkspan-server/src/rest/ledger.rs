//! The ledger of a linked account, and what can be asked of the census.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use linkspan_engine::read::{LedgerEntry, LedgerPage, LedgerTotals, StreamProgress};
use linkspan_model::ids::{LinkedAccountId, RecordId};

use crate::App;
use crate::extract::Vendor;
use crate::params::Params;
use crate::problem::ApiError;
use crate::wire::Time;
use crate::wire::ledger::{
    CensusRequest, CensusRequested, CensusRun, Ledger, LedgerAttached, LedgerContainer, LedgerSummary,
    ReachAccepted,
};
use crate::wire::page::Page;
use crate::wire::sources::SourceReach;

/// What the ledger counts.
const COVERAGE: &str = "Counted are issues by project, pages and blog posts by space, and comments and attachments of \
    Confluence by site. Comments, attachments and worklogs of Jira go and come back with their issue; those that go by \
    themselves are seen when it is read again.";

/// Tells whether all that upstream has is here, and how old that knowledge is: in all, and for each project or space.
#[utoipa::path(
    get,
    path = "/linked-accounts/{id}/ledger",
    operation_id = "linked_accounts_ledger_retrieve",
    tag = "accounts",
    params(
        ("id" = uuid::Uuid, Path, description = "The linked account"),
        ("cursor" = Option<String>, Query, description = "`containers.next` of the page before"),
        ("page_size" = Option<i64>, Query, description = "Rows in a page: 1 to 100, default 30"),
    ),
    responses(
        (status = 200, description = "The ledger", body = Ledger),
        (status = 400, description = "A parameter is wrong", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such account", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn retrieve_ledger(
    State(app): State<App>,
    _: Vendor,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<Ledger>, ApiError> {
    let after: Option<RecordId> = params
        .text("cursor")
        .map(str::parse)
        .transpose()
        .map_err(|_| ApiError::bad_request("`cursor` is not one that this server gave out."))?;
    let page = app.engine.ledger(account_id(&id)?, after, params.page_size()?).await?;
    let LedgerPage { totals, fresh_as_of, reach, census, attached: hanging, rows, next } =
        page.ok_or_else(ApiError::not_found)?;
    Ok(Json(Ledger {
        totals: summary(&totals, fresh_as_of),
        reach: reach.map(SourceReach::from),
        census: census.map(run),
        coverage: COVERAGE.to_owned(),
        attached: hanging.into_iter().map(attached).collect(),
        containers: Page {
            next: next.map(|id| id.to_string()),
            previous: None,
            results: rows.into_iter().map(container).collect(),
        },
    }))
}

/// Asks for a census of all projects or spaces of the account, or of one: it is taken with the next reading, whatever the
/// counts say.
#[utoipa::path(
    post,
    path = "/linked-accounts/{id}/census",
    operation_id = "linked_accounts_census_create",
    tag = "accounts",
    params(("id" = uuid::Uuid, Path, description = "The linked account")),
    request_body(content = Option<CensusRequest>, description = "Without a body: all of them"),
    responses(
        (status = 202, description = "It will be taken", body = CensusRequested),
        (status = 400, description = "The body is wrong", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such account, or no such project or space of it that is listed", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn request_census(
    State(app): State<App>,
    _: Vendor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<(StatusCode, Json<CensusRequested>), ApiError> {
    let request: CensusRequest = if body.is_empty() {
        CensusRequest::default()
    } else {
        serde_json::from_slice(&body).map_err(|error| {
            ApiError::bad_request(format!("The body is no request for a census: {error}."))
        })?
    };
    let asked = app.engine.ask_for_census(account_id(&id)?, request.container.map(RecordId)).await?;
    let containers = asked.ok_or_else(ApiError::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(CensusRequested { containers })))
}

/// Accepts what the account behind the grant sees now, however much less that is than before. What it lost is hidden with
/// the next reading, and kept for thirty days.
#[utoipa::path(
    post,
    path = "/linked-accounts/{id}/reach/accept",
    operation_id = "linked_accounts_reach_accept",
    tag = "accounts",
    params(("id" = uuid::Uuid, Path, description = "The linked account")),
    responses(
        (status = 200, description = "It is accepted", body = ReachAccepted),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such account", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn accept_reach(
    State(app): State<App>,
    _: Vendor,
    Path(id): Path<String>,
) -> Result<Json<ReachAccepted>, ApiError> {
    let was_reduced = app.engine.accept_reach(account_id(&id)?).await?.ok_or_else(ApiError::not_found)?;
    Ok(Json(ReachAccepted { was_reduced }))
}

fn account_id(text: &str) -> Result<LinkedAccountId, ApiError> {
    text.parse().map_err(|_| ApiError::not_found())
}

fn summary(totals: &LedgerTotals, fresh_as_of: Option<Timestamp>) -> LedgerSummary {
    LedgerSummary {
        containers: totals.containers,
        upstream: totals.upstream,
        stored: totals.stored,
        complete_as_of: fresh_as_of.map(Time),
        looked_at: totals.looked_at.map(Time),
        walked_at: totals.walked_at.map(Time),
        suspected: totals.suspected,
        walking: totals.walking,
        requested: totals.requested,
    }
}

fn run(progress: StreamProgress) -> CensusRun {
    CensusRun {
        phase: progress.phase,
        started_at: progress.started_at.map(Time),
        finished_at: progress.finished_at.map(Time),
        last_success_at: progress.last_success_at.map(Time),
        last_error: progress.last_error,
    }
}

fn attached(LedgerEntry { row, fresh_as_of, .. }: LedgerEntry) -> LedgerAttached {
    LedgerAttached {
        model: row.model.to_string(),
        upstream: row.upstream,
        stored: row.stored,
        complete_as_of: fresh_as_of.map(Time),
        walked_at: row.walked_at.map(Time),
        is_requested: row.requested_at.is_some(),
        drift_found: row.found,
        drift_repaired: row.repaired,
        outcome: row.outcome,
        suspected_at: row.suspected_at.map(Time),
    }
}

fn container(entry: LedgerEntry) -> LedgerContainer {
    let LedgerEntry { row, key, name, fresh_as_of } = entry;
    LedgerContainer {
        id: row.container.0,
        remote_id: row.remote_id,
        key,
        name,
        model: row.model.to_string(),
        state: row.state.as_str().to_owned(),
        upstream: row.upstream,
        stored: row.stored,
        complete_as_of: fresh_as_of.map(Time),
        looked_at: row.looked_at.map(Time),
        walked_at: row.walked_at.map(Time),
        is_requested: row.requested_at.is_some(),
        drift_found: row.found,
        drift_repaired: row.repaired,
        outcome: row.outcome,
        suspected_at: row.suspected_at.map(Time),
    }
}
