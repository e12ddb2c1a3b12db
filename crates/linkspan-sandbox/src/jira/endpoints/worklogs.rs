//! Reading worklogs and changelogs.

use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use serde::Deserialize;

use super::issues::visible_issue;
use crate::{
    gateway::{AppState, Charge},
    jira::{
        body::JsonBody,
        json::Json,
        refusal::{Answer, Refusal},
        search::{Token, fingerprint},
        session::{Page, Session, ok},
    },
    world::{
        IssueId, Millis, WorklogId,
        jira::{History, Issue, Worklog},
    },
};

/// Most worklogs of a bulk read, and the page size of the feeds.
const MAX_LISTED: usize = 1_000;
/// The feeds leave out what happened this recently.
const HIDDEN_MS: Millis = 60_000;
/// Most issues of a bulk read of changelogs.
const MAX_CHANGELOG_ISSUES: usize = 1_000;
/// Most field ids of it.
const MAX_CHANGELOG_FIELDS: usize = 10;
/// Its largest page.
const MAX_HISTORIES: i64 = 10_000;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/worklog/updated", get(updated))
        .route("/worklog/deleted", get(deleted))
        .route("/worklog/list", post(list))
        .route("/issue/{issue}/changelog", get(changelog))
        .route("/issue/{issue}/changelog/list", post(changelog_list))
        .route("/changelog/bulkfetch", post(changelog_bulk))
}

pub(super) async fn of_issue(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let page = session.query.page(5_000, 5_000)?;
    let after = session.query.number("startedAfter")?;
    let before = session.query.number("startedBefore")?;
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible_issue(&view, &id_or_key)?;
    let mut worklogs: Vec<&Worklog> = view.visible_worklogs(&issue);
    worklogs.retain(|it| {
        after.is_none_or(|after| it.started > after) && before.is_none_or(|before| it.started < before)
    });
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("startAt").number(page.start);
            json.key("maxResults").number(page.size);
            json.key("total").number(worklogs.len());
            json.key("worklogs").array(|json| {
                page.of(&worklogs).iter().for_each(|worklog| view.worklog(json, issue.id, worklog));
            });
        });
    }))
}

pub(super) async fn one(Path((id_or_key, worklog)): Path<(String, String)>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible_issue(&view, &id_or_key)?;
    let id = WorklogId::parse(&worklog);
    let found = view.visible_worklogs(&issue).into_iter().find(|it| Some(it.id) == id);
    let found = found.ok_or_else(|| no_worklog(&worklog))?;
    Ok(ok(Charge::BASE, |json| view.worklog(json, issue.id, found)))
}

pub(super) fn no_worklog(id: &str) -> Refusal {
    Refusal::not_found(format!("Cannot find worklog with id: '{id}'."))
}

async fn updated(session: Session) -> Answer {
    let since = session.query.number("since")?.unwrap_or(0);
    let site = session.site().read();
    let view = session.view(&site);
    let mut changes: Vec<(Millis, WorklogId)> = Vec::new();
    for head in site.issue_ids().filter_map(|id| site.issue_head(id)) {
        // A worklog is never newer than its issue.
        if head.worklogs == 0 || head.updated < since || !site.can_see_issue(&view.reader, &head) {
            continue;
        }
        let Some(issue) = site.issue(head.id) else { continue };
        let seen = issue.worklogs.iter().filter(|it| site.can_see_worklog(&view.reader, &issue, it));
        changes.extend(seen.map(|worklog| (worklog.updated, worklog.id)));
    }
    Ok(feed(&session, "updated", since, changes))
}

async fn deleted(session: Session) -> Answer {
    let since = session.query.number("since")?.unwrap_or(0);
    let site = session.site().read();
    // Whoever asks sees every deletion: there is nothing left to be hidden.
    let changes = site.deleted_worklogs().iter().map(|(id, at)| (*at, *id)).collect();
    Ok(feed(&session, "deleted", since, changes))
}

/// One page of a feed, oldest first. A page is cut between instants, never within one.
fn feed(
    session: &Session,
    name: &str,
    since: Millis,
    mut changes: Vec<(Millis, WorklogId)>,
) -> axum::response::Response {
    let newest = session.now_ms().saturating_sub(HIDDEN_MS);
    changes.retain(|(at, _)| *at >= since && *at <= newest);
    changes.sort_unstable();
    let mut size = changes.len().min(MAX_LISTED);
    while size > 0 && size < changes.len() && changes[size].0 == changes[size - 1].0 {
        size += 1;
    }
    let page = &changes[..size];
    let is_last = size == changes.len();
    let until = page.last().map_or_else(|| since.max(newest), |(at, _)| *at);
    let url = &session.url;
    let prefix = session.version.prefix();
    let address = |since: Millis| format!("{url}{prefix}/worklog/{name}?since={since}");
    ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("values").array(|json| {
                for (at, id) in page {
                    json.object(|json| {
                        json.key("worklogId").number(id);
                        json.key("updatedTime").number(at);
                        json.key("properties").array(|_| {});
                    });
                }
            });
            json.key("since").number(since);
            json.key("until").number(until);
            json.key("self").string(&address(since));
            if !is_last {
                // `since` includes its instant, so the next page begins one millisecond later.
                json.key("nextPage").string(&address(until + 1));
            }
            json.key("lastPage").boolean(is_last);
        });
    })
}

#[derive(Debug, Deserialize)]
struct ListRequest {
    ids: Vec<u64>,
}

async fn list(session: Session, body: JsonBody) -> Answer {
    let request: ListRequest = body.read()?;
    if request.ids.len() > MAX_LISTED {
        return Err(Refusal::bad_request(format!("At most {MAX_LISTED} worklog ids can be requested.")));
    }
    let site = session.site().read();
    let view = session.view(&site);
    let found =
        request.ids.into_iter().filter_map(|id| site.worklog(WorklogId(id))).filter(|(issue, worklog)| {
            site.can_see_issue(&view.reader, &issue.head())
                && site.can_see_worklog(&view.reader, issue, worklog)
        });
    Ok(ok(Charge::BASE, |json| {
        json.array(|json| found.for_each(|(issue, worklog)| view.worklog(json, issue.id, &worklog)));
    }))
}

async fn changelog(Path(id_or_key): Path<String>, session: Session) -> Answer {
    let page = session.query.page(100, 100)?;
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible_issue(&view, &id_or_key)?;
    Ok(ok(Charge::BASE, |json| {
        page.write(json, &session, &issue.changelog, |json, history| view.history(json, history, None));
    }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChangelogIds {
    changelog_ids: Vec<u64>,
}

async fn changelog_list(Path(id_or_key): Path<String>, session: Session, body: JsonBody) -> Answer {
    let request: ChangelogIds = body.read()?;
    let site = session.site().read();
    let view = session.view(&site);
    let issue = visible_issue(&view, &id_or_key)?;
    let found: Vec<&History> =
        issue.changelog.iter().filter(|it| request.changelog_ids.contains(&it.id.0)).collect();
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("startAt").number(0);
            json.key("maxResults").number(found.len());
            json.key("total").number(found.len());
            json.key("histories")
                .array(|json| found.iter().for_each(|history| view.history(json, history, None)));
        });
    }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BulkRequest {
    issue_ids_or_keys: Vec<String>,
    field_ids: Option<Vec<String>>,
    max_results: Option<i64>,
    next_page_token: Option<String>,
}

async fn changelog_bulk(session: Session, body: JsonBody) -> Answer {
    let request: BulkRequest = body.read()?;
    if request.issue_ids_or_keys.is_empty() || request.issue_ids_or_keys.len() > MAX_CHANGELOG_ISSUES {
        return Err(Refusal::bad_request(format!(
            "Between 1 and {MAX_CHANGELOG_ISSUES} issues can be requested."
        )));
    }
    let fields = request.field_ids.as_deref().filter(|fields| !fields.is_empty());
    if fields.is_some_and(|fields| fields.len() > MAX_CHANGELOG_FIELDS) {
        return Err(Refusal::bad_request(format!(
            "At most {MAX_CHANGELOG_FIELDS} field ids can be requested."
        )));
    }
    let size = request.max_results.unwrap_or(1_000);
    if !(1..=MAX_HISTORIES).contains(&size) {
        return Err(Refusal::bad_request(format!(
            "The value of maxResults must be between 1 and {MAX_HISTORIES}."
        )));
    }
    let bound = fingerprint(&[
        session.site().cloud_id(),
        &request.issue_ids_or_keys.join("\n"),
        &fields.map_or_else(String::new, |fields| fields.join("\n")),
        &size.to_string(),
    ]);
    let bad_token = || Refusal::bad_request("The provided nextPageToken is invalid or has expired.");
    let token = match request.next_page_token.as_deref().filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(Token::decode(text).filter(|it| it.fingerprint == bound).ok_or_else(bad_token)?),
    };
    if token.is_some_and(|token| token.is_expired(session.now_ms())) {
        return Err(bad_token());
    }
    let jira = session.site().read();
    let view = session.view(&jira);
    let mut ids: Vec<IssueId> =
        request.issue_ids_or_keys.iter().filter_map(|name| jira.find_issue(name)).collect();
    ids.sort_unstable();
    ids.dedup();
    let wanted = |history: &History| {
        fields.is_none_or(|fields| {
            history.items.iter().any(|item| fields.iter().any(|field| **field == *item.field_id))
        })
    };
    let issues = ids.into_iter().filter_map(|id| super::issues::visible_by_id(&view, id).ok());
    // The pages run over the histories of all issues together: issue by issue, oldest first.
    let all: Vec<_> = issues
        .map(|issue| {
            let kept: Vec<usize> =
                (0..issue.changelog.len()).filter(|at| wanted(&issue.changelog[*at])).collect();
            (issue, kept)
        })
        .collect();
    let total: usize = all.iter().map(|(_, kept)| kept.len()).sum();
    let start = token.map_or(0, |token| usize::try_from(token.offset).unwrap_or(usize::MAX)).min(total);
    let page = Page { start, size: session.query.capped(usize::try_from(size).unwrap_or(1)) };
    let end = start.saturating_add(page.size).min(total);
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("issueChangeLogs").array(|json| {
                let mut passed = 0;
                for (issue, kept) in &all {
                    let from = start.saturating_sub(passed).min(kept.len());
                    let to = end.saturating_sub(passed).min(kept.len());
                    passed += kept.len();
                    if from < to {
                        issue_histories(json, issue, &kept[from..to], &mut |json, history| {
                            view.history(json, history, fields);
                        });
                    }
                }
            });
            if end < total {
                let token = Token {
                    lineage: 0,
                    fingerprint: bound,
                    offset: end as u64,
                    last: IssueId(0),
                    issued: view.now,
                };
                json.key("nextPageToken").string(&token.encode());
            }
        });
    }))
}

fn issue_histories(
    json: &mut Json,
    issue: &Issue,
    kept: &[usize],
    write: &mut dyn FnMut(&mut Json, &History),
) {
    json.object(|json| {
        json.key("issueId").plain(issue.id);
        json.key("changeHistories")
            .array(|json| kept.iter().for_each(|at| write(json, &issue.changelog[*at])));
    });
}
