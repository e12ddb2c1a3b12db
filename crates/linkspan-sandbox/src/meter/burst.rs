//! The short limits of Jira: requests a second per site, method and path template, and writes per issue.

use std::collections::{HashMap, VecDeque};

use http::Method;
use jiff::Timestamp;

/// Writes allowed on one issue: (count, milliseconds), `atlassian-platform.md` 5.5.
const ISSUE_WRITE_WINDOWS: [(usize, i64); 2] = [(20, 2_000), (100, 30_000)];
/// Keys remembered before those that no longer matter are swept out.
const SWEEP_AT: usize = 10_000;

/// Requests a second that Jira sustains for an operation (`atlassian-platform.md` 5.4); Confluence publishes none.
pub fn steady_rate(method: &Method, template: &str) -> Option<u32> {
    if template.starts_with("/wiki/") {
        return None;
    }
    let rate = match (method.as_str(), template) {
        ("GET", "/rest/api/3/issue/{issueIdOrKey}" | "/rest/api/3/user")
        | ("POST", "/rest/api/3/search/approximate-count" | "/rest/api/3/expression/evaluate") => 150,
        ("GET", "/rest/api/3/issue/{issueIdOrKey}/changelog" | "/rest/api/3/user/search") => 200,
        ("GET", "/rest/api/3/attachment/content/{id}") => 300,
        ("GET", "/rest/servicedeskapi/servicedesk/{serviceDeskId}/customer") => 5,
        ("PUT" | "DELETE", _) => 50,
        _ => 100,
    };
    Some(rate)
}

/// Token buckets per (site, operation), shared by all apps and API tokens. A bucket holds one second's worth: Atlassian
/// does not publish the capacity.
#[derive(Debug, Default)]
pub struct Burst(HashMap<(usize, &'static str), Bucket>);

#[derive(Debug)]
struct Bucket {
    /// Thousandths of a request.
    level: u64,
    filled_at: i64,
}

impl Burst {
    /// Takes one request from the bucket, if there is one.
    pub fn take(&mut self, site: usize, operation: &'static str, rate: u32, now: Timestamp) -> bool {
        let now = now.as_millisecond();
        let capacity = u64::from(rate) * 1000;
        let bucket = self.0.entry((site, operation)).or_insert(Bucket { level: capacity, filled_at: now });
        // A clock set back refills nothing and starts counting anew.
        let elapsed = u64::try_from(now - bucket.filled_at).unwrap_or(0);
        bucket.level = bucket.level.saturating_add(elapsed.saturating_mul(u64::from(rate))).min(capacity);
        bucket.filled_at = now;
        if bucket.level < 1000 {
            return false;
        }
        bucket.level -= 1000;
        true
    }
}

/// The last writes of each issue.
#[derive(Debug, Default)]
pub struct IssueWrites(HashMap<(usize, String), VecDeque<i64>>);

impl IssueWrites {
    /// Notes a write on an issue; `Err` with the seconds to wait when one of the windows is full.
    pub fn take(&mut self, site: usize, issue: &str, now: Timestamp) -> Result<(), i64> {
        let now = now.as_millisecond();
        let longest = ISSUE_WRITE_WINDOWS.iter().map(|(_, span)| *span).max().unwrap_or(0);
        if self.0.len() >= SWEEP_AT {
            self.0.retain(|_, writes| writes.back().is_some_and(|last| now - last < longest));
        }
        let writes = self.0.entry((site, issue.to_owned())).or_default();
        while writes.front().is_some_and(|first| now - first >= longest) {
            writes.pop_front();
        }
        for (limit, span) in ISSUE_WRITE_WINDOWS {
            let within: Vec<i64> = writes.iter().copied().filter(|at| now - at < span).collect();
            if within.len() >= limit {
                let frees_at = within.first().copied().unwrap_or(now) + span;
                return Err((frees_at - now + 999) / 1000);
            }
        }
        writes.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + millis).unwrap()
    }

    #[test]
    fn a_bucket_empties_after_a_seconds_worth_and_refills_with_time() {
        let mut burst = Burst::default();
        assert!((0..5).all(|_| burst.take(0, "op", 5, at(0))));
        assert!(!burst.take(0, "op", 5, at(0)));
        assert!(burst.take(1, "op", 5, at(0)), "another site has its own bucket");
        assert!(!burst.take(0, "op", 5, at(199)));
        assert!(burst.take(0, "op", 5, at(200)));
    }

    #[test]
    fn an_issue_takes_20_writes_in_two_seconds_and_100_in_thirty() {
        let mut writes = IssueWrites::default();
        assert!((0..20).all(|_| writes.take(0, "1", at(0)).is_ok()));
        assert_eq!(writes.take(0, "1", at(500)), Err(2));
        assert_eq!(writes.take(0, "2", at(500)), Ok(()), "another issue is not slowed");
        for round in 1..5 {
            assert!((0..20).all(|_| writes.take(0, "1", at(round * 2000)).is_ok()));
        }
        assert_eq!(writes.take(0, "1", at(20_000)), Err(10));
        assert_eq!(writes.take(0, "1", at(30_000)), Ok(()));
    }

    #[test]
    fn rates_follow_the_published_list() {
        assert_eq!(steady_rate(&Method::GET, "/rest/api/3/project/search"), Some(100));
        assert_eq!(steady_rate(&Method::GET, "/rest/api/3/issue/{issueIdOrKey}"), Some(150));
        assert_eq!(steady_rate(&Method::PUT, "/rest/api/3/issue/{issueIdOrKey}"), Some(50));
        assert_eq!(
            steady_rate(&Method::GET, "/rest/servicedeskapi/servicedesk/{serviceDeskId}/customer"),
            Some(5)
        );
        assert_eq!(steady_rate(&Method::GET, "/wiki/api/v2/pages"), None);
    }
}
