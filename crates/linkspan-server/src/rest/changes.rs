//! The change feed: stretch by stretch, or as a stream of events.

use std::collections::{BTreeSet, HashMap};

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use linkspan_engine::feed::{FeedEntry, FeedSlice, FeedView};
use linkspan_engine::webhooks::EventPresenter as _;
use linkspan_engine::{AccountScope, Engine};
use linkspan_model::absence::Absence;
use linkspan_model::ids::{LinkedAccountId, RecordId, SourceId};
use linkspan_model::record::Model;
use serde_json::Value;

use super::change_stream;
use crate::App;
use crate::extract::{Segment, Vendor};
use crate::params::Params;
use crate::present::WebhookBodies;
use crate::problem::ApiError;
use crate::wire::Time;
use crate::wire::changes::{ChangeList, ChangeRow};

/// Entries in a stretch when no number is asked for.
const LIMIT_DEFAULT: u32 = 100;
/// Most entries in a stretch; larger requests get this many.
const LIMIT_MAX: u32 = 1_000;

/// Lists what happened to records, and the events beside that, in order, each entry at least once. With `Accept: text/event-stream` the answer is a
/// stream of server-sent events that stays open: `id` is the position, `Last-Event-ID` resumes behind it.
#[utoipa::path(
    get,
    path = "/changes",
    operation_id = "changes_list",
    tag = "changes",
    params(
        ("after" = Option<String>, Query, description = "`next` of the stretch before; without it from the beginning; `now` for what is still to happen"),
        ("linked_account" = Option<uuid::Uuid>, Query, description = "Only what this linked account sees"),
        ("models" = Option<String>, Query, description = "Only these models, such as `ticket,comment`"),
        ("limit" = Option<i64>, Query, description = "Entries looked at: 1 to 1000, default 100"),
        ("include_record" = Option<bool>, Query, description = "Send each record along as it is now; for one linked account"),
    ),
    responses(
        (status = 200, description = "A stretch of the feed, or a stream of it", content(
            (ChangeList = "application/json"),
            (String = "text/event-stream"),
        )),
        (status = 400, description = "A parameter is wrong", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such linked account", body = crate::problem::ProblemBody),
        (status = 503, description = "As many streams are open as may be", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn list_changes(
    State(app): State<App>,
    vendor: Vendor,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, ApiError> {
    let account = params.id("linked_account")?.map(LinkedAccountId);
    let by = AskedBy::Account(account, models(&params.list("models")?)?);
    let view = by.view(&app).await?.ok_or_else(ApiError::not_found)?;
    let after = match params.text("after") {
        None => 0,
        Some("now") => app.engine.feed_horizon().await?,
        Some(text) => position("after", text)?,
    };
    answer(&app, vendor, &headers, &params, (view, by), after).await
}

/// Lists what happened behind the position of a follower. That moves with `acknowledge` alone, so what was not dealt with
/// comes again. With `Accept: text/event-stream` the answer is a stream.
#[utoipa::path(
    get,
    path = "/followers/{name}/changes",
    operation_id = "followers_changes_list",
    tag = "changes",
    params(
        ("name" = String, Path, description = "The follower"),
        ("after" = Option<String>, Query, description = "Go on behind this position instead, to read ahead of what is acknowledged"),
        ("limit" = Option<i64>, Query, description = "Entries looked at: 1 to 1000, default 100"),
        ("include_record" = Option<bool>, Query, description = "Send each record along as it is now; for one linked account"),
    ),
    responses(
        (status = 200, description = "A stretch of the feed, or a stream of it", content(
            (ChangeList = "application/json"),
            (String = "text/event-stream"),
        )),
        (status = 400, description = "A parameter is wrong", body = crate::problem::ProblemBody),
        (status = 401, description = "The key is wrong", body = crate::problem::ProblemBody),
        (status = 404, description = "There is no such follower", body = crate::problem::ProblemBody),
        (status = 503, description = "As many streams are open as may be", body = crate::problem::ProblemBody),
    ),
    security(("api_key" = [])),
)]
pub(crate) async fn follow_changes(
    State(app): State<App>,
    vendor: Vendor,
    Segment(name): Segment,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, ApiError> {
    let follower = app.engine.follower(&name).await?.ok_or_else(ApiError::not_found)?;
    let view = app.engine.view_of(&follower).await?;
    let after = params.text("after").map(|text| position("after", text)).transpose()?;
    let by = AskedBy::Follower(name);
    answer(&app, vendor, &headers, &params, (view, by), after.unwrap_or(follower.position)).await
}

async fn answer(
    app: &App,
    vendor: Vendor,
    headers: &HeaderMap,
    params: &Params,
    (view, by): (FeedView, AskedBy),
    after: i64,
) -> Result<Response, ApiError> {
    let limit = limit(params)?;
    let asked = Asked { view, by, with_records: params.flag("include_record")? };
    if asked.with_records && asked.view.scope.is_none() {
        return Err(ApiError::bad_request(
            "`include_record` needs `linked_account`, or a follower of one: a record is shown as an account sees it.",
        ));
    }
    if wants_stream(headers) {
        let resumed = headers.get("last-event-id").and_then(|value| value.to_str().ok());
        let after = resumed.map_or(Ok(after), |text| position("Last-Event-ID", text))?;
        app.engine.has_reached(after).await?;
        return change_stream::open(app, vendor, asked, after);
    }
    app.engine.has_reached(after).await?;
    let slice = app.engine.changes(&asked.view, after, limit).await?;
    let list = ChangeList {
        next: slice.next.to_string(),
        has_more: !slice.is_end,
        results: rows(&app.engine, &asked, slice).await?,
    };
    Ok(Json(list).into_response())
}

/// What of the feed is asked for.
pub(super) struct Asked {
    pub(super) view: FeedView,
    by: AskedBy,
    with_records: bool,
}

/// By what it is asked for.
enum AskedBy {
    /// What an account sees, or everything; of these models.
    Account(Option<LinkedAccountId>, Vec<Model>),
    /// What a follower of this name follows.
    Follower(String),
}

impl AskedBy {
    /// What that is now; `None` when the account or the follower is gone.
    async fn view(&self, app: &App) -> Result<Option<FeedView>, ApiError> {
        match self {
            Self::Account(None, models) => Ok(Some(FeedView { scope: None, models: models.clone() })),
            Self::Account(Some(id), models) => {
                let scope = app.engine.scope_of_account(*id).await?;
                Ok(scope.map(|scope| FeedView { scope: Some(scope), models: models.clone() }))
            }
            Self::Follower(name) => match app.engine.follower(name).await? {
                Some(follower) => Ok(Some(app.engine.view_of(&follower).await?)),
                None => Ok(None),
            },
        }
    }
}

impl Asked {
    /// Brings what is asked for up to date; `false` when it is gone.
    pub(super) async fn refresh(&mut self, app: &App) -> Result<bool, ApiError> {
        let view = self.by.view(app).await?;
        let is_there = view.is_some();
        self.view = view.unwrap_or_else(|| self.view.clone());
        Ok(is_there)
    }
}

/// The entries of a slice on the wire.
pub(super) async fn rows(
    engine: &Engine,
    asked: &Asked,
    slice: FeedSlice,
) -> Result<Vec<ChangeRow>, ApiError> {
    let source_of = |entry: &FeedEntry| match entry {
        FeedEntry::Change(change) => Some(change.source),
        FeedEntry::Event(event) => event.source,
    };
    let sources: BTreeSet<SourceId> = slice.entries.iter().filter_map(source_of).collect();
    let accounts = match &asked.view.scope {
        Some(scope) => vec![(scope.source().id, vec![scope.account().id])],
        None => engine.accounts_over(&sources.into_iter().collect::<Vec<_>>()).await?,
    };
    let over = |source: Option<SourceId>| {
        let found = accounts.iter().find(|(known, _)| Some(*known) == source);
        found.map(|(_, accounts)| accounts.clone()).unwrap_or_default()
    };
    let records = match &asked.view.scope {
        Some(scope) if asked.with_records => records(engine, scope, &slice).await?,
        _ => HashMap::new(),
    };
    let mut rows = Vec::with_capacity(slice.entries.len());
    for entry in slice.entries {
        rows.push(match entry {
            FeedEntry::Change(change) => ChangeRow {
                position: change.seq.to_string(),
                kind: change.kind.as_str().to_owned(),
                model: Some(change.model.to_string()),
                record_id: Some(change.record),
                absence: change.absence.map(|absence| absence.to_string()),
                source_id: Some(change.source),
                linked_account_ids: over(Some(change.source)),
                details: None,
                // The same record may have several entries.
                record: records.get(&change.record).cloned(),
                at: Time(change.at),
            },
            FeedEntry::Event(event) => ChangeRow {
                position: event.seq.to_string(),
                kind: event.kind.to_string(),
                model: None,
                record_id: None,
                absence: None,
                source_id: event.source,
                linked_account_ids: event.account.map_or_else(|| over(event.source), |account| vec![account]),
                details: Some(event.details),
                record: None,
                at: Time(event.at),
            },
        });
    }
    Ok(rows)
}

/// The records of a slice as they are now, in the shape of the API.
async fn records(
    engine: &Engine,
    scope: &AccountScope,
    slice: &FeedSlice,
) -> Result<HashMap<RecordId, Value>, ApiError> {
    let ids: BTreeSet<RecordId> = slice
        .entries
        .iter()
        .filter_map(|entry| match entry {
            FeedEntry::Change(change) => Some(change.record),
            FeedEntry::Event(_) => None,
        })
        .collect();
    let mut shown = HashMap::new();
    for record in engine.records_of_feed(scope, &ids.into_iter().collect::<Vec<_>>()).await? {
        let id = record.id;
        // What was lost sight of is told, and not shown.
        if record.absence == Some(Absence::LostAccess) {
            continue;
        }
        if let Some(record) = WebhookBodies.record(engine, scope, record).await? {
            shown.insert(id, record);
        }
    }
    Ok(shown)
}

/// Models by their words.
pub(super) fn models(words: &[String]) -> Result<Vec<Model>, ApiError> {
    let read =
        |word: &String| word.parse().map_err(|error| ApiError::bad_request(format!("`models`: {error}.")));
    words.iter().map(read).collect()
}

/// A position of the feed.
pub(super) fn position(name: &str, text: &str) -> Result<i64, ApiError> {
    let read = text.trim().parse::<i64>().ok().filter(|position| *position >= 0);
    read.ok_or_else(|| ApiError::bad_request(format!("`{name}` takes a position that this server gave out.")))
}

fn limit(params: &Params) -> Result<u32, ApiError> {
    let Some(text) = params.text("limit") else { return Ok(LIMIT_DEFAULT) };
    match text.parse::<u32>() {
        Ok(0) | Err(_) => {
            Err(ApiError::bad_request(format!("`limit` takes a whole number from 1 to {LIMIT_MAX}.")))
        }
        Ok(limit) => Ok(limit.min(LIMIT_MAX)),
    }
}

fn wants_stream(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| {
            part.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/event-stream")
        })
}
