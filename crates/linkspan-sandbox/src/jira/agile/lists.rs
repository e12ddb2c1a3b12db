//! The issues of boards, backlogs, sprints and epics: by offset under `/rest/agile/1.0`, where they are deprecated, and by
//! token under `/rest/software/1.0`.

use std::sync::Arc;

use axum::{Extension, Router, extract::Path, routing::get};

use super::{epics, named, named_sprint};
use crate::{
    gateway::{AppState, Charge},
    jira::{
        endpoints::walk_within,
        refusal::{Answer, Refusal},
        search::{self, Index, Snapshots},
        session::{Session, ok},
        view::{Embedded, Expansions, Selection, SelectionDefault, View},
    },
    world::{IssueId, jira::Board},
};

/// The deprecated lists.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/board/{board}/issue", get(board_by_offset))
        .route("/board/{board}/backlog", get(backlog_by_offset))
        .route("/board/{board}/sprint/{sprint}/issue", get(board_sprint_by_offset))
        .route("/board/{board}/epic/none/issue", get(board_no_epic_by_offset))
        .route("/board/{board}/epic/{epic}/issue", get(board_epic_by_offset))
        .route("/sprint/{sprint}/issue", get(sprint_by_offset))
        .route("/epic/none/issue", get(no_epic_by_offset))
        .route("/epic/{epic}/issue", get(epic_by_offset))
}

/// The lists that replace them, relative to `/rest/software/1.0`.
pub(in crate::jira) fn software_routes() -> Router<AppState> {
    Router::new()
        .route("/board/{board}/issue", get(board_by_token))
        .route("/board/{board}/issue/approximate-count", get(board_count))
        .route("/board/{board}/backlog", get(backlog_by_token))
        .route("/board/{board}/backlog/approximate-count", get(backlog_count))
        .route("/board/{board}/sprint/{sprint}/issue", get(board_sprint_by_token))
        .route("/board/{board}/epic/none/issue", get(board_no_epic_by_token))
        .route("/board/{board}/epic/{epic}/issue", get(board_epic_by_token))
        .route("/sprint/{sprint}/issue", get(sprint_by_token))
        .route("/epic/none/issue", get(no_epic_by_token))
        .route("/epic/{epic}/issue", get(epic_by_token))
}

/// Issues that belong to no epic: neither epics nor sub-tasks count.
const NO_EPIC: &str = "parent is EMPTY AND hierarchyLevel = 0";

fn of_board(board: &Board) -> String {
    format!("project = {}", board.project)
}

/// What is still to be done and in no sprint that runs or is planned.
fn of_backlog(board: &Board) -> String {
    let open = format!("project = {} AND statusCategory != Done AND hierarchyLevel = 0", board.project);
    if board.kind == "kanban" {
        return open;
    }
    format!("{open} AND (sprint is EMPTY OR sprint not in openSprints() AND sprint not in futureSprints())")
}

/// The restriction of one list, as JQL, once the caller may see what it is the list of.
type Restriction = Result<String, Refusal>;

fn board(session: &Session, id: &str, of: impl FnOnce(&View<'_>, &Board) -> Restriction) -> Restriction {
    let site = session.site().read();
    let view = session.view(&site);
    of(&view, named(&view, id)?)
}

fn board_sprint(session: &Session, id: &str, sprint: &str) -> Restriction {
    board(session, id, |view, board| {
        let sprint = named_sprint(view, sprint)?;
        Ok(format!("{} AND sprint = {}", of_board(board), sprint.id))
    })
}

fn board_epic(session: &Session, id: &str, epic: &str) -> Restriction {
    board(session, id, |view, board| {
        let epic = epics::visible(view, epic)?;
        Ok(format!("{} AND parent = {}", of_board(board), epic.id))
    })
}

fn sprint(session: &Session, id: &str) -> Restriction {
    let site = session.site().read();
    Ok(format!("sprint = {}", named_sprint(&session.view(&site), id)?.id))
}

fn epic(session: &Session, id: &str) -> Restriction {
    let site = session.site().read();
    Ok(format!("parent = {}", epics::visible(&session.view(&site), id)?.id))
}

type Walks = Extension<Arc<Snapshots>>;
type TwoIds = Path<(String, String)>;

async fn board_by_offset(Path(id): Path<String>, session: Session) -> Answer {
    by_offset(&session, &board(&session, &id, |_, board| Ok(of_board(board)))?)
}

async fn board_by_token(Extension(walks): Walks, Path(id): Path<String>, session: Session) -> Answer {
    walk_within(&walks, &session, &board(&session, &id, |_, board| Ok(of_board(board)))?)
}

async fn board_count(Path(id): Path<String>, session: Session) -> Answer {
    count(&session, &board(&session, &id, |_, board| Ok(of_board(board)))?)
}

async fn backlog_by_offset(Path(id): Path<String>, session: Session) -> Answer {
    by_offset(&session, &board(&session, &id, |_, board| Ok(of_backlog(board)))?)
}

async fn backlog_by_token(Extension(walks): Walks, Path(id): Path<String>, session: Session) -> Answer {
    walk_within(&walks, &session, &board(&session, &id, |_, board| Ok(of_backlog(board)))?)
}

async fn backlog_count(Path(id): Path<String>, session: Session) -> Answer {
    count(&session, &board(&session, &id, |_, board| Ok(of_backlog(board)))?)
}

async fn board_sprint_by_offset(Path((id, sprint)): TwoIds, session: Session) -> Answer {
    by_offset(&session, &board_sprint(&session, &id, &sprint)?)
}

async fn board_sprint_by_token(
    Extension(walks): Walks,
    Path((id, sprint)): TwoIds,
    session: Session,
) -> Answer {
    walk_within(&walks, &session, &board_sprint(&session, &id, &sprint)?)
}

async fn board_no_epic_by_offset(Path(id): Path<String>, session: Session) -> Answer {
    let restriction = board(&session, &id, |_, board| Ok(format!("{} AND {NO_EPIC}", of_board(board))))?;
    by_offset(&session, &restriction)
}

async fn board_no_epic_by_token(Extension(walks): Walks, Path(id): Path<String>, session: Session) -> Answer {
    let restriction = board(&session, &id, |_, board| Ok(format!("{} AND {NO_EPIC}", of_board(board))))?;
    walk_within(&walks, &session, &restriction)
}

async fn board_epic_by_offset(Path((id, epic)): TwoIds, session: Session) -> Answer {
    by_offset(&session, &board_epic(&session, &id, &epic)?)
}

async fn board_epic_by_token(Extension(walks): Walks, Path((id, epic)): TwoIds, session: Session) -> Answer {
    walk_within(&walks, &session, &board_epic(&session, &id, &epic)?)
}

async fn sprint_by_offset(Path(id): Path<String>, session: Session) -> Answer {
    by_offset(&session, &sprint(&session, &id)?)
}

async fn sprint_by_token(Extension(walks): Walks, Path(id): Path<String>, session: Session) -> Answer {
    walk_within(&walks, &session, &sprint(&session, &id)?)
}

async fn no_epic_by_offset(session: Session) -> Answer {
    by_offset(&session, NO_EPIC)
}

async fn no_epic_by_token(Extension(walks): Walks, session: Session) -> Answer {
    walk_within(&walks, &session, NO_EPIC)
}

async fn epic_by_offset(Path(id): Path<String>, session: Session) -> Answer {
    by_offset(&session, &epic(&session, &id)?)
}

async fn epic_by_token(Extension(walks): Walks, Path(id): Path<String>, session: Session) -> Answer {
    walk_within(&walks, &session, &epic(&session, &id)?)
}

/// How many issues of a restriction the caller's own query finds.
fn count(session: &Session, restriction: &str) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let bound = search::prepare_within(&view, session.query.text("jql").unwrap_or_default(), restriction)?;
    let index = Index::now(&view, session.state.settings().index_lag(), Vec::new());
    let found = search::count(&view, &index, &bound);
    Ok(ok(Charge::BASE, |json| json.object(|json| json.key("count").number(found))))
}

/// The issues of a restriction, narrowed by the caller's own query.
fn by_offset(session: &Session, restriction: &str) -> Answer {
    let page = session.query.page(50, 100)?;
    let site = session.site().read();
    let view = &session.view(&site);
    let bound = search::prepare_within(view, session.query.text("jql").unwrap_or_default(), restriction)?;
    let index = Index::now(view, session.state.settings().index_lag(), Vec::new());
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
