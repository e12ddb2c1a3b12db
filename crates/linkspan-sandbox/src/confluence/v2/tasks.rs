//! Inline tasks: what the bodies of pages and blog posts say.

use axum::body::Bytes;
use axum::extract::Path;
use http::StatusCode;
use serde::Deserialize;

use super::OneId;
use super::list::{self, Cut};
use super::misc::read_json;
use crate::confluence::answer::{Answer, Refusal, ok, written};
use crate::confluence::body::{BodyFormat, write_body};
use crate::confluence::json::JsonWriter;
use crate::confluence::paging::Position;
use crate::confluence::parameters::Parameters;
use crate::confluence::time::Iso;
use crate::confluence::view::{Ask, View, path_id};
use crate::gateway::Charge;
use crate::world::confluence::{
    ContentHead, ContentKind, InlineTask, container_of_task, place_of_task, tasks_of, with_task,
};
use crate::world::{Body, Millis, Stamp};

/// What a list of tasks holds.
struct Selection<'query> {
    complete: Option<bool>,
    ids: Option<Vec<u64>>,
    spaces: Option<Vec<u64>>,
    pages: Option<Vec<u64>>,
    posts: Option<Vec<u64>>,
    created_by: Vec<&'query str>,
    assigned_to: Vec<&'query str>,
    completed_by: Vec<&'query str>,
    created: Span,
    due: Span,
    completed: Span,
    blank: bool,
}

/// From and to, in milliseconds; what has no such date is outside of any span that is given.
#[derive(Clone, Copy)]
struct Span(Option<Millis>, Option<Millis>);

impl Span {
    fn read(parameters: &Parameters, name: &str) -> Result<Self, Refusal> {
        let from = parameters.number(&format!("{name}-from"))?;
        Ok(Self(from, parameters.number(&format!("{name}-to"))?))
    }

    fn holds(self, at: Option<Millis>) -> bool {
        let given = self.0.is_some() || self.1.is_some();
        match at {
            None => !given,
            Some(at) => self.0.is_none_or(|from| at >= from) && self.1.is_none_or(|to| at <= to),
        }
    }
}

impl<'query> Selection<'query> {
    fn read(parameters: &'query Parameters) -> Result<Self, Refusal> {
        Ok(Self {
            complete: parameters.choice("status", &[("complete", true), ("incomplete", false)])?,
            ids: parameters.ids("task-id")?,
            spaces: parameters.ids("space-id")?,
            pages: parameters.ids("page-id")?,
            posts: parameters.ids("blogpost-id")?,
            created_by: parameters.list("created-by"),
            assigned_to: parameters.list("assigned-to"),
            completed_by: parameters.list("completed-by"),
            created: Span::read(parameters, "created-at")?,
            due: Span::read(parameters, "due-at")?,
            completed: Span::read(parameters, "completed-at")?,
            blank: parameters
                .choice("include-blank-tasks", &[("true", true), ("false", false)])?
                .unwrap_or(true),
        })
    }

    fn holds(&self, view: &View<'_>, head: &ContentHead, task: &InlineTask) -> bool {
        let among = |ids: &Option<Vec<u64>>, id: u64| ids.as_ref().is_none_or(|ids| ids.contains(&id));
        let named =
            |names: &[&str], id: Option<&str>| names.is_empty() || id.is_some_and(|id| names.contains(&id));
        let is_post = head.kind == ContentKind::BlogPost;
        let placed = match (&self.pages, &self.posts) {
            (None, None) => true,
            (pages, posts) => {
                let wanted = if is_post { posts } else { pages };
                wanted.as_ref().is_some_and(|ids| ids.contains(&head.id.0))
            }
        };
        self.complete.is_none_or(|complete| task.complete == complete)
            && among(&self.ids, task.id)
            && among(&self.spaces, head.space.0)
            && placed
            && named(&self.created_by, Some(view.account_id(task.created_by)))
            && named(&self.assigned_to, task.assignee.as_deref())
            && named(&self.completed_by, task.completed_by.map(|by| view.account_id(by)))
            && self.created.holds(Some(task.created))
            && self.due.holds(task.due.as_deref().and_then(midnight))
            && self.completed.holds(task.completed_by.map(|_| task.updated))
            && (self.blank || !Body::from_storage(&task.body).plain().trim().is_empty())
    }
}

/// A day such as `2026-01-31` as the moment it begins.
fn midnight(day: &str) -> Option<Millis> {
    let date: jiff::civil::Date = day.parse().ok()?;
    Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

/// `GET /tasks`
pub(super) async fn all(ask: Ask) -> Answer {
    let cut = Cut::read(&ask.parameters, "id", &[], 25)?;
    let format = BodyFormat::listed(&ask.parameters)?;
    let selection = Selection::read(&ask.parameters)?;
    ask.read(|view| {
        let page = ask.index.with(view, |index| {
            let placed = index.tasks().filter_map(|task| {
                let head = view.listed_container(task.container)?;
                selection.holds(view, &head, task).then(|| (head, task.clone()))
            });
            cut.apply(placed, |(_, task)| Position::number(0, task.id))
        });
        Ok(list::answer(&ask.parameters, view, &page, Charge::BASE, |json, (head, task)| {
            write(json, view, *head, task, format);
        }))
    })
}

fn find(view: &View<'_>, id: &str) -> Result<(ContentHead, InlineTask), Refusal> {
    let id = path_id(id)?;
    let head = view.listed_container(container_of_task(id)).ok_or_else(Refusal::not_found)?;
    let content = view.state.content(head.id).ok_or_else(Refusal::not_found)?;
    let task = tasks_of(&content).into_iter().find(|task| task.id == id);
    Ok((head, task.ok_or_else(Refusal::not_found)?))
}

/// `GET /tasks/{id}`
pub(super) async fn one(ask: Ask, Path(id): OneId) -> Answer {
    let format = BodyFormat::listed(&ask.parameters)?;
    ask.read(|view| {
        let (head, task) = find(view, &id)?;
        let mut json = JsonWriter::default();
        write(&mut json, view, head, &task, format);
        Ok(ok(json, Charge::BASE))
    })
}

#[derive(Debug, Deserialize)]
struct Input {
    status: String,
}

/// `PUT /tasks/{id}`: ticks a task, or takes the tick away; the body of its page says the same afterwards.
pub(super) async fn update(ask: Ask, Path(id): OneId, body: Bytes) -> Answer {
    let format = BodyFormat::listed(&ask.parameters)?;
    let input: Input = read_json(&body)?;
    let complete = match input.status.as_str() {
        "complete" => true,
        "incomplete" => false,
        other => return Err(Refusal::wrong_type(other, "status", "complete or incomplete")),
    };
    let stamp = Stamp { at: ask.now(), by: ask.actor()? };
    {
        let mut state = ask.site().write();
        let (head, task) = {
            let view = ask.view(ask.site(), &state);
            let (head, task) = find(&view, &id)?;
            if !view.state.can_edit_content(&view.reader, &head) {
                return Err(Refusal::not_found());
            }
            (head, task)
        };
        let content = state.content(head.id).ok_or_else(Refusal::not_found)?;
        let ticked =
            with_task(&content.body, place_of_task(task.id), complete).ok_or_else(Refusal::not_found)?;
        if task.complete != complete {
            state.rewrite_body(stamp, head.id, ticked)?;
        }
    }
    ask.read(|view| {
        let (head, task) = find(view, &id)?;
        let mut json = JsonWriter::default();
        write(&mut json, view, head, &task, format);
        Ok(written(StatusCode::OK, json))
    })
}

fn write(
    json: &mut JsonWriter,
    view: &View<'_>,
    head: ContentHead,
    task: &InlineTask,
    format: Option<BodyFormat>,
) {
    json.object(|json| {
        json.key("id").display(task.id);
        json.key("localId").string(&task.local_id);
        json.key("spaceId").display(head.space);
        let container = if head.kind == ContentKind::BlogPost { "blogPostId" } else { "pageId" };
        json.key(container).display(head.id);
        json.key("status").string(if task.complete { "complete" } else { "incomplete" });
        json.key("body").object(|json| {
            if let Some(format) = format {
                write_body(json, view, &Body::from_storage(&task.body), format);
            }
        });
        json.key("createdBy").string(view.account_id(task.created_by));
        if let Some(assignee) = &task.assignee {
            json.key("assignedTo").string(assignee);
        }
        json.key("createdAt").display(Iso(task.created));
        json.key("updatedAt").display(Iso(task.updated));
        if let Some(due) = task.due.as_deref().and_then(midnight) {
            json.key("dueAt").display(Iso(due));
        }
        if let Some(by) = task.completed_by {
            json.key("completedBy").string(view.account_id(by));
            json.key("completedAt").display(Iso(task.updated));
        }
    });
}
