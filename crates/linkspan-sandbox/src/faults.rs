//! Injected faults: what goes wrong, for which requests, and how often.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// More faults than any test sets at once.
const MAX_FAULTS: usize = 1000;
/// Longest delay a fault may cause, in milliseconds: ten minutes.
const MAX_LATENCY_MS: u64 = 600_000;

/// What a fault does to a request it strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The answer comes `milliseconds` later.
    Latency,
    /// The answer is `status`, with `body` and `retry_after` if given; the request does nothing.
    Status,
    /// 429 with the headers of `reason`; the request does nothing.
    RateLimit,
    /// 410 as for a removed endpoint.
    Gone,
    /// 401 as for a token nobody knows.
    Unauthorized,
    /// 401 as for a missing scope.
    ScopeMismatch,
    /// As for an expired token, in the dialect of the settings.
    ExpiredToken,
    /// 403 "The app is not installed on this instance".
    NotInstalled,
    /// The grant behind the request is revoked before the request is looked at.
    RevokeGrant,
    /// The request is carried out; the body of the answer stops after `after_bytes` (half of it if not given).
    CutBody,
    /// The request is carried out; the body of the answer falls silent after `after_bytes` for `milliseconds`, then goes on.
    StallBody,
    /// Requests with a page token: the page is right, but the token of the next one is the request's own again.
    RepeatPageToken,
    /// Requests with a page token are refused as if it had expired.
    ExpirePageTokens,
    /// A page holds at most `items` things, whatever the request asks for; with 0 it is empty and has a successor.
    ShortPage,
    /// The connection closes; the request does nothing.
    NoReply,
    /// The request is carried out; the connection closes instead of the answer.
    LostReply,
    /// Token endpoint only: the answer has no refresh token, and a presented one stays good.
    NoRefreshToken,
}

impl FaultKind {
    /// Product refusals strike product requests, the token endpoint's faults strike the token endpoint.
    fn applies_to(self, request: &FaultRequest<'_>) -> bool {
        match self {
            Self::Gone
            | Self::Unauthorized
            | Self::ScopeMismatch
            | Self::ExpiredToken
            | Self::NotInstalled
            | Self::ShortPage
            | Self::RevokeGrant => request.cloud_id.is_some(),
            Self::RepeatPageToken | Self::ExpirePageTokens => {
                request.cloud_id.is_some() && request.asked.is_some_and(|asked| asked.token.is_some())
            }
            Self::NoRefreshToken => request.path == "/oauth/token",
            Self::Latency
            | Self::Status
            | Self::RateLimit
            | Self::CutBody
            | Self::StallBody
            | Self::NoReply
            | Self::LostReply => true,
        }
    }
}

/// One fault as set through the control plane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// `GET`, `POST` …; absent: any method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path without gateway prefix, or the operation's template; `*` stands for any text; absent: any path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Only requests to this site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_id: Option<String>,
    /// Lets this many matching requests pass first.
    #[serde(default)]
    pub skip: u64,
    /// How many times it happens before it is used up; absent: without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The chance that a matching request is struck, from 0 to 1; the dice are seeded.
    #[serde(default = "certain")]
    pub probability: f64,
    /// For `latency` and `stall_body`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milliseconds: Option<u64>,
    /// For `status`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// For `status`: sent as JSON, or as text if it is a string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// For `status`: the `Location` header, so that a request can be sent anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// For `status` and `rate_limit`: the header's text, so that odd values can be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<String>,
    /// For `rate_limit`: the `RateLimit-Reason`, or `gateway` for the gateway's own limit, which sends no `Retry-After`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// For `cut_body` and `stall_body`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_bytes: Option<usize>,
    /// For `short_page`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<usize>,
    /// For `status`: only requests for more than so many things, by page size or by the ids in their body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<u64>,
}

fn certain() -> f64 {
    1.0
}

/// Why a fault was refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// A member the kind needs is missing or out of range.
    #[error("a fault of this kind needs {0}")]
    Needs(&'static str),
    /// The probability is no probability.
    #[error("`probability` must lie between 0 and 1")]
    Probability,
    /// The list is full.
    #[error("{MAX_FAULTS} faults are set already; DELETE them first")]
    TooMany,
}

impl Fault {
    fn check(&self) -> Result<(), FaultError> {
        if !(0.0..=1.0).contains(&self.probability) {
            return Err(FaultError::Probability);
        }
        match self.kind {
            FaultKind::Latency | FaultKind::StallBody
                if self.milliseconds.is_none_or(|span| span > MAX_LATENCY_MS) =>
            {
                Err(FaultError::Needs("`milliseconds` of at most 600000"))
            }
            FaultKind::Status if !self.status.is_some_and(|status| (200..=599).contains(&status)) => {
                Err(FaultError::Needs("`status` between 200 and 599"))
            }
            FaultKind::ShortPage if self.items.is_none() => Err(FaultError::Needs("`items`")),
            FaultKind::RateLimit if self.reason.is_none() => Err(FaultError::Needs("`reason`")),
            _ => Ok(()),
        }
    }

    fn matches(&self, request: &FaultRequest<'_>) -> bool {
        let same_method =
            self.method.as_deref().is_none_or(|method| method.eq_ignore_ascii_case(request.method));
        let same_site = self.cloud_id.as_deref().is_none_or(|cloud_id| request.cloud_id == Some(cloud_id));
        let same_path = self.path.as_deref().is_none_or(|pattern| {
            glob_matches(pattern, request.path)
                || request.template.is_some_and(|template| template == pattern)
        });
        let asks_enough = self.above.is_none_or(|above| {
            request.asked.and_then(|asked| asked.items).is_some_and(|items| items > above)
        });
        same_method && same_site && same_path && asks_enough && self.kind.applies_to(request)
    }
}

/// What is known of a request when faults are looked for.
#[derive(Clone, Copy, Debug)]
pub struct FaultRequest<'a> {
    /// The method.
    pub method: &'a str,
    /// The path without gateway prefix.
    pub path: &'a str,
    /// The operation's template, if it has one.
    pub template: Option<&'a str>,
    /// The site, if the request addresses one.
    pub cloud_id: Option<&'a str>,
    /// What part of a list it asks for; only looked at while a fault depends on it.
    pub asked: Option<&'a Asked>,
}

/// What part of a list a request asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The page token or cursor it carries.
    pub token: Option<String>,
    /// The page size it names, or the number of ids in its body.
    pub items: Option<u64>,
}

/// The faults in force, in the order they were set.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Adds faults, all or none.
    pub fn add(&mut self, faults: Vec<Fault>) -> Result<(), FaultError> {
        if self.0.len() + faults.len() > MAX_FAULTS {
            return Err(FaultError::TooMany);
        }
        faults.iter().try_for_each(Fault::check)?;
        self.0.extend(faults);
        Ok(())
    }

    /// Forgets all faults.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The faults still in force, with what remains of their counts.
    pub fn list(&self) -> &[Fault] {
        &self.0
    }

    /// Whether any fault depends on what part of a list a request asks for.
    pub fn depend_on_asked(&self) -> bool {
        let depends = |fault: &Fault| {
            fault.above.is_some()
                || matches!(fault.kind, FaultKind::RepeatPageToken | FaultKind::ExpirePageTokens)
        };
        self.0.iter().any(depends)
    }

    /// The faults that strike this request; each uses up one of its count. `roll` gives numbers in `[0, 1)`.
    pub fn strike(&mut self, request: FaultRequest<'_>, mut roll: impl FnMut() -> f64) -> Struck {
        if self.0.is_empty() {
            return Struck::default();
        }
        let mut struck = Vec::new();
        for fault in self.0.iter_mut().filter(|fault| fault.matches(&request)) {
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if fault.probability < 1.0 && roll() >= fault.probability {
                continue;
            }
            fault.count = fault.count.map(|left| left.saturating_sub(1));
            struck.push(fault.clone());
        }
        self.0.retain(|fault| fault.count != Some(0));
        Struck(struck)
    }
}

/// The faults that strike one request.
#[derive(Clone, Debug, Default)]
pub struct Struck(Vec<Fault>);

impl Struck {
    /// The first fault of a kind.
    pub fn first(&self, kind: FaultKind) -> Option<&Fault> {
        self.0.iter().find(|fault| fault.kind == kind)
    }

    /// Whether a fault of this kind struck.
    pub fn has(&self, kind: FaultKind) -> bool {
        self.first(kind).is_some()
    }

    /// All of them, in the order they were set.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }
}

/// Whether `text` matches `pattern`, in which each `*` stands for any text. Linear in both: the last star alone is retried.
fn glob_matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        match text.find(part) {
            Some(start) => text = &text[start + part.len()..],
            None => return false,
        }
    }
    text.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: Value) -> Fault {
        serde_json::from_value(json).unwrap()
    }

    fn get(path: &str) -> FaultRequest<'_> {
        FaultRequest {
            method: "GET",
            path,
            template: Some("/rest/api/3/issue/{issueIdOrKey}"),
            cloud_id: Some("site-1"),
            asked: None,
        }
    }

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, expected) in [
            ("/rest/*", "/rest/api/3/issue/1", true),
            ("/rest/*/comment", "/rest/api/3/issue/1/comment", true),
            ("/rest/*/comment", "/rest/api/3/issue/1/comment/7", false),
            ("*", "", true),
            ("*a*b*", "xxaxxb", true),
            ("*a*b*", "xxbxxa", false),
            ("/me", "/me", true),
            ("/me", "/mea", false),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(glob_matches(pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn a_fault_skips_then_strikes_its_count_and_is_gone() {
        let mut faults = Faults::default();
        faults
            .add(vec![fault(serde_json::json!({ "kind": "gone", "path": "/rest/*", "skip": 1, "count": 2 }))])
            .unwrap();
        let strikes: Vec<bool> =
            (0..5).map(|_| faults.strike(get("/rest/x"), || 0.0).has(FaultKind::Gone)).collect();
        assert_eq!(strikes, [false, true, true, false, false]);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn method_template_and_site_each_narrow_a_fault() {
        let matching = |json: Value| fault(json).matches(&get("/rest/api/3/issue/10"));
        assert!(matching(serde_json::json!({ "kind": "gone", "path": "/rest/api/3/issue/{issueIdOrKey}" })));
        assert!(matching(serde_json::json!({ "kind": "gone", "method": "get", "cloud_id": "site-1" })));
        assert!(!matching(serde_json::json!({ "kind": "gone", "method": "POST" })));
        assert!(!matching(serde_json::json!({ "kind": "gone", "cloud_id": "site-2" })));
    }

    #[test]
    fn the_dice_decide_below_certainty() {
        let mut faults = Faults::default();
        faults.add(vec![fault(serde_json::json!({ "kind": "gone", "probability": 0.5 }))]).unwrap();
        assert!(faults.strike(get("/"), || 0.49).has(FaultKind::Gone));
        assert!(!faults.strike(get("/"), || 0.5).has(FaultKind::Gone));
    }

    #[test]
    fn a_fault_without_what_its_kind_needs_is_refused_and_nothing_is_added() {
        let mut faults = Faults::default();
        let good = fault(serde_json::json!({ "kind": "gone" }));
        for bad in [
            serde_json::json!({ "kind": "latency" }),
            serde_json::json!({ "kind": "latency", "milliseconds": 600_001 }),
            serde_json::json!({ "kind": "status", "status": 99 }),
            serde_json::json!({ "kind": "rate_limit" }),
            serde_json::json!({ "kind": "gone", "probability": 1.5 }),
        ] {
            assert!(faults.add(vec![good.clone(), fault(bad.clone())]).is_err(), "{bad}");
        }
        assert!(faults.list().is_empty());
    }
}
