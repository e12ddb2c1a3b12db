//! Jira Software's resources.

use super::{Bind, Identity, Resource, each, listed, site, way};
use crate::calls::Feature as F;
use crate::calls::jira as calls;

const BOARD: &[(&str, Bind)] = &[("boardId", Bind::Id)];

pub(super) static ALL: &[Resource] = &[
    listed("agile.board", "boards", F::Boards, &[way(&[&calls::BOARDS])], site("/rest/agile/1.0/board/{id}")),
    listed(
        "agile.boardconfiguration",
        "board configurations",
        F::Boards,
        &[way(&[&calls::BOARDS, &calls::BOARD_CONFIGURATION])],
        each("agile.board", BOARD, "/rest/agile/1.0/board/{boardId}/configuration")
            .id(Identity::Whole("configuration")),
    ),
    listed(
        "agile.quickfilter",
        "quick filters of boards",
        F::Boards,
        &[way(&[&calls::BOARDS, &calls::BOARD_QUICK_FILTERS])],
        each("agile.board", BOARD, "/rest/agile/1.0/board/{boardId}/quickfilter/{id}")
            .id(Identity::Within("id")),
    ),
    listed(
        "agile.sprint",
        "sprints",
        F::Boards,
        &[way(&[&calls::BOARDS, &calls::BOARD_SPRINTS])],
        each("agile.board", BOARD, "/rest/agile/1.0/sprint/{id}")
            .id(Identity::Within("id"))
            .only(has_sprints),
    ),
    listed(
        "agile.epic",
        "epics of boards",
        F::Boards,
        &[way(&[&calls::BOARDS, &calls::BOARD_EPICS])],
        each("agile.board", BOARD, "/rest/agile/1.0/epic/{id}").id(Identity::Within("id")).only(has_sprints),
    ),
];

/// Boards without sprints refuse to list them, and their epics (`atlassian-endpoints.md` 4.1).
fn has_sprints(json: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Board {
        #[serde(rename = "type", default)]
        kind: String,
    }
    serde_json::from_str::<Board>(json).is_ok_and(|board| board.kind == "scrum")
}
