//! Jira Software: boards and sprints, epics, and the issues of each.

mod board_parts;
mod epics;
mod lists;

use axum::{Router, extract::Path, routing::get};

use super::{
    json::Json,
    refusal::{Answer, Refusal},
    session::{Page, Session, ok},
    time,
    view::View,
};
use crate::{
    gateway::{AppState, Charge},
    world::{
        BoardId, SprintId,
        jira::{Board, Sprint},
    },
};

pub(super) use lists::software_routes;

/// The routes, relative to `/rest/agile/1.0`.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .merge(lists::routes())
        .merge(epics::routes())
        .merge(board_parts::routes())
        .route("/board", get(boards))
        .route("/board/{board}", get(board))
        .route("/board/{board}/project", get(projects))
        .route("/board/{board}/sprint", get(sprints_of_board))
        .route("/sprint/{sprint}", get(sprint))
}

/// A board is seen by those who see the project it shows.
fn sees(view: &View<'_>, board: &Board) -> bool {
    view.site.can_browse_project_id(&view.reader, board.project)
}

fn named<'s>(view: &View<'s>, id: &str) -> Result<&'s Board, Refusal> {
    let found =
        BoardId::parse(id).and_then(|id| view.site.jira().board(id)).filter(|board| sees(view, board));
    found.ok_or_else(|| Refusal::not_found("The requested board cannot be viewed because it either does not exist or you do not have permission to view it."))
}

fn named_sprint<'s>(view: &View<'s>, id: &str) -> Result<&'s Sprint, Refusal> {
    let seen = |sprint: &&Sprint| view.site.jira().board(sprint.board).is_some_and(|board| sees(view, board));
    let found = SprintId::parse(id).and_then(|id| view.site.jira().sprint(id)).filter(seen);
    found.ok_or_else(|| Refusal::not_found("Sprint does not exist or you do not have permission to view it."))
}

/// An Agile page: without addresses, and the numbers first.
fn write_page<T>(json: &mut Json, page: Page, items: &[T], mut write: impl FnMut(&mut Json, &T)) {
    let shown = page.of(items);
    json.object(|json| {
        json.key("maxResults").number(page.size);
        json.key("startAt").number(page.start);
        json.key("total").number(items.len());
        json.key("isLast").boolean(page.start.saturating_add(shown.len()) >= items.len());
        json.key("values").array(|json| shown.iter().for_each(|item| write(json, item)));
    });
}

fn board_object(json: &mut Json, view: &View<'_>, board: &Board) {
    let project = view.site.project(board.project);
    json.object(|json| {
        json.key("id").number(board.id);
        json.key("self").plain(format_args!("{}/rest/agile/1.0/board/{}", view.url, board.id));
        json.key("name").string(&board.name);
        json.key("type").string(board.kind);
        if let Some(project) = project {
            json.key("location").object(|json| {
                json.key("projectId").number(project.id);
                json.key("displayName").string(&format!("{} ({})", project.name, project.key));
                json.key("projectName").string(&project.name);
                json.key("projectKey").string(&project.key);
                json.key("projectTypeKey").string(project.kind.key());
                json.key("name").string(&format!("{} ({})", project.name, project.key));
            });
        }
        json.key("isPrivate").boolean(project.is_some_and(crate::world::jira::Project::is_private));
    });
}

async fn boards(session: Session) -> Answer {
    let page = session.query.page(50, 50)?;
    let site = session.site().read();
    let view = session.view(&site);
    let kinds = session.query.list("type");
    let name = session.query.text("name").map(str::to_lowercase);
    let project = match session.query.text("projectKeyOrId") {
        None => None,
        Some(name) => Some(site.find_project(name).ok_or_else(|| {
            Refusal::bad_request(format!("No project could be found with key or id '{name}'."))
        })?),
    };
    let wanted = |board: &&Board| {
        sees(&view, board)
            && (kinds.is_empty() || kinds.contains(&board.kind))
            && name.as_ref().is_none_or(|name| board.name.to_lowercase().contains(name))
            && project.is_none_or(|project| project.id == board.project)
    };
    let found: Vec<&Board> = site.jira().boards.iter().filter(wanted).collect();
    Ok(ok(Charge::BASE, |json| {
        write_page(json, page, &found, |json, board| board_object(json, &view, board));
    }))
}

async fn board(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let board = named(&view, &id)?;
    Ok(ok(Charge::BASE, |json| board_object(json, &view, board)))
}

async fn projects(Path(id): Path<String>, session: Session) -> Answer {
    let page = session.query.page(50, 50)?;
    let site = session.site().read();
    let view = session.view(&site);
    let board = named(&view, &id)?;
    let projects: Vec<_> = site.project(board.project).into_iter().collect();
    Ok(ok(Charge::BASE, |json| {
        write_page(json, page, &projects, |json, project| view.project_brief(json, project));
    }))
}

fn sprint_object(json: &mut Json, view: &View<'_>, sprint: &Sprint) {
    json.object(|json| {
        json.key("id").number(sprint.id);
        json.key("self").plain(format_args!("{}/rest/agile/1.0/sprint/{}", view.url, sprint.id));
        json.key("state").string(sprint.state);
        json.key("name").string(&sprint.name);
        for (name, at) in
            [("startDate", sprint.start), ("endDate", sprint.end), ("completeDate", sprint.complete)]
        {
            if let Some(at) = at {
                json.key(name).string(&time::utc(at));
            }
        }
        json.key("originBoardId").number(sprint.board);
        json.key("goal").string(&sprint.goal);
    });
}

async fn sprints_of_board(Path(id): Path<String>, session: Session) -> Answer {
    let page = session.query.page(50, 50)?;
    let site = session.site().read();
    let view = session.view(&site);
    let board = named(&view, &id)?;
    if board.kind == "kanban" {
        return Err(Refusal::bad_request("The board does not support sprints"));
    }
    let states = session.query.list("state");
    let wanted =
        |sprint: &&Sprint| sprint.board == board.id && (states.is_empty() || states.contains(&sprint.state));
    let found: Vec<&Sprint> = site.jira().sprints.iter().filter(wanted).collect();
    Ok(ok(Charge::BASE, |json| write_page(json, page, &found, |json, it| sprint_object(json, &view, it))))
}

async fn sprint(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let sprint = named_sprint(&view, &id)?;
    Ok(ok(Charge::BASE, |json| sprint_object(json, &view, sprint)))
}
