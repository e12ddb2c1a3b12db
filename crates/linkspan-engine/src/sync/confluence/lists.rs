//! The site-wide lists of the second generation: all of a list the first time, afterwards what changed.

use std::sync::Arc;

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use linkspan_atlassian::calls::Call;
use linkspan_atlassian::client::Params;
use linkspan_atlassian::convert::Converted;
use linkspan_atlassian::error::CallError;
use linkspan_atlassian::page::{PageBody, Pager};

use super::super::retreat::smaller;
use super::super::run::{ListCheckpoint, Run, text};
use super::access::Learner;
use super::articles::{Kind, convert_text, with_articles};
use super::spaces::PAGE_SIZE;
use crate::error::EngineError;

/// How far a reading of changes looks back behind the newest change seen before.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// Items in a page of a reading of changes: most have few, and every item listed costs a point.
const CHANGES_PAGE_SIZE: u32 = 25;

/// One of the site-wide lists.
#[derive(Clone, Copy)]
pub(super) struct List {
    pub(super) stream: &'static str,
    /// The name of its checkpoint; differs from the stream's where a stream reads two lists.
    pub(super) checkpoint: &'static str,
    pub(super) call: &'static Call,
    pub(super) kind: Kind,
}

/// What the list is asked for with.
fn params(kind: Kind) -> Params {
    match kind {
        Kind::Page => Params::new()
            .query("body-format", "storage")
            .query("status", "current")
            .query("status", "archived"),
        Kind::BlogPost => Params::new().query("body-format", "storage").query("status", "current"),
        Kind::Attachment => Params::new().query("status", "current").query("status", "archived"),
        Kind::Comment(_) | Kind::Container(_) | Kind::Searched => {
            Params::new().query("body-format", "storage")
        }
    }
}

/// The order in which the list can be taken up again, where upstream has one that does not shift.
fn stable_order(kind: Kind) -> &'static str {
    match kind {
        Kind::Page | Kind::BlogPost => "id",
        Kind::Attachment | Kind::Comment(_) | Kind::Container(_) | Kind::Searched => "created-date",
    }
}

/// Reads a list: all of it the first time, afterwards from the newest change back to where the last reading began.
pub(super) async fn read(run: &Run, list: List, learner: &mut Learner<'_>) -> Result<(), EngineError> {
    let checkpoint: ListCheckpoint = run.checkpoint(list.checkpoint).await?.unwrap_or_default();
    if checkpoint.complete {
        return changes(run, list, learner, checkpoint).boxed().await;
    }
    let params = params(list.kind).query("sort", stable_order(list.kind));
    match walk(run, list, learner, params.clone(), checkpoint).boxed().await {
        // Upstream forgot the cursor: what is stored stays, and the list is walked from its beginning (hazard S7).
        Err(EngineError::Call(CallError::PageTokenRejected { .. })) => {
            walk(run, list, learner, params, ListCheckpoint::default()).boxed().await
        }
        result => result,
    }
}

async fn walk(
    run: &Run,
    list: List,
    learner: &mut Learner<'_>,
    params: Params,
    mut checkpoint: ListCheckpoint,
) -> Result<(), EngineError> {
    let client = &run.client;
    let mut pager = match checkpoint.walk.take() {
        Some(state) => client.resume(list.call, params, state),
        None => client.pager(list.call, params, Some(PAGE_SIZE)),
    };
    // A walk that was taken up again after a heavy page goes on in usual pages.
    pager.resize(PAGE_SIZE);
    let mut page = next_or_part(run, list, &mut pager).await?;
    while let Some((current, problem)) = page {
        checkpoint.walk = Some(pager.state().clone());
        checkpoint.complete = current.is_last;
        let store = async {
            let items = current.items;
            let mut converted = convert(list, learner, current).await?;
            mark_problem(&mut converted, problem);
            checkpoint.changed_until = checkpoint.changed_until.max(newest(&converted));
            let mark = Run::mark(list.checkpoint, &checkpoint)?;
            let converted = with_articles(run, learner, converted).await?;
            run.write(converted, Some(mark)).await?;
            run.add(list.stream, items);
            Ok::<_, EngineError>(())
        };
        let (stored, next) = tokio::join!(store, next_or_part(run, list, &mut pager));
        stored?;
        page = next?;
    }
    Ok(())
}

async fn changes(
    run: &Run,
    list: List,
    learner: &mut Learner<'_>,
    checkpoint: ListCheckpoint,
) -> Result<(), EngineError> {
    let floor = checkpoint
        .changed_until
        .and_then(|millis| Timestamp::from_millisecond(millis).ok())
        .map(|moment| (moment - OVERLAP).as_millisecond());
    let params = params(list.kind).query("sort", "-modified-date");
    let mut pager = run.client.pager(list.call, params, Some(CHANGES_PAGE_SIZE));
    let mut changed_until = checkpoint.changed_until;
    while let Some((page, problem)) = next_or_part(run, list, &mut pager).await? {
        let items = page.items;
        let mut converted = convert(list, learner, page).await?;
        mark_problem(&mut converted, problem);
        changed_until = changed_until.max(newest(&converted));
        let reaches_back = oldest(&converted).is_some_and(|oldest| floor.is_some_and(|floor| oldest < floor));
        let converted = with_articles(run, learner, converted).await?;
        run.write(converted, None).await?;
        run.add(list.stream, items);
        if reaches_back {
            break;
        }
    }
    // Only now: a reading that broke off is repeated from where it began.
    let mark = Run::mark(list.checkpoint, &ListCheckpoint { changed_until, ..checkpoint })?;
    run.write(Converted::default(), Some(mark)).await
}

/// The next page; half as much of it where upstream cannot answer so much at once, down to one thing. One that cannot be
/// answered even alone comes without its body, and with the reason (hazard S9).
async fn next_or_part(
    run: &Run,
    list: List,
    pager: &mut Pager,
) -> Result<Option<(PageBody, Option<String>)>, EngineError> {
    loop {
        let error = match run.client.next(list.call, pager).await {
            Ok(page) => {
                let grown = pager.page_size().map(|size| (size * 2).min(PAGE_SIZE));
                if let Some(size) = grown.filter(|size| Some(*size) != pager.page_size()) {
                    pager.resize(size);
                }
                return Ok(page.map(|page| (page, None)));
            }
            Err(error) => error,
        };
        if let Some(size) = smaller(&error, pager.page_size(), CallError::is_size)
            && pager.resize(size)
        {
            continue;
        }
        let EngineError::Call(call_error) = &error else { return Err(error) };
        if !call_error.is_size() || pager.page_size() != Some(1) {
            return Err(error);
        }
        let mut lighter = pager.without(&["body-format"]);
        let page = run.client.next(list.call, &mut lighter).await?;
        pager.go_on_from(&lighter);
        let why = format!("upstream cannot answer it whole, so that its body is missing: {call_error}");
        tracing::warn!(source.id = %run.id(), stream = list.stream, why, "a thing is stored without its body");
        return Ok(page.map(|page| (page, Some(why))));
    }
}

fn mark_problem(converted: &mut Converted, problem: Option<String>) {
    if let Some(problem) = problem {
        for raw in &mut converted.raws {
            raw.problem.get_or_insert_with(|| problem.clone());
        }
    }
}

async fn convert(list: List, learner: &mut Learner<'_>, page: PageBody) -> Result<Converted, EngineError> {
    let json: Arc<str> = text(&page.reply.body)?.into();
    convert_text(list.kind, learner, json).await
}

fn newest(converted: &Converted) -> Option<i64> {
    let times = converted.records.iter().filter_map(|record| record.remote_updated_at);
    times.max().map(Timestamp::as_millisecond)
}

fn oldest(converted: &Converted) -> Option<i64> {
    let times = converted.records.iter().filter_map(|record| record.remote_updated_at);
    times.min().map(Timestamp::as_millisecond)
}
