//! Sources, what their grants do not open, and what upstream said, as received.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use linkspan_engine::live::LiveStatus;
use linkspan_engine::read::{
    AccountFilter, RawKindState, RawProblem, RawQuery, Source, StoredRaw, StreamState,
};
use linkspan_engine::{Gap, GapExtent, SourceGaps};
use linkspan_model::absence::Absence;
use linkspan_model::ids::SourceId;
use serde_json::value::RawValue;

use crate::App;
use crate::extract::Vendor;
use crate::params::Params;
use crate::problem::ApiError;
use crate::wire::Time;
use crate::wire::page::Page;
use crate::wire::sources::{
    RawKindList, RawKindRow, RawRow, SourceAccount, SourceDetails, SourceEstimate, SourceGap, SourceList,
    SourceLive, SourceReach, SourceRemedy, SourceRow, SourceStream, SourceTurnedAway,
};

/// Linked accounts of one source that are shown.
const ACCOUNTS_SHOWN: u32 = 100;
/// The longest upstream id, and the longest question.
const TEXT_CAP: usize = 2_000;

/// Lists the sources: what is read, once, however many linked accounts use it.
#[utoipa::path(
    get,
    path = "/sources",
    operation_id = "sources_list",
    tag = "sources",
    responses(
        (status = 200, description = "Every source, oldest first", body = SourceList),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn list_sources(State(app): State<App>, _: Vendor) -> Result<Json<SourceList>, ApiError> {
    Ok(Json(SourceList { results: app.engine.sources().await?.iter().map(row).collect() }))
}

/// Describes a source: how its streams stand, what its grant does not open, and how to mend that.
#[utoipa::path(
    get,
    path = "/sources/{id}",
    operation_id = "sources_retrieve",
    tag = "sources",
    params(("id" = uuid::Uuid, Path, description = "The source")),
    responses(
        (status = 200, description = "The source", body = SourceDetails),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such source", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn retrieve_source(
    State(app): State<App>,
    _: Vendor,
    Path(id): Path<String>,
) -> Result<Json<SourceDetails>, ApiError> {
    let id = source_id(&id)?;
    let found = app.engine.source_gaps(id).await?.ok_or_else(ApiError::not_found)?;
    let streams = app.engine.source_streams(id).await?;
    let of_source = AccountFilter { source: Some(id), ..AccountFilter::default() };
    let live = app.engine.live_status(id).await?;
    let accounts = app.engine.linked_accounts(&of_source, None, ACCOUNTS_SHOWN).await?;
    let linked_accounts: Vec<SourceAccount> = accounts
        .into_iter()
        .map(|summary| SourceAccount {
            id: summary.account.id,
            integration: summary.account.integration.slug().to_owned(),
            end_user_origin_id: summary.account.end_user.origin_id,
            consent_url: app.engine.consent_url(summary.account.id),
        })
        .collect();
    let estimate = app.engine.progress().estimate_of(id).map(|estimate| SourceEstimate {
        items_done: estimate.items_done,
        items_expected: estimate.items_expected,
        percent: estimate.percent,
        points_spent: estimate.points_spent,
        points_needed: estimate.points_needed,
        finishes_at: estimate.finishes_at.map(Time),
        limited_by: estimate.limited_by.as_str().to_owned(),
    });
    let turned_away = app.engine.source_reach(id).await?.map(|reach| SourceTurnedAway {
        state: reach.loss.as_str().to_owned(),
        since: reach.since.map(Time),
        reason: reach.reason,
    });
    let reconsent_advisable = app.engine.reconsent_is_advisable(found.source.grant).await?;
    let remedy = (!found.missing.is_empty()).then(|| remedy(&found));
    Ok(Json(SourceDetails {
        source: row(&found.source),
        scopes: found.granted.iter().map(str::to_owned).collect(),
        streams: streams
            .into_iter()
            .filter(|stream| !stream.progress.phase.is_empty())
            .map(stream_row)
            .collect(),
        live: live_row(live),
        estimate,
        turned_away,
        reconsent_advisable,
        gaps: found.gaps.iter().map(gap_row).collect(),
        missing_scopes: owned(&found.missing),
        remedy,
        reach: app.engine.reach(id).await?.map(SourceReach::from),
        linked_accounts,
    }))
}

fn remedy(gaps: &SourceGaps) -> SourceRemedy {
    let mut steps = gaps.steps();
    steps.push("Pass the account's `consent_url` on to the customer, who consents once more.".to_owned());
    SourceRemedy { add_to_app: owned(&gaps.not_requested), steps }
}

/// Lists every kind of thing of a source, what is stored of it and whether the grant opens it.
#[utoipa::path(
    get,
    path = "/sources/{id}/raw",
    operation_id = "sources_raw_kinds_list",
    tag = "sources",
    params(("id" = uuid::Uuid, Path, description = "The source")),
    responses(
        (status = 200, description = "The kinds", body = RawKindList),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such source", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn list_raw_kinds(
    State(app): State<App>,
    _: Vendor,
    Path(id): Path<String>,
) -> Result<Json<RawKindList>, ApiError> {
    let kinds = app.engine.raw_kinds(source_id(&id)?).await?;
    Ok(Json(RawKindList { results: kinds.into_iter().map(kind_row).collect() }))
}

/// Lists what upstream said, exactly as received, of one kind.
#[utoipa::path(
    get,
    path = "/sources/{id}/raw/{kind}",
    operation_id = "sources_raw_list",
    tag = "sources",
    params(
        ("id" = uuid::Uuid, Path, description = "The source"),
        ("kind" = String, Path, description = "The kind, such as `jira.dashboard`"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("page_size" = Option<i64>, Query, description = "Things in a page: 1 to 100, default 30"),
        ("parent" = Option<String>, Query, description = "Only what belongs to this thing, by its upstream id; required for kinds that are read on demand"),
        ("question" = Option<String>, Query, description = "The question, for kinds that answer questions only"),
        ("remote_id" = Option<String>, Query, description = "Only the one with this upstream id"),
        ("stored_after" = Option<String>, Query, description = "Only those stored since"),
        ("has_problem" = Option<bool>, Query, description = "Only those of which no record, or only part of one, could be made"),
        ("stored" = Option<bool>, Query, description = "Do not ask upstream, even for kinds that are read on demand"),
    ),
    responses(
        (status = 200, description = "A page, in the order of upstream ids as text", body = Page<RawRow>),
        (status = 400, description = "A parameter is wrong or missing", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 403, description = "The grant lacks a scope, which is named, or works no more", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such source, kind or parent", body = crate::problem::ProblemBody),
        (status = 502, description = "Upstream gives no answer", body = crate::problem::ProblemBody),
        (status = 503, description = "No access token can be had at the moment", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn list_raw(
    State(app): State<App>,
    _: Vendor,
    Path((id, kind)): Path<(String, String)>,
    params: Params,
) -> Result<Json<Page<RawRow>>, ApiError> {
    let text = |name: &str| match params.text(name) {
        Some(text) if text.len() > TEXT_CAP => {
            Err(ApiError::bad_request(format!("`{name}` takes at most {TEXT_CAP} characters.")))
        }
        text => Ok(text.map(str::to_owned)),
    };
    let query = RawQuery {
        owner: text("parent")?,
        question: text("question")?,
        remote_id: text("remote_id")?,
        stored_since: params.time("stored_after")?,
        problems_only: params.flag("has_problem")?,
        stored_only: params.flag("stored")?,
        after: params.text("cursor").map(read_cursor).transpose()?,
        limit: u32::try_from(params.page_size()?).unwrap_or(u32::MAX),
    };
    let page = app.engine.raws(source_id(&id)?, &kind, &query).await?;
    let absence = |raw: &StoredRaw| raw.record.and_then(|record| page.absences.get(&record).copied());
    let rows = page.raws.into_iter().map(|raw| (absence(&raw), raw));
    let results = rows.map(|(absence, raw)| raw_row(raw, absence)).collect::<Result<_, _>>()?;
    Ok(Json(Page { next: page.next.map(|id| URL_SAFE_NO_PAD.encode(id)), previous: None, results }))
}

fn source_id(text: &str) -> Result<SourceId, ApiError> {
    text.parse().map_err(|_| ApiError::not_found())
}

fn read_cursor(text: &str) -> Result<String, ApiError> {
    let read = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    read.ok_or_else(|| ApiError::bad_request("`cursor` is not one that this server gave out."))
}

fn owned(words: &[&'static str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn row(source: &Source) -> SourceRow {
    SourceRow {
        id: source.id,
        product: source.product.to_string(),
        cloud_id: source.cloud_id.clone(),
        site_name: source.site_name.clone(),
        site_url: source.site_url.clone(),
        created_at: Time(source.created_at),
    }
}

fn stream_row(stream: StreamState) -> SourceStream {
    let progress = stream.progress;
    SourceStream {
        name: stream.stream,
        phase: progress.phase,
        items: progress.items_done,
        started_at: progress.started_at.map(Time),
        finished_at: progress.finished_at.map(Time),
        last_success_at: progress.last_success_at.map(Time),
        last_error: progress.last_error,
    }
}

fn live_row(live: LiveStatus) -> SourceLive {
    SourceLive {
        state: live.state.as_str().to_owned(),
        reason: live.reason,
        registrations_end_at: live.expires_at.map(Time),
        delivered_at: live.delivered_at.map(Time),
        deliveries: live.deliveries,
        missed_at: live.missed_at.map(Time),
        missed: live.missed,
        waiting: live.waiting,
        waiting_since: live.waiting_since.map(Time),
    }
}

fn gap_row(gap: &Gap) -> SourceGap {
    let (extent, lacks) = match &gap.extent {
        GapExtent::Closed => ("closed", None),
        GapExtent::Partial(lacks) => ("partial", Some((*lacks).to_owned())),
    };
    SourceGap {
        kind: gap.kind.to_owned(),
        title: gap.title.to_owned(),
        feature: gap.feature.to_owned(),
        extent: extent.to_owned(),
        lacks,
        missing_scopes: owned(&gap.missing),
    }
}

fn kind_row(state: RawKindState) -> RawKindRow {
    let access = match &state.gap {
        None => "open",
        Some(Gap { extent: GapExtent::Partial(_), .. }) => "partial",
        Some(_) => "closed",
    };
    RawKindRow {
        kind: state.kind.to_owned(),
        title: state.title.to_owned(),
        feature: state.feature.to_owned(),
        model: state.model.map(|model| model.to_string()),
        reading: if state.on_demand { "on_demand" } else { "sync" }.to_owned(),
        parent_kind: state.parent_kind.map(str::to_owned),
        needs_question: state.needs_question,
        count: state.count,
        newest_at: state.newest.map(Time),
        access: access.to_owned(),
        missing_scopes: state.gap.map(|gap| owned(&gap.missing)).unwrap_or_default(),
        refused: state.refused,
    }
}

fn raw_row(raw: StoredRaw, absence: Option<Absence>) -> Result<RawRow, ApiError> {
    let data = RawValue::from_string(raw.json).map_err(|error| {
        tracing::error!(%error, kind = raw.kind, remote_id = raw.remote_id, "a stored raw is no JSON");
        ApiError::internal()
    })?;
    Ok(RawRow {
        kind: raw.kind,
        remote_id: raw.remote_id,
        path: raw.path,
        stored_at: Time(raw.stored_at),
        record_id: raw.record.map(|record| record.0),
        problem: raw.problem,
        absence: absence.map(|absence| absence.to_string()),
        data,
    })
}

impl From<RawProblem> for ApiError {
    fn from(problem: RawProblem) -> Self {
        let detail = problem.to_string();
        match problem {
            RawProblem::UnknownSource => Self::not_found(),
            RawProblem::UnknownKind(_) | RawProblem::OwnerUnknown { .. } => {
                Self::new(StatusCode::NOT_FOUND, detail)
            }
            RawProblem::OwnerMissing { .. }
            | RawProblem::NoOwner(_)
            | RawProblem::QuestionMissing { .. }
            | RawProblem::AnswerTooLong { .. } => Self::bad_request(detail),
            RawProblem::Closed { .. } => Self::new(StatusCode::FORBIDDEN, detail),
            RawProblem::Grant(error) => Self::of_grant(&error, detail),
            RawProblem::Upstream(_) => Self::new(StatusCode::BAD_GATEWAY, detail),
            RawProblem::Engine(error) => error.into(),
        }
    }
}
