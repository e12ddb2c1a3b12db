//! Queues: views over the issues of a desk, for agents.

use axum::extract::Path;
use http::StatusCode;

use super::{Answer, JsmRefusal, Slice, base_price, desks, require_agent};
use crate::{
    gateway::Charge,
    jira::{
        json::Json,
        search::{self, Index},
        session::Session,
        view::{Embedded, Expansions, Selection, SelectionDefault, View},
    },
    world::{
        IssueId,
        jira::{Project, ServiceDesk, SlaMetric},
    },
};

/// What every desk has: name and the restriction beside the project.
const QUEUES: [(&str, &str); 4] = [
    ("All open", "resolution = Unresolved ORDER BY created DESC"),
    ("Unassigned", "resolution = Unresolved AND assignee is EMPTY ORDER BY created ASC"),
    ("Assigned to me", "resolution = Unresolved AND assignee = currentUser() ORDER BY created ASC"),
    ("Recently resolved", "resolution is not EMPTY ORDER BY updated DESC"),
];
/// Columns of every queue, beside the clock of the resolution.
const COLUMNS: [&str; 8] =
    ["issuetype", "issuekey", "created", "summary", "reporter", "assignee", "priority", "status"];

/// A queue of a desk.
struct Queue {
    id: u64,
    name: &'static str,
    jql: String,
}

fn queues_of(project: &Project, desk: &ServiceDesk) -> Vec<Queue> {
    let queues = QUEUES.iter().zip(1..);
    let queue = |((name, restriction), number): (&(&'static str, &str), u64)| Queue {
        id: desk.id.0 * 10 + number,
        name,
        jql: format!("project = {} AND {restriction}", project.key),
    };
    queues.map(queue).collect()
}

fn columns() -> Vec<String> {
    let clock = SlaMetric::TimeToResolution.field().to_string();
    COLUMNS.iter().map(|column| (*column).to_owned()).chain([clock]).collect()
}

/// The issues of a queue as the caller finds them.
fn issues(session: &Session, view: &View<'_>, queue: &Queue) -> Vec<IssueId> {
    let index = Index::now(view, session.state.settings().index_lag(), Vec::new());
    // A queue's query is ours; a project whose key the query language refuses has an empty queue.
    search::prepare(view, &queue.jql, false)
        .map_or_else(|_| Vec::new(), |bound| search::ids(view, &index, &bound))
}

fn object(json: &mut Json, session: &Session, view: &View<'_>, desk: &ServiceDesk, queue: &Queue) {
    json.object(|json| {
        json.key("id").plain(queue.id);
        json.key("name").string(queue.name);
        json.key("jql").string(&queue.jql);
        json.key("fields").array(|json| columns().iter().for_each(|column| json.string(column)));
        if session.query.flag("includeCount", false) {
            json.key("issueCount").number(issues(session, view, queue).len());
        }
        json.key("_links").object(|json| {
            json.key("self").plain(format_args!(
                "{}/rest/servicedeskapi/servicedesk/{}/queue/{}",
                view.url, desk.id, queue.id
            ));
        });
    });
}

pub(super) async fn all(Path(name): Path<String>, session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    require_agent(&view)?;
    let (project, desk) = desks::named(&view, &name)?;
    let queues = queues_of(project, desk);
    Ok(slice.answer(&session, &queues, base_price, |json, queue| object(json, &session, &view, desk, queue)))
}

fn named(project: &Project, desk: &ServiceDesk, id: &str) -> Result<Queue, JsmRefusal> {
    let found = queues_of(project, desk).into_iter().find(|queue| queue.id.to_string() == id);
    found.ok_or_else(|| {
        JsmRefusal::new(StatusCode::NOT_FOUND, "sd.error.queue.not.found", "The queue does not exist.")
    })
}

pub(super) async fn one(Path((name, id)): Path<(String, String)>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    require_agent(&view)?;
    let (project, desk) = desks::named(&view, &name)?;
    let queue = named(project, desk, &id)?;
    Ok(crate::jira::session::ok(Charge::BASE, |json| object(json, &session, &view, desk, &queue)))
}

/// The issues with the queue's columns and no other fields.
pub(super) async fn issues_of(Path((name, id)): Path<(String, String)>, session: Session) -> Answer {
    let slice = Slice::of(&session)?;
    let site = session.site().read();
    let view = session.view(&site);
    require_agent(&view)?;
    let (project, desk) = desks::named(&view, &name)?;
    let queue = named(project, desk, &id)?;
    let ids = issues(&session, &view, &queue);
    let selection = Selection::parse(&columns(), SelectionDefault::Navigable, site.jira());
    let expand = Expansions::default();
    Ok(slice.answer(&session, &ids, Charge::core, |json, id| {
        // The guard is held: what was found is still there.
        if let Some(issue) = site.issue(*id) {
            view.issue(json, &issue, &selection, &expand, Embedded::IN_LISTS);
        }
    }))
}
