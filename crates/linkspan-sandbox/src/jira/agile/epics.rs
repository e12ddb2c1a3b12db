//! Epics of company-managed projects; those of team-managed ones are known by `parent` alone (`atlassian-endpoints.md` 4.3).

use std::sync::Arc;

use axum::{Router, extract::Path, routing::get};

use super::{named, write_page};
use crate::{
    gateway::{AppState, Charge},
    jira::{
        endpoints::visible_issue,
        json::Json,
        refusal::{Answer, Refusal},
        search::{self, Index},
        session::{Session, ok},
        view::View,
    },
    world::jira::{Board, CustomValue, FieldKind, Issue, StatusCategory},
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/board/{board}/epic", get(of_board))
        .route("/epic/{epic}", get(one))
        .route("/issue/{issue}/estimation", get(estimation))
}

fn no_epic() -> Refusal {
    Refusal::not_found("The requested epic does not exist or you do not have permission to view it.")
}

/// The epic of an id or key, if the caller sees it and it is one of a company-managed project.
pub(super) fn visible(view: &View<'_>, id_or_key: &str) -> Result<Arc<Issue>, Refusal> {
    let issue = visible_issue(view, id_or_key).map_err(|_| no_epic())?;
    let kind = view.site.jira().issue_type(issue.issue_type);
    let is_epic = kind.is_some_and(|kind| kind.hierarchy_level == 1 && kind.scope.is_none());
    if is_epic { Ok(issue) } else { Err(no_epic()) }
}

fn is_done(view: &View<'_>, issue: &Issue) -> bool {
    let status = view.site.jira().status(issue.status);
    status.is_some_and(|status| status.category == StatusCategory::Done)
}

fn epic(json: &mut Json, view: &View<'_>, issue: &Issue) {
    let name = view.site.jira().field_of_kind(FieldKind::EpicName).and_then(|it| issue.custom_value(it.id));
    json.object(|json| {
        json.key("id").number(issue.id);
        json.key("key").string(&view.site.key_of(issue.project, issue.number));
        json.key("self").plain(format_args!("{}/rest/agile/1.0/epic/{}", view.url, issue.id));
        json.key("name").string(match name {
            Some(CustomValue::Text(name)) => name,
            _ => &issue.summary,
        });
        json.key("summary").string(&issue.summary);
        json.key("color").object(|json| json.key("key").plain(format_args!("color_{}", 1 + issue.id.0 % 14)));
        json.key("done").boolean(is_done(view, issue));
    });
}

/// The epics of a board's project. A board of a team-managed project has none that these operations know.
fn epics_of(session: &Session, view: &View<'_>, board: &Board) -> Result<Vec<Arc<Issue>>, Refusal> {
    if view.site.project(board.project).is_none_or(crate::world::jira::Project::is_team_managed) {
        return Ok(Vec::new());
    }
    let jql = format!("project = {} AND hierarchyLevel = 1", board.project);
    let bound = search::prepare(view, &jql, false)?;
    let index = Index::now(view, session.state.settings().index_lag(), Vec::new());
    let ids = search::ids(view, &index, &bound);
    Ok(ids.into_iter().filter_map(|id| view.site.issue(id)).collect())
}

async fn of_board(Path(id): Path<String>, session: Session) -> Answer {
    let page = session.query.page(50, 50)?;
    let site = session.site().read();
    let view = session.view(&site);
    let board = named(&view, &id)?;
    let mut epics = epics_of(&session, &view, board)?;
    if let Some(done) = session.query.text("done") {
        let wanted = done.eq_ignore_ascii_case("true");
        epics.retain(|issue| is_done(&view, issue) == wanted);
    }
    let shown = page.of(&epics).len();
    Ok(ok(Charge::core(shown), |json| {
        write_page(json, page, &epics, |json, issue| epic(json, &view, issue));
    }))
}

async fn one(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let found = visible(&view, &id)?;
    Ok(ok(Charge::core(1), |json| epic(json, &view, &found)))
}

/// What an issue is estimated at on a board: its story points.
async fn estimation(Path(issue): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let board = session.query.text("boardId");
    let board =
        board.ok_or_else(|| Refusal::bad_request("The 'boardId' query parameter needs to be provided"))?;
    let board = named(&view, board)?;
    let issue = visible_issue(&view, &issue)?;
    if issue.project != board.project {
        return Err(Refusal::not_found("The issue is not on the board."));
    }
    let field = super::board_parts::estimation_field(&view, board)
        .ok_or_else(|| Refusal::bad_request("The board has no estimation field."))?;
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("fieldId").plain(field.id);
            json.key("value");
            view.custom_value(json, &issue, field);
        });
    }))
}
