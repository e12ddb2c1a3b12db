//! `POST /app/report-accounts/`: the personal-data report (`atlassian-platform.md` 3).

use std::collections::{BTreeMap, VecDeque};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::identity::grant_of;
use crate::apps::scopes::REPORT_PERSONAL_DATA;
use crate::gateway::AppState;
use crate::gateway::errors::gateway_error;
use crate::world::{AccountStatus, Directory};

/// Accounts per request.
const MAX_ACCOUNTS: usize = 90;
/// Calls remembered for the control plane; older ones are forgotten.
const MAX_CALLS: usize = 5_000;
/// Atlassian's test account that is always closed.
const CLOSED_TEST_ACCOUNT: &str = "5be24ba3f91c106033269289";

/// What each app reported, account by account, and which accounts changed: for the control plane.
#[derive(Debug, Default)]
pub struct ReportedAccounts {
    /// By account and client id: each app has a cycle of its own for every account it stores.
    reported: BTreeMap<(String, String), ReportedAccount>,
    updated_at: BTreeMap<String, Timestamp>,
    calls: VecDeque<ReportCall>,
}

/// One call of the report endpoint that the platform answered itself; injected faults never get this far.
#[derive(Clone, Debug, Serialize)]
pub struct ReportCall {
    /// When.
    pub at: Timestamp,
    /// The app behind the token.
    pub client_id: String,
    /// The accounts in the call, 0 where its body was refused unread.
    pub accounts: usize,
    /// The answer's status.
    pub status: u16,
}

/// How often one account was reported, by one app or by all together.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ReportedAccount {
    /// Number of reports.
    pub times: u64,
    /// Reports that came before the cycle was over.
    pub too_early: u64,
    /// Reports after the account was already answered as closed.
    pub after_closed: u64,
    /// The newest report.
    pub last: Option<Timestamp>,
    /// The longest time between two reports, in seconds: beyond the cycle the app was late.
    pub longest_gap_seconds: i64,
    #[serde(skip)]
    answered_closed: bool,
}

impl ReportedAccount {
    /// Adds what another app reported of the account: counts add up, the newest report and the longest gap stand.
    fn add(&mut self, other: &Self) {
        self.times += other.times;
        self.too_early += other.too_early;
        self.after_closed += other.after_closed;
        self.last = self.last.max(other.last);
        self.longest_gap_seconds = self.longest_gap_seconds.max(other.longest_gap_seconds);
    }
}

impl ReportedAccounts {
    /// The accounts reported so far, each judged app by app and told of all apps together.
    pub fn reported(&self) -> BTreeMap<String, ReportedAccount> {
        let mut accounts: BTreeMap<String, ReportedAccount> = BTreeMap::new();
        for ((account_id, _), record) in &self.reported {
            accounts.entry(account_id.clone()).or_default().add(record);
        }
        accounts
    }

    /// The newest calls, oldest first.
    pub fn calls(&self) -> &VecDeque<ReportCall> {
        &self.calls
    }

    fn note_call(&mut self, call: ReportCall) {
        if self.calls.len() == MAX_CALLS {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
    }

    /// From `at` on, data fetched earlier about the account is out of date.
    pub fn mark_updated(&mut self, account_id: &str, at: Timestamp) {
        self.updated_at.insert(account_id.to_owned(), at);
    }

    /// Notes one account that an app reported and says what the app must do about it.
    fn report(
        &mut self,
        directory: &Directory,
        (client_id, entry): (&str, &Entry),
        now: Timestamp,
        cycle_seconds: i64,
    ) -> Option<&'static str> {
        let account = directory.by_account_id(&entry.account_id);
        let closed = account.is_some_and(|account| account.status() == AccountStatus::Closed)
            || entry.account_id == CLOSED_TEST_ACCOUNT;
        let changed = self.updated_at.get(&entry.account_id).is_some_and(|at| entry.updated_at < *at);
        // Unknown ids are answered but not remembered: a caller could invent any number of them.
        if account.is_some() || closed {
            let key = (entry.account_id.clone(), client_id.to_owned());
            let record = self.reported.entry(key).or_default();
            record.times += 1;
            if let Some(last) = record.last {
                let gap = now.as_second() - last.as_second();
                record.too_early += u64::from(gap < cycle_seconds);
                record.longest_gap_seconds = record.longest_gap_seconds.max(gap);
            }
            record.after_closed += u64::from(record.answered_closed);
            record.last = Some(now);
            record.answered_closed = closed;
        }
        match (closed, changed) {
            (true, _) => Some("closed"),
            (false, true) => Some("updated"),
            (false, false) => None,
        }
    }
}

#[derive(Deserialize)]
struct Report {
    accounts: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    account_id: String,
    updated_at: Timestamp,
}

/// 200 with the accounts that need action, or 204 when none does.
pub(crate) async fn report_accounts(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let grant = match grant_of(&state, &headers) {
        Ok(grant) => grant,
        Err(refused) => return refused,
    };
    if !grant.scopes.iter().any(|scope| scope == REPORT_PERSONAL_DATA) {
        return gateway_error(StatusCode::UNAUTHORIZED, "Unauthorized; scope does not match");
    }
    let now = state.now();
    let (accounts, response) = match read(&body) {
        Ok(report) => (report.accounts.len(), answer(&state, &grant.client_id, &report, now)),
        Err((accounts, reason)) => (accounts, refused(&reason)),
    };
    let call =
        ReportCall { at: now, client_id: grant.client_id, accounts, status: response.status().as_u16() };
    state.reported_accounts().note_call(call);
    response
}

/// The report in a body, or how many accounts it held and why it is refused.
fn read(body: &[u8]) -> Result<Report, (usize, String)> {
    let report: Report =
        serde_json::from_slice(body).map_err(|error| (0, format!("the body is not a report: {error}")))?;
    let accounts = report.accounts.len();
    if accounts == 0 || accounts > MAX_ACCOUNTS {
        return Err((accounts, format!("a report holds 1 to {MAX_ACCOUNTS} accounts")));
    }
    match report.accounts.iter().find(|entry| !is_account_id(&entry.account_id)) {
        Some(entry) => Err((accounts, format!("`{}` is not an account id", entry.account_id))),
        None => Ok(report),
    }
}

fn answer(state: &AppState, client_id: &str, report: &Report, now: Timestamp) -> Response {
    let (cycle_seconds, cycle_period) = {
        let settings = state.settings();
        (settings.cycle_seconds, settings.cycle_period.clone())
    };
    let needing_action: Vec<Value> = {
        let mut reported = state.reported_accounts();
        let directory = state.world().directory();
        let answers = report.accounts.iter().filter_map(|entry| {
            let status = reported.report(directory, (client_id, entry), now, cycle_seconds)?;
            Some(json!({ "accountId": entry.account_id, "status": status }))
        });
        answers.collect()
    };
    let mut response = match needing_action.as_slice() {
        [] => StatusCode::NO_CONTENT.into_response(),
        accounts => Json(json!({ "accounts": accounts })).into_response(),
    };
    // The settings take no text that a header cannot carry.
    if let Some(cycle) = cycle_period.and_then(|text| HeaderValue::from_bytes(text.as_bytes()).ok()) {
        response.headers_mut().insert(HeaderName::from_static("cycle-period"), cycle);
    }
    response
}

/// 1 to 128 letters, digits, `-` and `:`, and never the literal `unknown`.
fn is_account_id(text: &str) -> bool {
    let well_formed = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':'));
    (1..=128).contains(&text.len()) && well_formed && text != "unknown"
}

fn refused(message: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "errorType": "BAD_REQUEST", "errorMessage": message })))
        .into_response()
}
