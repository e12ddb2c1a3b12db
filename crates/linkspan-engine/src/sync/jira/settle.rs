//! Windows of time in which everything that changed is made sure to be stored.
//!
//! Upstream's search shows changes late: mostly by seconds, sometimes by hours (hazard S2). A reading of what changed since the
//! last one therefore is not proof. Behind it go slower readers: each looks at what changed up to some time ago, once. A window is
//! looked at by listing, with nothing but their versions, the issues that are not stored in the version that they have there: a
//! point, and one for each that is found. Those are read by id.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::calls::jira;
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{JiraContext, PageProblem};
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::query::{Jql, JqlOrder};
use linkspan_model::ids::RecordId;
use linkspan_model::record::Model;
use serde::Deserialize;

use super::super::retreat::Retreat;
use super::super::run::Run;
use super::hinted;
use crate::error::EngineError;

/// Issues listed at a time, with nothing but their versions.
const VERSIONS_PER_PAGE: u32 = 1_000;

/// Stored issues that one question leaves out, each up to its own version. Written out, they have to fit into an address.
const KNOWN_ALONE: u32 = 80;
/// The same where those that changed after one another share the latest of their versions.
const KNOWN_IN_SHARES: u32 = 400;
/// How many share one then.
const SHARE: usize = 20;

/// Refused questions after which the rest of a window is listed whole.
const REFUSALS: u32 = 24;

/// How a slow reader looks at its windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// What is stored in the version that it has there is left out of the list.
    Differing,
    /// The same at a fifth of the price under load: among more than [`KNOWN_ALONE`], what changed again at the same time as its
    /// neighbours may be taken for known.
    Roughly,
    /// Every issue is listed, and its version compared here: to the millisecond, which upstream's search may not keep to.
    Versions,
}

/// A window of time by which issues were last changed. Without an end it reaches to the present.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) from: Timestamp,
    pub(super) to: Option<Timestamp>,
}

impl Window {
    fn jql(self) -> Jql {
        let jql = Jql::new().updated_since(self.from);
        match self.to {
            Some(to) => jql.updated_before(to),
            None => jql,
        }
    }
}

impl Run {
    /// Whether upstream tells of changes of the source.
    pub(super) async fn is_told_of_changes(&self) -> Result<bool, EngineError> {
        let live = self.inner.store.live_source(self.id()).await?;
        let ends = live.and_then(|live| live.expires_at);
        Ok(ends.is_some_and(|ends| ends > self.inner.clock.now()))
    }

    /// Notes that a reading found changes of which no delivery had told (hazard W7).
    pub(super) async fn note_missed(&self, count: u64, since: Timestamp) -> Result<(), EngineError> {
        tracing::info!(source.id = %self.id(), count, "reading found changes of which upstream had not told yet");
        let now = self.inner.clock.now();
        Ok(self.inner.store.note_missed_deliveries(self.id(), count, since, now).await?)
    }
}

/// Makes sure that everything that changed in a window is stored; how many issues were not.
pub(super) async fn window(
    run: &Run,
    ctx: &Arc<JiraContext>,
    window: Window,
    proof: Proof,
) -> Result<u64, EngineError> {
    if proof == Proof::Versions {
        return list(run, ctx, window, &[]).await;
    }
    let (mut from, mut repaired) = (window.from, 0);
    loop {
        let bounds = (from, window.to);
        let most = if proof == Proof::Roughly { KNOWN_IN_SHARES } else { KNOWN_ALONE };
        let mut known = run.inner.store.changed(run.id(), Model::Ticket, bounds, most).await?;
        let last = known.last().map(|(_, version)| *version);
        let Some(last) = last.filter(|_| known.len() >= most as usize) else {
            return Ok(repaired + differing_in(run, ctx, Window { from, ..window }, known).await?);
        };
        // What changed at the same moment stays together; more than fit are listed with the rest of that moment.
        let to = if last > from { last } else { last + SignedDuration::from_millis(1) };
        known.retain(|(_, version)| *version < to);
        repaired += differing_in(run, ctx, Window { from, to: Some(to) }, known).await?;
        from = to;
    }
}

/// Reads what changed in a window and differs from what is stored; how many that was. Upstream refuses a question that names an
/// issue which is gone by now: then each half of the window is asked for by itself, and the part where that issue stands is
/// listed whole.
async fn differing_in(
    run: &Run,
    ctx: &Arc<JiraContext>,
    window: Window,
    known: Vec<(String, Timestamp)>,
) -> Result<u64, EngineError> {
    let (mut repaired, mut refused) = (0, 0);
    let mut parts = vec![(window, known)];
    while let Some((window, mut known)) = parts.pop() {
        match list(run, ctx, window, &known).await {
            Err(EngineError::Call(CallError::BadRequest { .. })) if !known.is_empty() => {
                refused += 1;
                let middle = known.get(known.len() / 2).map_or(window.from, |(_, version)| *version);
                let behind = known.partition_point(|(_, version)| *version < middle);
                if behind == 0 || refused > REFUSALS {
                    parts.push((window, Vec::new()));
                } else {
                    let later = known.split_off(behind);
                    parts.push((Window { from: middle, ..window }, later));
                    parts.push((Window { to: Some(middle), ..window }, known));
                }
            }
            listed => repaired += listed?,
        }
    }
    Ok(repaired)
}

/// Lists what changed in a window, but for what is stored as it was then, and reads what differs from what is stored; how many
/// those were.
async fn list(
    run: &Run,
    ctx: &Arc<JiraContext>,
    window: Window,
    known: &[(String, Timestamp)],
) -> Result<u64, EngineError> {
    let mut repaired = 0;
    let mut reached = window.from;
    let mut retreat = Retreat::new(VERSIONS_PER_PAGE, CallError::is_size);
    // The bounds stay as they are while the list is walked; an issue that changes meanwhile leaves it for a later window.
    let begin = |from: Timestamp, size| {
        let jql = left_out(known)
            .into_iter()
            .fold(Window { from, ..window }.jql(), |jql, (ids, upto)| jql.but_known(ids, upto));
        let jql = jql.order_by(JqlOrder::UpdatedAscending).order_by(JqlOrder::IdAscending);
        let params = Params::new().query("jql", jql.to_string()).query("fields", "updated");
        run.client.pager(&jira::SEARCH_JQL, params, Some(size))
    };
    let mut pager = begin(reached, retreat.size);
    loop {
        let page = match run.client.next(&jira::SEARCH_JQL, &mut pager).await {
            Ok(Some(page)) => page,
            Ok(None) => return Ok(repaired),
            Err(error) => {
                retreat.from(error, Some(reached.as_millisecond()))?;
                pager = begin(reached, retreat.size);
                continue;
            }
        };
        let listed = versions(&page.reply.body)?;
        if let Some((_, updated)) = listed.last() {
            reached = reached.max(*updated);
        }
        let differing = differing(run, &listed).await?;
        let ids: Vec<&str> = differing.iter().map(String::as_str).collect();
        if !ids.is_empty() {
            // What is listed and not found by id is gone again.
            repaired += hinted::by_ids(run, Arc::clone(ctx), &ids).await?.found.len() as u64;
        }
    }
}

/// What a question leaves out: ids, each with the version up to which it is known. `known` is in the order of versions.
fn left_out(known: &[(String, Timestamp)]) -> Vec<(Vec<u64>, Timestamp)> {
    let share = if known.len() <= KNOWN_ALONE as usize { 1 } else { SHARE };
    let of_share = |part: &[(String, Timestamp)]| {
        let (_, upto) = part.last()?;
        Some((part.iter().filter_map(|(id, _)| id.parse().ok()).collect(), *upto))
    };
    known.chunks(share).filter_map(of_share).collect()
}

/// The issues of a page with their versions.
fn versions(body: &[u8]) -> Result<Vec<(String, Timestamp)>, EngineError> {
    #[derive(Deserialize)]
    struct Page {
        issues: Vec<Issue>,
    }
    #[derive(Deserialize)]
    struct Issue {
        id: String,
        #[serde(default)]
        fields: Fields,
    }
    #[derive(Default, Deserialize)]
    struct Fields {
        #[serde(default)]
        updated: Option<String>,
    }
    let page: Page = serde_json::from_slice(body).map_err(PageProblem::NotJson)?;
    let version = |issue: Issue| {
        let text = issue.fields.updated.unwrap_or_default();
        let time = jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", &text).ok();
        // One without a version that can be read differs from whatever is stored.
        (issue.id, time.and_then(|time| time.to_timestamp().ok()).unwrap_or(Timestamp::MIN))
    };
    Ok(page.issues.into_iter().map(version).collect())
}

/// The listed issues of which another version is stored, or none. A newer one is no reason to read: the index lags.
async fn differing(run: &Run, listed: &[(String, Timestamp)]) -> Result<Vec<String>, EngineError> {
    let id_of = |remote_id: &str| RecordId::of(run.id(), Model::Ticket, remote_id);
    let ids: Vec<RecordId> = listed.iter().map(|(id, _)| id_of(id)).collect();
    let stored: HashMap<RecordId, Option<Timestamp>> = run.inner.store.versions_of(run.id(), &ids).await?;
    let differs = |(id, updated): &&(String, Timestamp)| match stored.get(&id_of(id)) {
        Some(Some(version)) => *updated > *version || *updated == Timestamp::MIN,
        Some(None) | None => true,
    };
    Ok(listed.iter().filter(differs).map(|(id, _)| id.clone()).collect())
}

/// How far behind the present a slow reader goes, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct SlowReader {
    /// The name of its cursor.
    pub(super) name: &'static str,
    pub(super) lag: SignedDuration,
    pub(super) proof: Proof,
}

/// The slow readers. `index_lag` is how late upstream's search may show a change.
pub(super) fn slow_readers(index_lag: SignedDuration) -> [SlowReader; 3] {
    [
        SlowReader {
            name: "minutes",
            lag: SignedDuration::from_mins(15).min(index_lag),
            proof: Proof::Differing,
        },
        // Here nothing is left to how finely upstream's search tells versions apart.
        SlowReader { name: "index", lag: index_lag, proof: Proof::Versions },
        SlowReader { name: "late", lag: index_lag * 3, proof: Proof::Differing },
    ]
}

/// The window that a slow reader has to look at, once it is worth a look: a quarter of how far it stays behind.
pub(super) fn due_window(reader: SlowReader, settled_until: Timestamp, now: Timestamp) -> Option<Window> {
    let to = now - reader.lag;
    let is_due = to.duration_since(settled_until) >= reader.lag / 4;
    is_due.then_some(Window { from: settled_until, to: Some(to) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn s2_the_windows_of_a_slow_reader_join_without_a_gap_and_none_reaches_into_its_lag() {
        let reader = slow_readers(SignedDuration::from_hours(12))[1];
        assert_eq!(reader.lag, SignedDuration::from_hours(12));
        let mut settled = at(0);
        let mut windows = Vec::new();
        for minute in 0..3 * 24 * 60 {
            let now = at(minute * 60);
            if let Some(window) = due_window(reader, settled, now) {
                assert_eq!(window.from, settled);
                let to = window.to.unwrap();
                assert_eq!(now.duration_since(to), reader.lag);
                settled = to;
                windows.push(window);
            }
        }
        assert_eq!(windows.len(), 19, "one in three hours, once twelve have passed");
    }

    #[test]
    fn s4_few_known_versions_are_left_out_alone_and_many_together_with_those_next_to_them() {
        let known = |count: i64| (1..=count).map(|n| (n.to_string(), at(n))).collect::<Vec<_>>();
        assert_eq!(left_out(&known(2)), [(vec![1], at(1)), (vec![2], at(2))]);
        assert_eq!(left_out(&known(80)).len(), 80);
        let many = left_out(&known(81));
        assert_eq!((many.len(), &many[0]), (5, &((1..=20).collect(), at(20))));
        assert_eq!(many.last(), Some(&(vec![81], at(81))));
        assert!(left_out(&[]).is_empty());
    }

    #[test]
    fn versions_that_cannot_be_read_differ_from_any() {
        let body =
            br#"{"issues":[{"id":"1","fields":{"updated":"2026-01-02T03:04:05.678+0000"}},{"id":"2"}]}"#;
        let read = versions(body).unwrap();
        assert_eq!(read[0], ("1".to_owned(), Timestamp::from_millisecond(1_767_323_045_678).unwrap()));
        assert_eq!(read[1], ("2".to_owned(), Timestamp::MIN));
    }
}
