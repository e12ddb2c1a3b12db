//! The dashboard: what is linked, how its reading goes, and how the duties about personal data are kept. It shows what the
//! native API tells, to the same visitors as the set-up guide, and changes nothing.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use linkspan_engine::read::{AccountFilter, AccountStatus, Source, StreamState};
use linkspan_engine::{AccountSummary, EngineError, Erasure, PersonalDataStatus};
use minijinja::{Value, context};

use crate::App;
use crate::problem::ApiError;
use crate::setup::{Visitor, form_token, render};

/// Sources that are shown; the API lists all.
const SOURCES_SHOWN: usize = 50;
/// Linked accounts of one source that are shown.
const ACCOUNTS_SHOWN: usize = 20;
/// Receipts of erasures that are shown, the newest.
const RECEIPTS_SHOWN: usize = 20;
/// Seconds of a day.
const DAY: u64 = 86_400;

/// The one page.
pub(crate) async fn page(State(app): State<App>, visitor: Visitor) -> Response {
    match values(&app, &visitor).await {
        Ok(values) => render(&app, StatusCode::OK, "dashboard.html", values),
        Err(error) => ApiError::from(error).into_response(),
    }
}

async fn values(app: &App, visitor: &Visitor) -> Result<Value, EngineError> {
    let engine = &app.engine;
    let (sources, more_sources) = linked_sources(app).await?;
    let reporting: Vec<Value> = engine
        .personal_data_status()
        .await?
        .into_iter()
        .filter(|status| status.counts.known > 0 || status.last_report_at.is_some())
        .map(reporting)
        .collect();
    let receipts = engine.erasure_receipts(None, None, RECEIPTS_SHOWN).await?;
    Ok(context! {
        vendor => &engine.vendor().name,
        form_token => form_token(app, visitor),
        has_app => !engine.app_cards().await?.is_empty(),
        sources => sources,
        more_sources => more_sources,
        reporting => reporting,
        receipts => receipts.receipts.iter().map(receipt).collect::<Vec<_>>(),
        more_receipts => receipts.next.is_some(),
    })
}

/// The sources that linked accounts read, and whether there are more than are shown.
async fn linked_sources(app: &App) -> Result<(Vec<Value>, bool), EngineError> {
    let mut shown = Vec::new();
    for source in app.engine.sources().await? {
        let of_source = AccountFilter { source: Some(source.id), ..AccountFilter::default() };
        let limit = u32::try_from(ACCOUNTS_SHOWN + 1).unwrap_or(u32::MAX);
        let accounts = app.engine.linked_accounts(&of_source, None, limit).await?;
        // Nobody links what is only being erased, or was read by `sync --once`.
        if accounts.is_empty() {
            continue;
        }
        if shown.len() == SOURCES_SHOWN {
            return Ok((shown, true));
        }
        let streams = app.engine.source_streams(source.id).await?;
        shown.push(shown_source(app, &source, &accounts, streams));
    }
    Ok((shown, false))
}

fn shown_source(
    app: &App,
    source: &Source,
    accounts: &[AccountSummary],
    mut streams: Vec<StreamState>,
) -> Value {
    // What no reading came to yet has nothing to tell.
    streams.retain(|stream| !stream.progress.phase.is_empty());
    // What is skipped is not wanted, or not open to the grant: that is no trouble.
    let is_troubled =
        |stream: &&StreamState| stream.progress.last_error.is_some() && stream.progress.phase != "skipped";
    context! {
        id => source.id.to_string(),
        site => &source.site_name,
        url => &source.site_url,
        product => source.product.to_string(),
        accounts => accounts.iter().take(ACCOUNTS_SHOWN).map(|it| account(app, it)).collect::<Vec<_>>(),
        more_accounts => accounts.len() > ACCOUNTS_SHOWN,
        troubled => streams.iter().filter(is_troubled).map(stream).collect::<Vec<_>>(),
        streams => streams.iter().map(stream).collect::<Vec<_>>(),
    }
}

fn account(app: &App, summary: &AccountSummary) -> Value {
    let account = &summary.account;
    let reason = match &account.status {
        AccountStatus::Complete => None,
        AccountStatus::RelinkNeeded { reason } => Some(reason),
    };
    context! {
        organization => &account.end_user.organization_name,
        origin_id => &account.end_user.origin_id,
        integration => account.integration.display_name(),
        since => time(account.completed_at),
        reason => reason,
        consent_url => reason.map(|_| app.engine.consent_url(account.id)),
    }
}

fn stream(stream: &StreamState) -> Value {
    let progress = &stream.progress;
    context! {
        name => &stream.stream,
        phase => &progress.phase,
        items => progress.items_done,
        last_success => progress.last_success_at.map(time),
        last_error => &progress.last_error,
    }
}

fn reporting(status: PersonalDataStatus) -> Value {
    let counts = status.counts;
    context! {
        client_id => status.client_id,
        cycle => in_words(status.cycle.as_secs()),
        known => counts.known,
        reported => counts.reported,
        due => counts.due,
        overdue => counts.overdue,
        to_erase => counts.to_erase,
        to_refresh => counts.to_refresh,
        last_report => status.last_report_at.map(time),
        next_deadline => counts.next_due_at.map(time),
        not_before => status.not_before.map(time),
        problem => status.problem,
    }
}

fn receipt(erasure: &Erasure) -> Value {
    let touched = erasure.touched;
    context! {
        number => erasure.no,
        told_at => time(erasure.told_at),
        erased_at => erasure.finished_at.map(time),
        people => touched.people,
        raws => touched.raws,
        texts => touched.texts,
        others => touched.group_members + touched.access_rules + touched.contacts,
    }
}

/// A moment as people read it.
fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A length of time as people read it.
fn in_words(seconds: u64) -> String {
    match seconds {
        0..7_200 => format!("{} minutes", seconds / 60),
        7_200..172_800 => format!("{} hours", seconds / 3_600),
        _ => format!("{} days", seconds / DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_lengths_of_time_are_told_as_people_read_them() {
        assert_eq!(time(Timestamp::from_second(0).unwrap()), "1970-01-01 00:00 UTC");
        assert_eq!(in_words(7 * DAY), "7 days");
        assert_eq!(in_words(DAY), "24 hours");
        assert_eq!(in_words(3_600), "60 minutes");
    }
}
