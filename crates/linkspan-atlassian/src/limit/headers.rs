//! What answers say about limits (`atlassian-platform.md` 5.6).

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderMap;

use crate::error::ThrottleReason;

/// The most policies of one header that are kept.
const POLICY_CAP: usize = 8;

/// The window of the points quota.
const HOUR: Duration = Duration::from_hours(1);

/// A quota as a `RateLimit-Policy` header states it: `"global-app-quota";q=65000;w=3600`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The policy's name.
    pub name: String,
    /// Points or requests in a window.
    pub quota: Option<u64>,
    /// The window.
    pub window: Option<Duration>,
    /// Whether it is enforced already; `false` for the `Beta-` forms.
    pub enforced: bool,
}

/// Where a quota stands, as a `RateLimit` header states it: `"global-app-quota";r=11000;t=600`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The policy's name.
    pub name: String,
    /// What is left; sent only once most of it is used.
    pub remaining: Option<u64>,
    /// The time until the window turns. Upstream's value has been seen inexact.
    pub resets_in: Option<Duration>,
    /// Whether it is enforced already; `false` for the `Beta-` forms.
    pub enforced: bool,
}

/// What headers say of a limit that is not enforced yet, beside the `Beta-` forms of policies and standings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Announced {
    /// `Beta-Retry-After`: the wait that would have been asked for.
    pub retry_after: Option<Duration>,
    /// `X-Beta-RateLimit-Limit`.
    pub limit: Option<u64>,
    /// `X-Beta-RateLimit-Remaining`.
    pub remaining: Option<u64>,
    /// `X-Beta-RateLimit-NearLimit`.
    pub near_limit: bool,
}

/// All limit headers of one answer. Informational (`Beta-`) forms are kept apart from enforced ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitHeaders {
    /// `Retry-After`, resolved against the answer's arrival. Zero, negative and unreadable values are `None`.
    pub retry_after: Option<Duration>,
    /// `RateLimit-Reason`, or [`ThrottleReason::Gateway`] where the gateway's own mark is sent.
    pub reason: Option<ThrottleReason>,
    /// `X-RateLimit-Limit`.
    pub limit: Option<u64>,
    /// `X-RateLimit-Remaining`.
    pub remaining: Option<u64>,
    /// `X-RateLimit-Reset`.
    pub resets_at: Option<Timestamp>,
    /// `X-RateLimit-NearLimit`: less than a fifth is left.
    pub near_limit: bool,
    /// `Beta-Retry-After` and the older `X-Beta-RateLimit-*`: shown, never obeyed.
    pub announced: Option<Announced>,
    /// `RateLimit-Policy` and its `Beta-` form.
    pub policies: Vec<Policy>,
    /// `RateLimit` and its `Beta-` form.
    pub standings: Vec<Standing>,
}

impl LimitHeaders {
    /// Reads the headers of an answer that arrived at `now`. Whatever cannot be read is left out.
    pub fn read(headers: &HeaderMap, now: Timestamp) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let mut limits = Self {
            retry_after: text("retry-after").and_then(|value| read_retry_after(value, now)),
            reason: text("ratelimit-reason")
                .filter(|word| !word.is_empty())
                .and_then(|word| word.parse().ok()),
            limit: text("x-ratelimit-limit").and_then(|value| value.parse().ok()),
            remaining: text("x-ratelimit-remaining").and_then(|value| value.parse().ok()),
            resets_at: text("x-ratelimit-reset").and_then(read_moment),
            near_limit: text("x-ratelimit-nearlimit").is_some_and(|value| value.eq_ignore_ascii_case("true")),
            ..Self::default()
        };
        if limits.reason.is_none()
            && text("x-failure-category")
                .is_some_and(|value| value.to_ascii_lowercase().contains("rate limited"))
        {
            limits.reason = Some(ThrottleReason::Gateway);
        }
        let is_true = |name: &str| text(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let announced = Announced {
            retry_after: text("beta-retry-after").and_then(|value| read_retry_after(value, now)),
            limit: text("x-beta-ratelimit-limit").and_then(|value| value.parse().ok()),
            remaining: text("x-beta-ratelimit-remaining").and_then(|value| value.parse().ok()),
            near_limit: is_true("x-beta-ratelimit-nearlimit"),
        };
        limits.announced = Some(announced).filter(|announced| *announced != Announced::default());
        for (name, enforced) in [("ratelimit-policy", true), ("beta-ratelimit-policy", false)] {
            for entry in
                headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).flat_map(read_list)
            {
                limits.policies.push(Policy {
                    quota: entry.number("q"),
                    window: entry.number("w").map(Duration::from_secs),
                    name: entry.name,
                    enforced,
                });
            }
        }
        for (name, enforced) in [("ratelimit", true), ("beta-ratelimit", false)] {
            for entry in
                headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).flat_map(read_list)
            {
                limits.standings.push(Standing {
                    remaining: entry.number("r"),
                    resets_in: entry.number("t").map(Duration::from_secs),
                    name: entry.name,
                    enforced,
                });
            }
        }
        limits.policies.truncate(POLICY_CAP);
        limits.standings.truncate(POLICY_CAP);
        limits
    }

    /// How long to wait after a refusal that arrived at `now`: `Retry-After`, else the turn of the window that the
    /// other headers name. Informational forms do not count.
    pub fn advice(&self, now: Timestamp) -> Option<Duration> {
        if self.retry_after.is_some() {
            return self.retry_after;
        }
        let until_reset = self.resets_at.and_then(|at| Duration::try_from(at.duration_since(now)).ok());
        let until_turn = || {
            self.standings
                .iter()
                .filter(|standing| standing.enforced && standing.remaining == Some(0))
                .filter_map(|standing| standing.resets_in)
                .max()
        };
        until_reset.or_else(until_turn).filter(|wait| !wait.is_zero())
    }

    /// The hourly points of the app that an enforced policy states, and whether they are those of one site alone
    /// (`atlassian-platform.md` 5.3). Where both pools are named, the site's is the one that a call counts in.
    pub fn points_quota(&self) -> Option<(u64, bool)> {
        let of_app = |policy: &&Policy| {
            policy.enforced && policy.name.ends_with("app-quota") && policy.window == Some(HOUR)
        };
        self.policies
            .iter()
            .filter(of_app)
            .filter_map(|policy| Some((policy.quota.filter(|quota| *quota > 0)?, is_of_site(&policy.name))))
            .max_by_key(|(_, is_of_site)| *is_of_site)
    }

    /// The points left of the app's hourly quota in one pool, where an enforced standing tells.
    pub fn points_left_in(&self, of_site: bool) -> Option<u64> {
        self.quota_standings(of_site).filter_map(|standing| standing.remaining).min()
    }

    /// The time until the hour of which [`LimitHeaders::points_left_in`] tells is over, where that is told.
    pub fn quota_resets_in(&self, of_site: bool) -> Option<Duration> {
        self.quota_standings(of_site).filter_map(|standing| standing.resets_in).min()
    }

    fn quota_standings(&self, of_site: bool) -> impl Iterator<Item = &Standing> {
        self.standings
            .iter()
            .filter(|standing| standing.enforced && standing.name.ends_with("app-quota"))
            .filter(move |standing| is_of_site(&standing.name) == of_site)
    }
}

/// Whether a policy is about one site's own pool.
fn is_of_site(name: &str) -> bool {
    name.starts_with("tenant")
}

/// `Retry-After` as seconds or as an HTTP date.
fn read_retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<u64>() {
        return (seconds > 0).then(|| Duration::from_secs(seconds));
    }
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok().filter(|wait| !wait.is_zero());
    }
    let at =
        jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok().or_else(|| read_moment(text))?;
    Duration::try_from(at.duration_since(now)).ok().filter(|wait| !wait.is_zero())
}

/// An ISO 8601 moment; upstream sends some without seconds (`2026-03-26T16:00Z`).
fn read_moment(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// A member of a structured list with its parameters.
struct Entry<'a> {
    name: String,
    parameters: Vec<(&'a str, &'a str)>,
}

impl Entry<'_> {
    fn number(&self, key: &str) -> Option<u64> {
        self.parameters.iter().find(|(name, _)| *name == key).and_then(|(_, value)| value.parse().ok())
    }
}

/// Reads `"name";q=1;w=2, "other";q=3`: members in any order, names with or without quotes.
fn read_list(text: &str) -> impl Iterator<Item = Entry<'_>> {
    text.split(',').take(POLICY_CAP).filter_map(|member| {
        let mut parts = member.split(';').map(str::trim);
        let name = parts.next()?.trim_matches('"');
        let parameters = parts
            .filter_map(|part| part.split_once('='))
            .map(|(key, value)| (key.trim(), value.trim().trim_matches('"')))
            .collect();
        (!name.is_empty()).then(|| Entry { name: name.chars().take(64).collect(), parameters })
    })
}
