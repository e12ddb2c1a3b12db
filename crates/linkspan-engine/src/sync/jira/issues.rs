//! Issues: each project from its oldest to its newest, then what changed anywhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::calls::jira;
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::{Converted, JiraContext, Waiting, issue_page, project_page};
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::page::PageBody;
use linkspan_atlassian::query::{Jql, JqlOrder};
use linkspan_model::record::{Body, NewRecord};
use linkspan_store::Checkpoint;
use serde::{Deserialize, Serialize};

use super::super::retreat::Retreat;
use super::super::run::{Run, at_a_time, text};
use super::settle::{self, Proof, Window};
use super::{fresh, heavy, hinted, waiting};
use crate::error::EngineError;
use crate::quota::Lane;

/// Issues asked for at a time: what upstream gives with all fields (`atlassian-platform.md` 6.1). Each costs a point, each
/// page one more.
const PAGE_SIZE: u32 = 100;
/// How far a reading of changes looks back behind the last one. What the search index shows later than that, the slow readers
/// find (hazard S2).
const OVERLAP: SignedDuration = SignedDuration::from_mins(2);
/// The stream whose checkpoint says since when changes are to be read.
const STREAM: &str = "issues";

/// Where a project's first reading stands.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct ProjectCheckpoint {
    /// Everything up to the issue created at this moment (epoch milliseconds) is stored.
    created: Option<i64>,
    /// The project was read to its end.
    complete: bool,
    /// Sub-tasks that nobody sees until their parents are known.
    waiting: Vec<(String, String)>,
    /// Issues that upstream cannot answer whole, by id: they are stored in part, and left out from then on.
    in_part: Vec<u64>,
}

/// Where the reading of changes stands.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct ChangesCheckpoint {
    /// Changes are to be read from this moment on, by upstream's clock, in epoch milliseconds.
    since: Option<i64>,
    /// Up to where each slow reader has come, by its name.
    settled: BTreeMap<String, i64>,
}

/// `now` is upstream's time before this run read any issue.
pub(super) async fn issues(
    run: &Run,
    ctx: Arc<JiraContext>,
    projects: &[String],
    now: Timestamp,
) -> Result<(), EngineError> {
    let checkpoint: ChangesCheckpoint = run.checkpoint(STREAM).await?.unwrap_or_default();
    if checkpoint.since.is_none() {
        let first = ChangesCheckpoint { since: Some(now.as_millisecond()), ..checkpoint.clone() };
        run.write(Converted::default(), Some(Run::mark(STREAM, &first)?)).await?;
    }
    // A project that upstream refuses fails alone (hazard S15): its error is shown once the others are read.
    let read = |project: &String| {
        let (project, ctx) = (project.clone(), Arc::clone(&ctx));
        async move {
            match read_project(run, project, ctx).await {
                Err(error @ (EngineError::Call(_) | EngineError::Page(_))) => Ok(Err(error)),
                result => result.map(Ok),
            }
        }
        .boxed()
    };
    let results = at_a_time(run.inner.settings.parallel_lists, projects.iter().map(read).collect()).await?;
    results.into_iter().collect::<Result<(), EngineError>>()?;
    if let Some(since) = checkpoint.since.and_then(|millis| Timestamp::from_millisecond(millis).ok()) {
        changed(run, &ctx, checkpoint, since, now).await?;
    }
    Ok(())
}

/// Reads a project that was not read to its end yet.
async fn read_project(run: &Run, project: String, ctx: Arc<JiraContext>) -> Result<(), EngineError> {
    let name = format!("issues/{project}");
    let checkpoint: ProjectCheckpoint = run.checkpoint(&name).await?.unwrap_or_default();
    if checkpoint.complete {
        return Ok(());
    }
    let read = ProjectReader { run, name: name.clone(), project: project.clone(), checkpoint, last: None };
    let error = match read.read(ctx).await {
        Err(EngineError::Call(error @ CallError::BadRequest { .. })) => error,
        result => return result,
    };
    let Some(why) = why_hidden(run, &project).await? else { return Err(error.into()) };
    tracing::warn!(source.id = %run.id(), project, why, "the issues of a project are not read");
    run.refuse(name, why.to_owned()).await
}

/// Why the issues of a listed project are not to be had; `None` where they are. A project is listed for who may only
/// administer it, and when it is archived; a search in it is then answered as if it did not exist
/// (`atlassian-endpoints.md` 3.17).
async fn why_hidden(run: &Run, project: &str) -> Result<Option<&'static str>, EngineError> {
    #[derive(Deserialize)]
    struct Listed {
        #[serde(default)]
        archived: bool,
    }
    const ARCHIVED: &str =
        "the project is archived, and no search finds its issues; restore it to have them read";
    const NOT_BROWSABLE: &str = "the account behind the grant may administer this project and may not browse it; give it \
                                 the permission Browse Projects";
    let stored = run.inner.store.get_raw(run.id(), "jira.project", project).await?;
    let is_archived = |json: &str| serde_json::from_str::<Listed>(json).is_ok_and(|project| project.archived);
    if stored.is_some_and(|raw| is_archived(&raw.json)) {
        return Ok(Some(ARCHIVED));
    }
    let params = Params::new().query("action", "browse").query("id", project);
    let mut pages = run.pages(&jira::PROJECT_SEARCH, params, None);
    let ctx = JiraContext::new(run.id(), run.source.site_url.clone());
    let is_listed = match pages.next().await? {
        Some(page) => !project_page(&page, &ctx)?.ids.is_empty(),
        None => false,
    };
    Ok(Some(NOT_BROWSABLE).filter(|_| !is_listed))
}

/// The present moment by upstream's clock.
pub(super) async fn upstream_now(run: &Run) -> Result<Timestamp, EngineError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct ServerInfo {
        server_time: Option<String>,
    }
    let info: ServerInfo = run.client.call(&jira::SERVER_INFO, &Params::new()).await?.json()?;
    let told =
        info.server_time.and_then(|time| jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", time).ok());
    Ok(told.and_then(|time| time.to_timestamp().ok()).unwrap_or_else(|| run.inner.clock.now()))
}

fn search_params(jql: &Jql) -> Params {
    Params::new().query("jql", jql.to_string()).query("fields", "*all").query("expand", "changelog")
}

/// The first reading of one project.
struct ProjectReader<'a> {
    run: &'a Run,
    name: String,
    project: String,
    checkpoint: ProjectCheckpoint,
    /// The last issue that the walk under way has brought.
    last: Option<String>,
}

impl ProjectReader<'_> {
    async fn read(mut self, mut ctx: Arc<JiraContext>) -> Result<(), EngineError> {
        let Ok(project) = self.project.parse::<u64>() else {
            return Err(EngineError::Invalid(format!("the project id `{}` is no number", self.project)));
        };
        let mut retreat = Retreat::new(PAGE_SIZE, CallError::is_size);
        // Each turn begins at the last durable place: at the start, after a page token was refused (hazard S7), or after
        // a page turned out too large (hazard S9).
        loop {
            self.last = None;
            let jql = self.rest_of(project);
            match self.walk(&jql, retreat.size, &mut ctx).boxed().await {
                Ok(()) => break,
                Err(EngineError::Call(error)) if error.is_size() && retreat.size == 1 => {
                    self.store_in_part(project, error, &mut ctx).await?;
                    retreat = Retreat::new(PAGE_SIZE, CallError::is_size);
                }
                Err(error) => retreat.from(error, self.checkpoint.created)?,
            }
        }
        let waiting = std::mem::take(&mut self.checkpoint.waiting);
        waiting::resolve(self.run, &waiting, &ctx).await?;
        self.checkpoint.complete = true;
        let mark = Run::mark(&self.name, &self.checkpoint)?;
        self.run.write(Converted::default(), Some(mark)).await?;
        Ok(())
    }

    /// The issues that are not stored yet, and the last one that is.
    fn rest_of(&self, project: u64) -> Jql {
        let mut jql = Jql::new().projects([project]);
        if let Some(created) = self.checkpoint.created.and_then(|at| Timestamp::from_millisecond(at).ok()) {
            jql = jql.created_since(created);
        }
        let jql = jql.other_ids(self.checkpoint.in_part.iter().copied());
        jql.order_by(JqlOrder::CreatedAscending).order_by(JqlOrder::IdAscending)
    }

    /// Stores the one issue at which a walk cannot go on, as far as upstream can answer it (hazard S9).
    async fn store_in_part(
        &mut self,
        project: u64,
        error: CallError,
        ctx: &mut Arc<JiraContext>,
    ) -> Result<(), EngineError> {
        let rest = self.rest_of(project);
        let found = heavy::in_part(self.run, &rest, self.last.as_deref(), &error, ctx).await?;
        let Some((mut converted, id)) = found else { return Err(error.into()) };
        if self.checkpoint.in_part.contains(&id) || self.checkpoint.in_part.len() >= heavy::CAP {
            return Err(error.into());
        }
        self.checkpoint.in_part.push(id);
        let waiting = converted.waiting.drain(..);
        self.checkpoint.waiting.extend(waiting.map(|waiting| (waiting.remote_id, waiting.needs)));
        let mark = Run::mark(&self.name, &self.checkpoint)?;
        store(self.run, Some(Prepared { converted, mark, items: 1 })).await
    }

    /// Walks the search to its end. While one page is stored, the next is converted and the one behind it is on its way:
    /// three pages are held at most.
    async fn walk(&mut self, jql: &Jql, size: u32, ctx: &mut Arc<JiraContext>) -> Result<(), EngineError> {
        let (run, client) = (self.run, self.run.client.in_lane(Lane::Backfill));
        let mut pager = client.pager(&jira::SEARCH_JQL, search_params(jql), Some(size));
        let mut page = client.next(&jira::SEARCH_JQL, &mut pager).await?;
        let mut ready = None;
        while let Some(current) = page {
            let (stored, prepared, next) = tokio::join!(
                store(run, ready.take()),
                self.prepare(current, ctx),
                client.next(&jira::SEARCH_JQL, &mut pager)
            );
            stored?;
            ready = Some(prepared?);
            page = match next {
                Ok(next) => next,
                Err(error) => {
                    // The checkpoint counts this page already, and the next turn begins behind it.
                    store(run, ready).await?;
                    return Err(error);
                }
            };
        }
        store(run, ready).await
    }

    /// Makes a page ready to be stored. The checkpoint moves only when that has worked.
    async fn prepare(&mut self, page: PageBody, ctx: &mut Arc<JiraContext>) -> Result<Prepared, EngineError> {
        learn_names(self.run, &page, ctx).await?;
        let mut converted = convert(page, ctx).await?;
        let items = converted.ids.len() as u64;
        self.last = converted.ids.last().cloned().or(self.last.take());
        waiting::learn_levels(&mut converted, ctx);
        hinted::complete(self.run, &mut converted, ctx).await?;
        self.run.prepared(items);
        if let Some(created) = last_ticket(&converted).and_then(|ticket| ticket.remote_created_at) {
            self.checkpoint.created = Some(created.as_millisecond());
        }
        self.checkpoint
            .waiting
            .extend(converted.waiting.drain(..).map(|waiting| (waiting.remote_id, waiting.needs)));
        let mark = Run::mark(&self.name, &self.checkpoint)?;
        Ok(Prepared { converted, mark, items })
    }
}

/// A page of issues with everything that goes into its transaction.
struct Prepared {
    converted: Converted,
    mark: Checkpoint,
    items: u64,
}

async fn store(run: &Run, page: Option<Prepared>) -> Result<(), EngineError> {
    if let Some(Prepared { converted, mark, items }) = page {
        fresh::write(run, converted, Some(mark)).await?;
        run.add(STREAM, items);
    }
    Ok(())
}

/// Makes sure that what changed is stored: since the last reading, and by the slow readers behind it.
async fn changed(
    run: &Run,
    ctx: &Arc<JiraContext>,
    mut checkpoint: ChangesCheckpoint,
    since: Timestamp,
    now: Timestamp,
) -> Result<(), EngineError> {
    if run.is_told_of_changes().await? {
        // Upstream tells of changes: what is stored already is left out, and costs nothing.
        let window = Window { from: since - OVERLAP, to: None };
        let missed = settle::window(run, ctx, window, Proof::Roughly).await?;
        if missed > 0 {
            run.add(STREAM, missed);
            run.note_missed(missed, since).await?;
        }
    } else {
        changes(run, ctx, since).await?;
    }
    // Only now: a reading that broke off is repeated from where it began.
    checkpoint.since = Some(now.as_millisecond());
    run.write(Converted::default(), Some(Run::mark(STREAM, &checkpoint)?)).await?;
    for reader in settle::slow_readers(run.inner.settings.index_lag) {
        let settled = checkpoint.settled.get(reader.name).copied();
        // The first reading went by an index that may have been behind.
        let settled = settled
            .and_then(|millis| Timestamp::from_millisecond(millis).ok())
            .unwrap_or_else(|| since - run.inner.settings.index_lag);
        if let Some(window) = settle::due_window(reader, settled, now) {
            let found = settle::window(run, ctx, window, reader.proof).await?;
            if found > 0 {
                tracing::info!(source.id = %run.id(), reader = reader.name, found, "changes that were shown late were read");
                run.add(STREAM, found);
            }
            checkpoint.settled.insert(reader.name.to_owned(), window.to.unwrap_or(now).as_millisecond());
            run.write(Converted::default(), Some(Run::mark(STREAM, &checkpoint)?)).await?;
        } else if !checkpoint.settled.contains_key(reader.name) {
            checkpoint.settled.insert(reader.name.to_owned(), settled.as_millisecond());
            run.write(Converted::default(), Some(Run::mark(STREAM, &checkpoint)?)).await?;
        }
    }
    Ok(())
}

/// Issues of any project that changed since the last reading, oldest change first.
async fn changes(run: &Run, ctx: &Arc<JiraContext>, since: Timestamp) -> Result<(), EngineError> {
    let from = since - OVERLAP;
    // Everything that changed before this is stored.
    let mut reached: Option<Timestamp> = None;
    let mut retreat = Retreat::new(PAGE_SIZE, CallError::is_size);
    // Issues that upstream cannot answer whole.
    let mut left_out: Vec<u64> = Vec::new();
    // The last issue that the walk under way has brought.
    let mut last: Option<String> = None;
    let search = |from: Timestamp, left_out: &[u64]| {
        let changed = Jql::new().updated_since(from).other_ids(left_out.iter().copied());
        changed.order_by(JqlOrder::UpdatedAscending).order_by(JqlOrder::IdAscending)
    };
    let begin = |from: Timestamp, left_out: &[u64], size| {
        run.client.pager(&jira::SEARCH_JQL, search_params(&search(from, left_out)), Some(size))
    };
    let mut ctx = Arc::clone(ctx);
    let mut waiting = Vec::new();
    let mut pager = begin(from, &left_out, retreat.size);
    loop {
        let page = match run.client.next(&jira::SEARCH_JQL, &mut pager).await {
            Ok(Some(page)) => page,
            Ok(None) => break,
            Err(EngineError::Call(error))
                if error.is_size() && retreat.size == 1 && left_out.len() < heavy::CAP =>
            {
                let jql = search(reached.unwrap_or(from), &left_out);
                let found = heavy::in_part(run, &jql, last.as_deref(), &error, &mut ctx).await?;
                let Some((converted, id)) = found else { return Err(error.into()) };
                last = None;
                fresh::write(run, converted, None).await?;
                run.add(STREAM, 1);
                left_out.push(id);
                retreat = Retreat::new(PAGE_SIZE, CallError::is_size);
                pager = begin(reached.unwrap_or(from), &left_out, retreat.size);
                continue;
            }
            Err(error) => {
                retreat.from(error, reached.map(Timestamp::as_millisecond))?;
                last = None;
                pager = begin(reached.unwrap_or(from), &left_out, retreat.size);
                continue;
            }
        };
        learn_names(run, &page, &mut ctx).await?;
        let mut converted = convert(page, &ctx).await?;
        let items = converted.ids.len() as u64;
        last = converted.ids.last().cloned().or(last);
        waiting::learn_levels(&mut converted, &mut ctx);
        hinted::complete(run, &mut converted, &ctx).await?;
        waiting
            .extend(converted.waiting.drain(..).map(|Waiting { remote_id, needs, .. }| (remote_id, needs)));
        let changed = last_ticket(&converted).and_then(|ticket| ticket.remote_updated_at);
        fresh::write(run, converted, None).await?;
        run.add(STREAM, items);
        reached = reached.max(changed);
    }
    waiting::resolve(run, &waiting, &ctx).await.map(drop)
}

/// Learns the names of who is mentioned in a page.
pub(super) async fn learn_names(
    run: &Run,
    page: &PageBody,
    ctx: &mut Arc<JiraContext>,
) -> Result<(), EngineError> {
    let names = run.names_in(text(&page.reply.body)?, &ctx.names).await?;
    if !names.is_empty() {
        Arc::make_mut(ctx).names.extend(names);
    }
    Ok(())
}

/// Converts a page off the threads that serve requests.
pub(super) async fn convert(page: PageBody, ctx: &Arc<JiraContext>) -> Result<Converted, EngineError> {
    let ctx = Arc::clone(ctx);
    tokio::task::spawn_blocking(move || Ok(issue_page(text(&page.reply.body)?, &ctx)?))
        .await
        .map_err(|error| EngineError::Invalid(format!("a page of issues could not be converted: {error}")))?
}

/// The last issue of a page.
fn last_ticket(page: &Converted) -> Option<&NewRecord> {
    let last = page.ids.last()?;
    let is_last = |record: &&NewRecord| {
        matches!(record.body, Body::Ticket(_)) && record.remote_id.as_deref() == Some(last.as_str())
    };
    page.records.iter().rev().find(is_last)
}
