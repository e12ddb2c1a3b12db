//! Jira Software: boards and sprints.

use axum::{Router, extract::Path, routing::get};

use super::{
    json::Json,
    refusal::{Answer, Refusal},
    search::{self, Index},
    session::{Page, Session, ok},
    time,
    view::{Embedded, Expansions, Selection, SelectionDefault, View},
};
use crate::{
    gateway::{AppState, Charge},
    world::{
        BoardId, IssueId, SprintId,
        jira::{Board, Sprint},
    },
};

/// The routes, relative to `/rest/agile/1.0`.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/board", get(boards))
        .route("/board/{board}", get(board))
        .route("/board/{board}/configuration", get(configuration))
        .route("/board/{board}/project", get(projects))
        .route("/board/{board}/sprint", get(sprints_of_board))
        .route("/board/{board}/issue", get(board_issues))
        .route("/board/{board}/sprint/{sprint}/issue", get(board_sprint_issues))
        .route("/sprint/{sprint}", get(sprint))
        .route("/sprint/{sprint}/issue", get(sprint_issues))
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

async fn configuration(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let board = named(&view, &id)?;
    let project = site.project(board.project).ok_or_else(Refusal::payload)?;
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("id").number(board.id);
            json.key("name").string(&board.name);
            json.key("type").string(board.kind);
            json.key("self")
                .plain(format_args!("{}/rest/agile/1.0/board/{}/configuration", view.url, board.id));
            json.key("location").object(|json| {
                json.key("type").string("project");
                json.key("projectKeyOrId").string(&project.key);
            });
            json.key("columnConfig").object(|json| {
                json.key("columns").array(|json| {
                    for status in project.statuses.iter().filter_map(|id| site.jira().status(*id)) {
                        json.object(|json| {
                            json.key("name").string(&status.name);
                            json.key("statuses").array(|json| {
                                json.object(|json| {
                                    json.key("id").plain(status.id);
                                    json.key("self")
                                        .plain(format_args!("{}/rest/api/2/status/{}", view.url, status.id));
                                });
                            });
                        });
                    }
                });
                json.key("constraintType").string("none");
            });
        });
    }))
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

async fn board_issues(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let board = named(&view, &id)?;
    issues(&session, &view, &format!("project = {}", board.project))
}

async fn board_sprint_issues(Path((id, sprint)): Path<(String, String)>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let board = named(&view, &id)?;
    let sprint = named_sprint(&view, &sprint)?;
    issues(&session, &view, &format!("project = {} AND sprint = {}", board.project, sprint.id))
}

async fn sprint_issues(Path(sprint): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let sprint = named_sprint(&view, &sprint)?;
    issues(&session, &view, &format!("sprint = {}", sprint.id))
}

/// The issues of a restriction, narrowed by the caller's own query.
fn issues(session: &Session, view: &View<'_>, restriction: &str) -> Answer {
    let page = session.query.page(50, 100)?;
    let own = session.query.text("jql").unwrap_or_default();
    let mut query = super::jql::parse(own).map_err(|error| Refusal::bad_request(error.to_string()))?;
    let fixed = super::jql::parse(restriction).map_err(|error| Refusal::bad_request(error.to_string()))?;
    let clauses: Vec<_> = fixed.filter.into_iter().chain(query.filter.take()).collect();
    query.filter = Some(super::jql::Clause::And(clauses));
    let bound = search::bind(view, &query).map_err(|messages| Refusal {
        status: http::StatusCode::BAD_REQUEST,
        messages,
        errors: Vec::new(),
    })?;
    let index = Index::now(view, session.state.settings().index_lag_ms, Vec::new());
    let ids: Vec<IssueId> = search::ids(view, &index, &bound);
    let selection = Selection::parse(&session.query.list("fields"), SelectionDefault::All, view.site.jira());
    let expand = Expansions::parse(&session.query.list("expand"), Vec::new());
    let shown = page.of(&ids);
    Ok(ok(Charge::core(shown.len()), |json| {
        json.object(|json| {
            json.key("expand").string("schema,names");
            json.key("startAt").number(page.start);
            json.key("maxResults").number(page.size);
            json.key("total").number(ids.len());
            json.key("issues").array(|json| {
                for issue in shown.iter().filter_map(|id| view.site.issue(*id)) {
                    view.issue(json, &issue, &selection, &expand.without_catalogue(), Embedded::IN_LISTS);
                }
            });
        });
    }))
}
