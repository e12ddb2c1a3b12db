//! What all issues of a project have in common, worked out once.

use std::sync::Arc;

use crate::world::build::jira_config::{SPRINTS, first_sprint};
use crate::world::build::schemes::levels;
use crate::world::ids::{
    ComponentId, IssueTypeId, ProjectId, RequestTypeId, RoleId, SprintId, StatusId, VersionId,
};
use crate::world::jira::{JiraConfig, Project, ProjectKind, StatusCategory};

/// What all issues of a project have in common.
#[derive(Debug)]
pub(super) struct ProjectPlan {
    pub(super) id: ProjectId,
    pub(super) key: String,
    pub(super) kind: ProjectKind,
    pub(super) weight: u64,
    /// Where in a block its issues stand, by rank.
    pub(super) slots: Vec<u64>,
    pub(super) epic: Option<IssueTypeId>,
    pub(super) subtask: Option<IssueTypeId>,
    pub(super) standard: Vec<IssueTypeId>,
    pub(super) statuses: Vec<(StatusId, StatusCategory, Arc<str>)>,
    pub(super) components: Vec<Vec<ComponentId>>,
    pub(super) versions: Vec<Vec<VersionId>>,
    pub(super) sprints: Vec<Vec<SprintId>>,
    /// Lists of roles an issue may be limited to; empty outside team-managed projects.
    pub(super) restrictions: Vec<Vec<RoleId>>,
    /// Roles and groups that comments are limited to.
    pub(super) comment_roles: Vec<RoleId>,
    pub(super) levels: Option<std::ops::RangeInclusive<u64>>,
    pub(super) request_types: Vec<(RequestTypeId, IssueTypeId)>,
    pub(super) team_managed: bool,
}

impl ProjectPlan {
    pub(super) fn is_epic(&self, issue_type: IssueTypeId) -> bool {
        self.epic == Some(issue_type)
    }

    pub(super) fn new(project: &Project, config: &JiraConfig, weight: u64, slots: Vec<u64>) -> Self {
        let level = |wanted: i8| {
            let types = project.issue_types.iter().filter_map(|id| config.issue_type(*id));
            types.filter(move |kind| kind.hierarchy_level == wanted).map(|kind| kind.id).collect::<Vec<_>>()
        };
        let status = |id: &StatusId| {
            config.status(*id).map(|status| (*id, status.category, Arc::from(status.name.as_str())))
        };
        let roles = config.roles.iter().filter(|role| {
            if project.is_team_managed() { role.scope == Some(project.id) } else { role.scope.is_none() }
        });
        let roles: Vec<RoleId> = roles
            .map(|role| role.id)
            .filter(|role| project.actors(*role).is_some_and(|it| !it.users.is_empty()))
            .collect();
        let has_sprints = project.kind == ProjectKind::Software;
        let sprint_sets = |n: u64| match n {
            0..6 => Vec::new(),
            6..28 => vec![SprintId(first_sprint(project.id) + n - 6)],
            _ => {
                vec![SprintId(first_sprint(project.id) + n - 28), SprintId(first_sprint(project.id) + n - 27)]
            }
        };
        Self {
            id: project.id,
            key: project.key.clone(),
            kind: project.kind,
            weight,
            slots,
            epic: level(1).first().copied(),
            subtask: level(-1).first().copied(),
            standard: level(0),
            statuses: project.statuses.iter().filter_map(status).collect(),
            components: subsets(&project.components.iter().map(|component| component.id).collect::<Vec<_>>()),
            versions: subsets(&project.versions.iter().map(|version| version.id).collect::<Vec<_>>()),
            sprints: if has_sprints {
                (0..28 + SPRINTS - 1).map(sprint_sets).collect()
            } else {
                vec![Vec::new()]
            },
            restrictions: if project.is_team_managed() {
                vec![roles[..1].to_vec(), roles.clone()]
            } else {
                Vec::new()
            },
            comment_roles: roles,
            levels: project.security_scheme.map(levels),
            request_types: project
                .service_desk
                .iter()
                .flat_map(|desk| desk.request_types.iter().map(|it| (it.id, it.issue_type)))
                .collect(),
            team_managed: project.is_team_managed(),
        }
    }
}

/// A dozen short lists out of a list: mostly of none or one.
fn subsets<T: Copy>(all: &[T]) -> Vec<Vec<T>> {
    let mut sets = vec![Vec::new(); 4];
    sets.extend(all.iter().map(|item| vec![*item]));
    sets.extend(all.windows(2).map(<[T]>::to_vec));
    sets
}
