//! The personal-data report: which accounts are known here, and what Atlassian says became of them
//! (`atlassian-platform.md` 3).

use std::time::Duration;

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use linkspan_model::secret::Secret;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde::Deserialize;
use serde_json::json;

use crate::calls::Method;
use crate::client::{Asked, Upstream, transport, unreadable};
use crate::error::CallError;

/// The scope that the report needs. It belongs to the app's personal data reporting API in the developer console.
pub const REPORT_SCOPE: &str = "report:personal-data";
/// The most accounts of one report.
pub const ACCOUNTS_PER_REPORT: usize = 90;
/// The cycle within which every account is to be reported once, unless upstream says otherwise.
pub const DEFAULT_CYCLE: Duration = Duration::from_hours(7 * 24);
/// The shortest cycle that is followed, whatever upstream says: a slip of a unit must not turn into a flood of reports.
pub const SHORTEST_CYCLE: Duration = Duration::from_hours(1);
/// The longest cycle that is followed: Atlassian forgets reports after a while.
pub const LONGEST_CYCLE: Duration = Duration::from_hours(31 * 24);
/// The header that tells the cycle. The form of its value is not documented.
const CYCLE_HEADER: &str = "cycle-period";
/// An integer up to this is a number of days, a larger one a number of seconds.
const MOST_DAYS: i64 = 366;
/// The most bytes of an answer: 90 accounts take some ten thousand.
const BODY_CAP: u64 = 1 << 20;
const NAME: &str = "app.report-accounts";

/// An account whose data is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedAccount {
    /// The account id.
    pub account_id: String,
    /// When the oldest piece of data about the account was fetched.
    pub fetched_at: Timestamp,
}

/// What is to be done about an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccountVerdict {
    /// It was closed: erase what is held of it, and do not report it again.
    Closed,
    /// It changed after the data was fetched: erase the data or fetch it again.
    Updated,
}

/// Upstream's answer to a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportAnswer {
    /// The accounts about which something is to be done; of the others nothing is said.
    pub verdicts: Vec<(String, AccountVerdict)>,
    /// The cycle, where upstream told one, within [`SHORTEST_CYCLE`] and [`LONGEST_CYCLE`].
    pub cycle: Option<Duration>,
}

impl Upstream {
    /// Reports accounts: at most [`ACCOUNTS_PER_REPORT`] of them, with the token of any grant that holds [`REPORT_SCOPE`].
    /// The call is not idempotent: each account may be reported once in a cycle.
    ///
    /// # Errors
    /// Those of a call; [`CallError::NotSent`] for no account or too many.
    pub async fn report_accounts(
        &self,
        token: &Secret,
        accounts: &[ReportedAccount],
    ) -> Result<ReportAnswer, CallError> {
        if accounts.is_empty() || accounts.len() > ACCOUNTS_PER_REPORT {
            let why = format!("a report holds 1 to {ACCOUNTS_PER_REPORT} accounts, not {}", accounts.len());
            return Err(CallError::NotSent { call: NAME, why });
        }
        let entries: Vec<_> = accounts
            .iter()
            .map(|account| {
                json!({ "accountId": account.account_id, "updatedAt": format!("{:.3}", account.fetched_at) })
            })
            .collect();
        let body = json!({ "accounts": entries }).to_string();
        let asked = Asked { name: NAME, method: Method::Post, product: None };
        let request = self
            .authorised(NAME, reqwest::Method::POST, self.endpoints.report_accounts(), token)?
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        let exchange = async {
            let response = request.send().await.map_err(|error| transport(NAME, &error))?;
            let cycle = response.headers().get(CYCLE_HEADER).map(|value| {
                // What is no text at all is no known form either.
                read_cycle(value.to_str().unwrap_or_default())
            });
            let (_, body) = self.read_success(asked, response, BODY_CAP).await?;
            Ok((cycle, body))
        };
        let (cycle, body) = self.within_total(NAME, exchange).await?;
        let verdicts = if body.is_empty() { Vec::new() } else { read_verdicts(&body)? };
        Ok(ReportAnswer { verdicts, cycle })
    }
}

fn read_verdicts(body: &[u8]) -> Result<Vec<(String, AccountVerdict)>, CallError> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        accounts: Vec<Entry>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Entry {
        account_id: String,
        status: String,
    }
    let answer: Answer = serde_json::from_slice(body).map_err(|error| unreadable(NAME, &error))?;
    let verdict = |entry: Entry| {
        let verdict = match entry.status.to_ascii_lowercase().as_str() {
            "closed" => AccountVerdict::Closed,
            // Only accounts that need action are listed, so a new word means at least that the data is no longer good.
            _ => AccountVerdict::Updated,
        };
        (entry.account_id, verdict)
    };
    Ok(answer.accounts.into_iter().map(verdict).collect())
}

/// Reads a `Cycle-Period` in any of the forms that clients have been seen reading: an integer number of days or of
/// seconds, an ISO 8601 duration such as `P7D`, words such as `7 Days`. What is none of these, or no time at all, is
/// [`DEFAULT_CYCLE`].
pub fn read_cycle(text: &str) -> Duration {
    let text = text.trim().to_ascii_lowercase();
    let told = match text.parse::<i64>() {
        Ok(days) if days <= MOST_DAYS => days.checked_mul(24 * 3600).map(SignedDuration::from_secs),
        Ok(seconds) => Some(SignedDuration::from_secs(seconds)),
        Err(_) => text.parse::<Span>().ok().and_then(|span| {
            // Months and years have no length of their own; nobody has been seen sending them.
            span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
        }),
    };
    told.filter(SignedDuration::is_positive)
        .and_then(|told| Duration::try_from(told).ok())
        .map_or(DEFAULT_CYCLE, |told| told.clamp(SHORTEST_CYCLE, LONGEST_CYCLE))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: u64 = 24 * 3600;

    #[test]
    fn g1_a_cycle_period_is_understood_in_every_form_it_was_seen_in() {
        for (text, seconds) in [
            ("7", 7 * DAY),
            ("1", DAY),
            (" 14 ", 14 * DAY),
            ("604800", 7 * DAY),
            ("86400", DAY),
            ("P7D", 7 * DAY),
            ("p1d", DAY),
            ("P1W", 7 * DAY),
            ("PT12H", DAY / 2),
            ("P1DT12H", DAY + DAY / 2),
            ("7 Days", 7 * DAY),
            ("1 Days", DAY),
            ("1 day", DAY),
            ("2 weeks", 14 * DAY),
            ("36 hours", DAY + DAY / 2),
            // Out of bounds.
            ("60 minutes", 3600),
            ("400", 3600),
            ("3 seconds", 3600),
            ("366", 31 * DAY),
            ("P99D", 31 * DAY),
            // No time at all.
            ("", 7 * DAY),
            ("0", 7 * DAY),
            ("-3", 7 * DAY),
            ("-P7D", 7 * DAY),
            ("P1M", 7 * DAY),
            ("weekly", 7 * DAY),
            ("9223372036854775807000", 7 * DAY),
        ] {
            assert_eq!(read_cycle(text).as_secs(), seconds, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn g1_whatever_the_header_says_the_cycle_stays_within_bounds(text in ".{0,40}") {
            let cycle = read_cycle(&text);
            prop_assert!((SHORTEST_CYCLE..=LONGEST_CYCLE).contains(&cycle));
        }
    }

    #[test]
    fn g3_an_unknown_word_means_that_the_data_is_no_longer_good() {
        let body =
            br#"{"accounts":[{"accountId":"a","status":"closed"},{"accountId":"b","status":"merged"}]}"#;
        let verdicts = read_verdicts(body).unwrap();
        assert_eq!(
            verdicts,
            [("a".to_owned(), AccountVerdict::Closed), ("b".to_owned(), AccountVerdict::Updated)]
        );
        assert!(read_verdicts(b"{\"accounts\":[{").is_err());
    }
}
