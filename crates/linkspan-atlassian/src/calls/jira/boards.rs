//! Jira Software: boards, sprints, epics. No operation has classic scopes (`atlassian-endpoints.md` 4).

use crate::calls::{Call, Feature, all_of};

/// Lists boards.
pub static BOARDS: Call = Call::get(Feature::Boards, "jira.agile.boards", "/rest/agile/1.0/board")
    .scopes(&[], all_of!["read:board-scope:jira-software", "read:project:jira"])
    .list("values")
    .start_at(50, None);

/// Reads the columns, estimation and filter of a board.
pub static BOARD_CONFIGURATION: Call = Call::get(
    Feature::Boards,
    "jira.agile.board-configuration",
    "/rest/agile/1.0/board/{boardId}/configuration",
)
.scopes(&[], all_of!["read:board-scope.admin:jira-software", "read:project:jira"]);

/// Lists the quick filters of a board.
pub static BOARD_QUICK_FILTERS: Call =
    Call::get(Feature::Boards, "jira.agile.quick-filters", "/rest/agile/1.0/board/{boardId}/quickfilter")
        .scopes(&[], all_of!["read:board-scope.admin:jira-software", "read:jql:jira"])
        .list("values")
        .start_at(50, None);

/// Lists the sprints of a board; boards without sprints answer 400.
pub static BOARD_SPRINTS: Call =
    Call::get(Feature::Boards, "jira.agile.sprints", "/rest/agile/1.0/board/{boardId}/sprint")
        .scopes(&[], all_of!["read:sprint:jira-software"])
        .list("values")
        .start_at(50, None);

/// Lists the epics of a board.
pub static BOARD_EPICS: Call =
    Call::get(Feature::Boards, "jira.agile.epics", "/rest/agile/1.0/board/{boardId}/epic")
        .scopes(&[], all_of!["read:epic:jira-software"])
        .list("values")
        .start_at(50, None);

/// Every operation of this file.
pub(super) static ALL: &[&Call] =
    &[&BOARDS, &BOARD_CONFIGURATION, &BOARD_QUICK_FILTERS, &BOARD_SPRINTS, &BOARD_EPICS];
