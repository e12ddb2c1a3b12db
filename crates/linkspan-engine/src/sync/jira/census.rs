//! How the projects of a site are counted, walked and looked into.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use linkspan_atlassian::calls::{Feature, jira};
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{JiraContext, PageProblem, project_page};
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::query::{Jql, JqlOrder};
use linkspan_model::access::{AccessRule, Gate, RuleKey};
use linkspan_model::ids::RecordId;
use linkspan_model::record::Model;
use linkspan_store::{LedgerRow, StoredAccess};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;

use super::super::census::{self, ListedContainer, ListedId, Lists, Look, Section};
use super::super::run::{Run, text};
use super::hinted;
use crate::error::EngineError;

/// Ids in a page of a walk: what upstream gives when nothing else is asked (`atlassian-platform.md` 6.1).
const IDS_PER_PAGE: u32 = 5_000;
/// Issues read by id in one call (`atlassian-platform.md` 6.2).
const ISSUES_PER_BULK: usize = 100;
/// Issues of which a search can be told not to lag (`atlassian-platform.md` 6.1).
const RECONCILED: usize = 50;

/// Whether a census is to be taken now.
pub(super) async fn is_due(run: &Run) -> Result<bool, EngineError> {
    let is_open = run.wants(Feature::Tickets)
        && [&jira::SEARCH_JQL, &jira::PROJECT_SEARCH, &jira::ISSUE_BULKFETCH]
            .iter()
            .all(|call| run.opens(call));
    Ok(is_open && census::is_due(run, Model::Ticket).await?)
}

/// Takes the census of the projects that are due.
pub(super) async fn take(run: &Run, ctx: &Arc<JiraContext>) -> Result<(), EngineError> {
    census::take(run, &Projects { run, ctx: Mutex::new(Arc::clone(ctx)) }).await
}

/// Takes in the list of projects, all pages of it.
pub(super) async fn settle_projects(run: &Run, pages: &[String]) -> Result<(), EngineError> {
    #[derive(Deserialize)]
    struct List {
        values: Vec<Listed>,
    }
    #[derive(Deserialize)]
    struct Listed {
        id: String,
        #[serde(default)]
        archived: bool,
    }
    let mut listed = Vec::new();
    for page in pages {
        let list: List = serde_json::from_str(page).map_err(PageProblem::NotJson)?;
        let container = |one: Listed| ListedContainer { remote_id: one.id, is_archived: one.archived };
        listed.extend(list.values.into_iter().map(container));
    }
    let pages = run.pages(&jira::PROJECT_SEARCH, Params::new().query("status", "deleted"), Some(50));
    let ctx = JiraContext::new(run.id(), run.source.site_url.clone());
    let trash = move || {
        async move {
            let mut pages = pages;
            let mut ids = HashSet::new();
            loop {
                match pages.next().await {
                    Ok(Some(page)) => ids.extend(project_page(&page, &ctx)?.ids),
                    Ok(None) => return Ok(Some(ids)),
                    // Not everybody may see the trash.
                    Err(EngineError::Call(
                        CallError::Forbidden { .. }
                        | CallError::NotFound { .. }
                        | CallError::BadRequest { .. },
                    )) => return Ok(None),
                    Err(error) => return Err(error),
                }
            }
        }
        .boxed()
    };
    census::settle_containers(run, (Model::Collection, Model::Ticket), &listed, trash).await
}

/// The projects of a site.
struct Projects<'a> {
    run: &'a Run,
    /// Learns levels and names as issues are read.
    ctx: Mutex<Arc<JiraContext>>,
}

/// Issues in an answer, with as much as a census asks for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    issues: Vec<FoundIssue>,
    /// Issues that upstream could not read this time.
    #[serde(default)]
    issue_errors: Vec<FoundIssue>,
}

#[derive(Deserialize)]
struct FoundIssue {
    id: String,
    #[serde(default)]
    fields: Option<FoundFields>,
}

#[derive(Deserialize)]
struct FoundFields {
    #[serde(default)]
    project: Option<FoundProject>,
}

#[derive(Deserialize)]
struct FoundProject {
    id: String,
}

fn found_in(json: &str) -> Result<Found, EngineError> {
    Ok(serde_json::from_str(json).map_err(PageProblem::NotJson)?)
}

fn number(id: &str) -> Result<u64, EngineError> {
    id.parse().map_err(|_| EngineError::Invalid(format!("the issue id `{id}` is no number")))
}

fn jql_of(row: &LedgerRow) -> Result<Jql, EngineError> {
    let project = row
        .remote_id
        .parse()
        .map_err(|_| EngineError::Invalid(format!("the project id `{}` is no number", row.remote_id)))?;
    Ok(Jql::new().projects([project]))
}

impl Projects<'_> {
    /// Of issues that are where they were: those that a search finds when it is told not to lag. What it does not find is
    /// archived.
    async fn searched(&self, ids: &[u64]) -> Result<BTreeSet<u64>, EngineError> {
        let jql = Jql::new().ids(ids.iter().copied()).to_string();
        let params = Params::new().query("jql", jql).query("fields", "id").query("maxResults", "100");
        let params = ids.iter().fold(params, |params, id| params.query("reconcileIssues", id.to_string()));
        match self.run.client.call(&jira::SEARCH_JQL, &params).await {
            Ok(reply) => found_in(text(&reply.body)?)?.issues.iter().map(|issue| number(&issue.id)).collect(),
            // A search that names an issue which it cannot find may be refused for that: then each is asked for alone.
            Err(EngineError::Call(CallError::BadRequest { .. })) if ids.len() > 1 => {
                let mut found = BTreeSet::new();
                for id in ids {
                    found.extend(Box::pin(self.searched(std::slice::from_ref(id))).await?);
                }
                Ok(found)
            }
            Err(EngineError::Call(CallError::BadRequest { .. })) => Ok(BTreeSet::new()),
            Err(error) => Err(error),
        }
    }

    async fn look_at(&self, row: &LedgerRow, ids: &[u64]) -> Result<HashMap<u64, Look>, EngineError> {
        let names: Vec<String> = ids.iter().map(u64::to_string).collect();
        let params = Params::new().body(json!({ "issueIdsOrKeys": names, "fields": ["project"] }));
        let reply = self.run.client.call(&jira::ISSUE_BULKFETCH, &params).await?;
        let found = found_in(text(&reply.body)?)?;
        let mut looks = HashMap::new();
        let mut here = Vec::new();
        for issue in found.issues {
            let id = number(&issue.id)?;
            match issue.fields.and_then(|fields| fields.project) {
                Some(project) if project.id == row.remote_id => here.push(id),
                Some(_) => drop(looks.insert(id, Look::Elsewhere)),
                None => drop(looks.insert(id, Look::Untold)),
            }
        }
        for issue in found.issue_errors {
            looks.insert(number(&issue.id)?, Look::Untold);
        }
        for part in here.chunks(RECONCILED) {
            let searched = self.searched(part).await?;
            let look = |id| if searched.contains(id) { Look::Here } else { Look::Archived };
            looks.extend(part.iter().map(|id| (*id, look(id))));
        }
        Ok(looks)
    }

    async fn read_bulk(&self, ids: &[u64]) -> Result<BTreeSet<u64>, EngineError> {
        let names: Vec<String> = ids.iter().map(u64::to_string).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let ctx = Arc::clone(&*self.ctx.lock().await);
        let read = hinted::by_ids(self.run, ctx, &names).boxed().await?;
        Ok(read.found.iter().filter_map(|id| id.parse().ok()).collect())
    }
}

impl Lists for Projects<'_> {
    fn model(&self) -> Model {
        Model::Ticket
    }

    fn shows_archived(&self) -> bool {
        false
    }

    fn is_read<'a>(&'a self, row: &'a LedgerRow) -> BoxFuture<'a, Result<bool, EngineError>> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Checkpoint {
            complete: bool,
        }
        async move {
            let name = format!("issues/{}", row.remote_id);
            Ok(self.run.checkpoint::<Checkpoint>(&name).await?.unwrap_or_default().complete)
        }
        .boxed()
    }

    fn count<'a>(&'a self, row: &'a LedgerRow) -> BoxFuture<'a, Result<Option<u64>, EngineError>> {
        #[derive(Deserialize)]
        struct Counted {
            count: u64,
        }
        async move {
            if !self.run.opens(&jira::APPROXIMATE_COUNT) {
                return Ok(None);
            }
            let params = Params::new().body(json!({ "jql": jql_of(row)?.to_string() }));
            match self.run.client.call(&jira::APPROXIMATE_COUNT, &params).await {
                Ok(reply) => Ok(Some(reply.json::<Counted>()?.count)),
                // The project is out of sight: what that means is told by the list of projects.
                Err(EngineError::Call(CallError::BadRequest { .. })) => Ok(None),
                Err(error) => Err(error),
            }
        }
        .boxed()
    }

    fn sections<'a>(&'a self, row: &'a LedgerRow) -> BoxFuture<'a, Result<Vec<Section>, EngineError>> {
        async move {
            let jql = jql_of(row)?.order_by(JqlOrder::IdAscending);
            let params = Params::new().query("jql", jql.to_string()).query("fields", "id");
            Ok(vec![Section { call: &jira::SEARCH_JQL, params, page_size: IDS_PER_PAGE }])
        }
        .boxed()
    }

    fn ids(&self, page: &str) -> Result<Vec<ListedId>, EngineError> {
        let listed = |issue: FoundIssue| {
            Ok(ListedId { id: number(&issue.id)?, is_archived: false, changed_at: None, host: None })
        };
        found_in(page)?.issues.into_iter().map(listed).collect()
    }

    fn is_listed<'a>(&'a self, row: &'a LedgerRow) -> BoxFuture<'a, Result<bool, EngineError>> {
        async move {
            let params = Params::new().query("action", "browse").query("id", row.remote_id.as_str());
            let pages = self.run.pages(&jira::PROJECT_SEARCH, params, None).all().await?;
            let ctx = JiraContext::new(self.run.id(), self.run.source.site_url.clone());
            for page in &pages {
                if project_page(page, &ctx)?.ids.contains(&row.remote_id) {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        .boxed()
    }

    fn ids_per_call(&self) -> usize {
        ISSUES_PER_BULK
    }

    fn read<'a>(&'a self, ids: &'a [u64]) -> BoxFuture<'a, Result<BTreeSet<u64>, EngineError>> {
        self.read_bulk(ids).boxed()
    }

    fn look<'a>(
        &'a self,
        row: &'a LedgerRow,
        ids: &'a [u64],
    ) -> BoxFuture<'a, Result<HashMap<u64, Look>, EngineError>> {
        self.look_at(row, ids).boxed()
    }

    fn guarded<'a>(
        &'a self,
        records: &'a [(u64, RecordId)],
    ) -> BoxFuture<'a, Result<HashSet<u64>, EngineError>> {
        async move {
            // A gate that nobody passes is one that could not be read; it says nothing.
            let is_own = |rule: &AccessRule| {
                rule.clauses().iter().any(|clause| {
                    matches!(clause.gate, Gate::SecurityLevel | Gate::IssueRestriction)
                        && !clause.any_of.is_empty()
                })
            };
            let store = &self.run.inner.store;
            let rules = store.access_rules(self.run.id()).await?;
            let own: HashSet<RuleKey> =
                rules.into_iter().filter(|(_, rule)| is_own(rule)).map(|(key, _)| key).collect();
            let ids: Vec<RecordId> = records.iter().map(|(_, record)| *record).collect();
            let access = store.record_access(self.run.id(), &ids).await?;
            let is_guarded = |record: &RecordId| {
                matches!(access.get(record), Some(StoredAccess::Rule(key)) if own.contains(key))
            };
            Ok(records.iter().filter(|(_, record)| is_guarded(record)).map(|(id, _)| *id).collect())
        }
        .boxed()
    }
}
