//! The headers of Atlassian's limits (`atlassian-platform.md` 5.6) and the 429 answers that carry them.

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::seconds_to_next_hour;
use crate::gateway::errors::gateway_error;

/// Which family of quota headers is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeaderForm {
    /// The quota is enforced: `RateLimit`, `RateLimit-Policy`, and 429 beyond it.
    Enforced,
    /// The quota is announced: the same with the prefix `Beta-`, and no 429.
    Beta,
}

/// A limit that refuses a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal<'a> {
    /// The hourly points are spent; the reason names product and pool, such as `jira-quota-global-based`.
    Quota {
        /// `RateLimit-Reason`.
        reason: &'a str,
        /// Points per hour.
        quota: u64,
    },
    /// Too many requests a second to one operation of one site.
    Burst {
        /// Requests a second.
        rate: u32,
    },
    /// Too many writes to one issue.
    IssueWrites {
        /// Seconds until the next write is taken.
        wait: i64,
    },
    /// The gateway's own limit: neither reason nor `Retry-After` (incident of April 2026).
    Gateway,
    /// A reason of the tester's choice.
    Other(&'a str),
}

impl Refusal<'_> {
    /// The 429 answer. Its body is undocumented, so it says nothing that a client should parse.
    pub fn answer(self, now: Timestamp) -> Response {
        let mut response = gateway_error(StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded");
        let headers = response.headers_mut();
        match self {
            Self::Quota { reason, quota } => {
                put(headers, "retry-after", &seconds_to_next_hour(now));
                put(headers, "x-ratelimit-limit", &quota);
                put(headers, "x-ratelimit-remaining", &0);
                put(headers, "x-ratelimit-reset", &instant(now, seconds_to_next_hour(now)));
                put(headers, "ratelimit-reason", &reason);
            }
            Self::Burst { rate } => {
                put(headers, "retry-after", &1);
                put(headers, "x-ratelimit-limit", &rate);
                put(headers, "x-ratelimit-remaining", &0);
                put(headers, "x-ratelimit-reset", &instant(now, 1));
                put(headers, "ratelimit-reason", &"jira-burst-based");
                put(headers, "ratelimit-policy", &format!("\"jira-burst-based\";q={rate};w=1"));
            }
            Self::IssueWrites { wait } => {
                put(headers, "retry-after", &wait);
                put(headers, "x-ratelimit-reset", &instant(now, wait));
                put(headers, "ratelimit-reason", &"jira-per-issue-on-write");
            }
            Self::Gateway => {
                put(headers, "x-failure-category", &"FAILURE CLIENT RATE LIMITED");
                put(headers, "x-ratelimit-limit", &360_000);
                put(headers, "x-ratelimit-remaining", &0);
                put(headers, "x-ratelimit-reset", &instant(now, 60));
            }
            Self::Other(reason) => {
                put(headers, "retry-after", &1);
                put(headers, "ratelimit-reason", &reason);
            }
        }
        response
    }
}

/// Tells an app how much of its hourly points is left, in the chosen form.
pub fn announce_quota(headers: &mut HeaderMap, form: HeaderForm, quota: u64, spent: u64, now: Timestamp) {
    let left = quota.saturating_sub(spent);
    let reset = seconds_to_next_hour(now);
    let beyond_four_fifths = left.saturating_mul(5) < quota;
    // `r` appears only late in the hour's budget.
    let state = if beyond_four_fifths {
        format!("\"global-app-quota\";r={left};t={reset}")
    } else {
        format!("\"global-app-quota\";t={reset}")
    };
    let policy = format!("\"global-app-quota\";q={quota};w=3600");
    match form {
        HeaderForm::Enforced => {
            put(headers, "ratelimit-policy", &policy);
            put(headers, "ratelimit", &state);
            put(headers, "x-ratelimit-limit", &quota);
            put(headers, "x-ratelimit-remaining", &left);
            if beyond_four_fifths {
                put(headers, "x-ratelimit-nearlimit", &"true");
            }
        }
        HeaderForm::Beta => {
            put(headers, "beta-ratelimit-policy", &policy);
            put(headers, "beta-ratelimit", &state);
            if left == 0 {
                put(headers, "beta-retry-after", &reset);
            }
        }
    }
}

/// The end of a wait, as ISO 8601 in whole seconds.
fn instant(now: Timestamp, wait_seconds: i64) -> String {
    Timestamp::from_second(now.as_second().saturating_add(wait_seconds)).unwrap_or(Timestamp::MAX).to_string()
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &impl ToString) {
    // A tester's reason may hold what a header cannot: then the header is left out.
    if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
