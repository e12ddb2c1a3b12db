//! What a board is made of: configuration, quick filters, features, properties, versions.

use axum::{Router, extract::Path, routing::get};

use super::{named, sees, write_page};
use crate::{
    gateway::{AppState, Charge},
    jira::{
        refusal::{Answer, Refusal},
        session::{Session, ok},
        view::View,
    },
    world::{
        board_filter,
        jira::{Board, Field, FieldKind, Version},
    },
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/board/filter/{filter}", get(boards_of_filter))
        .route("/board/{board}/configuration", get(configuration))
        .route("/board/{board}/features", get(features))
        .route("/board/{board}/project/full", get(whole_projects))
        .route("/board/{board}/properties", get(property_keys))
        .route("/board/{board}/properties/{key}", get(property))
        .route("/board/{board}/quickfilter", get(quick_filters))
        .route("/board/{board}/quickfilter/{id}", get(quick_filter))
        .route("/board/{board}/reports", get(reports))
        .route("/board/{board}/version", get(versions))
        .route("/sprint/{sprint}/properties", get(sprint_property_keys))
}

/// The field a board is estimated with: the project's own estimate, or the story points of the site. Kanban has none.
pub(super) fn estimation_field<'s>(view: &View<'s>, board: &Board) -> Option<&'s Field> {
    if board.kind == "kanban" {
        return None;
    }
    let fields = || view.site.jira().fields.iter();
    let own = fields().find(|it| it.kind == FieldKind::StoryPoints && it.scope == Some(board.project));
    own.or_else(|| fields().find(|it| it.scope.is_none() && it.name == "Story Points"))
}

/// The boards over a saved filter, for those who may use it.
async fn boards_of_filter(Path(id): Path<String>, session: Session) -> Answer {
    let page = session.query.page(50, 50)?;
    let site = session.site().read();
    let view = session.view(&site);
    let boards = site.jira().boards.iter();
    let found: Vec<&Board> =
        boards.filter(|board| board_filter(board.id.0).to_string() == id && sees(&view, board)).collect();
    Ok(ok(Charge::BASE, |json| {
        write_page(json, page, &found, |json, board| {
            json.object(|json| {
                json.key("id").number(board.id);
                json.key("self").plain(format_args!("{}/rest/agile/1.0/board/{}", view.url, board.id));
                json.key("name").string(&board.name);
            });
        });
    }))
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
            json.key("filter").object(|json| {
                let filter = board_filter(board.id.0);
                json.key("id").plain(filter);
                json.key("self").plain(format_args!("{}/rest/api/2/filter/{filter}", view.url));
            });
            if board.kind == "kanban" {
                json.key("subQuery").object(|json| {
                    json.key("query").string("fixVersion in unreleasedVersions() OR fixVersion is EMPTY");
                });
            }
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
            if let Some(field) = estimation_field(&view, board) {
                json.key("estimation").object(|json| {
                    json.key("type").string("field");
                    json.key("field").object(|json| {
                        json.key("fieldId").plain(field.id);
                        json.key("displayName").string(&field.name);
                    });
                });
            }
            if let Some(rank) = site.jira().field_of_kind(FieldKind::Rank) {
                json.key("ranking").object(|json| json.key("rankCustomFieldId").number(rank.id.0));
            }
        });
    }))
}

/// Features: name, and the kinds of boards that have it on.
const FEATURES: [(&str, &str, &[&str]); 5] = [
    ("SIMPLE_ROADMAP", "Timeline", &["scrum", "simple"]),
    ("BACKLOG", "Backlog", &["scrum", "simple"]),
    ("SPRINTS", "Sprints", &["scrum", "simple"]),
    ("REPORTS", "Reports", &["scrum", "kanban", "simple"]),
    ("ESTIMATION", "Estimation", &["scrum", "simple"]),
];

async fn features(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let board = named(&view, &id)?;
    Ok(ok(Charge::BASE, |json| {
        json.object(|json| {
            json.key("features").array(|json| {
                for (key, name, kinds) in FEATURES {
                    json.object(|json| {
                        json.key("boardId").number(board.id);
                        json.key("boardFeature").string(key);
                        json.key("featureType").string(if key == "ESTIMATION" { key } else { "BASIC" });
                        json.key("localisedName").string(name);
                        json.key("state").string(if kinds.contains(&board.kind) {
                            "ENABLED"
                        } else {
                            "DISABLED"
                        });
                        json.key("toggleLocked").boolean(board.kind != "simple");
                    });
                }
            });
        });
    }))
}

async fn whole_projects(Path(id): Path<String>, session: Session) -> Answer {
    let page = session.query.page(50, 50)?;
    let site = session.site().read();
    let view = session.view(&site);
    let board = named(&view, &id)?;
    let projects: Vec<_> = site.project(board.project).into_iter().collect();
    Ok(ok(Charge::core(projects.len()), |json| {
        write_page(json, page, &projects, |json, project| view.project_whole(json, project, &[]));
    }))
}

/// Boards have no properties here: no app writes them.
async fn property_keys(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    named(&session.view(&site), &id)?;
    Ok(ok(Charge::BASE, |json| json.object(|json| json.key("keys").array(|_| {}))))
}

async fn property(Path((id, key)): Path<(String, String)>, session: Session) -> Answer {
    let site = session.site().read();
    named(&session.view(&site), &id)?;
    Err(Refusal::not_found(format!("The property with key '{key}' does not exist.")))
}

async fn sprint_property_keys(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    super::named_sprint(&session.view(&site), &id)?;
    Ok(ok(Charge::BASE, |json| json.object(|json| json.key("keys").array(|_| {}))))
}

/// The quick filters of every board: name, query, description.
const QUICK_FILTERS: [(&str, &str, &str); 2] = [
    ("Only My Issues", "assignee = currentUser()", "Displays issues which are currently assigned to me"),
    ("Recently Updated", "updatedDate >= -1d", "Displays issues which have been updated in the last day"),
];

/// A quick filter of a board, with its position.
fn write_quick_filter(json: &mut crate::jira::json::Json, board: &Board, position: usize) {
    let (name, jql, description) = QUICK_FILTERS[position];
    json.object(|json| {
        json.key("id").number(quick_filter_id(board, position));
        json.key("boardId").number(board.id);
        json.key("name").string(name);
        json.key("jql").string(jql);
        json.key("description").string(description);
        json.key("position").number(position);
    });
}

fn quick_filter_id(board: &Board, position: usize) -> u64 {
    board.id.0 * 10 + position as u64
}

async fn quick_filters(Path(id): Path<String>, session: Session) -> Answer {
    let page = session.query.page(50, 50)?;
    let site = session.site().read();
    let view = session.view(&site);
    let board = named(&view, &id)?;
    let positions: Vec<usize> = (0..QUICK_FILTERS.len()).collect();
    Ok(ok(Charge::BASE, |json| {
        write_page(json, page, &positions, |json, position| write_quick_filter(json, board, *position));
    }))
}

async fn quick_filter(Path((id, filter)): Path<(String, String)>, session: Session) -> Answer {
    let site = session.site().read();
    let view = session.view(&site);
    let board = named(&view, &id)?;
    let found = (0..QUICK_FILTERS.len()).find(|at| quick_filter_id(board, *at).to_string() == filter);
    let position = found.ok_or_else(|| Refusal::not_found("The quick filter does not exist."))?;
    Ok(ok(Charge::BASE, |json| write_quick_filter(json, board, position)))
}

async fn reports(Path(id): Path<String>, session: Session) -> Answer {
    let site = session.site().read();
    named(&session.view(&site), &id)?;
    Ok(ok(Charge::BASE, |json| json.object(|json| json.key("reports").array(|_| {}))))
}

async fn versions(Path(id): Path<String>, session: Session) -> Answer {
    let page = session.query.page(50, 50)?;
    let site = session.site().read();
    let view = session.view(&site);
    let board = named(&view, &id)?;
    let released = session.query.text("released").map(|value| value.eq_ignore_ascii_case("true"));
    let project = site.project(board.project).ok_or_else(Refusal::payload)?;
    let wanted = |it: &&Version| released.is_none_or(|released| it.released == released);
    let found: Vec<&Version> = project.versions.iter().filter(wanted).collect();
    Ok(ok(Charge::BASE, |json| {
        write_page(json, page, &found, |json, version| view.version_whole(json, version, project.id));
    }))
}
