//! Inline tasks: the ones that stand in the bodies of pages and blog posts, in the order of the text.

use std::sync::Arc;

use super::model::Content;
use crate::world::ids::{AccountIndex, ContentId, Millis};
use crate::world::rich::Body;

/// Most tasks of one body that are numbered; those behind them are text only.
const MAX_TASKS: usize = 256;
const OPEN: &str = "<ac:task>";
const CLOSE: &str = "</ac:task>";

/// A task in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InlineTask {
    /// Id: that of the content, and the place in its body.
    pub id: u64,
    /// The page or blog post.
    pub container: ContentId,
    /// `ac:task-id` in the body, or the place.
    pub local_id: Arc<str>,
    /// Whether it is done.
    pub complete: bool,
    /// The text, in storage format.
    pub body: Arc<str>,
    /// Account id of the first person it mentions: who is to do it.
    pub assignee: Option<Arc<str>>,
    /// The first date it names, as `2026-01-31`.
    pub due: Option<Arc<str>>,
    /// Who wrote it: the author of the content.
    pub created_by: AccountIndex,
    /// When.
    pub created: Millis,
    /// The last change of the content.
    pub updated: Millis,
    /// Who wrote the content last, when it is done.
    pub completed_by: Option<AccountIndex>,
}

/// The content a task id belongs to.
pub fn container_of_task(id: u64) -> ContentId {
    ContentId(id / MAX_TASKS as u64)
}

/// The tasks of content.
pub fn tasks_of(content: &Content) -> Vec<InlineTask> {
    if !content.head.kind.has_body() {
        return Vec::new();
    }
    let storage = content.body.storage();
    let mut tasks = Vec::new();
    for (number, (start, end)) in spans(&storage).into_iter().enumerate().take(MAX_TASKS) {
        let text = &storage[start..end];
        let body = between(text, "<ac:task-body>", "</ac:task-body>").unwrap_or_default();
        let complete =
            between(text, "<ac:task-status>", "</ac:task-status>").is_some_and(|it| it.trim() == "complete");
        let local = between(text, "<ac:task-id>", "</ac:task-id>").map(str::trim);
        let head = content.head;
        tasks.push(InlineTask {
            id: head.id.0 * MAX_TASKS as u64 + number as u64,
            container: head.id,
            local_id: local.map_or_else(|| (number + 1).to_string().into(), Into::into),
            complete,
            body: body.into(),
            assignee: between(body, "ri:account-id=\"", "\"").map(Into::into),
            due: between(body, "<time datetime=\"", "\"").map(Into::into),
            created_by: head.author,
            created: head.created,
            updated: head.modified,
            completed_by: complete.then_some(head.editor),
        });
    }
    tasks
}

/// A body in which the task at a place is done, or not; `None` when there is no such task.
pub fn with_task(body: &Body, place: usize, complete: bool) -> Option<Body> {
    let storage = body.storage();
    let (start, end) = *spans(&storage).get(place)?;
    let text = &storage[start..end];
    let at = text.find("<ac:task-status>")? + "<ac:task-status>".len();
    let length = text[at..].find('<')?;
    let word = if complete { "complete" } else { "incomplete" };
    let whole = format!("{}{word}{}", &storage[..start + at], &storage[start + at + length..]);
    Some(Body::from_storage(&whole))
}

/// The place of a task in its body.
pub fn place_of_task(id: u64) -> usize {
    usize::try_from(id % MAX_TASKS as u64).unwrap_or(0)
}

/// Where each task begins and ends. Tasks do not contain tasks; lists of tasks do.
fn spans(storage: &str) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(found) = storage[at..].find(OPEN) {
        let start = at + found;
        let Some(length) = storage[start..].find(CLOSE) else { break };
        at = start + length + CLOSE.len();
        spans.push((start, at));
    }
    spans
}

fn between<'text>(text: &'text str, open: &str, close: &str) -> Option<&'text str> {
    let (_, after) = text.split_once(open)?;
    after.split_once(close).map(|(inside, _)| inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "<ac:task-list><ac:task><ac:task-id>7</ac:task-id><ac:task-status>incomplete</ac:task-status><ac:task-body>a</ac:task-body></ac:task><ac:task-list><ac:task><ac:task-status>complete</ac:task-status><ac:task-body>b</ac:task-body></ac:task></ac:task-list></ac:task-list>";

    #[test]
    fn one_task_changes_and_everything_else_stays() {
        let body = Body::from_storage(TWO);
        let ticked = with_task(&body, 0, true).unwrap();
        assert_eq!(ticked.storage(), TWO.replacen("incomplete", "complete", 1));
        let unticked = with_task(&body, 1, false).unwrap();
        assert_eq!(unticked.storage(), TWO.replace(">complete<", ">incomplete<"));
        assert_eq!(with_task(&body, 2, true), None);
    }

    #[test]
    fn a_broken_body_has_the_tasks_that_are_whole() {
        for text in ["<ac:task>", "</ac:task><ac:task>", "<ac:task></ac:task><ac:task>"] {
            assert!(spans(text).len() <= 1, "{text}");
        }
    }
}
