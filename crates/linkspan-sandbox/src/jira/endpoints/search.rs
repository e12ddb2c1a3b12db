//! `search/jql`, `search/approximate-count`, the removed `search`, `issue/picker` and the JQL helpers.

use std::sync::Arc;

use axum::{
    Extension, Router,
    routing::{get, post},
};
use http::StatusCode;
use serde::Deserialize;

use super::jql_tools;
use crate::{
    gateway::{AppState, Charge},
    jira::{
        body::JsonBody,
        json::Json,
        refusal::{Answer, Refusal},
        search::{self, Index, Snapshot, Snapshots, Token},
        session::{Session, json_answer, ok},
        view::{Embedded, Expansions, Selection, SelectionDefault, View},
    },
    world::IssueId,
};

/// Largest page when only ids and keys are wanted.
const MAX_IDENTITIES: usize = 5_000;
/// Largest page otherwise: what is asked for beyond is left to the next page.
const MAX_ISSUES: usize = 100;
/// Most issues that may be named in `reconcileIssues`.
const MAX_RECONCILED: usize = 50;
/// Most entity properties that may be asked for.
const MAX_PROPERTIES: usize = 5;
/// Longest query text.
const MAX_QUERY_BYTES: usize = 100_000;

/// The body of the removed `search`.
const REMOVED: &str = "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full \
                       migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046";

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/search/jql", get(get_search).post(post_search))
        .route("/search/approximate-count", post(approximate_count))
        .route("/search", get(removed).post(removed))
        .merge(jql_tools::routes())
}

/// A search, however it was asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SearchRequest {
    jql: Option<String>,
    next_page_token: Option<String>,
    max_results: Option<i64>,
    fields: Option<Vec<String>>,
    expand: Option<String>,
    properties: Option<Vec<String>>,
    /// Keys of fields equal their ids here, so this changes nothing.
    #[serde(rename = "fieldsByKeys")]
    _fields_by_keys: Option<bool>,
    /// A field that cannot be read would be left out instead of failing the search; here every field can be read.
    #[serde(rename = "failFast")]
    _fail_fast: Option<bool>,
    reconcile_issues: Option<Vec<u64>>,
}

/// The search that a query string asks for.
fn of_query(session: &Session) -> Result<SearchRequest, Refusal> {
    let query = &session.query;
    let owned = |items: Vec<&str>| items.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let reconciled = query.list("reconcileIssues").into_iter().map(|id| {
        id.parse().map_err(|_| {
            Refusal::bad_request(format!("The issue id '{id}' in reconcileIssues is not a number."))
        })
    });
    Ok(SearchRequest {
        jql: query.text("jql").map(str::to_owned),
        next_page_token: query.text("nextPageToken").map(str::to_owned),
        max_results: query.number("maxResults")?,
        fields: Some(owned(query.list("fields"))),
        expand: Some(query.list("expand").join(",")),
        properties: Some(owned(query.list("properties"))),
        _fields_by_keys: None,
        _fail_fast: None,
        reconcile_issues: Some(reconciled.collect::<Result<_, _>>()?),
    })
}

async fn get_search(Extension(snapshots): Extension<Arc<Snapshots>>, session: Session) -> Answer {
    run(&snapshots, &session, of_query(&session)?, None)
}

/// The token-paged issues of a board, sprint or epic: those of a fixed restriction, narrowed by the caller's own query.
pub(in crate::jira) fn walk_within(snapshots: &Snapshots, session: &Session, restriction: &str) -> Answer {
    run(snapshots, session, of_query(session)?, Some(restriction))
}

async fn post_search(
    Extension(snapshots): Extension<Arc<Snapshots>>,
    session: Session,
    body: JsonBody,
) -> Answer {
    run(&snapshots, &session, body.read()?, None)
}

/// Refusals come in the order token, page size, query (`atlassian-endpoints.md` 3.1).
fn run(
    snapshots: &Snapshots,
    session: &Session,
    request: SearchRequest,
    restriction: Option<&str>,
) -> Answer {
    let token = match request.next_page_token.as_deref().filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(Token::decode(text).ok_or_else(bad_token)?),
    };
    let wanted = request.max_results.unwrap_or(50);
    if !(1..=5_000).contains(&wanted) {
        return Err(Refusal::bad_request(format!(
            "The value of maxResults must be between 1 and 5000, but was {wanted}."
        )));
    }
    let jql = request.jql.unwrap_or_default();
    if jql.len() > MAX_QUERY_BYTES {
        return Err(Refusal::bad_request(format!("The JQL query is longer than {MAX_QUERY_BYTES} bytes.")));
    }
    let properties = request.properties.unwrap_or_default();
    if properties.len() > MAX_PROPERTIES {
        return Err(Refusal::bad_request(format!(
            "At most {MAX_PROPERTIES} issue properties can be requested."
        )));
    }
    let reconciled: Vec<IssueId> =
        request.reconcile_issues.unwrap_or_default().into_iter().map(IssueId).collect();
    if reconciled.len() > MAX_RECONCILED {
        return Err(Refusal::bad_request(format!("At most {MAX_RECONCILED} issues can be reconciled.")));
    }
    let site = session.site().read();
    let view = session.view(&site);
    let fields = request.fields.unwrap_or_default();
    let default = if restriction.is_some() { SelectionDefault::All } else { SelectionDefault::Id };
    let selection = Selection::parse(&fields, default, site.jira());
    let expand = Expansions::parse(&[request.expand.as_deref().unwrap_or_default()], properties);
    let fingerprint = search::fingerprint(&[
        session.site().cloud_id(),
        session.account().map_or("", |account| account.account_id.as_str()),
        &jql,
        restriction.unwrap_or_default(),
        &wanted.to_string(),
        &format!("{reconciled:?}"),
    ]);
    if token.is_some_and(|token| token.fingerprint != fingerprint || token.is_expired(view.now)) {
        return Err(bad_token());
    }
    let kept = token.and_then(|token| snapshots.get(token.lineage, fingerprint));
    let snapshot = if let Some(kept) = kept {
        kept
    } else {
        let bound = match restriction {
            Some(restriction) => search::prepare_within(&view, &jql, restriction)?,
            None => search::prepare(&view, &jql, false)?,
        };
        let index = Index::now(&view, session.state.settings().index_lag(), reconciled);
        snapshots.keep(fingerprint, search::ids(&view, &index, &bound))
    };
    let identities = selection.bare().is_some() && expand == Expansions::default();
    let most = if identities { MAX_IDENTITIES } else { MAX_ISSUES };
    let page_size = session.query.capped(usize::try_from(wanted).unwrap_or(most).min(most));
    Ok(page(snapshots, &view, &Walk { snapshot, token, page_size }, &selection, &expand))
}

/// One page of a walk.
struct Walk {
    snapshot: Arc<Snapshot>,
    token: Option<Token>,
    page_size: usize,
}

impl Walk {
    /// Where the page begins: behind the last id returned, or where it was if that is gone.
    fn start(&self) -> usize {
        let Some(token) = self.token else { return 0 };
        let ids = &self.snapshot.ids;
        let offset = usize::try_from(token.offset).unwrap_or(usize::MAX).min(ids.len());
        if offset > 0 && ids.get(offset - 1) == Some(&token.last) {
            return offset;
        }
        ids.iter().position(|id| *id == token.last).map_or(offset, |at| at + 1)
    }
}

fn page(
    snapshots: &Snapshots,
    view: &View<'_>,
    walk: &Walk,
    selection: &Selection,
    expand: &Expansions,
) -> axum::response::Response {
    let Walk { snapshot, page_size, .. } = walk;
    let mut at = walk.start();
    let mut returned = 0;
    // An empty page leaves the walk where it was.
    let mut last = walk.token.map_or(IssueId(0), |token| token.last);
    let visibility = search::Visibility::new(view.site, &view.reader);
    let mut json =
        Json::with_capacity(if selection.bare().is_some() { page_size * 40 } else { page_size * 6_000 });
    json.object(|json| {
        json.key("issues").array(|json| {
            // What was deleted or hidden since the walk began is passed over.
            while returned < *page_size && at < snapshot.ids.len() {
                let id = snapshot.ids[at];
                at += 1;
                let Some(head) = view.site.issue_head(id).filter(|head| visibility.finds(head)) else {
                    continue;
                };
                if let (Some(with_key), true) = (selection.bare(), *expand == Expansions::default()) {
                    view.issue_identity(json, head.id, with_key);
                } else if let Some(issue) = view.site.issue(id) {
                    view.issue(json, &issue, selection, &expand.without_catalogue(), Embedded::IN_LISTS);
                } else {
                    continue;
                }
                returned += 1;
                last = id;
            }
        });
        let is_last = at >= snapshot.ids.len();
        if is_last {
            snapshots.forget(snapshot.lineage);
        } else {
            let token = Token {
                lineage: snapshot.lineage,
                fingerprint: snapshot.fingerprint,
                offset: at as u64,
                last,
                issued: view.now,
            };
            json.key("nextPageToken").string(&token.encode());
        }
        json.key("isLast").boolean(is_last);
        if expand.names {
            json.key("names");
            view.names(json, selection);
        }
        if expand.schema {
            json.key("schema");
            view.schemas(json, selection);
        }
    });
    json_answer(StatusCode::OK, json.finish(), Charge::core(returned))
}

fn bad_token() -> Refusal {
    Refusal::bad_request("The provided nextPageToken is invalid or has expired.")
}

#[derive(Debug, Deserialize)]
struct CountRequest {
    #[serde(default)]
    jql: String,
}

async fn approximate_count(session: Session, body: JsonBody) -> Answer {
    let request: CountRequest = body.read()?;
    let site = session.site().read();
    let view = session.view(&site);
    let bound = search::prepare(&view, &request.jql, false)?;
    let index = Index::now(&view, session.state.settings().index_lag(), Vec::new());
    let count = search::count(&view, &index, &bound);
    Ok(ok(Charge::BASE, |json| json.object(|json| json.key("count").number(count))))
}

async fn removed() -> Answer {
    Err(Refusal::new(StatusCode::GONE, REMOVED))
}
